"""A job enters a cloud by its identity, and one that runs code of pull requests only as who may read."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cdml.core.errors import ExternalError
from cdml.jobs.cloud import enter

AWS = {"aws": {"role": "arn:aws:iam::1:role/writes", "region": "eu-west-1"}}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """GitHub's address for identities; it says whom it was asked to name."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Authorization"]))
            body = json.dumps({"value": "an-identity"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("CDML_CLOUD", "write")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"http://127.0.0.1:{server.server_port}/token?v=2")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "asking")
    names = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_DEFAULT_REGION", "GOOGLE_APPLICATION_CREDENTIALS")
    for name in names:
        monkeypatch.setenv(name, "")
    yield asked
    server.shutdown()
    server.server_close()


def test_a_job_is_who_mlops_yaml_says(github, monkeypatch):
    enter(AWS)
    assert os.environ["AWS_ROLE_ARN"] == "arn:aws:iam::1:role/writes"
    place = Path(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"])
    assert place.read_text() == "an-identity"
    assert place.stat().st_mode & 0o077 == 0
    assert github == [("/token?v=2&audience=sts.amazonaws.com", "Bearer asking")]


def test_code_of_pull_requests_is_never_who_may_write(github, monkeypatch):
    monkeypatch.setenv("CDML_CLOUD", "read")
    enter(AWS)
    assert os.environ["AWS_ROLE_ARN"] == ""
    assert github == []
    enter({"aws": AWS["aws"] | {"pull-request-role": "arn:aws:iam::1:role/reads"}})
    assert os.environ["AWS_ROLE_ARN"] == "arn:aws:iam::1:role/reads"


def test_google_reads_who_it_is_from_a_file(github):
    enter({"gcp": {"workload-identity-provider": "projects/1/x", "service-account": "a@b"}})
    said = json.loads(Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    assert said["audience"] == "//iam.googleapis.com/projects/1/x"
    assert said["service_account_impersonation_url"].endswith("/a@b:generateAccessToken")
    assert Path(said["credential_source"]["file"]).read_text() == "an-identity"


def test_no_permission_is_said(github, monkeypatch):
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL")
    with pytest.raises(ExternalError, match="gives this job no identity for aws"):
        enter(AWS)


def test_outside_of_ci_nothing_happens(github, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS")
    enter(AWS)
    assert os.environ["AWS_ROLE_ARN"] == ""

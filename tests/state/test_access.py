"""What a DVC remote refuses, does not have or does not answer: asked of real remotes, by DVC's file systems."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator

import pytest

from cdml.state.access import Ungiven, missing_data, ungiven
from cdml.state.dvc import Dvc, UngivenError

OID = "822484925c962ae57c6772a1e59d446a"


@pytest.fixture(scope="module")
def answering() -> Iterator[Callable[[int], str]]:
    """The address of a remote that answers every request alike."""
    servers = []

    def start(status: int) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(status)

            do_HEAD = do_GET

            def log_message(self, *words: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def asked(small, url: str, more: str = "") -> Ungiven | None:
    (small.root / ".dvc" / "config").write_text(
        f"[core]\n    remote = store\n['remote \"store\"']\n    url = {url}\n{more}"
    )
    return ungiven(Dvc(small.root), {"data.csv": OID})


@pytest.mark.parametrize(
    ("status", "why"), [(401, "denied"), (403, "denied"), (407, "denied"), (404, "absent"), (400, "unreachable")]
)
def test_an_http_remote_is_asked_past_what_dvc_makes_of_it(small, answering, status, why):
    found = asked(small, answering(status))
    assert (found.path, found.why) == ("data.csv", why)
    assert "\n" not in found.said


def test_credentials_that_were_never_given_count_as_refused(small, answering):
    found = asked(small, answering(200), "    auth = basic\n    user = somebody\n")
    assert found.why == "denied"


def test_no_name_or_signature_of_an_address_is_repeated(small, answering):
    url = answering(401).replace("//", "//somebody:sesame@")
    found = asked(small, url)
    assert found.why == "denied"
    assert "sesame" not in found.said


def test_a_folder_that_is_not_there_has_nothing_and_one_that_is_gives_it(small, tmp_path):
    assert asked(small, str(tmp_path / "nowhere")).why == "absent"
    place = tmp_path / "store" / "files" / "md5" / OID[:2]
    place.mkdir(parents=True)
    (place / OID[2:]).write_text("")
    assert asked(small, str(tmp_path / "store")) is None


def test_without_a_remote_or_with_all_in_the_cache_nobody_is_asked(small):
    dvc = Dvc(small.root)
    assert ungiven(dvc, {"data.csv": OID}) is None
    (small.root / ".dvc" / "config").write_text("[core]\n    remote = s\n['remote \"s\"']\n    url = /nowhere\n")
    data = missing_data(dvc, ["train"])
    assert data == {}
    (small.root / "data" / "train.csv").unlink()
    data = missing_data(dvc, ["train", "evaluate"])
    assert list(data) == ["data/train.csv"]
    assert ungiven(dvc, data) is None


def test_what_a_broken_stage_needs_of_another_one_is_missing_too(small):
    dvc = Dvc(small.root)
    (small.root / "model" / "skill.txt").unlink()
    assert missing_data(dvc, ["evaluate"]) == {}
    for path in sorted((small.root / "model").iterdir()):
        path.unlink()
    (small.root / "data" / "test.csv").unlink()  # kept by git: DVC has no digest of it to ask for
    assert missing_data(dvc, ["evaluate"], ["evaluate", "unknown"]) == {}


def remote_error(name: str, **facts: object) -> Exception:
    """An exception as a library that is not installed here would raise it."""
    error: Exception = type(name, (Exception,), facts)("no")
    return error


@pytest.mark.parametrize(
    "error",
    [
        remote_error("NoCredentialsError"),
        remote_error("DefaultCredentialsError"),
        remote_error("ClientError", response={"Error": {"Code": "AccessDenied"}}),
        remote_error("HttpError", code=403),
        remote_error("HTTPError", response=type("Response", (), {"status_code": 401})()),
        PermissionError("Forbidden"),
    ],
)
def test_refusals_of_other_remotes_are_known_by_name(small, monkeypatch, error):
    _break(monkeypatch, error)
    assert asked(small, "/nowhere").why == "denied"
    try:
        raise OSError("failed to connect") from error
    except OSError as around:
        _break(monkeypatch, around)
    assert asked(small, "/nowhere").why == "denied"


def _break(monkeypatch, error: Exception) -> None:
    from dvc_objects.fs.local import FsspecLocalFileSystem

    def cat_file(*words: object, **more: object) -> bytes:
        raise error

    monkeypatch.setattr(FsspecLocalFileSystem, "cat_file", cat_file, raising=False)


def test_a_remote_that_fails_to_give_is_an_error_in_words(small, monkeypatch):
    from dvc.fs.dvc import _DVCFileSystem

    def refuse(*words: object, **more: object) -> bytes:
        raise remote_error("NoCredentialsError")

    monkeypatch.setattr(_DVCFileSystem, "cat_file", refuse)
    with pytest.raises(UngivenError, match=r"the DVC remote does not give data/train\.csv: no") as caught:
        Dvc(small.root).read(small.first, "data/train.csv")
    assert caught.value.paths == ("data/train.csv",)


def test_an_output_that_cannot_be_pulled_is_named(small):
    (small.root / ".dvc" / "config").write_text("[core]\n    remote = s\n['remote \"s\"']\n    url = /nowhere\n")
    (small.root / "predictions.csv").unlink()
    shutil.rmtree(small.root / ".dvc" / "cache")
    with pytest.raises(UngivenError, match=r"the DVC remote does not give predictions\.csv") as caught:
        Dvc(small.root).fetch_outputs("predictions.csv")
    assert caught.value.paths == ("predictions.csv",)
    assert "predictions.csv" in caught.value.printed

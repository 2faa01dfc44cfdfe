"""What a forge is told of a deployment that somebody makes by hand; never does that break one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from people import clone, git
from plain import plain_environment
from typer.testing import CliRunner

from cdml.cli.app import app
from cdml.core.errors import ExternalError, RefusedError, UsageError
from cdml.core.http import shown_address
from cdml.core.release import Deployment
from cdml.core.resources import example_project
from cdml.forges.base import EnvironmentRecord
from cdml.forges.local import LocalForge
from cdml.jobs import deployments
from cdml.jobs.deploy import Deployed
from cdml.jobs.deployments import deploy_and_record
from cdml.jobs.events import on_release
from cdml.jobs.project import Project, open_project
from cdml.state.git import Git


class Keeping(LocalForge):
    """A forge that keeps what it is told."""

    def __init__(self, git: Git) -> None:
        super().__init__(git)
        self.kept: list[EnvironmentRecord] = []

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        self.kept.append(record)
        return True


class Denying(LocalForge):
    """A forge that refuses it."""

    def record_deployment(self, record: EnvironmentRecord) -> bool:
        raise ExternalError("the token lacks deployments: write", "give it that")


SERVED = Deployed(
    None, Deployment("churn", "staging", "v1.0.0", "5" * 64, "c" * 40, "http://models.example.com:18081")
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose remote has a release branch; deploying it is up to the test."""
    bare = tmp_path / "store.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    with plain_environment():
        ada = clone(bare, tmp_path / "ada", "Ada")
        (ada.root / "mlops.yaml").write_text((example_project() / "mlops.yaml").read_text("utf-8"))
        (ada.root / ".dvc").mkdir()
        (ada.root / ".dvc" / "config").touch()
        for words in (("add", "."), ("commit", "--quiet", "--message", "Begin")):
            ada.git(*words)
        for branch in ("main", "release/staging"):
            ada.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        ada.git("fetch", "--quiet")
        for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(deployments, "deploy", lambda *_: SERVED)
        return open_project(ada.root)


def _tip(project: Project) -> str:
    return project.git.commit("refs/remotes/origin/release/staging")


def test_a_deployment_by_hand_is_kept_with_its_address(project: Project) -> None:
    forge = Keeping(project.git)
    assert deploy_and_record(project, forge, "staging", pytest.fail) == SERVED
    said, url = "serves churn@v1.0.0", "http://models.example.com:18081"
    assert forge.kept == [EnvironmentRecord("staging", "release/staging", _tip(project), "success", said, url)]


def test_one_that_only_this_machine_can_reach_is_kept_without_an_address(project: Project, monkeypatch) -> None:
    assert SERVED.deployment
    here = Deployed(None, replace(SERVED.deployment, url="http://127.0.0.1:18081"))
    monkeypatch.setattr(deployments, "deploy", lambda *_: here)
    forge = Keeping(project.git)
    assert deploy_and_record(project, forge, "staging", pytest.fail) == here
    assert [record.url for record in forge.kept] == [""]


def test_the_event_of_a_release_keeps_it_too(project: Project) -> None:
    forge = Keeping(project.git)
    assert on_release(project, forge, "release/staging", pytest.fail) == SERVED
    assert [record.state for record in forge.kept] == ["success"]
    assert [status.state for status in forge.statuses(_tip(project))] == ["success"]


def test_cdml_deploy_tells_the_forge_and_warns_where_it_refuses(project: Project, monkeypatch) -> None:
    keeping = Keeping(project.git)
    for forge, warned in ((keeping, False), (Denying(project.git), True)):
        monkeypatch.setattr("cdml.jobs.forge.find_forge", lambda _, forge=forge: forge)
        done = CliRunner().invoke(app, ["-C", str(project.root), "deploy", "staging"])
        assert done.exit_code == 0, done.output
        assert "staging serves churn@v1.0.0" in done.stdout
        assert ("the forge keeps no record" in done.stderr) is warned
    assert [record.environment for record in keeping.kept] == ["staging"]


def test_one_that_fails_is_kept_with_the_first_line_of_why(project: Project, monkeypatch) -> None:
    def broken(*_: object) -> Deployed:
        raise RefusedError("the bytes are not the ones reviewed\nand more")

    monkeypatch.setattr(deployments, "deploy", broken)
    forge = Keeping(project.git)
    with pytest.raises(RefusedError, match="the bytes are not"):
        deploy_and_record(project, forge, "staging", pytest.fail)
    said = "the bytes are not the ones reviewed"
    assert forge.kept == [EnvironmentRecord("staging", "release/staging", _tip(project), "failure", said)]
    with pytest.raises(RefusedError, match="the bytes are not"):
        deploy_and_record(project, Denying(project.git), "staging", lambda _: None)


def test_a_forge_that_refuses_breaks_no_deployment(project: Project) -> None:
    heard: list[str] = []
    assert deploy_and_record(project, Denying(project.git), "staging", heard.append) == SERVED
    assert heard == [
        "warning: the forge keeps no record of this deployment: the token lacks deployments: write (give it that)"
    ]


def test_a_run_of_ci_leaves_the_record_to_its_forge(project: Project, monkeypatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    forge = Keeping(project.git)
    assert deploy_and_record(project, forge, "staging", pytest.fail) == SERVED
    assert forge.kept == []


def test_where_nothing_was_deployed_nothing_is_kept(project: Project, monkeypatch) -> None:
    monkeypatch.setattr(deployments, "deploy", lambda *_: Deployed(None, None))
    forge = Keeping(project.git)
    deploy_and_record(project, forge, "staging", pytest.fail)
    with pytest.raises(UsageError, match="is not an environment"):
        deploy_and_record(project, forge, "stagign", pytest.fail)
    assert forge.kept == []


def test_a_project_without_a_forge_deploys(project: Project) -> None:
    assert deploy_and_record(project, None, "staging", pytest.fail) == SERVED


def test_a_release_branch_that_is_not_there_is_no_commit_to_keep(project: Project, monkeypatch) -> None:
    def missing(*_: object) -> Deployed:
        raise UsageError("the remote has no branch release/staging")

    monkeypatch.setattr(deployments, "deploy", missing)
    project.git.run("update-ref", "-d", "refs/remotes/origin/release/staging")
    forge = Keeping(project.git)
    with pytest.raises(UsageError, match="no branch"):
        deploy_and_record(project, forge, "staging", pytest.fail)
    assert forge.kept == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8081", False),
        ("http://[::1]:8081", False),
        ("http://localhost:8081", False),
        ("http://[broken", False),
        ("", False),
        ("http://10.0.0.7:8081", True),
        ("https://churn.example.com/v1", True),
    ],
)
def test_an_address_that_only_this_machine_has_is_shown_to_nobody(url: str, shown: bool) -> None:
    assert shown_address(url) == (url if shown else "")

"""The required check looks again: a run that was red follows what was stated of its commit since."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy_project import Toy

from cdml.forges.base import Status
from cdml.forges.local import LocalForge
from cdml.jobs.gate import look_again
from cdml.state.git import Git


@pytest.fixture
def offered(registered: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The head of a pull request, in a run of CI about it."""
    head = registered.branch("worse", "Rank worse", params__yaml="skill: 0.5\n")
    head = registered.git("rev-parse", "HEAD")
    registered.git("push", "--quiet", "origin", "HEAD:refs/heads/worse")
    pull = {"number": 1, "head": {"sha": head, "repo": {"full_name": "a/b"}}, "base": {"ref": "main"}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull}))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    return head


def outputs(tmp_path: Path) -> dict[str, str]:
    lines = (tmp_path / "output").read_text().splitlines()
    return dict(line.partition("=")[::2] for line in lines)


def test_the_plan_says_which_statuses_count_and_the_check_follows_them(
    registered: Toy, offered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered.cdml("ci", "plan")
    contexts = outputs(tmp_path)["contexts"]
    assert json.loads(contexts) == ["cdml"]
    monkeypatch.setenv("CDML_CONTEXTS", contexts)
    assert "nothing was stated" in registered.cdml("ci", "gate", code=10)
    forge = LocalForge(Git(registered.root))
    forge.set_status(offered, Status("cdml", "failure", "worse on roc_auc"))
    assert "worse on roc_auc" in registered.cdml("ci", "gate", code=10)
    forge.set_status(offered, Status("cdml: roc_auc:max-regression", "success", "waived"))
    forge.set_status("f" * 40, Status("cdml", "success", "another commit"))
    registered.cdml("ci", "gate", code=10)
    forge.set_status(offered, Status("cdml", "success", "one gate waived"))
    assert "stated since: cdml" in registered.cdml("ci", "gate")


@pytest.mark.parametrize("contexts", ["", "[]", "nonsense", "{}"])
def test_where_nothing_was_planned_nothing_passes(registered, offered, monkeypatch, contexts: str) -> None:
    LocalForge(Git(registered.root)).set_status(offered, Status("cdml", "success", ""))
    monkeypatch.setenv("CDML_CONTEXTS", contexts)
    assert "nothing was judged" in registered.cdml("ci", "gate", code=10)


def test_every_model_of_several_must_be_stated(registered, offered, monkeypatch) -> None:
    forge = LocalForge(Git(registered.root))
    monkeypatch.setenv("CDML_CONTEXTS", '["cdml/churn", "cdml/fraud"]')
    forge.set_status(offered, Status("cdml/churn", "success", ""))
    assert "cdml/fraud" in registered.cdml("ci", "gate", code=10)
    forge.set_status(offered, Status("cdml/fraud", "success", ""))
    registered.cdml("ci", "gate")


def test_a_forge_without_such_a_check_is_asked_in_vain(registered, offered) -> None:
    said: list[str] = []
    forge = LocalForge(Git(registered.root))
    look_again(forge, forge.open_pull("worse", "main", "t", ""), said.append)
    assert said == []

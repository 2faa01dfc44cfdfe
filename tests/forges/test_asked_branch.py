"""Where a run that a command asks for stands on GitHub: on a branch of its own at main's tip, never on main."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from github_server import GithubServer
from people import Person, git

from cdml.core.errors import ExternalError
from cdml.core.names import ASKED_BRANCH
from cdml.forges.github import GithubForge
from cdml.jobs.asked_branch import point_at_main
from cdml.state.git import Git

INPUTS = {"pull": "1", "head": "b" * 40, "base": "main", "fork": "true", "force": "false", "folder": ""}


def test_the_branch_follows_main_wherever_it_stood(bare: Path, ada: Person) -> None:
    there = Git(ada.root)
    for _ in range(2):  # made, and found as it should be
        point_at_main(there)
        assert git(bare, "rev-parse", ASKED_BRANCH) == git(bare, "rev-parse", "main")
    ada.push(ASKED_BRANCH, {"planted": "by whoever may push"})
    point_at_main(there)
    assert git(bare, "rev-parse", ASKED_BRANCH) == git(bare, "rev-parse", "main")


def test_a_remote_that_refuses_is_said(bare: Path, ada: Person) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'not here' >&2; exit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ExternalError, match="not here"):
        point_at_main(Git(ada.root))


def test_github_is_asked_for_the_workflow_on_that_branch(
    github: GithubServer, as_user: Callable[..., GithubForge]
) -> None:
    number = _offered(github)
    forge = as_user()
    with pytest.raises(ExternalError, match=ASKED_BRANCH):
        forge.start_run(forge.pull(number), INPUTS)
    github.hub.branches[ASKED_BRANCH] = "a" * 40
    forge.start_run(forge.pull(number), INPUTS)
    sent = {"workflow": "cdml-pull-request.yml", "ref": ASKED_BRANCH, "inputs": INPUTS}
    assert github.hub.dispatches == [sent]


def _offered(github: GithubServer) -> int:
    github.hub.branches["change"] = "b" * 40
    return int(github.hub.add_pull("change")["number"])

"""This repository's own workflows and actions, judged by every validator. No finding without a written reason."""

from __future__ import annotations

import pytest
import tools
import validators
from validators import Finding

ROOT = tools.CHECKOUT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
ACTIONS = sorted((ROOT / "actions").glob("*/action.y*ml"))
STAND_INS = sorted(validators.STUBS.rglob("action.yml"))


def listed(findings: list[Finding]) -> str:
    return "\n".join(map(str, findings))


def test_there_is_something_to_look_at() -> None:
    assert WORKFLOWS
    assert ACTIONS


def test_the_workflows_fit_their_schema() -> None:
    assert listed(validators.github_schema(WORKFLOWS)) == ""


def test_the_actions_fit_their_schema() -> None:
    assert listed(validators.github_actions_schema([*ACTIONS, *STAND_INS])) == ""


def test_actionlint_finds_nothing() -> None:
    assert listed(validators.actionlint(WORKFLOWS)) == ""


def test_the_parser_of_github_finds_nothing() -> None:
    assert listed(validators.workflow_parser([*WORKFLOWS, *ACTIONS, *STAND_INS], ROOT)) == ""


def test_the_language_service_of_github_finds_nothing() -> None:
    assert listed(validators.language_service([*WORKFLOWS, *ACTIONS, *STAND_INS], ROOT)) == ""


@pytest.mark.parametrize("folder", [".github", "actions", "tests/real/stubs"])
def test_zizmor_finds_nothing(folder: str) -> None:
    assert listed(validators.zizmor(ROOT / folder)) == ""

"""What a schedule is about: retraining and looking at production have lines of their own, which may be alike."""

from __future__ import annotations

import subprocess

import pytest

from cdml.ci.base import RunContext
from cdml.jobs.ci_plan import plan, plan_monitor
from cdml.state.git import Git

MODEL = """\
model: {name}
ci:
  runs-on: {{monitor: near-the-data, retrain: gpu}}
  timeout-minutes: {{monitor: 7}}
train: {{cmd: python t.py, deps: [t.py], outs: [m.skops]{train}}}
evaluate: {{data: d.csv, target: y}}
{monitor}
"""
DAILY, WEEKLY = "17 6 * * *", "17 6 * * 1"


def watch(line: str) -> str:
    return f"monitor: {{predictions: monitoring, schedule: '{line}'}}"


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """Three models: one on both lines, one retrained when the first is looked at, one only by hand."""
    root = tmp_path_factory.mktemp("models")
    texts = {
        "a": MODEL.format(name="a", train=f", schedule: '{WEEKLY}'", monitor=watch(DAILY)),
        "b": MODEL.format(name="b", train=f", schedule: '{DAILY}'", monitor=""),
        "c": MODEL.format(name="c", train="", monitor="monitor: {predictions: monitoring}"),
    }
    for folder, text in texts.items():
        (root / folder / ".dvc").mkdir(parents=True)
        (root / folder / ".dvc" / "config").write_text("")
        (root / folder / "mlops.yaml").write_text(text)
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for words in (["init", "--quiet", "-b", "main"], ["add", "-A"], ["commit", "--quiet", "-m", "models"]):
        subprocess.run(["git", *who, *words], cwd=root, check=True)
    return Git(root)


def named(git: Git, context: RunContext) -> tuple[list[str], list[str]]:
    return [one.model for one in plan(git, context)], [one.model for one in plan_monitor(git, context)]


@pytest.mark.parametrize(
    ("line", "retrained", "watched"), [(DAILY, ["b"], ["a"]), (WEEKLY, ["a"], []), ("1 1 1 1 1", [], [])]
)
def test_a_line_is_due_for_the_models_that_name_it_for_that(
    git: Git, line: str, retrained: list[str], watched: list[str]
) -> None:
    assert named(git, RunContext("github", "schedule", schedule=line)) == (retrained, watched)


def test_a_person_chooses_among_the_models_that_ci_watches(git: Git) -> None:
    assert named(git, RunContext("github", "manual")) == (["a", "b", "c"], ["a"])
    assert named(git, RunContext("github", "manual", folder="b")) == (["b"], [])


def test_nothing_else_looks_at_production(git: Git) -> None:
    assert plan_monitor(git, RunContext("github", "main", before=git.commit("HEAD"))) == ()


def test_a_look_has_a_machine_and_a_limit_of_its_own(git: Git) -> None:
    looking = plan_monitor(git, RunContext("github", "schedule", schedule=DAILY))[0]
    assert (looking.labels, looking.minutes) == (("near-the-data",), 7)
    assert plan(git, RunContext("github", "schedule", schedule=DAILY))[0].labels == ("gpu",)

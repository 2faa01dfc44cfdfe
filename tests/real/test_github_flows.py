"""The example project's workflows, really run: from a pull request to a deployment and back; a fork; drift."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import act
import pytest
from hosted import LINE, Hosted, hosted, said, served

SIX = "features: [age, sex, bp, s1, s2, s3]"
TEN = "features: [age, sex, bmi, bp, s1, s2, s3, s4, s5, s6]"
JUDGING = "cdml-pull-request.yml"
NOWHERE = "0" * 40
GATE = "roc_auc:max-regression"
pytestmark = pytest.mark.timeout(900)  # a whole life of a model, and many starts of a runner


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """A repository whose first version is registered."""
    with hosted(tmp_path_factory.mktemp("hosted")) as project:
        run = project.push("cdml-main", "main", NOWHERE)
        assert run.exit_code == 0, said(run)
        assert project.tags() == ["progression@v1.0.0"]
        yield project


def test_a_life_of_a_model(there: Hosted) -> None:
    """Each step stands on the one before it, as in a repository."""
    _promoted(there, "v1.0.0", "staging")
    _promoted(there, "v1.0.0", "production")
    better = _judged_better(there)
    _merged(there, better)
    _promoted(there, "v2.0.0", "staging")
    _promoted(there, "v2.0.0", "production")
    _rolled_back(there)


def _promoted(there: Hosted, version: str, environment: str) -> None:
    run = there.operate("promote", environment=environment, version=version)
    assert run.exit_code == 0, said(run)
    number = max(there.hub.pulls)
    pull = there.hub.pulls[number]
    assert pull["target"] == f"release/{environment}"
    assert set(there.states(pull["sha"]).values()) == {"success"}
    before = there.merge(number)
    run = there.push("cdml-deploy", f"release/{environment}", before)
    assert run.exit_code == 0, said(run)
    record = json.loads(there.git("show", f"origin/release/{environment}:.cdml/releases/progression.json"))
    found = served(there, environment)
    assert (found["version"], found["sha256"]) == (version, record["artifact"]["sha256"])


def _judged_better(there: Hosted) -> int:
    number = there.offer("all-measurements", SIX, TEN)
    run = there.judge(number)
    assert run.exit_code == 0, said(run)
    assert run.results["gate"] == "success"
    (comment,) = there.comments(number)
    assert "better" in comment
    assert there.states(there.hub.pulls[number]["sha"])["cdml"] == "success"
    assert any(ref.startswith("refs/cdml/runs/") for ref in there.refs())
    again = there.judge(number)
    assert again.exit_code == 0, said(again)
    assert len(there.comments(number)) == 1
    return number


def _merged(there: Hosted, number: int) -> None:
    run = there.push("cdml-main", "main", there.merge(number))
    assert run.exit_code == 0, said(run)
    assert "taken from its judged run" in run.log
    assert "progression@v2.0.0" in there.tags()


def _rolled_back(there: Hosted) -> None:
    run = there.operate("rollback", environment="production", version="", reason="demonstration")
    assert run.exit_code == 0, said(run)
    assert served(there, "production")["version"] == "v1.0.0"


@pytest.fixture(scope="module")
def refused(there: Hosted) -> tuple[int, act.Run]:
    """A pull request with a worse model, and the run that judged it."""
    number = there.offer("forest", "kind: logistic", "kind: forest")
    return number, there.judge(number)


def test_a_worse_model_is_refused_on_the_line_that_asked(there: Hosted, refused: tuple[int, act.Run]) -> None:
    number, run = refused
    assert run.exit_code != 0
    assert (run.results["gate"], run.results["stated"]) == ("failure", "failure"), said(run)
    assert run.results["report"] == "success", said(run)
    assert "the comment on the pull request says why" in run.log
    comment = there.comments(number)[0]
    assert "🔴" in comment
    assert GATE in _how_to_waive(comment)
    assert [one["state"] for one in there.hub.statuses if one["context"] == "cdml"].count("failure") == 1
    lines = there.git("show", f"{there.hub.pulls[number]['sha']}:mlops.yaml").splitlines()
    found = [one for one in run.annotations if one.file == "mlops.yaml" and one.level == "error"]
    assert any("max-regression" in lines[int(one.line) - 1] for one in found)


def _how_to_waive(comment: str) -> list[str]:
    """The gates that a comment says how to waive."""
    return re.findall(r"`/cdml waive (\S+) REASON`", comment)


@pytest.fixture
def taken_back(there: Hosted) -> Iterator[None]:
    """What a test merges and registers is gone afterwards: others want a model that passes its gates."""
    main, tags = there.refs()["refs/heads/main"], there.tags()
    yield
    there.hub.move("main", main)
    for tag in set(there.tags()) - set(tags):
        there.git("push", "--quiet", "--delete", "origin", tag)
        there.git("tag", "--delete", tag)


@pytest.mark.usefixtures("taken_back")
def test_a_worse_model_is_waived_by_another_person_and_registered_by_their_word(
    there: Hosted, refused: tuple[int, act.Run]
) -> None:
    number, _ = refused
    head = there.hub.pulls[number]["sha"]
    ended = there.hub.add_run(
        head, JUDGING, Train_and_judge="failure", What_was_stated_since="failure", cdml_gate="failure"
    )
    _may_not_waive(there, number, "ada", "whoever opened a pull request cannot waive its gates")
    _may_not_waive(there, number, "eve", "may not write to this repository")
    while gates := _how_to_waive(there.comments(number)[0]):  # it may fail another one too
        assert there.states(head)["cdml"] == "failure"
        assert _conclusion(ended, "What was stated since") == "failure"
        _waived(there, number, gates[0])
    assert there.states(head)["cdml"] == "success"
    assert _conclusion(ended, "What was stated since") is None, "nobody asked to run it again"
    assert _conclusion(ended, "Train and judge") == "failure"
    _looked_at_again(there, number)
    _registered_with_the_waiver(there, number)


def _may_not_waive(there: Hosted, number: int, who: str, why: str) -> None:
    words = f"/cdml waive {GATE} I am {who}, and I may."
    there.comment(number, words, who)
    assert there.signs(words) == ["eyes", "confused"]
    assert "❌" in there.comments(number)[-1]
    assert why in there.comments(number)[-1]
    assert not any(ref.startswith("refs/cdml/waivers/") for ref in there.refs())


def _waived(there: Hosted, number: int, gate: str) -> None:
    words = f"/cdml waive {gate} The forest needs no scaling."
    run = there.comment(number, words, "bob")
    assert run.exit_code == 0, said(run)
    assert there.signs(words) == ["eyes", "+1"], there.comments(number)[-1]
    assert f"✅ progression: {gate} is waived by bob" in there.comments(number)[-1]
    assert "waived by bob: The forest needs no scaling." in there.comments(number)[0]


def _conclusion(run: dict[str, Any], job: str) -> str | None:
    (found,) = [one for one in run["jobs"] if one["name"] == job]
    conclusion: str | None = found["conclusion"]
    return conclusion


def _looked_at_again(there: Hosted, number: int) -> None:
    """The model is as bad as before: only what was stated opens the gate."""
    run = there.judge(number)
    assert run.job("judge").result == "failure", said(run)
    assert (run.results["stated"], run.results["gate"]) == ("success", "success"), said(run)
    assert "judged or waived since" in run.log
    assert there.states(there.hub.pulls[number]["sha"])["cdml"] == "success"


def _registered_with_the_waiver(there: Hosted, number: int) -> None:
    before = there.tags()
    run = there.push("cdml-main", "main", there.merge(number))
    assert run.exit_code == 0, said(run)
    (tag,) = set(there.tags()) - set(before)
    there.git("fetch", "--quiet", "--tags", "origin")
    message = there.git("for-each-ref", "--format=%(contents)", f"refs/tags/{tag}")
    assert GATE in message
    assert "bob" in message
    assert "The forest needs no scaling." in message


def test_a_fork_gets_no_secrets_and_is_still_reported(there: Hosted) -> None:
    number = there.offer("from-a-fork", "C: 1.0", "C: 0.9", fork="someone/fork")
    run = there.judge(number, fork=True, share="fork", secrets={"DATA_KEY": "a-secret-of-the-repository"})
    assert run.results["report"] == "skipped", said(run)
    assert run.results["gate"] == "success"
    assert not there.comments(number)
    assert "|" in run.summary  # the table that the comment will have
    _second_half(there, number)
    assert len(there.comments(number)) == 1
    assert there.states(there.hub.pulls[number]["sha"])["cdml"] == "success"


def _second_half(there: Hosted, number: int) -> None:
    """The workflow that GitHub starts when the run of the fork's pull request has ended."""
    before = {ref for ref in there.refs() if ref.startswith("refs/cdml/runs/")}
    there.main()
    ended = {"id": 1, "event": "pull_request", "head_sha": there.hub.pulls[number]["sha"]}
    ended["head_repository"] = {"full_name": "someone/fork"}
    run = there.run("cdml-forks", "workflow_run", {"workflow_run": ended}, share="fork")
    assert run.exit_code == 0, said(run)
    assert {ref for ref in there.refs() if ref.startswith("refs/cdml/runs/")} == before


def test_a_command_is_answered_and_any_other_comment_starts_no_job(there: Hosted) -> None:
    number = there.offer("talked-about", "C: 1.0", "C: 1.1")
    chat = there.comment(number, "What does /cdml help say?")
    assert chat.results == {"answer": "skipped"}, said(chat)
    asked = there.comment(number, "/cdml help")
    assert asked.exit_code == 0, said(asked)
    assert "/cdml retrain" in there.comments(number)[-1]


def test_a_run_that_a_command_starts_judges_the_commit_that_it_names(there: Hosted) -> None:
    number = there.offer("asked-for", "C: 1.0", "C: 0.8", fork="someone/fork")
    before = {ref for ref in there.refs() if ref.startswith("refs/cdml/runs/")}
    head = there.hub.pulls[number]["sha"]
    answered = there.comment(number, f"/cdml evaluate at {head}")
    assert answered.exit_code == 0, said(answered)
    assert there.refs()["refs/heads/cdml/asked"] == there.refs()["refs/heads/main"]
    (sent,) = there.hub.dispatches
    assert (sent["workflow"], sent["ref"], sent["inputs"]["head"]) == (JUDGING, "cdml/asked", head)
    by_hand = there.dispatched("main")
    assert {by_hand.results.get(job, "skipped") for job in ("plan", "judge", "report")} == {"skipped"}, said(
        by_hand
    )
    before_it = len(there.comments(number))
    run = there.dispatched("cdml/asked")
    assert run.exit_code == 0, said(run)
    assert run.results["report"] == "success", said(run)
    assert len(there.comments(number)) == before_it + 1
    assert there.states(head)["cdml"] == "success"
    assert {ref for ref in there.refs() if ref.startswith("refs/cdml/runs/")} == before


def test_nothing_new_registers_nothing(there: Hosted) -> None:
    before = there.tags()
    run = there.operate("retrain")
    assert run.exit_code == 0, said(run)
    assert "nothing changed" in run.log
    assert there.tags() == before


def test_production_is_watched_on_a_schedule_and_by_hand(there: Hosted) -> None:
    """The test data themselves as a batch are no drift; all of them thirty years older are."""
    patients = (there.work / "data" / "patients.csv").read_text().splitlines()
    older = [
        f"{cells[0]},{int(cells[1]) + 30},{cells[2]}" for cells in (line.split(",", 2) for line in patients[1:])
    ]
    _log(there, "2026-11-20.csv", [patients[0], *older])
    run = there.due(LINE)
    assert _ran(run) == {"plan": "success", "monitor": "failure"}, said(run)
    (issue,) = _open(there)
    assert "drift in 1 column (age)" in issue["title"]
    found = [(one.level, one.file) for one in run.annotations if one.file]
    assert found == [("error", "mlops.yaml")]
    assert "drift in 1 column" in run.job("monitor").summary

    assert _ran(there.due("1 1 1 1 1")) == {"plan": "success"}, "this line is nobody's"
    _log(there, "2026-11-21.csv", patients)
    run = there.operate("monitor")
    assert _ran(run) == {"plan": "success", "monitor": "success"}, said(run)
    assert _open(there) == []


def _ran(run: act.Run) -> dict[str, str]:
    """How the jobs went that were not skipped, by their names in the file."""
    return {name.partition(" ")[0]: result for name, result in run.results.items() if result != "skipped"}


def _log(there: Hosted, name: str, lines: list[str]) -> None:
    """A batch that whoever serves the model writes; here it comes by a commit to main."""
    there.main()
    (there.work / "monitoring").mkdir(exist_ok=True)
    for old in (there.work / "monitoring").iterdir():
        old.unlink()
    (there.work / "monitoring" / name).write_text("\n".join(lines) + "\n")
    there.git("add", "--all", "monitoring")
    there.git("commit", "--quiet", "--message", "What was asked")
    there.git("push", "--quiet", "origin", "main")


def _open(there: Hosted) -> list[dict[str, Any]]:
    return [issue for issue in there.hub.issues.values() if issue["state"] == "open"]

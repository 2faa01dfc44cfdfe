"""The toy project's pipeline on GitLab, really run: a merge request, a waiver, a fork, a deployment and back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).resolve().parents[1] / "support")]

from gitlab_hosted import BOT, TOKEN, Hosted, hosted
from plain import plain_environment
from served_toy import FAILING, begun, served

PLAN, JUDGE, REPORT, GATE = (f"cdml-pull-request:{job}" for job in ("plan", "judge:toy", "report", "gate"))
OTHER = "cdml-pull-request:judge:other"
ANSWER = "cdml-commands:answer"
LINE = "23 4 * * *"  # on which production is looked at
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with plain_environment():
        return begun(tmp_path_factory.mktemp("gitlab"), "gitlab", "other")


@pytest.fixture
def there(template: Path, tmp_path: Path) -> Iterator[Hosted]:
    with plain_environment(), hosted(template, tmp_path) as project:
        yield project


def test_a_merge_request_is_judged_reported_and_let_through(there: Hosted) -> None:
    number = there.offer("1.3")
    run = there.judge(number)
    assert run.results == dict.fromkeys((PLAN, JUDGE, OTHER, REPORT, GATE), "passed"), run.log
    assert "nothing to do for other" in run.job(OTHER).output
    (comment,) = there.lab.comments.values()
    assert comment["login"] == BOT
    assert "better" in comment["body"]
    states = there.states(there.lab.pulls[number]["sha"])
    assert states == {"cdml": "success", f"cdml: {FAILING}": "success"}
    assert there.kept_runs()
    page = (run.job(REPORT).artifacts / "cdml-report" / "report.html").read_text()
    assert "roc_auc" in page
    (told,) = {one["target_url"] for one in there.lab.statuses}
    assert told in comment["body"]
    assert TOKEN not in run.log


def test_a_worse_model_stops_at_the_report_until_another_person_waives_its_gate(there: Hosted) -> None:
    number = there.offer("0.5")
    head = there.lab.pulls[number]["sha"]
    run = there.judge(number)
    refused = {PLAN: "passed", JUDGE: "passed", OTHER: "passed", REPORT: "failed", GATE: "skipped"}
    assert run.results == refused, run.log
    assert there.states(head)["cdml"] == "failed"
    assert "🔴" in there.comments(number)[0]
    pipeline = there.lab.add_pipeline(number, head, **run.results)
    _may_not_waive(there, number, "ada", "whoever opened a pull request cannot waive its gates")
    _may_not_waive(there, number, "eve", "may not write to this repository")
    words = f"/cdml waive {FAILING} The labels are new."
    answered = there.comment(number, words, "bob")
    assert answered.results == {ANSWER: "passed"}, answered.log
    assert there.signs(words) == ["eyes", "white_check_mark"]
    assert "waived by bob" in there.comments(number)[-1]
    assert "waived by bob: The labels are new." in there.comments(number)[0]
    assert there.states(head)["cdml"] == "success"
    assert {job["name"]: job["status"] for job in pipeline["jobs"]} == {**run.results, REPORT: "pending"}
    again = there.judge(number)
    assert again.results == dict.fromkeys((PLAN, JUDGE, OTHER, REPORT, GATE), "passed"), again.log
    _registered_with_the_waiver(there, number)


def _may_not_waive(there: Hosted, number: int, who: str, why: str) -> None:
    words = f"/cdml waive {FAILING} I am {who}, and I may."
    there.comment(number, words, who)
    assert there.signs(words) == ["eyes", "x"]
    assert why in there.comments(number)[-1]
    assert not any(ref.startswith("refs/cdml/waivers/") for ref in there.toy.refs())


def _registered_with_the_waiver(there: Hosted, number: int) -> None:
    run = there.push("main", there.merge(number))
    register, other = (f"cdml-main:register:{model}" for model in ("toy", "other"))
    assert run.results == {"cdml-main:plan": "passed", register: "passed", other: "passed"}, run.log
    assert "nothing to do for other" in run.job(other).output
    assert "taken from its judged run" in run.job(register).output
    message = there.toy.git("for-each-ref", "--format=%(contents)", "refs/tags/toy@v1.1.0", at=there.toy.origin)
    assert FAILING in message
    assert "bob" in message
    assert "The labels are new." in message


def test_a_fork_s_merge_request_is_judged_in_its_own_project_and_nobody_comments(there: Hosted) -> None:
    number = there.offer("0.5", fork=True)
    kept = there.kept_runs()
    run = there.judge(number, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="8", CI_PROJECT_ID="8")
    assert run.results == {PLAN: "passed", JUDGE: "failed", OTHER: "passed", GATE: "skipped"}, run.log
    assert "1 gate fails" in run.job(JUDGE).output
    assert there.server.asked("POST") == []
    assert there.kept_runs() == kept


def test_a_command_is_answered_and_any_other_comment_ends_the_job_that_it_starts(there: Hosted) -> None:
    number = there.offer("1.1")
    chat = there.comment(number, "What does /cdml help say?")
    assert chat.results == {ANSWER: "passed"}, chat.log
    assert "this is no command" in chat.job(ANSWER).output
    assert there.server.asked() == []
    asked = there.comment(number, "/cdml help")
    assert asked.results == {ANSWER: "passed"}, asked.log
    assert "/cdml retrain" in there.comments(number)[-1]


def test_a_life_of_a_model(there: Hosted) -> None:
    """Each step stands on the one before it, as in a repository."""
    _promoted(there, "v1.0.0")
    before = there.toy.refs()["refs/heads/main"]
    there.toy.git("switch", "--quiet", "--force", "main")
    there.toy.commit("Tune it", params__yaml="skill: 1.3\n")
    there.toy.git("push", "--quiet")
    registered = there.push("main", before)
    assert registered.exit_code == 0, registered.log
    _promoted(there, "v1.1.0")
    _rolled_back(there)
    _not_retrained(there)
    _watched(there)


def _promoted(there: Hosted, version: str) -> None:
    run = there.operate("promote", environment="staging", version=version)
    assert run.results["cdml-operate:promote:toy"] == "passed", run.log
    number = max(there.lab.pulls)
    pull = there.lab.pulls[number]
    assert (pull["login"], pull["target"]) == (BOT, "release/staging")
    assert set(there.states(pull["sha"]).values()) == {"success"}
    run = there.push("release/staging", there.merge(number))
    assert run.results["cdml-deploy:deploy-1:toy"] == "passed", run.log
    assert served(there.toy) == (version, _released(there)["artifact"]["sha256"])


def _released(there: Hosted) -> dict[str, dict[str, str]]:
    text = there.toy.git("show", "release/staging:.cdml/releases/toy.json", at=there.toy.origin)
    record: dict[str, dict[str, str]] = json.loads(text)
    return record


def _rolled_back(there: Hosted) -> None:
    run = there.operate("rollback", environment="staging", reason='it\'s "slow"; $(false)')
    assert run.results["cdml-operate:rollback:toy"] == "passed", run.log
    assert served(there.toy)[0] == "v1.0.0"
    assert _released(there)["why"] == 'it\'s "slow"; $(false)'


def _not_retrained(there: Hosted) -> None:
    before = there.toy.refs()
    run = there.operate("retrain", chosen_folder=".")
    assert run.results["cdml-operate:retrain:toy"] == "passed", run.log
    assert "nothing changed" in run.job("cdml-operate:retrain:toy").output
    assert there.toy.refs() == before


def _watched(there: Hosted) -> None:
    """Staging has the older version again; whom it is asked about is twice as old."""
    toy = there.toy
    toy.git("switch", "--quiet", "--force", "main")
    toy.git("pull", "--quiet")
    mlops = (toy.root / "mlops.yaml").read_text()
    batch = "id,age\n" + "".join(f"{n},{80 + n % 60}\n" for n in range(300))
    monitor = f"monitor: {{predictions: monitoring, schedule: '{LINE}'}}\n"
    toy.commit("Watch", **{"mlops.yaml": mlops + monitor, "monitoring/2026-11-21.csv": batch})
    toy.cdml("generate")
    toy.commit("Add what cdml wrote")
    toy.git("push", "--quiet")
    run = there.due(LINE)
    found = {PLAN.replace("pull-request", "operate"): "passed", "cdml-operate:retrain:toy": "passed"}
    found |= {"cdml-operate:retrain:other": "passed", "cdml-operate:monitor:toy": "failed"}
    assert found | {"cdml-operate:monitor:other": "passed"} == run.results, run.log
    assert "nothing to do" in run.job("cdml-operate:retrain:toy").output
    assert "nothing to do for other" in run.job("cdml-operate:monitor:other").output
    assert "toy in staging: drift in 1 column (age)" in run.job("cdml-operate:monitor:toy").output
    (issue,) = there.lab.issues.values()
    assert (issue["state"], issue["title"]) == ("opened", "toy in staging: drift in 1 column (age)")


def test_a_command_has_a_draft_judged_by_the_pipeline_that_it_starts(there: Hosted) -> None:
    """A label tells that pipeline that it was asked for; GitLab gives it no other word of the command."""
    number = there.offer("1.3", draft=True)
    pull = there.lab.pulls[number]
    draft = {"CI_MERGE_REQUEST_TITLE": "Draft: Change it"}
    waiting = there.judge(number, **draft)
    assert there.kept_runs() == [], waiting.log
    assert there.states(pull["sha"])["cdml"] == "pending"
    words = "/cdml evaluate"
    answered = there.comment(number, words, "bob")
    assert answered.results == {ANSWER: "passed"}, answered.log
    assert there.signs(words) == ["eyes", "white_check_mark"]
    started = there.lab.pipelines[-1]
    assert (started["source"], started["sha"], started["status"]) == (
        "merge_request_event",
        pull["sha"],
        "created",
    )
    run = there.judge(number, CI_MERGE_REQUEST_LABELS=",".join(started["labels"]), **draft)
    assert run.results == dict.fromkeys((PLAN, JUDGE, OTHER, REPORT, GATE), "passed"), run.log
    assert "better" in there.comments(number)[0]
    assert there.states(pull["sha"])["cdml"] == "success"
    assert there.kept_runs()

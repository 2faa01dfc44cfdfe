"""What CI is told beside the log: findings on lines of mlops.yaml, outputs, a summary; and nothing elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from small_project import Small
from toy_project import invoke

from cdml.cli.main import main
from cdml.core.comparison import Comparison, Judgement, Outcome, Side, Verdict
from cdml.core.errors import ConfigError, Problem, UsageError
from cdml.core.release import Deployment, Version
from cdml.core.settings import Gate
from cdml.evaluation.compare import only_reported
from cdml.evaluation.gates import judge
from cdml.forges.base import PullRequest
from cdml.jobs import telling
from cdml.jobs.register import Registered
from cdml.jobs.telling import Annotation
from cdml.reports.markdown import comment

FAIL, OPEN, PASS = Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS
GATE = Gate("min", "f1", 0.5, line=11)
VERSION = Version("toy", "v1.2.0", "c" * 40, 0, True, None)


def judgement(*verdicts: Verdict) -> Judgement:
    return Judgement(Comparison("toy", None, Side("this PR"), 0, None, ()), verdicts)


def verdict(outcome: Outcome, line: int | None = 11, **more: object) -> Verdict:
    return Verdict(replace(GATE, line=line), outcome, "0.4", "f1 is 0.4.", **more)  # type: ignore[arg-type]


def test_a_gate_is_told_on_the_line_that_asked_for_it_the_worst_first() -> None:
    told = telling.of_judgement(
        judgement(verdict(PASS, 9), verdict(OPEN, 10, more_rows=6000), verdict(FAIL)), "models/toy/"
    )
    file = "models/toy/mlops.yaml"
    assert told == (
        Annotation("error", "f1 at least 0.50: fail: f1 is 0.4.", file, 11),
        Annotation(
            "warning",
            "f1 at least 0.50: inconclusive: f1 is 0.4. About 6,000 more test rows would decide.",
            file,
            10,
        ),
    )


@pytest.mark.parametrize(("wish", "levels"), [("fail", ["error"]), ("warn", ["warning"]), ("pass", [])])
def test_an_inconclusive_gate_is_told_as_it_counts(wish: str, levels: list[str]) -> None:
    one = verdict(OPEN)
    strict = replace(one, gate=replace(one.gate, on_inconclusive=wish))  # type: ignore[arg-type]
    assert [a.level for a in telling.of_judgement(judgement(strict), "")] == levels


def test_a_loosened_gate_is_told_though_it_passes_and_where_the_head_has_it() -> None:
    base = (Gate("min", "f1", 0.9, line=3), Gate("max", "f1", 0.9, line=4))
    found = judge((Gate("min", "f1", 0.8, line=30),), only_reported((), first=True, unpaired=None), base)
    assert [(v.gate.limit, v.gate.line) for v in found] == [(0.9, 30), (0.9, None)]
    loose = verdict(PASS, loosened="min from 0.9 to 0.8")
    (told,) = telling.of_judgement(judgement(loose), "")
    assert (told.level, told.line) == ("warning", 11)
    assert told.message.startswith("min from 0.9 to 0.8, but judged as the target branch has it: ")


def test_words_of_others_stay_one_line_without_control_characters() -> None:
    evil = replace(verdict(FAIL), reason="a\n::set-output name=x::y\x1b[2J\u202e")
    (told,) = telling.of_judgement(judgement(evil), "")
    assert told.message.isprintable()


def test_a_problem_is_told_on_its_line_from_the_top_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "mlops.yaml").write_text("model: toy\n")
    wrong = Problem("mlops.yaml", 31, "deploy.target", "'dokcer' is not a target.", "Did you mean 'docker'?")
    elsewhere = replace(wrong, file="4f2a9c1:mlops.yaml")
    outside = replace(wrong, file="../../mlops.yaml")
    told = telling.of_error(ConfigError("2 problems", problems=(wrong, elsewhere, outside)), tmp_path, "models/a/")
    words = "deploy.target: 'dokcer' is not a target. Did you mean 'docker'?"
    assert told[0] == Annotation("error", words, "models/a/mlops.yaml", 31)
    assert told[1] == Annotation("error", f"4f2a9c1:mlops.yaml:31: {words}")
    assert told[2].file is None


def test_an_error_without_problems_is_told_with_what_to_do() -> None:
    told = telling.of_error(UsageError("no such version", "cdml registry list"), Path(), "")
    assert told == (Annotation("error", "no such version; try: cdml registry list"),)


@pytest.mark.parametrize(
    ("verdicts", "word", "code"),
    [
        ((), "none", "0"),
        ((verdict(PASS),), "pass", "0"),
        ((verdict(PASS), verdict(OPEN)), "inconclusive", "0"),
        ((verdict(OPEN), verdict(FAIL)), "fail", "10"),
    ],
)
def test_all_gates_in_a_word(verdicts: tuple[Verdict, ...], word: str, code: str) -> None:
    assert telling.outputs_of_judgement(judgement(*verdicts)) == {"verdict": word, "exit_code": code}


def test_the_outputs_of_a_registration() -> None:
    made = telling.outputs_of_registered(Registered(VERSION, True, True, judgement(verdict(PASS))))
    assert made["version"] == "v1.2.0"
    assert made["tag"] == "toy@v1.2.0"
    assert made["commit"] == "c" * 40
    assert (made["new"], made["verdict"], made["exit_code"]) == ("true", "pass", "0")
    same = telling.outputs_of_registered(Registered(VERSION, False, False, None))
    assert (same["new"], same["verdict"], same["exit_code"]) == ("false", "", "0")
    none = telling.outputs_of_registered(Registered(None, False, True, judgement(verdict(FAIL))))
    assert (none["version"], none["tag"], none["new"], none["exit_code"]) == ("", "", "false", "10")


def test_summaries_say_what_happened() -> None:
    failed = Registered(None, False, True, judgement(verdict(FAIL)))
    assert comment(judgement(verdict(FAIL))) in telling.summary_of_registered(failed, "toy")
    assert "`toy@v1.2.0` registered" in telling.summary_of_registered(Registered(VERSION, True, True, None), "toy")
    served = Deployment("toy", "staging", "v1.2.0", "ab" * 32, "c" * 40, "http://127.0.0.1:8081")
    assert f"sha256 `{'ab' * 32}`" in telling.summary_of_deployment(served, "staging")
    assert "nothing deployed" in telling.summary_of_deployment(None, "staging")
    pull = PullRequest(7, "t", "", "ann", "s", "release/staging", "d" * 40, "open", url="https://example.com/7")
    assert "Pull request 7 into `release/staging`" in telling.summary_of_pull(pull, "Promote")
    assert telling.outputs_of_pull(pull)["url"] == "https://example.com/7"


@dataclass(frozen=True)
class Runner:
    """What a step of GitHub Actions leaves: its outputs and its summary."""

    folder: Path

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.folder / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text()


@pytest.fixture
def on_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Runner]:
    def begin() -> Runner:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        for name in ("output", "summary"):
            (tmp_path / name).touch()
        monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
        return Runner(tmp_path)

    return begin


def edit(small: Small, before: str, after: str) -> None:
    text = (small.root / "mlops.yaml").read_text()
    assert before in text
    small.write("mlops.yaml", text.replace(before, after))


def test_compare_tells_github_in_a_subfolder_and_json_stays_json(
    small: Small,
    on_github: Callable[[], Runner],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edit(small, "  gates:\n", "  gates:\n    - {metric: roc_auc, min: 0.9999}\n")
    runner = on_github()
    report = runner.folder / "report.md"
    words = ("compare", "--json", "--report", str(report), small.first)
    monkeypatch.setattr("sys.argv", ["cdml", "-C", str(small.root), *words])
    with pytest.raises(SystemExit, match="10"):
        main()
    answer, told = capsys.readouterr()
    assert json.loads(answer)["verdicts"][0]["outcome"] == "fail"
    assert told.startswith("::error file=models/toy/mlops.yaml,line=11::roc_auc at least 0.9999: fail: ")
    assert runner.outputs == {"verdict": "fail", "exit_code": "10", "report": str(report)}
    assert runner.summary.strip() == report.read_text().strip()
    assert report.read_text().startswith("<!-- cdml:toy -->")


def test_nothing_is_told_where_no_ci_runs(small: Small) -> None:
    edit(small, "  target: y", "  targett: y")
    code, said = invoke(small.root, "check")
    assert (code, "::" in said) == (3, False)


@pytest.mark.parametrize("verb", ["compare", "check"])
def test_an_error_tells_github_its_line(small: Small, on_github: Callable[[], Runner], verb: str) -> None:
    runner = on_github()
    edit(small, "  target: y", "  targett: y")
    code, said = invoke(small.top, "-C", "models/toy", verb)
    assert (code, said.count("::error ")) == (3, 1)
    words = "evaluate.targett: 'targett' is not a key of evaluate. Did you mean 'target'?"
    assert f"::error file=models/toy/mlops.yaml,line=7::{words}" in said.splitlines()
    assert runner.outputs == ({"exit_code": "3"} if verb == "compare" else {})


def test_an_output_is_one_line_whatever_is_in_it(on_github: Callable[[], Runner]) -> None:
    from cdml.cli import ci_output

    runner = on_github()
    ci_output.outputs({"models": '["a  b"]', "url": "x\nversion=v9\r"})
    assert runner.outputs == {"models": '["a  b"]', "url": "x version=v9 "}

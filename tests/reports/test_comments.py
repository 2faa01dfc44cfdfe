"""Every kind of comment as golden files (UPDATE_GOLDEN=1 writes them anew), and what their parts promise."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from judgements import (
    AROUND,
    CHURN_GATES,
    COMMENTS,
    EARLIER,
    PARAMETERS,
    better,
    changes,
    first_model,
    many,
    unchanged,
    waived,
    worse,
)
from rendered import rendered

from cdml.core.comparison import Direction, Interval, Judgement, Outcome
from cdml.core.dialect import Dialect
from cdml.core.run import Around, PastRun, Trend
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement
from cdml.evaluation.gates import judge
from cdml.reports import cells, history, reasons, words
from cdml.reports.markdown import comment, failure, light, marker, waiting
from cdml.reports.terminal import table
from cdml.reports.words import headline

GOLDEN = Path(__file__).parent / "golden" / "comments"
ALL_SHOWN = Dialect()
PLAIN = Dialect(mermaid=False, folds=False)


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_reads_as_it_did(name: str) -> None:
    text = COMMENTS[name]()
    path = GOLDEN / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_no_golden_comment_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(COMMENTS)


def test_the_order_is_the_readers() -> None:
    text = COMMENTS["better"]()
    marks = ("<!-- cdml:churn -->", "### 🟢", "Every gate", "**roc_auc**", "| gate |", "**Changed:**", "**Weakest")
    marks += (
        "**Trend:**",
        "All 5 slices",
        "over 8 models",
        "2 earlier runs",
        "`cdml compare",
        "<sub>4f2a9c1 against",
    )
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


def test_three_models_have_three_comments() -> None:
    pages = [COMMENTS[f"monorepo_{name}"]() for name in ("churn", "price", "species")]
    assert len({page.splitlines()[0] for page in pages}) == 3


def test_a_model_that_is_what_it_was_needs_one_line() -> None:
    assert reasons.is_unchanged(unchanged())
    text = comment(unchanged(), around=AROUND)
    assert text.splitlines() == [
        marker("churn"),
        "🟢 **churn:** unchanged, same code, training data, parameters, environment, test data and gates as"
        " production v1.3.0"
        " · [run](https://git.example.com/ml/churn/42) <sub>4f2a9c1 against `churn@v1.3.0`</sub>",
    ]
    assert "2 earlier runs" in comment(unchanged(), around=replace(AROUND, earlier=EARLIER))


def _as(judgement: Judgement, **changed: object) -> Judgement:
    return replace(judgement, comparison=replace(judgement.comparison, **changed))  # type: ignore[arg-type]


def test_a_model_is_only_unchanged_where_everything_says_so() -> None:
    same = unchanged()
    one = same.comparison.metrics[0]
    moved = replace(one, difference=0.1, interval=Interval(-0.1, 0.3, 0.95))
    strict = judge((Gate("min", "roc_auc", 0.99),), _measured(same))
    assert not reasons.is_unchanged(_as(same, changes=changes(PARAMETERS)))
    assert not reasons.is_unchanged(_as(same, changes=()))
    assert not reasons.is_unchanged(_as(same, metrics=(moved,)))
    assert not reasons.is_unchanged(_as(same, metrics=()))
    assert not reasons.is_unchanged(_as(same, unpaired="other rows"))
    assert not reasons.is_unchanged(_as(same, baseline=None))
    assert not reasons.is_unchanged(replace(same, verdicts=strict))
    assert not reasons.is_unchanged(replace(same, verdicts=(replace(same.verdicts[0], loosened="x"),)))
    assert not reasons.is_unchanged(replace(same, verdicts=waived().verdicts))
    reported = replace(one, difference=0.0, interval=None, method="reported")
    assert reasons.is_unchanged(_as(same, metrics=(reported,)))
    assert reasons.is_unchanged(replace(same, verdicts=()))


def _measured(judgement: Judgement) -> Measurement:
    return Measurement(judgement.comparison.metrics, (), judgement.comparison.rows)


def test_a_waived_gate_names_who_why_and_what_it_was() -> None:
    text = comment(waived(), around=AROUND)
    assert "✅ waived by release-manager: The old test set" in text
    assert "(was ❌ fail)" in text
    assert "(2 gates waived, 1 pass)" in headline(waived())
    assert light(waived()) == "🟡"
    assert "Merge is not blocked." in text
    assert "/cdml waive" not in text
    assert "fail, waived by release-manager: The old" in table(waived(), colour=False)
    assert reasons.why(waived()).startswith(
        "roc_auc is at least 0.037 worse; 0.010 is allowed. Waived by release-"
    )
    one = replace(waived(), verdicts=tuple(v for v in waived().verdicts if v.waived)[:1])
    assert "more" not in reasons.why(one)
    assert headline(one).endswith("(1 gate waived)")


def test_a_failing_gate_names_the_command_that_waives_it() -> None:
    assert "`/cdml waive roc_auc:max-regression REASON`" in comment(worse(), around=AROUND)
    assert "/cdml waive" not in comment(worse(), around=replace(AROUND, commands=False))
    assert "/cdml waive" not in comment(better(), around=AROUND)
    twice = judge((*CHURN_GATES[1:], *CHURN_GATES[1:]), _measured(worse()))
    text = comment(replace(worse(), verdicts=twice), around=AROUND)
    assert "`/cdml waive roc_auc:max-regression-2 REASON` and 1 more." in text


def test_a_primary_metric_that_no_gate_doubts_is_not_undecided() -> None:
    assert COMMENTS["environment_changed"]().splitlines()[1] == (
        "### 🟢 churn: no clear change of roc_auc (3 gates pass)"
    )


def test_many_worse_metrics_do_not_fill_the_headline() -> None:
    one = worse().comparison.metrics[0]
    metrics = tuple(replace(one, name=f"metric_{i}") for i in range(9))
    assert headline(_as(replace(worse(), verdicts=()), metrics=metrics)) == (
        "churn: worse on metric_0, metric_1, metric_2 and 6 more"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (251, "4 min"), (3_599, "1 h"), (4_321, "1 h 12 min")],
)
def test_durations(seconds: int, said: str) -> None:
    assert reasons.duration(seconds) == said


def test_the_last_lines_say_only_what_is_known() -> None:
    assert comment(better()).endswith(
        "\n\n`cdml compare churn@v1.3.0 4f2a9c1`\n\n<sub>4f2a9c1 against `churn@v1.3.0`</sub>\n"
    )
    assert comment(first_model()).endswith("\n\n`cdml run train evaluate`\n\n<sub>4f2a9c1, first model</sub>\n")
    odd = Around(report_url="javascript:alert(1)", run_url="https://user:token@git.example.com/", seconds=0)
    assert "token" not in comment(better(), around=odd)
    assert "[report]" not in comment(better(), around=odd)


def test_earlier_runs_are_ten_at_most_newest_first() -> None:
    runs = tuple(PastRun(f"{i:07}", 1_763_640_000 - i, (i, 1), "🔴", f"churn: run {i}") for i in range(12))
    text = history.earlier_runs(runs, "churn", ALL_SHOWN)
    assert "Last 10 of 12 earlier runs" in text
    assert text.index("`0000000`") < text.index("`0000009`")
    assert "`0000010`" not in text
    assert "| 🔴 run 0 | 2025-11-20 12:00 |" in text
    assert history.earlier_runs(runs, "churn", PLAIN).count("🔴") == 3
    assert "1 earlier run<" in history.earlier_runs(runs[:1], "churn", ALL_SHOWN)
    assert history.earlier_runs((), "churn", ALL_SHOWN) == ""
    odd = replace(runs[0], light="<b>", at=10**18)
    assert "| run 0 |  |  |" in history.earlier_runs((odd,), "churn", ALL_SHOWN)


def _trend(*values: float, label: str = "v1") -> Trend:
    return Trend("roc_auc", tuple((f"{label}.{i}", value) for i, value in enumerate(values)))


def test_a_trend_needs_three_points_that_are_numbers() -> None:
    line = history.trend_line(_trend(0.801, 0.82, 0.861))
    assert line == "**Trend:** roc_auc ▁▃█ 0.801 (v1.0) to 0.861 (v1.2), 3 models"
    assert history.trend_line(_trend(0.801, 0.82)) == ""
    assert history.trend_line(_trend(0.8, float("nan"), 0.82, float("inf"), 1e300)) == ""
    assert history.trend_line(None) == ""
    assert "▄▄▄" in history.trend_line(_trend(0.5, 0.5, 0.5))
    assert "4,100 (v1.0) to 4,312 (v1.2)" in history.trend_line(_trend(4_100, 4_250, 4_312))
    assert "0.000100 (v1.0) to 0.000120" in history.trend_line(_trend(0.0001, 0.00011, 0.00012))
    assert "10 (v1.10) to 29 (v1.29), 20 models" in history.trend_line(_trend(*range(30)))


def test_a_chart_is_drawn_where_the_forge_draws_and_its_labels_are_harmless() -> None:
    evil = '"]`\n```\n%% end {x} <script> "v1" --> [a'
    text = history.trend_chart(replace(_trend(0.8, 0.85, 0.9, label=evil), metric=evil), ALL_SHOWN)
    chart = text[text.index("```mermaid") : text.rindex("```")]
    look, *lines = chart.splitlines()[1:]
    assert look.startswith("%%{init: ")
    assert lines[0] == "xychart-beta"
    assert [line.split()[0] for line in lines[1:]] == ["x-axis", "y-axis", "line"]
    assert lines[1].count('"') == 6
    assert lines[2].count('"') == 2
    assert not set("`%{}<;#&|") & set("".join(lines))
    assert lines[3] == "    line [0.8000, 0.8500, 0.9000]"
    assert rendered(text).tags().count("pre") == 1
    assert history.trend_chart(_trend(0.8, 0.85, 0.9), PLAIN) == ""
    assert history.trend_chart(_trend(0.8, 0.9), ALL_SHOWN) == ""


def test_numbers_of_a_chart_are_never_written_with_an_exponent() -> None:
    for values in ((1e-7, 2e-7, 3e-7), (0, 0, 0), (-5e11, 0, 5e11), (1e-30, 1e-30, 1e-30)):
        text = history.trend_chart(_trend(*values), ALL_SHOWN)
        low, high = (float(x) for x in text.split("y-axis")[1].split("\n")[0].split('"')[2].split("-->"))
        assert "e-" not in text.split("line [")[1]
        assert "e+" not in text.split("line [")[1]
        assert low < high


def test_where_nothing_folds_there_is_less_of_it() -> None:
    text = comment(many(), dialect=PLAIN, around=replace(AROUND, earlier=EARLIER))
    assert "<details>" not in text
    assert "mermaid" not in text
    assert "**The 5 weakest of 60 slices (roc_auc)**" in text


def test_the_weakest_slice_of_a_loss_is_the_greatest() -> None:
    slices = tuple(
        replace(one, metric=replace(one.metric, direction=Direction.LOWER)) for one in better().comparison.slices
    )
    greatest = max(slices, key=lambda one: one.metric.candidate or 0.0)
    assert cells.weakest_first(slices)[0] is greatest
    nothing = replace(slices[0], metric=replace(slices[0].metric, candidate=None))
    assert cells.weakest_first((nothing, *slices))[-1] is nothing


def test_why_nothing_was_evaluated_is_the_headline_where_it_is_said() -> None:
    text = waiting("churn", "4f2a9c1", "Not evaluated: the data needs credentials. Ask somebody.")
    assert text.splitlines()[1:4] == [
        "### ⚪ churn: not evaluated: the data needs credentials",
        "",
        "Ask somebody.",
    ]
    assert "⚪ churn: not evaluated\n\n<sub>" in waiting("churn", "4f2a9c1", "not evaluated.")
    assert "⚪ churn: not evaluated yet\n\nA draft waits." in waiting("churn", "4f2a9c1", "A draft waits.")


def test_gates_stand_worst_first_and_waived_ones_before_those_that_pass() -> None:
    passed, failed = better().verdicts[0], worse().verdicts[1]
    doubtful = replace(passed, outcome=Outcome.INCONCLUSIVE)
    answered = next(v for v in waived().verdicts if v.waived)
    assert words.worst_first((passed, answered, doubtful, failed)) == [failed, doubtful, answered, passed]


def test_notes_are_said_without_slices_too() -> None:
    assert "\n\nplan: 3 more values\n\n" in comment(_as(better(), slices=(), notes=("plan: 3 more values",)))


def test_the_last_lines_of_a_log_are_open_and_earlier_ones_folded() -> None:
    log = "\n".join(f"line {i}" for i in range(200))
    text = failure("churn", "4f2a9c1", "train failed", log)
    shown, _, folded = text.partition("<details>")
    assert "line 185\n" in shown
    assert "line 184\n" not in shown
    assert "line 184\n" in folded
    assert "line 140\n" in folded
    assert "line 139\n" not in text
    assert "<details>" not in failure("churn", "4f2a9c1", "train failed", log, dialect=PLAIN)
    assert "```" not in failure("churn", "4f2a9c1", "train failed", "")


def test_a_failure_without_a_log_of_its_own_takes_its_first_line_as_what_broke() -> None:
    assert "\n\ntrain failed\n\n```text\nline 1\nline 2\n```\n\n" in failure(
        "churn", "4f2a9c1", "train failed\nline 1\nline 2"
    )
    assert "\n\ntwo\n\nsentences\n\n```text\nlog\n```" in failure("churn", "4f2a9c1", "two\nsentences", "log")


def test_a_log_is_shown_without_colours_and_overwritten_lines() -> None:
    text = failure(
        "churn",
        "4f2a9c1",
        "x",
        "\x1b[31mred\x1b[0m\r\n 10%\r 50%\r100%\n\u202eabc\n/cdml help\n  /merge x\n/usr/bin/x y",
    )
    assert "```text\nred\n100%\nabc\n\u2060/cdml help\n  \u2060/merge x\n/usr/bin/x y\n```" in text


def test_what_is_waited_for_quotes_the_command_that_starts_it() -> None:
    text = waiting("churn", "4f2a9c1", "Nothing yet; `/cdml evaluate` starts it, `<b>` does not.")
    assert "Nothing yet; `/cdml evaluate` starts it, &#96;&#60;b&#62;&#96; does not." in text
    assert waiting("churn", "4f2a9c1", "/cdml evaluate").splitlines()[3] == "&#47;cdml evaluate"


def test_an_inconclusive_gate_among_a_million_rows_is_not_promised_a_number() -> None:
    doubtful = replace(better().verdicts[0], outcome=Outcome.INCONCLUSIVE, more_rows=10**30)
    assert "more test rows" not in reasons.why(replace(better(), verdicts=(doubtful,)))

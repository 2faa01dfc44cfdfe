"""Gates by slice: which slices count, which one is named, and what many of them at once may claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary
from make_slices import Table, models

from cdml.core.comparison import Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement, compare, only_reported, reported
from cdml.evaluation.gates import gate_words, judge
from cdml.evaluation.gates.parts import MOST_SLICES
from cdml.evaluation.pairing import subset
from cdml.evaluation.predictions import Predictions

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
REGRESSION = Gate("max-regression", "accuracy", 0.05, confidence=0.95, by="part")
FLOOR = Gate("min", "accuracy", 0.7, by="part")
SAME: Table = (240, 0, 0, 60)
NOISE: Table = (200, 15, 15, 70)
WORSE: Table = (200, 5, 60, 35)
ODD: Table = (200, 10, 25, 65)  # worse by itself (p about 0.016), not among twenty


def _judged(gate: Gate, measured: Measurement | tuple[Predictions, Predictions]) -> Verdict:
    if isinstance(measured, tuple):
        measured = compare(*measured, metrics=("accuracy",))
    (verdict,) = judge((gate,), measured)
    return verdict


def test_the_worst_slice_decides_and_is_named() -> None:
    found = _judged(REGRESSION, models({"a": SAME, "b": WORSE, "c": NOISE}))
    assert found.outcome is FAIL
    assert found.measured.endswith("at best (part b)")
    assert found.reason.startswith("accuracy for part b is at least 0.1")
    assert found.reason.endswith("1 of 3 fails.")
    assert (
        _judged(replace(REGRESSION, by=""), models({"a": SAME, "b": WORSE} | {"c": (2400, 0, 0, 600)})).outcome
        is PASS
    )


def test_of_failures_the_one_farthest_beyond_is_named() -> None:
    worst: Table = (200, 0, 80, 20)
    for tables in ({"a": WORSE, "b": worst, "c": WORSE}, {"b": worst, "a": WORSE, "c": WORSE}):
        found = _judged(REGRESSION, models(tables))
        assert found.measured.endswith("(part b)")
        assert found.reason.endswith("All 3 fail.")


def test_all_slices_must_pass() -> None:
    found = _judged(replace(REGRESSION, limit=0.1), models({"a": SAME, "b": NOISE}))
    assert (found.outcome, found.measured) == (PASS, "−0.037 at worst (part b)")
    assert found.reason == "accuracy for part b could be up to 0.037 worse; 0.100 is allowed. All 2 pass."
    tight = _judged(replace(REGRESSION, limit=0.03), models({"a": SAME, "b": NOISE}))
    assert (tight.outcome, "1 of 2 is undecided." in tight.reason) == (OPEN, True)
    # 600 rows in all: the slice's 300 must grow as the whole test set does.
    assert tight.more_rows == 300  # 600 · (0.03656 / 0.03)² - 600 = 291


def test_of_passes_the_one_that_could_be_worst_is_named() -> None:
    tables: dict[str, Table] = {"wide": (20, 2, 2, 6), "narrow": (8000, 10, 40, 1950)}
    found = _judged(replace(REGRESSION, limit=0.5), models(tables))
    assert (found.outcome, found.measured.endswith("(part wide)")) == (PASS, True)
    low = _judged(replace(FLOOR, limit=0.1), models({"wide": (27, 0, 0, 3), "narrow": (8000, 0, 0, 2000)}))
    assert (low.outcome, low.measured) == (PASS, "0.8000 (part narrow)")  # by value the value counts


def test_of_undecided_slices_the_one_farthest_over_is_named() -> None:
    tables: dict[str, Table] = {"wide": (20, 2, 2, 6), "over": (200, 12, 17, 71)}
    found = _judged(replace(REGRESSION, limit=0.01), models(tables))
    assert (found.outcome, found.measured.endswith("(part over)")) == (OPEN, True)


def test_what_holds_alone_may_fall_among_many() -> None:
    gate = replace(REGRESSION, limit=0.0)
    assert _judged(gate, models({"odd": ODD})).outcome is FAIL
    among = _judged(gate, models({"odd": ODD} | {f"s{i:02}": NOISE for i in range(19)}))
    assert among.outcome is OPEN
    assert "part odd is at least" in among.reason
    assert "holds on its own, not after Holm's correction over 20 comparisons" in among.reason
    assert among.more_rows == 2700  # 6,000 · (0.0602 / 0.05)² - 6,000 = 2,695, at the 99.75 % of one of twenty
    far = _judged(gate, models({"odd": WORSE} | {f"s{i:02}": NOISE for i in range(19)}))
    assert far.outcome is FAIL


def test_all_gates_of_a_judgement_are_one_family() -> None:
    measured = compare(*models({"odd": ODD}), metrics=("accuracy",))
    gate = replace(REGRESSION, limit=0.0)
    others = [replace(gate, limit=0.2 + 0.01 * i) for i in range(20)]
    alone, among = judge((gate,), measured)[0], judge((gate, *others), measured)[0]
    assert (alone.outcome, among.outcome) == (FAIL, OPEN)
    by_value = Gate("min", "accuracy", 0.1)
    assert judge((gate, *[by_value] * 20), measured)[0].outcome is FAIL  # what claims nothing asks for nothing


def test_a_change_that_adds_gates_makes_the_old_ones_no_harder_to_fail() -> None:
    measured = compare(*models({"odd": ODD}), metrics=("accuracy",))
    gate = replace(REGRESSION, limit=0.0)
    more = [replace(gate, limit=0.2 + 0.01 * i, by="") for i in range(20)]
    verdicts = judge((*more, gate), measured, (gate,))
    assert verdicts[-1].outcome is FAIL
    assert judge((*more, gate), measured, ())[-1].outcome is OPEN  # new ones are judged among all
    removed = judge(tuple(more), measured, (gate,))[-1]
    assert (removed.outcome, removed.loosened is not None) == (FAIL, True)


def test_small_slices_do_not_count_and_are_said() -> None:
    tables = {"a": SAME, "tiny": (0, 0, 29, 0), "b": (0, 0, 5, 0), "c": (0, 0, 6, 0), "d": (0, 0, 7, 0)}
    found = _judged(replace(REGRESSION, limit=0.05), models(tables))
    assert found.outcome is PASS
    assert "Too few rows (under 30) to count: b (5), c (6), d (7), 1 more." in found.reason
    counted = _judged(replace(REGRESSION, min_rows=29), models(tables))
    assert (counted.outcome, "(part tiny)" in counted.measured) == (FAIL, True)
    exactly = _judged(REGRESSION, models({"a": SAME, "edge": (0, 0, 30, 0)}))
    assert exactly.outcome is FAIL


@pytest.mark.parametrize("gate", [REGRESSION, FLOOR, Gate("max-gap", "accuracy", 0.1, by="part")])
def test_without_any_large_slice_nothing_is_decided(gate: Gate) -> None:
    found = _judged(gate, models({"a": (20, 0, 0, 9), "b": (9, 0, 0, 9)}))
    assert found.outcome is OPEN
    assert "part has no value of 30 rows or more." in found.reason
    assert "a (29), b (18)" in found.reason


@pytest.mark.parametrize("kind", ["min", "max", "max-regression", "min-improvement", "max-improvement", "max-gap"])
def test_a_missing_slice_column_fails_every_kind(kind: str) -> None:
    both = models({"a": SAME})
    gate = Gate(kind, "accuracy", 0.5, by="sex")  # type: ignore[arg-type]
    found = _judged(gate, both)
    assert (found.outcome, found.reason) == (FAIL, "the predictions have no column sex to slice by.")
    told = _judged(replace(gate, metric="m"), only_reported([reported("m", 0.5, 0.5)], first=False))
    assert (told.outcome, "reported without predictions" in told.reason) == (FAIL, True)


def test_too_many_slices_fail() -> None:
    n = 30 * (MOST_SLICES + 1)
    base, cand = binary(np.random.default_rng(1), n)
    columns = {"part": np.array([f"v{i % (MOST_SLICES + 1)}" for i in range(n)], dtype=object)}
    measured = compare(
        replace(base, columns=columns), replace(cand, columns=columns), metrics=("accuracy",), discover=False
    )
    found = _judged(FLOOR, measured)
    assert (found.outcome, found.measured) == (FAIL, "201 slices")
    assert "name a coarser column" in found.reason


def test_a_slice_that_is_gone_fails() -> None:
    base, cand = models({"a": SAME, "b": SAME})
    kept = subset(cand, np.arange(300))
    found = _judged(FLOOR, (base, kept))
    assert (found.outcome, found.measured) == (FAIL, "missing (part b)")
    assert "no test row has part b any more; the baseline had 300." in found.reason
    undecided = replace(FLOOR, limit=0.8, confidence=0.95)  # of part a, which must not hide the other
    assert _judged(undecided, (base, kept)).outcome is FAIL
    assert _judged(FLOOR, compare(None, kept, metrics=("accuracy",))).outcome is PASS
    few, _ = models({"a": SAME, "b": (20, 0, 0, 9)})
    assert _judged(FLOOR, (few, kept)).outcome is OPEN  # rows are missing, but no slice that counted


def test_a_candidate_cannot_draw_its_slices_anew() -> None:
    base, cand = models({"a": WORSE, "b": (240, 30, 0, 30)})
    mixed = replace(cand, columns={"part": np.array(["a", "b"] * 300, dtype=object)})
    found = _judged(REGRESSION, (base, mixed))
    assert (found.outcome, found.measured.endswith("(part a)")) == (FAIL, True)
    assert "part is another in 300 of the same rows: the baseline's values count." in found.reason
    without = replace(base, columns={})
    assert "another" not in _judged(REGRESSION, (without, cand)).reason


def test_a_slice_on_which_the_metric_has_no_value_is_undecided() -> None:
    base, cand = models({"a": SAME, "b": SAME})
    truth = np.where(base.columns["part"] == "b", 1, base.y_true)
    score = np.linspace(0.1, 0.9, base.rows)
    base, cand = (replace(p, y_true=truth, score=score) for p in (base, cand))
    found = _judged(Gate("min", "roc_auc", 0.1, by="part"), compare(base, cand, metrics=("roc_auc",)))
    assert found.outcome is OPEN
    assert "roc_auc for part b cannot be measured: only one class among these rows." in found.reason
    both = Gate("min", "roc_auc", 0.5, by="part", confidence=0.95)
    named = _judged(both, compare(base, cand, metrics=("roc_auc",)))
    assert (named.outcome, "(part a)" in named.measured) == (OPEN, True)  # what was measured says more
    assert named.reason.endswith("All 2 are undecided.")


def test_by_slice_a_value_passes_and_only_proof_fails() -> None:
    floor = replace(FLOOR, limit=0.8)
    assert _judged(floor, models({"a": (240, 0, 0, 60)})).outcome is PASS
    low = _judged(floor, models({"a": (230, 0, 0, 70)}))
    assert (low.outcome, low.measured) == (OPEN, "0.7156 to 0.8110 (part a)")
    assert _judged(floor, models({"a": (210, 0, 0, 90)})).outcome is FAIL
    sure = replace(floor, confidence=0.95)
    assert _judged(sure, models({"a": (245, 0, 0, 55)})).outcome is OPEN
    assert _judged(sure, models({"a": (270, 0, 0, 30)})).outcome is PASS
    ceiling = Gate("max", "accuracy", 0.8, by="part")
    assert _judged(ceiling, models({"a": (240, 0, 0, 60), "b": (250, 0, 0, 50)})).outcome is OPEN
    assert _judged(ceiling, models({"a": (240, 0, 0, 60), "b": (290, 0, 0, 10)})).outcome is FAIL


def test_a_cross_of_two_columns_is_sliced() -> None:
    base, cand = models({"a": WORSE, "b": (240, 30, 0, 30)})
    other = np.where(np.arange(600) % 2 == 0, "x", "y").astype(object)
    base, cand = (replace(p, columns={**p.columns, "other": other}) for p in (base, cand))
    found = _judged(replace(REGRESSION, by="part*other"), (base, cand))
    assert (found.outcome, "(part*other a × " in found.measured) == (FAIL, True)


def test_what_was_measured_elsewhere_is_judged_there() -> None:
    here = compare(*models({"a": SAME}), metrics=("accuracy",))
    there = compare(*models({"a": WORSE}), metrics=("accuracy",))
    gate = Gate("max-regression", "accuracy", 0.01)
    gates = (gate, replace(gate, dataset="month"), replace(gate, against="v1.0.0"), replace(gate, dataset="gone"))
    verdicts = judge(gates, here, others={("month", ""): there, ("", "v1.0.0"): there})
    assert [v.outcome for v in verdicts] == [PASS, FAIL, FAIL, FAIL]
    assert verdicts[3].reason == "accuracy was not measured on gone."
    verdicts = judge(gates, there, others={("month", ""): here, ("", "v1.0.0"): here})
    assert [v.outcome for v in verdicts] == [FAIL, PASS, PASS, FAIL]


def test_two_measurements_never_share_their_slices() -> None:
    here = compare(*models({"a": SAME, "b": SAME}), metrics=("accuracy",))
    there = compare(*models({"a": SAME, "b": WORSE}), metrics=("accuracy",))
    verdicts = judge((REGRESSION, replace(REGRESSION, dataset="month")), here, others={("month", ""): there})
    assert [v.outcome for v in verdicts] == [PASS, FAIL]


def test_long_values_of_a_column_are_cut_in_what_is_said() -> None:
    found = _judged(FLOOR, models({"v" * 500: SAME}))
    assert len(found.reason) < 200


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (REGRESSION, "accuracy by part at most 0.05 worse"),
        (replace(FLOOR, min_rows=200), "accuracy by part at least 0.70 (200 rows or more each)"),
        (Gate("max-gap", "f1", 0.05, confidence=0.9, by="sex"), "f1 gap by sex at most 0.05 (90 % sure)"),
        (Gate("min-improvement", "f1", 0.01, relative=True), "f1 at least 1 % better"),
        (Gate("max-improvement", "f1", 0.1, dataset="month"), "f1 at most 0.10 better on month"),
        (replace(REGRESSION, by="", against="latest"), "accuracy at most 0.05 worse against latest"),
    ],
)
def test_the_words_say_all_that_is_asked(gate: Gate, words: str) -> None:
    assert gate_words(gate) == words

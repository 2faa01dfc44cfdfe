"""Gates where two rules meet: a margin that differs by slice, a value without an interval, an exact limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make_predictions import binary
from make_slices import Table, models

from cdml.core.comparison import Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement, compare, reported
from cdml.evaluation.estimate import Estimate
from cdml.evaluation.gates import judge, parts
from cdml.evaluation.gates.gap import gap
from cdml.evaluation.gates.parts import LONGEST_NAME
from cdml.evaluation.predictions import Predictions

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
PRECISION = "average_precision"
FEW, MANY = 12, 60  # positives of 120 rows: no interval below 40


def _measured(tables: dict[str, Table], metric: str = "accuracy") -> Measurement:
    return compare(*models(tables), metrics=(metric,), discover=False)


def _judged(gate: Gate, measured: Measurement) -> Verdict:
    (verdict,) = judge((gate,), measured)
    return verdict


def _ranked(positives: dict[str, int], *, first: bool = True) -> Measurement:
    """A model by its average precision, on slices of 120 rows with so many positives each."""
    random = np.random.default_rng(3)
    truth = np.concatenate([np.arange(120) < count for count in positives.values()]).astype(int)
    score = (random.random(len(truth)) + 0.8 * truth) / 2
    columns = {"part": np.repeat(np.array(list(positives), dtype=object), 120)}
    one = Predictions("x.csv", "binary", truth, (score > 0.5).astype(int), score, ("0", "1"), columns=columns)
    return compare(None if first else one, one, metrics=(PRECISION,), discover=False)


def test_with_a_relative_margin_the_slice_farthest_beyond_its_own_margin_is_named() -> None:
    tables: dict[str, Table] = {"high": (600, 0, 300, 100), "low": (50, 0, 250, 700)}  # of 0.9 and of 0.3
    failed = _judged(Gate("max-regression", "accuracy", 0.2, relative=True, by="part"), _measured(tables))
    # Lost are 0.30, of which 0.18 are allowed, and 0.25, of which 0.06 are.
    assert (failed.outcome, failed.measured.endswith("(part low)")) == (FAIL, True)
    assert failed.reason.endswith("All 2 fail.")
    calm: dict[str, Table] = {"high": (820, 0, 80, 100), "low": (280, 0, 20, 700)}
    passed = _judged(Gate("max-regression", "accuracy", 0.15, relative=True, by="part"), _measured(calm))
    assert (passed.outcome, passed.measured.endswith("(part low)")) == (PASS, True)


@pytest.mark.parametrize("kind", ["max-regression", "min-improvement", "max-improvement", "max-gap"])
def test_every_kind_asks_with_the_gates_own_confidence(kind: str) -> None:
    tables: dict[str, Table] = {"a": (800, 60, 40, 100), "b": (700, 60, 40, 200)}
    measured, sign = _measured(tables), -1 if kind == "max-regression" else 1
    by = "part" if kind == "max-gap" else ""
    # Between the lower ends of both confidences, of the gain or of the gap.
    wide, narrow = (_lowest(kind, measured, confidence, by) for confidence in (0.999, 0.5))
    gate = Gate(kind, "accuracy", sign * (wide + narrow) / 2, by=by)  # type: ignore[arg-type]
    beyond = PASS if kind in ("max-regression", "min-improvement") else FAIL
    assert _judged(replace(gate, confidence=0.5), measured).outcome is beyond
    assert _judged(replace(gate, confidence=0.999), measured).outcome is OPEN


def _lowest(kind: str, measured: Measurement, confidence: float, by: str) -> float:
    """The lower end of the gain, or of the gap."""
    if not by:
        interval = measured.at("accuracy", confidence).interval  # type: ignore[union-attr]
        assert interval is not None
        return interval.low
    said = _judged(Gate("max-gap", "accuracy", 0.5, confidence=confidence, by=by), measured).measured
    return float(said.split("(")[1].split(" to ")[0])


def test_a_slice_without_an_interval_passes_by_its_value_and_fails_by_none() -> None:
    gate = Gate("min", PRECISION, 0.1, by="part")
    measured = _ranked({"many": MANY, "few": FEW})
    assert _judged(gate, measured).outcome is PASS
    low = _judged(replace(gate, limit=0.99), _ranked({"few": FEW}))
    assert low.outcome is OPEN
    assert f"{PRECISION} for part few has no interval" in low.reason


def test_a_value_without_an_interval_is_said_to_have_none() -> None:
    found = _judged(Gate("min", PRECISION, 0.1, confidence=0.9), _ranked({"few": FEW}))
    assert found.outcome is OPEN
    assert f"{PRECISION} has no interval: too few rows of one class" in found.reason


def test_groups_without_an_interval_leave_the_gap_of_the_others_undecided() -> None:
    gate = Gate("max-gap", PRECISION, 0.9, by="part")
    assert _judged(gate, _ranked({"a": MANY, "b": MANY})).outcome is PASS
    three = _judged(gate, _ranked({"a": MANY, "b": MANY, "few": FEW}))
    assert (three.outcome, f"{PRECISION} for part few has no interval" in three.reason) == (OPEN, True)
    wide = _judged(replace(gate, limit=0.0), _ranked({"a": MANY, "b": MANY, "few": FEW}))
    assert (wide.outcome, wide.reason.count("a gap of"), wide.reason.count("part few")) == (OPEN, 1, 1)
    one = _judged(gate, _ranked({"a": MANY, "few": FEW}))
    assert (one.outcome, one.measured) == (OPEN, "no interval (part few)")
    assert one.reason.count("part few") == 1


def test_a_reported_metric_beside_predictions_has_no_slices() -> None:
    measured = _measured({"a": (80, 0, 0, 20)}).with_reported([reported("m", 0.5, 0.5)])
    found = _judged(Gate("min", "m", 0.1, by="part"), measured)
    assert (found.outcome, found.reason) == (FAIL, "m is reported without predictions: no slices of it.")


def test_the_baselines_missing_value_is_said() -> None:
    base, cand = binary(np.random.default_rng(1), 200)
    measured = compare(replace(base, score=None), cand, metrics=("roc_auc",))
    found = _judged(Gate("max-regression", "roc_auc", 0.1), measured)
    assert found.outcome is OPEN
    assert found.reason.startswith("roc_auc of the baseline is not known (baseline: no column y_score")


def test_as_many_slices_as_are_allowed_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_SLICES", 2)
    gate, slice_ = Gate("min", "accuracy", 0.1, by="part"), (30, 0, 0, 5)
    assert _judged(gate, _measured({"a": slice_, "b": slice_})).outcome is PASS
    assert _judged(gate, _measured({"a": slice_, "b": slice_, "c": slice_})).outcome is FAIL


def test_three_small_slices_are_all_named() -> None:
    small: dict[str, Table] = dict.fromkeys("bcd", (9, 0, 0, 1))
    found = _judged(Gate("min", "accuracy", 0.1, by="part"), _measured({"a": (80, 0, 0, 20), **small}))
    assert found.reason.endswith("Too few rows (under 30) to count: b (10), c (10), d (10).")


def test_a_name_is_cut_where_it_is_too_long_and_not_before() -> None:
    gate, slice_ = Gate("min", "accuracy", 0.1, by="part"), (80, 0, 0, 20)
    whole, long = "v" * LONGEST_NAME, "v" * (LONGEST_NAME + 1)
    assert _judged(gate, _measured({whole: slice_})).measured.endswith(f"(part {whole})")
    assert _judged(gate, _measured({long: slice_})).measured.endswith(f"(part {'v' * 59}…)")


def test_a_gap_beside_its_limit_is_written_so_that_the_two_differ() -> None:
    tables: dict[str, Table] = {"a": (900, 0, 0, 100), "b": (800, 0, 0, 200)}
    found = _judged(Gate("max-gap", "accuracy", 0.10004, by="part"), _measured(tables))
    assert found.measured.startswith("0.10000 (0.0")
    assert found.reason.endswith("at most 0.10004 is allowed.")


def test_a_gap_tells_no_finer_p_than_its_coarsest_group_in_all_pairs() -> None:
    own = [
        Estimate(0.1 * place, lambda _: (0.0, 1.0), "draws", finest=p) for place, p in enumerate((0.001, 0.004, 0))
    ]
    assert gap(own).finest == pytest.approx(0.012)  # three pairs


def test_a_behavioural_test_on_what_was_not_measured_fails() -> None:
    found = _judged(Gate("behaviour", "t", 0, dataset="gone"), _measured({"a": (80, 0, 0, 20)}))
    assert (found.outcome, found.reason) == (FAIL, "t was not measured on gone.")


def test_a_value_that_decides_alone_is_said_without_its_interval() -> None:
    measured = _measured({"a": (700, 0, 0, 300)})
    assert _judged(Gate("min", "accuracy", 0.8), measured).measured == "0.7000"
    assert _judged(Gate("min", "accuracy", 0.8, confidence=0.95), measured).measured == "0.6709 to 0.7276"


def test_an_end_beside_its_limit_is_written_so_that_the_two_differ() -> None:
    measured = _measured({"a": (700, 0, 0, 300)})
    low = measured.at("accuracy", 0.95).own_interval.low  # type: ignore[union-attr]
    found = _judged(Gate("min", "accuracy", low + 2e-5, confidence=0.95), measured)
    assert found.outcome is OPEN
    assert found.measured.startswith(f"{low:.5f} to 0.7")

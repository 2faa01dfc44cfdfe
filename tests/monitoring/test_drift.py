"""Drift: held against SciPy's own tests and divergences, and quiet where nothing drifts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import rel_entr
from scipy.stats import chi2_contingency, ks_2samp

from cdml.core.observation import ColumnDrift, Seen
from cdml.monitoring import histograms
from cdml.monitoring.drift import FAMILY_ERROR, MIN_ROWS, Reference, drift

random = np.random.default_rng(7)
BEGIN = random.bit_generator.state


@pytest.fixture(autouse=True)
def _the_same_numbers_in_any_order_of_tests() -> None:
    random.bit_generator.state = BEGIN


def look(before: dict[str, Any], now: dict[str, Any]) -> dict[str, ColumnDrift]:
    reference = {name: Reference(pd.Series(values), "feature") for name, values in before.items()}
    columns, _ = drift(reference, pd.DataFrame(now))
    return {column.column: column for column in columns}


def normal(rows: int, shift: float = 0.0) -> Any:
    return random.normal(shift, 1, rows)


def test_a_column_of_numbers_is_tested_by_kolmogorov_and_smirnov() -> None:
    before, now = normal(900), normal(500, 0.15)
    found = look({"x": before}, {"x": now})["x"]
    assert found.p == pytest.approx(ks_2samp(before, now, method="asymp").pvalue)
    assert found.kind == "number"


def test_a_column_of_categories_is_tested_by_chi_squared() -> None:
    counts = [[400, 300, 300], [150, 200, 150]]
    sides = [np.repeat(["a", "b", "c"], row) for row in counts]
    found = look({"x": sides[0]}, {"x": sides[1]})["x"]
    assert found.p == pytest.approx(chi2_contingency(counts, correction=False).pvalue)
    assert (found.kind, found.rows) == ("category", 500)


def test_rare_values_count_as_one() -> None:
    # Of 20 values that are there once each on 500 and 500 rows none says anything alone.
    before = np.concatenate([np.repeat("often", 480), [f"only before {n}" for n in range(20)]])
    now = np.concatenate([np.repeat("often", 480), [f"only now {n}" for n in range(20)]])
    assert look({"x": before}, {"x": now})["x"].p == pytest.approx(1.0)


def test_the_index_is_the_divergence_of_the_histograms_both_ways() -> None:
    first, second = np.array([100, 200, 300, 400]), np.array([80, 10, 30, 60])
    p, q = ((side + 0.5) / (side + 0.5).sum() for side in (first, second))
    assert histograms.stability(first, second) == pytest.approx(rel_entr(p, q).sum() + rel_entr(q, p).sum())
    assert histograms.stability(first, first * 3) == pytest.approx(0, abs=1e-4)


def test_numbers_are_counted_in_tenths_of_the_test_data() -> None:
    before, now = histograms.of_numbers(np.arange(1000.0), np.array([-5.0, 50.0, 999.0, 5000.0, np.nan]))
    assert before.tolist() == [100] * 10 + [0]
    assert now.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1]


def test_p_values_are_corrected_as_holm_does() -> None:
    # Raw 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06 (Holm 1979; R's p.adjust(c(0.01, 0.04, 0.03), "holm")).
    before = {name: normal(800) for name in "abc"}
    now = {"a": normal(800, 0.12), "b": normal(800, 0.07), "c": normal(800, 0.09)}
    raw = {name: ks_2samp(before[name], now[name], method="asymp").pvalue for name in "abc"}
    found = look(before, now)
    least = 0.0
    for rank, name in enumerate(sorted(raw, key=lambda name: raw[name])):
        least = max(least, min(1.0, raw[name] * (3 - rank)))
        assert found[name].p == pytest.approx(least)


def test_a_sure_difference_that_is_small_is_no_drift() -> None:
    found = look({"x": normal(100_000)}, {"x": normal(100_000, 0.05)})["x"]
    assert found.p is not None
    assert found.p < 1e-6
    assert found.seen is Seen.NO_DRIFT


def test_a_large_index_that_may_be_chance_is_no_drift() -> None:
    looks = [look({"x": normal(2000)}, {"x": normal(MIN_ROWS, 0.1)})["x"] for _ in range(60)]
    noisy = [one for one in looks if (one.psi or 0) >= 0.1 and (one.p or 0) >= FAMILY_ERROR]
    assert noisy
    assert {one.seen for one in noisy} == {Seen.NO_DRIFT}


def test_a_shift_that_matters_is_found_in_either_kind_of_column() -> None:
    before = {"number": normal(2000), "word": random.choice(["a", "b"], 2000, p=[0.8, 0.2])}
    now = {"number": normal(600, 0.5), "word": random.choice(["a", "b"], 600, p=[0.5, 0.5])}
    found = look(before, now)
    assert {one.seen for one in found.values()} == {Seen.DRIFT}
    assert found["word"].before.startswith(("a 8", "b 2", "a 7", "b 1"))


def test_without_drift_twenty_columns_stay_quiet() -> None:
    """Of 8 looks at 200 rows the tests alone at 0.05 would cry in about 5, the index alone in as many."""
    before = {f"c{n}": normal(2000) for n in range(20)}
    looks = [look(before, {name: normal(MIN_ROWS) for name in before}).values() for _ in range(8)]
    assert sum(any((one.psi or 0) >= 0.1 for one in some) for some in looks) >= 3
    assert [one for some in looks for one in some if one.seen is Seen.DRIFT] == []


@pytest.mark.parametrize(("before", "now"), [(MIN_ROWS - 1, 5000), (5000, MIN_ROWS - 1)])
def test_too_few_rows_on_either_side_are_no_answer(before: int, now: int) -> None:
    found = look({"x": normal(before)}, {"x": normal(now, 3)})["x"]
    assert (found.seen, found.p, found.psi) == (Seen.TOO_FEW_ROWS, None, None)
    assert found.now, "it is shown all the same"


def test_cells_that_went_missing_are_drift_of_their_own() -> None:
    before, now = normal(1000), normal(1000)
    now[:200] = np.nan
    found = look({"x": before}, {"x": now})["x"]
    assert found.seen is Seen.DRIFT
    assert found.now.endswith("20 % missing")


def test_words_where_numbers_were_are_missing_numbers() -> None:
    found = look({"x": normal(1000)}, {"x": ["?"] * 300 + ["0.1"] * 300})["x"]
    assert (found.seen, found.kind) == (Seen.DRIFT, "number")


def test_one_and_one_point_nought_and_true_and_their_text_are_one_category() -> None:
    for now in ([1.0, 0.0] * 300, ["1", "0"] * 300, [True, False] * 300, np.array([1, 0] * 300, "float32")):
        assert look({"x": [1, 0] * 400}, {"x": now})["x"].p == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["Int64", "boolean", "string", "category", "lists"])
def test_every_type_that_parquet_may_hold_can_be_compared(kind: str) -> None:
    columns: dict[str, Any] = {
        "Int64": pd.Series([*range(300), None], dtype="Int64"),
        "boolean": pd.Series([True, False, None] * 100, dtype="boolean"),
        "string": pd.Series(["a", "b", None] * 100, dtype="string"),
        "category": pd.Series(["a", "b", None] * 100, dtype="category"),
        "lists": pd.Series([[1], [2, 3], None] * 100),
    }
    found = look({"x": columns[kind]}, {"x": columns[kind]})["x"]
    assert (found.seen, found.p) == (Seen.NO_DRIFT, pytest.approx(1.0))


def test_a_new_value_is_named() -> None:
    found = look({"x": ["old"] * 500}, {"x": ["old"] * 300 + ["new"] * 200})["x"]
    assert (found.seen, found.before, found.now) == (Seen.DRIFT, "old 100 %", "old 60 %")


def test_what_cannot_be_tested_is_said() -> None:
    reference = {
        "gone": Reference(pd.Series(normal(300)), "feature"),
        "day": Reference(pd.Series(["2026-01-01", "2026-01-02"] * 150), "feature"),
        "name": Reference(pd.Series([f"n{n}" for n in range(300)]), "feature"),
        "empty": Reference(pd.Series([None] * 300, dtype=object), "feature"),
    }
    columns, notes = drift(reference, pd.DataFrame({"day": ["x"], "name": ["y"], "empty": ["z"]}))
    assert columns == ()
    assert notes == (
        "Not tested, not in the batches: gone.",
        "Not tested, times move on by themselves: day.",
        "Not tested, too many different values: name.",
        "Not tested, empty in the test data: empty.",
    )


def test_a_column_that_never_changes_and_one_of_nothing_but_gaps_break_nothing() -> None:
    found = look({"x": [3.0] * 300, "y": normal(300)}, {"x": [3.0] * 300, "y": [None] * 300})
    assert found["x"].seen is Seen.NO_DRIFT
    assert (found["y"].seen, found["y"].now) == (Seen.DRIFT, "100 % missing")

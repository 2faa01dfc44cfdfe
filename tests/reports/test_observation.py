"""What monitoring saw, in words: names of columns and files are text, whatever they hold."""

from __future__ import annotations

from dataclasses import replace

from rendered import rendered

from cdml.core.comparison import Direction, Interval, MetricResult, Outcome, Verdict
from cdml.core.observation import ColumnDrift, Observation, Performance, Seen
from cdml.core.settings import Gate
from cdml.reports.observation import MOST_COLUMNS, headline, issue, page, table

EVIL = "a|b`c<img src=x>\n# h @owner *x* [l](http://e.example) #12 --> \x1b[31m\u202eabc"


def column(name: str, seen: Seen = Seen.DRIFT, psi: float = 0.4, side: str = "1 (0 to 2)") -> ColumnDrift:
    return ColumnDrift(name, "feature", "number", 500, seen, 0.001, psi, side, side)


def observation(word: str, **more: object) -> Observation:
    result = MetricResult(
        word, Direction.HIGHER, 0.9, 0.8, -0.1, Interval(-0.12, -0.08, 0.95), None, 500, "two sets of rows"
    )
    verdict = Verdict(Gate("min", word, 0.9), Outcome.FAIL, "0.8", f"{word} is 0.8.")
    performance = Performance(500, 600, word, word, (result,), (verdict,))
    whole = Observation(
        "toy", "live", "toy@v1.0.0", 2, word, word, 500, (column(word, side=word),), performance, (word,)
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def test_hostile_names_give_no_element_that_harmless_ones_would_not() -> None:
    for retrain in (False, True):
        (title, evil), (_, plain) = (issue(observation(word), retrain=retrain) for word in (EVIL, "word"))
        assert [tag for tag, _ in rendered(evil).elements] == [tag for tag, _ in rendered(plain).elements]
        assert title.isprintable()
    assert [tag for tag, _ in rendered(page(observation(EVIL))).elements] == [
        tag for tag, _ in rendered(page(observation("word"))).elements
    ]
    assert all(line.isprintable() for line in table(observation(EVIL), colour=False).splitlines())


def test_the_headline_names_what_drifted_farthest_first() -> None:
    drifted = tuple(column(name, psi=psi) for name, psi in (("a", 0.2), ("b", 0.9), ("c", 0.3), ("d", 0.1)))
    seen = observation("f1", columns=drifted, performance=None)
    assert headline(seen) == "toy in live: drift in 4 columns (b, c, a, and 1 more)"
    calm = observation("f1", columns=(column("a", Seen.NO_DRIFT),), performance=None, environment="")
    assert headline(calm) == "toy: no drift"


def test_a_wide_table_is_shown_in_part_and_what_drifted_is_never_left_out() -> None:
    many = tuple(column(f"c{n}", Seen.NO_DRIFT, 0.01) for n in range(500))
    seen = observation("f1", columns=(*many, column("last")), performance=None)
    text = page(seen)
    assert text.count("| feature |") == MOST_COLUMNS
    assert "| last |" in text
    assert f"{501 - MOST_COLUMNS} more columns" in text
    assert "c499" in table(seen, colour=False)


def test_a_failed_gate_is_drift_though_no_column_moved() -> None:
    calm = (column("a", Seen.NO_DRIFT),)
    assert observation("f1", columns=calm).seen is Seen.DRIFT
    assert observation("f1", columns=calm, performance=None).seen is Seen.NO_DRIFT
    few = (column("a", Seen.TOO_FEW_ROWS),)
    assert observation("f1", columns=few, performance=None).seen is Seen.TOO_FEW_ROWS

"""Curves, matrices and rows that show why two models differ: bounded data that a judgement carries to its report.

All of it is drawn, and none of it decides a gate. It comes back from a handover that the code of a pull request
may have written, so each type checks its own sizes and numbers: ValueError where they are not what cdml writes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_POINTS = 61
MOST_BINS = 40
MOST_CLASSES = 20
MOST_EXAMPLES = 20
MOST_COLUMNS = 10
MOST_IMPORTANCES = 50
LONGEST = 80  # characters of a value from a file


@dataclass(frozen=True)
class Curve:
    """One model's points from left to right, thinned; `thresholds` are the scores at and above which it says yes.

    `area` is that of the whole curve before it was thinned. ROC: false positive rate against true positive rate,
    the first threshold stands for a score that nothing reaches. Precision-recall: recall against precision.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...]
    area: float

    def __post_init__(self) -> None:
        _same_length("curve", MOST_POINTS, self.x, self.y, self.thresholds)
        _shares("curve", (*self.x, *self.y, self.area))
        _finite("curve", self.thresholds)


@dataclass(frozen=True)
class Curves:
    """The same curve of both models; the baseline's where both saw the same rows."""

    candidate: Curve
    baseline: Curve | None = None


@dataclass(frozen=True)
class Bin:
    """Rows of like scores: the mean `score`, the share that came `true`, its Wilson interval, and their number."""

    score: float
    true: float
    low: float
    high: float
    rows: int

    def __post_init__(self) -> None:
        _shares("calibration", (self.score, self.true, self.low, self.high))
        _counts("calibration", (self.rows,))


@dataclass(frozen=True)
class Calibration:
    """Quantile bins in order of score, and their expected calibration error: Σ rows/n · |true - score|."""

    bins: tuple[Bin, ...]
    error: float

    def __post_init__(self) -> None:
        _at_most("calibration", MOST_BINS, self.bins)
        _shares("calibration", (self.error,))


@dataclass(frozen=True)
class Calibrations:
    """Both models' calibration of the positive class, or of the class that each finds likeliest."""

    candidate: Calibration
    baseline: Calibration | None = None


@dataclass(frozen=True)
class Confusion:
    """Rows by truth (down) and by answer (across), k by k counts of each model, in the order of `classes`.

    Where there are many classes the last one is `others`: all of them that are rare.
    """

    classes: tuple[str, ...]
    candidate: tuple[tuple[int, ...], ...]
    baseline: tuple[tuple[int, ...], ...] | None = None
    others: int = 0

    def __post_init__(self) -> None:
        _at_most("confusion matrix", MOST_CLASSES, self.classes)
        _short("confusion matrix", self.classes)
        for matrix in filter(None, (self.candidate, self.baseline)):
            _same_length("confusion matrix", MOST_CLASSES, self.classes, matrix, *matrix)
            for row in matrix:
                _counts("confusion matrix", row)
        _counts("confusion matrix", (self.others,))


@dataclass(frozen=True)
class Band:
    """Rows of like predictions: their mean, and quantiles of the residuals (10, 25, 50, 75 and 90 %)."""

    predicted: float
    quantiles: tuple[float, ...]
    rows: int

    def __post_init__(self) -> None:
        if len(self.quantiles) != 5:
            raise ValueError("residuals: a band has five quantiles")
        _finite("residuals", (self.predicted, *self.quantiles))
        _counts("residuals", (self.rows,))


@dataclass(frozen=True)
class ResidualsOf:
    """One model's residuals (truth minus prediction): by prediction, counted between edges, and their quantiles.

    `counts` are those of the shared edges, the outer ones with all that lies beyond. `quantiles` belong to the
    normal quantiles of `Residuals.normal`.
    """

    bands: tuple[Band, ...]
    counts: tuple[int, ...]
    quantiles: tuple[float, ...]

    def __post_init__(self) -> None:
        _at_most("residuals", MOST_BINS, self.bands)
        _at_most("residuals", MOST_BINS, self.counts)
        _counts("residuals", self.counts)
        _at_most("residuals", MOST_POINTS, self.quantiles)
        _finite("residuals", self.quantiles)


@dataclass(frozen=True)
class Residuals:
    """Both models' residuals; `edges` are one more than the counts, `normal` quantiles of the standard normal."""

    edges: tuple[float, ...]
    normal: tuple[float, ...]
    candidate: ResidualsOf
    baseline: ResidualsOf | None = None

    def __post_init__(self) -> None:
        _finite("residuals", (*self.edges, *self.normal))
        for one in filter(None, (self.candidate, self.baseline)):
            _same_length("residuals", MOST_BINS, self.edges[1:], one.counts)
            _same_length("residuals", MOST_POINTS, self.normal, one.quantiles)


@dataclass(frozen=True)
class FlippedRow:
    """A test row that one model answers rightly and the other does not, as words from its file.

    Of a regression it is a row whose error changed; `fixed` says that it became smaller. `row` counts from 1 in
    the order of ids, or of the file where rows have none. `columns` are those that the project slices by.
    """

    row: int
    id: str | None
    truth: str
    before: str
    after: str
    fixed: bool
    columns: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _at_most("flipped rows", MOST_COLUMNS, self.columns)
        words = [word for column in self.columns for word in column]
        _short("flipped rows", (self.id or "", self.truth, self.before, self.after, *words))


@dataclass(frozen=True)
class Flips:
    """How many answers went from wrong to right, from right to wrong, and from wrong to otherwise wrong."""

    fixed: int
    broken: int
    moved: int = 0
    examples: tuple[FlippedRow, ...] = ()

    def __post_init__(self) -> None:
        _counts("flipped rows", (self.fixed, self.broken, self.moved))
        _at_most("flipped rows", MOST_EXAMPLES, self.examples)


@dataclass(frozen=True)
class Bounded:
    """A value and the ends of its interval."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        _finite("importances", (self.value, self.low, self.high))


@dataclass(frozen=True)
class Importance:
    """How much worse a model's primary metric gets when a column is shuffled; more means that it relies on it."""

    feature: str
    candidate: Bounded | None
    baseline: Bounded | None = None

    def __post_init__(self) -> None:
        _short("importances", (self.feature,))


@dataclass(frozen=True)
class Diagnostics:
    """What a report draws of two models on the same rows; None is what this task or these files do not give.

    `positive` names the positive class of a binary task. `confidence` is that of every interval in here. `moved`
    are the rows of a regression whose error changed most, those that became worse first. `unmeasured` counts
    columns whose importance nobody knows.
    """

    roc: Curves | None = None
    precision_recall: Curves | None = None
    calibration: Calibrations | None = None
    confusion: Confusion | None = None
    residuals: Residuals | None = None
    flips: Flips | None = None
    importances: tuple[Importance, ...] = ()
    positive: str = ""
    confidence: float = 0.95
    moved: tuple[FlippedRow, ...] = ()
    unmeasured: int = 0

    def __post_init__(self) -> None:
        _at_most("importances", MOST_IMPORTANCES, self.importances)
        _at_most("moved rows", MOST_EXAMPLES, self.moved)
        _short("diagnostics", (self.positive,))
        _counts("diagnostics", (self.unmeasured,))
        _shares("diagnostics", (self.confidence,))


def short(text: object) -> str:
    """Text from a file as diagnostics carry it: cut where it is very long."""
    word = str(text)
    return word if len(word) <= LONGEST else word[: LONGEST - 1] + "…"


def _at_most(what: str, most: int, *several: Sequence[object]) -> None:
    if any(len(one) > most for one in several):
        raise ValueError(f"{what}: more than {most}")


def _same_length(what: str, most: int, first: Sequence[object], *others: Sequence[object]) -> None:
    _at_most(what, most, first)
    if any(len(one) != len(first) for one in others):
        raise ValueError(f"{what}: not all of one length")


def _finite(what: str, numbers: Iterable[float]) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{what}: a number is not finite")


def _shares(what: str, numbers: Iterable[float]) -> None:
    if not all(0 <= number <= 1 for number in numbers):
        raise ValueError(f"{what}: a share is not between 0 and 1")


def _counts(what: str, numbers: Iterable[int]) -> None:
    if any(number < 0 for number in numbers):
        raise ValueError(f"{what}: a count is negative")


def _short(what: str, words: Iterable[str]) -> None:
    if any(len(word) > LONGEST for word in words):
        raise ValueError(f"{what}: a word has more than {LONGEST} characters")

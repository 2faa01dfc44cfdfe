"""Labels and the task that they imply: what a file without a configuration still tells about itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdml.core.settings import Task
from cdml.evaluation import columns
from cdml.evaluation.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_INTEGER_CLASSES = 20
_MISSING = {"nan", "na", "n/a", "null", "none", "inf", "-inf", "infinity", "-infinity", ""}
_YES = {"1", "true", "yes"}


@dataclass(frozen=True, eq=False)
class Target:
    """A column of labels: `codes` (n,) are indices into `labels`, distinct texts in order of appearance."""

    column: str
    codes: NDArray[Any]
    labels: tuple[str, ...]
    numeric: bool
    boolean: bool
    whole: bool

    def codes_in(self, classes: tuple[str, ...], table: Table) -> NDArray[Any]:
        """The same column as indices into `classes`, shape (n,)."""
        import numpy as np

        place = {label: index for index, label in enumerate(classes)}
        found = np.array([place.get(label, -1) for label in self.labels], dtype="int64")[self.codes]
        texts = np.array(self.labels, dtype=object)[self.codes]
        words = f"is not a class; the classes are {', '.join(classes[:12])}"
        columns.first_bad(table, self.column, found < 0, texts, words)
        return np.asarray(found)


def parse(table: Table, column: str) -> Target:
    """Read labels or numbers; 1, 1.0 and True are one label. NaN in a column of numbers raises ConfigError."""
    import numpy as np
    import pandas as pd

    series = columns.present(table, column)
    boolean = pd.api.types.is_bool_dtype(series)
    codes, uniques = pd.factorize(series.astype("int64") if boolean else series)
    values = [_number(value) for value in uniques]
    if _holes_in_numbers(values, uniques):
        columns.numbers(table, column)
    numeric = all(value is not None and math.isfinite(value) for value in values)
    labels = [_text(raw, value if numeric else None) for raw, value in zip(uniques, values, strict=True)]
    distinct = tuple(dict.fromkeys(labels))
    if len(distinct) < len(labels):  # "1" and "1.0" in one column
        place = {label: index for index, label in enumerate(distinct)}
        codes = np.array([place[label] for label in labels])[codes]
    whole = numeric and all(value is not None and value.is_integer() for value in values)
    return Target(column, codes, distinct, numeric, boolean, whole)


def infer_task(table: Table, truth: Target, positive: str | None) -> Task:
    """The task that y_true implies.

    Fractions are regression. Two values are binary. Text, or columns y_score_<class>, are multiclass; so are at
    most 20 different whole numbers whose y_pred (where there is one) holds whole numbers only. Other numbers are
    regression. A column of one value is binary where it is 0 or 1, `positive` is named or y_score is there.
    """
    several = any(str(key).startswith("y_score_") for key in table.frame)
    if truth.numeric and not truth.whole:
        return "regression"
    if several and (len(truth.labels) > 2 or "y_score" not in table.frame):
        return "multiclass"
    if len(truth.labels) <= 2 and (len(truth.labels) == 2 or _one_sided(table, truth, positive)):
        return "binary"
    if not truth.numeric:
        return "multiclass"
    few = len(truth.labels) <= MOST_INTEGER_CLASSES
    return "multiclass" if few and _whole_predictions(table) else "regression"


def binary_classes(
    table: Table, truth: Target, prediction: Target | None, positive: str | None
) -> tuple[str, ...]:
    """(negative, positive): `positive` where it is named, else 1 or True of 0/1; raises ConfigError otherwise."""
    seen = dict.fromkeys((*truth.labels, *(prediction.labels if prediction else ())))
    if positive is not None:
        wanted = "1" if truth.boolean and positive.lower() in _YES else _text(positive, _number(positive))
        wanted = wanted if wanted in seen else positive
        if wanted not in seen and not (truth.numeric and set(seen) == {"0"}):
            raise table.error(truth.column, f"`positive` is {positive!r}, but the classes are {', '.join(seen)}")
    elif truth.numeric and set(truth.labels) <= {"0", "1"}:
        wanted = "1"
    else:
        shown = [columns.short(label) for label in list(seen)[:5]]
        example = shown[0]
        raise table.error(
            truth.column,
            f"which of {', '.join(shown)} is the positive class?",
            f"Say it: --positive {example}, or `positive: {example}` under `evaluate:` in mlops.yaml.",
        )
    negatives = [label for label in truth.labels if label != wanted] or [
        label for label in seen if label != wanted
    ]
    if len(negatives) > 1:
        raise table.error(
            truth.column, f"binary needs two classes; these are {', '.join(list(truth.labels)[:12])}"
        )
    fallback = "0" if wanted == "1" else f"not {wanted}"
    return (negatives[0] if negatives else fallback, wanted)


def label_order(label: str) -> tuple[bool, float, str]:
    """Numbers by value, then words by alphabet."""
    value = _number(label)
    return (value is None, value or 0.0, label)


def _one_sided(table: Table, truth: Target, positive: str | None) -> bool:
    return truth.labels[0] in ("0", "1") or positive is not None or "y_score" in table.frame


def _whole_predictions(table: Table) -> bool:
    return "y_pred" not in table.frame or parse(table, "y_pred").whole


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _text(raw: object, value: float | None) -> str:
    if value is not None and math.isfinite(value):
        return str(int(value)) if value.is_integer() else str(value)
    return str(raw)


def _holes_in_numbers(values: list[float | None], uniques: Any) -> bool:
    """Numbers except for NaN, inf and their spellings: a column of numbers with holes, not one of labels."""
    odd = [str(raw).strip().lower() for raw, value in zip(uniques, values, strict=True) if not _finite(value)]
    return 0 < len(odd) < len(values) and set(odd) <= _MISSING


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)

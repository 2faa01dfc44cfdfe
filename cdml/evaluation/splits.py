"""Splitting without bias: by groups, by classes, by time. Pure functions over a table; the seed decides alone.

scikit-learn's splitters do the first two. No group stands on both sides, shares of classes are kept, and by time
the training rows all lie before the test rows, with a gap between them where labels look ahead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from cdml.core.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Way = Literal["random", "group", "stratified", "stratified-group", "time"]
WAYS: tuple[Way, ...] = ("random", "group", "stratified", "stratified-group", "time")
FOLDS_AT_MOST = 100


def split(
    frame: pd.DataFrame,
    way: Way,
    share: float,
    *,
    column: str | None = None,
    group: str | None = None,
    seed: int = 0,
    gap: str | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Positions of the training rows and of the test rows, each sorted; `share` is the test rows' share of all.

    `column` holds the class (stratified) or the time, `group` (or `column`, for `group`) what must stay together.
    `gap` is a span of time (`7d`, `12h`) before the first test row whose rows are in neither part. Rows of the
    very time at which the test begins are all test rows. Raises UsageError for what is missing or makes no sense,
    ConfigError where the rows cannot be split so.
    """
    if not 0 < share < 1:
        raise UsageError(f"{share:g} is no share: the test rows are more than none and fewer than all")
    if gap is not None and way != "time":
        raise UsageError("--gap is a span of time: it belongs to --by time")
    if way == "time":
        train, test = _by_time(frame, _present(frame, column, way), share, gap)
    elif way == "random":
        train, test = _shuffled(len(frame), share, seed)
    else:
        train, test = _by_splitter(frame, way, share, column, group, seed)
    if not len(train) or not len(test):
        empty = "training" if not len(train) else "test"
        raise ConfigError(f"no row is left for {empty}: {len(frame):,} rows, share {share:g}, by {way}")
    return train, test


def _by_splitter(
    frame: pd.DataFrame, way: Way, share: float, column: str | None, group: str | None, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np
    from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, StratifiedShuffleSplit

    rows = np.zeros(len(frame))
    classes = groups = None
    splitter: Any
    if way == "group":
        groups = _present(frame, group or column, way)
        splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    elif way == "stratified":
        classes = _present(frame, column, way)
        splitter = StratifiedShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    else:
        classes, groups = _present(frame, column, way), _present(frame, group, "stratified-group (--group)")
        folds = min(max(round(1 / share), 2), FOLDS_AT_MOST)
        splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    try:
        train, test = next(splitter.split(rows, classes, groups))
    except ValueError as error:
        raise ConfigError(f"these rows cannot be split by {way}: {error}") from None
    return np.sort(train), np.sort(test)


def _shuffled(rows: int, share: float, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    order = np.random.default_rng(seed).permutation(rows)
    count = round(rows * share)
    return np.sort(order[count:]), np.sort(order[:count])


def _by_time(
    frame: pd.DataFrame, times: pd.Series[Any], share: float, gap: str | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The last share of the rows by time; what happened at one moment stays on one side."""
    import numpy as np

    moments = _moments(times)
    ordered = np.sort(moments)
    first = ordered[min(len(ordered) - 1, len(ordered) - round(len(ordered) * share))]
    before = first
    if gap is not None:
        if not np.issubdtype(moments.dtype, np.datetime64):
            raise UsageError(f"column {times.name} holds numbers, so --gap {gap} cannot be taken off them")
        before = first - np.timedelta64(_minutes(gap), "m")
    return np.flatnonzero(moments < before), np.flatnonzero(moments >= first)


def _minutes(span: str) -> int:
    found = re.fullmatch(r"(\d{1,6})\s*([dhm])", span.strip())
    if found is None:
        raise UsageError(f"{span!r} is no span of time", "--gap 7d, --gap 12h or --gap 30m")
    return int(found[1]) * {"d": 1440, "h": 60, "m": 1}[found[2]]


def _moments(times: pd.Series[Any]) -> NDArray[Any]:
    """Numbers as they are, everything else as dates (in UTC where they name a zone)."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(times):
        return np.asarray(times)
    try:
        read = pd.to_datetime(times, format="ISO8601", utc=True)
    except ValueError:
        ill = times[pd.to_datetime(times, format="ISO8601", utc=True, errors="coerce").isna()].iloc[0]
        said = f"column {times.name} holds no dates, such as {str(ill)[:40]!r}"
        raise ConfigError(said, "write them as 2024-03-31") from None
    return np.asarray(read.dt.tz_localize(None).to_numpy("datetime64[ns]"))


def _present(frame: pd.DataFrame, column: str | None, way: str) -> pd.Series[Any]:
    """A column without holes."""
    if column is None:
        raise UsageError(f"--by {way} needs --column", "name the column of the class, the group or the time")
    if column not in frame.columns:
        has = ", ".join(str(name) for name in list(frame.columns)[:12])
        raise UsageError(f"there is no column {column!r}; there are {has}")
    found = frame[column]
    missing = int(found.isna().sum())
    if missing:
        raise ConfigError(
            f"column {column} is empty in {missing:,} rows: it is not known to which part they belong"
        )
    return found

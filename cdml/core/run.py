"""One run of a pull request's jobs, as the next one shows it: what was said of which commit, and when."""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.images import Image


@dataclass(frozen=True)
class PastRun:
    """What a run said of a pull request's commit `head`; `at` is in seconds since 1970.

    `order` says which of two runs of the same commit began later: CI's number of the run, and of the attempt.
    `light` and `headline` begin the comment that it wrote; `url` is where people see the run, or empty.
    """

    head: str
    at: int
    order: tuple[int, int]
    light: str
    headline: str
    url: str = ""


@dataclass(frozen=True)
class Trend:
    """The primary metric of the versions before this change, oldest first; the last point is the candidate."""

    metric: str
    points: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Around:
    """What a comment says besides the judgement: facts of the run, from who may write it.

    `seconds` is how long training took; `earlier` are runs of the same pull request, newest first.
    """

    report_url: str = ""
    run_url: str = ""
    seconds: int | None = None
    earlier: tuple[PastRun, ...] = ()
    trend: Trend | None = None
    commands: bool = False
    images: tuple[Image, ...] = ()

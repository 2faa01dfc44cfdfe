"""What a run says on its pull request: one comment, with what surrounds the report, and the statuses beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from cdml.ci.base import RunContext
from cdml.core.comparison import Judgement
from cdml.core.dialect import Dialect
from cdml.core.errors import CdmlError
from cdml.core.images import Image
from cdml.core.run import Around, PastRun, Trend
from cdml.forges.base import Forge, PullRequest, Status
from cdml.forges.local import LocalForge
from cdml.jobs.past_runs import TRAILER, read_runs, write_comment
from cdml.jobs.unreached import HEARING
from cdml.jobs.verdict import DESCRIPTION_LENGTH, set_statuses, statuses_of
from cdml.registry.read import complete, read
from cdml.reports.markdown import broken, comment, failure, light, waiting
from cdml.reports.reasons import is_unchanged
from cdml.reports.words import headline
from cdml.state.git import Git

VERSIONS = 12  # that a trend shows


@dataclass(frozen=True)
class Speaker:
    """One run of one model on one pull request; `name` is the context of its statuses.

    `started` is when it began, in seconds since 1970: of two runs without a number in CI the later one counts.
    """

    git: Git
    forge: Forge
    pull: PullRequest
    model: str
    name: str
    run: RunContext | None
    started: int

    def judgement(self, judgement: Judgement, seconds: int | None, images: tuple[Image, ...] = ()) -> str | None:
        """Show a judgement and set the statuses; returns the comment, None where another run has the word by now.

        A model that did not change is not spoken of, unless an earlier run has said otherwise. `seconds` is how
        long training took, `images` are what it drew.
        """
        trend = _trend(self.git, judgement)

        def text(earlier: tuple[PastRun, ...]) -> str:
            around = replace(self._around(earlier, seconds, trend), images=images)
            return comment(judgement, dialect=self.dialect, around=around)

        quiet = is_unchanged(judgement)
        written = self._say(light(judgement), headline(judgement), text, begin=not quiet)
        if written is not None or quiet:
            set_statuses(self.forge, self.pull.head, statuses_of(judgement, self.name, self._more()))
        return written

    def surroundings(self, judgement: Judgement, seconds: int | None, images: tuple[Image, ...] = ()) -> Around:
        """What a report says besides the judgement; its earlier runs are those of other commits."""
        known = read_runs(self.git, self.pull.number, self.model)
        earlier = tuple(run for run in known if run.head != self.pull.head)
        return replace(self._around(earlier, seconds, _trend(self.git, judgement)), images=images)

    def failure(self, message: str, printed: str, status: Status, *, contract: bool = False) -> str | None:
        """Show what broke before anything was judged: a contract of the data, or the run."""
        why = broken(contract=contract)

        def text(earlier: tuple[PastRun, ...]) -> str:
            around = self._around(earlier)
            return failure(self.model, self.pull.head, message, printed, why, dialect=self.dialect, around=around)

        return self._with_status(self._say("🔴", why.title, text), status)

    def waiting(self, said: str) -> str | None:
        """Show what the run waits for."""

        def text(earlier: tuple[PastRun, ...]) -> str:
            around = self._around(earlier)
            return waiting(self.model, self.pull.head, said, dialect=self.dialect, around=around)

        return self._with_status(self._say("⚪", "not evaluated yet", text), Status(self.name, "pending", said))

    def words(self, sign: str, title: str, text: Callable[[Around], str], status: Status) -> str | None:
        """Show anything else, and state it."""
        written = self._say(sign, title, lambda earlier: text(self._around(earlier)))
        return self._with_status(written, status)

    def state(self, status: Status) -> None:
        """One status alone, with a link to this run."""
        said = status.description[:DESCRIPTION_LENGTH]
        self.forge.set_status(self.pull.head, Status(status.context, status.state, said, self._more()))

    def _with_status(self, written: str | None, status: Status) -> str | None:
        if written is not None:
            self.state(status)
        return written

    def _say(
        self, sign: str, title: str, text: Callable[[tuple[PastRun, ...]], str], *, begin: bool = True
    ) -> str | None:
        known = self.run is not None and self.run.order != (0, 0)
        order = self.run.order if self.run and known else (0, self.started)
        run = PastRun(self.pull.head, int(time.time()), order, sign, title, self._run_url())
        return write_comment(self.git, self.forge, self.pull.number, self.model, run, text, begin=begin)

    def _around(
        self, earlier: tuple[PastRun, ...], seconds: int | None = None, trend: Trend | None = None
    ) -> Around:
        answered = isinstance(self.forge, LocalForge) or (self.run is not None and self.run.provider in HEARING)
        report = self.run.report_url if self.run else None
        return Around(report or "", self._run_url(), seconds, earlier, trend, answered)

    @property
    def dialect(self) -> Dialect:
        """What its comments may be, with room for what is hidden at their end."""
        return replace(self.forge.dialect, longest=self.forge.dialect.longest - TRAILER)

    def _run_url(self) -> str:
        return (self.run.run_url or "") if self.run else ""

    def _more(self) -> str:
        return ((self.run.report_url if self.run else None) or self._run_url()) or ""


def _trend(git: Git, judgement: Judgement) -> Trend | None:
    """The primary metric of the versions so far and of the candidate; None where they do not tell it."""
    metrics = judgement.comparison.metrics
    if not metrics or metrics[0].candidate is None or is_unchanged(judgement):
        return None
    name, points = metrics[0].name, []
    for registered in reversed(read(git).versions(judgement.comparison.model)[:VERSIONS]):
        try:
            version = complete(registered)
        except CdmlError:  # a tag that somebody wrote by hand
            continue
        told = version.provenance.metrics if version.provenance else ()
        points += [(version.version, metric.value) for metric in told if metric.name == name]
    return Trend(name, (*points, (judgement.comparison.candidate.label, metrics[0].candidate))) if points else None

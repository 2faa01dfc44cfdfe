"""What a verb says to the CI that runs it: findings, outputs and a summary. Elsewhere every function does nothing.

Findings go to standard error, which every provider reads too, so that an answer in JSON can still be piped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.cli.app import acted_on, note

if TYPE_CHECKING:
    from cdml.ci.base import Telling, Told
    from cdml.core.comparison import Judgement
    from cdml.core.errors import CdmlError, Problem
    from cdml.core.observation import Observation
    from cdml.core.release import Deployment
    from cdml.core.settings import Monitor
    from cdml.forges.base import PullRequest
    from cdml.jobs.register import Registered
    from cdml.jobs.telling import Annotation


def judged(judgement: Judgement, page: str | None = None, report: Path | None = None) -> None:
    """A judgement; `page` replaces the report as summary, `report` is the file that the report was written to."""
    if told := _told():
        from cdml.jobs import telling
        from cdml.reports.markdown import summary

        _annotate(told, telling.of_judgement(judgement, _prefix()))
        more = {"report": str(report)} if report else {}
        _output(told, telling.outputs_of_judgement(judgement) | more)
        _summarise(told, summary(judgement) if page is None else page)


def registered(done: Registered, model: str) -> None:
    """A registration; why a gate failed stands on its line."""
    if told := _told():
        from cdml.jobs import telling

        _annotate(told, telling.of_judgement(done.judgement, _prefix()) if done.judgement else ())
        _output(told, telling.outputs_of_registered(done))
        _summarise(told, telling.summary_of_registered(done, model))


def deployed(deployment: Deployment | None, place: str) -> None:
    """A deployment."""
    if told := _told():
        from cdml.jobs import telling

        _output(told, telling.outputs_of_deployment(deployment))
        _summarise(told, telling.summary_of_deployment(deployment, place))


def observed(seen: Observation | None, settings: Monitor | None, report: Path | None, strict: bool) -> None:
    """A look at production; None: there was nothing to look at. `report` is the file that the page went to."""
    if told := _told():
        from cdml.core.errors import Exit
        from cdml.jobs import monitor_told
        from cdml.reports.observation import page

        code = monitor_told.exit_code(seen, strict) if seen else Exit.DONE
        more = {"report": str(report)} if report and seen else {}
        _annotate(told, monitor_told.findings(seen, settings, _prefix()) if seen else ())
        _output(told, monitor_told.outputs(seen, code) | more)
        _summarise(told, page(seen) if seen else "### There is no version to look at yet\n")


def opened(pull: PullRequest, title: str) -> None:
    """A pull request that was opened."""
    if told := _told():
        from cdml.jobs import telling

        _output(told, telling.outputs_of_pull(pull))
        _summarise(told, telling.summary_of_pull(pull, title))


def outputs(values: Mapping[str, str]) -> None:
    """Values for the jobs that follow."""
    if told := _told():
        _output(told, values)


def problems(found: Iterable[Problem]) -> None:
    """Problems, each on its line."""
    if told := _told():
        from cdml.jobs import telling

        _annotate(told, telling.of_problems(found, acted_on(), _prefix()))


def failed(error: CdmlError) -> None:
    """An error that ends the command; it must be told even where the outputs cannot be written."""
    if told := _told():
        from cdml.jobs import telling

        _annotate(told, telling.of_error(error, acted_on(), _prefix()))
        with suppress(OSError):
            _output(told, {"exit_code": str(int(error.exit_code))})


def _told() -> Told | None:
    from cdml.ci import SYSTEMS, run_context

    context = run_context(os.environ)
    return SYSTEMS[context.provider].told if context else None


def _prefix() -> str:
    """The project's folder from the top of the repository; its top where that cannot be told."""
    from cdml.core.errors import CdmlError
    from cdml.state.git import open_git

    try:
        return open_git(acted_on().resolve()).prefix()
    except CdmlError:
        return ""


def _annotate(told: Told, found: Iterable[Annotation]) -> None:
    from cdml.ci.text import finding
    from cdml.jobs.told_limits import shown

    some, rest = shown(found, told.limits) if told.limits else (tuple(found), ())
    for one in rest:
        note(finding(one.level, one.message, one.file, one.line))
    for one in some:
        note(told.annotation(one.level, one.message, one.file, one.line))


def _output(told: Told, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        # A further line would be a further output.
        _tell(told.output(os.environ, name, "".join(c if c.isprintable() else " " for c in value)))


def _summarise(told: Told, page: str) -> None:
    telling = told.summary(os.environ, f"{page.rstrip()}\n\n")
    if telling and telling.file and told.limits:
        from cdml.jobs.told_limits import page as fitting

        file = Path(telling.file)
        # A file that is too large as a whole is not shown at all.
        room = told.limits.page - (file.stat().st_size if file.is_file() else 0)
        telling = replace(telling, text=fitting(telling.text, room))
    _tell(telling)


def _tell(telling: Telling | None) -> None:
    if telling and telling.file:
        with Path(telling.file).open("a", encoding="utf-8") as file:
            file.write(telling.text)
    if telling and telling.line:
        note(telling.line)

"""Which pull request a run is about, said by flags: for systems of CI that nobody taught us to read."""

from __future__ import annotations

import re
from dataclasses import replace

from cdml.ci.base import RunContext
from cdml.core.errors import UsageError

NAME = "by hand"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def pull_context(found: RunContext | None, pull: int, head: str, base: str) -> RunContext | None:
    """What was found of the run, with what flags say of its pull request; 0 and an empty text say nothing.

    Raises UsageError where only half is known, and for a `head` that is no whole commit id: its beginning could
    mean another commit later.
    """
    if not (pull or head or base):
        return found
    if head and not _COMMIT.fullmatch(head):
        raise UsageError(f"--head {head} is no whole commit id", "git rev-parse COMMIT prints it")
    known = found or RunContext(NAME, "pull_request")
    said = replace(
        known, event="pull_request", pull=pull or known.pull, head=head or known.head, base=base or known.base
    )
    if said.pull is None or said.head is None:
        raise UsageError("--pull and --head say it together: the pull request, and the commit that it offers")
    return said


def with_addresses(found: RunContext | None, run_url: str, report_url: str) -> RunContext | None:
    """What is known of the run, with where people see it and its report; an empty text says nothing.

    Raises UsageError where it is not known which run that is.
    """
    if not (run_url or report_url):
        return found
    if found is None:
        raise UsageError("--run-url and --report-url are of a run: --pull and --head say of which pull request")
    return replace(found, run_url=run_url or found.run_url, report_url=report_url or found.report_url)

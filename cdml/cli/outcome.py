"""What the ends of longer flows look like to people, and the exit codes that they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdml.cli import ci_output
from cdml.cli.app import colour, printable, say

if TYPE_CHECKING:
    from cdml.core.comparison import Judgement
    from cdml.jobs.deploy import Deployed
    from cdml.jobs.events import Judged
    from cdml.jobs.pulls import Merged
    from cdml.jobs.register import Registered


def tell_judged(judged: Judged) -> int:
    """A pull request's run."""
    say(f"pull request {judged.pull.number}: {printable(judged.pull.title)}")
    return tell_judgement(judged.judgement, judged.comment) if judged.judgement else 0


def tell_judgement(judgement: Judgement, page: str | None = None) -> int:
    """A judgement alone; `page` is what CI shows instead of its report."""
    from cdml.jobs.verdict import exit_code
    from cdml.reports.terminal import table

    say(table(judgement, colour=colour()))
    ci_output.judged(judgement, page)
    return exit_code(judgement)


def tell_registered(registered: Registered, model: str) -> int:
    """A registration, or why there is none."""
    from cdml.jobs.verdict import exit_code
    from cdml.reports.terminal import table

    ci_output.registered(registered, model)
    version, judgement = registered.version, registered.judgement
    if version and not registered.new:
        say(f"nothing changed: {version.label} has the same code, data, parameters and environment")
    elif version:
        how = "main was trained and judged" if registered.trained else "taken from its judged run"
        say(f"registered {version.label} ({how})")
    elif judgement:
        say(f"no version of {model}: a gate failed, and one issue says so")
        say(table(judgement, colour=colour()))
        return exit_code(judgement)
    return 0


def tell_deployed(deployed: Deployed, place: str) -> int:
    """A deployment."""
    served = deployed.deployment
    ci_output.deployed(served, place)
    if served is None:
        say(f"{place} names no version yet: nothing to deploy; cdml promote VERSION --to ENV gives it one")
    else:
        say(f"{place} serves {served.model}@{served.version} (sha256 {served.sha256[:12]}) at {served.url}")
    return 0


def tell_merged(merged: Merged, model: str) -> int:
    """A merge and the run after it."""
    pull = merged.pull
    say(f"merged pull request {pull.number} into {pull.target} as {(pull.merged_as or '')[:7]}")
    if merged.registered:
        return tell_registered(merged.registered, model)
    return tell_deployed(merged.deployed, pull.target) if merged.deployed else 0

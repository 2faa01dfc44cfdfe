"""The trusted half of a pull request's run: what was handed over is shown, stated and kept; none of it is run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cdml.ci.base import RunContext
from cdml.core.comparison import Judgement
from cdml.core.errors import CdmlError, ConfigError
from cdml.core.images import Image
from cdml.core.run import Around
from cdml.core.settings import CONFIG_FILE
from cdml.forges.base import Forge, PullRequest, Status
from cdml.jobs.concerned import context_of, projects_at
from cdml.jobs.example_rows import without_rows
from cdml.jobs.forge import forge_of
from cdml.jobs.gate import look_again
from cdml.jobs.handover import Handover, drawn_images, kept_files, kept_objects, read_all
from cdml.jobs.images import alone, fit, show_images
from cdml.jobs.judged import handed_run, keep_run, snapshot_of
from cdml.jobs.project import open_project
from cdml.jobs.speech import Speaker
from cdml.jobs.waivers import with_waivers, without_waivers
from cdml.reports.reasons import is_unchanged
from cdml.state.git import REMOTE, Git, open_git
from cdml.state.outputs import DIRECTORY, push_objects
from cdml.state.snapshot import LOCK_FILE

Say = Callable[[str], None]
Outcome = Literal["written", "outdated"]
Shown = tuple[Judgement, Around]


@dataclass(frozen=True)
class Delivered:
    """What became of one handover; `kept` is the judged run's commit where it was kept.

    `shown` is what the report of a run that was judged is made of.
    """

    handover: Handover
    outcome: Outcome
    comment: str = ""
    kept: str | None = None
    shown: Shown | None = None


def deliver(root: Path, folder: Path, context: RunContext | None, say: Say) -> tuple[Delivered, ...]:
    """Comment, set the status and keep the judged run of every handover in a folder.

    `context` is the run that the handovers come from: each must be about its pull request and its commit. Nothing
    is written for a pull request that offers another commit by now. Raises ConfigError for one that does not fit.
    """
    git = open_git(root)
    found = read_all(folder)
    for _, handover in found:
        _require_same_run(handover, context)
    forge = forge_of(git)
    return tuple(_deliver(git, forge, place, handover, context, say) for place, handover in found)


def _require_same_run(handover: Handover, context: RunContext | None) -> None:
    """A run may speak of its own pull request alone: whoever writes a handover could name any."""
    if context is None:
        return
    if context.pull not in (None, handover.pull) or context.head != handover.head:
        raise ConfigError(
            f"the handover speaks of pull request {handover.pull} at {handover.head[:7]}; this run is of another"
        )


def _deliver(
    git: Git, forge: Forge, place: Path, handover: Handover, context: RunContext | None, say: Say
) -> Delivered:
    pull = forge.pull(handover.pull)
    if pull.head != handover.head or pull.state != "open":
        say(f"pull request {pull.number} offers {pull.head[:7]} by now: nothing is said of {handover.head[:7]}")
        return Delivered(handover, "outdated")
    if pull.target != handover.target:
        raise ConfigError(f"the handover speaks of {handover.target}, and {pull.number} wants into {pull.target}")
    _require_model(git, handover, pull)
    text, shown = _say(git, forge, pull, place, handover, context, say)
    if text is None:
        say(f"pull request {pull.number}: a later run has spoken of {handover.model}, or nothing was to be said")
    if context and context.asked:
        look_again(forge, pull, say)
    # Both are asked: what a run says of itself, its starter may have got wrong.
    own = not (pull.fork or (context and context.fork))
    # Somebody asked to train anew, and this is what they were shown.
    again = context is not None and context.force and text is not None
    kept = _keep(git, place, handover, again, say) if handover.judgement and own else None
    return Delivered(handover, "written" if text is not None else "outdated", text or "", kept, shown)


def _require_model(git: Git, handover: Handover, pull: PullRequest) -> None:
    if not git.has(handover.head):
        git.run("fetch", "--quiet", REMOTE, f"refs/pull/{pull.number}/head", check=False)
    known = projects_at(git, handover.head)
    if known.get(handover.folder) != handover.model:
        raise ConfigError(f"{handover.head[:7]} has no model {handover.model!r} in {handover.folder or 'its top'}")


def _say(
    git: Git,
    forge: Forge,
    pull: PullRequest,
    place: Path,
    handover: Handover,
    context: RunContext | None,
    say: Say,
) -> tuple[str | None, Shown | None]:
    """The comment and the statuses of a handover, None where they are not written, and what its report shows."""
    name = context_of(handover.model, handover.folder, handover.target, git.default_branch())
    speaker = Speaker(git, forge, pull, handover.model, name, context, int(time.time()))
    if handover.judgement:
        judgement = _with_waivers(git, forge, place, handover, say)
        judgement = judgement if _shows_rows(git, handover) else without_rows(judgement)
        images = _images(git, forge, pull, place, handover, say) if not is_unchanged(judgement) else ()
        written = speaker.judgement(judgement, handover.seconds, images)
        return written, (judgement, speaker.surroundings(judgement, handover.seconds, images))
    if handover.failure:
        broken = handover.failure
        first = (broken.message.splitlines() or [""])[0]
        status = Status(name, "failure" if broken.refused else "error", first)
        return speaker.failure(broken.message, broken.printed, status, contract=broken.contract), None
    return speaker.waiting(handover.waiting or "not evaluated"), None


def _shows_rows(git: Git, handover: Handover) -> bool:
    """Whether the branch that is entered lets rows be shown; not where nobody can tell."""
    root = git.top() / handover.folder
    if not (root / CONFIG_FILE).is_file():
        return True  # a model that is new there: its own settings were followed
    branch = f"refs/remotes/{REMOTE}/{handover.target}"
    try:
        return open_project(root).settings_at(branch if git.has(branch) else "HEAD").evaluate.example_rows
    except CdmlError:
        return False


def _images(
    git: Git, forge: Forge, pull: PullRequest, place: Path, handover: Handover, say: Say
) -> tuple[Image, ...]:
    """The pictures of a run; a fork's stand in the report alone, for it may not write to this repository."""
    found = fit(drawn_images(place), say)
    return alone(found) if pull.fork else show_images(git, forge, (handover.head, handover.model), found, say)


def _with_waivers(git: Git, forge: Forge, place: Path, handover: Handover, say: Say) -> Judgement:
    """What was handed over may claim any waiver: those count that the forge vouches for."""
    judgement = without_waivers(handover.judgement) if handover.judgement else None
    assert judgement is not None  # noqa: S101
    root = git.top() / handover.folder
    if not judgement.failed or not (root / CONFIG_FILE).is_file():
        return judgement
    try:
        project = open_project(root)
        run = handed_run(project, handover.code, kept_files(place))
        return with_waivers(project, forge, judgement, snapshot_of(project, run, handover.code), say)
    except CdmlError as error:
        say(f"warning: waivers were not looked at: {error.message}")
        return judgement


def _keep(git: Git, place: Path, handover: Handover, again: bool, say: Say) -> str | None:
    """Keep the judged run, so that registering need not train; what cannot be kept is trained again, no more.

    `again` replaces what was kept of the same inputs. Which remote takes the outputs is main's to say: the
    settings of a pull request would choose where secrets go.
    """
    root = git.top() / handover.folder
    try:
        if not (root / CONFIG_FILE).is_file():
            return None  # main does not know this model yet
        project = open_project(root)
        kept = kept_files(place)
        objects = _named(kept.get(LOCK_FILE, b"").decode("utf-8", "replace"), kept_objects(place))
        if objects and project.dvc.remote():
            push_objects(project.dvc, objects)
        return keep_run(project, handover.code, kept, again=again)
    except CdmlError as error:
        say(f"warning: the judged run is not kept, registering will train again: {error.message}")
        return None


def _named(lock: str, objects: dict[str, Path]) -> dict[str, Path]:
    """The objects that the run's lock names, and those that a folder's listing among them names."""
    known = {oid for oid in objects if oid in lock}
    listings = "".join(
        objects[oid].read_text("utf-8", "replace") for oid in sorted(known) if oid.endswith(DIRECTORY)
    )
    return {oid: place for oid, place in objects.items() if oid in known or oid in listings}

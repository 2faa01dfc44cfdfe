"""The jobs of an event, as CI runs them: a pull request, a push to main, a push to a release branch.

Each runs in a clone that holds the event's commit and nothing of anybody's working tree.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from cdml.ci import run_context
from cdml.core.comparison import Judgement, Side
from cdml.core.errors import CdmlError, ConfigError, ContractError, ExternalError, RefusedError, UsageError
from cdml.core.release import Version
from cdml.core.run import Around
from cdml.core.serialize import load
from cdml.core.settings import Environment
from cdml.forges.base import Forge, PullRequest, Status, StatusState
from cdml.jobs.concerned import context, own
from cdml.jobs.deploy import Deployed
from cdml.jobs.deployments import deploy_and_record
from cdml.jobs.images import alone, drawn, show_images
from cdml.jobs.judged import store_run
from cdml.jobs.offered import judge_offer, require_offered
from cdml.jobs.project import Project
from cdml.jobs.promote import find_environment
from cdml.jobs.register import Registered, register
from cdml.jobs.reviewed import only_record, require_proper, verified
from cdml.jobs.snapshots import of_version
from cdml.jobs.speech import Speaker
from cdml.jobs.waivers import require_waivers, with_waivers
from cdml.registry.read import read
from cdml.registry.record import read_record
from cdml.reports.markdown import promotion
from cdml.reports.reasons import is_unchanged
from cdml.state.git import REMOTE
from cdml.state.snapshot import JUDGEMENT_FILE

Say = Callable[[str], None]


@dataclass(frozen=True)
class Judged:
    """What the pull request's run said."""

    pull: PullRequest
    judgement: Judgement | None
    comment: str


def on_pull_request(project: Project, forge: Forge, number: int, say: Say, *, force: bool = False) -> Judged:
    """Test, train, evaluate, judge, comment and set the status of a pull request's head; `force` trains anew.

    A run that breaks says so in the comment and the status, and raises what broke.
    """
    speaker = _speaker(project, forge, forge.pull(number))
    pull = speaker.pull
    environment = environment_of(project, pull.target)
    if environment is None:
        require_offered(project, pull.number, pull.head)
    try:
        if environment:
            return _judge_promotion(project, speaker, find_environment(project, environment))
        speaker.state(Status(speaker.name, "pending", "training and judging"))
        return _judge_model(project, speaker, say, force)
    except CdmlError as error:
        printed = error.printed if isinstance(error, (ExternalError, ContractError)) else ""
        contract = isinstance(error, ContractError)
        state: StatusState = "failure" if contract or isinstance(error, RefusedError) else "error"
        status = Status(speaker.name, state, error.message.splitlines()[0])
        speaker.failure(error.message, printed, status, contract=contract)
        raise


def _speaker(project: Project, forge: Forge, pull: PullRequest) -> Speaker:
    name = context(project, own(project), pull.target)
    run = run_context(os.environ)
    return Speaker(project.git, forge, pull, project.settings.model, name, run, int(time.time()))


def on_main(project: Project, forge: Forge | None, say: Say) -> Registered:
    """Register what was merged."""
    return register(project, forge, say)


def on_release(project: Project, forge: Forge | None, branch: str, say: Say) -> Deployed:
    """Deploy what was merged to a release branch, and say on its tip how that went."""
    environment = environment_of(project, branch)
    if environment is None:
        known = ", ".join(e.branch for e in project.environments) or "none"
        raise UsageError(f"{branch!r} is not the release branch of an environment", f"mlops.yaml has {known}")
    tip = project.git.commit(f"refs/remotes/{REMOTE}/{branch}")
    name = f"{context(project, own(project), project.main)}/deploy"
    try:
        deployed = deploy_and_record(project, forge, environment, say)
    except CdmlError as error:
        if forge:
            forge.set_status(tip, Status(name, "failure", error.message.splitlines()[0][:140]))
        raise
    if forge and deployed.deployment:
        said = f"serves {deployed.deployment.model}@{deployed.deployment.version}"
        forge.set_status(tip, Status(name, "success", said))
    return deployed


def environment_of(project: Project, branch: str) -> str | None:
    """The environment whose release branch this is."""
    return next((e.name for e in project.environments if e.branch == branch), None)


def _judge_model(project: Project, speaker: Speaker, say: Say, force: bool) -> Judged:
    offered = judge_offer(project, speaker.pull.target, say, force=force)
    store_run(project, offered.snapshot, offered.judgement, again=force)
    judgement = with_waivers(project, speaker.forge, offered.judgement, offered.snapshot, say)
    asked = () if is_unchanged(judgement) else project.settings.evaluate.images
    of = (speaker.pull.head, project.settings.model)
    found = drawn(project.root, asked, say)
    images = alone(found) if speaker.pull.fork else show_images(project.git, speaker.forge, of, found, say)
    text = speaker.judgement(judgement, offered.seconds, images)
    return Judged(speaker.pull, judgement, text or "")


def _judge_promotion(project: Project, speaker: Speaker, environment: Environment) -> Judged:
    """A promotion is judged by form: one parent, one record, and the record says what the version's tag says."""
    pull = speaker.pull
    if not project.git.has(pull.head):  # its branch may be gone; the pull request still holds the commit
        project.git.run("fetch", "--quiet", REMOTE, pull.head)
    record = only_record(project, pull)
    from cdml.jobs.judge import judge

    version = verified(project, record)
    require_proper(project, environment, record)
    if record.action == "promote":  # going back must always be possible
        require_waivers(project, speaker.forge, version)
    target = f"refs/remotes/{REMOTE}/{pull.target}"
    before = read_record(project.git, target, record.model)
    running = read(project.git).version(record.model, before.version) if before else None
    judgement = _kept(project, version, running) or judge(
        project.store, of_version(project, version), of_version(project, running) if running else None
    )

    def text(around: Around) -> str:
        dialect = speaker.dialect
        return promotion(record, before, judgement, environment.name, dialect=dialect, around=around)

    said = f"{record.label} is what was reviewed"
    written = speaker.words("⬆️", said, text, Status(speaker.name, "success", said))
    return Judged(pull, judgement, written or "")


def _kept(project: Project, version: Version, running: Version | None) -> Judgement | None:
    """What registering said of the two, where it compared just them: the same bytes on the same rows."""
    content = project.git.read(version.commit, JUDGEMENT_FILE)
    try:
        judgement = load(Judgement, content, JUDGEMENT_FILE) if content else None
    except ConfigError:  # another cdml wrote it
        return None
    before = judgement.comparison.baseline if judgement else None
    if judgement is None or (before.version if before else None) != (running.version if running else None):
        return None
    candidate, baseline = _side(version), _side(running) if running else None
    return replace(judgement, comparison=replace(judgement.comparison, candidate=candidate, baseline=baseline))


def _side(version: Version) -> Side:
    return Side(version.label, version.commit, version.version)

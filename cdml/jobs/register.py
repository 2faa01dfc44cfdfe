"""`cdml register`: what main holds becomes a version, taken from its judged run or trained and judged again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cdml.core.comparison import Judgement
from cdml.core.errors import CdmlError, ExternalError, UsageError
from cdml.core.release import Measured, Provenance, Version
from cdml.core.serialize import dump
from cdml.evaluation.gates import gate_words
from cdml.forges.base import Forge
from cdml.jobs.artifact import describe, fetch_artifact, signature
from cdml.jobs.bump import automatic_bump, changed_axes
from cdml.jobs.data import check_data
from cdml.jobs.judged import find_run
from cdml.jobs.overlay import added_files, commit_on_top, outputs, run_files
from cdml.jobs.project import Project, fetch, require_clean
from cdml.jobs.rescore import Scorer
from cdml.jobs.run import run_jobs, run_tests
from cdml.jobs.same_data import Means
from cdml.jobs.snapshots import baseline, working
from cdml.jobs.waivers import waivers_of, with_waivers
from cdml.registry.read import Registry, complete, read, require_complete
from cdml.registry.write import free_version
from cdml.registry.write import register as write_tag
from cdml.reports.card import card
from cdml.reports.markdown import issue
from cdml.state.inputs import stage_names
from cdml.state.plumbing import Update, push, remote_refs
from cdml.state.snapshot import CARD_FILE, JUDGEMENT_FILE, Snapshot, take

TRIES = 5


@dataclass(frozen=True)
class Registered:
    """What became of main: `version` is None when a gate failed; `new` is False when nothing had changed."""

    version: Version | None
    new: bool
    trained: bool
    judgement: Judgement | None


@dataclass(frozen=True)
class Finished:
    """A run ready to be registered: its snapshot, verdicts, files for the release commit, and the artifact."""

    snapshot: Snapshot
    judgement: Judgement
    files: dict[str, bytes]
    artifact: Path
    trained: bool


def register(project: Project, forge: Forge | None, say: Callable[[str], None]) -> Registered:
    """Register HEAD of main as a version.

    Raises UsageError when HEAD is not main's, RefusedError never: a failed gate is in the result, and opens one
    issue at the forge. Running it again completes what was interrupted.
    """
    require_clean(project, "register")
    require_complete(project.git)
    fetch(project)
    _require_merged(project)
    with tempfile.TemporaryDirectory(prefix="cdml-register-") as folder:
        for _ in range(TRIES):
            registered = _try_once(project, forge, Path(folder), say)
            if registered is not None:
                _tell(project, forge, registered)
                return registered
            fetch(project)
    raise ExternalError(f"{TRIES} other registrations were faster each time", "cdml register")


def _try_once(
    project: Project, forge: Forge | None, folder: Path, say: Callable[[str], None]
) -> Registered | None:
    """One attempt; None when somebody else registered meanwhile."""
    head = project.git.commit("HEAD")
    registry = read(project.git)
    planned = _snapshot(project, head)
    same = _same_inputs(registry, project.settings.model, planned.inputs.digest)
    if same:
        return Registered(same, new=False, trained=False, judgement=None) if _published(project, same) else None
    # A tag that cannot be read is better found before hours of training.
    latest = registry.latest(project.settings.model)
    _require_newer(project, head, latest)
    run = _from_judged_run(project, planned, folder, say) or _from_training(project, folder, say)
    run = _with_waivers(project, forge, run, say)
    if run.judgement.failed:
        return Registered(None, new=False, trained=run.trained, judgement=run.judgement)
    version = _tag(project, registry, latest, head, run)
    return Registered(version, new=True, trained=run.trained, judgement=run.judgement) if version else None


def _published(project: Project, version: Version) -> bool:
    """See to it that the remote has a version that was made without one; False when somebody else came first."""
    ref = f"refs/tags/{version.label}"
    if project.git.remote_url() is None or remote_refs(project.git, ref):
        return True
    return push(project.git, Update(ref, project.git.text("rev-parse", ref), None))


def _require_merged(project: Project) -> None:
    main = f"refs/remotes/origin/{project.main}"
    if not project.git.has(main):
        return
    if project.git.run("merge-base", "--is-ancestor", "HEAD", main, check=False).code != 0:
        raise UsageError(
            f"HEAD is not merged into {project.main}; only merged commits are registered", "cdml pr open"
        )


def _require_newer(project: Project, head: str, latest: Version | None) -> None:
    """An old clone, or an old run started again, must not make the newest version of old code."""
    known = latest.provenance.commit if latest and latest.provenance else head
    if known == head or not project.git.has(known):
        return
    if project.git.run("merge-base", "--is-ancestor", head, known, check=False).code == 0 and latest:
        raise UsageError(
            f"HEAD is older than {latest.label}, which was made of {known[:7]}",
            "git pull, then cdml register",
        )


def _same_inputs(registry: Registry, model: str, inputs: str) -> Version | None:
    if model not in registry.states:
        return None
    # Only a tag that holds the digest at all is worth parsing.
    likely = (complete(v) for v in registry.versions(model) if inputs in v.body)
    return next((v for v in likely if v.provenance and v.provenance.inputs == inputs), None)


def _snapshot(project: Project, commit: str) -> Snapshot:
    return take(
        project.store,
        project.settings,
        label=commit[:7],
        commit=commit,
        code=project.git.commit("HEAD"),
        environment=project.environment,
    )


def _from_judged_run(
    project: Project, planned: Snapshot, folder: Path, say: Callable[[str], None]
) -> Finished | None:
    """The judged run of the same inputs, where its outputs can be had.

    Its predictions are judged again: champion and gates of main may have moved on since.
    """
    from cdml.jobs.judge import judge

    run = find_run(project, planned.inputs.digest)
    if run is None or project.dvc.remote() is None:
        return None
    try:
        with project.dvc.files(run):
            artifact = fetch_artifact(project, run, project.settings.register.artifact, folder)
            snapshot = replace(_snapshot(project, run), label=planned.label)
            judgement = judge(project.store, snapshot, baseline(project), means=_means(project, say))
    except (CdmlError, RecursionError):  # gone from the remote, or never fit to be judged: main is trained
        return None
    files = added_files(project.git, run) | {JUDGEMENT_FILE: dump(judgement).encode()}
    return Finished(snapshot, judgement, files, artifact, trained=False)


def _from_training(project: Project, folder: Path, say: Callable[[str], None]) -> Finished:
    from cdml.jobs.judge import judge

    run_tests(project, say)
    check_data(project, say, committed=True)
    run_jobs(project, ("train", "evaluate"), say)
    head = project.git.commit("HEAD")
    snapshot = replace(working(project), label=head[:7], code=head)
    judgement = judge(project.store, snapshot, baseline(project), means=_means(project, say))
    remote = project.dvc.remote()
    with project.dvc.files(None):
        files = run_files(project, judgement)
        if remote:
            project.dvc.push()
    if not remote:
        files |= outputs(project, *_all_outs(snapshot))
    artifact = project.root / project.settings.register.artifact
    return Finished(snapshot, judgement, files, artifact, trained=True)


def _means(project: Project, say: Callable[[str], None]) -> Means:
    """What was merged may be run: the champion is asked again where test data moved on."""
    return Means(project, scorer=Scorer(project, say))


def _with_waivers(project: Project, forge: Forge | None, run: Finished, say: Callable[[str], None]) -> Finished:
    """The run with the waivers that count now; what is kept with the version says the same."""
    judgement = with_waivers(project, forge, run.judgement, run.snapshot, say)
    return replace(run, judgement=judgement, files=run.files | {JUDGEMENT_FILE: dump(judgement).encode()})


def _all_outs(snapshot: Snapshot) -> tuple[str, ...]:
    train, evaluate = stage_names(snapshot.settings)
    stages = snapshot.pipeline.closure((*train, *evaluate))
    return tuple(sorted({path for stage in stages for path in stage.outs}))


def _tag(project: Project, registry: Registry, latest: Version | None, head: str, run: Finished) -> Version | None:
    """The release commit and its tag; None when the tag's name was taken meanwhile."""
    model = project.settings.model
    provenance = _provenance(project, head, run, latest)
    wanted = project.settings.register.bump
    bump = automatic_bump(latest.provenance if latest else None, provenance) if wanted == "auto" else wanted
    version = free_version(registry, model, bump)
    files = run.files | {CARD_FILE: card(project.settings, version, provenance).encode()}
    commit = commit_on_top(project, head, files, f"Release {model}@{version}\n")
    try:
        return write_tag(project.git, model, version, commit, provenance)
    except UsageError:
        # Taken between our reading and theirs: read again, and perhaps find that nothing is left to do.
        if any(v.version == version for v in read(project.git).versions(model, active=False)):
            return None
        raise


def _provenance(project: Project, head: str, run: Finished, latest: Version | None) -> Provenance:
    inputs, comparison = run.snapshot.inputs, run.judgement.comparison
    provenance = Provenance(
        inputs=inputs.digest,
        commit=head,
        artifact=describe(project.settings.register.artifact, run.artifact),
        base=latest.version if latest else None,
        axes=(),
        code=inputs.code,
        data={**inputs.data, **inputs.test_data},
        parameters=inputs.parameters,
        recipe=inputs.recipe,
        environment=inputs.environment,
        python=run.snapshot.environment.splitlines()[0].removeprefix("# python ").strip(),
        signature=signature(project, run.snapshot, run.artifact),
        metrics=tuple(
            Measured(
                m.name,
                m.candidate,
                m.own_interval.low if m.own_interval else None,
                m.own_interval.high if m.own_interval else None,
            )
            for m in comparison.metrics
            if m.candidate is not None
        ),
        verdicts={gate_words(v.gate): v.outcome.value for v in run.judgement.verdicts},
        compared_with=comparison.baseline.version if comparison.baseline else None,
        judged_run=not run.trained,
        registered_by=project.git.author(),
        waivers=waivers_of(run.judgement),
    )
    before = latest.provenance if latest else None
    return replace(provenance, axes=changed_axes(before, provenance) if before else ())


def _tell(project: Project, forge: Forge | None, registered: Registered) -> None:
    """One issue while main cannot be registered; closed when it can again."""
    if forge is None:
        return
    key = f"cdml:{project.settings.model}:register"
    if registered.version is None and registered.judgement is not None:
        title, body = issue(registered.judgement, project.git.commit("HEAD"))
        forge.open_issue(key, title, body)
    else:
        forge.close_issue(key)

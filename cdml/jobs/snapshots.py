"""From what a person types (a version, a tag, a commit, nothing) to the snapshot that it means."""

from __future__ import annotations

from cdml.core.errors import UsageError
from cdml.core.release import Version
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs.judged import find_run, judged_run_of
from cdml.jobs.project import Project
from cdml.registry.read import Registry, complete, read
from cdml.state.freshness import stale
from cdml.state.git import words
from cdml.state.inputs import stage_names
from cdml.state.snapshot import (
    ENVIRONMENT_FILE,
    LOCK_FILE,
    Snapshot,
    take,
    working_commit,
)


def working(project: Project, *, unchanged: bool = False) -> Snapshot:
    """The working tree as it was last evaluated; UsageError when files changed since.

    `unchanged` says that `run_jobs` has just looked at all of them and found nothing to do.
    """
    with project.dvc.files(None):
        snapshot = take(
            project.store,
            project.settings,
            label="working tree",
            commit=None,
            code=working_commit(project.git),
            environment=project.environment,
        )
        changed = () if unchanged else _stale(project, snapshot)
    if changed:
        raise UsageError(f"changed since the last run, or never run: {words(changed)}", "cdml run train evaluate")
    return snapshot


def of_version(project: Project, version: Version) -> Snapshot:
    """A registered version, read at its release commit."""
    return _at(project, version.commit, version.label, version.version)


def of_revision(project: Project, revision: str) -> Snapshot:
    """A version, or a commit that holds an up-to-date dvc.lock, or one that CI has judged."""
    registry = read(project.git)
    version = find_version(registry, project.settings.model, revision)
    if version:
        return of_version(project, version)
    commit = project.git.commit(revision)
    versions = registry.versions(project.settings.model) if project.settings.model in registry.states else ()
    released = next((v for v in versions if v.commit == commit), None)
    if released:
        return of_version(project, complete(released))
    judged = judged_run_of(project.git, project.settings.model, commit) or _same_inputs(project, registry, commit)
    if judged:
        return _at(project, judged, commit[:7], None)
    snapshot = _at(project, commit, commit[:7], None) if project.git.read(commit, LOCK_FILE) else None
    if snapshot is None or _stale(project, snapshot):
        raise UsageError(
            f"{revision} was never evaluated: no judged run and no dvc.lock of these files",
            f"git switch --detach {revision}, then cdml run train evaluate; or open a pull request of it",
        )
    return snapshot


def _same_inputs(project: Project, registry: Registry, commit: str) -> str | None:
    """The release commit or judged run of exactly these inputs: a merge is a commit that nothing ran on."""
    if project.git.read(commit, CONFIG_FILE) is None:
        return None
    inputs = _at(project, commit, commit[:7], None).inputs.digest
    versions = registry.versions(project.settings.model)
    released = (complete(v) for v in versions if inputs in v.body)
    found = next((v.commit for v in released if v.provenance and v.provenance.inputs == inputs), None)
    return found or find_run(project, inputs)


def find_version(registry: Registry, model: str, text: str) -> Version | None:
    """The version that `v1.2.3`, `1.2.3` or `model@v1.2.3` names, or None when the words are none of these."""
    name, mark, number = text.rpartition("@")
    if mark and name != model:
        return None
    plain = number.removeprefix("v")
    if plain.count(".") < 2 or not plain[0].isdigit():
        return None
    return registry.version(model, f"v{plain}")


def baseline(project: Project, rules: Settings | None = None) -> Snapshot | None:
    """What candidates are compared with: as `evaluate.baseline` says; None before there is a version.

    `rules` are the settings that count instead of the project's: a pull request must not choose its own opponent.
    """
    wanted = (rules or project.settings).evaluate.baseline
    if wanted == "main":
        return of_revision(project, main_commit(project))
    version = baseline_version(project, wanted)
    return of_version(project, version) if version else None


def baseline_version(project: Project, wanted: str) -> Version | None:
    """The registered version that `evaluate.baseline` means now: production's, else the latest, or one named."""
    registry = read(project.git)
    model = project.settings.model
    if wanted not in ("production", "latest"):
        return registry.version(model, wanted)
    if wanted == "production":
        served = registry.assigned(model, "production")
        if served:
            return served
    return registry.latest(model)


def _stale(project: Project, snapshot: Snapshot) -> tuple[str, ...]:
    train, evaluate = stage_names(snapshot.settings)
    return stale(project.dvc, snapshot.commit, (*train, *evaluate))


def main_commit(project: Project) -> str:
    """The tip of the main branch: the remote's, where there is one."""
    remote = f"refs/remotes/origin/{project.main}"
    return project.git.commit(remote if project.git.has(remote) else project.main)


def _at(project: Project, commit: str, label: str, version: str | None) -> Snapshot:
    lock = project.git.read(commit, ENVIRONMENT_FILE)
    return take(
        project.store,
        project.settings_at(commit),
        label=label,
        commit=commit,
        code=commit,
        environment=lock.decode("utf-8", "replace") if lock else project.environment,
        version=version,
    )

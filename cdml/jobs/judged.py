"""Judged runs: what CI trained and judged, kept by the digest of its inputs, so that a merge need not train."""

from __future__ import annotations

from collections.abc import Mapping

from cdml.core.comparison import Judgement
from cdml.core.errors import ConfigError
from cdml.core.settings import Settings
from cdml.jobs.overlay import commit_on_top, run_files, small_outputs
from cdml.jobs.project import Project
from cdml.state.git import REMOTE, Git
from cdml.state.inputs import stage_names
from cdml.state.pipeline import read_pipeline
from cdml.state.plumbing import Update, push, remote_refs
from cdml.state.snapshot import ENVIRONMENT_FILE, JUDGEMENT_FILE, LOCK_FILE, Snapshot, take

RUNS = "refs/cdml/runs"
OFFERED = "this PR"
LOOKED_AT = 20


def store_run(project: Project, snapshot: Snapshot, judgement: Judgement, *, again: bool = False) -> None:
    """Keep the run in the working tree under its inputs' digest; the first writer wins.

    `again` says that a person asked to train anew: then what was kept of these inputs is replaced.

    Outputs go to the DVC remote first, so that a run that can be found can also be read. Nothing is sent where the
    same outputs of the same inputs were kept before.
    """
    ref = f"{RUNS}/{snapshot.inputs.digest}"
    if _is_kept(project, ref):
        return
    remote = project.dvc.remote()
    with project.dvc.files(None):
        files = run_files(project, judgement)
        if remote:
            project.dvc.push()
    if not remote:
        files |= small_outputs(project, *project.settings.evaluate.written, *project.settings.evaluate.results)
    code = project.git.commit("HEAD")
    run = commit_on_top(project, code, files, _subject(project.settings.model, code) + "\n")
    if project.git.remote_url():
        _push(project.git, ref, run, again)
    elif again or not project.git.has(ref):
        project.git.run("update-ref", ref, run)


def keep_run(project: Project, code: str, files: Mapping[str, bytes], *, again: bool = False) -> str:
    """Keep what another machine trained on `code`, under the digest of the inputs that these files and it show.

    `again` is as in `store_run`. The digest is found here and not taken over: whoever made the files may not
    choose whose run this is. Raises ConfigError for files that no run of this code writes.
    """
    run = handed_run(project, code, files)
    snapshot = snapshot_of(project, run, code)
    _push(project.git, f"{RUNS}/{snapshot.inputs.digest}", run, again)
    return run


def handed_run(project: Project, code: str, files: Mapping[str, bytes]) -> str:
    """The commit of such a run, which no reference names yet; raises as `keep_run` does."""
    _require_outputs(project, code, project.settings_at(code), files)
    return commit_on_top(project, code, files, _subject(project.settings.model, code) + "\n")


def snapshot_of(project: Project, run: str, code: str, label: str | None = None) -> Snapshot:
    """What a judged run holds of the commit `code`, whose inputs are the run's."""
    lock = project.git.read(run, ENVIRONMENT_FILE) or b""
    return take(
        project.store,
        project.settings_at(code),
        label=label or code[:7],
        commit=run,
        code=code,
        environment=lock.decode("utf-8", "replace"),
    )


def _push(git: Git, ref: str, run: str, again: bool) -> None:
    push(git, Update(ref, run, remote_refs(git, ref).get(ref) if again else None))


def _require_outputs(project: Project, code: str, settings: Settings, files: Mapping[str, bytes]) -> None:
    """A run adds its lock, its environment, its verdicts and what its stages write: never code or settings."""
    train, evaluate = stage_names(settings)
    stages = read_pipeline(project.dvc, code).closure((*train, *evaluate))
    outs = {path for stage in stages for path in stage.outs}
    known = (LOCK_FILE, ENVIRONMENT_FILE, JUDGEMENT_FILE)
    foreign = [path for path in files if path not in known and not any(_inside(path, out) for out in outs)]
    if foreign:
        raise ConfigError(f"the handover holds {foreign[0]!r}, which no run writes")


def _inside(path: str, folder: str) -> bool:
    """Whether a path is this one, or below it."""
    return path == folder or path.startswith(f"{folder}/")


def _is_kept(project: Project, ref: str) -> bool:
    """Whether this run is kept where others find it, with the very outputs that dvc.lock names now."""
    if project.git.remote_url() and not project.git.has(ref):
        project.git.run("fetch", "--quiet", "--no-tags", REMOTE, f"+{ref}:{ref}", check=False)
    lock = project.root / LOCK_FILE
    return lock.is_file() and project.git.read(ref, LOCK_FILE) == lock.read_bytes()


def find_run(project: Project, inputs: str) -> str | None:
    """The commit of the judged run of these inputs, or None."""
    fetch_runs(project.git)
    ref = f"{RUNS}/{inputs}"
    return project.git.commit(ref) if project.git.has(ref) else None


def judged_run_of(git: Git, model: str, commit: str) -> str | None:
    """The judged run of a model whose code is exactly this commit, or None."""
    fetch_runs(git)
    lines = git.text("for-each-ref", RUNS, "--format=%(objectname) %(parent) %(contents:subject)").splitlines()
    subject = _subject(model, commit)
    return next(
        (
            run
            for run, parent, said in (line.split(" ", 2) for line in lines)
            if parent == commit and said == subject
        ),
        None,
    )


def run_of_inputs(project: Project, commit: str) -> Snapshot | None:
    """The judged run of a commit, or that of another commit with the very same inputs; None where there is none.

    The environment is not the commit's to say: those of the newest runs of the model are tried.
    """
    direct = judged_run_of(project.git, project.settings.model, commit)
    if direct:
        return snapshot_of(project, direct, commit, OFFERED)
    for environment in _environments(project):
        inputs = inputs_at(project, commit, environment)
        run = f"{RUNS}/{inputs}"
        if project.git.has(run):
            return snapshot_of(project, project.git.commit(run), commit, OFFERED)
    return None


def inputs_at(project: Project, commit: str, environment: str) -> str:
    """The digest of a commit's inputs in an environment, whose lock's text is given."""
    settings = project.settings_at(commit)
    found = take(project.store, settings, label=commit[:7], commit=commit, code=commit, environment=environment)
    return found.inputs.digest


def _environments(project: Project) -> list[str]:
    """The environments' locks of the newest runs of this model, each once."""
    fetch_runs(project.git)
    newest = ("for-each-ref", "--sort=-creatordate", f"--count={LOOKED_AT}", "--format=%(refname)", RUNS)
    locks = (project.git.read(ref, ENVIRONMENT_FILE) for ref in project.git.text(*newest).split())
    return list(dict.fromkeys(lock.decode("utf-8", "replace") for lock in locks if lock))


def fetch_runs(git: Git) -> None:
    """Bring the judged runs of the remote here, where there is one."""
    if git.remote_url():
        git.run("fetch", "--quiet", REMOTE, f"+{RUNS}/*:{RUNS}/*", check=False)


def _subject(model: str, commit: str) -> str:
    return f"Judged run of {model} at {commit[:7]}"

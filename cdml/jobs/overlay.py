"""What a run adds to the commit that it ran on: the lock, the environment, verdicts, and outputs without a remote.

A judged run and a release commit are both such a commit on top of the code's, never pushed to a branch.
"""

from __future__ import annotations

from collections.abc import Mapping

from cdml.core.comparison import Judgement
from cdml.core.errors import ConfigError
from cdml.core.serialize import dump
from cdml.jobs.project import Project
from cdml.state.git import Git
from cdml.state.inputs import stage_names
from cdml.state.pipeline import read_pipeline
from cdml.state.plumbing import write_commit, write_tree
from cdml.state.snapshot import ENVIRONMENT_FILE, JUDGEMENT_FILE, LOCK_FILE

IN_GIT_BYTES = 50_000_000
SMALL_BYTES = 1_000_000


def run_files(project: Project, judgement: Judgement) -> dict[str, bytes]:
    """The files of a finished run in the working tree, by path in the project.

    Outputs that DVC does not keep (`cache: false`, as metrics often are) are among them: the commit below holds
    those of an earlier run.
    """
    lock = project.root / LOCK_FILE
    if not lock.is_file():
        raise ConfigError(f"{LOCK_FILE} is not there: nothing was run", "cdml run train evaluate")
    return {
        LOCK_FILE: lock.read_bytes(),
        ENVIRONMENT_FILE: project.environment.encode(),
        JUDGEMENT_FILE: dump(judgement).encode(),
        **outputs(project, *_uncached(project)),
    }


def _uncached(project: Project) -> tuple[str, ...]:
    train, evaluate = stage_names(project.settings)
    stages = read_pipeline(project.dvc, None).closure((*train, *evaluate))
    paths = sorted({path for stage in stages for path in stage.uncached})
    return tuple(path for path in paths if (project.root / path).exists())


def outputs(project: Project, *paths: str | None, limit: int = IN_GIT_BYTES) -> dict[str, bytes]:
    """Output files and folders of the working tree, to be kept in git where no DVC remote serves them.

    Raises ConfigError when they are larger than `limit` bytes together.
    """
    found: dict[str, bytes] = {}
    for path in filter(None, paths):
        place = project.root / path
        files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
        if not place.exists():
            raise ConfigError(f"{path} is an output, but it is not there", "cdml run train evaluate")
        if sum(f.stat().st_size for f in files) + sum(map(len, found.values())) > limit:
            raise ConfigError(
                f"with {path} the outputs are too large to be kept in git: more than {limit:,} bytes together",
                "dvc remote add --default store s3://BUCKET/PATH",
            )
        found.update({f.relative_to(project.root).as_posix(): f.read_bytes() for f in files})
    return found


def small_outputs(project: Project, *paths: str | None) -> dict[str, bytes]:
    """Those of these output files that are small."""
    places = [(path, project.root / path) for path in paths if path]
    small = [path for path, place in places if place.is_file() and place.stat().st_size <= SMALL_BYTES]
    return outputs(project, *small)


def commit_on_top(project: Project, commit: str, files: Mapping[str, bytes], message: str) -> str:
    """A commit on top of `commit` with `files` (paths in the project) put in; no reference names it yet."""
    prefix = project.git.prefix()
    tree = write_tree(project.git, commit, {prefix + path: content for path, content in files.items()})
    return write_commit(project.git, tree, (commit,), message)


def added_files(git: Git, commit: str) -> dict[str, bytes]:
    """What a commit made by `commit_on_top` put in, by path in the project."""
    names = git.text("diff-tree", "-r", "-z", "--name-only", "--relative", "--no-commit-id", f"{commit}^", commit)
    return {path: git.read(commit, path) or b"" for path in names.split("\0") if path}

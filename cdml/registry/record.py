"""Release records: the one file per model on a release branch that says what should run there, and why."""

from __future__ import annotations

from cdml.core.errors import ConfigError, UsageError
from cdml.core.names import is_name
from cdml.core.release import ReleaseRecord
from cdml.core.serialize import dump, load
from cdml.state.git import Git
from cdml.state.plumbing import read_blobs

FOLDER = ".cdml/releases"


def record_path(model: str) -> str:
    """Where a model's record stands, from the top of a release branch: `a/b` in a folder of its own."""
    if not is_name(model):
        raise UsageError(f"{model!r} is no name for a model", "letters, digits, '-', '_' and '/'")
    return f"{FOLDER}/{model}.json"


def record_bytes(record: ReleaseRecord) -> bytes:
    """A record as its file holds it: the same bytes for the same record."""
    return dump(record).encode()


def parse_record(content: bytes, model: str, where: str) -> ReleaseRecord:
    """The record in a file's bytes; ConfigError that names `where` when it is not one of this model."""
    record = load(ReleaseRecord, content, where, f"git log -p {where.replace(':', ' -- ')} shows who wrote it")
    if record.model != model:
        raise ConfigError(f"{where} is the record of {record.model!r}, not of {model!r}")
    return record


def read_record(git: Git, ref: str, model: str) -> ReleaseRecord | None:
    """A model's record at a revision, None where it has none; UsageError where there is no such revision."""
    found = _records(git, [git.commit(ref)], model)
    return found[0] if found else None


def record_history(git: Git, ref: str, model: str) -> tuple[ReleaseRecord, ...]:
    """Every record that a release branch had of a model along its first parents, the newest first."""
    tip, path = git.commit(ref), f":(top,literal){record_path(model)}"
    commits = git.text("log", "--first-parent", "--format=%H", tip, "--", path).split()
    return tuple(_records(git, commits, model))


def _records(git: Git, commits: list[str], model: str) -> list[ReleaseRecord]:
    """A model's record at each of the commits that has one, in one pass of git."""
    path = record_path(model)
    contents = read_blobs(git, [f"{commit}:{path}" for commit in commits])
    return [
        parse_record(content, model, f"{commit[:9]}:{path}")
        for commit, content in zip(commits, contents, strict=True)
        if content is not None
    ]

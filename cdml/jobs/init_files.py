"""The files that `cdml init` leaves: written, extended or kept, each with its one purpose."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cdml.core.files import write
from cdml.jobs.generate import generate
from cdml.jobs.stamp import is_edited, is_ours
from cdml.state.dvc import Dvc
from cdml.state.git import Git, open_git

State = Literal["written", "extended", "kept"]
ATTRIBUTES = ".gitattributes"
IGNORE = ".gitignore"
DVC_CONFIG = ".dvc/config"
_ENDINGS = "# Line endings never change a digest: the same bytes on every machine.\n* text=auto eol=lf\n"
_UNTRACKED = ".venv/\n__pycache__/\n.pytest_cache/\n"
_QUIET = "[core]\n    analytics = false\n    check_update = false\n"


@dataclass(frozen=True)
class FileNote:
    """One file: its path from the project's folder, what was done with it, and what it is for."""

    path: str
    state: State
    purpose: str


def put(root: Path, path: str, content: str, purpose: str) -> FileNote:
    """Write a file that is not there yet; one that is there is kept."""
    if (root / path).exists():
        return FileNote(path, "kept", purpose)
    write(root / path, content)
    return FileNote(path, "written", purpose)


def put_attributes(root: Path) -> FileNote:
    """Make git keep line feeds. Put first in a file that exists: git heeds the last rule, so its own still win."""
    purpose = "keeps line endings, and so digests, the same everywhere"
    path = root / ATTRIBUTES
    if not path.exists():
        return put(root, ATTRIBUTES, _ENDINGS, purpose)
    present = path.read_text("utf-8", "surrogateescape")
    rules = [line.split() for line in present.splitlines()]
    if any(rule[:1] == ["*"] and any(word.lstrip("-").startswith("text") for word in rule[1:]) for rule in rules):
        return FileNote(ATTRIBUTES, "kept", purpose)
    write(path, (_ENDINGS + present).encode("utf-8", "surrogateescape"))
    return FileNote(ATTRIBUTES, "extended", purpose)


def put_ignore(root: Path) -> FileNote:
    """Leave environments and byte code out of git."""
    return put(root, IGNORE, _UNTRACKED, "keeps environments and byte code out of git")


def put_git(root: Path) -> tuple[Git, tuple[FileNote, ...]]:
    """The repository that `root` is in, or a new one; ConfigError where git refuses the one it is in."""
    begun = not any((place / ".git").exists() for place in (root, *root.parents))
    if begun:
        Git(root).run("init", "--quiet", "--initial-branch=main")
    note = FileNote(".git", "written", "the repository, on branch main; nothing is committed yet")
    return open_git(root), (note,) if begun else ()


def put_dvc(root: Path, git: Git) -> tuple[FileNote, ...]:
    """`dvc init`, without analytics and update checks. A folder below git's top becomes a project of its own."""
    purpose = "DVC's settings: no analytics, no update check"
    dvc = Dvc(root)
    if dvc.initialised:
        return (FileNote(DVC_CONFIG, "kept", purpose),)
    ignore = FileNote(".dvcignore", "kept" if (root / ".dvcignore").exists() else "written", "what DVC overlooks")
    dvc.run("init", "--quiet", *(["--subdir"] if git.prefix() else []))
    write(root / DVC_CONFIG, _QUIET)
    return FileNote(DVC_CONFIG, "written", purpose), ignore


def put_generated(root: Path, *, complete_only: bool) -> tuple[FileNote, ...]:
    """What follows from mlops.yaml, made anew where it no longer does.

    With `complete_only` nothing is written where that would undo what a person wrote into one of these files.
    """
    planned = generate(root, check=True)
    before = {file.path: (root / file.path).exists() for file in planned}
    if complete_only and any(_by_hand(root / file.path) for file in planned if file.state == "stale"):
        return tuple(FileNote(file.path, "kept", file.purpose) for file in planned)
    states: dict[bool, State] = {True: "extended", False: "written"}
    return tuple(
        FileNote(f.path, states[before[f.path]] if f.state == "written" else "kept", f.purpose)
        for f in generate(root)
    )


def _by_hand(path: Path) -> bool:
    """Whether a person wrote or changed a file that begins with a stamp when we write it."""
    if path.suffix not in (".yml", ".yaml") or not path.is_file():
        return False
    text = path.read_text("utf-8", "replace")
    return not is_ours(text) or is_edited(text)


def yaml_text(document: Mapping[str, Any]) -> str:
    """A document as people write mlops.yaml: mappings in blocks, lists on one line, in the order of the keys."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedSeq

    def shaped(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: shaped(item) for key, item in value.items()}
        if isinstance(value, list):
            row = CommentedSeq(value)
            row.fa.set_flow_style()
            return row
        return value

    yaml = YAML()
    yaml.width = 1 << 16
    text = io.StringIO()
    yaml.dump(shaped(document), text)
    return text.getvalue()

"""What follows from mlops.yaml alone and is kept in the repository: dvc.yaml, the schema, the ignore rules.

All of it is planned first and written after, so that a refusal leaves every file as it was.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cdml.config.load import load
from cdml.config.pipeline import DVC_FILE
from cdml.config.schema import SCHEMA_FILE, json_schema
from cdml.core import files
from cdml.core.errors import ConfigError
from cdml.core.settings import Settings, Stage

State = Literal["written", "unchanged", "stale"]

IGNORE_FILE = ".gitignore"
IGNORE_MARK = "# Outputs that DVC keeps (cdml generate)"
HEADER = "# Generated from mlops.yaml: edit that, then run `cdml generate`."
DIGEST = "# cdml-digest: sha256:"


@dataclass(frozen=True)
class Generated:
    """One generated file: its path from the project's folder, what it is for, and the difference that is made."""

    path: str
    purpose: str
    state: State
    diff: str = ""


@dataclass(frozen=True)
class _Plan:
    path: str
    purpose: str
    content: str


def generate(root: Path, *, check: bool = False, force: bool = False) -> tuple[Generated, ...]:
    """Write what mlops.yaml asks for; with `check` only say which files are stale.

    Raises ConfigError for a dvc.yaml that is not ours, and (without `force`) for one that was edited by hand.
    """
    plans = _plans(root, load(root))
    found = [(plan, _present(root / plan.path)) for plan in plans]
    if not check and not force:
        for plan, old in found:
            _refuse_hand_edit(plan, old)
    done = []
    for plan, old in found:
        fresh = old == plan.content
        if not fresh and not check:
            files.write(root / plan.path, plan.content.encode("utf-8", "surrogateescape"))
        state: State = "unchanged" if fresh else "stale" if check else "written"
        done.append(Generated(plan.path, plan.purpose, state, "" if fresh else _diff(plan, old)))
    return tuple(done)


def stale_files(root: Path) -> tuple[str, ...]:
    """Generated files on which a run depends and that do not say what mlops.yaml says.

    The schema is none of them: another version of cdml may word it otherwise, and the run is the same.
    """
    return tuple(f.path for f in generate(root, check=True) if f.state == "stale" and f.path != SCHEMA_FILE)


def _plans(root: Path, settings: Settings) -> tuple[_Plan, ...]:
    stages = [stage for stage in (settings.train.stage, settings.evaluate.stage) if stage is not None]
    plans = []
    if stages:
        _refuse_foreign(_present(root / DVC_FILE), stages)
        plans.append(_Plan(DVC_FILE, "the pipeline that DVC runs", dvc_yaml(stages)))
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    plans.append(_Plan(SCHEMA_FILE, "lets editors complete and check mlops.yaml", schema))
    outs = [out for stage in stages for out in stage.outs]
    if outs:
        ignored = ignore_lines(_present(root / IGNORE_FILE) or "", outs)
        plans.append(_Plan(IGNORE_FILE, "keeps outputs out of git, which DVC keeps", ignored))
    return tuple(plans)


def _present(path: Path) -> str | None:
    """A file's text with every byte kept, or None where there is none."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}") from None


def dvc_yaml(stages: Iterable[Stage]) -> str:
    """dvc.yaml of inline stages, under a header that tells whose it is and holds the digest of the rest."""
    body = _dump({"stages": {stage.name: _stage(stage) for stage in stages}})
    return f"{HEADER}\n{DIGEST}{_digest(body)}\n{body}"


def _stage(stage: Stage) -> dict[str, Any]:
    """One stage in DVC's words; a parameters file without names is taken as a whole."""
    params = [{_scalar(file): _scalars(keys) or None} for file, keys in stage.params.items()]
    words = {
        "cmd": _scalar(stage.cmd),
        "deps": _scalars(stage.deps),
        "params": params,
        "outs": _scalars(stage.outs),
    }
    return {key: value for key, value in words.items() if value}


def _scalars(items: Iterable[str]) -> list[str]:
    return [_scalar(item) for item in items]


def _scalar(text: str) -> str:
    """Text in the style that brings it through YAML unchanged: plain, as a block of lines, or escaped."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if text.isprintable():
        return text
    block = all(line.isprintable() for line in text.split("\n"))
    styled: str = LiteralScalarString(text) if block else DoubleQuotedScalarString(text)
    return styled


def _dump(value: Any) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 1 << 16
    yaml.indent(mapping=2, sequence=4, offset=2)  # as DVC writes it
    text = io.StringIO()
    yaml.dump(value, text)
    return text.getvalue()


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()


def is_ours(text: str) -> bool:
    """Whether a dvc.yaml was generated."""
    return text.startswith(HEADER)


def is_edited(text: str) -> bool:
    """Whether a generated dvc.yaml was changed after it was written."""
    _, _, rest = text.partition("\n")
    digest, _, body = rest.partition("\n")
    return digest != f"{DIGEST}{_digest(body)}"


def _refuse_foreign(old: str | None, stages: list[Stage]) -> None:
    if old is None or is_ours(old):
        return
    names = " and ".join(f"`{stage.name}`" for stage in stages)
    raise ConfigError(
        f"{DVC_FILE} is your own and is never overwritten, but {names} in mlops.yaml would be generated into it",
        f"name your stages in mlops.yaml (`stages: [...]` instead of `cmd`), or move {DVC_FILE} away",
    )


def _refuse_hand_edit(plan: _Plan, old: str | None) -> None:
    if plan.path == DVC_FILE and old is not None and old != plan.content and is_edited(old):
        raise ConfigError(
            f"{DVC_FILE} was edited by hand below its header; this would be undone:\n{_diff(plan, old)}",
            "move the change to mlops.yaml, then: cdml generate --force",
        )


def ignore_lines(text: str, outs: Iterable[str]) -> str:
    """A .gitignore with a line for every output, the missing ones under our comment; nothing is taken away."""
    present = {line.rstrip().removeprefix("/") for line in text.splitlines()}
    lines = [_literal(out) for out in outs]
    missing = [line for line in dict.fromkeys(lines) if line.removeprefix("/") not in present]
    if not missing:
        return text
    if text and not text.endswith("\n"):
        text += "\n"
    rows = text.splitlines(keepends=True)
    place = next((index + 1 for index, row in enumerate(rows) if row.rstrip() == IGNORE_MARK), None)
    if place is None:
        rows += ["\n"] * bool(rows) + [f"{IGNORE_MARK}\n"]
        place = len(rows)
    while place < len(rows) and rows[place].strip():
        place += 1
    return "".join([*rows[:place], *(f"{line}\n" for line in missing), *rows[place:]])


def _literal(path: str) -> str:
    """A path as a .gitignore line that means it alone."""
    return "/" + "".join(f"\\{char}" if char in "*?[" else char for char in path)


def _diff(plan: _Plan, old: str | None) -> str:
    """The unified difference between what stands there and what belongs there."""
    lines = difflib.unified_diff(
        (old or "").splitlines(keepends=True),
        plan.content.splitlines(keepends=True),
        f"a/{plan.path}" if old is not None else "/dev/null",
        f"b/{plan.path}",
    )
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return text.encode("utf-8", "replace").decode()

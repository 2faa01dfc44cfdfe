"""What follows from mlops.yaml and is kept in the repository: dvc.yaml, CI, the schema, the ignore rules.

All of it is planned first and written after, so that a refusal leaves every file as it was.
"""

from __future__ import annotations

import difflib
import functools
import io
import json
import os
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
from cdml.jobs.generate_ci import ci_files, superseded
from cdml.jobs.stamp import is_edited, is_ours, stamped
from cdml.state.git import Git

State = Literal["written", "unchanged", "stale", "removed", "own"]

IGNORE_FILE = ".gitignore"
IGNORE_MARK = "# Outputs that DVC keeps (cdml generate)"


@dataclass(frozen=True)
class Generated:
    """One generated file: its path from the project's folder, what it is for, and the difference that is made."""

    path: str
    purpose: str
    state: State
    diff: str = ""


@dataclass(frozen=True)
class _Plan:
    """One file as it should be; no content where it should not be any more. `stamped` ones hold our header.

    `instead` is the line that a file of people's own needs, which then keeps its place.
    """

    path: str
    purpose: str
    content: str | None
    stamped: bool = False
    instead: str = ""

    def gives_way(self, old: str | None) -> bool:
        """Whether what stands there is people's own and stays."""
        return bool(self.instead) and old is not None and not is_ours(old)


def generate(root: Path, *, check: bool = False, force: bool = False) -> tuple[Generated, ...]:
    """Write what mlops.yaml asks for; with `check` only say which files are stale.

    Raises ConfigError for a file of the same name that is not ours, and (without `force`) for one of ours that was
    edited by hand; then nothing was written.
    """
    settings = load(root)
    plans = (*_plans(root, settings), *_ci_plans(root, settings))
    found = [(plan, _present(root / plan.path)) for plan in plans]
    if not check:
        for plan, old in found:
            if plan.gives_way(old):
                continue
            _refuse_foreign(plan, old)
            if not force:
                _refuse_hand_edit(plan, old)
    return tuple(_carry_out(root, plan, old, check) for plan, old in found)


def _carry_out(root: Path, plan: _Plan, old: str | None, check: bool) -> Generated:
    if plan.gives_way(old):
        return Generated(plan.path, f"yours, and never touched; it needs the line `{plan.instead}`", "own")
    fresh = old == plan.content
    state: State = "unchanged" if fresh else "stale" if check else "written"
    if state == "written" and plan.content is None:
        (root / plan.path).unlink()
        state = "removed"
    elif state == "written" and plan.content is not None:
        files.write(root / plan.path, plan.content.encode("utf-8", "surrogateescape"))
    return Generated(plan.path, plan.purpose, state, "" if fresh else _diff(plan, old))


def stale_files(root: Path) -> tuple[str, ...]:
    """Generated files on which a run depends and that do not say what mlops.yaml says: dvc.yaml and ignore rules.

    The schema is none of them: another version of cdml may word it otherwise, and the run is the same.
    """
    plans = _plans(root, load(root), schema=False)
    return tuple(p.path for p in plans if _present(root / p.path) != p.content)


def _plans(root: Path, settings: Settings, *, schema: bool = True) -> tuple[_Plan, ...]:
    parts = (settings.train.stage, settings.evaluate.stage, *settings.evaluate.after)
    stages = [stage for stage in parts if stage is not None]
    plans = []
    if stages:
        _refuse_own_pipeline(_present(root / DVC_FILE), stages)
        plans.append(_Plan(DVC_FILE, "the pipeline that DVC runs", dvc_yaml(stages), stamped=True))
    if schema:
        plans.append(_Plan(SCHEMA_FILE, "lets editors complete and check mlops.yaml", _schema_text()))
    outs = [out for stage in stages for out in (*stage.outs, *stage.metrics)]
    if outs:
        ignored = ignore_lines(_present(root / IGNORE_FILE) or "", outs)
        plans.append(_Plan(IGNORE_FILE, "keeps outputs out of git, which DVC keeps", ignored))
    return tuple(plans)


@functools.cache
def _schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _ci_plans(root: Path, settings: Settings) -> tuple[_Plan, ...]:
    """CI stands at the top of the repository, for all of its models; outside of git there is none."""
    git = Git(root)
    if git.run("rev-parse", "--is-inside-work-tree", check=False).code != 0:
        return ()
    top, here = git.top().resolve(), root.resolve()
    wanted = ci_files(git, here, settings)
    gone = superseded(top, wanted)
    way = os.path.relpath(top, here).replace(os.sep, "/")
    plans = [
        _Plan(_join(way, file.path), file.purpose, stamped(file.text), stamped=True, instead=file.instead)
        for file in wanted
    ]
    plans += [_Plan(_join(way, path), "is asked for no more", None, stamped=True) for path in gone]
    return tuple(plans)


def _join(way: str, path: str) -> str:
    return path if way == "." else f"{way}/{path}"


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
    return stamped(_dump({"stages": {stage.name: _stage(stage) for stage in stages}}))


def _stage(stage: Stage) -> dict[str, Any]:
    """One stage in DVC's words; a parameters file without names is taken as a whole."""
    params = [{_scalar(file): _scalars(keys) or None} for file, keys in stage.params.items()]
    words = {
        "cmd": _scalar(stage.cmd),
        "deps": _scalars(stage.deps),
        "params": params,
        "outs": _scalars(stage.outs),
        "metrics": _scalars(stage.metrics),
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


def _refuse_own_pipeline(old: str | None, stages: list[Stage]) -> None:
    if old is None or is_ours(old):
        return
    names = " and ".join(f"`{stage.name}`" for stage in stages)
    raise ConfigError(
        f"{DVC_FILE} is your own and is never overwritten, but {names} in mlops.yaml would be generated into it",
        f"name your stages in mlops.yaml (`stages: [...]` instead of `cmd`), or move {DVC_FILE} away",
    )


def _refuse_foreign(plan: _Plan, old: str | None) -> None:
    if plan.stamped and old is not None and not is_ours(old):
        raise ConfigError(
            f"{plan.path} is your own and is never overwritten, but mlops.yaml asks for one of that name",
            f"move {plan.path} away, then: cdml generate",
        )


def _refuse_hand_edit(plan: _Plan, old: str | None) -> None:
    if plan.stamped and old is not None and old != plan.content and is_edited(old):
        raise ConfigError(
            f"{plan.path} was edited by hand below its header; this would be undone:\n{_diff(plan, old)}",
            "move the change to mlops.yaml (own jobs: to a file of their own), then: cdml generate --force",
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
        (plan.content or "").splitlines(keepends=True),
        f"a/{plan.path}" if old is not None else "/dev/null",
        f"b/{plan.path}" if plan.content is not None else "/dev/null",
    )
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return text.encode("utf-8", "replace").decode()

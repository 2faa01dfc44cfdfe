"""Everything that can be told from the repository before anything trains, every problem at once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cdml.config import load, pipeline, words
from cdml.core.crosses import parts
from cdml.core.errors import CdmlError, ConfigError, Problem
from cdml.core.settings import CONFIG_FILE, Settings, Stage
from cdml.jobs.data_check import check_contracts
from cdml.jobs.data_check import declared as under_contract
from cdml.jobs.generate import generate
from cdml.jobs.stamp import is_ours
from cdml.state.git import Git, open_git

if TYPE_CHECKING:
    from cdml.config.source import Path as Keys
    from cdml.config.source import Source

HEADER_LARGEST = 1 << 20  # bytes of a CSV file's first line


@dataclass(frozen=True)
class Checked:
    """What was found; settings, and the data they were read from, where mlops.yaml could be read."""

    problems: tuple[Problem, ...]
    settings: Settings | None = None
    written: Mapping[str, object] = field(default_factory=dict)


def check(root: Path) -> Checked:
    """Every problem of a project in `root`, in the order of its files and lines."""
    problems, git = _repository(root)
    try:
        text = load.text(root)
        settings = load.load(root)
    except ConfigError as error:
        return Checked((*problems, *_spread(error)))
    from cdml.config.source import read

    source = read(text, CONFIG_FILE)
    pipelines = _pipelines(root, source, settings)
    _templates(root, source, settings)
    if git is not None:
        _inputs(git, source, settings, pipelines)
    _columns(root, source, settings)
    inside = check_contracts(root, source, settings)
    found = sorted(source.problems, key=lambda problem: problem.line or 0)
    return Checked((*problems, *found, *inside, *_generated(root)), settings, source.data)


def _repository(root: Path) -> tuple[list[Problem], Git | None]:
    """git and DVC, without which nothing can be delivered."""
    try:
        git = open_git(root)
    except CdmlError:
        return [Problem(str(root), None, "", "is not inside a git repository.", "Type: git init")], None
    top = git.top().resolve()
    places = [folder for folder in (root.resolve(), *root.resolve().parents) if folder.is_relative_to(top)]
    if any((folder / ".dvc" / "config").is_file() for folder in places):
        return [], git
    return [Problem(".dvc", None, "", "DVC is not set up here.", "Type: cdml init")], git


def _spread(error: CdmlError) -> tuple[Problem, ...]:
    """An error as problems: its own list, or itself."""
    if isinstance(error, ConfigError) and error.problems:
        return error.problems
    hint = f"Type: {error.hint}" if error.hint else ""
    return (Problem(CONFIG_FILE, None, "", f"{error.message}.", hint),)


def _generated(root: Path) -> list[Problem]:
    """Generated files that do not say what mlops.yaml says."""
    try:
        states = generate(root, check=True)
    except ConfigError as error:
        return [Problem(pipeline.DVC_FILE, None, "", f"{error.message}:", error.hint)]
    return [
        Problem(item.path, None, "", "is not what mlops.yaml says.", "Type: cdml generate")
        for item in states
        if item.state == "stale"
    ]


def _pipelines(root: Path, source: Source, settings: Settings) -> dict[str, pipeline.Pipeline]:
    """The project's own dvc.yaml files by folder; notes stages that none of them has."""
    found: dict[str, pipeline.Pipeline] = {}
    for name, stages in (("train", settings.train.stages), ("evaluate", settings.evaluate.stages)):
        for index, address in enumerate(stages):
            keys: Keys = (name, "stages", index)
            file, _, stage = address.rpartition(":")
            file = file or pipeline.DVC_FILE
            try:
                read = pipeline.read(root / file)
            except ConfigError as error:
                source.report(keys, error.message, error.hint)
                continue
            if read is None:
                source.report(keys, f"there is no {file}")
                continue
            found[str(PurePosixPath(file).parent)] = read
            if not read.has(stage):
                known = [*read.stages, *read.templated]
                hint = words.suggestion(stage, known) or (f"Stages: {', '.join(known)}." if known else "")
                source.report(keys, f"{words.shown(stage)} is not a stage of {file}.", hint)
    return found


def _templates(root: Path, source: Source, settings: Settings) -> None:
    """A generated dvc.yaml that is the project's own now must not say that it is generated."""
    named = [name for name in ("train", "evaluate") if getattr(settings, name).stages]
    path = root / pipeline.DVC_FILE
    if len(named) == 2 and path.is_file() and is_ours(path.read_text("utf-8", "replace")):
        source.report(
            (named[0], "stages"),
            f"{pipeline.DVC_FILE} still says that it is generated.",
            "Remove the two comment lines at its top to make it your own.",
        )


def _inputs(git: Git, source: Source, settings: Settings, pipelines: dict[str, pipeline.Pipeline]) -> None:
    """Inputs that a fresh clone will not have: neither in git nor in DVC nor made by a stage."""
    inputs = list(_declared(settings))
    known = _tracked(git, [path for _, path in inputs])
    made = list(_made(settings, pipelines))
    for keys, path in inputs:
        if _held(path, known) or any(_covers(out, path) for out in made):
            continue
        if (git.root / path).exists():
            hint = f"Type: dvc add {path}, or take it out of .gitignore."
            source.report(keys, f"{path!r} is ignored by git and unknown to DVC, so no clone will have it.", hint)
        else:
            source.report(keys, f"{path!r} does not exist, and no stage writes it")


def _declared(settings: Settings) -> Iterator[tuple[Keys, str]]:
    """Every path that is read, with where mlops.yaml says so."""
    yield from under_contract(settings)
    for stage in (settings.train.stage, settings.evaluate.stage):
        if stage is not None and not (stage.name == "evaluate" and settings.evaluate.builtin):
            yield from _declared_by(stage)
    evaluate = settings.evaluate
    if evaluate.data and (evaluate.stage is None or evaluate.builtin or evaluate.data not in evaluate.stage.deps):
        yield ("evaluate", "data"), evaluate.data
    for index, test in enumerate(evaluate.behaviour):
        for key, path in (("data", test.data), ("pytest", test.path)):
            if path and path != evaluate.data:
                yield ("evaluate", "behaviour", index, key), path


def _declared_by(stage: Stage) -> Iterator[tuple[Keys, str]]:
    for index, dep in enumerate(stage.deps):
        yield (stage.name, "deps", index), dep
    for file in stage.params:
        yield (stage.name, "params"), file


def _tracked(git: Git, paths: Iterable[str]) -> tuple[str, ...]:
    """Which of these (or their .dvc files, or those of the folders above) git holds or would take."""
    asked: dict[str, None] = {}
    for path in paths:
        asked[path] = None
        for part in (PurePosixPath(path), *PurePosixPath(path).parents):
            if part.name:
                asked[f"{part}.dvc"] = None
    if not asked:
        return ()
    specs = [f":(literal){path}" for path in asked]
    out = git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *specs).out
    return tuple(out.decode("utf-8", "surrogateescape").split("\0"))


def _held(path: str, known: tuple[str, ...]) -> bool:
    above = [str(part) for part in (PurePosixPath(path), *PurePosixPath(path).parents)]
    return any(item == path or item.startswith(f"{path}/") or item.removesuffix(".dvc") in above for item in known)


def _made(settings: Settings, pipelines: dict[str, pipeline.Pipeline]) -> Iterator[str]:
    """What stages write; `${...}` in a dvc.yaml stands for anything."""
    for stage in (settings.train.stage, settings.evaluate.stage, *settings.evaluate.after):
        yield from stage.outs if stage else ()
    for folder, found in pipelines.items():
        for out in found.outs:
            yield str(PurePosixPath(folder, out))


def _covers(out: str, path: str) -> bool:
    if "${" in out:
        head, _, rest = out.partition("${")
        return fnmatchcase(path, f"{head}*{rest.partition('}')[2]}*")
    return path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/")


def _columns(root: Path, source: Source, settings: Settings) -> None:
    """The columns that mlops.yaml names are in the header of the test data, where that is a CSV at hand."""
    evaluate = settings.evaluate
    columns = header(root / evaluate.data) if evaluate.data else None
    if columns is None:
        return
    named: list[tuple[Keys, str | None]] = [(("evaluate", "target"), evaluate.target)]
    if evaluate.builtin:
        named.append((("evaluate", "id"), evaluate.id))
        cuts = ((("evaluate", "by", index), name) for index, name in enumerate(evaluate.by))
        named += [(keys, part) for keys, name in cuts for part in parts(name, columns) if part != "y_true"]
    for keys, column in named:
        if column is not None and column not in columns:
            hint = words.suggestion(column, columns) or f"Columns: {', '.join(columns[:20])}."
            source.report(keys, f"{words.shown(column)} is not a column of {evaluate.data}.", hint)


def header(path: Path) -> list[str] | None:
    """The columns of a CSV file, or None where it is not one that can be read here."""
    if path.suffix != ".csv" or not path.is_file():
        return None
    with path.open("rb") as file:
        first = file.readline(HEADER_LARGEST)
    try:
        return next(csv.reader([first.decode("utf-8-sig")]), None) or None
    except (UnicodeDecodeError, csv.Error):
        return None

"""A project's own evaluation run again as it was: code and artifact as they were released, on other test data."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cdml.core.errors import ExternalError, RefusedError
from cdml.core.files import write
from cdml.core.interpreter import stage_environment
from cdml.core.process import stream
from cdml.jobs.project import Project
from cdml.state.git import Git, words
from cdml.state.inputs import stage_names
from cdml.state.pipeline import StageView
from cdml.state.snapshot import Snapshot


def by_command(project: Project, who: Snapshot, files: Mapping[str, bytes], dataset: str = "") -> bytes:
    """The predictions file that a model's own evaluation writes with `files` in the place of its test data.

    `dataset` asks for that dataset's predictions instead. The stages run in a temporary checkout, without DVC, in
    the project's interpreter. Raises RefusedError where they cannot be run so, ExternalError where they fail.
    """
    evaluate = who.settings.evaluate
    if dataset and evaluate.predictions_of(dataset) is None and evaluate.data:
        dataset = ""  # it knows no such dataset, but takes other data for its own
    wanted = evaluate.predictions_of(dataset)
    if wanted is None:
        raise RefusedError(f"{who.label} writes no predictions{f' of {dataset}' if dataset else ''}")
    _, names = stage_names(who.settings)
    stages = _in_order([who.pipeline.stage(name) for name in names])
    with tempfile.TemporaryDirectory(prefix="cdml-score-") as folder:
        root = _checkout(project, who.code if who.commit is None else who.commit, Path(folder))
        _bring_inputs(project, who, stages, root)
        for path, content in _placed(who, stages, files, dataset).items():
            write(root / path, content)
        for stage in stages:
            _run(project, who, stage, root)
        if not (root / wanted).is_file():
            raise ExternalError(f"evaluating {who.label} again wrote no file {wanted}")
        return (root / wanted).read_bytes()


def _in_order(stages: list[StageView]) -> list[StageView]:
    """Each after those that make what it reads; stages that DVC ran have no circle."""
    left, ordered = list(stages), []
    while left:
        free = [s for s in left if not any(_reads(s, other) for other in left if other is not s)] or left
        ordered += free
        left = [s for s in left if s not in free]
    return ordered


def _reads(stage: StageView, other: StageView) -> bool:
    return any(dep == out or dep.startswith(f"{out}/") for dep in stage.deps for out in other.outs)


def _checkout(project: Project, commit: str, folder: Path) -> Path:
    """All files of a commit, in a folder that is no repository; returns the project's folder in it."""
    top = Git(project.git.top())
    index = {"GIT_INDEX_FILE": str(folder / "index")}
    files = folder / "files"
    top.run("read-tree", commit, env=index)
    top.run("checkout-index", "--all", "--quiet", f"--prefix={files}/", env=index)
    return files / project.git.prefix()


def _bring_inputs(project: Project, who: Snapshot, stages: list[StageView], root: Path) -> None:
    """What the stages read and git does not keep: the artifact, data that DVC tracks."""
    made = {out for stage in stages for out in stage.outs}
    for stage in stages:
        for path in stage.deps:
            if path in made or "://" in path or path.startswith("../") or (root / path).exists():
                continue
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if who.commit is None:
                _copy(project.root / path, place)
            elif not project.dvc.download(who.commit, path, place):
                raise RefusedError(f"{path} of {who.label} is in neither git, DVC's cache nor its remote")


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place)
    elif source.is_file():
        shutil.copyfile(source, place)


def _placed(who: Snapshot, stages: list[StageView], files: Mapping[str, bytes], dataset: str) -> dict[str, bytes]:
    """The test data under the names that the model's own command reads them by."""
    own = who.settings.evaluate.data_of(dataset)
    placed = dict(files) if own is None or len(files) != 1 else {own: next(iter(files.values()))}
    read = {dep for stage in stages for dep in stage.deps}
    unread = [path for path in placed if not any(path == dep or path.startswith(f"{dep}/") for dep in read)]
    if unread:  # it would answer for its own data, and nobody would see it
        raise RefusedError(f"{who.label} does not read {words(unread)}: its test data have other names")
    return placed


def _run(project: Project, who: Snapshot, stage: StageView, root: Path) -> None:
    for out in stage.outs:  # what lies there is the answer to another question
        place = root / out
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
    # A stage's command is the project's own line of shell, as DVC runs it.
    done = stream(
        ["sh", "-e", "-c", stage.cmd],
        cwd=root / stage.folder,
        env=stage_environment(project.root),
        say=lambda line: None,
    )
    if done.code != 0:
        raise ExternalError(
            f"evaluating {who.label} again failed at {stage.name} (exit {done.code})", printed=done.tail()
        )

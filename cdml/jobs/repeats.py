"""`cdml repeats`: trains again with other seeds, so that luck can be told from progress.

Each training runs in a temporary copy of the project with its own number in CDML_SEED, which the project's command
must read. Only metrics are kept. It is a stage of its own: DVC does not repeat it for unchanged inputs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cdml.config.behaviour import REPEATS_FILE
from cdml.config.load import load
from cdml.core.comparison import MetricResult
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.core.files import write
from cdml.core.findings import Spread
from cdml.core.interpreter import stage_environment
from cdml.core.process import stream
from cdml.core.serialize import dump
from cdml.core.serialize import load as load_json
from cdml.core.settings import Settings, Stage
from cdml.evaluation.compare import measure
from cdml.evaluation.metrics import METRICS
from cdml.evaluation.pairing import Pair
from cdml.evaluation.predictions import Predictions, read
from cdml.jobs.trace import IGNORED
from cdml.state.dvc import Dvc
from cdml.state.pipeline import read_pipeline

SPEC = 1
LARGEST = 1e100  # the sum of larger ones may be no number
SEED_VARIABLE = "CDML_SEED"
# Neither history nor caches nor environments; a folder called build may be the project's own.
LEFT_OUT = IGNORED - {"build", "dist"}


@dataclass(frozen=True)
class Repeats:
    """What the file holds: the metrics of each training, by name, in the order of the seeds."""

    seeds: tuple[int, ...]
    metrics: Mapping[str, tuple[float, ...]]


def repeat(root: Path, spec: int, say: Callable[[str], None]) -> Repeats:
    """Train and evaluate `train.repeats` - 1 times more, with the seeds 1, 2, ..., and write the metrics.

    Raises ExternalError where a command fails, ConfigError where it writes no predictions that can be read.
    """
    if spec != SPEC:
        raise UsageError(f"dvc.yaml asks for repeats {spec}, this is {SPEC}", "cdml generate")
    settings = load(root)
    seeds = tuple(range(1, settings.train.repeats))
    commands = _commands(root, settings)
    found = []
    for seed in seeds:
        say(f"training {seed + 1} of {settings.train.repeats} ({SEED_VARIABLE}={seed})")
        found.append(_once(root, settings, commands, seed, say))
    names = [name for name in (found[0] if found else {}) if all(name in one for one in found)]
    result = Repeats(seeds, {name: tuple(one[name] for one in found) for name in names})
    write(root / REPEATS_FILE, dump(result))
    return result


def spreads(content: bytes | None, metrics: tuple[MetricResult, ...]) -> tuple[Spread, ...]:
    """How the metrics of a candidate spread over seeds: its own values and those that a run wrote.

    Nothing where no run wrote any. Raises ConfigError for what cdml did not write.
    """
    if content is None:
        return ()
    kept = load_json(Repeats, content, REPEATS_FILE, "cdml run evaluate").metrics
    own = {result.name: result.candidate for result in metrics if result.candidate is not None}
    found = {name: (value, *kept[name]) for name, value in own.items() if kept.get(name)}
    return tuple(_spread(name, values) for name, values in found.items() if max(map(abs, values)) < LARGEST)


def _spread(name: str, values: tuple[float, ...]) -> Spread:
    from statistics import fmean, stdev

    return Spread(name, len(values), min(values), max(values), fmean(values), stdev(values))


def _commands(root: Path, settings: Settings) -> tuple[str, ...]:
    """The command lines of train and evaluate, with DVC's templates filled in."""
    stages = [stage for stage in (settings.train.stage, settings.evaluate.stage) if stage is not None]
    if not any("${" in stage.cmd for stage in stages):
        return tuple(stage.cmd for stage in stages)
    pipeline = read_pipeline(Dvc(root), None)
    return tuple(pipeline.stage(stage.name).cmd for stage in stages)


def _once(
    root: Path, settings: Settings, commands: tuple[str, ...], seed: int, say: Callable[[str], None]
) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="cdml-repeat-") as folder:
        copy = Path(folder) / root.resolve().name
        _copy(root, copy, settings)
        env = {**stage_environment(root), SEED_VARIABLE: str(seed)}
        for command in commands:
            done = stream(_shell(command), cwd=copy, env=env, say=say)
            if done.code != 0:
                raise ExternalError(f"{command} failed with {SEED_VARIABLE}={seed}", printed=done.tail())
        return _metrics(copy, settings)


def _shell(command: str) -> list[str]:
    """The project's own command, run as DVC runs it."""
    return ["cmd", "/c", command] if os.name == "nt" else ["/bin/sh", "-c", command]


def _copy(root: Path, copy: Path, settings: Settings) -> None:
    """The project's folder without what its stages write, whose folders stay."""
    stages = (settings.train.stage, settings.evaluate.stage, *settings.evaluate.after)
    outs = [out for stage in stages if isinstance(stage, Stage) for out in stage.outs]
    written = {(root / out).resolve() for out in outs}

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in LEFT_OUT or (Path(folder) / name).resolve() in written]

    shutil.copytree(root, copy, ignore=left_out, symlinks=True)
    for out in outs:
        (copy / out).parent.mkdir(parents=True, exist_ok=True)


def _metrics(copy: Path, settings: Settings) -> dict[str, float]:
    """Every metric that the predictions give."""
    path = str(settings.evaluate.predictions)
    if not (copy / path).is_file():
        raise ConfigError(f"evaluate wrote no file {path}", "correct the script, or evaluate.predictions")
    predictions = read(copy / path, path, settings.evaluate)
    found = {name: _value(predictions, name) for name in _names(settings, predictions)}
    return {name: value for name, value in found.items() if value is not None}


def _names(settings: Settings, predictions: Predictions) -> tuple[str, ...]:
    own = tuple(spec.name for spec in settings.evaluate.defined if spec.kind != "reported")
    usual = (name for name, metric in METRICS.items() if predictions.task in metric.tasks)
    return tuple(dict.fromkeys((*usual, *own)))


def _value(predictions: Predictions, name: str) -> float | None:
    return measure(Pair(None, predictions), name).candidate

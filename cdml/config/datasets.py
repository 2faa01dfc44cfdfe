"""`evaluate.datasets`: more test sets, each with the file of predictions on it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cdml.config.grammar import PREDICTIONS
from cdml.core.settings import Dataset

if TYPE_CHECKING:
    from cdml.config.model import EvaluateModel
    from cdml.config.read import Draft
    from cdml.config.source import Path, Source


def check(source: Source, draft: Draft) -> None:
    """Note datasets of which nobody would write predictions, or two of one file."""
    evaluate = draft.evaluate
    if evaluate is None:
        return
    if "importance" in evaluate.model_fields_set and (evaluate.cmd or evaluate.stages):
        source.report(("evaluate", "importance"), "is the built-in evaluator's: your command does not measure it")
    if not evaluate.datasets:
        return
    own = evaluate.cmd is not None or evaluate.stages is not None
    if evaluate.stages is not None and evaluate.predictions is None:
        source.report(("evaluate", "datasets"), "needs evaluate.predictions: the first of all test sets")
    for name, dataset in evaluate.datasets.items():
        path: Path = ("evaluate", "datasets", name)
        if own and dataset.predictions is None:
            source.report(path, "needs `predictions`: the file that your command writes for this dataset")
        elif not own and dataset.data is None:
            source.report(path, "needs `data`: the file that the built-in evaluator scores")
    if evaluate.stages is not None:  # of inline stages no two outputs may overlap at all
        _files(source, evaluate)


def _files(source: Source, evaluate: EvaluateModel) -> None:
    """Every dataset has a file of predictions of its own."""
    seen = {evaluate.predictions or PREDICTIONS: "evaluate.predictions"}
    for name, path in outs(evaluate).items():
        if path in seen:
            key = "predictions" if evaluate.datasets[name].predictions else ""
            place: Path = ("evaluate", "datasets", name, *([key] if key else []))
            source.report(place, f"its predictions {path!r} are those of {seen[path]}")
        seen.setdefault(path, f"dataset {name!r}")


def outs(evaluate: EvaluateModel) -> dict[str, str]:
    """The file of predictions of every dataset that has one, by the dataset's name."""
    builtin = evaluate.cmd is None and evaluate.stages is None
    main = PurePosixPath(evaluate.predictions or PREDICTIONS)
    return {
        name: dataset.predictions or str(main.with_name(f"{main.stem}.{name}{main.suffix}"))
        for name, dataset in evaluate.datasets.items()
        if dataset.predictions or builtin
    }


def written(evaluate: EvaluateModel) -> list[tuple[Path, str]]:
    """Those that an inline stage writes and its `outs` do not name, with where they are asked for."""
    if evaluate.stages is not None:
        return []
    named = evaluate.outs or ()
    return [(("evaluate", "datasets", name), path) for name, path in outs(evaluate).items() if path not in named]


def build(evaluate: EvaluateModel) -> tuple[Dataset, ...]:
    """The datasets in order of writing."""
    paths = outs(evaluate)
    return tuple(Dataset(name, dataset.data, paths[name]) for name, dataset in evaluate.datasets.items())


def parameters(evaluate: EvaluateModel) -> tuple[str, ...]:
    """The keys of mlops.yaml that say which data each file of the built-in evaluator is of."""
    return tuple(f"evaluate.datasets.{name}.data" for name in evaluate.datasets)

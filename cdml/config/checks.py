"""The rules between keys of mlops.yaml, in words. Each check looks only at parts that could be read."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from cdml.config import behaviour, data, datasets, monitor, slicing, words
from cdml.config.grammar import PREDICTIONS
from cdml.config.model import REQUIRED, EvaluateModel, TrainModel

if TYPE_CHECKING:
    from cdml.config.read import Draft
    from cdml.config.source import Path, Source

# Words with a meaning of their own where an environment or a baseline is named.
RESERVED = ("latest", "main", "none", "all", "HEAD")
_INLINE = ("deps", "params", "outs")


def check(source: Source, draft: Draft) -> None:
    """Note every broken rule."""
    for key in REQUIRED:
        if key not in source.data and not source.meant((key,)):
            source.report((key,), "is missing", _EXAMPLES[key])
    _train(source, draft)
    _evaluate(source, draft)
    _one_pipeline(source, draft)
    _artifact(source, draft)
    _images(source, draft)
    datasets.check(source, draft)
    behaviour.check(source, draft)
    slicing.check(source, draft)
    _overlaps(source, draft)
    _environments(source, draft)
    monitor.check(source, draft)
    data.check(source, draft)


_EXAMPLES = {
    "model": "Write a name for the registry, such as `model: churn`.",
    "train": "Write `train:` with `cmd`, `deps` and `outs`, or `stages` of your dvc.yaml.",
    "evaluate": "Write `evaluate:` with `data` and `target`, a `cmd`, or `stages` of your dvc.yaml.",
}


def _train(source: Source, draft: Draft) -> None:
    train = draft.train
    if train is None or not _one_way(source, train, "train"):
        return
    if train.cmd is None and train.stages is None:
        source.report(("train",), "needs `cmd` with `outs`, or `stages` of your dvc.yaml")
    elif train.cmd is not None and train.outs is None:
        source.report(("train", "outs"), "is missing: `cmd` needs the files that it writes, the model among them")


def _evaluate(source: Source, draft: Draft) -> None:
    evaluate = draft.evaluate
    if evaluate is None or not _one_way(source, evaluate, "evaluate"):
        return
    if is_builtin(evaluate):
        lacking = [key for key in ("data", "target") if getattr(evaluate, key) is None]
        if lacking:
            missing = words.listed([f"`{key}`" for key in lacking], "and")
            source.report(
                ("evaluate",),
                f"needs {missing} for the built-in evaluator.",
                "Or give a `cmd` that writes predictions, or `stages` of your dvc.yaml.",
            )
    if evaluate.by and evaluate.stages is not None and evaluate.predictions is None:
        source.report(
            ("evaluate", "by"), "needs `predictions`: the file that your stages write, whose columns are sliced by"
        )
    if evaluate.positive is not None and evaluate.task not in (None, "binary"):
        source.report(("evaluate", "positive"), f"has no meaning for a {evaluate.task} task.", "Remove it.")


def _one_way(source: Source, part: TrainModel | EvaluateModel, name: str) -> bool:
    """Whether a job says in one way only how it is done."""
    if part.stages is not None and part.cmd is not None:
        source.report(
            (name, "stages"), "stands beside `cmd`: keep one of them.", "Stages are in dvc.yaml, `cmd` is inline."
        )
        return False
    given = [key for key in _INLINE if key in part.model_fields_set]
    if part.cmd is None and given:
        owner = "the stages in dvc.yaml have their own" if part.stages is not None else f"there is no {name}.cmd"
        for key in given:
            source.report((name, key), f"belongs to `cmd`, but {owner}")
        return False
    return True


def is_builtin(evaluate: EvaluateModel) -> bool:
    """Whether cdml's own evaluator scores the artifact."""
    return evaluate.cmd is None and evaluate.stages is None


def _one_pipeline(source: Source, draft: Draft) -> None:
    """Inline stages are generated into dvc.yaml, which then cannot hold stages of the project's own."""
    train, evaluate = draft.train, draft.evaluate
    if train is None or evaluate is None or source.has(("train",)) or source.has(("evaluate",)):
        return
    for own, name, other, inline in (
        (train, "train", evaluate, "evaluate"),
        (evaluate, "evaluate", train, "train"),
    ):
        if own.stages is not None and other.stages is None and any(":" not in stage for stage in own.stages):
            source.report(
                (name, "stages"),
                f"names stages of your own dvc.yaml, but {inline}'s stage would have to be generated into it.",
                f"Add that stage to dvc.yaml and name it in {inline}.stages: `cdml evaluator --spec 1` is the "
                "built-in evaluator's cmd."
                if is_builtin_section(other)
                else f"Add that stage to dvc.yaml and name it in {inline}.stages.",
            )


def is_builtin_section(part: TrainModel | EvaluateModel) -> bool:
    """Whether a section is an `evaluate` done by the built-in evaluator."""
    return isinstance(part, EvaluateModel) and is_builtin(part)


def _artifact(source: Source, draft: Draft) -> None:
    train, register = draft.train, draft.register
    if train is None or source.has(("register",)) or source.has(("train",)):
        return
    artifact = register.artifact if register else None
    outs = train.outs or ()
    if artifact is None and len(outs) != 1:
        why = f"train has {len(outs)} outs" if outs else "train names stages of dvc.yaml"
        source.report(("register", "artifact"), f"is missing: {why}.", "Say which output is the model.")
    elif artifact is not None and outs and artifact not in outs:
        hint = words.suggestion(artifact, outs) or f"Outs of train: {', '.join(outs)}."
        source.report(("register", "artifact"), f"{artifact!r} is not among train.outs.", hint)


def _overlaps(source: Source, draft: Draft) -> None:
    """DVC refuses two outputs one inside the other, and a stage that reads what it writes."""
    outs = list(_written(draft))
    for (path, out), (before, earlier) in ((b, a) for a, b in combinations(outs, 2)):
        if _inside(out, earlier) or _inside(earlier, out):
            where = f"{before[0]}.{before[1]}"
            source.report(path, f"{out!r} overlaps with {earlier!r} of {where}: an output has one owner")
    for name, part in (("train", draft.train), ("evaluate", draft.evaluate)):
        for index, dep in enumerate(part.deps if part else ()):
            for path, out in outs:
                if path[0] == name and (_inside(dep, out) or _inside(out, dep)):
                    source.report((name, "deps", index), f"{dep!r} is written by this stage itself ({out})")


def _written(draft: Draft) -> list[tuple[Path, str]]:
    """Every output of inline stages, with where it is written in the file."""
    found: list[tuple[Path, str]] = []
    for name, part in (("train", draft.train), ("evaluate", draft.evaluate)):
        found += [((name, "outs", index), out) for index, out in enumerate((part.outs if part else None) or ())]
    evaluate = draft.evaluate
    if evaluate is not None and evaluate.stages is None:
        predictions = evaluate.predictions or PREDICTIONS
        if predictions not in (evaluate.outs or ()):
            found.append((("evaluate", "predictions"), predictions))
        found += datasets.written(evaluate)
    found += behaviour.written(draft)
    if evaluate is not None and evaluate.cmd is not None:
        asked = evaluate.images
        found += [(("evaluate", "images", asked.index(path)), path) for path in unwritten_images(draft)]
    return found


def unwritten_images(draft: Draft) -> tuple[str, ...]:
    """The pictures that no output named so far holds: inline, evaluate's command writes them."""
    train, evaluate = draft.train, draft.evaluate
    outs = [*((train.outs if train else None) or ()), *((evaluate.outs if evaluate else None) or ())]
    asked = dict.fromkeys(evaluate.images if evaluate else ())
    return tuple(path for path in asked if not any(_inside(path, out) for out in outs))


def _images(source: Source, draft: Draft) -> None:
    evaluate = draft.evaluate
    if evaluate is None or draft.train is None or not is_builtin(evaluate) or draft.train.stages:
        return
    for path in unwritten_images(draft):
        source.report(
            ("evaluate", "images", evaluate.images.index(path)),
            f"{path!r} is written by nobody: the built-in evaluator draws nothing.",
            "Name it in train.outs, or give a `cmd` that draws it.",
        )


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _environments(source: Source, draft: Draft) -> None:
    seen: dict[str, str] = {}
    main = draft.ci.main if draft.ci else None
    for name, environment in draft.environments.items():
        path: Path = ("environments", name)
        if name.upper() in {word.upper() for word in RESERVED}:
            source.report(path, f"{name!r} is a word with a meaning of its own: choose another name")
        branch = environment.branch or f"release/{name}"
        key: Path = (*path, "branch") if environment.branch else path
        if branch == main:
            source.report(
                key, f"its branch {branch!r} is the main branch; a release branch holds nothing but records"
            )
        for other, owner in seen.items():
            if _inside(branch, other) or _inside(other, branch):
                what = "is also that" if branch == other else f"cannot stand beside {other!r}, that"
                source.report(key, f"its branch {branch!r} {what} of environment {owner!r}")
        seen.setdefault(branch, name)
    _ports(source, draft)


def _ports(source: Source, draft: Draft) -> None:
    """Two servers on this machine cannot share an address."""
    taken: dict[str, tuple[object, object]] = {}
    for name, options in draft.options.items():
        deploy = draft.environments[name].deploy
        if deploy is None or deploy.target != "local":
            continue
        here = (options["host"], options["port"])
        for other, there in taken.items():
            if here[1] == there[1] and (here[0] == there[0] or "0.0.0.0" in (here[0], there[0])):  # noqa: S104
                source.report(
                    ("environments", name, "deploy", "port"),
                    f"{here[0]}:{here[1]} is taken by environment {other!r}",
                )
        taken[name] = here

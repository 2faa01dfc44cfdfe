"""`evaluate.behaviour` and `train.repeats`: what is asked of a model besides its metrics, and who asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from cdml.config import words
from cdml.config.fields import Absent, FilePath, Share, Strict, Text, without
from cdml.core.findings import BehaviourKind
from cdml.core.settings import CONFIG_FILE, BehaviourTest, Gate, Stage

if TYPE_CHECKING:
    from cdml.config.model import EvaluateModel, TrainModel
    from cdml.config.read import Draft
    from cdml.config.source import Path, Source

# The numbers change with what is computed, so that no cache serves a fixed bug.
BEHAVIOUR_COMMAND, BEHAVIOUR_FILE = "cdml behaviour --spec 1", "reports/behaviour.json"
REPEATS_COMMAND, REPEATS_FILE = "cdml repeats --spec 1", "reports/repeats.json"
KINDS = ("invariance", "direction", "examples", "pytest")
WAYS = ("values", "add", "multiply")
MOST_TESTS, MOST_ROWS, MOST_REPEATS = 50, 1000, 50
DEFAULT_SAMPLE = 200

Scalar = str | bool | int | float
Label = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", max_length=80)]
Count = Annotated[int, Field(ge=0)]
_CHANGE: list[JsonValue] = [
    {"required": [way], **without(*(other for other in WAYS if other != way))} for way in WAYS
]
_TEST: list[JsonValue] = [
    {"required": [kind], **without(*(other for other in KINDS if other != kind))} for kind in KINDS
]


class ChangeModel(Strict):
    """What is changed in each row: exactly one of `values`, `add` and `multiply`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _CHANGE})

    column: Text = Field(description="The column that is changed.")
    values: Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=20)] | Absent = Field(
        None, description="Each of these takes the column's place."
    )
    add: float | Absent = Field(None, description="This is added to the column's number.")
    multiply: float | Absent = Field(None, description="The column's number is multiplied by this.")


class DirectionModel(Strict):
    """How the score follows a number: exactly one of `add` and `multiply`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _CHANGE[1:]})

    column: Text = Field(description="The column of numbers that is changed.")
    add: float | Absent = Field(None, description="This is added to the column's number.")
    multiply: float | Absent = Field(None, description="The column's number is multiplied by this.")
    score: Literal["rises", "falls"] = Field(
        description="What the score (the number, of a regression) may do: it must never go the other way."
    )
    of: Text | Absent = Field(None, description="The class whose score is meant. Default: the second of two.")


class ExampleModel(Strict):
    """One row, and the answer that it must get."""

    input: Annotated[dict[Text, Scalar | None], Field(min_length=1)] = Field(description="The row by column.")
    answer: Scalar = Field(description="What the model must answer; a number within `tolerance`.")


class BehaviourModel(Strict):
    """One behavioural test: exactly one of `invariance`, `direction`, `examples` and `pytest`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _TEST})

    name: Label = Field(description="What is asked, in a few words; gates and waivers call it so.")
    invariance: ChangeModel | Absent = Field(None, description="A change that must not change the answer.")
    direction: DirectionModel | Absent = Field(None, description="A change that must move the score one way.")
    examples: Annotated[tuple[ExampleModel, ...], Field(min_length=1, max_length=MOST_ROWS)] | Absent = Field(
        None, description="Rows that must get given answers."
    )
    pytest: FilePath | Absent = Field(
        None,
        description="The project's own tests: a file or folder that pytest runs, with the artifact's path in "
        "CDML_MODEL.",
    )
    tolerance: Annotated[float, Field(ge=0)] | Absent = Field(
        None, description="How much a score or a number may differ. Default: the answer itself must be the same."
    )
    may_fail: Count | Share = Field(0, alias="may-fail", description="How many cases may fail, or which share.")
    data: FilePath | Absent = Field(None, description="Where rows come from. Default: evaluate.data.")
    sample: Annotated[int, Field(ge=1, le=10_000)] | Absent = Field(
        None, description=f"How many rows are tried, evenly chosen. Default: {DEFAULT_SAMPLE}."
    )


Behaviour = Annotated[tuple[BehaviourModel, ...], Field(max_length=MOST_TESTS)]
Repeats = Annotated[int, Field(ge=1, le=MOST_REPEATS)]


def check(source: Source, draft: Draft) -> None:
    """Note tests that ask for nothing, twice or of nobody, and repeats of what cannot be repeated here."""
    evaluate, train = draft.evaluate, draft.train
    if train is not None and train.repeats > 1:
        _repeats(source, draft, train)
    if evaluate is None:
        return
    seen: dict[str, int] = {}
    for index, test in enumerate(evaluate.behaviour):
        path: Path = ("evaluate", "behaviour", index)
        _one(source, path, test, evaluate)
        if seen.setdefault(test.name, index) != index:
            source.report((*path, "name"), f"{words.shown(test.name)} is the name of another test, too")


def _repeats(source: Source, draft: Draft, train: TrainModel) -> None:
    parts = (("train", train), ("evaluate", draft.evaluate))
    own = [name for name, part in parts if part and part.stages is not None]
    if own:
        source.report(
            ("train", "repeats"),
            f"needs a `cmd` or the built-in evaluator, but {own[0]} names stages of your dvc.yaml.",
            "Repeat the training in a stage of your own, or write the stages inline.",
        )


def _one(source: Source, path: Path, test: BehaviourModel, evaluate: EvaluateModel) -> None:
    kinds = [kind for kind in KINDS if getattr(test, kind) is not None]
    if len(kinds) != 1:
        found = f"has {words.listed([f'`{kind}`' for kind in kinds], 'and')}" if kinds else "asks for nothing"
        source.report(path, f"{found}: a test has exactly one of {words.listed([f'`{k}`' for k in KINDS], 'and')}")
        return
    change = test.invariance or test.direction
    if change is not None:
        ways = [way for way in WAYS if getattr(change, way, None) is not None]
        if len(ways) != 1:
            known = WAYS if test.invariance else WAYS[1:]
            source.report(
                (*path, kinds[0]), f"has exactly one of {words.listed([f'`{way}`' for way in known], 'and')}"
            )
        if not (test.data or evaluate.data):
            source.report(path, "needs rows: write `data` here, or `evaluate.data`")
    for key in ("data", "sample"):
        if change is None and getattr(test, key) is not None:
            source.report((*path, key), f"has no meaning for `{kinds[0]}`")
    if test.tolerance is not None and kinds[0] in ("direction", "pytest"):
        source.report((*path, "tolerance"), f"has no meaning for `{kinds[0]}`")


def tests(evaluate: EvaluateModel) -> tuple[BehaviourTest, ...]:
    """The tests of a draft in which no problem was found."""
    return tuple(_test(one, evaluate) for one in evaluate.behaviour)


def _test(test: BehaviourModel, evaluate: EvaluateModel) -> BehaviourTest:
    change = test.invariance or test.direction
    direction = test.direction
    return BehaviourTest(
        name=test.name,
        kind=_kind(test),
        column=change.column if change else "",
        values=(test.invariance.values or ()) if test.invariance else (),
        add=change.add if change else None,
        multiply=change.multiply if change else None,
        score=direction.score if direction else "rises",
        of=(direction.of or "") if direction else "",
        positive=_positive(evaluate) if direction and not direction.of else "",
        tolerance=test.tolerance,
        data=(test.data or evaluate.data or "") if change else "",
        sample=test.sample or DEFAULT_SAMPLE,
        examples=tuple(one.input for one in test.examples or ()),
        answers=tuple(one.answer for one in test.examples or ()),
        path=test.pytest or "",
    )


def _positive(evaluate: EvaluateModel) -> str:
    return "" if evaluate.positive is None else str(evaluate.positive)


def _kind(test: BehaviourModel) -> BehaviourKind:
    if test.pytest:
        return "pytest"
    if test.examples:
        return "examples"
    return "direction" if test.direction else "invariance"


def gates(source: Source, evaluate: EvaluateModel) -> tuple[Gate, ...]:
    """One gate for each test: how many of its cases may fail."""
    found = []
    for index, (model, test) in enumerate(zip(evaluate.behaviour, tests(evaluate), strict=True)):
        share = isinstance(model.may_fail, str)
        limit = float(str(model.may_fail).removesuffix("%")) / (100 if share else 1)
        line = source.line(("evaluate", "behaviour", index))
        found.append(Gate("behaviour", test.name, limit, share, line=line, definition=test.definition))
    return tuple(found)


def stages(
    source: Source, draft: Draft, made: Stage | None, judged: Stage | None, artifact: str
) -> tuple[Stage, ...]:
    """The generated stages that come after the evaluation; `made` and `judged` are train's and evaluate's.

    A project with a dvc.yaml of its own writes the one for behaviour there.
    """
    train, evaluate = draft.train, draft.evaluate
    found = []
    if evaluate and evaluate.behaviour and evaluate.stages is None:
        read = (one.data if one.kind in ("invariance", "direction") else one.path for one in tests(evaluate))
        found.append(
            Stage(
                name="behaviour",
                cmd=BEHAVIOUR_COMMAND,
                deps=tuple(dict.fromkeys((artifact, *filter(None, read)))),
                params={CONFIG_FILE: _asked(source)},
                outs=(BEHAVIOUR_FILE,),
            )
        )
    if train and train.repeats > 1 and made is not None and judged is not None:
        found.append(_repeated(source, made, judged))
    return tuple(found)


def _asked(source: Source) -> tuple[str, ...]:
    """The keys that trying reads, as far as they are there: the tests, what no feature is, which score is meant.

    Also whether cases are written down: a file with them must not come from a cache.
    """
    keys = ("behaviour", "target", "positive", "id", "task", "example-rows")
    return tuple(f"evaluate.{key}" for key in keys if key in source.data["evaluate"])


def written(draft: Draft) -> list[tuple[Path, str]]:
    """What those stages write, with where they are asked for."""
    train, evaluate = draft.train, draft.evaluate
    found: list[tuple[Path, str]] = []
    if evaluate is not None and evaluate.behaviour and evaluate.stages is None:
        found.append((("evaluate", "behaviour"), BEHAVIOUR_FILE))
    if train is not None and train.repeats > 1:
        found.append((("train", "repeats"), REPEATS_FILE))
    return found


def _repeated(source: Source, made: Stage, judged: Stage) -> Stage:
    """Reads what train and evaluate read, except for what the one writes and the other reads."""
    own = (*made.outs, *judged.outs)
    deps = dict.fromkeys((*made.deps, *judged.deps))
    params = {file: keys for part in (made, judged) for file, keys in part.params.items() if file != CONFIG_FILE}
    for file in params:
        both = [part.params[file] for part in (made, judged) if file in part.params]
        params[file] = tuple(dict.fromkeys(key for keys in both for key in keys)) if all(both) else ()
    return Stage(
        name="repeats",
        cmd=REPEATS_COMMAND,
        deps=tuple(dep for dep in deps if not any(dep == out or dep.startswith(f"{out}/") for out in own)),
        params={CONFIG_FILE: _written(source), **params},
        outs=(REPEATS_FILE,),
    )


def _written(source: Source) -> tuple[str, ...]:
    """The keys of mlops.yaml that training and scoring once more read, as far as they are there."""
    keys = [("train", "repeats"), ("train", "cmd")]
    keys += [("evaluate", key) for key in ("cmd", "target", "positive", "id", "task")]
    return tuple(f"{part}.{key}" for part, key in keys if key in source.data[part])

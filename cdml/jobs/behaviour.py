"""`cdml behaviour`: asks the trained model what evaluate.behaviour demands, and writes down how many cases failed.

The model is asked in the project's interpreter, as the built-in evaluator asks it. A failing case is a result; a
test that cannot be tried is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cdml.config.behaviour import BEHAVIOUR_FILE
from cdml.config.load import load
from cdml.core.errors import CdmlError, ConfigError, UsageError
from cdml.core.files import write
from cdml.core.findings import BehaviourResult
from cdml.core.interpreter import project_python
from cdml.core.serialize import dump
from cdml.core.serialize import load as load_json
from cdml.core.settings import BehaviourTest, Settings
from cdml.jobs.behaviour_answers import Answers, Columns, differences, length, moves, wrong
from cdml.jobs.behaviour_pytest import run_pytest
from cdml.jobs.evaluator import plain_values, read_data
from cdml.jobs.example_rows import without_examples
from cdml.serving.client import Worker

# Stands in the generated command, so that DVC never serves a result that an older cdml wrote.
SPEC = 1
MOST_EXAMPLES, LONGEST_EXAMPLE = 3, 200


@dataclass(frozen=True)
class Results:
    """What the file holds."""

    results: tuple[BehaviourResult, ...]


def try_behaviour(root: Path, spec: int) -> tuple[BehaviourResult, ...]:
    """Try every test of the project in `root` and write the results.

    Raises ConfigError where data, model or a test do not fit each other, ExternalError where one of them breaks.
    """
    if spec != SPEC:
        raise UsageError(f"dvc.yaml asks for behaviour {spec}, this is {SPEC}", "cdml generate")
    settings = load(root)
    tests = settings.evaluate.behaviour
    artifact = root / settings.register.artifact
    python = project_python(root)
    found: dict[str, BehaviourResult] = {}
    asked = [test for test in tests if test.kind != "pytest"]
    if asked:
        with Worker(python, cwd=root) as worker:
            worker.load(artifact, settings.register.trusted)
            found = {test.name: _named(test, lambda t=test: _ask(worker, root, settings, t)) for test in asked}
    for test in tests:
        if test.kind == "pytest":
            found[test.name] = _named(test, lambda t=test: run_pytest(root, python, artifact, t))
    results = tuple(found[test.name] for test in tests)
    if not settings.evaluate.example_rows:
        results = without_examples(results)
    write(root / BEHAVIOUR_FILE, dump(Results(results)))
    return results


def read_results(content: bytes | None) -> tuple[BehaviourResult, ...]:
    """What a run wrote; nothing where it wrote none. Raises ConfigError for what cdml did not write."""
    if content is None:
        return ()
    return load_json(Results, content, BEHAVIOUR_FILE, "cdml run evaluate").results


def _named(test: BehaviourTest, attempt: Any) -> BehaviourResult:
    """The result of one test; an error says which test it was."""
    try:
        result: BehaviourResult = attempt()
    except CdmlError as error:
        error.message = f"evaluate.behaviour, {test.name!r}: {error.message}"
        error.args = (error.message,)
        raise
    return result


def _ask(worker: Worker, root: Path, settings: Settings, test: BehaviourTest) -> BehaviourResult:
    if test.kind == "examples":
        said = worker.predict(_given(test))
        failures = wrong(Answers.of(said, settings), test)
        return _result(test, len(test.examples), failures)
    rows, names = _rows(root, settings, test)
    before = Answers.of(worker.predict(rows), settings)
    cases, failures = 0, []
    for changed, places in _changes(rows, test):
        if places:
            after = Answers.of(worker.predict(_at(changed, places)), settings)
            compare = differences if test.kind == "invariance" else moves
            what = [f"{names[place]}, {test.column} {_change(rows, changed, test, place)}" for place in places]
            failures += compare(before.at(places), after, test, what)
            cases += len(places)
    return _result(test, cases, failures)


def _result(test: BehaviourTest, cases: int, failures: list[str]) -> BehaviourResult:
    shown = tuple(one[:LONGEST_EXAMPLE] for one in failures[:MOST_EXAMPLES])
    return BehaviourResult(test.name, test.kind, test.definition, cases, len(failures), shown)


def _given(test: BehaviourTest) -> Columns:
    """The examples by column; what a row does not name is missing."""
    names = dict.fromkeys(name for row in test.examples for name in row)
    return {name: [row.get(name) for row in test.examples] for name in names}


def _rows(root: Path, settings: Settings, test: BehaviourTest) -> tuple[Columns, list[str]]:
    """Evenly chosen rows by column, without what is no feature, and what each is called."""
    import numpy as np

    judged = replace(settings.evaluate, target=None, by=())
    if test.data != settings.evaluate.data:
        judged = replace(judged, id=None)
    frame = read_data(root / test.data, test.data, judged)
    if test.column not in frame.columns:
        raise ConfigError(f"{test.data} has no column {test.column!r}", "correct it in mlops.yaml")
    places = np.unique(np.linspace(0, len(frame) - 1, min(test.sample, len(frame))).round().astype(int))
    chosen = frame.iloc[places]
    key = settings.evaluate.id or "id"
    names = [f"row {place + 1}" for place in places.tolist()]
    if key in chosen.columns:
        names = [f"{key} {_short(value)}" for value in chosen[key].tolist()]
    features = [name for name in chosen.columns if name not in (key, settings.evaluate.target)]
    return {name: plain_values(chosen[name]) for name in features}, names


def _changes(rows: Columns, test: BehaviourTest) -> list[tuple[Columns, list[int]]]:
    """Every changed table, and the rows in which the change is one."""
    old = rows[test.column]
    new: list[list[Any]]
    if test.values:
        new = [[value] * len(old) for value in test.values]
    else:
        bad = next((value for value in old if value is not None and not _is_number(value)), None)
        if bad is not None:
            raise ConfigError(f"column {test.column!r} holds {_short(bad)!r}, which is no number to change")
        moved: list[Any] = [None if value is None else _moved(value, test) for value in old]
        new = [moved]
    return [
        ({**rows, test.column: column}, [i for i in range(length(rows)) if column[i] != old[i]]) for column in new
    ]


def _moved(value: float, test: BehaviourTest) -> float:
    moved = value + test.add if test.add is not None else value * (test.multiply or 0.0)
    # A column of whole numbers stays one where that is possible.
    return int(moved) if isinstance(value, int) and float(moved).is_integer() else moved


def _at(rows: Columns, places: list[int]) -> Columns:
    return {name: [values[place] for place in places] for name, values in rows.items()}


def _change(rows: Columns, changed: Columns, test: BehaviourTest, place: int) -> str:
    return f"{_short(rows[test.column][place])} → {_short(changed[test.column][place])}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _short(value: object) -> str:
    text = "nothing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 30 else f"{text[:29]}…"

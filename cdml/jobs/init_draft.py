"""What mlops.yaml should say of a repository that has grown without it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cdml.config.grammar import PREDICTIONS
from cdml.core.errors import UsageError
from cdml.core.names import is_name
from cdml.jobs.init_sources import Uses, uses
from cdml.jobs.init_survey import MODEL_SUFFIXES, TABLE_SUFFIXES, TARGETS, Survey, columns
from cdml.jobs.trace import PARAMETERS, Trace, collapse
from cdml.state.pipeline import Pipeline, StageView

SCHEMA_LINE = "# yaml-language-server: $schema=.cdml/mlops.schema.json\n"
# A question and its best answer; returns the answer.
Ask = Callable[[str, str], str]
_NO_PREDICTIONS = (
    "no stage writes predictions: numbers in metrics files are shown, and judged where a gate gives them a min or "
    "max; for intervals, write id, y_true, y_pred, y_score and name the file: evaluate.predictions"
)
_TEST_WORDS = ("test", "holdout", "hold_out", "valid", "eval")


@dataclass
class Draft:
    """The document so far, what was seen, what was only guessed, and what to know besides.

    `ask` is None where nobody can be asked.
    """

    found: Survey
    ask: Ask | None = None
    document: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def settle(self, question: str, best: str) -> str:
        """The answer to what cannot be seen: a person's, else the best guess, which is noted."""
        if self.ask is not None:
            return self.ask(question, best)
        self.guessed.append(f"{question} {best or 'nothing'}")
        return best


def model_name(root: Path) -> str:
    """A name that the registry takes, made from the folder's."""
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")
    return name if is_name(name) else "model"


def from_pipeline(draft: Draft, pipeline: Pipeline) -> None:
    """Name the stages of the project's own dvc.yaml."""
    stages = list(pipeline.stages.values())
    if not stages:
        raise UsageError("dvc.yaml has no stages", "add them, or remove dvc.yaml and run cdml init again")
    judging = [s for s in stages if _judges(s)]
    training = [s for s in stages if s not in judging and _trains(s)]
    if not training:
        names = [s.name for s in stages if s not in judging] or [s.name for s in stages]
        training = [pipeline.stage(_one_of(draft, "Which stage of dvc.yaml trains the model?", names))]
    if not judging:
        judging = [s for s in stages if s.metrics] or [
            pipeline.stage(_one_of(draft, "Which stage of dvc.yaml evaluates the model?", [stages[-1].name]))
        ]
    needed = {s.name for s in pipeline.closure(s.name for s in training)}
    draft.document["train"] = {"stages": [s.name for s in stages if s.name in needed]}
    draft.document["evaluate"] = {"stages": [s.name for s in judging]}
    predictions = [o for s in judging for o in s.outs if "pred" in o.lower() and o.endswith(TABLE_SUFFIXES)]
    if predictions:
        draft.document["evaluate"]["predictions"] = predictions[0]
    draft.document["register"] = {"artifact": _artifact(draft, [o for s in reversed(training) for o in s.outs])}
    draft.seen.append(f"dvc.yaml: stages {', '.join(pipeline.stages)}")
    metrics = [m for s in stages for m in s.metrics]
    if metrics:
        draft.seen.append(f"metrics files: {', '.join(metrics)}")
    if not predictions:
        draft.notes.append(_NO_PREDICTIONS)


def from_trace(draft: Draft, command: tuple[str, ...], seen: Trace) -> None:
    """Fill the train stage with what the command was seen to read and write."""
    params = [name for name in seen.reads if name in PARAMETERS]
    reads = [name for name in seen.reads if name not in PARAMETERS]
    outs = collapse(seen.writes, (*seen.reads,))
    if not outs:
        outs = (draft.settle("Which file does the training write?", "model.skops"),)
    deps = collapse(reads, seen.writes)
    _train(draft, shlex.join(command), deps, tuple(params), outs)
    script = next((word for word in command if word in draft.found.files), None)
    _evaluate(draft, uses(script, draft.found) if script else None)


def from_scripts(draft: Draft) -> None:
    """Fill the train stage from a script or notebook that looks like one, by reading it."""
    script = _script(draft)
    seen = uses(script, draft.found)
    outs: tuple[str, ...] = seen.models[:1]
    if outs:
        draft.guessed.append(f"What does the training write? {outs[0]}, which {script} names")
    else:
        outs = (draft.settle("Which file does the training write?", "model.skops"),)
    if script.endswith(".ipynb"):
        draft.notes.append("papermill runs the notebook: it belongs to the packages of the project's Python")
        run = PurePosixPath("reports") / PurePosixPath(script).name
        command, outs = f"papermill {shlex.quote(script)} {shlex.quote(run.as_posix())}", (*outs, run.as_posix())
    else:
        command = f"python {shlex.quote(script)}"
    held_back = {t for t in seen.deps if _is_test_table(t)} if len(_tables(seen)) > 1 else set()
    deps = tuple(d for d in seen.deps if d not in held_back and d not in outs)
    _train(draft, command, deps, seen.params, outs)
    draft.seen.append(f"training: {script}")
    _evaluate(draft, seen)


def _train(
    draft: Draft, command: str, deps: tuple[str, ...], params: tuple[str, ...], outs: tuple[str, ...]
) -> None:
    stage = {"cmd": command, "deps": list(deps), "params": list(params), "outs": list(outs)}
    draft.document["train"] = {key: value for key, value in stage.items() if value}
    if len(outs) > 1:
        draft.document["register"] = {"artifact": _artifact(draft, list(outs))}


def _evaluate(draft: Draft, training: Uses | None) -> None:
    """A script that writes predictions, else the built-in evaluator on a table that looks held back."""
    artifact = draft.document.get("register", {}).get("artifact") or draft.document["train"]["outs"][0]
    for script in draft.found.evaluate:
        seen = uses(script, draft.found)
        named = (*seen.absent, *seen.deps)
        predictions = [p for p in named if "pred" in p.lower() and p.endswith(TABLE_SUFFIXES)]
        if predictions:
            _evaluate_by(draft, script, seen, predictions[0], artifact)
            return
    if draft.found.evaluate:
        draft.guessed.append(
            f"Who judges? cdml's own evaluator: {draft.found.evaluate[0]} names no file such as {PREDICTIONS}"
        )
    data = _test_table(draft)
    draft.document["evaluate"] = {"data": data, "target": _target(draft, data, training)}


def _evaluate_by(draft: Draft, script: str, seen: Uses, predictions: str, artifact: str) -> None:
    draft.seen.append(f"evaluation: {script}")
    draft.guessed.append(f"Where are the predictions? {predictions}, which {script} names")
    outs = set(draft.document["train"]["outs"])
    deps = [d for d in seen.deps if d != predictions and d not in outs]
    if artifact in seen.models or any(PurePosixPath(artifact).name == m for m in seen.models):
        deps.append(artifact)
    stage = {"cmd": f"python {shlex.quote(script)}", "deps": deps, "params": list(seen.params)}
    draft.document["evaluate"] = {k: v for k, v in stage.items() if v} | {"predictions": predictions}


def _script(draft: Draft) -> str:
    candidates = draft.found.train or draft.found.notebooks
    if not candidates:
        raise UsageError(
            "nothing that trains a model was found: no dvc.yaml, no train*.py, no notebook",
            "cdml init -- python YOUR_SCRIPT.py, or cdml init --template churn",
        )
    return _one_of(draft, "Which file trains the model?", list(candidates))


def _one_of(draft: Draft, question: str, candidates: list[str]) -> str:
    """The only candidate, else the one that is answered; UsageError when the answer is none of them."""
    if len(candidates) == 1:
        return candidates[0]
    answer = draft.settle(question, candidates[0])
    if answer not in candidates:
        raise UsageError(f"{answer!r} is none of {', '.join(candidates[:10])}")
    return answer


def _artifact(draft: Draft, outs: list[str]) -> str:
    likely = [o for o in outs if o.endswith(MODEL_SUFFIXES)] or [o for o in outs if "model" in o.lower()]
    if len(likely) == 1 or len(outs) == 1:
        return (likely or outs)[0]
    return draft.settle("Which output is the model?", (likely or outs or ["model.skops"])[0])


def _test_table(draft: Draft) -> str:
    likely = [t for t in draft.found.tables if _is_test_table(t)]
    if len(likely) == 1:
        draft.seen.append(f"test data: {likely[0]}")
        return likely[0]
    best = (*likely, *draft.found.tables, "data/test.csv")[0]
    return draft.settle("Which table is the model judged on?", best)


def _target(draft: Draft, data: str, training: Uses | None) -> str:
    """The column that the training's source names, or whose name is a usual one; else the last one is proposed."""
    header = columns(draft.found.root / data)
    named = [c for c in header if training is not None and c in training.words]
    usual = [c for c in header if c.lower() in TARGETS]
    for candidates in (named, usual):
        if len(candidates) == 1:
            draft.guessed.append(f"Which column is predicted? {candidates[0]}")
            return candidates[0]
    return draft.settle("Which column is predicted?", (*usual, *header[-1:], "target")[0])


def _tables(seen: Uses) -> list[str]:
    return [d for d in seen.deps if d.endswith(TABLE_SUFFIXES)]


def _is_test_table(name: str) -> bool:
    return any(word in PurePosixPath(name).stem.lower() for word in _TEST_WORDS) and name.endswith(TABLE_SUFFIXES)


def _judges(stage: StageView) -> bool:
    return re.search(r"eval|score|valid|metric|report", stage.name.lower()) is not None or (
        bool(stage.metrics) and not _trains(stage)
    )


def _trains(stage: StageView) -> bool:
    by_name = re.search(r"train|fit|model|learn", stage.name.lower()) is not None
    return by_name or any(out.endswith(MODEL_SUFFIXES) for out in stage.outs)

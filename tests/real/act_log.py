"""What act's JSON log says, as data: jobs, steps, outputs, annotations, summaries.

act gives every job of a matrix the result of the worst one, and says nothing of what it skipped but in its debug
lines; both are mended here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from step_shell import MARK

Result = Literal["success", "failure", "skipped", "cancelled"]
Event = dict[str, Any]


class ActError(Exception):
    """act could not run the workflow as asked: nothing that it reports would mean anything."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A `::error file=...::message` line. `level` is error, warning or notice."""

    level: str
    message: str
    file: str = ""
    line: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it went. `conclusion` differs from `result` where continue-on-error forgave a failure.

    `id` is the workflow's, else the step's number from 0; steps of a composite action join theirs: "0/install".
    `stage` is Pre, Main or Post.
    """

    id: str
    name: str
    stage: str
    result: Result
    conclusion: Result
    output: str
    outputs: Mapping[str, str]
    annotations: tuple[Annotation, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Job:
    """One job, or one of a matrix. `name` is `id` or `id (value, value)`; a called workflow's: `caller/id`."""

    id: str
    name: str
    matrix: Mapping[str, Any]
    result: Result
    steps: tuple[Step, ...]

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        return tuple(one for step in self.steps for one in step.annotations)

    @property
    def summary(self) -> str:
        return "".join(step.summary for step in self.steps)

    @property
    def output(self) -> str:
        return "".join(step.output for step in self.steps)

    def step(self, id_or_name: str) -> Step:
        """The main step of that id or name; KeyError names those that there are."""
        for step in self.steps:
            if step.stage == "Main" and id_or_name in (step.id, step.name):
                return step
        raise KeyError(f"{id_or_name!r} is none of {[(step.id, step.name) for step in self.steps]}")


@dataclass(slots=True)
class _Building:
    id: str
    title: str
    matrix: dict[str, Any]
    caller: str
    result: str = ""
    steps: dict[tuple[str, str], list[Event]] = field(default_factory=dict)


def parse(lines: Iterable[str], workflow: str) -> tuple[Job, ...]:
    """The jobs of a log, in the order of their start; `workflow` is its name. ActError when one had no runner."""
    building: dict[str, _Building] = {}
    for line in lines:
        if line.startswith("{"):
            _take(json.loads(line), workflow, building)
    for one in building.values():
        callers = [other.id for other in building.values() if other.title and other.title == one.caller]
        one.caller = callers[0] if callers else one.caller
    return tuple(_job(one, list(building.values())) for one in building.values())


def shown(lines: Iterable[str]) -> str:
    """What a person sees in the log: the printed lines and act's own messages, without its debug lines."""
    events = (json.loads(line) for line in lines if line.startswith("{"))
    return "\n".join(
        e["msg"].rstrip("\n") for e in events if e["level"] != "debug" and not e["msg"].startswith(MARK)
    )


def _take(event: Event, workflow: str, building: dict[str, _Building]) -> None:
    if "jobID" not in event:
        return
    if "Skipping unsupported platform" in event["msg"]:
        raise ActError(f"{event['jobID']}: no runner for it: {event['msg']}")
    # "workflow/job" for its own jobs, "caller/called workflow/job" for those of a called one.
    whole, matrix = event["job"].strip(), event.get("matrix") or {}
    own = whole.startswith(f"{workflow}/")
    title, caller = (whole.removeprefix(f"{workflow}/"), "") if own else ("", whole.split("/")[0])
    key = json.dumps([whole, event["jobID"], matrix])
    job = building.setdefault(key, _Building(event["jobID"], title, matrix, caller))
    job.result = event.get("jobResult") or job.result
    if "stepID" in event and "stage" in event:
        job.steps.setdefault(("/".join(event["stepID"]), event["stage"]), []).append(event)


def _job(one: _Building, all_of_them: list[_Building]) -> Job:
    steps = tuple(_step(id, stage, events) for (id, stage), events in one.steps.items())
    values = f" ({', '.join(str(value) for value in one.matrix.values())})" if one.matrix else ""
    name = "/".join(part for part in (one.caller, one.id) if part) + values
    return Job(one.id, name, MappingProxyType(one.matrix), _result(one, all_of_them), steps)


def _result(one: _Building, all_of_them: list[_Building]) -> Result:
    """Its own result: act writes the worst of a matrix to each, and none to a job that calls a workflow."""
    twins = [other for other in all_of_them if (other.id, other.caller) == (one.id, one.caller)]
    called = [_result(other, all_of_them) for other in all_of_them if other.caller == one.id and not one.caller]
    if called:
        return next((bad for bad in ("failure", "cancelled") if bad in called), "success")
    if one.result == "failure" and not _failed(one) and any(_failed(other) for other in twins):
        return "success"
    return _known(one.result or "skipped")


def _failed(one: _Building) -> bool:
    return any(_step(id, stage, events).conclusion == "failure" for (id, stage), events in one.steps.items())


def _step(id: str, stage: str, events: list[Event]) -> Step:
    results = [event["stepResult"] for event in events if "stepResult" in event]
    result = _known(results[-1] if results else "cancelled")
    forgiven = any(event["msg"] == "Failed but continue next step" for event in events)
    outputs = {event["name"]: event["arg"] for event in events if event.get("command") == "set-output"}
    printed = (event["msg"] for event in events if event.get("raw_output"))
    return Step(
        id=id,
        name=str(events[0].get("step", "")),
        stage=stage,
        result=result,
        conclusion="success" if forgiven else result,
        output="".join(line for line in printed if not line.startswith(MARK)),
        outputs=MappingProxyType(outputs),
        annotations=tuple(_annotation(e) for e in events if e.get("command") in {"error", "warning", "notice"}),
        summary="".join(event["content"] for event in events if event.get("command") == "summary"),
    )


def _annotation(event: Event) -> Annotation:
    about: dict[str, str] = event.get("kvPairs") or {}
    line = int(about["line"]) if about.get("line", "").isdigit() else None
    return Annotation(event["command"], event["arg"], about.get("file", ""), line, about.get("title", ""))


def _known(word: str) -> Result:
    for known in ("success", "failure", "skipped", "cancelled"):
        if word == known:
            return known
    raise ActError(f"act reports a result that is not known here: {word!r}")

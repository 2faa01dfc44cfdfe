"""What the stages after the evaluation wrote: read only where a stage of that snapshot wrote it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cdml.config.behaviour import BEHAVIOUR_FILE, REPEATS_FILE
from cdml.core.comparison import Direction, MetricResult
from cdml.core.errors import ConfigError
from cdml.core.findings import BehaviourResult
from cdml.core.serialize import dump
from cdml.evaluation.compare import Measurement, only_reported
from cdml.jobs.aftermath import with_aftermath
from cdml.jobs.behaviour import Results
from cdml.state.pipeline import Pipeline, StageView

METRIC = MetricResult("f1", Direction.HIGHER, None, 0.5, None, None, None, 9, "")


def results_of(*names: str) -> bytes:
    return dump(Results((BehaviourResult("own", "pytest", "d", len(names), 0, (), names),))).encode()


def snapshot(label: str, **files: bytes | None) -> Any:
    """A snapshot whose stages write these files; None is one that is lost."""
    paths = {"behaviour": BEHAVIOUR_FILE, "repeats": REPEATS_FILE}
    outs = {paths[name]: "0" * 32 for name in files}
    stage = StageView("after", "c", {}, {}, outs, (), ())
    content = {paths[name]: text for name, text in files.items()}
    return SimpleNamespace(label=label, commit=None, pipeline=Pipeline({"after": stage}, {}), content=content)


class OneStore:
    """Reads what a snapshot of these tests holds; whatever lies about beside it has other content."""

    def __init__(self, *snapshots: Any) -> None:
        self.content = {path: text for one in snapshots for path, text in one.content.items()}

    def read(self, commit: str | None, path: str) -> bytes | None:
        return self.content.get(path, b"what another run left")


def found(head: Any, base: Any = None) -> Measurement:
    measurement = only_reported([METRIC], first=base is None)
    if base is None:
        return with_aftermath(OneStore(head), head, None, measurement)  # type: ignore[arg-type]
    both = SimpleNamespace(read=lambda commit, path: (base if commit else head).content.get(path))
    base.commit = "c" * 40
    return with_aftermath(both, head, base, measurement)  # type: ignore[arg-type]


def test_a_file_that_no_stage_of_it_wrote_counts_for_nothing() -> None:
    measured = found(snapshot("this PR"))
    assert (measured.behaviour, measured.repeats, measured.notes) == ((), (), ())


def test_results_and_spread_reach_the_comparison() -> None:
    head = snapshot("this PR", behaviour=results_of("a"), repeats=b'{"seeds": [1], "metrics": {"f1": [0.7]}}')
    measured = found(head)
    assert measured.behaviour[0].tests == ("a",)
    assert (measured.repeats[0].low, measured.repeats[0].high) == (0.5, 0.7)
    assert measured.notes == ()


def test_failing_cases_are_counted_alone_where_rows_are_private() -> None:
    failed = BehaviourResult("same", "invariance", "d", 9, 2, ("id 7: yes → no",))
    head = snapshot("this PR", behaviour=dump(Results((failed,))).encode())
    assert found(head).behaviour == (failed,)
    measured = with_aftermath(OneStore(head), head, None, only_reported([METRIC], first=True), rows=False)  # type: ignore[arg-type]
    assert measured.behaviour == (replace(failed, examples=()),)


def test_trainings_that_are_all_the_same_are_asked_about() -> None:
    head = snapshot("this PR", repeats=b'{"seeds": [1, 2], "metrics": {"f1": [0.5, 0.5]}}')
    assert found(head).notes == ("All 3 trainings gave the same metrics: does train.cmd read CDML_SEED?",)


def test_a_lost_file_is_an_error_of_the_candidate_and_none_of_the_champion() -> None:
    with pytest.raises(ConfigError, match=r"this PR has no file reports/behaviour\.json"):
        found(snapshot("this PR", behaviour=None))
    measured = found(snapshot("this PR", behaviour=results_of("a")), snapshot("v1", behaviour=None))
    assert measured.notes == ()


def test_results_of_pytest_that_are_gone_are_named() -> None:
    head = snapshot("this PR", behaviour=results_of("a", "new"))
    (note,) = found(head, snapshot("v1", behaviour=results_of("a", "b", "c", "d", "e"))).notes
    assert note == "Behavioural tests that v1 was tried with and this change has not: b, c, d and 1 more."
    assert found(head, snapshot("v1", behaviour=results_of("a"))).notes == ()

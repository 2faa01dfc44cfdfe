"""Judgements of every shape with words of any kind, for what must hold whatever a pull request holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from hypothesis import strategies as st

from cdml.core.comparison import (
    Axis,
    AxisChange,
    Comparison,
    DatasetResult,
    Direction,
    Interval,
    Judgement,
    MetricResult,
    Outcome,
    Side,
    SliceResult,
    Verdict,
    Waiver,
)
from cdml.core.findings import BehaviourResult, Fairness, FairnessGroup, FairnessMeasure, FoundSlice, Spread
from cdml.core.run import Around, PastRun, Trend
from cdml.core.settings import Gate

NASTY = (
    "|", "||", "`", "```", "~~~", "**", "*", "_", "__", "~~", "\n", "\n\n", "\r", "    ", "\t", "# ", "> ",
    "- ", "1. ", "---", "===", "<b>", "</details>", "<details>", "<!--", "-->", "<script>", "&lt;", "&#124;",
    "&amp;", "[", "](", ")", "![", "[x]", "[^1]", "[a]: http://e.example", "http://e.example",
    "https://e.example/a?b=c", "www.e.example", "ftp://e.example", "mailto:a@e.example", "a@e.example.",
    "@owner", "@org/team", "#12", "GH-12", "!12", "%12", "~bug", "&1", "$1", "^alert", "o/r#1",
    "o/r@4f2a9c1", ":tada:", "$x$", "$$", "\\", "\\|", "%%", "/cdml waive f1:min because", "\n/cdml retrain",
    "/merge", "\x1b[31m", "\x00", "\u202e", "\u2028", "\u2066", "\x85", "\ufeff", "\u200b", "\ud800", "é",
    "模型", "🟢", "x", "word ", "end", "]]", "```mermaid", '"', "'", ";", "{{ x }}", "[= x =]", "${{ x }}",
    "<a@e.example>", "<http://e.example>", "- [ ] ", "::: ", "[[_TOC_]]",
)  # fmt: skip
words = st.lists(st.sampled_from(NASTY) | st.text(max_size=4), min_size=1, max_size=8).map("".join)
# A word that is nothing leaves parts of a page out: it would have another shape.
some_words = st.lists(words.map(lambda word: f"{word}x"), min_size=1, max_size=12)


@dataclass(frozen=True)
class Shape:
    """How much of everything there is; `seed` decides numbers and outcomes."""

    seed: int
    metrics: int
    slices: int
    gates: int
    details: int
    notes: int
    runs: int
    points: int
    first: bool
    unpaired: bool
    commands: bool


shapes = st.builds(
    Shape,
    seed=st.integers(0, 10_000),
    metrics=st.integers(0, 14),
    slices=st.sampled_from([0, 1, 2, 7, 21, 61, 90]),
    gates=st.integers(0, 24),
    details=st.integers(0, 8),
    notes=st.integers(0, 3),
    runs=st.sampled_from([0, 1, 4, 12]),
    points=st.integers(0, 24),
    first=st.booleans(),
    unpaired=st.booleans(),
    commands=st.booleans(),
)


def strange(shape: Shape, texts: Sequence[str]) -> tuple[Judgement, Around]:
    """A judgement of this shape whose every word is one of `texts`, and what stands around it."""
    random, supply = Random(shape.seed), cycle(texts)

    def word() -> str:
        return next(supply)

    metrics = tuple(_metric(random, word, shape.first) for _ in range(shape.metrics))
    slices = tuple(
        SliceResult(word(), word(), _metric(random, word, shape.first))
        for _ in range(shape.slices if metrics else 0)
    )
    comparison = Comparison(
        model=word(),
        baseline=None if shape.first else Side(word(), word(), word() if random.random() < 0.5 else None),
        candidate=Side(word(), word() if random.random() < 0.5 else None),
        rows=random.choice([0, 7, 12_000]),
        unpaired=word() if shape.unpaired else None,
        metrics=metrics,
        slices=slices,
        changes=tuple(
            AxisChange(axis, random.random() < 0.7, tuple(word() for _ in range(shape.details))) for axis in Axis
        ),
        notes=tuple(word() for _ in range(shape.notes)),
        fairness=tuple(_fairness(random, word) for _ in range(shape.notes)),
        found=tuple(_found(random, word) for _ in range(shape.notes)),
        behaviour=tuple(
            BehaviourResult(word(), "invariance", word(), 200, random.choice([0, 3]), (word(), word()))
            for _ in range(shape.details)
        ),
        repeats=tuple(Spread(m.name, 3, 0.5, random.random(), 0.5, 0.1) for m in metrics if shape.details),
        datasets=tuple(_dataset(random, word, metrics[: random.choice([0, 1, 14])]) for _ in range(shape.details)),
        basis=tuple(word() for _ in range(shape.notes)),
        loosened=tuple(word() for _ in range(shape.notes)),
    )
    judgement = Judgement(comparison, tuple(_verdict(random, word) for _ in range(shape.gates)))
    return judgement, _around(shape, random, word)


def _dataset(random: Random, word: Callable[[], str], metrics: tuple[MetricResult, ...]) -> DatasetResult:
    name, why = word(), word()
    return DatasetResult(random.choice([name, "train"]), 640, random.choice([None, why]), metrics)


def _fairness(random: Random, word: Callable[[], str]) -> Fairness:
    value = random.choice([None, 0.0, random.random()])
    groups = tuple(FairnessGroup(word(), 640, 12, random.random(), value, value) for _ in range(2))
    name, rate = random.choice(["equalized_odds_ratio", word()]), random.choice(["selection_rate", word()])
    return Fairness(word(), word(), groups, (FairnessMeasure(name, value, value, rate, word(), word()),))


def _found(random: Random, word: Callable[[], str]) -> FoundSlice:
    conditions = tuple((word(), word()) for _ in range(random.choice([1, 2])))
    low, high = sorted((random.uniform(-1, 1), random.uniform(-1, 1)))
    return FoundSlice(conditions, 640, word(), random.random(), random.random(), low, high, random.random())


def _metric(random: Random, word: Callable[[], str], first: bool) -> MetricResult:
    before, after = (random.choice([0.0, 0.5, 1e-9, 1e300, random.random()]) for _ in range(2))
    low, high = sorted((random.uniform(-1, 1), random.uniform(-1, 1)))
    interval = Interval(low, high, 0.95) if random.random() < 0.7 else None
    return MetricResult(
        name=word(),
        direction=random.choice(list(Direction)),
        baseline=None if first or random.random() < 0.1 else before,
        candidate=None if random.random() < 0.1 else after,
        difference=None if first or random.random() < 0.1 else after - before,
        interval=None if first else interval,
        own_interval=interval,
        rows=random.choice([0, 640, 12_000]),
        method=word(),
        trivial=random.choice([None, 0.5]),
    )


def _verdict(random: Random, word: Callable[[], str]) -> Verdict:
    kind = random.choice(["min", "max", "max-regression"])
    said = random.choice(["fail", "warn", "pass"])
    gate = Gate(kind, word(), 0.5, on_inconclusive=said)  # type: ignore[arg-type]
    outcome = random.choice(list(Outcome))
    waived = Waiver(word(), word(), word(), word(), 7, 12, word(), 0) if random.random() < 0.3 else None
    loosened = word() if random.random() < 0.3 else None
    more = random.choice([None, 0, 6_000, 10**60])
    return Verdict(gate, outcome, word(), word(), more, loosened, waived)


def _around(shape: Shape, random: Random, word: Callable[[], str]) -> Around:
    return Around(
        report_url="https://git.example.com/report?a=1&b=2",
        run_url="https://git.example.com/run",
        seconds=random.choice([None, 0, 251, 4_321]),
        earlier=tuple(
            PastRun(
                word(),
                random.choice([0, 1_763_640_000, 10**18]),
                (1, 1),
                word(),
                word(),
                "https://git.example.com/1",
            )
            for _ in range(shape.runs)
        ),
        trend=Trend(word(), tuple((word(), random.choice([0.5, random.random()])) for _ in range(shape.points))),
        commands=shape.commands,
    )

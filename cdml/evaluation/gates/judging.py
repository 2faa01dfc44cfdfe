"""All gates of a judgement together: each one's answer, and which failures Holm's correction leaves standing.

A gate fails only by a claim that stands among all claims of the judgement: one for each slice and gate that is
judged by an interval. A pass needs no correction: every gate, and every slice of one, must pass for all to pass,
so that the chance to accept what one of them forbids is never more than that one's own (the intersection-union
test; Berger 1982, Technometrics 24:295-300).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdml.core.comparison import Outcome, Verdict
from cdml.core.settings import Gate
from cdml.evaluation.compare import Measurement
from cdml.evaluation.gates.kinds import GATES
from cdml.evaluation.gates.parts import MOST_NAMED, Asked, Part, Slices, ask
from cdml.evaluation.gates.protocol import OfCounts, OfGroups, OfMetric
from cdml.evaluation.holm import Claim, Corrected, correct

_SEVERITY = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, Outcome.PASS: 2}
Place = tuple[int, int]


@dataclass(frozen=True)
class Chosen:
    """A gate that counts. `loosened` says how the head has less, `known` that the base asks for it too."""

    gate: Gate
    loosened: str | None = None
    known: bool = False


@dataclass(frozen=True)
class _Answer:
    """The verdict on one part, and how bad it is beside others of the same outcome."""

    name: str
    outcome: Outcome
    measured: str
    reason: str
    more_rows: int | None = None
    badness: tuple[float, float] = (-math.inf, -math.inf)


def verdicts(chosen: Sequence[Chosen], measured: Mapping[tuple[str, str], Measurement]) -> tuple[Verdict, ...]:
    """One verdict per gate; `measured` by (dataset, against)."""
    slices = Slices()
    asked = [_asked(one.gate, measured, slices) for one in chosen]
    fallen = _fallen(chosen, asked)
    found = []
    for place, (one, questions) in enumerate(zip(chosen, asked, strict=True)):
        answers = [
            _answer(one.gate, part, questions.rows, fallen.get((place, index)))
            for index, part in enumerate(questions.parts)
        ]
        found.append(_verdict(one, questions, answers))
    return tuple(found)


def _asked(gate: Gate, measured: Mapping[tuple[str, str], Measurement], slices: Slices) -> Asked:
    measurement = measured.get((gate.dataset, gate.against))
    kind = GATES[gate.kind]
    if measurement is not None and isinstance(kind, OfCounts):
        counted = kind.judge(gate, measurement)
        return Asked((Part("", None, counted.outcome, counted.measured, counted.reason),))
    if measurement is not None:
        return ask(gate, measurement, slices)
    places = [f" on {gate.dataset}" if gate.dataset else "", f" against {gate.against}" if gate.against else ""]
    return Asked((Part(why=f"{gate.metric} was not measured{''.join(places)}."),))


def _fallen(chosen: Sequence[Chosen], asked: Sequence[Asked]) -> dict[Place, Corrected]:
    """The claims that would hold alone and do not stand among the others, each with its correction.

    Gates of the base are corrected among each other, new ones among all: a change that adds gates must not make
    the old ones harder to fail.
    """
    claims: dict[Place, Claim] = {}
    for place, questions in enumerate(asked):
        for index, part in enumerate(questions.parts):
            if part.question is not None and part.question.claim is not None:
                claims[place, index] = part.question.claim
    fallen: dict[Place, Corrected] = {}
    old = {place: claim for place, claim in claims.items() if chosen[place[0]].known}
    for family, decides in ((claims, False), (old, True)):
        corrected = correct(list(family.values()))
        for where, stands in zip(family, corrected.stands, strict=True):
            if not stands and chosen[where[0]].known is decides:
                fallen[where] = corrected
    return fallen


def _answer(gate: Gate, part: Part, rows: int, fallen: Corrected | None) -> _Answer:
    question, kind = part.question, GATES[gate.kind]
    if question is None or not isinstance(kind, OfMetric | OfGroups):
        return _Answer(part.name, part.outcome, part.measured, part.why)
    outcome = question.outcome()
    where = f" for {part.name}" if part.name else ""
    measured, reason = kind.say(gate, question, outcome, where)
    more = question.more_rows(rows) if outcome is Outcome.INCONCLUSIVE else None
    if outcome is Outcome.FAIL and fallen is not None:
        outcome, more = Outcome.INCONCLUSIVE, question.more_rows(rows, fallen.divisor)
        reason += f" That holds on its own, not after Holm's correction over {fallen.among:,} comparisons."
        measured += f", one of {fallen.among:,}"
    return _Answer(part.name, outcome, measured, reason, more, question.badness(outcome))


def _verdict(chosen: Chosen, asked: Asked, answers: Sequence[_Answer]) -> Verdict:
    """That of the worst part, with how many others are like it."""
    worst = min(answers, key=lambda answer: (_SEVERITY[answer.outcome], *(-part for part in answer.badness)))
    outcome, reason, more = worst.outcome, worst.reason, worst.more_rows
    if len(answers) > 1:
        reason = f"{reason} {_others(worst, answers)}"
    reason = " ".join([reason, *asked.notes])
    if outcome is Outcome.PASS and asked.missing_rows:
        outcome, more = Outcome.INCONCLUSIVE, None
        gone = f"{asked.missing_rows:,} of the baseline's test rows are missing"
        reason = f"{gone}: {chosen.gate.metric} is no proof."
    measured = f"{worst.measured} ({worst.name})" if worst.name else worst.measured
    return Verdict(chosen.gate, outcome, measured, reason, more, chosen.loosened)


def _others(worst: _Answer, answers: Sequence[_Answer]) -> str:
    """How the worst one's answer is shared by the other slices; of a gap which groups it leaves out."""
    if not all(answer.name for answer in answers):
        return " ".join(answer.reason for answer in answers[:MOST_NAMED] if answer is not worst)
    count = len(answers)
    alike = sum(answer.outcome is worst.outcome for answer in answers)
    word = {Outcome.FAIL: "fail", Outcome.INCONCLUSIVE: "are undecided", Outcome.PASS: "pass"}[worst.outcome]
    return f"All {count} {word}." if alike == count else f"{alike} of {count} {word if alike > 1 else _ONE[word]}."


_ONE = {"fail": "fails", "are undecided": "is undecided", "pass": "passes"}

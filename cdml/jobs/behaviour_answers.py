"""What a model answered, and in which cases that is not what a behavioural test demands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cdml.core.errors import ConfigError
from cdml.core.settings import BehaviourTest, Settings
from cdml.serving.client import Prediction

Columns = Mapping[str, list[Any]]
# Sums in another order differ in their last digits, which is no change of an answer.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Answers:
    """Of n rows: the answers (a class as its label, or a number), and each class' score where there are any."""

    answers: list[Any]
    scores: list[list[float | None]] | None
    classes: tuple[str, ...]
    positive: str | None

    @classmethod
    def of(cls, said: Prediction, settings: Settings) -> Answers:
        """A prediction; of two classes a score in one number is the second's."""
        classes = tuple(label(value) for value in said.classes or ())
        scores = said.scores
        if scores is not None and scores and not isinstance(scores[0], list):
            scores = [[None if score is None else -score, score] for score in scores]
        answers = [label(value) if classes else value for value in said.predictions]
        positive = settings.evaluate.positive
        return cls(answers, scores, classes, positive if positive in classes else None)

    def at(self, places: list[int]) -> Answers:
        """Those of some rows."""
        scores = None if self.scores is None else [self.scores[place] for place in places]
        return replace(self, answers=[self.answers[place] for place in places], scores=scores)

    def score(self, of: str) -> list[float | None]:
        """One number for each row that rises with the class `of`, or with the answer where that is a number."""
        if not self.classes:
            return [_number(answer) for answer in self.answers]
        wanted = of or self.positive or (self.classes[1] if len(self.classes) == 2 else "")
        if wanted not in self.classes:
            known = ", ".join(self.classes[:12])
            what = f"{wanted!r} is no class of the model" if wanted else "there are more than two classes"
            raise ConfigError(f"{what}; it has {known}", "name the class: direction: {of: CLASS}")
        if self.scores is None:
            raise ConfigError("the model gives no scores whose direction could be tested")
        place = self.classes.index(wanted)
        return [row[place] for row in self.scores]


def label(value: object) -> str:
    """A class as text: 1, 1.0 and true are one label."""
    if isinstance(value, (bool, float)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def length(rows: Columns) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values()), []))


def wrong(said: Answers, test: BehaviourTest) -> list[str]:
    """The examples that got another answer, in words."""
    found = []
    for place, (answer, wanted) in enumerate(zip(said.answers, test.answers, strict=True)):
        right = label(wanted) == answer if said.classes else _close(answer, _number(wanted), test.tolerance)
        if not right:
            found.append(f"example {place + 1}: {_words(answer)} instead of {_words(wanted)}")
    return found


def differences(before: Answers, after: Answers, test: BehaviourTest, what: list[str]) -> list[str]:
    """The cases in which the answer is another one, or a score moved by more than the tolerance, in words."""
    if before.classes and (test.tolerance is None or before.scores is None or after.scores is None):
        if test.tolerance is not None:
            raise ConfigError("the model gives no scores to which `tolerance` could apply", "remove it")
        pairs = zip(before.answers, after.answers, what, strict=True)
        return [f"{case}: {_words(old)} → {_words(new)}" for old, new, case in pairs if old != new]
    found = []
    for old, new, case in zip(_numbers(before), _numbers(after), what, strict=True):
        moved = max(zip(old, new, strict=True), key=lambda pair: _distance(*pair))
        if not _close(moved[0], moved[1], test.tolerance):
            found.append(f"{case}: {_words(moved[0])} → {_words(moved[1])}")
    return found


def moves(before: Answers, after: Answers, test: BehaviourTest, what: list[str]) -> list[str]:
    """The cases in which the score went the other way, in words."""
    found = []
    for old, new, case in zip(before.score(test.of), after.score(test.of), what, strict=True):
        gain = math.nan if old is None or new is None else new - old
        against = -gain if test.score == "rises" else gain
        if not against <= ROUNDING * max(1.0, abs(old or 0.0)):
            found.append(f"{case}: score {_words(old)} → {_words(new)}")
    return found


def _numbers(said: Answers) -> list[list[float | None]]:
    """Every score of each row, of two classes one; the answers themselves where they are numbers."""
    if not said.classes or not said.scores:
        return [[_number(answer)] for answer in said.answers]
    return [[score] for score in said.score("")] if len(said.classes) == 2 else said.scores


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)


def _distance(one: float | None, other: float | None) -> float:
    return abs(one - other) if one is not None and other is not None else math.inf


def _close(one: Any, other: float | None, tolerance: float | None) -> bool:
    """Whether two numbers differ by no more than the tolerance; what is no number is close to nothing."""
    first = _number(one)
    if first is None or other is None:
        return False
    rounding = ROUNDING * max(1.0, abs(first))
    return abs(first - other) <= (tolerance or 0.0) + rounding


def _words(value: Any) -> str:
    text = "nothing" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 30 else f"{text[:29]}…"

"""How a gain or a loss is written: as the change of the metric itself."""

from __future__ import annotations

from cdml.core.comparison import Direction
from cdml.evaluation import numbers
from cdml.evaluation.gates.question import Question


def change(question: Question, gain: float) -> str:
    """A gain of 0.012 is +0.012 of an accuracy and −0.012 of an error."""
    sign = -1 if question.result.direction is Direction.LOWER else 1
    return numbers.change(sign * gain, numbers.apart(gain, question.limit, numbers.decimals(question.result)))


def compared(question: Question, gain: float) -> str:
    """`0.012 better`, `0.012 worse`, `no better`."""
    digits = numbers.apart(gain, question.limit, numbers.decimals(question.result))
    if gain == 0:
        return "no better"
    return f"{numbers.value(abs(gain), digits)} {'better' if gain > 0 else 'worse'}"


def asked(question: Question, gain: float) -> str:
    """The limit, with the digits that tell it from a gain."""
    return numbers.value(question.limit, numbers.apart(gain, question.limit, numbers.decimals(question.result)))

"""`evaluate.images`: outputs like any other, under names that need no escaping."""

from __future__ import annotations

import pytest

from cdml.config.load import parse
from cdml.config.show import complete
from cdml.core.errors import ConfigError

TRAIN = "model: m\ntrain: {cmd: t, outs: [model, plots]}\nregister: {artifact: model}\n"
INLINE = TRAIN + "evaluate: {cmd: e, data: d.csv, target: y, images: [%s]}\n"
BUILTIN = TRAIN + "evaluate: {data: d.csv, target: y, images: [%s]}\n"


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    (found,) = caught.value.problems
    return str(found)


def test_the_command_writes_what_no_output_holds() -> None:
    settings = parse(INLINE % "plots/loss.png, reports/roc.png, reports/roc.png")
    assert settings.evaluate.images == ("plots/loss.png", "reports/roc.png", "reports/roc.png")
    assert settings.evaluate.stage is not None
    assert settings.evaluate.stage.outs == ("reports/predictions.csv", "reports/roc.png")
    assert complete(settings)["evaluate"]["images"] == list(settings.evaluate.images)


def test_the_built_in_evaluator_draws_nothing() -> None:
    assert parse(BUILTIN % "plots/loss.png").evaluate.images == ("plots/loss.png",)
    assert "written by nobody" in problem(BUILTIN % "reports/roc.png")


@pytest.mark.parametrize(
    "path", ["../a.png", "a.svg", "'a b.png'", "https://a.example/a.png", ".a/b.png", "a.png/"]
)
def test_what_can_be_no_part_of_an_address_is_refused(path: str) -> None:
    assert "cannot be shown" in problem(INLINE % path)


def test_six_are_enough_and_an_output_has_one_owner() -> None:
    assert "6" in problem(INLINE % ", ".join(f"{n}.png" for n in range(7)))
    assert "overlaps" in problem(INLINE.replace("cmd: e,", "cmd: e, predictions: reports,") % "reports/roc.png")

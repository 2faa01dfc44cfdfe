"""The `monitor` section of mlops.yaml: the grammars of its values, its rules, and Settings' Monitor made of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, WithJsonSchema

from cdml.config import grammar
from cdml.core.settings import Monitor

if TYPE_CHECKING:
    from cdml.config.read import Draft
    from cdml.config.source import Source

DELAY_PATTERN = r"^[1-9][0-9]{0,3}[dw]$"
_DAYS = {"d": 1, "w": 7}


def place(text: str) -> str:
    """A file or folder of batches in the project; an object store is named as such."""
    if "://" in text:
        raise ValueError(
            f"{text!r} is a URL, and object stores are not read yet: `dvc import-url URL FOLDER` brings its files "
            "into this folder, and monitoring asks it for newer ones"
        )
    return grammar.path(text)


def delay(text: str) -> str:
    """How long labels take, in days or weeks."""
    if re.fullmatch(DELAY_PATTERN, text) is None:
        raise ValueError(f"{text!r} is no time such as 14d or 2w")
    return text


Place = Annotated[str, AfterValidator(place), WithJsonSchema({"type": "string", "pattern": grammar.PATH_PATTERN})]
Delay = Annotated[str, AfterValidator(delay), WithJsonSchema({"type": "string", "pattern": DELAY_PATTERN})]


def check(source: Source, draft: Draft) -> None:
    """Note keys of `monitor` that mean nothing without another one."""
    monitor = draft.monitor
    if monitor is None:
        return
    if monitor.label_delay is not None and monitor.actuals is None:
        source.report(
            ("monitor", "label-delay"), "is about labels, but there is no monitor.actuals.", "Name them."
        )
    if "retrain" in monitor.on_drift and "issue" not in monitor.on_drift:
        source.report(
            ("monitor", "on-drift"),
            "has `retrain` without `issue`: the issue says how to retrain.",
            "Write [issue, retrain].",
        )
    if monitor.actuals is not None and monitor.actuals == monitor.predictions:
        source.report(
            ("monitor", "actuals"), "is the same as monitor.predictions: labels come in files of their own"
        )


def build(source: Source, draft: Draft) -> Monitor | None:
    """Monitor of the section, with every default filled in; None where nothing is watched."""
    part = draft.monitor
    if part is None:
        return None
    return Monitor(
        predictions=part.predictions,
        actuals=part.actuals,
        label_delay=int(part.label_delay[:-1]) * _DAYS[part.label_delay[-1]] if part.label_delay else None,
        schedule=part.schedule,
        on_drift=tuple(dict.fromkeys(part.on_drift)),
        line=source.line(("monitor",)),
    )

"""Which number of a version moves: model, code and data are versioned apart, and the tag says what changed."""

from __future__ import annotations

from typing import Literal

from cdml.core.comparison import Axis
from cdml.core.release import Field, Provenance
from cdml.core.serialize import digest


def changed_axes(base: Provenance, new: Provenance) -> tuple[str, ...]:
    """The axes that differ between two versions; 1, 1.0 and true are three values to a program."""
    pairs = (
        (Axis.CODE, (base.code, base.recipe), (new.code, new.recipe)),
        (Axis.DATA, base.data, new.data),
        (Axis.PARAMETERS, base.parameters, new.parameters),
        (Axis.ENVIRONMENT, base.environment, new.environment),
    )
    return tuple(axis.value for axis, before, after in pairs if digest(before) != digest(after))


def automatic_bump(base: Provenance | None, new: Provenance) -> Literal["major", "minor", "patch"]:
    """`major` when the input signature changed, `minor` when code or parameters did, else `patch`."""
    if base is None:
        return "minor"
    if (
        base.signature is not None
        and new.signature is not None
        and _kinds(base.signature) != _kinds(new.signature)
    ):
        return "major"
    axes = changed_axes(base, new)
    only_data = bool(axes) and set(axes) <= {Axis.DATA.value, Axis.ENVIRONMENT.value}
    return "patch" if only_data else "minor"


def _kinds(signature: tuple[Field, ...]) -> set[tuple[str, str]]:
    # One missing value makes a column of integers one of numbers: other data, not another input.
    return {(field.name, "number" if field.kind == "integer" else field.kind) for field in signature}

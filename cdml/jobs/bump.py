"""Which number of a version moves: model, code and data are versioned apart, and the tag says which one changed."""

from __future__ import annotations

from typing import Literal

from cdml.core.comparison import Axis
from cdml.core.release import Provenance


def changed_axes(base: Provenance, new: Provenance) -> tuple[str, ...]:
    """The axes that differ between two versions."""
    pairs = (
        (Axis.CODE, base.code, new.code),
        (Axis.DATA, base.data, new.data),
        (Axis.PARAMETERS, base.parameters, new.parameters),
        (Axis.ENVIRONMENT, base.environment, new.environment),
    )
    return tuple(axis.value for axis, before, after in pairs if before != after)


def automatic_bump(base: Provenance | None, new: Provenance) -> Literal["major", "minor", "patch"]:
    """`major` when the input signature changed, `minor` when code or parameters did, else `patch`."""
    if base is None:
        return "minor"
    if base.signature is not None and new.signature is not None and set(base.signature) != set(new.signature):
        return "major"
    axes = changed_axes(base, new)
    only_data = bool(axes) and set(axes) <= {Axis.DATA.value, Axis.ENVIRONMENT.value}
    return "patch" if only_data else "minor"

"""How test rows are asked to be cut: by a column, or by a cross `a*b` of two."""

from __future__ import annotations

from collections.abc import Container, Iterable

SIGN = "*"
# Between the two values of a cross.
CROSS = " × "


def parts(name: str, known: Container[str] = ()) -> tuple[str, ...]:
    """The columns of one cut: two of a cross; a column of `known` that is called so itself is one."""
    if name in known or SIGN not in name:
        return (name,)
    return tuple(part.strip() for part in name.split(SIGN))


def columns_of(names: Iterable[str], known: Container[str] = ()) -> tuple[str, ...]:
    """The columns of several cuts, each once, in order."""
    return tuple(dict.fromkeys(part for name in names for part in parts(name, known)))

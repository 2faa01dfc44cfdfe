"""How a change's contracts differ from those of the branch that it wants to enter: loosened ones are said."""

from __future__ import annotations

from pathlib import PurePosixPath

from cdml.contracts.diff import Difference, differences
from cdml.core.comparison import Axis, AxisChange
from cdml.core.settings import Settings
from cdml.jobs.axis_words import NAME_LENGTH, first, short
from cdml.jobs.data_files import contract_at, named
from cdml.state.git import Git

MOST_SAID = 3


def contract_changes(git: Git, head: Settings, branch: str, base: Settings) -> AxisChange | None:
    """The axis of contracts; None where neither side has any."""
    if not (head.data or base.data):
        return None
    words = [
        f"{PurePosixPath(path).name}: {short(str(one), NAME_LENGTH)}"
        for path, one in _all(git, head, branch, base)
    ]
    words += [f"new {one.path}" for one in head.data if named(base.data, one.name) is None]
    return AxisChange(Axis.CONTRACTS, bool(words), tuple(first(words)))


def loosened(git: Git, head: Settings, branch: str, base: Settings) -> tuple[str, ...]:
    """A sentence for each contract that lets more pass than the branch's own."""
    found: dict[str, list[str]] = {}
    for path, one in _all(git, head, branch, base):
        if one.loosens:
            found.setdefault(path, []).append(short(str(one), NAME_LENGTH))
    return tuple(_sentence(path, said) for path, said in found.items())


def _sentence(path: str, said: list[str]) -> str:
    listed = "; ".join(first(said, most=MOST_SAID))
    return f"⚠️ This change loosens the contract of {short(path, NAME_LENGTH)}: {listed}."


def _all(git: Git, head: Settings, branch: str, base: Settings) -> list[tuple[str, Difference]]:
    """Every difference, with the path of the data that it is about; a schema that several share counts once."""
    found: list[tuple[str, Difference]] = []
    seen: set[tuple[str, str]] = set()
    for old in base.data:
        new = next((one for one in head.data if one.name == old.name), None)
        pair = (old.schema, new.schema if new else "")
        if new is not None and pair in seen:
            continue
        seen.add(pair)
        before = contract_at(git, branch, old.schema)
        after = contract_at(git, "HEAD", new.schema) if new else None
        if new is None or (after is None and before is not None):
            found.append((old.path, Difference("", "removed", True)))
        elif before is not None and after is not None:
            found += [(new.path, one) for one in differences(before, after)]
        if new is not None and new.path != old.path:
            found.append((old.path, Difference("", f"{old.path} → {new.path}", True)))
    return found

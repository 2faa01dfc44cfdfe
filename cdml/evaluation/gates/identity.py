"""What a gate is called where people and machines name it: in a command, in a status, in a waiver."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from cdml.core.settings import Gate

# Longer ones are cut: a forge takes 255 characters of a status' name, which holds more than this.
LONGEST = 100
_ODD = re.compile(r"[^A-Za-z0-9_.-]")


def gate_id(gate: Gate) -> str:
    """`f1:max-regression`, `f1:max-gap:by-sex`, with `:on-DATASET` and `:against-MODEL` where it names them.

    Whatever else than letters, digits, `_`, `.` and `-` a name has is percent-quoted.
    """
    places = (("by", gate.by), ("on", gate.dataset), ("against", gate.against))
    tail = "".join(f":{word}-{_quoted(name)}" for word, name in places if name)
    metric = _quoted(gate.metric)
    whole = f"{metric}:{gate.kind}{tail}"
    if len(whole) <= LONGEST:
        return whole
    known = hashlib.sha256(_bytes(f"{metric}\0{tail}" if tail else gate.metric)).hexdigest()[:12]
    return f"{metric[: LONGEST - len(known) - len(gate.kind) - 2]}-{known}:{gate.kind}"


def gate_ids(gates: Sequence[Gate]) -> tuple[str, ...]:
    """Every gate's id, in order; of several that ask for the same of a metric the second ends with `-2`."""
    seen: dict[str, int] = {}
    names = []
    for gate in gates:
        name = gate_id(gate)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return tuple(names)


def _quoted(name: str) -> str:
    return _ODD.sub(lambda found: "".join(f"%{byte:02X}" for byte in _bytes(found[0])), name)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

"""Frozen data to JSON and back. What comes back is untrusted: pydantic checks every field."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from cdml.core.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def dump(value: Any) -> str:
    """Indented JSON of a dataclass (or plain data), the same bytes for the same value; NaN is refused."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """A dataclass, or a container of them, as plain dictionaries and lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def load(kind: type[T], text: str | bytes, where: str, hint: str = "") -> T:
    """JSON text as `kind`; raises ConfigError that names `where`, with `hint`, when it does not fit."""
    from pydantic import ValidationError

    try:
        value: T = _adapter(kind).validate_json(text)
        unknown = _unknown(json.loads(text, parse_constant=_refuse), plain(value))
    except ValidationError as error:
        first = error.errors()[0]
        what = ": ".join(filter(None, (".".join(str(part) for part in first["loc"]), first["msg"])))
        raise ConfigError(f"{where} is not what cdml wrote: {what}", hint) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is not what cdml wrote: {error}", hint) from None
    if unknown:
        raise ConfigError(f"{where} is not what cdml wrote: it has no key {unknown}", hint)
    return value


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """pydantic's checks of a kind, kept: it takes milliseconds to make them."""
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _unknown(data: Any, read: Any, path: str = "") -> str | None:
    """The first key in JSON data that reading it dropped; None where all of it was read.

    Raises ValueError for a number that is too large to be one: `1e999` is read as infinity.
    """
    if isinstance(read, float) and not math.isfinite(read):
        raise ValueError(f"{path.rstrip('.')} is not a finite number")
    pairs: Iterable[tuple[object, Any, Any]] = ()
    if isinstance(data, dict) and isinstance(read, dict):
        dropped = next((key for key in data if key not in read), None)
        if dropped is not None:
            return f"{path}{dropped}"
        pairs = [(key, value, read[key]) for key, value in data.items()]
    elif isinstance(data, list) and isinstance(read, (list, tuple)):
        pairs = [(place, *both) for place, both in enumerate(zip(data, read, strict=False))]
    found = (_unknown(value, back, f"{path}{key}.") for key, value, back in pairs)
    return next((one for one in found if one is not None), None)


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of plain data: the identity of a run's inputs."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()

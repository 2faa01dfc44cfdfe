"""Frozen data to JSON and back. What comes back is untrusted: pydantic checks every field."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from cdml.core.errors import ConfigError

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


def load(kind: type[T], text: str | bytes, where: str) -> T:
    """JSON text as `kind`; raises ConfigError that names `where` when it does not fit."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where} is not what cdml wrote: {path}: {first['msg']}") from None


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of plain data: the identity of a run's inputs."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()

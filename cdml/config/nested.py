"""Which model a key belongs to, where models stand inside each other, in lists or under names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel


def model_at(model: type[BaseModel], way: Sequence[str | int]) -> type[BaseModel]:
    """The model of the mapping at `way` below `model`; the last one on the way that is known for sure."""
    for part in way:
        field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
        if field is None:  # an index, or a name that people chose
            continue
        found = list(_models(field.annotation))
        if len(found) == 1:
            model = found[0]
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names, however deep."""
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)

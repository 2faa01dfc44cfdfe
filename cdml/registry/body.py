"""The YAML in the body of a tag: block style for people, and no more than JSON can say for machines."""

from __future__ import annotations

import io
import json
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from cdml.core.errors import ConfigError

FORMAT = 1
_FIRST_LINE = f"cdml: {FORMAT}"


class _Representer(SafeRepresenter):
    """Puts text with line breaks and control characters into double quotes, the only style that keeps them all."""

    def represent_str(self, data: str) -> ScalarNode:
        style = None if data.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Representer.add_representer(str, _Representer.represent_str)


class _Composer(Composer):
    """Refuses aliases: a few lines of them are gigabytes of data, or data that holds itself."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.parser.check_event(AliasEvent):
            raise ComposerError(
                None, None, "an alias, which cdml never writes", self.parser.peek_event().start_mark
            )
        return super().compose_node(parent, index)


def _yaml() -> Any:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.Composer = _Composer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 2**20  # never fold: one value, one line
    yaml.sort_base_mapping_type_on_output = False
    return yaml


def write_body(data: dict[str, Any]) -> str:
    """Plain data as the body of a tag, in the order of its keys."""
    stream = io.StringIO()
    _yaml().dump({"cdml": FORMAT, **data}, stream)
    return stream.getvalue()


def read_body(body: str, tag: str) -> dict[str, Any] | None:
    """The data in a body of ours, None where another tool wrote it; ConfigError names the tag otherwise."""
    first = body.split("\n", 1)[0].rstrip()
    if not first.startswith("cdml:"):
        return None
    if first != _FIRST_LINE:
        raise ConfigError(f"tag {tag} was written by another cdml ({first!r})", "update cdml")
    try:
        data = json.loads(json.dumps(_yaml().load(body), allow_nan=False))
    except (YAMLError, TypeError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:200]
        raise ConfigError(f"the body of tag {tag} cannot be read: {why}", f"git cat-file tag {tag}") from None
    return {key: value for key, value in data.items() if key != "cdml"}

"""What stands in the body of a tag: YAML that says where a version came from, or what was deployed.

The first line of a tag's message is GTO's; after a blank line comes YAML that begins with `cdml: 1`, the
format's number. A body that begins otherwise is another tool's words, and no provenance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache

from cdml.core.errors import ConfigError
from cdml.core.release import Provenance
from cdml.core.serialize import load, plain

_COMMIT = "release"
_WAIVERS = "waivers"


def provenance_body(provenance: Provenance) -> str:
    """A provenance as the body of a tag: the same bytes for the same value; mappings are sorted by key."""
    from cdml.registry.body import write_body

    values = {field.name: getattr(provenance, field.name) for field in fields(provenance)}
    if not provenance.waivers:  # as tags were written before there were any
        del values[_WAIVERS]
    try:
        # Through JSON: what JSON cannot say (NaN, dates) is refused here rather than found by an auditor.
        data = {
            name: json.loads(json.dumps(plain(value), sort_keys=isinstance(value, Mapping), allow_nan=False))
            for name, value in values.items()
        }
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the provenance holds a value that cannot be kept: {error}") from None
    return write_body(data)


@lru_cache(maxsize=256)
def read_provenance(body: str, tag: str) -> Provenance | None:
    """The provenance in a tag's body, None where another tool made the tag.

    Raises ConfigError that names the tag when it begins as ours and is not what cdml writes.
    """
    from cdml.registry.body import read_body

    data = read_body(body, tag)
    if data is None:
        return None
    hint = f"git cat-file tag {tag} shows it; cdml registry history says who made it"
    provenance = load(Provenance, json.dumps(data), f"the provenance in tag {tag}", hint)
    said = json.loads(json.dumps(plain(provenance)))
    if {key: value for key, value in said.items() if value or key != _WAIVERS} != data:
        raise ConfigError(f"the provenance in tag {tag} holds a value or a key that cdml did not write", hint)
    return provenance


def deployment_body(commit: str) -> str:
    """The body of an assignment: the commit of the release branch that was deployed."""
    from cdml.registry.body import write_body

    return write_body({_COMMIT: commit})


def read_deployment(body: str, tag: str) -> str | None:
    """The release-branch commit that an assignment deployed, None where another tool assigned.

    Raises ConfigError that names the tag when it is not what cdml writes.
    """
    from cdml.registry.body import read_body

    data = read_body(body, tag)
    if data is None:
        return None
    commit = data.get(_COMMIT)
    if not isinstance(commit, str):
        raise ConfigError(f"the body of tag {tag} does not name the release commit that was deployed")
    return commit

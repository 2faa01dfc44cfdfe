"""Generated CI read back: which jobs a provider's files hold, and the YAML of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml
from ruamel.yaml import YAML

from cdml.ci.gitlab import FILE as GITLAB_FILE

# Keys of a file of GitLab that are no job.
NO_JOB = {"workflow", "variables"}


def document(text: str) -> Any:
    """One YAML document; a key that stands twice is an error."""
    return YAML(typ="safe", pure=True).load(text)


def quickly(text: str) -> Any:
    """One YAML document by libyaml: fast enough for many of them, though `on` is true and double keys pass."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def shape(value: Any) -> Any:
    """A document without its values: its keys, the lengths of its lists, and the types of what it holds."""
    if isinstance(value, dict):
        # A condition of Azure is a key, in which a branch may stand; it stays one text within `${{ }}`.
        return {re.sub(r"^\$\{\{ if .* \}\}$", "${{ if }}", str(key)): shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__


def leaves(value: Any) -> Iterator[Any]:
    """Every value of a document that holds no other."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


def jobs(provider: str, files: Mapping[str, str]) -> dict[str, str]:
    """The YAML of each job as JSON text, by the job's id in the description; all of its models together."""
    found: dict[str, list[Any]] = {}
    for name, job in {"github": _github, "azure": _azure, "gitlab": _gitlab}[provider](files):
        found.setdefault(name, []).append(job)
    return {name: json.dumps(parts) for name, parts in found.items()}


def _github(files: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for text in files.values():
        yield from document(text)["jobs"].items()


def _azure(files: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """A template for each job, which the pipeline names; the steps that all share are no job."""
    called = set(re.findall(r"template: (\S+)", files["azure-pipelines.yml"]))
    for path in sorted(called & set(files)):
        yield PurePosixPath(path).stem, document(files[path])


def _gitlab(files: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, job in document(files[GITLAB_FILE]).items():
        if name not in NO_JOB:
            yield re.match(r"\.?[^:]+:([^:]+)", name)[1], job

"""The registry as the repository's tags have it, read in one pass of git."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from cdml.core.errors import UsageError
from cdml.core.release import Version
from cdml.registry.model import ModelState, Registered, Tagged, model_state
from cdml.registry.provenance import read_deployment, read_provenance
from cdml.registry.tags import parse
from cdml.state.git import REMOTE, Git, words
from cdml.state.plumbing import remote_refs

_FIELDS = (
    "refname:lstrip=2",
    "tag",
    "*objecttype",
    "*objectname",
    "taggerdate:unix",
    "taggername",
    "taggeremail",
    "contents:subject",
    "contents:body",
)


@dataclass(frozen=True)
class Registry:
    """All models of a repository. A model in a folder (`dir=churn`) is named `dir:churn`, as GTO does.

    `versions` and `assignments` answer without provenance; `latest`, `version` and `assigned` read it, and
    raise ConfigError that names the tag where it is malformed. A model without any tag has no versions; asking for
    its history, or for one version of it, is a UsageError that names close ones.
    """

    states: Mapping[str, ModelState]
    counters: Mapping[str, int]

    def models(self) -> tuple[str, ...]:
        """The names of all models that are not deprecated, sorted."""
        return tuple(sorted(name for name, state in self.states.items() if not state.deprecated))

    def versions(self, model: str, *, active: bool = True) -> tuple[Registered, ...]:
        """A model's versions, the highest first; with `active=False` also those that were deregistered."""
        state = self.states.get(model)
        return tuple(v for v in state.versions if v.active or not active) if state else ()

    def assignments(self, model: str) -> Mapping[str, Registered]:
        """The version that each environment has now."""
        state = self.states.get(model)
        return state.assignments if state else {}

    def latest(self, model: str) -> Version | None:
        """The highest active version by semver, or None where there is none."""
        versions = self.versions(model)
        return complete(versions[0]) if versions else None

    def find(self, model: str, name: str) -> Registered:
        """The version called `v1.2.3` or `1.2.3`, the active one if the number was used twice; UsageError."""
        wanted = name if name.startswith("v") else f"v{name}"
        versions = self._state(model).versions
        found = [v for v in versions if v.version == wanted]
        if found:
            return max(found, key=lambda v: (v.active, v.time))
        known = [v.version for v in versions]
        raise UsageError(f"{model} has no version {wanted}", _suggestion(wanted, known, "its versions are"))

    def version(self, model: str, name: str) -> Version:
        """The version called `v1.2.3` or `1.2.3`, with its provenance; UsageError names close ones."""
        return complete(self.find(model, name))

    def assigned(self, model: str, environment: str) -> Version | None:
        """The version that an environment has now, or None."""
        found = self.assignments(model).get(environment)
        return complete(found) if found else None

    def deployed(self, model: str, environment: str) -> frozenset[str]:
        """Every version that an environment ever had."""
        return frozenset(tagged.version for tagged in self._assigned(model, environment) if tagged.version)

    def deployed_from(self, model: str, environment: str) -> str | None:
        """The release-branch commit whose deployment gave an environment its present version.

        None where it has no version, or another tool assigned it; ConfigError where the tag is malformed.
        """
        now = self.assignments(model).get(environment)
        if now is None:
            return None
        latest = [tagged for tagged in self._assigned(model, environment) if tagged.commit == now.commit][-1]
        return read_deployment(latest.body, latest.tag)

    def history(self, model: str) -> tuple[Tagged, ...]:
        """A model's events in order, the oldest first."""
        return self._state(model).events

    def newest(self, model: str) -> int:
        """The time of a model's newest tag in Unix seconds; 0 where it has none."""
        return self.states[model].events[-1].time if model in self.states else 0

    def next_counter(self, model: str) -> int:
        """The number that the next counted tag of a model carries, across all its environments."""
        return self.counters.get(model, 0) + 1

    def _assigned(self, model: str, environment: str) -> list[Tagged]:
        events = self.states[model].events if model in self.states else ()
        return [t for t in events if t.event.kind == "assigned" and t.event.environment == environment]

    def _state(self, model: str) -> ModelState:
        state = self.states.get(model)
        if state is None:
            raise UsageError(
                f"no model is called {model!r}", _suggestion(model, list(self.states), "the models are")
            )
        return state


def complete(registered: Registered) -> Version:
    """A version with its provenance; ConfigError that names the tag where that is malformed."""
    return Version(
        model=registered.model,
        version=registered.version,
        commit=registered.commit,
        time=registered.time,
        active=registered.active,
        provenance=read_provenance(registered.body, registered.tag),
    )


def read(git: Git) -> Registry:
    """The registry, in one pass over the tags. Only annotated tags of commits count."""
    tags: dict[str, list[Tagged]] = defaultdict(list)
    counters: dict[str, int] = {}
    for name, title, kind, commit, time, who, mail, subject, body in _records(git):
        event = parse(name)
        if event is None:
            continue
        # A lightweight tag counts for nothing but its number, which nobody may use again.
        counters[event.artifact] = max(counters.get(event.artifact, 0), event.counter or 0)
        # An object under another name than its own was copied there; whoever made it did not mean that name.
        if kind == "commit" and title == name:
            tagged = Tagged(name, event, commit, int(time or 0), f"{who} {mail}".strip(), subject, body)
            tags[event.artifact].append(tagged)
    return Registry({name: model_state(name, found) for name, found in tags.items()}, counters)


def refuse_shallow(git: Git) -> None:
    """Refuse a clone whose history was cut off: it may lack the commits that versions are."""
    if git.is_shallow():
        raise UsageError(
            "this clone is shallow, so it does not hold every version",
            f"git fetch --unshallow --tags {REMOTE}",
        )


def require_complete(git: Git) -> None:
    """Refuse a clone that does not hold the registry: a shallow one, or one without the remote's tags."""
    refuse_shallow(git)
    if any(parse(record[0]) for record in _records(git)) or git.remote_url() is None:
        return
    names = [ref.removeprefix("refs/tags/") for ref in remote_refs(git, "refs/tags/*")]
    if any(parse(name) for name in names):
        raise UsageError(
            f"this clone has no registry tags, but {REMOTE} has some",
            f"git fetch --tags {REMOTE}",
        )


def _records(git: Git) -> Iterator[tuple[str, ...]]:
    """The fields of every tag; those of a lightweight one are empty but for its name."""
    wanted = "".join(f"%({field})%00" for field in _FIELDS)
    out = git.run("for-each-ref", f"--format={wanted}", "refs/tags").out
    parts = out.decode("utf-8", "replace").split("\0")[:-1]
    for start in range(0, len(parts), len(_FIELDS)):
        name, *rest = parts[start : start + len(_FIELDS)]
        yield (name.removeprefix("\n"), *rest)


def _suggestion(wanted: str, known: list[str], otherwise: str) -> str:
    close = get_close_matches(wanted, known, n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"{otherwise} {words(known)}" if known else "cdml register makes the first one"

"""The grammar of tags, held against GTO's own parser."""

from __future__ import annotations

import re

import pytest
from gto.base import sort_versions
from gto.constants import Action, tag_re
from gto.tag import name_tag, parse_name
from gto.versions import SemVer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cdml.core.errors import UsageError
from cdml.core.names import NAME, SEMVER
from cdml.registry.tags import Event, format_tag, parse
from cdml.registry.versions import bumped, is_version, precedence

names = st.from_regex(NAME, fullmatch=True)
versions = st.from_regex(re.compile(SEMVER, re.ASCII), fullmatch=True).map(lambda text: f"v{text}")
counters = st.none() | st.integers(0, 10**9)
KINDS = {
    Action.REGISTER: "registered",
    Action.DEREGISTER: "deregistered",
    Action.ASSIGN: "assigned",
    Action.UNASSIGN: "unassigned",
    Action.DEPRECATE: "deprecated",
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(["created", "deprecated", "registered", "deregistered", "assigned", "unassigned"]))
    folder = draw(st.none() | st.from_regex(r"[a-zA-Z0-9\-_./]+", fullmatch=True))
    version = draw(versions) if kind in ("registered", "deregistered") else None
    environment = draw(names) if kind in ("assigned", "unassigned") else None
    return Event(kind, draw(names), folder, version, environment, draw(counters))


def same_as_gto(tag: str) -> None:
    theirs, ours = parse_name(tag, raise_on_fail=False), parse(tag)
    if ours is None:
        assert theirs == {}
        return
    assert theirs["name"] == ours.artifact
    assert KINDS.get(theirs.get("action")) == (None if ours.kind == "created" else ours.kind)
    assert theirs.get("version") == ours.version
    assert theirs.get("stage") == ours.environment
    assert theirs.get("counter") == ours.counter


@settings(max_examples=60, deadline=None)
@given(events())
def test_a_formatted_event_parses_back(event: Event) -> None:
    assume(len(format_tag(event)) < 900)
    assert parse(format_tag(event)) == event
    same_as_gto(format_tag(event))


@settings(max_examples=60, deadline=None)
@given(st.from_regex(tag_re).filter(lambda tag: tag.isascii() and "\n" not in tag and len(tag) < 900))
def test_every_tag_of_gto_is_read_as_gto_reads_it(tag: str) -> None:
    """But for digits of other scripts, which GTO's expression lets through and semver does not."""
    assert parse(tag) is not None
    same_as_gto(tag)


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="ab10-_/@#!=.v+", max_size=24) | st.text(max_size=12).map(lambda text: f"m@{text.strip()}")
)
def test_what_is_no_tag_of_gto_is_none_of_ours(text: str) -> None:
    assume("\n" not in text)
    same_as_gto(text)


@pytest.mark.parametrize(
    ("action", "kind", "counter"),
    [
        (Action.REGISTER, "registered", None),
        (Action.DEREGISTER, "deregistered", None),
        (Action.DEPRECATE, "deprecated", None),
    ],
)
def test_what_we_write_is_what_gto_writes(action: Action, kind: str, counter: None) -> None:
    version = None if kind == "deprecated" else "v1.4.0"
    ours = format_tag(Event(kind, "team/churn", version=version))  # type: ignore[arg-type]
    assert ours == name_tag(action, "team/churn", version=version, simple=True)


def test_the_counter_follows_the_exclamation_mark() -> None:
    assert format_tag(Event("unassigned", "churn", environment="production", counter=8)) == "churn#production!#8"
    assert format_tag(Event("assigned", "churn", environment="production", counter=7)) == "churn#production#7"


@pytest.mark.parametrize(
    "event",
    [
        Event("registered", "churn", version="1.4.0"),
        Event("registered", "churn", version=None),
        Event("registered", "-churn", version="v1.0.0"),
        Event("registered", "churn", version="v1.0.0", environment="production"),
        Event("assigned", "churn", environment="pro duction", counter=1),
        Event("assigned", "a@v1.0.0", environment="production"),
    ],
)
def test_an_event_that_no_tag_can_hold_is_refused(event: Event) -> None:
    with pytest.raises(UsageError):
        format_tag(event)


def test_an_absurdly_long_number_is_no_tag() -> None:
    assert parse("m@v1.0.0#" + "9" * 5000) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(versions, min_size=2, max_size=5))
def test_versions_sort_as_semver_does(several: list[str]) -> None:
    ours = sorted(several, key=precedence)
    theirs = [row["version"] for row in sort_versions([{"version": v} for v in several], ascending=True)]
    assert [precedence(v) for v in ours] == [precedence(v) for v in theirs]


def test_the_order_that_the_specification_gives() -> None:
    text = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0"
    order = [f"v{version}" for version in text.split()]
    order.reverse()
    assert sorted(order, key=precedence) == order[::-1]
    assert precedence("v1.0.0+a") == precedence("v1.0.0+b")


@settings(max_examples=60, deadline=None)
@given(versions, st.sampled_from(["major", "minor", "patch"]))
def test_bumps_are_those_of_gto(version: str, bump: str) -> None:
    assert bumped(version, bump) == SemVer(version).bump(**{f"bump_{bump}": True}).version  # type: ignore[arg-type]


def test_a_bad_version_is_a_mistake_of_the_user() -> None:
    assert not is_version("1.0.0")
    with pytest.raises(UsageError, match=r"'v1\.0' is not a version"):
        bumped("v1.0", "patch")

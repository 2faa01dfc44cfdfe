"""What the tags amount to: random histories against GTO itself, and GTO's known faults, which are not ours."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import gto.api
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagged_repository import Tag, build, command

from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.registry.read import read, require_complete
from cdml.state.git import Git

Make = Callable[..., tuple[Git, list[str]]]
NUMBERS = ["v0.9.0", "v1.0.0-rc.1", "v1.0.0", "v1.2.0", "v1.10.0"]
START = 1_700_000_000


@st.composite
def histories(draw: st.DrawFn) -> list[Tag]:
    """Tags of two models over five commits; a commit has one version a model, or GTO cannot read it."""
    tags: dict[str, Tag] = {}
    for model in ("churn", "apps=team/price"):
        numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=5, max_size=5))
        for step in range(draw(st.integers(1, 12))):
            commit = draw(st.integers(0, 4))
            version, mark = numbers[commit], draw(st.sampled_from(["", "!"]))
            environment = draw(st.sampled_from(["dev", "prod"]))
            # Two versions assigned to one environment in one second are the one tie that GTO decides oddly.
            time = START + draw(st.integers(0, 12)) * 2
            what = draw(st.sampled_from(["@version", "@version", "#environment", "#environment", "@deprecated"]))
            name = f"{model}@{version}{mark}"
            if what == "#environment":
                name = f"{model}#{environment}{mark}"
                time = time if mark else START + 2 * step + draw(st.sampled_from([0, 1]))
            elif what == "@deprecated":
                name = f"{model}@deprecated"
            name += f"#{step + 1}"
            tags[name] = Tag(name, commit, time)
        tags[f"{model}@v7.0.0"] = Tag(f"{model}@v7.0.0", 0, None)
    return list(tags.values())


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_random_histories_are_read_as_gto_reads_them(tags: list[Tag]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="cdml-test-"))
    try:
        build(folder, 5, tags)
        compare_with_gto(folder)
    finally:
        shutil.rmtree(folder)


def compare_with_gto(folder: Path) -> None:
    registry = read(Git(folder))
    shown = gto.api.show(folder, registered_only=True)
    told = gto.api.history(folder)
    assert registry.models() == tuple(sorted(shown))
    for model, state in gto.api._get_state(folder).get_artifacts().items():
        theirs = [v.version for v in state.get_versions() if v.is_active]
        assert sorted(v.version for v in registry.versions(model)) == sorted(theirs)
        latest = state.get_latest_version(registered_only=True)
        ours = registry.latest(model)
        assert (ours and ours.version) == (latest and latest.version)
        if model in shown:
            stages = {name: version for name, version in shown[model]["stage"].items() if version}
            assert {name: v.version for name, v in registry.assignments(model).items()} == stages
        assert happened(registry.history(model)) == sorted(
            (e["timestamp"].timestamp(), e["event"], e["stage"], e["commit"], e["ref"], e["author"])
            for e in told
            if e["artifact"] == model
        )


def happened(events: tuple) -> list[tuple]:  # type: ignore[type-arg]
    words = {
        "registered": "registration",
        "deregistered": "deregistration",
        "assigned": "assignment",
        "unassigned": "unassignment",
        "deprecated": "deprecation",
    }
    return sorted(
        (t.time, words[t.event.kind], t.event.environment, t.commit, t.tag, t.who.split(" <")[0]) for t in events
    )


def test_versions_assignments_and_history(make: Make) -> None:
    git, oids = make(
        3,
        Tag("churn@v1.2.0", 0, 100),
        Tag("churn@v1.10.0", 1, 200),
        Tag("churn@v1.3.0", 2, 300),
        Tag("churn#production#1", 0, 400),
        Tag("churn#production#2", 2, 500),
        Tag("churn#staging#3", 1, 600),
    )
    registry = read(git)
    assert [v.version for v in registry.versions("churn")] == ["v1.10.0", "v1.3.0", "v1.2.0"]
    latest = registry.latest("churn")
    assert latest is not None
    assert (latest.label, latest.commit, latest.time, latest.provenance) == ("churn@v1.10.0", oids[1], 200, None)
    assigned = registry.assigned("churn", "production")
    assert assigned is not None
    assert assigned.version == "v1.3.0"
    assert registry.assigned("churn", "nowhere") is None
    assert registry.deployed("churn", "production") == {"v1.2.0", "v1.3.0"}
    assert registry.deployed("churn", "nowhere") == frozenset()
    assert [t.tag for t in registry.history("churn")][-1] == "churn#staging#3"
    assert registry.history("churn")[-1].version == "v1.10.0"
    assert registry.newest("churn") == 600
    assert registry.next_counter("churn") == 4


def test_unassigning_brings_the_previous_back_and_deregistering_too(make: Make) -> None:
    tags = [
        Tag("churn@v1.0.0", 0, 100),
        Tag("churn@v1.1.0", 1, 101),
        Tag("churn#prod#1", 0, 110),
        Tag("churn#prod#2", 1, 120),
    ]
    git, _ = make(2, *tags, Tag("churn#prod!#3", 1, 130))
    assigned = read(git).assigned("churn", "prod")
    assert assigned is not None
    assert assigned.version == "v1.0.0"
    command(git.root, "tag", "--delete", "churn#prod!#3")
    assert read(git).assignments("churn")["prod"].version == "v1.1.0"
    env_date = {"GIT_COMMITTER_DATE": "@1800000000 +0000"}
    git.run("tag", "-a", "-m", "x", "churn@v1.1.0!", "main", env={**env_date, **git.identity()})
    assert read(git).assignments("churn")["prod"].version == "v1.0.0"


def test_assigning_again_counts_as_the_most_recent(make: Make) -> None:
    git, _ = make(
        2,
        Tag("churn@v1.0.0", 0, 100),
        Tag("churn@v1.1.0", 1, 101),
        Tag("churn#prod#1", 0, 110),
        Tag("churn#prod#2", 1, 120),
        Tag("churn#prod#3", 0, 130),
    )
    assert read(git).assignments("churn")["prod"].version == "v1.0.0"


def test_two_assignments_in_one_second_are_ordered_by_counter(make: Make) -> None:
    git, _ = make(
        2,
        Tag("churn@v1.0.0", 0, 100),
        Tag("churn@v1.1.0", 1, 101),
        Tag("churn#prod#10", 0, 110),
        Tag("churn#prod#9", 1, 110),
    )
    assert read(git).assignments("churn")["prod"].version == "v1.0.0"


def test_a_created_model_does_not_crash(make: Make) -> None:
    git, _ = make(1, Tag("churn@created", 0, 100))
    registry = read(git)
    assert registry.models() == ("churn",)
    assert registry.versions("churn") == ()
    assert registry.latest("churn") is None
    assert [t.event.kind for t in registry.history("churn")] == ["created"]
    with pytest.raises(KeyError):
        gto.api.history(git.root)


def test_a_deprecated_model_is_not_listed_but_keeps_its_versions(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100), Tag("churn@deprecated", 0, 101))
    registry = read(git)
    assert registry.models() == ()
    assert [v.version for v in registry.versions("churn")] == ["v1.0.0"]


def test_two_versions_at_one_commit_are_read(make: Make) -> None:
    git, _ = make(
        1, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.1.0", 0, 101), Tag("churn@v1.2.0", 0, 102),
        Tag("churn@v1.2.0!", 0, 103), Tag("churn#prod#1", 0, 104),
    )  # fmt: skip
    assert read(git).assignments("churn")["prod"].version == "v1.1.0"


def test_a_number_on_two_commits_means_the_active_one(make: Make) -> None:
    git, oids = make(
        2, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.0.0!", 0, 101), Tag("churn@v1.0.0#3", 1, 102)
    )  # fmt: skip
    registry = read(git)
    assert registry.version("churn", "v1.0.0").commit == oids[1]
    assert [v.commit for v in registry.versions("churn")] == [oids[1]]


def test_a_deregistered_version_is_found_but_not_active(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.0.0!", 0, 100))
    registry = read(git)
    assert registry.versions("churn") == ()
    assert not registry.version("churn", "1.0.0").active
    assert [v.active for v in registry.versions("churn", active=False)] == [False]


def test_folders_make_artifacts_of_their_own(make: Make) -> None:
    git, _ = make(1, Tag("apps/a=churn@v1.0.0", 0, 100), Tag("churn@v2.0.0", 0, 100))
    assert read(git).models() == ("apps/a:churn", "churn")
    assert read(git).version("apps/a:churn", "v1.0.0").version == "v1.0.0"


def test_counters_are_counted_over_lightweight_tags_and_every_form(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0#4", 0, 100), Tag("churn#prod!#9", 0, None), Tag("other#prod#20", 0, 100))
    registry = read(git)
    assert registry.next_counter("churn") == 10
    assert registry.next_counter("new") == 1
    assert registry.newest("new") == 0
    assert [t.tag for t in registry.history("churn")] == ["churn@v1.0.0#4"]


def test_an_object_under_another_name_counts_for_nothing(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100))
    command(git.root, "update-ref", "refs/tags/churn@v9.0.0", "refs/tags/churn@v1.0.0")
    assert [v.version for v in read(git).versions("churn")] == ["v1.0.0"]


def test_a_tag_of_something_else_than_a_commit_counts_for_nothing(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100))
    git.run("tag", "-a", "-m", "x", "churn@v2.0.0", "main^{tree}", env=git.identity())
    git.run("tag", "-a", "-m", "x", "churn@v3.0.0", "churn@v1.0.0", env=git.identity())
    assert [v.version for v in read(git).versions("churn")] == ["v1.0.0"]


def test_any_bytes_in_a_message_or_a_name_of_a_person_are_read(make: Make) -> None:
    git, oids = make(1, Tag("churn@v1.0.0", 0, 100))
    for number, message in enumerate([b"\xff\xfe \x01 \x1b[31m\n\nbody\n", b"a\n\nb\x00c\n", b"", b"\n\n\n"], 2):
        name = f"churn@v{number}.0.0"
        head = f"object {oids[0]}\ntype commit\ntag {name}\ntagger Z\u00f6 <> 200 +0000\n\n".encode()
        found = git.run("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=head + message)
        command(git.root, "update-ref", f"refs/tags/{name}", found.out.decode().strip())
    registry = read(git)
    assert [v.version for v in registry.versions("churn")] == [f"v{n}.0.0" for n in (5, 4, 3, 2, 1)]
    assert {t.who for t in registry.history("churn")} == {"Zö <>", "Ann <ann@example.com>"}


def test_a_tag_without_tagger_is_the_oldest(make: Make) -> None:
    git, oids = make(1, Tag("churn@v1.0.0", 0, 100))
    head = f"object {oids[0]}\ntype commit\ntag churn@v2.0.0\n\nx\n".encode()
    found = git.run("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=head)
    command(git.root, "update-ref", "refs/tags/churn@v2.0.0", found.out.decode().strip())
    assert read(git).version("churn", "v2.0.0").time == 0


def test_the_unknown_is_an_error_that_names_the_near(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.1.0", 0, 100), Tag("price@v1.0.0", 0, 100))
    registry = read(git)
    with pytest.raises(UsageError) as unknown:
        registry.version("churn", "v1.1.1")
    assert "v1.1.0" in unknown.value.hint
    with pytest.raises(UsageError) as unknown:
        registry.history("chrun")
    assert "churn" in unknown.value.hint
    assert "price" not in unknown.value.hint
    assert registry.versions("chrun") == ()
    assert registry.latest("chrun") is None
    assert registry.assigned("chrun", "production") is None


def test_malformed_provenance_hinders_no_list(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100, "x\n\ncdml: 1\ninputs: [\n"))
    registry = read(git)
    assert [v.version for v in registry.versions("churn")] == ["v1.0.0"]
    with pytest.raises(ConfigError, match=r"churn@v1\.0\.0"):
        registry.latest("churn")


def test_a_shallow_clone_is_refused_with_the_command_that_mends_it(make: Make, tmp_path: Path) -> None:
    git, _ = make(3, Tag("churn@v1.0.0", 0, 100), Tag("churn@v2.0.0", 2, 100))
    command(tmp_path, "clone", "--quiet", "--depth=1", git.root.as_uri(), "clone")
    clone = Git(tmp_path / "clone")
    with pytest.raises(UsageError) as refused:
        require_complete(clone)
    command(clone.root, *refused.value.hint.removeprefix("git ").split())
    require_complete(clone)
    assert [v.version for v in read(clone).versions("churn")] == ["v2.0.0", "v1.0.0"]


def test_a_clone_without_tags_is_refused_with_the_command_that_mends_it(make: Make, tmp_path: Path) -> None:
    git, _ = make(3, Tag("churn@v1.0.0", 0, 100))
    command(tmp_path, "clone", "--quiet", "--no-tags", str(git.root), "clone")
    clone = Git(tmp_path / "clone")
    with pytest.raises(UsageError) as refused:
        require_complete(clone)
    command(clone.root, *refused.value.hint.removeprefix("git ").split())
    require_complete(clone)


def test_nobody_has_tags_yet(remote: tuple[Git, list[str], Path]) -> None:
    git, _, bare = remote
    require_complete(git)
    shutil.rmtree(bare)
    with pytest.raises(ExternalError):
        require_complete(git)
    git.run("tag", "-a", "-m", "x", "churn@v1.0.0", env=git.identity())
    require_complete(git)

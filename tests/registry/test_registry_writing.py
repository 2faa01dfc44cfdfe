"""Tags made by us: as GTO would make them, on the remote or nowhere."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import gto.api
import pytest
from tagged_repository import Tag, command, names

import cdml.registry.write as write
from cdml.core.errors import ExternalError, UsageError
from cdml.core.release import Provenance
from cdml.registry.read import read
from cdml.registry.write import assign, deregister, free_version, next_version, register, unassign
from cdml.state.git import Git

Make = Callable[..., tuple[Git, list[str]]]
Remote = tuple[Git, list[str], Path]


def first_line(git: Git, tag: str) -> str:
    return git.text("for-each-ref", "--format=%(contents:subject)", f"refs/tags/{tag}")


def clone(remote: Remote, folder: Path) -> Git:
    command(folder.parent, "clone", "--quiet", str(remote[2]), folder.name)
    return Git(folder)


def test_a_life_of_a_model_on_a_remote(remote: Remote, provenance: Provenance) -> None:
    git, oids, bare = remote
    first = register(git, "churn", "v1.0.0", oids[0], provenance)
    assert first is not None
    assert (first.label, first.commit, first.provenance) == ("churn@v1.0.0", oids[0], provenance)
    assert register(git, "churn", "v1.1.0", "main~1", provenance)
    assert assign(git, "churn", "production", "v1.0.0", "main") == "churn#production#1"
    assert assign(git, "churn", "production", "1.1.0", "main") == "churn#production#2"
    assert read(git).deployed_from("churn", "production") == oids[2]
    assert unassign(git, "churn", "production") == "churn#production!#3"
    assert read(git).assignments("churn")["production"].version == "v1.0.0"
    assert deregister(git, "churn", "v1.0.0") == "churn@v1.0.0!"
    assert names(git.root) == names(bare)
    assert read(git) == read(Git(bare))
    assert gto.api.show(git.root)["churn"] == {
        "version": "v1.1.0", "stage": {}, "registered": True, "active": True
    }  # fmt: skip


def test_first_lines_and_targets_are_those_of_gto(make: Make, provenance: Provenance) -> None:
    git, oids = make(2)
    register(git, "churn", "v1.0.0", oids[0], provenance)
    assign(git, "churn", "prod", "v1.0.0", oids[1])
    unassign(git, "churn", "prod")
    deregister(git, "churn", "v1.0.0")
    ours = {name: first_line(git, name) for name in names(git.root)}
    for name in names(git.root):
        assert git.commit(name) == oids[0]
        command(git.root, "tag", "--delete", name)
    who = {"author": "Ann", "author_email": "ann@example.com"}
    gto.api.register(git.root, "churn", oids[0], "v1.0.0", **who)
    gto.api.assign(git.root, "churn", "prod", "v1.0.0", **who)
    gto.api.unassign(git.root, "churn", version="v1.0.0", stage="prod", **who)
    gto.api.deregister(git.root, "churn", version="v1.0.0", **who)
    assert ours == {name: first_line(git, name) for name in names(git.root)}


def test_a_slow_clock_loses_no_assignment(make: Make, provenance: Provenance) -> None:
    ahead = int(time.time()) + 10_000
    git, oids = make(2, Tag("churn@v1.0.0", 0, ahead), Tag("churn#prod#1", 0, ahead + 5))
    version = register(git, "churn", "v1.1.0", oids[1], provenance)
    assert version is not None
    assert version.time == ahead + 6
    assign(git, "churn", "prod", "v1.1.0", oids[1])
    assert read(git).newest("churn") == ahead + 7
    assert read(git).assignments("churn")["prod"].version == "v1.1.0"


def test_the_clock_is_used_where_it_is_right(make: Make, provenance: Provenance) -> None:
    git, oids = make(1, Tag("churn@created", 0, 100))
    before = int(time.time())
    version = register(git, "churn", "v1.0.0", oids[0], provenance)
    assert version is not None
    assert before <= version.time <= int(time.time())


def test_an_old_clone_sees_what_the_remote_has(remote: Remote, provenance: Provenance, tmp_path: Path) -> None:
    git, oids, _ = remote
    other = clone(remote, tmp_path / "other")
    register(git, "churn", "v1.0.0", oids[0], provenance)
    with pytest.raises(UsageError, match="exists already"):
        register(other, "churn", "v1.0.0", oids[1], provenance)
    assert assign(other, "churn", "prod", "v1.0.0", oids[0]) == "churn#prod#1"
    assert assign(git, "churn", "staging", "v1.0.0", oids[0]) == "churn#staging#2"


def test_a_lost_race_leaves_the_winners_tag(
    remote: Remote, provenance: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git, oids, bare = remote
    other = clone(remote, tmp_path / "other")
    push = write.push

    def overtaken(*args: object, **options: object) -> bool:
        monkeypatch.setattr(write, "push", push)
        assert register(other, "churn", "v1.0.0", oids[1], dataclasses.replace(provenance, python="other"))
        return push(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(write, "push", overtaken)
    assert register(git, "churn", "v1.0.0", oids[0], provenance) is None
    assert names(git.root) == names(bare) == ["churn@v1.0.0"]
    assert read(git).version("churn", "v1.0.0").commit == oids[1]


def test_many_at_once_and_nobody_twice(remote: Remote, provenance: Provenance, tmp_path: Path) -> None:
    git, oids, bare = remote
    register(git, "churn", "v1.0.0", oids[0], provenance)
    clones = [clone(remote, tmp_path / f"clone{number}") for number in range(4)]
    for number, other in enumerate(clones):  # the same person in the same second makes the same tag to the byte
        command(other.root, "config", "user.name", f"Ann {number}")
        command(other.root, "config", "user.email", "ann@example.com")
    won: list[str | None] = []
    threads = [
        threading.Thread(target=lambda g=g: won.append(assign(g, "churn", "prod", "v1.0.0", oids[0])))
        for g in clones
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [name for name in won if name]
    assert len(won) == 4
    assert made
    assert sorted(made) == sorted(set(made)) == [name for name in names(bare) if "#" in name]
    for other in clones:
        assert set(names(other.root)) <= set(names(bare))


@pytest.mark.parametrize("why", ["refused", "gone"])
def test_a_failed_push_leaves_nothing(remote: Remote, provenance: Provenance, why: str) -> None:
    git, oids, bare = remote
    register(git, "churn", "v1.0.0", oids[0], provenance)
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    if why == "gone":
        shutil.rmtree(bare)
    for act in (
        lambda: register(git, "churn", "v1.1.0", oids[1], provenance),
        lambda: assign(git, "churn", "prod", "v1.0.0", oids[0]),
        lambda: deregister(git, "churn", "v1.0.0"),
    ):
        with pytest.raises(ExternalError):
            act()
    assert names(git.root) == ["churn@v1.0.0"]


def test_a_stray_tag_of_another_kind_does_not_stand_in_the_way(remote: Remote, provenance: Provenance) -> None:
    git, oids, bare = remote
    command(bare, "tag", "nightly", oids[0])
    command(git.root, "tag", "nightly", oids[1])
    assert register(git, "churn", "v1.0.0", oids[0], provenance)
    assert git.commit("nightly") == oids[1]


def test_a_local_tag_that_nobody_else_has_is_named(remote: Remote, provenance: Provenance) -> None:
    git, oids, bare = remote
    git.run("tag", "churn@v1.0.0", oids[0])
    with pytest.raises(ExternalError, match=r"churn@v1\.0\.0"):
        register(git, "churn", "v1.0.0", oids[1], provenance)
    assert names(bare) == []


def test_what_makes_no_sense_is_refused(make: Make, provenance: Provenance) -> None:
    git, oids = make(3, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.1.0", 1, 101), Tag("churn@v1.1.0!", 1, 102))
    for act in (
        lambda: register(git, "churn", "v1.0.0", oids[2], provenance),
        lambda: register(git, "churn", "v1.1.0", oids[2], provenance),
        lambda: register(git, "churn", "v2.0.0", oids[0], provenance),
        lambda: register(git, "churn", "2.0.0", oids[2], provenance),
        lambda: register(git, "ch urn", "v2.0.0", oids[2], provenance),
        lambda: register(git, "apps=churn", "v2.0.0", oids[2], provenance),
        lambda: register(git, "churn", "v2.0.0", "nowhere", provenance),
        lambda: assign(git, "churn", "prod", "v1.1.0", oids[0]),
        lambda: assign(git, "churn", "prod", "v3.0.0", oids[0]),
        lambda: assign(git, "churn", "pr od", "v1.0.0", oids[0]),
        lambda: assign(git, "churn", "prod", "v1.0.0", "nowhere"),
        lambda: assign(git, "price", "prod", "v1.0.0", oids[0]),
        lambda: deregister(git, "churn", "v1.1.0"),
        lambda: unassign(git, "churn", "prod"),
    ):
        with pytest.raises(UsageError):
            act()
    assert names(git.root) == ["churn@v1.0.0", "churn@v1.1.0", "churn@v1.1.0!"]


def test_a_withdrawn_commit_may_become_another_version(make: Make, provenance: Provenance) -> None:
    git, oids = make(1, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.0.0!", 0, 101))
    assert register(git, "churn", "v1.0.1", oids[0], provenance)


def test_a_number_withdrawn_twice_gets_a_counter(make: Make) -> None:
    git, _ = make(1, Tag("churn@v1.0.0", 0, 100), Tag("churn@v1.0.0!", 0, 101), Tag("churn@v1.0.0#3", 0, 102))
    assert deregister(git, "churn", "v1.0.0") == "churn@v1.0.0!#4"
    assert read(git).versions("churn") == ()


def test_a_shallow_clone_writes_nothing(remote: Remote, provenance: Provenance, tmp_path: Path) -> None:
    command(tmp_path, "clone", "--quiet", "--depth=1", remote[2].as_uri(), "shallow")
    with pytest.raises(UsageError, match="shallow"):
        register(Git(tmp_path / "shallow"), "churn", "v1.0.0", "main", provenance)


def test_numbers_go_on_from_the_highest_active_one_and_are_never_used_again(make: Make) -> None:
    git, _ = make(
        3, Tag("churn@v1.3.0", 0, 100), Tag("churn@v1.4.0", 1, 101), Tag("churn@v1.4.0!", 1, 102),
        Tag("churn@v0.9.0", 2, 103),
    )  # fmt: skip
    registry = read(git)
    assert free_version(registry, "churn", "patch") == "v1.3.1"
    assert free_version(registry, "churn", "minor") == "v1.5.0"
    assert free_version(registry, "churn", "major") == "v2.0.0"
    assert free_version(registry, "new", "patch") == "v1.0.0"
    assert next_version(None, "minor") == "v1.0.0"
    assert next_version("v1.4.2", "minor") == "v1.5.0"


def test_tags_are_signed_where_git_is_set_up_to(remote: Remote, provenance: Provenance, tmp_path: Path) -> None:
    git, oids, bare = remote
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "signers").write_text(f"* {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "tag.gpgSign": "true",
        "gpg.ssh.allowedSignersFile": str(tmp_path / "signers"),
    }.items():
        command(git.root, "config", name, value)
    version = register(git, "churn", "v1.0.0", oids[0], provenance)
    assert version is not None
    assert version.provenance == provenance
    command(git.root, "verify-tag", "churn@v1.0.0")
    assert "BEGIN SSH SIGNATURE" in command(bare, "cat-file", "tag", "churn@v1.0.0")
    assert assign(git, "churn", "prod", "v1.0.0", "main")
    assert read(git).deployed_from("churn", "prod") == oids[2]
    key.unlink()
    with pytest.raises(ExternalError):
        assign(git, "churn", "prod", "v1.0.0", "main")
    assert names(git.root) == names(bare) == ["churn#prod#1", "churn@v1.0.0"]


def test_the_identity_of_the_person_is_used_where_it_is_set(make: Make, provenance: Provenance) -> None:
    git, oids = make(1)
    register(git, "churn", "v1.0.0", oids[0], provenance)
    command(git.root, "config", "user.name", "Böb")
    command(git.root, "config", "user.email", "bob@example.com")
    assign(git, "churn", "prod", "v1.0.0", oids[0])
    assert [t.who for t in read(git).history("churn")] == ["cdml <cdml@localhost>", "Böb <bob@example.com>"]

"""Release records, as release branches hold them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cdml.core.comparison import Waiver
from cdml.core.errors import ConfigError, UsageError
from cdml.core.release import Artifact, ReleaseRecord
from cdml.core.settings import DeploySettings
from cdml.registry.record import parse_record, read_record, record_bytes, record_history, record_path
from cdml.state.git import Git
from cdml.state.plumbing import write_commit, write_tree

BRANCH = "refs/heads/release/production"


def record(version: str, model: str = "churn") -> ReleaseRecord:
    return ReleaseRecord(
        model=model,
        version=version,
        commit="1" * 40,
        artifact=Artifact("model.skops", "2" * 64, 10),
        inputs="3" * 64,
        data={"données.csv": "4" * 32},
        verdicts={"roc_auc at least 0.80": "pass"},
        deploy=DeploySettings("local", {"port": 8080}),
        champion=None,
        previous=None,
        hold=None,
        action="promote",
        who="Ann <ann@example.com>",
        why="",
    )


@pytest.fixture
def git(make: Callable[..., tuple[Git, list[str]]]) -> Git:
    return make(1)[0]


def commit(git: Git, content: bytes | None, model: str = "churn", parents: tuple[str, ...] | None = None) -> str:
    tip = (git.commit(BRANCH),) if git.has(BRANCH) else ()
    made = tip if parents is None else parents
    tree = write_tree(git, made[0] if made else None, {record_path(model): content})
    oid = write_commit(git, tree, made, "x\n")
    git.run("update-ref", BRANCH, oid)
    return oid


def test_a_record_is_read_back(git: Git) -> None:
    commit(git, record_bytes(record("v1.0.0")))
    assert read_record(git, BRANCH, "churn") == record("v1.0.0")
    assert read_record(git, BRANCH, "price") is None


def test_a_record_is_found_from_a_folder_of_the_repository(git: Git) -> None:
    commit(git, record_bytes(record("v1.0.0")))
    folder = git.root / "models" / "churn"
    folder.mkdir(parents=True)
    assert read_record(Git(folder), BRANCH, "churn") == record("v1.0.0")
    assert record_history(Git(folder), BRANCH, "churn") == (record("v1.0.0"),)


def test_an_unknown_branch_is_not_an_empty_one(git: Git) -> None:
    for ask in (read_record, record_history):
        with pytest.raises(UsageError):
            ask(git, "release/nowhere", "churn")  # type: ignore[operator]


def test_history_is_newest_first_along_first_parents(git: Git) -> None:
    commit(git, record_bytes(record("v1.0.0")))
    first = commit(git, record_bytes(record("v9.0.0", "price")), "price")
    side = commit(git, record_bytes(record("v1.5.0")), parents=(first,))
    git.run("update-ref", BRANCH, first)
    commit(git, record_bytes(record("v1.1.0")), parents=(first, side))
    commit(git, None)
    commit(git, record_bytes(record("v1.2.0")))
    assert [r.version for r in record_history(git, BRANCH, "churn")] == ["v1.2.0", "v1.1.0", "v1.0.0"]
    assert [r.version for r in record_history(git, BRANCH, "price")] == ["v9.0.0"]
    assert record_history(git, BRANCH, "other") == ()


def test_the_bytes_are_the_same_for_the_same_record() -> None:
    held = dataclasses.replace(record("v1.0.0"), hold="rolled back\n<!-- # ünï")
    assert record_bytes(held) == record_bytes(dataclasses.replace(held))
    assert record_bytes(held).endswith(b"}\n")


@pytest.mark.parametrize("model", ["../x", "/etc/passwd", "a/../b", "", ".git", "a//b", "a.json", "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused(model: str) -> None:
    with pytest.raises(UsageError):
        record_path(model)


def test_a_name_with_a_slash_has_a_folder_of_its_own(git: Git) -> None:
    assert record_path("team/churn") == ".cdml/releases/team/churn.json"
    commit(git, record_bytes(record("v1.0.0", "team/churn")), "team/churn")
    assert read_record(git, BRANCH, "team/churn") == record("v1.0.0", "team/churn")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", record_bytes(record("v1.0.0", "price"))],
)
def test_a_malformed_record_names_its_place(git: Git, content: bytes) -> None:
    oid = commit(git, content)
    with pytest.raises(ConfigError, match=rf"{oid[:9]}:\.cdml/releases/churn\.json"):
        read_record(git, BRANCH, "churn")


def test_no_file_of_the_working_tree_is_touched(git: Git) -> None:
    commit(git, record_bytes(record("v1.0.0")))
    read_record(git, BRANCH, "churn")
    assert not (git.root / Path(".cdml")).exists()


def test_a_record_keeps_waivers_and_an_older_one_has_none() -> None:
    waiver = Waiver("f1:min", "0" * 64, "bob", "stricter labels", 7, 12, "a" * 40, 1_700_000_000)
    waived = dataclasses.replace(record("v1.0.0"), waivers=(waiver,))
    assert parse_record(record_bytes(waived), "churn", "x") == waived
    older = json.loads(record_bytes(record("v1.0.0")))
    del older["waivers"]
    assert parse_record(json.dumps(older).encode(), "churn", "x") == record("v1.0.0")

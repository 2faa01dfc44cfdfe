"""Statuses and issues of the local forge, and how a forge is chosen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from people import Person, git

from cdml.core.errors import ConfigError, UsageError
from cdml.forges import FORGES, detect
from cdml.forges.base import Status

HOSTILE = ["cdml/churn/roc_auc", "../../heads/main", "/etc/passwd", "a\nb", "x" * 4000, "-d", "ünï", "\0z", ""]


def test_statuses_are_kept_by_context(ada: Person, bob: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    assert bob.forge.statuses(sha) == ()
    ada.forge.set_status(sha, Status("cdml", "pending", "training"))
    ada.forge.set_status(sha, Status("cdml/churn", "success", "better"))
    bob.forge.set_status(sha, Status("cdml", "failure", "worse"))
    expected = (Status("cdml", "failure", "worse"), Status("cdml/churn", "success", "better"))
    assert ada.forge.statuses(sha) == expected


def test_several_statuses_are_one_change(ada: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    ada.forge.set_status(sha, Status("cdml", "pending", "training"))
    stated = (Status("cdml", "failure", "worse"), Status("cdml: f1:min", "failure", "0.1"))
    ada.forge.set_status(sha, *reversed(stated))
    assert ada.forge.statuses(sha) == stated
    assert git(ada.bare, "rev-list", "--count", f"refs/cdml/statuses/{sha}") == "2"
    ada.forge.set_status(sha)
    assert ada.forge.statuses(sha) == stated


def test_a_context_is_only_a_string(ada: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    for context in HOSTILE:
        ada.forge.set_status(sha, Status(context, "success", context))
    assert {status.context for status in ada.forge.statuses(sha)} == {c.replace("\0", "") for c in HOSTILE}
    assert set(ada.refs()) == {"refs/heads/main", f"refs/cdml/statuses/{sha}"}
    listed = git(ada.bare, "ls-tree", "-r", "--name-only", f"refs/cdml/statuses/{sha}").splitlines()
    assert all(len(path) == len("contexts/") + 64 + len(".json") for path in listed)


@pytest.mark.parametrize("sha", ["main", "", "../x", "--all", "abc1234", "A" * 40])
def test_a_status_needs_a_full_commit_id(ada: Person, sha: str) -> None:
    with pytest.raises(UsageError, match="not a full commit id"):
        ada.forge.set_status(sha, Status("cdml", "success", ""))
    with pytest.raises(UsageError, match="not a full commit id"):
        ada.forge.statuses(sha)


def test_statuses_set_at_once_are_all_kept(ada: Person, bob: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit((ada, bob)[n % 2].forge.set_status, sha, Status(f"c{n}", "success", "")) for n in range(4)
        ]
        for job in jobs:
            job.result()
    assert [status.context for status in ada.forge.statuses(sha)] == ["c0", "c1", "c2", "c3"]


def test_the_same_status_again_writes_nothing(ada: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    ada.forge.set_status(sha, Status("cdml", "success", ""))
    before = ada.refs()
    ada.forge.set_status(sha, Status("cdml", "success", ""))
    assert ada.refs() == before


def test_a_malformed_status_names_its_reference(ada: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    blob = ada.git("hash-object", "-w", "--stdin", stdin='{"context": "c", "state": "great", "description": ""}')
    inner = ada.git("mktree", stdin=f"100644 blob {blob}\tx.json\n")
    tree = ada.git("mktree", stdin=f"040000 tree {inner}\tcontexts\n")
    commit = ada.git("commit-tree", tree, "-m", "x")
    ada.git("push", "--quiet", "origin", f"{commit}:refs/cdml/statuses/{sha}")
    with pytest.raises(ConfigError, match=f"refs/cdml/statuses/{sha}:contexts/x.json"):
        ada.forge.statuses(sha)


def test_one_key_has_one_open_issue(ada: Person, bob: Person) -> None:
    first = ada.forge.open_issue("drift", "Drift\nin age", "body")
    assert (first.number, first.title, first.open) == (1, "Drift in age", True)
    again = bob.forge.open_issue("drift", "More drift", "worse")
    assert (again.number, again.body) == (1, "worse")
    other = ada.forge.open_issue("../retrain", "Retrain", "")
    assert ada.forge.issues() == (other, again)


def test_a_closed_issue_is_not_opened_again_but_followed(ada: Person) -> None:
    ada.forge.open_issue("drift", "Drift", "")
    closed = ada.forge.close_issue("drift")
    assert closed is not None
    assert (closed.number, closed.open) == (1, False)
    assert ada.forge.close_issue("drift") is None
    assert ada.forge.open_issue("drift", "Drift", "").number == 2
    assert [(issue.number, issue.open) for issue in ada.forge.issues()] == [(2, True), (1, False)]


def test_an_issue_opened_twice_at_once_is_one(ada: Person, bob: Person) -> None:
    with ThreadPoolExecutor(4) as pool:
        who = [ada, bob, ada, bob]
        jobs = [pool.submit(p.forge.open_issue, f"key{n % 2}", "Drift", "") for n, p in enumerate(who)]
        numbers = {job.result().number for job in jobs}
    assert numbers == {1, 2}
    assert sorted(issue.key for issue in ada.forge.issues()) == ["key0", "key1"]


def test_an_issue_that_says_another_number_names_its_reference(ada: Person) -> None:
    ada.forge.open_issue("drift", "Drift", "")
    ada.git("push", "--quiet", "origin", f"{ada.refs()['refs/cdml/issues/1']}:refs/cdml/issues/2")
    with pytest.raises(ConfigError, match="refs/cdml/issues/2 is not what cdml wrote"):
        ada.forge.issues()


@pytest.mark.parametrize("url", ["/srv/churn.git", "../churn.git", "file:///srv/churn.git", "a/b:c", "churn"])
def test_a_path_is_the_local_forge(url: str) -> None:
    assert detect(url) == "local"
    assert "local" in FORGES


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://me:secret@bitbucket.org/o/r.git", "bitbucket.org"),
        ("git@git.example.org:o/r.git", "git.example.org"),
        ("host:o/r.git", "host"),
        ("ssh://git@example.com:22/r.git", "example.com"),
        ("", "an empty address"),
    ],
)
def test_an_unknown_forge_names_its_host_and_what_is_supported(url: str, host: str) -> None:
    with pytest.raises(UsageError) as caught:
        detect(url)
    assert f"at {host};" in caught.value.message
    assert "local" in caught.value.message
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("name", FORGES)
def test_every_forge_offers_the_whole_protocol(ada: Person, name: str) -> None:
    from cdml.forges.base import Forge
    from cdml.state.git import Git

    forge = FORGES[name].make(Git(ada.root))
    assert all(hasattr(forge, method) for method in vars(Forge) if not method.startswith("_"))

"""Pull requests and merging: GitHub and the local forge do the same, over the same bare repository."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from github_server import GithubServer
from people import Person, git

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import Forge, MergeMethod, Status
from cdml.forges.github import GithubForge

METHODS: tuple[MergeMethod, ...] = ("merge", "squash", "rebase")


@pytest.fixture
def hosted(github: GithubServer, as_user: Callable[..., GithubForge], ada: Person) -> GithubForge:
    """GitHub with the bare repository behind it."""
    github.hub.repo = ada.bare
    return as_user("ghp_ada")


@pytest.fixture(params=["local", "github"])
def forge(request: pytest.FixtureRequest, ada: Person) -> Forge:
    return ada.forge if request.param == "local" else request.getfixturevalue("hosted")


def test_a_pull_request_is_offered_found_and_updated(forge: Forge, ada: Person) -> None:
    head = ada.push("feature", {"b.txt": "new\n"})
    made = forge.open_pull("feature", "main", "A\ntitle", "why")
    assert (made.number, made.title, made.body, made.head) == (1, "A title", "why", head)
    assert (made.source, made.target, made.state, made.merged_as) == ("feature", "main", "open", None)
    head = ada.push("feature", {"b.txt": "newer\n"}, base="origin/feature")
    again = forge.open_pull("feature", "main", "Better", "")
    assert (again.number, again.title, again.head) == (1, "Better", head)
    assert forge.pull(1) == again
    assert ada.refs()["refs/pull/1/head"] == head
    ada.push("release", {"r.txt": "r\n"})
    other = forge.open_pull("feature", "release", "Other", "")
    assert forge.pulls() == (other, again)


def test_what_cannot_be_offered_is_said(forge: Forge, ada: Person) -> None:
    ada.push("same", {"a.txt": "new\n"})
    ada.git("push", "--quiet", "origin", "origin/main:refs/heads/even")
    with pytest.raises(UsageError, match="cannot be merged into itself"):
        forge.open_pull("main", "main", "t", "")
    with pytest.raises(UsageError, match="nothing to merge: main already has every commit of even"):
        forge.open_pull("even", "main", "t", "")
    with pytest.raises(UsageError, match="has no branch 'nowhere'"):
        forge.open_pull("nowhere", "main", "t", "")
    with pytest.raises(UsageError, match="has no branch 'nowhere'"):
        forge.open_pull("same", "nowhere", "t", "")
    with pytest.raises(UsageError, match="needs a title"):
        forge.open_pull("same", "main", " \n", "")
    with pytest.raises(UsageError, match="there is no pull request #9"):
        forge.pull(9)


def test_states_are_told_apart(forge: Forge, ada: Person) -> None:
    for name in ("merged", "closed", "open"):
        ada.push(name, {f"{name}.txt": "x\n"})
        forge.open_pull(name, "main", name, "")
    forge.merge(1, "merge")
    assert forge.close_pull(2, "no longer wanted").state == "closed"
    assert [comment.body for comment in forge.comments(2)] == ["no longer wanted"]
    assert [[p.number for p in forge.pulls(s)] for s in ("open", "merged", "closed", None)] == [
        [3],
        [1],
        [2],
        [3, 2, 1],
    ]
    for act in (lambda n: forge.close_pull(n, "x"), lambda n: forge.merge(n, "merge")):
        with pytest.raises(UsageError, match="#1 is merged already"):
            act(1)
        with pytest.raises(UsageError, match="#2 is closed already"):
            act(2)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_merges(forge: Forge, ada: Person, method: MergeMethod) -> None:
    ada.push("feature", {"b.txt": "new\n"}, message="first step")
    head = ada.push("feature", {"a.txt": "one\ntwo\nTHREE\n"}, base="origin/feature", message="second step")
    ada.push("main", {"a.txt": "ONE\ntwo\nthree\n"}, message="main moves")
    forge.open_pull("feature", "main", "Better", "")
    done = forge.merge(1, method, head)
    assert (done.state, done.merged_as, done.head) == ("merged", ada.refs()["refs/heads/main"], head)
    assert forge.pull(1) == done
    assert git(ada.bare, "show", "main:a.txt") == "ONE\ntwo\nTHREE"
    commits = git(ada.bare, "rev-list", "--count", "main")
    assert commits == {"merge": "5", "squash": "3", "rebase": "4"}[method]


def test_a_conflict_changes_nothing(forge: Forge, ada: Person) -> None:
    ada.push("feature", {"a.txt": "mine\n"})
    ada.push("main", {"a.txt": "theirs\n"})
    forge.open_pull("feature", "main", "Better", "")
    before = ada.refs()
    with pytest.raises(ExternalError, match=r"#1 conflicts with main.*; nothing has changed"):
        forge.merge(1, "merge")
    assert ada.refs() == before


def test_only_the_head_that_was_reviewed_is_merged(forge: Forge, ada: Person) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    forge.open_pull("feature", "main", "Better", "")
    head = ada.push("feature", {"b.txt": "worse\n"}, base="origin/feature")
    tip = ada.refs()["refs/heads/main"]
    with pytest.raises(ExternalError, match=f"now offers {head[:7]}, not {reviewed[:7]}; nothing has changed"):
        forge.merge(1, "merge", reviewed)
    assert ada.refs()["refs/heads/main"] == tip
    assert forge.merge(1, "merge", head).head == head


def test_a_head_that_moves_while_it_is_merged_is_refused_by_github(
    github: GithubServer, hosted: GithubForge, ada: Person
) -> None:
    reviewed = ada.push("feature", {"b.txt": "new\n"})
    hosted.open_pull("feature", "main", "Better", "")
    tip = ada.refs()["refs/heads/main"]
    github.once_before("PUT", ".*/merge", lambda: ada.push("feature", {"b.txt": "unseen\n"}))
    with pytest.raises(ExternalError, match=f"not {reviewed[:7]}; nothing has changed"):
        hosted.merge(1, "merge")
    assert ada.refs()["refs/heads/main"] == tip


def test_a_merge_waits_until_github_knows_whether_it_can(
    github: GithubServer, hosted: GithubForge, ada: Person, naps: list[float]
) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    hosted.open_pull("feature", "main", "Better", "")
    github.hub.unknown = 3
    assert hosted.merge(1, "merge").state == "merged"
    assert naps == [1.0, 2.0]


def test_a_base_that_moved_is_merged_again(github: GithubServer, hosted: GithubForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    hosted.open_pull("feature", "main", "Better", "")
    said = "Base branch was modified. Review and try the merge again."
    github.fail(method="PUT", status=405, message=said, times=2)
    assert hosted.merge(1, "merge").state == "merged"


def test_rules_of_a_branch_speak_for_themselves(github: GithubServer, hosted: GithubForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    hosted.open_pull("feature", "main", "Better", "")
    github.hub.methods = {"merge"}
    with pytest.raises(ExternalError, match=r"does not merge #1 \(clean\): Squash merges are not allowed"):
        hosted.merge(1, "squash")
    github.hub.blocked = 'Required status check "cdml" is expected.'
    with pytest.raises(ExternalError, match=r'does not merge #1 \(blocked\): Required status check "cdml"'):
        hosted.merge(1, "merge")
    assert len(github.asked("PUT")) == 2


def test_somebody_who_opens_it_first_is_followed(github: GithubServer, hosted: GithubForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    github.once_before("POST", ".*/pulls", lambda: github.hub.add_pull("feature", login="bob"))
    made = hosted.open_pull("feature", "main", "Mine", "")
    assert (made.number, made.title, made.author) == (1, "Mine", "bob")


def test_a_forks_branch_does_not_pass_for_ours(github: GithubServer, hosted: GithubForge, ada: Person) -> None:
    ada.push("feature", {"b.txt": "new\n"})
    head = ada.push("theirs", {"c.txt": "new\n"})
    github.hub.add_pull("feature", login="eve", fork="eve/churn", sha=head)
    assert hosted.pull(1).source == "eve:feature"
    assert hosted.open_pull("feature", "main", "Ours", "").number == 2


def test_the_second_page_of_pull_requests_is_read(github: GithubServer, as_user) -> None:
    github.check = False
    for number in range(120):
        github.hub.add_pull(f"b{number}")
    assert len(as_user().pulls()) == 120


def test_statuses_are_kept_by_context(forge: Forge, ada: Person) -> None:
    sha = ada.refs()["refs/heads/main"]
    assert forge.statuses(sha) == ()
    forge.set_status(sha, Status("cdml/b into release/x", "pending", "training"))
    forge.set_status(sha, Status("cdml", "failure", ""))
    forge.set_status(sha, Status("cdml/b into release/x", "error", "broke"))
    assert forge.statuses(sha) == (
        Status("cdml", "failure", ""),
        Status("cdml/b into release/x", "error", "broke"),
    )
    for wrong in ("main", "", "../../user", "A" * 40):
        with pytest.raises(UsageError, match="not a full commit id"):
            forge.set_status(wrong, Status("cdml", "success", ""))
        with pytest.raises(UsageError, match="not a full commit id"):
            forge.statuses(wrong)


def test_a_long_description_is_cut_to_what_github_takes(github: GithubServer, as_user) -> None:
    as_user().set_status("a" * 40, Status("cdml", "success", "ä" * 141))
    as_user().set_status("a" * 40, Status("other", "success", "ä" * 140))
    assert [s["description"] for s in github.hub.statuses] == ["ä" * 139 + "…", "ä" * 140]


def test_more_statuses_than_a_page_are_read(as_user) -> None:
    forge = as_user()
    for number in range(101):
        forge.api.rest.send(
            "POST", f"/repos/acme/churn/statuses/{'a' * 40}", body={"state": "success", "context": f"c{number}"}
        )
    assert len(forge.statuses("a" * 40)) == 101

"""What Gitea and Forgejo refuse, in words that name the scope or the right, and what they do in their own way."""

from __future__ import annotations

import pytest
from gitea_state import ACTIONS
from rigs.base import ADA, BOB, BOT, EVE
from rigs.gitea import TOKENS, GiteaRig

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import Status
from cdml.forges.gitea import GiteaForge

OWN = "the-run-s-own-token"
MARK = "<!-- cdml:churn -->"
GREEN = Status("cdml", "success", "")


@pytest.fixture
def pull(gitea: GiteaRig) -> int:
    return gitea.add_pull("feature")


def as_run(gitea: GiteaRig) -> GiteaForge:
    """The forge with the token that Gitea gives a run."""
    gitea.hub.tokens[OWN] = ACTIONS
    gitea.hub.access.setdefault(ACTIONS, "write")
    forge = gitea.forge()
    gitea.monkeypatch.delenv("GITEA_TOKEN")
    gitea.monkeypatch.setenv("GITHUB_TOKEN", OWN)
    made = GiteaForge(forge.git)
    assert made.api.place.variable == "GITHUB_TOKEN"
    return made


@pytest.mark.parametrize(
    ("act", "scope"),
    [
        (lambda forge: forge.comments(1), "read:issue"),
        (lambda forge: forge.comment(1, "x"), "write:issue"),
        (lambda forge: forge.react(1, 101, "seen"), "write:issue"),
        (lambda forge: forge.open_issue("k", "t", "b"), "read:issue"),
        (lambda forge: forge.set_status("a" * 40, GREEN), "write:repository"),
        (lambda forge: forge.pulls(), "read:repository"),
        (lambda forge: forge.api.login, "read:user"),
    ],
)
def test_the_scope_that_a_token_lacks_is_named(gitea, pull, act, scope: str) -> None:
    gitea.add_comment(pull, "x")
    gitea.hub.scopes[gitea.token] = frozenset()
    with pytest.raises(ExternalError, match=rf"the token in GITEA_TOKEN lacks {scope} \(.*403") as caught:
        act(gitea.forge())
    assert "write:repository, write:issue and read:user" in caught.value.hint


def test_somebody_who_may_only_read_is_told_what_it_takes(gitea: GiteaRig, pull: int) -> None:
    with pytest.raises(ExternalError, match=r"git\.example\.com forbids it") as caught:
        gitea.forge(EVE).set_status("a" * 40, GREEN)
    assert "may the owner of the token in GITEA_TOKEN write to acme/churn" in caught.value.hint
    with pytest.raises(ExternalError, match="not allowed to merge PR") as caught:
        gitea.forge(EVE).merge(pull, "merge")
    assert "may the token's owner push to main" in caught.value.hint


def test_a_forks_run_is_told_that_its_token_only_reads(gitea: GiteaRig, pull: int) -> None:
    gitea.hub.access[ACTIONS] = "read"
    with pytest.raises(
        ExternalError, match="the token of this run may not do that: it takes write:repository"
    ) as no:
        as_run(gitea).set_status("a" * 40, GREEN)
    assert "a fork's pull request gets a token that only reads" in no.value.hint


def test_who_may_write_is_told_to_administrators_alone(gitea: GiteaRig) -> None:
    assert gitea.forge().may_write(BOB)
    assert gitea.forge(ADA).may_write(ADA)
    for forge in (gitea.forge(ADA), as_run(gitea)):
        with pytest.raises(ExternalError, match="is no administrator of the repository") as caught:
            forge.may_write(BOB)
        assert "set CDML_TOKEN to the token of somebody who administers acme/churn" in caught.value.hint


@pytest.mark.parametrize(
    "login", ["", ".", "..", "ada/../bob", "bob?x=1", "bob#", "ада", "bob (migrated)", "b%6fb"]
)
def test_what_can_be_no_name_is_not_asked_for(gitea: GiteaRig, login: str) -> None:
    assert not gitea.forge().may_write(login)
    assert gitea.server.seen == []


def test_a_run_keeps_one_comment_under_the_name_that_nobody_else_can_have(gitea, pull) -> None:
    gitea.add_comment(pull, f"{MARK}\nmine now", EVE)
    assert as_run(gitea).comment(pull, "one", MARK).author == ACTIONS
    as_run(gitea).comment(pull, "two", MARK)
    assert [c["body"] for c in gitea.hub.comments.values() if c["login"] == ACTIONS] == [f"{MARK}\ntwo"]


def test_a_migrated_comment_is_not_whoevers_who_migrated_it(gitea: GiteaRig, pull: int) -> None:
    identity = gitea.add_comment(pull, f"{MARK}\n/cdml promote", BOT)
    gitea.hub.comments[identity]["original_author"] = "mallory"
    found = gitea.forge().find_comment(pull, identity)
    assert found.author == "mallory (migrated)"
    gitea.forge().comment(pull, "ours", MARK)
    assert len(gitea.hub.comments) == 2


def test_an_entry_of_the_timeline_is_no_comment(gitea: GiteaRig, pull: int) -> None:
    identity = gitea.add_comment(pull, "pushed 2 commits")
    gitea.hub.comments[identity]["entry"] = True
    with pytest.raises(UsageError, match=f"has no comment {identity}"):
        gitea.forge().find_comment(pull, identity)


def test_a_comment_on_an_issue_of_that_number_is_not_a_pull_requests(gitea: GiteaRig) -> None:
    number = int(gitea.hub.add_issue("t", "b")["number"])
    identity = gitea.add_comment(number, "/cdml help")
    with pytest.raises(UsageError, match="has no comment"):
        gitea.forge().find_comment(number, identity)


def test_a_sign_that_the_instance_does_not_have_is_left_out(gitea: GiteaRig, pull: int) -> None:
    identity = gitea.add_comment(pull, "/cdml help")
    gitea.hub.signs = {"heart"}
    gitea.forge().react(pull, identity, "seen")
    assert gitea.reactions(pull, identity) == set()
    gitea.server.fail(method="POST", status=403, message="no permission to change reaction")
    with pytest.raises(ExternalError, match="no permission to change reaction"):
        gitea.forge().react(pull, identity, "seen")


def test_a_colleagues_issue_is_kept_and_a_strangers_is_not(gitea: GiteaRig) -> None:
    theirs = gitea.forge(EVE).open_issue("k", "mine now", "x")
    by_ada = gitea.forge(ADA).open_issue("k", "t", "b")
    kept = gitea.forge().open_issue("k", "t", "again")
    assert (theirs.number, kept.number, kept.body) == (1, by_ada.number, "again")
    assert as_run(gitea).open_issue("k", "t", "its own").number == 3  # it is not told that Ada may write
    assert [issue.number for issue in gitea.forge().issues()] == [3, 2, 1]


def test_two_runs_that_open_an_issue_at_once_leave_one(gitea: GiteaRig) -> None:
    other = gitea.forge()
    gitea.server.once_before(*gitea.operations["open issue"], lambda: other.open_issue("k", "t", "quicker"))
    assert gitea.forge().open_issue("k", "t", "slower").number == 1
    assert [issue["state"] for issue in gitea.hub.issues.values()] == ["open", "closed"]


def test_issues_behind_a_page_are_found_and_pull_requests_are_none(gitea: GiteaRig, pull: int) -> None:
    first = gitea.forge().open_issue("k", "t", "b")
    for number in range(60):
        gitea.hub.add_issue(f"issue {number}", "x")
    assert gitea.forge().open_issue("k", "t", "c").number == first.number
    pages = [
        seen.query.get("page") for seen in gitea.server.seen if seen.method == "GET" and "issues" in seen.path
    ]
    assert "2" in pages


def test_each_contexts_newest_status_is_read_over_all_pages(gitea: GiteaRig) -> None:
    for number in range(70):
        gitea.forge().set_status("a" * 40, Status(f"c{number % 60}", "pending" if number < 60 else "success", ""))
    found = {status.context: status.state for status in gitea.forge().statuses("a" * 40)}
    assert len(found) == 60
    assert {name for name, state in found.items() if state == "success"} == {f"c{number}" for number in range(10)}


@pytest.mark.parametrize(("theirs", "ours"), [("warning", "failure"), ("skipped", "success"), ("error", "error")])
def test_states_that_other_tools_set_are_understood(gitea: GiteaRig, theirs: str, ours: str) -> None:
    gitea.hub.statuses.append({"sha": "a" * 40, "status": theirs, "login": ADA, "context": "x", "description": ""})
    gitea.hub.statuses[0] |= {"target_url": "", "created_at": gitea.hub.now()}
    assert [status.state for status in gitea.forge().statuses("a" * 40)] == [ours]


def test_a_long_description_is_cut(gitea: GiteaRig) -> None:
    gitea.forge().set_status("a" * 40, Status("cdml", "success", "ä" * 256))
    gitea.forge().set_status("a" * 40, Status("other", "success", "ä" * 255))
    assert [s["description"] for s in gitea.hub.statuses] == ["ä" * 254 + "…", "ä" * 255]


def test_a_run_is_started_with_its_inputs(gitea: GiteaRig, pull: int) -> None:
    found = gitea.forge().pull(pull)
    url = gitea.forge().start_run(found, {"pull": "1", "head": found.head})
    assert url == "https://git.example.com/acme/churn/actions?workflow=cdml-pull-request.yml"
    sent = {"ref": "cdml/asked", "inputs": {"pull": "1", "head": found.head}}
    assert gitea.hub.dispatches == [{"workflow": "cdml-pull-request.yml", **sent}]
    gitea.hub.workflows = set()
    with pytest.raises(UsageError, match=r"starts no cdml-pull-request\.yml") as caught:
        gitea.forge().start_run(found, {})
    assert "is it on main" in caught.value.hint


def test_writing_without_a_token_names_the_variables_and_asks_nothing(gitea, pull) -> None:
    forge = gitea.forge()
    gitea.monkeypatch.delenv("GITEA_TOKEN")
    with pytest.raises(UsageError, match=r"writing to acme/churn on git\.example\.com needs a token") as caught:
        GiteaForge(forge.git).comment(pull, "x")
    assert all(
        name in caught.value.hint for name in ("GITEA_TOKEN", "FORGEJO_TOKEN", "CDML_TOKEN", "GITHUB_TOKEN")
    )
    assert gitea.server.seen == []


def test_a_wrong_token_and_an_archive_are_said(gitea: GiteaRig, pull: int) -> None:
    del gitea.hub.tokens[TOKENS[EVE]]
    with pytest.raises(ExternalError, match=r"refuses the token in GITEA_TOKEN \(.*401 invalid username"):
        gitea.forge(EVE).pulls()
    gitea.server.fail(method="POST", status=423, message="Repo is archived")
    with pytest.raises(ExternalError, match="locked or archived"):
        gitea.forge().comment(pull, "x")

"""What goes wrong between here and GitLab: said in words by GitLab's own names, and never with the token."""

from __future__ import annotations

import pytest
from forge_server import ForgeServer
from gitlab_server import GitlabServer
from gitlab_state import REPORTER
from rigs.base import ADA, BOB, BOT, EVE
from rigs.gitlab import GitlabRig

from cdml.core.errors import ExternalError, UsageError
from cdml.forges.base import Forge, Status
from cdml.forges.gitlab_words import reason
from cdml.forges.keyed import with_key

GREEN = Status("cdml", "success", "")


@pytest.fixture(autouse=True)
def _pull(gitlab: GitlabRig) -> None:
    gitlab.add_pull("feature")


def head(gitlab: GitlabRig) -> str:
    return gitlab.lab.branches["feature"]


def test_a_role_that_is_too_low_is_named(gitlab: GitlabRig) -> None:
    gitlab.lab.levels[gitlab.author(BOT)] = REPORTER
    gitlab.add_branch("other")
    acts = (
        lambda forge: forge.set_status(head(gitlab), GREEN),
        lambda forge: forge.open_pull("other", "main", "t", ""),
    )
    for act in acts:
        with pytest.raises(ExternalError, match=r"in GITLAB_TOKEN: it takes the role Developer .*403") as caught:
            act(gitlab.forge())
        assert "Manage, Members of acme/churn" in caught.value.hint


def test_a_token_without_the_scope_is_told_apart_from_a_role(gitlab: GitlabRig) -> None:
    gitlab.deny()
    with pytest.raises(ExternalError, match="the token in GITLAB_TOKEN lacks the scope api") as caught:
        gitlab.forge().comment(1, "x")
    assert "api and write_repository" in caught.value.hint


def test_a_wrong_token_is_named_by_its_variable_alone(gitlab: GitlabRig) -> None:
    del gitlab.lab.tokens[gitlab.token]
    with pytest.raises(ExternalError, match=r"refuses the token in GITLAB_TOKEN .*401 Unauthorized") as caught:
        gitlab.forge().pulls()
    assert gitlab.token not in f"{caught.value.message}{caught.value.hint}"


def test_an_expired_token_is_not_taken_for_a_missing_right_to_merge(gitlab: GitlabRig) -> None:
    told = {"error": "invalid_token", "error_description": "Token is expired. You can either do re-authorization."}
    method, path = gitlab.operations["merge"]
    gitlab.server.fail(method=method, path=path, status=401, body=told)
    with pytest.raises(ExternalError, match=r"refuses the token in GITLAB_TOKEN .*Token is expired"):
        gitlab.forge().merge(1, "merge")


def _without_token(gitlab: GitlabRig, monkeypatch: pytest.MonkeyPatch) -> Forge:
    forge = gitlab.forge()
    monkeypatch.delenv("GITLAB_TOKEN")
    del forge.api
    return forge


def test_writing_without_a_token_says_which_one_to_make_and_asks_nothing(gitlab: GitlabRig, monkeypatch) -> None:
    forge = _without_token(gitlab, monkeypatch)
    assert [pull.number for pull in forge.pulls()] == [1]
    with pytest.raises(UsageError, match="writing to acme/churn on GitLab needs a token") as caught:
        forge.comment(1, "x")
    assert "project access token with the role Developer and the scopes api and" in caught.value.hint
    assert gitlab.server.asked("POST") == []


def test_a_jobs_own_token_cannot_comment_and_that_is_said_by_its_name(gitlab: GitlabRig, monkeypatch) -> None:
    forge = _without_token(gitlab, monkeypatch)
    monkeypatch.setenv("CI_JOB_TOKEN", "glcbt-64_secret")
    with pytest.raises(
        UsageError, match=r"the job's own token \(CI_JOB_TOKEN\) may not write to acme/churn"
    ) as caught:
        forge.comment(1, "x")
    assert "set CDML_TOKEN to it" in caught.value.hint
    monkeypatch.setenv("CDML_TOKEN", "glcbt-64_secret")
    del forge.api
    with pytest.raises(UsageError, match="which is all that CDML_TOKEN holds") as caught:
        forge.comment(1, "x")
    assert "secret" not in f"{caught.value.message}{caught.value.hint}{forge.api.place!r}"
    assert gitlab.server.asked("POST") == []


def test_what_gitlab_says_of_a_field_is_read_out(gitlab: GitlabRig) -> None:
    forge = gitlab.forge()
    for method, said, read in (
        ("POST", {"message": {"base": ["one", "two"], "title": "three"}}, "base: one, two; title: three"),
        ("POST", {"message": ["a", "b"]}, "a, b"),
        ("POST", {"error": "title is missing"}, "title is missing"),
        ("POST", {"message": {"error": "asked too often"}}, "error: asked too often"),
        ("POST", ["no mapping"], "400"),
    ):
        gitlab.server.fail(method=method, status=400, body=said)
        with pytest.raises(ExternalError, match=f"400 {read}" if read != "400" else r": 400\)"):
            forge.comment(1, "x")
    assert reason({"message": {"x": [f"{gitlab.token}\n\x1b[2J"]}}, gitlab.token) == "x: *** [2J"


def test_a_limit_on_notes_is_waited_for(gitlab: GitlabRig, naps: list[float]) -> None:
    said = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
    gitlab.server.fail(method="POST", status=429, body=said)
    gitlab.forge().comment(1, "x")
    assert (len(gitlab.comments(1)), naps) == (1, [0.5])
    gitlab.server.fail(method="POST", status=429, body=said, times=9)
    with pytest.raises(ExternalError, match="takes no more requests for now"):
        gitlab.forge().comment(1, "x")


def test_a_status_that_is_pending_already_stays_so(gitlab: GitlabRig) -> None:
    forge = gitlab.forge()
    for words in ("training", "judging"):
        forge.set_status(head(gitlab), Status("cdml", "pending", words))
    assert [(s.state, s.description) for s in forge.statuses(head(gitlab))] == [("pending", "training")]
    forge.set_status(head(gitlab), Status("cdml", "success", "better"))
    forge.set_status(head(gitlab), Status("cdml", "success", "better still"))
    forge.set_status(head(gitlab), Status("cdml", "pending", "again"))
    forge.set_status(head(gitlab), Status("cdml", "error", "broken"))
    # GitLab has one word for a failure and an error.
    assert [(s.state, s.description) for s in forge.statuses(head(gitlab))] == [("failure", "broken")]


def test_another_state_that_gitlab_refuses_is_an_error(gitlab: GitlabRig) -> None:
    said = {"message": "Cannot transition status via :succeed from :pending (Reason(s): ...)"}
    gitlab.server.fail(method="POST", status=400, body=said)
    with pytest.raises(ExternalError, match="Cannot transition status"):
        gitlab.forge().set_status(head(gitlab), GREEN)


def test_a_status_by_the_name_of_a_job_is_said(gitlab: GitlabRig) -> None:
    gitlab.lab.jobs = ["cdml"]
    with pytest.raises(UsageError, match="the pipeline has a job that is called 'cdml'"):
        gitlab.forge().set_status(head(gitlab), GREEN)


def test_long_words_and_addresses_of_a_status_are_made_to_fit(gitlab: GitlabRig) -> None:
    forge = gitlab.forge()
    for name, url in (("a", "https://ci.example/" + "x" * 300), ("b", "file:///x"), ("c", "https://ci.example/7")):
        forge.set_status(head(gitlab), Status(name, "failure", "ä" * 256, url))
    found = forge.statuses(head(gitlab))
    assert [(s.context, s.url) for s in found] == [("a", ""), ("b", ""), ("c", "https://ci.example/7")]
    assert {s.description for s in found} == {"ä" * 254 + "…"}


@pytest.mark.parametrize("wrong", ["main", "", "../../user", "A" * 40])
def test_a_status_needs_a_whole_commit_id(gitlab: GitlabRig, wrong: str) -> None:
    for act in (lambda f: f.set_status(wrong, GREEN), lambda f: f.statuses(wrong)):
        with pytest.raises(UsageError, match="not a full commit id"):
            act(gitlab.forge())


def test_who_is_blocked_or_only_a_reporter_may_not_write(gitlab: GitlabRig) -> None:
    gitlab.lab.accounts["bob"] = "blocked"
    gitlab.lab.levels["rita"] = REPORTER
    assert [gitlab.forge().may_write(name) for name in (ADA, BOB, EVE, "rita", "nobody", "Ada")] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]


def test_somebody_of_another_name_is_not_taken_for_who_was_asked_for(gitlab: GitlabRig) -> None:
    shown = gitlab.forge().api.rest.send("GET", "/users", query={"username": ADA}).data
    gitlab.server.fail(path=".*/users", status=200, body=shown)
    assert not gitlab.forge().may_write(EVE)


def test_a_strangers_issue_is_not_taken_for_ours(gitlab: GitlabRig) -> None:
    gitlab.lab.add_issue("hers", with_key("k", "mine now"), EVE)
    gitlab.lab.add_issue("a person's", "no line of ours", ADA)
    assert gitlab.forge().close_issue("k") is None
    assert gitlab.forge().open_issue("k", "t", "b").number == 3
    assert gitlab.lab.issues[1]["state"] == "opened"
    assert gitlab.forge(BOB).open_issue("k", "t", "a colleague's is edited").number == 3


def test_two_runs_that_open_an_issue_at_once_leave_one(gitlab: GitlabRig) -> None:
    other = gitlab.forge()
    gitlab.server.once_before(*gitlab.operations["open issue"], lambda: other.open_issue("k", "t", "quicker"))
    assert gitlab.forge().open_issue("k", "t", "slower").body == "slower"
    assert [(i["number"], i["state"]) for i in gitlab.lab.issues.values()] == [(1, "opened"), (2, "closed")]


def test_a_next_page_elsewhere_gets_no_token(gitlab: GitlabRig) -> None:
    with GitlabServer(check=False) as elsewhere:
        link = f'<{elsewhere.url}/next>; rel="next"'
        gitlab.server.fail(method="GET", status=200, body=[], headers={"Link": link})
        with pytest.raises(ExternalError, match="names a next page at another address"):
            gitlab.forge().comments(1)
        assert elsewhere.seen == []


def test_a_redirect_elsewhere_gets_no_token(gitlab: GitlabRig) -> None:
    with GitlabServer(check=False) as elsewhere:
        where = elsewhere.url + gitlab.server.project("/merge_requests/1/notes")
        gitlab.server.fail(method="GET", status=301, headers={"Location": where})
        with pytest.raises(ExternalError):
            gitlab.forge().comments(1)
        assert [seen.token for seen in _all(elsewhere)] == [""]


def _all(server: ForgeServer) -> list:
    return server.seen

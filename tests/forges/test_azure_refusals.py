"""What Azure DevOps refuses, in words that name the right, the variable and the page; never a token."""

from __future__ import annotations

import pytest
from rigs.azure import TOKENS, AzureRig
from rigs.base import ADA, BOT

from cdml.core.errors import CdmlError, ExternalError, UsageError
from cdml.forges.base import Status

GREEN = Status("cdml", "success", "2 gates pass")


def test_the_build_identity_is_told_by_name_with_the_right_and_the_page(azure: AzureRig) -> None:
    number = azure.add_pull("feature")
    azure.deny()
    with pytest.raises(ExternalError, match="lacks the right 'Contribute to pull requests'") as caught:
        azure.forge().comment(number, "x")
    assert caught.value.hint == (
        "allow 'churn Build Service' (or 'Project Collection Build Service') 'Contribute to pull requests': "
        "Project settings, Repositories, churn, Security"
    )


def test_a_personal_token_is_told_its_scope(azure: AzureRig) -> None:
    number = azure.add_pull("feature")
    azure.server.fail(method="POST", status=403, message="forbidden")
    with pytest.raises(ExternalError, match="'Contribute to pull requests'") as caught:
        azure.forge(ADA).comment(number, "x")
    assert "the owner of the token in AZURE_DEVOPS_EXT_PAT" in caught.value.hint
    assert "the scope Code (Read & write)" in caught.value.hint


def test_a_right_that_the_refusal_names_is_the_one_that_is_told(azure: AzureRig) -> None:
    said = "TF401027: You need the Git 'PullRequestBypassPolicy' permission to perform this action."
    number = azure.add_pull("feature")
    azure.server.fail(method="POST", status=403, message=said)
    with pytest.raises(ExternalError, match="'Bypass policies when completing pull requests'"):
        azure.forge().comment(number, "x")


@pytest.mark.parametrize("status", [203, 401])
def test_a_wrong_token_is_named_by_its_variable_alone(azure: AzureRig, status: int) -> None:
    azure.server.fail(status=status, body="<html>sign in</html>")
    with pytest.raises(ExternalError, match=rf"refuses the token in SYSTEM_ACCESSTOKEN .*: {status}"):
        azure.forge().pulls()


def test_writing_without_a_token_names_the_variable_and_asks_nothing(
    azure: AzureRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = azure.add_pull("feature")
    forge = azure.forge()
    monkeypatch.delenv("SYSTEM_ACCESSTOKEN")
    del forge.api
    assert [pull.number for pull in forge.pulls()] == [number]
    with pytest.raises(UsageError, match="needs a token") as caught:
        forge.comment(number, "x")
    assert "SYSTEM_ACCESSTOKEN: $(System.AccessToken)" in caught.value.hint
    assert azure.server.asked("POST") == []


@pytest.mark.parametrize("who", [BOT, ADA])
def test_a_token_is_hidden_however_the_server_says_it(azure: AzureRig, who: str) -> None:
    number = azure.add_pull("feature")
    forge = azure.forge(who)
    sent = forge.api.place.sent
    for status in (400, 401, 403, 500):
        azure.server.fail(method="POST", status=status, message=f"bad header {sent} {TOKENS[who]}")
        with pytest.raises(CdmlError) as caught:
            forge.comment(number, "x")
        said = f"{caught.value.message}{caught.value.hint}{caught.value!r}"
        assert sent not in said
        assert TOKENS[who] not in said
    assert sent not in f"{forge.api.rest!r}{forge.api.place!r}{vars(forge.api)!r}"


def test_a_token_is_sent_as_its_kind_asks(azure: AzureRig) -> None:
    number = azure.add_pull("feature")
    for who, scheme in ((BOT, "Bearer"), (ADA, "Basic")):
        azure.forge(who).pull(number)
        assert azure.server.seen[-1].headers["authorization"].startswith(f"{scheme} ")
        assert azure.server.seen[-1].token == TOKENS[who]


def test_a_limit_that_lasts_is_an_error_at_once(azure: AzureRig, naps: list[float]) -> None:
    azure.server.fail(status=429, headers={"Retry-After": "300"})
    with pytest.raises(ExternalError, match="takes no more requests for now") as caught:
        azure.forge().pulls()
    assert caught.value.hint == "run it again in about 5 minutes"
    assert naps == []


def test_a_repository_that_is_not_there_is_said(azure: AzureRig) -> None:
    azure.hub.repository = "renamed"
    with pytest.raises(ExternalError, match=r"has no such thing .*404 TF401019") as caught:
        azure.forge().pulls()
    assert "is churn/churn the right repository" in caught.value.hint


def test_a_status_that_a_policy_refuses_is_said_in_azures_words(azure: AzureRig) -> None:
    number = azure.add_pull("feature")
    forge = azure.forge()
    azure.server.fail(path=".*/iterations", body={"count": 0, "value": []}, status=200)
    with pytest.raises(ExternalError, match="requires status to be posted on iteration"):
        forge.set_status(forge.pull(number).head, GREEN)

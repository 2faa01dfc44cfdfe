"""Who may write on Azure Repos, and where that is asked: when in doubt, nobody."""

from __future__ import annotations

import pytest
from azure_server import AzureServer
from rigs.azure import AzureRig
from rigs.base import ADA, BOB, EVE

from cdml.core.errors import ExternalError


def test_a_denial_is_stronger_than_what_a_group_allows(azure: AzureRig) -> None:
    azure.hub.outsiders = {azure.author(ADA)}
    assert not azure.forge().may_write(azure.author(ADA))


def test_a_name_that_two_people_bear_is_nobody_s(azure: AzureRig) -> None:
    azure.hub.people[azure.author(BOB)]["account"] = azure.author(ADA)
    assert not azure.forge().may_write(azure.author(ADA))


def test_a_display_name_is_no_name(azure: AzureRig) -> None:
    azure.hub.people[azure.author(BOB)]["display"] = "root@example.com"
    assert not azure.forge().may_write("root@example.com")
    azure.hub.people[azure.author(EVE)]["display"] = azure.author(ADA)
    assert azure.forge().may_write(azure.author(ADA).upper())


def test_somebody_who_has_left_may_nothing(azure: AzureRig) -> None:
    azure.hub.people[azure.author(ADA)]["active"] = False
    assert not azure.forge().may_write(azure.author(ADA))


def test_rights_that_cannot_be_seen_are_an_error_and_no_yes(azure: AzureRig) -> None:
    azure.hub.denied = {"ManagePermissions"}
    with pytest.raises(ExternalError, match="lacks the right 'View permissions for this node'"):
        azure.forge().may_write(azure.author(ADA))


def test_a_server_without_areas_is_asked_itself(azure: AzureRig) -> None:
    azure.server.fail(path=".*/resourceAreas/.*", status=404)
    assert azure.forge().may_write(azure.author(ADA))


def test_the_token_goes_to_no_other_address(azure: AzureRig) -> None:
    with AzureServer(check=False) as elsewhere:
        azure.hub.identities_at = f"{elsewhere.url}/acme/"
        with pytest.raises(ExternalError, match="names a service for identities at another address"):
            azure.forge().may_write(azure.author(ADA))
        assert elsewhere.seen == []


@pytest.mark.parametrize("host", ["vssps.dev.azure.com", "acme.vssps.visualstudio.com"])
def test_azures_own_service_for_identities_is_trusted(azure: AzureRig, host: str) -> None:
    azure.hub.identities_at = f"https://{host}/acme/"
    assert azure.forge().api.identities.rest.base == f"https://{host}/acme"


@pytest.mark.parametrize("url", ["http://vssps.dev.azure.com/acme", "https://vssps.dev.azure.com.evil.com/acme"])
def test_what_only_looks_like_it_is_not(azure: AzureRig, url: str) -> None:
    azure.hub.identities_at = url
    with pytest.raises(ExternalError, match="another address"):
        azure.forge().may_write(azure.author(ADA))

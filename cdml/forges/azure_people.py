"""Who may push to a repository on Azure Repos, as its security service answers now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_wire import AzureWire, WireList
from cdml.forges.azure_words import VIEW_RIGHTS

# The security namespace of Git repositories, and its bit for Contribute.
NAMESPACE = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"
CONTRIBUTE_BIT = 4


class WirePerson(AzureWire):
    """An identity as the security service knows it."""

    id: str
    descriptor: str
    is_active: bool = True
    properties: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def account(self) -> str:
        """The name that nobody else has; the one that is shown is everybody's own choice."""
        found = self.properties.get("Account")
        return str(found.get("$value", "")) if isinstance(found, dict) else ""


class WireExtended(AzureWire):
    effective_allow: int = 0
    effective_deny: int = 0


class WireEntry(AzureWire):
    descriptor: str
    extended_info: WireExtended | None = None


class WireAccess(AzureWire):
    token: str
    aces_dictionary: Mapping[str, WireEntry] = Field(default_factory=dict)


def may_write(api: AzureApi, login: str) -> bool:
    """Whether somebody may push. A name that is nobody's, or not one person's alone, may not."""
    descriptor = _descriptor(api, login)
    if descriptor is None:
        return False
    token = security_token(api)
    asked: dict[str, str | int] = {"token": token, "descriptors": descriptor, "includeExtendedInfo": "true"}
    path = f"/_apis/accesscontrollists/{NAMESPACE}"
    lists = api.read(WireList[WireAccess], path, needs=VIEW_RIGHTS, **asked).value
    entries = [entry for access in lists if access.token == token for entry in access.aces_dictionary.values()]
    infos = [entry.extended_info for entry in entries if entry.descriptor == descriptor]
    allowed = any(info and info.effective_allow & CONTRIBUTE_BIT for info in infos)
    return allowed and not any(info and info.effective_deny & CONTRIBUTE_BIT for info in infos)


def security_token(api: AzureApi) -> str:
    """What the repository is called in its namespace."""
    return f"repoV2/{api.repository.project.id}/{api.repository.id}"


def _descriptor(api: AzureApi, login: str) -> str | None:
    asked: dict[str, str | int] = {
        "searchFilter": "General",
        "filterValue": login,
        "queryMembership": "None",
    }
    # The service answers null in the place of somebody whom it does not know.
    found = api.identities.read(WireList[WirePerson | None], "/_apis/identities", needs=VIEW_RIGHTS, **asked).value
    active = [one for one in found if one is not None and one.is_active]
    people = {one.descriptor for one in active if one.account.lower() == login.lower()}
    return people.pop() if len(people) == 1 else None

"""Requests to Azure DevOps' REST API for one repository, and whose token they carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from cdml.core.errors import ExternalError, UsageError
from cdml.core.http import Answer, Rest
from cdml.forges import address
from cdml.forges.azure_place import OLD, PUBLIC, TOKENS, Place
from cdml.forges.azure_wire import AzureWire, WireList
from cdml.forges.azure_words import READ, refusal
from cdml.forges.rest import Api, ForgeError

T = TypeVar("T")
VERSION = "7.1"
HEADERS = {
    "Accept": f"application/json;api-version={VERSION}",
    "User-Agent": "cdml",
    "X-TFS-FedAuthRedirect": "Suppress",  # else a wrong token is answered with a page for signing in
}
PREVIEW = {"Accept": f"application/json;api-version={VERSION}-preview"}
PATCH = {"Content-Type": "application/json-patch+json"}
IDENTITIES = "8a3d49b8-91f0-46ef-b33d-dda338c25db3"  # the area of identities, which another host may serve
PAGE = 100


class WireUser(AzureWire):
    id: str
    provider_display_name: str = ""
    custom_display_name: str = ""


class WireConnection(AzureWire):
    authenticated_user: WireUser


class WireArea(AzureWire):
    location_url: str = ""


class WireProject(AzureWire):
    id: str


class WireRepository(AzureWire):
    id: str
    project: WireProject


class AzureApi(Api):
    """The API of one collection; paths are whole. `needs` is the right that a request takes."""

    def __init__(self, place: Place, headers: Mapping[str, str] = HEADERS, base: str = "") -> None:
        rest = Rest(base or place.collection, place.sent, place.scheme, headers=headers)
        super().__init__(rest, partial(refusal, place), self._require_token)
        self.place = place

    @property
    def project(self) -> str:
        """The path of what belongs to the project."""
        return f"/{quote(self.place.project, safe='')}/_apis"

    @property
    def git(self) -> str:
        """The path of the repository."""
        return f"{self.project}/git/repositories/{quote(self.place.repository, safe='')}"

    @cached_property
    def preview(self) -> AzureApi:
        """The same API for what has not been released: who we are, and what policies found."""
        return self._other({**HEADERS, **PREVIEW})

    @cached_property
    def boards(self) -> AzureApi:
        """The same API for work items, which are written as JSON patches."""
        return self._other({**HEADERS, **PATCH})

    @cached_property
    def identities(self) -> AzureApi:
        """The API that knows people. It stands on another host, and the token goes only where it belongs."""
        try:
            path = f"/_apis/resourceAreas/{IDENTITIES}"
            base = self.preview.read(WireArea, path, needs=READ).location_url.rstrip("/")
        except ForgeError as error:
            if error.status != 404:  # a server of one's own has no areas
                raise
            base = ""
        own, host = urlsplit(self.place.collection), address.host(base)
        known = base.startswith("https://") and (host == f"vssps.{PUBLIC}" or host.endswith(f".vssps{OLD}"))
        if base and urlsplit(base)[:2] != own[:2] and not known:
            raise ExternalError(f"{own.netloc} names a service for identities at another address")
        return self._other(HEADERS, base)

    def _other(self, headers: Mapping[str, str], base: str = "") -> AzureApi:
        made = AzureApi(self.place, headers, base)
        made.rest = replace(made.rest, timeout=self.rest.timeout, pauses=self.rest.pauses)
        return made

    @cached_property
    def me(self) -> WireUser:
        """Whose token this is."""
        return self.preview.read(WireConnection, "/_apis/connectionData", needs=READ).authenticated_user

    @cached_property
    def repository(self) -> WireRepository:
        """The repository and its project, by their ids."""
        return self.read(WireRepository, self.git, needs=READ)

    def listed(self, kind: type[T], path: str, *, needs: str, **query: str | int) -> Iterator[T]:
        """Every entry of a listing that is read by `$top` and `$skip`."""
        skip = 0
        while True:
            asked: dict[str, str | int] = {**query, "$top": PAGE, "$skip": skip}
            page = self.read(WireList[kind], path, needs=needs, **asked).value  # type: ignore[valid-type]
            yield from page
            if len(page) < PAGE:
                return
            skip += PAGE

    def send(self, method: str, path: str, needs: str, body: Any, query: Mapping[str, str | int]) -> Answer:
        """A successful answer; the page for signing in, which comes as 203, is none."""
        answer = super().send(method, path, needs, body, query)
        if answer.status == 203:
            raise self.refuse(method, path, needs, answer)
        return answer

    def _require_token(self) -> None:
        if not self.place.token:
            raise UsageError(
                f"writing to {self.place.slug} on Azure DevOps needs a token",
                f"set {TOKENS[1]} (in a pipeline, `env: {{{TOKENS[1]}: $(System.AccessToken)}}`); "
                f"{TOKENS[0]} and {TOKENS[2]}, a personal access token, are read too",
            )

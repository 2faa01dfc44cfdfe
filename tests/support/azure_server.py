"""A stand-in for Azure DevOps on loopback: it remembers, it merges, and it fails as it is told to.

In a test: `with AzureServer(Organization(repo=bare)) as server:` and `SYSTEM_COLLECTIONURI=server.collection`.
As a process: `python tests/support/azure_server.py --repo PATH --port 0` prints its port on the first line;
`POST /__pull` takes the fields of `Organization.add_pull`.
"""

from __future__ import annotations

import argparse
import json
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import azure_operations  # noqa: F401  (this and the next two fill HANDLERS)
import azure_project  # noqa: F401
import azure_threads  # noqa: F401
from azure_schema import PATHS, Exchange, find, problems
from azure_state import BOT, HANDLERS, Call, Data, Organization, Refused, wrapped
from forge_server import Fault, ForgeServer, Reply, Seen


class Azure:
    """What Azure DevOps answers; `check` holds every exchange against the description of its API."""

    def __init__(self, hub: Organization, check: bool = True) -> None:
        self.hub = hub
        self.check = check

    def token(self, headers: dict[str, str]) -> str:
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return sent
        return b64decode(sent).decode().partition(":")[2]

    def perform(self, seen: Seen) -> Reply:
        path = seen.path.removeprefix(f"/{quote(self.hub.organization)}").strip("/")
        if seen.method == "OPTIONS":
            return Reply(200, locations())
        found = find(seen.method, path)
        if found is None:
            said = f"{seen.method} {seen.path}: no such operation is described"
            return Reply(404, wrapped("The controller was not found."), violations=[said] * self.check)
        name, names = found
        try:
            status, data = self._do(seen, name, {key: unquote(value) for key, value in names.items()})
        except Refused as refused:
            status, data = refused.status, refused.body
        told = Exchange(name, seen.query, seen.headers, seen.sent, status, data)
        return Reply(status, data, violations=list(problems(told)) if self.check else [])

    def _do(self, seen: Seen, name: str, names: dict[str, str]) -> tuple[int, Any]:
        """Status and body of one request."""
        login = self._login(seen)
        for given, known in (("project", self.hub.project), ("repositoryId", self.hub.repository)):
            if names.get(given, known).lower() != known.lower():
                said = (
                    f"TF401019: The Git repository with name or identifier {names[given]} does not exist or you "
                )
                raise Refused(
                    404, f"{said}do not have permissions for the operation.", "GitRepositoryNotFoundException"
                )
        url = f"http://{seen.headers['host']}/{quote(self.hub.organization)}"
        body = json.loads(seen.sent) if seen.sent else None
        return HANDLERS[name](Call(self.hub, login, names, seen.query, body, url))

    def _login(self, seen: Seen) -> str:
        known = self.hub.tokens.get(seen.token, self.hub.anybody) if seen.token else ""
        if known is None or (not known and seen.method != "GET"):
            said = "TF400813: The user '' is not authorized to access this resource."
            raise Refused(401, said, "UnauthorizedRequestException")
        if known:
            self.hub.person(known)
        return known

    def refused(self, fault: Fault) -> Any:
        return wrapped(fault.message)

    def document(self) -> Data:
        return self.hub.document()

    def control(self, path: str, body: Data) -> Any:
        return self.hub.add_pull(**body) if path == "/__pull" else None


class AzureServer(ForgeServer):
    """The server, with the organization that it serves at hand."""

    application: Azure

    def __init__(self, hub: Organization | None = None, *, port: int = 0, check: bool = True) -> None:
        super().__init__(Azure(hub or Organization(), check), port=port)

    @property
    def hub(self) -> Organization:
        return self.application.hub

    @property
    def check(self) -> bool:
        return self.application.check

    @check.setter
    def check(self, check: bool) -> None:
        self.application.check = check

    @property
    def collection(self) -> str:
        return f"{self.url}/{quote(self.hub.organization)}"

    def __enter__(self) -> AzureServer:
        super().__enter__()
        return self


def locations() -> Data:
    """Where everything is, as clients ask it: a path for each location."""
    found = []
    for location, path in PATHS.items():
        area, _, resource = path.partition("_apis/")[2].partition("/")
        versions = {"minVersion": 1.0, "maxVersion": 7.1, "releasedVersion": "7.1", "resourceVersion": 3}
        found.append({"id": location, "area": area, "resourceName": resource, "routeTemplate": path, **versions})
    return {"count": len(found), "value": found}


def main() -> None:
    """Serve until the process is ended."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--repo", type=Path, help="a bare repository behind it")
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--token", action="append", default=[], metavar="TOKEN=LOGIN")
    words.add_argument("--anybody", default=BOT, help="who any other token belongs to")
    words.add_argument("--check", action="store_true", help="hold every exchange against the API's description")
    given = words.parse_args()
    tokens = dict(item.split("=", 1) for item in given.token)
    hub = Organization(repo=given.repo.resolve() if given.repo else None, tokens=tokens, anybody=given.anybody)
    with AzureServer(hub, port=given.port, check=given.check) as server:
        print(server.port, flush=True)
        server.thread.join()


if __name__ == "__main__":
    sys.exit(main())

"""Where a repository's Azure DevOps is, and with which token it is spoken to."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from cdml.core.errors import UsageError
from cdml.core.http import LOOPBACK
from cdml.forges import address
from cdml.forges.token import OWN, find_token

PUBLIC = "dev.azure.com"
OLD = ".visualstudio.com"
PIPELINE = "SYSTEM_ACCESSTOKEN"
TOKENS = (OWN, PIPELINE, "AZURE_DEVOPS_EXT_PAT")
GIT = "/_git/"
# What a name of a project or repository may not hold (the service's naming rules), and what would be another path.
NAME = re.compile(r"(?!\.)[^\x00-\x1f/\\:*?\"<>;#$&{},+=\[\]|]+(?<!\.)")


@dataclass(frozen=True)
class Place:
    """A Git repository: its collection (an organization's address), project and name, and the token (or empty)."""

    collection: str
    project: str
    repository: str
    token: str = field(default="", repr=False)
    variable: str = ""

    @property
    def slug(self) -> str:
        """`project/repository`."""
        return f"{self.project}/{self.repository}"

    @property
    def pages(self) -> str:
        """The address of the project's pages."""
        return f"{self.collection}/{quote(self.project, safe='')}"

    @property
    def web(self) -> str:
        """The address of the repository's page."""
        return f"{self.pages}{GIT}{quote(self.repository, safe='')}"

    def item(self, commit: str, path: str) -> str:
        """The address of a file's bytes, as the pages of Azure DevOps themselves load it."""
        repository = f"{self.pages}/_apis/git/repositories/{quote(self.repository, safe='')}"
        version = f"versionDescriptor.versionType=commit&versionDescriptor.version={commit}"
        return f"{repository}/items?path=/{path}&{version}&$format=octetStream&api-version=6.0"

    @property
    def scheme(self) -> str:
        """How the token is sent: an access token (of a job or of Entra) as it is, a personal one as a password."""
        jwt = self.token.startswith("eyJ") and self.token.count(".") == 2
        return "Bearer" if jwt or self.variable == PIPELINE else "Basic"

    @property
    def sent(self) -> str:
        """The token as it is sent; empty where there is none."""
        if self.scheme == "Bearer" or not self.token:
            return self.token
        return b64encode(f":{self.token}".encode()).decode()


def is_azure(url: str, env: Mapping[str, str] | None = None) -> bool:
    """Whether a remote is on Azure Repos, on a server as the pipeline's environment names it, or stands for one.

    A path stands for a hosted repository only in a pipeline that runs against a server on this machine.
    """
    env = os.environ if env is None else env
    if not address.is_local(url):
        host = address.host(url)
        return _is_public(host) or (host != "" and host == _own_host(env) and GIT in url)
    return _is_inside(env) and _own_host(env) in LOOPBACK


def find_place(url: str, env: Mapping[str, str] | None = None) -> Place:
    """The repository at a remote's address; UsageError where the address holds none."""
    env = os.environ if env is None else env
    collection, project, repository = _inside(env) if address.is_local(url) else _parts(url)
    if not (collection and NAME.fullmatch(project) and NAME.fullmatch(repository)):
        raise UsageError(
            f"the remote's address on {address.host(url) or 'Azure DevOps'} names no project and repository",
            "git remote set-url origin https://dev.azure.com/ORGANIZATION/PROJECT/_git/REPOSITORY",
        )
    token, variable = find_token(env, *TOKENS[1:])
    return Place(collection, project, repository, token, variable)


def _is_public(host: str) -> bool:
    return host in (PUBLIC, f"ssh.{PUBLIC}") or host.endswith(OLD)


def _own_host(env: Mapping[str, str]) -> str:
    url = env.get("SYSTEM_COLLECTIONURI", "")
    return address.host(url) if "://" in url else ""


def _is_inside(env: Mapping[str, str]) -> bool:
    """Whether this is a job of a pipeline for a repository of Azure Repos: pipelines serve GitHub's too."""
    return env.get("TF_BUILD", "").lower() == "true" and env.get("BUILD_REPOSITORY_PROVIDER") == "TfsGit"


def _inside(env: Mapping[str, str]) -> tuple[str, str, str]:
    names = ("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_REPOSITORY_NAME")
    collection, project, repository = (env.get(name, "") for name in names)
    return collection.rstrip("/"), project, repository


def _parts(url: str) -> tuple[str, str, str]:
    """Collection, project and repository of an address; empty where they do not stand there."""
    host, path = address.host(url), address.path(url)
    if "/" in path and path.startswith("v3/"):  # ssh
        names = unquote(path).split("/")[1:]
        return (_organization(names[0]), names[1], names[2]) if len(names) == 3 else ("", "", "")
    left, found, repository = f"/{path}".partition(GIT)
    above = [name for name in left.split("/") if name]
    if host.endswith(OLD):
        above = [host.removesuffix(OLD), *(name for name in above if name != "DefaultCollection")]
    if not found or not above:
        return "", "", ""
    # The repository that bears its project's name may stand alone.
    alone = len(above) == 1 and _is_public(host)
    project = repository if alone else above.pop()
    return (_organization(above[0]) if _is_public(host) else _server(url, above)), project, repository


def _organization(name: str) -> str:
    return f"https://{PUBLIC}/{quote(name, safe='')}"


def _server(url: str, above: list[str]) -> str:
    """A collection on a server of one's own; Git over SSH says nothing of its web port."""
    where = urlsplit(url)
    web = where.scheme in ("http", "https")
    try:
        port = f":{where.port}" if web and where.port else ""
    except ValueError:
        return ""
    server = f"{where.scheme if web else 'https'}://{address.host(url)}{port}"
    return "/".join([server, *(quote(name, safe="") for name in above)])

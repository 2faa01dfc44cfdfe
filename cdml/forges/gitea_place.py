"""Where a repository's Gitea or Forgejo is, and with which token it is spoken to. Nothing is asked yet."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cdml.core.errors import UsageError
from cdml.core.http import LOOPBACK
from cdml.forges import address
from cdml.forges.token import OWN, find_token

PUBLIC = ("codeberg.org", "gitea.com")
HOSTS = ("GITEA_HOST", "FORGEJO_HOST")  # a host or a whole address, where it is nobody's public one
TOKENS = (OWN, "GITEA_TOKEN", "FORGEJO_TOKEN")
RUNNERS = "GITHUB_TOKEN"  # what a run is given: its server's, and nobody else's
API = "/api/v1"
# A forge below a path of its host has more parts before OWNER/REPOSITORY.
PATH = re.compile(r"((?:(?!\.{1,2}/)[A-Za-z0-9_.-]+/)*)((?!\.{1,2}/)[A-Za-z0-9_.-]+/(?!\.{1,2}$)[A-Za-z0-9_.-]+)")


@dataclass(frozen=True)
class Place:
    """A repository (`owner/name`), the address of its forge's API, and the token (empty: there is none)."""

    slug: str
    api: str
    host: str
    token: str = field(default="", repr=False)
    variable: str = ""

    @property
    def page(self) -> str:
        """The address of the repository's page."""
        return f"{self.api.removesuffix(API)}/{self.slug}"


def runs_here(env: Mapping[str, str]) -> bool:
    """Whether this is a run of Gitea's or Forgejo's Actions, which set GitHub's variables too."""
    return "true" in (env.get("GITEA_ACTIONS"), env.get("FORGEJO_ACTIONS"))


def is_gitea(url: str, env: Mapping[str, str] | None = None) -> bool:
    """Whether a remote is on a Gitea or Forgejo: a public one, this run's, or one that the environment names.

    A path stands for a repository there only in a run against a server on this machine: a project that a run makes
    in a folder must never speak to the run's own repository.
    """
    env = os.environ if env is None else env
    if not address.is_local(url):
        return address.host(url) in (*PUBLIC, *map(address.host, _named(env)))
    inside = runs_here(env) and bool(env.get("GITHUB_REPOSITORY"))
    return inside and address.host(env.get("GITHUB_API_URL", "")) in LOOPBACK


def find_place(url: str, env: Mapping[str, str] | None = None) -> Place:
    """The repository at a remote's address; UsageError where the address holds none."""
    env = os.environ if env is None else env
    local = address.is_local(url)
    found = PATH.fullmatch(env.get("GITHUB_REPOSITORY", "") if local else address.path(url))
    if found is None:
        raise UsageError(
            f"the remote's address on {address.host(url) or 'the forge'} does not end in OWNER/REPOSITORY",
            f"git remote set-url origin https://{address.host(url) or 'HOST'}/OWNER/REPOSITORY.git",
        )
    own_run = runs_here(env) and (local or address.host(url) == address.host(env.get("GITHUB_SERVER_URL", "")))
    token, variable = find_token(env, *TOKENS[1:], *((RUNNERS,) if own_run else ()))
    given = env.get("GITHUB_API_URL", "").rstrip("/") if own_run else ""
    api = given or _root(url, found[1].strip("/"), env) + API
    return Place(found[2], api, address.host(url) or address.host(api), token, variable)


def _named(env: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses of forges that the environment names."""
    given = [env.get(name, "").strip() for name in HOSTS]
    server = env.get("GITHUB_SERVER_URL", "") if runs_here(env) else ""
    addresses = (name if "://" in name or not name else f"https://{name}" for name in (*given, server))
    return tuple(name.rstrip("/") for name in addresses if address.host(name))


def _root(url: str, prefix: str, env: Mapping[str, str]) -> str:
    """The address of the forge's own page: as it is named, else as the remote has it."""
    host = address.host(url)
    named = next((name for name in _named(env) if address.host(name) == host), "")
    if named:
        return named
    if url.startswith(("http://", "https://")):
        where = urlsplit(url)
        return f"{where.scheme}://{where.netloc.rpartition('@')[2]}" + (f"/{prefix}" if prefix else "")
    return f"https://{host}"

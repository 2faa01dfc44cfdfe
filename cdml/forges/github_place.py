"""Where a repository's GitHub is, and with which token it is spoken to. Nothing is asked before it is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdml.core.errors import UsageError
from cdml.core.http import LOOPBACK
from cdml.forges import address
from cdml.forges.token import OWN, find_token

PUBLIC = "github.com"
SAME = {"www.github.com": PUBLIC, "ssh.github.com": PUBLIC}
TOKENS = (OWN, "GITHUB_TOKEN", "GH_TOKEN")
SLUG = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9_.-]+/(?!\.{1,2}$)[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Place:
    """A repository (`owner/name`) on a GitHub, the address of its API, and the token (empty: there is none)."""

    slug: str
    api: str
    token: str = field(default="", repr=False)
    variable: str = ""

    @property
    def owner(self) -> str:
        """Who the repository belongs to."""
        return self.slug.partition("/")[0]

    @property
    def page(self) -> str:
        """The address of the repository's page."""
        return f"{self.api.replace('://api.', '://', 1).removesuffix('/api/v3')}/{self.slug}"


def is_github(url: str, env: Mapping[str, str] | None = None) -> bool:
    """Whether a remote is on github.com, on GitHub Enterprise as the environment names it, or stands for one.

    A path stands for a repository on GitHub only in a workflow that runs against a server on this machine: a
    project that a workflow makes in a folder must never speak to the workflow's own repository.
    """
    env = os.environ if env is None else env
    if not address.is_local(url):
        host = _host(url)
        return host in _hosts(env) or host.endswith(".ghe.com")
    inside = env.get("GITHUB_ACTIONS") == "true" and bool(env.get("GITHUB_REPOSITORY")) and not _is_giteas(env)
    return inside and _hostname(env.get("GITHUB_API_URL", "")) in LOOPBACK


def find_place(url: str, env: Mapping[str, str] | None = None) -> Place:
    """The repository at a remote's address; UsageError where the address holds none."""
    env = os.environ if env is None else env
    slug = env.get("GITHUB_REPOSITORY", "") if address.is_local(url) else address.path(url)
    if not SLUG.fullmatch(slug):
        raise UsageError(
            f"the remote's address on {_host(url) or 'GitHub'} does not end in OWNER/REPOSITORY",
            "git remote set-url origin https://github.com/OWNER/REPOSITORY.git",
        )
    # The token of another forge's run is none of GitHub's business.
    token, variable = find_token(env, *(TOKENS[2:] if _is_giteas(env) else TOKENS[1:]))
    return Place(slug, _api(url, env), token, variable)


def _host(url: str) -> str:
    found = address.host(url)
    return SAME.get(found, found)


def _hosts(env: Mapping[str, str]) -> tuple[str, ...]:
    server = "" if _is_giteas(env) else _hostname(env.get("GITHUB_SERVER_URL", ""))
    named = (server, env.get("GH_HOST", "").lower())
    return (PUBLIC, *(name for name in named if name))


def _is_giteas(env: Mapping[str, str]) -> bool:
    """Whether this is a run of Gitea's or Forgejo's Actions: they set GitHub's variables to their own server."""
    return "true" in (env.get("GITEA_ACTIONS"), env.get("FORGEJO_ACTIONS"))


def _hostname(url: str) -> str:
    return address.host(url) if "://" in url else ""


def _api(url: str, env: Mapping[str, str]) -> str:
    given = env.get("GITHUB_API_URL", "").rstrip("/")
    host, server = _host(url), _hostname(env.get("GITHUB_SERVER_URL", "")) or PUBLIC
    # What a workflow says of its own server is true of that one alone.
    if given and (address.is_local(url) or host == server):
        return given
    if host == PUBLIC or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"https://{host}/api/v3"

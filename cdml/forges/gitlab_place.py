"""Where a repository's GitLab is, and with which token it is spoken to. Nothing is asked before it is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from cdml.core.errors import UsageError
from cdml.core.http import LOOPBACK
from cdml.forges import address
from cdml.forges.token import OWN, find_token

PUBLIC = "gitlab.com"
SAME = {"www.gitlab.com": PUBLIC, "altssh.gitlab.com": PUBLIC}
TOKENS = (OWN, "GITLAB_TOKEN")
JOB = "CI_JOB_TOKEN"
JOB_PREFIX = "glcbt-"  # how tokens of jobs begin since GitLab 16.8
PROJECT = re.compile(r"((?!\.{1,2}(/|$))[A-Za-z0-9_.-]+/)+(?!\.{1,2}$)[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Place:
    """A project (`group/project`, groups may nest) on a GitLab: its page, the API, and the token (empty: none).

    `variable` names what the token was read from. `job` says that there is a token of a job, which may not write.
    """

    slug: str
    api: str
    page: str
    token: str = field(default="", repr=False)
    variable: str = ""
    job: bool = False

    @property
    def root(self) -> str:
        """The project's path below the API."""
        return f"/projects/{quote(self.slug, safe='')}"


def is_gitlab(url: str, env: Mapping[str, str] | None = None) -> bool:
    """Whether a remote is on gitlab.com, on a GitLab that the environment names, or stands for one.

    A path stands for a project on GitLab only in a pipeline that runs against a server on this machine: a project
    that a pipeline makes in a folder must never speak to the pipeline's own project.
    """
    env = os.environ if env is None else env
    if not address.is_local(url):
        return _host(url) in _hosts(env)
    inside = env.get("GITLAB_CI") == "true" and bool(env.get("CI_PROJECT_PATH"))
    return inside and address.host(env.get("CI_API_V4_URL", "")) in LOOPBACK


def find_place(url: str, env: Mapping[str, str] | None = None) -> Place:
    """The project at a remote's address; UsageError where the address holds none."""
    env = os.environ if env is None else env
    server = _server(url, env)
    slug = env.get("CI_PROJECT_PATH", "") if address.is_local(url) else _path(url, server)
    if not PROJECT.fullmatch(slug):
        raise UsageError(
            f"the remote's address on {_host(url) or 'GitLab'} does not end in GROUP/PROJECT",
            "git remote set-url origin https://gitlab.com/GROUP/PROJECT.git",
        )
    token, variable = find_token(env, *TOKENS[1:])
    job = env.get(JOB, "").strip()
    if token and (token == job or token.startswith(JOB_PREFIX)):
        token, job = "", token
    return Place(slug, _api(url, server, env), f"{server}/{slug}", token, variable, bool(job))


def _host(url: str) -> str:
    found = address.host(url)
    return SAME.get(found, found)


def _hosts(env: Mapping[str, str]) -> tuple[str, ...]:
    named = (*_running(env), address.host(_chosen(env)))
    return (PUBLIC, *(name for name in named if name))


def _running(env: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts of the GitLab that runs this pipeline: its pages, and where git goes by ssh."""
    names = ("CI_SERVER_HOST", "CI_SERVER_SHELL_SSH_HOST")
    return tuple(env[name].lower() for name in names if env.get(name))


def _chosen(env: Mapping[str, str]) -> str:
    """The address under GITLAB_HOST, which glab reads too: a host, or a URL where pages are below a path."""
    named = env.get("GITLAB_HOST", "").strip().rstrip("/")
    return named if "://" in named or not named else f"https://{named}"


def _server(url: str, env: Mapping[str, str]) -> str:
    """Where the pages of the remote's GitLab begin."""
    host, given = _host(url), env.get("CI_SERVER_URL", "").rstrip("/")
    if given and (address.is_local(url) or host in (address.host(given), *_running(env))):
        return given
    if host and host == address.host(_chosen(env)):
        return _chosen(env)
    # Of an address by ssh the port is not that of the pages.
    ported = host not in ("", PUBLIC) and _is_web(url)
    return f"https://{urlsplit(url).netloc.rpartition('@')[2].lower() if ported else host}"


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _path(url: str, server: str) -> str:
    found, below = address.path(url), urlsplit(server).path.strip("/")
    # An address by ssh never holds the path that pages are below.
    if below and _is_web(url):
        return found.removeprefix(f"{below}/")
    return found


def _api(url: str, server: str, env: Mapping[str, str]) -> str:
    given = env.get("CI_API_V4_URL", "").rstrip("/")
    ours = _running(env) or (PUBLIC,)
    # What a pipeline says of its own server is true of that one alone.
    return given if given and (address.is_local(url) or _host(url) in ours) else f"{server}/api/v4"

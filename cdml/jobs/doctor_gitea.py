"""What Gitea or Forgejo says of the token and of its owner's rights: whose it is, and what it lacks, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cdml.core.errors import CdmlError, UsageError
from cdml.forges import CHOICE, address
from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_place import API, HOSTS, RUNNERS, TOKENS, Place, find_place, is_gitea
from cdml.forges.gitea_words import ADMINISTRATION, SCOPES
from cdml.forges.rest import ForgeError
from cdml.jobs.doctor_base import Finding, Scene, judged

TOPIC = "gitea"
REFUSED = (401, 403, 404)


def gitea(scene: Scene) -> Iterator[Finding]:
    """The token, its owner, and the rights that comments, statuses, pull requests and commands take."""
    chosen = scene.environ.get(CHOICE, "").strip().lower() == TOPIC and bool(address.host(scene.url))
    if not (scene.url and (chosen or is_gitea(scene.url, scene.environ))):
        return
    try:
        place = find_place(scene.url, scene.environ)
    except UsageError as error:
        yield Finding(TOPIC, "missing", error.message, "nothing there can be read or written", error.hint)
        return
    if not place.token:
        yield Finding(
            TOPIC,
            "note",
            f"no token in {', '.join(TOKENS)}",
            f"no comment or status can be written from here; {', '.join(HOSTS)} name another forge",
            f"{_page(place, 'user/settings/applications')}: make one with {SCOPES}, and set {TOKENS[1]} to it",
        )
        return
    yield from _rights(scene, place)


def _rights(scene: Scene, place: Place) -> Iterator[Finding]:
    api = GiteaApi(place)
    # A person waits: what does not answer at once is told as not seen.
    api.rest = replace(api.rest, pauses=(), timeout=(5.0, 10.0))
    try:
        owner = api.login
        yield Finding(TOPIC, "ok", f"token: {place.variable}, of {owner}")
        seen = api.read(dict[str, Any], "", needs="read:repository")
        yield from _repository(scene, place, owner, seen)
        api.read(list[Any], "/issues", needs="read:issue", type="issues", limit=1)
    except CdmlError as error:
        refused = isinstance(error, ForgeError) and error.status in REFUSED
        told = error.message.partition(" (GET ")[0]
        why = "cdml reads and writes with this token" if refused else "its rights could not be looked at"
        yield Finding(TOPIC, "missing" if refused else "unknown", told, why, error.hint)
        return
    if place.variable != RUNNERS:
        yield Finding(
            TOPIC,
            "unknown",
            f"whether the token in {place.variable} has {SCOPES}",
            "a token is not told its own scopes: a refusal will name the one that it lacks",
            f"{_page(place, 'user/settings/applications')}: look at the token's scopes",
        )


def _repository(scene: Scene, place: Place, owner: str, seen: dict[str, Any]) -> Iterator[Finding]:
    rights, page = seen.get("permissions"), _page(place, f"{place.slug}/settings")
    known: dict[str, Any] = rights if isinstance(rights, dict) else {}
    yield judged(
        TOPIC,
        known.get("push"),
        (f"{owner} may push to {place.slug}", f"{owner} may only read {place.slug}"),
        "statuses and merges take the permission Write",
        f"{page}/collaboration: give {owner} the permission Write",
    )
    if known.get("admin") is not True:
        yield Finding(
            TOPIC,
            "note",
            f"{owner} is no {ADMINISTRATION}",
            "nobody else is told who may write, so commands in comments are refused",
            f"{page}/collaboration: the permission Administrator for an account, and {TOKENS[0]} is its token",
        )
    if seen.get("has_issues") is False:
        yield Finding(
            TOPIC,
            "missing",
            f"{place.slug} has no issues",
            "what goes wrong on main is kept as an issue",
            f"{page}: Issues",
        )
    main = scene.project.main
    if seen.get("default_branch") not in (None, main):
        yield Finding(
            TOPIC,
            "missing",
            f"the default branch is {seen['default_branch']}, not {main}",
            "schedules and runs by hand start on the default branch alone",
            f"{page}/branches: {main}",
        )


def _page(place: Place, path: str) -> str:
    return f"{place.api.removesuffix(API)}/{path}"

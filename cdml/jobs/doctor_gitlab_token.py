"""What GitLab says of the token, its owner's role and the project's switches; what is missing, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from cdml.core.errors import CdmlError, UsageError
from cdml.forges import address, detect
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_members import DEVELOPER
from cdml.forges.gitlab_place import TOKENS, Place, find_place, is_gitlab
from cdml.forges.gitlab_words import READS, SCOPES, WRITES, no_token, refusal
from cdml.jobs.doctor_base import Ask, Finding, Scene, State, quoted

TOPIC = "gitlab"
NEEDED = ("api", "write_repository")
ROLES = {0: "no member", 5: "Minimal access", 10: "Guest", 15: "Planner", 20: "Reporter", 30: "Developer"}
ROLES |= {40: "Maintainer", 50: "Owner"}
SOON = 14  # days before a token's end
SWITCHES = {
    "merge_requests_access_level": ("merge requests", "nothing can be judged or promoted"),
    "builds_access_level": ("CI/CD", "no pipeline runs"),
    "issues_access_level": ("issues", "a failed registration and drift are told in one"),
}


@dataclass(frozen=True)
class Hosted:
    """What was found, and the project as GitLab describes it; empty where it could not be read."""

    findings: tuple[Finding, ...]
    project: dict[str, Any]

    def has(self, setting: str) -> bool | None:
        """A switch of the project; None where GitLab does not say."""
        found = self.project.get(setting)
        return found if isinstance(found, bool) else None


def look_at(scene: Scene) -> Hosted:
    """The token's owner, scopes and role, and the project; nothing where the remote is not on GitLab."""
    if not _is_there(scene):
        return Hosted((), {})
    try:
        place = find_place(scene.url, scene.environ)
    except UsageError as error:
        why = "nothing there can be read or written"
        return Hosted((Finding(TOPIC, "missing", error.message, why, error.hint),), {})
    if not place.token:
        return Hosted((_without(place),), {})
    reader = _Reader(place, scene.ask or _asking(place))
    user, project = reader.read("/user"), reader.read(place.root)
    own = reader.read("/personal_access_tokens/self", optional=True)
    role = reader.read(f"{place.root}/members/all/{user.get('id')}", optional=True) if user and project else {}
    found = [*_token(place, user, own), *_role(place, user, role, known=bool(project)), *_switches(scene, project)]
    return Hosted((*found, *reader.refused), project)


def _is_there(scene: Scene) -> bool:
    if not scene.url or is_gitlab(scene.url, scene.environ):
        return bool(scene.url)
    try:
        return detect(scene.url) == TOPIC  # somebody says so
    except UsageError:
        return False


class _Reader:
    """Reads until nothing answers; `refused` are the reasons why something could not be read."""

    def __init__(self, place: Place, ask: Ask) -> None:
        self.place = place
        self.ask = ask
        self.silent = False
        self.refused: list[Finding] = []

    def read(self, path: str, *, optional: bool = False) -> dict[str, Any]:
        """What is at a path below the API; empty where nothing is. `optional`: then that is no finding."""
        if self.silent:
            return {}
        try:
            answer = self.ask(path)
        except CdmlError as error:
            self.silent = True
            self._note("unknown", error.message, error.hint)
            return {}
        if answer.status == 200 and isinstance(answer.data, dict):
            return answer.data
        if not optional:
            refused = refusal(self.place, "GET", path, READS, answer)
            state: State = "missing" if answer.status in (401, 403, 404) else "unknown"
            self._note(state, refused.message.partition(" (GET ")[0], refused.hint)
        return {}

    def _note(self, state: State, what: str, hint: str) -> None:
        why = f"cdml reads and writes with this token{f'; {hint}' if hint else ''}"
        self.refused.append(Finding(TOPIC, state, what, why, _tokens(self.place)))


def _tokens(place: Place) -> str:
    return f"{place.page}/-/settings/access_tokens: a token with {WRITES} and the scopes {SCOPES}"


def _asking(place: Place) -> Ask:
    # A person waits: what does not answer at once is told as not seen.
    rest = replace(GitlabApi(place).rest, pauses=(), timeout=(5.0, 10.0))
    return lambda path: rest.send("GET", path)


def _without(place: Place) -> Finding:
    command = f"{_tokens(place)}; set {TOKENS[0]} to it"
    if place.job:
        why = "no comment, status or merge request can be written"
        return Finding(TOPIC, "missing", no_token(place)[0], why, command)
    what = f"what a token may do here: none is in {' or '.join(TOKENS)}"
    return Finding(TOPIC, "unknown", what, "no merge request can be opened from here", command)


def _token(place: Place, user: dict[str, Any], own: dict[str, Any]) -> Iterator[Finding]:
    if not user:
        return
    where = address.host(place.page)
    yield Finding(TOPIC, "ok", f"{place.slug} at {where}; token: {place.variable}, of {user.get('username')}")
    scopes = own.get("scopes")
    lacking = [name for name in NEEDED if isinstance(scopes, list) and name not in scopes]
    if lacking:
        yield Finding(
            TOPIC,
            "missing",
            f"the token in {place.variable} lacks the scope {' and '.join(lacking)}",
            "comments, statuses and merge requests take api, pushing versions takes write_repository",
            _tokens(place),
        )
    left = _days_left(own.get("expires_at"))
    if left is not None and left <= SOON:
        yield Finding(
            TOPIC,
            "note",
            f"the token in {place.variable} ends in {left} days",
            "then no comment is written and nothing is registered",
            f"{place.page}/-/settings/access_tokens: rotate it, and set {place.variable} anew",
        )


def _days_left(end: Any) -> int | None:
    try:
        return (date.fromisoformat(end) - datetime.now(UTC).date()).days
    except (TypeError, ValueError):
        return None


def _role(place: Place, user: dict[str, Any], role: dict[str, Any], *, known: bool) -> Iterator[Finding]:
    if not (user and known):
        return
    name, level = user.get("username"), role.get("access_level", 0)
    called = ROLES.get(level, f"role {level}")
    if isinstance(level, int) and level >= DEVELOPER:
        yield Finding(TOPIC, "ok", f"{name} may comment, set statuses and open merge requests ({called})")
        return
    yield Finding(
        TOPIC,
        "missing",
        f"{name} has not {WRITES} in {place.slug} ({called})",
        "statuses, merge requests and pushes take it",
        f"{place.page}/-/project_members: the role Developer; a project access token is made with its role",
    )


def _switches(scene: Scene, project: dict[str, Any]) -> Iterator[Finding]:
    page = project.get("web_url", "")
    for setting, (name, why) in SWITCHES.items():
        if project.get(setting) == "disabled":
            where = f"{page}/edit: Visibility, project features, permissions"
            yield Finding(TOPIC, "missing", f"{name} are switched off", why, where)
    default, main = project.get("default_branch"), scene.project.main
    if default not in (None, main):
        yield Finding(
            TOPIC,
            "missing",
            f"the default branch is {default}, not {main}",
            "pipelines of the default branch register versions",
            f"glab api -X PUT projects/{project.get('id')} -f default_branch={quoted(main)}",
        )

"""Azure DevOps' refusals in words that say what to do, never with a token in them."""

from __future__ import annotations

import re
from math import ceil
from typing import Any

from cdml.core.http import Answer
from cdml.core.retries import asked_wait, is_limited
from cdml.forges.azure_place import PIPELINE, Place
from cdml.forges.rest import ForgeError, told

READ = "Read"
CONTRIBUTE = "Contribute"
PULLS = "Contribute to pull requests"
BOARDS = "Edit work items in this node"
VIEW_RIGHTS = "View permissions for this node"
BUILDS = "Queue builds"
# Rights as a refusal names them, and as people see them on the page where they are given.
NAMED = {
    "GenericRead": READ,
    "GenericContribute": CONTRIBUTE,
    "PullRequestContribute": PULLS,
    "CreateBranch": "Create branch",
    "CreateTag": "Create tag",
    "ForcePush": "Force push (rewrite history, delete branches and tags)",
    "ManagePermissions": "Manage permissions",
    "PolicyExempt": "Bypass policies when pushing",
    "PullRequestBypassPolicy": "Bypass policies when completing pull requests",
}
# The scope that a personal access token must have for it as well.
SCOPES = {
    READ: "Code (Read)",
    BOARDS: "Work Items (Read & write)",
    VIEW_RIGHTS: "Security (Manage) and Identity (Read)",
    BUILDS: "Build (Read & execute)",
}
CODE = "Code (Read & write) and Code (Status)"
PERMISSION = re.compile(r"Git '(\w+)' permission")


def refusal(place: Place, method: str, path: str, needs: str, answer: Answer) -> ForgeError:
    """What an answer that is no success means; `needs` is the right that it takes, as Azure DevOps names it."""
    said = told(_hidden(answer.data, place.sent), place.token)
    message, hint = _words(place, needs, answer, said)
    where = f"{method} {path}: {answer.status}{f' {said}' if said else ''}"
    return ForgeError(f"{message} ({where})", hint, answer.status, said)


def _hidden(data: Any, sent: str) -> Any:
    """The message alone, since a token may be told back as it was sent."""
    said = data.get("message") if isinstance(data, dict) else None
    return {"message": str(said).replace(sent, "***") if sent else said}


def _words(place: Place, needs: str, answer: Answer, said: str) -> tuple[str, str]:
    variable = place.variable or PIPELINE
    if is_limited(answer.status, answer.headers):
        wait = asked_wait(answer.headers)
        when = f" in about {ceil(wait / 60)} minutes" if wait else " later"
        return "Azure DevOps takes no more requests for now", f"run it again{when}"
    if answer.status in (203, 401):  # 203: the page for signing in, instead of an answer
        hint = f"{variable} has expired, is wrong, or is another organization's: make a new one"
        return (f"Azure DevOps refuses the token in {variable}" if place.token else NO_TOKEN), hint
    if answer.status == 403:
        return _forbidden(place, needs, said)
    seen = f"may the token in {variable} see it" if place.token else f"is it private? Then set {PIPELINE}"
    known = {404: ("Azure DevOps has no such thing", f"is {place.slug} the right repository, and {seen}?")}
    return known.get(answer.status, ("Azure DevOps did not do it", "run it again" if answer.status >= 500 else ""))


NO_TOKEN = "Azure DevOps asks for a token"  # noqa: S105


def _forbidden(place: Place, needs: str, said: str) -> tuple[str, str]:
    found = PERMISSION.search(said)
    right = NAMED.get(found[1], found[1]) if found else needs or READ
    if place.variable == PIPELINE:
        who = f"'{place.project} Build Service' (or 'Project Collection Build Service')"
    else:
        who = f"the owner of the token in {place.variable or PIPELINE}"
    where = {BOARDS: "Project configuration, Areas, Security", BUILDS: "Pipelines, the pipeline's Security"}.get(
        right, f"Project settings, Repositories, {place.repository}, Security"
    )
    scope = f"; a personal access token also needs the scope {SCOPES.get(right, CODE)}"
    return f"the token lacks the right '{right}'", (
        f"allow {who} '{right}': {where}{'' if place.scheme == 'Bearer' else scope}"
    )

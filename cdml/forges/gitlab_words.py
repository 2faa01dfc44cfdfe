"""GitLab's refusals in words that say what to do, never with a token in them."""

from __future__ import annotations

from math import ceil
from typing import Any

from cdml.core.http import Answer
from cdml.core.retries import asked_wait, is_limited
from cdml.forges.gitlab_place import JOB, TOKENS, Place
from cdml.forges.rest import ForgeError, told

# What a request takes, as GitLab's own pages call it.
READS = "the role Reporter"
WRITES = "the role Developer"
SCOPES = "api and write_repository"
MEMBERS = "Manage, Members of {slug}"
NO_SCOPE = "insufficient_scope"


def refusal(place: Place, method: str, path: str, needs: str, answer: Answer) -> ForgeError:
    """What an answer that is no success means; `needs` is the role that it takes."""
    said = reason(answer.data, place.token)
    message, hint = _words(place, method, path, needs, answer)
    where = f"{method} {path}: {answer.status}{f' {said}' if said else ''}"
    return ForgeError(f"{message} ({where})", hint, answer.status, said)


def reason(data: Any, token: str) -> str:
    """GitLab's own words on one line: its `message` is a text, a list, or texts by the field they are about."""
    flat = {**data, "message": _flat(data.get("message"))} if isinstance(data, dict) else data
    return told(flat, token)


def no_token(place: Place) -> tuple[str, str]:
    """What is said, and what to do, where something is to be written without a token."""
    make = (
        f"make a project access token with {WRITES} and the scopes {SCOPES} (Settings, Access tokens), "
        f"and set {TOKENS[0]} to it; {TOKENS[1]} is read too"
    )
    if place.job:
        named = place.variable or JOB
        said = "the job's own token" if named == JOB else f"the job's own token, which is all that {named} holds,"
        return f"{said} ({JOB}) may not write to {place.slug} on GitLab", make
    return f"writing to {place.slug} on GitLab needs a token", make


def _flat(message: Any) -> Any:
    if isinstance(message, dict):
        return "; ".join(f"{name}: {_flat(texts)}" for name, texts in message.items())
    if isinstance(message, list):
        return ", ".join(str(text) for text in message)
    return message


def _words(place: Place, method: str, path: str, needs: str, answer: Answer) -> tuple[str, str]:
    variable = place.variable or TOKENS[0]
    if is_limited(answer.status, answer.headers):
        wait = asked_wait(answer.headers)
        when = f" in about {ceil(wait / 60)} minutes" if wait else " later"
        return "GitLab takes no more requests for now", f"run it again{when}"
    member = f"{MEMBERS.format(slug=place.slug)}; a project access token has the role that it was made with"
    if answer.status == 401 and path.endswith("/merge") and not _error(answer):
        return (
            f"whose token is in {variable} may not merge here: it takes {needs}",
            f"Settings, Repository, Protected branches say who may merge; the role is under {member}",
        )
    if answer.status == 403 and _error(answer) == NO_SCOPE:
        return f"the token in {variable} lacks the scope api", f"make one with the scopes {SCOPES}"
    if answer.status == 403:
        return f"GitLab forbids it to whose token is in {variable}: it takes {needs}", member
    hidden = "GitLab hides what one may not see" if method == "GET" else f"does its owner have {needs}"
    seen = f"may the token in {variable} see it: {hidden}" if place.token else f"is it private? Set {variable}"
    known = {
        401: (f"GitLab refuses the token in {variable}", f"{variable} has expired or is wrong: make a new one"),
        404: ("GitLab has no such thing", f"is {place.slug} the right project, and {seen}?"),
    }
    return known.get(answer.status, ("GitLab did not do it", "run it again" if answer.status >= 500 else ""))


def _error(answer: Answer) -> str:
    return str(answer.data.get("error", "")) if isinstance(answer.data, dict) else ""

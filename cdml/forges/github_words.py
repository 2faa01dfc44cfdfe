"""GitHub's refusals in words that say what to do, never with a token in them."""

from __future__ import annotations

from math import ceil
from typing import Any

from cdml.core.errors import ExternalError
from cdml.core.http import Answer
from cdml.core.retries import asked_wait, is_limited
from cdml.forges.github_place import TOKENS, Place

MOST = 300  # characters of what a server says
PERMISSION = "Resource not accessible by "
NO_PULLS = "not permitted to create"


class GithubError(ExternalError):
    """GitHub refused; `status` is HTTP's, `said` its own words."""

    def __init__(self, message: str, hint: str, status: int, said: str) -> None:
        super().__init__(message, hint)
        self.status = status
        self.said = said


def refusal(place: Place, method: str, path: str, needs: str, answer: Answer) -> GithubError:
    """What an answer that is no success means; `needs` is the entry under `permissions:` that it takes."""
    said = _said(answer.data, place.token)
    message, hint = _words(place, needs, answer, said)
    where = f"{method} {path}: {answer.status}{f' {said}' if said else ''}"
    return GithubError(f"{message} ({where})", hint, answer.status, said)


def _words(place: Place, needs: str, answer: Answer, said: str) -> tuple[str, str]:
    variable = place.variable or TOKENS[1]
    if is_limited(answer.status, answer.headers):
        wait = asked_wait(answer.headers)
        when = f" in about {ceil(wait / 60)} minutes" if wait else " later"
        return "GitHub takes no more requests for now", f"run it again{when}"
    if answer.status == 403:
        return _forbidden(place, needs, said)
    seen = f"may the token in {variable} see it" if place.token else f"is it private? Then set {TOKENS[1]}"
    known = {
        401: (f"GitHub refuses the token in {variable}", f"{variable} has expired or is wrong: make a new one"),
        404: ("GitHub has no such thing", f"is {place.slug} the right repository, and {seen}?"),
        410: (f"{place.slug} has this switched off", "Settings, General, Features"),
    }
    return known.get(answer.status, ("GitHub did not do it", "run it again" if answer.status >= 500 else ""))


def _forbidden(place: Place, needs: str, said: str) -> tuple[str, str]:
    if f"{PERMISSION}integration" in said:
        return (
            f"the workflow's token lacks {needs}",
            f"add `{needs}` under `permissions:` of the job; a fork's pull request never gets more than read",
        )
    if PERMISSION in said:
        return f"the token lacks {needs}", f"give the token in {place.variable} the right {needs}"
    if NO_PULLS in said:
        where = "Settings, Actions, General, Workflow permissions"
        return "this repository lets no workflow open pull requests", f"its owner allows that once: {where}"
    return "GitHub forbids it", f"does the token in {place.variable or TOKENS[1]} have the right {needs}?"


def _said(data: Any, token: str) -> str:
    """GitHub's own words on one line."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    parts = [data.get("message"), *map(_detail, errors if isinstance(errors, list) else [])]
    text = "; ".join(" ".join(str(part).split()) for part in parts if part)
    if token:
        text = text.replace(token, "***")
    return "".join(letter for letter in text if letter.isprintable())[:MOST]


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    names = [str(error[key]) for key in ("resource", "field", "code") if key in error]
    return str(error.get("message") or " ".join(names))

"""GitHub's refusals in words that say what to do, never with a token in them."""

from __future__ import annotations

from math import ceil

from cdml.core.http import Answer
from cdml.core.retries import asked_wait, is_limited
from cdml.forges.github_place import TOKENS, Place
from cdml.forges.rest import ForgeError, told

PERMISSION = "Resource not accessible by "
NO_PULLS = "not permitted to create"


def refusal(place: Place, method: str, path: str, needs: str, answer: Answer) -> ForgeError:
    """What an answer that is no success means; `needs` is the entry under `permissions:` that it takes."""
    said = told(answer.data, place.token)
    message, hint = _words(place, needs, answer, said)
    where = f"{method} {path}: {answer.status}{f' {said}' if said else ''}"
    return ForgeError(f"{message} ({where})", hint, answer.status, said)


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

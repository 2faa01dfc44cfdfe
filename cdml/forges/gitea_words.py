"""Refusals of Gitea and Forgejo in words that say what to do, never with a token in them."""

from __future__ import annotations

from math import ceil

from cdml.core.http import Answer
from cdml.core.retries import asked_wait, is_limited
from cdml.forges.gitea_place import RUNNERS, TOKENS, Place
from cdml.forges.rest import ForgeError, told

SCOPE = "required scope"
ADMINISTRATION = "administrator of the repository"  # no scope: what the token's owner must be there
SCOPES = "write:repository, write:issue and read:user"


def refusal(place: Place, method: str, path: str, needs: str, answer: Answer) -> ForgeError:
    """What an answer that is no success means; `needs` is the scope that the request takes."""
    said = told(answer.data, place.token)
    message, hint = _words(place, needs, answer, said)
    where = f"{method} {path}: {answer.status}{f' {said}' if said else ''}"
    return ForgeError(f"{message} ({where})", hint, answer.status, said)


def _words(place: Place, needs: str, answer: Answer, said: str) -> tuple[str, str]:
    variable = place.variable or TOKENS[1]
    if is_limited(answer.status, answer.headers):
        wait = asked_wait(answer.headers)
        when = f" in about {ceil(wait / 60)} minutes" if wait else " later"
        return f"{place.host} takes no more requests for now", f"run it again{when}"
    if answer.status == 403:
        return _forbidden(place, needs, said)
    seen = f"may the token in {variable} see it" if place.token else f"is it private? Then set {TOKENS[1]}"
    known = {
        401: (
            f"{place.host} refuses the token in {variable}",
            f"{variable} has expired or is wrong: make a new one",
        ),
        404: (f"{place.host} has no such thing", f"is {place.slug} the right repository, and {seen}?"),
        423: (f"{place.slug} or this part of it is locked or archived", "somebody who administers it unlocks it"),
    }
    again = "run it again" if answer.status >= 500 else ""
    return known.get(answer.status, (f"{place.host} did not do it", again))


def _forbidden(place: Place, needs: str, said: str) -> tuple[str, str]:
    variable = place.variable or TOKENS[1]
    if SCOPE in said:
        return (
            f"the token in {variable} lacks {needs}",
            f"Settings, Applications: make a token with {SCOPES}, and set {variable} to it",
        )
    if needs == ADMINISTRATION:
        return (
            f"the owner of the token in {variable} is no {needs}",
            f"set {TOKENS[0]} to the token of somebody who administers {place.slug}: nobody else is told this",
        )
    if variable == RUNNERS:
        return (
            f"the token of this run may not do that: it takes {needs}",
            f"a fork's pull request gets a token that only reads; else set {TOKENS[0]} to a token with {SCOPES}",
        )
    return (
        f"{place.host} forbids it",
        f"may the owner of the token in {variable} write to {place.slug}, and has the token {needs}?",
    )

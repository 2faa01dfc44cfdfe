"""The one required check, looked at again: what the trusted half has stated of a commit since its run decides.

A waiver, or a run that somebody asked for, turns the statuses of a commit green; the check of the run before stays
red. It is run again then, asks for those statuses, and follows them.
"""

from __future__ import annotations

from collections.abc import Callable

from cdml.core.errors import CdmlError, RefusedError
from cdml.forges.base import Forge, PullRequest


def require_stated(forge: Forge, head: str, contexts: tuple[str, ...]) -> None:
    """Refuse a commit of which not every one of these contexts says success, by a word of our own.

    Whoever may push may set a status as well: what others say of the commit does not count.
    """
    found = {status.context: status for status in forge.own_statuses(head)}
    for name in contexts:
        status = found.get(name)
        if status is None or status.state != "success":
            said = f"{status.state}: {status.description}" if status else "nothing was stated"
            raise RefusedError(f"{name} of {head[:7]}: {said}", "the comment on the pull request says why")
    if not contexts:
        raise RefusedError(f"nothing was judged of {head[:7]}", "the jobs before this one say why")


def look_again(forge: Forge, pull: PullRequest, say: Callable[[str], None]) -> None:
    """Run the required check of a pull request's head again, where it ended badly; never an error."""
    try:
        if forge.look_again(pull):
            say(f"the required check of {pull.head[:7]} looks again")
    except CdmlError as error:
        say(f"warning: the required check of {pull.head[:7]} was not run again, do so by hand: {error.message}")

"""Who may push to a repository on Gitea or Forgejo, as the forge says it now."""

from __future__ import annotations

import re

from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_wire import WirePermission
from cdml.forges.gitea_words import ADMINISTRATION
from cdml.forges.rest import ForgeError

LOGIN = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]+")
WRITERS = ("write", "admin", "owner")


def may_write(api: GiteaApi, login: str) -> bool:
    """Whether somebody may push; ForgeError 403 where the token's owner is not told.

    Gitea and Forgejo tell an administrator of the repository about everybody, and anybody else about themselves.
    Nothing weaker is taken instead: collaborators and assignees may be people who can only read.
    """
    if not LOGIN.fullmatch(login):
        return False
    try:
        found = api.read(WirePermission, f"/collaborators/{login}/permission", needs=ADMINISTRATION)
    except ForgeError as error:
        if error.status != 404:  # somebody without an account
            raise
        return False
    return found.permission in WRITERS

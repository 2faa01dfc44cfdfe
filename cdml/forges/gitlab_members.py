"""Who may do what in a GitLab project: a number for each role."""

from __future__ import annotations

from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_wire import WireMember
from cdml.forges.gitlab_words import READS
from cdml.forges.rest import ForgeError

# GitLab's numbers of its roles (doc/api/access_requests.md); who has Developer may push.
REPORTER, DEVELOPER, MAINTAINER = 20, 30, 40


def level_of(api: GitlabApi, identity: int) -> int:
    """Somebody's role, from the project itself or a group around it; 0 for strangers and blocked accounts."""
    try:
        member = api.read(WireMember, f"/members/all/{identity}", needs=READS)
    except ForgeError as error:
        if error.status != 404:
            raise
        return 0
    return member.access_level if member.state == "active" else 0


def may_write(api: GitlabApi, login: str) -> bool:
    """Whether somebody may push to the project."""
    user = api.find_user(login)
    return user is not None and level_of(api, user.id) >= DEVELOPER

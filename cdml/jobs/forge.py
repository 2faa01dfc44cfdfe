"""Which forge the project's remote belongs to."""

from __future__ import annotations

from cdml.core.errors import UsageError
from cdml.forges import FORGES, detect
from cdml.forges.base import Forge
from cdml.jobs.project import Project
from cdml.state.git import Git


def find_forge(project: Project) -> Forge | None:
    """The forge of origin; None where there is no remote, or none that cdml speaks to.

    For jobs that can do without: they would only tell it how it went.
    """
    try:
        return forge_at(project.git)
    except UsageError:
        return None


def forge_at(git: Git) -> Forge | None:
    """The forge of a repository's origin, or None where there is no remote."""
    url = git.remote_url()
    return FORGES[detect(url)].make(git) if url else None


def require_forge(project: Project) -> Forge:
    """The forge of origin; UsageError where there is no remote."""
    return forge_of(project.git)


def forge_of(git: Git) -> Forge:
    """The same, of a repository in which no project need be."""
    forge = forge_at(git)
    if forge is None:
        raise UsageError(
            "pull requests need a remote", "git init --bare ../store.git && git remote add origin ../store.git"
        )
    return forge

"""Which forge the project's remote belongs to."""

from __future__ import annotations

from cdml.core.errors import UsageError
from cdml.forges import FORGES, detect
from cdml.forges.base import Forge
from cdml.jobs.project import Project


def find_forge(project: Project) -> Forge | None:
    """The forge of origin, or None where there is no remote."""
    url = project.git.remote_url()
    return FORGES[detect(url)](project.git) if url else None


def require_forge(project: Project) -> Forge:
    """The forge of origin; UsageError where there is no remote."""
    forge = find_forge(project)
    if forge is None:
        raise UsageError(
            "pull requests need a remote", "git init --bare ../store.git && git remote add origin ../store.git"
        )
    return forge

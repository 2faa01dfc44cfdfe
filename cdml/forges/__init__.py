"""Plug-ins, one module per forge; the dictionary names them all."""

from __future__ import annotations

import os

from cdml.core.errors import UsageError
from cdml.forges.address import host, is_local
from cdml.forges.azure_place import is_azure
from cdml.forges.base import Forge, ForgeKind
from cdml.forges.gitea_place import is_gitea
from cdml.forges.github_place import is_github
from cdml.forges.gitlab_place import is_gitlab
from cdml.state.git import Git

CHOICE = "CDML_FORGE"  # the variable that says which forge is at a host that none of them knows


# Only the forge that is spoken to is loaded: the wire formats of all of them cost more than most commands.
def _github(git: Git) -> Forge:
    from cdml.forges.github import GithubForge

    return GithubForge(git)


def _gitea(git: Git) -> Forge:
    from cdml.forges.gitea import GiteaForge

    return GiteaForge(git)


def _gitlab(git: Git) -> Forge:
    from cdml.forges.gitlab import GitlabForge

    return GitlabForge(git)


def _azure(git: Git) -> Forge:
    from cdml.forges.azure import AzureForge

    return AzureForge(git)


def _local(git: Git) -> Forge:
    from cdml.forges.local import LocalForge

    return LocalForge(git)


# Asked in this order: a path is the local forge, unless another one says that it stands for its own.
FORGES: dict[str, ForgeKind] = {
    "github": ForgeKind(is_github, _github),
    "gitea": ForgeKind(is_gitea, _gitea),
    "gitlab": ForgeKind(is_gitlab, _gitlab),
    "azure": ForgeKind(is_azure, _azure),
    "local": ForgeKind(is_local, _local),
}


def detect(remote_url: str) -> str:
    """The key in FORGES of the forge at a remote's address; UsageError where cdml speaks to none there."""
    for name, kind in FORGES.items():
        if kind.serves(remote_url):
            return name
    hosted, chosen = [name for name in FORGES if name != "local"], os.environ.get(CHOICE, "").strip().lower()
    if chosen and chosen not in hosted:
        raise UsageError(f"{CHOICE} is {chosen!r}, and that is no forge", f"{CHOICE} may be {', '.join(hosted)}")
    if chosen and host(remote_url):
        return chosen
    # Never the whole address: it may carry a password.
    raise UsageError(
        f"no forge is known at {host(remote_url) or 'an empty address'}; supported are: {', '.join(FORGES)}",
        f"{CHOICE}={'|'.join(hosted)} says which one is there; "
        "the local forge needs a remote that is a path or a file:// address of a bare repository",
    )

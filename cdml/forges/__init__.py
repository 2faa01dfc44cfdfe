"""Plug-ins, one module per forge; the dictionary names them all."""

from __future__ import annotations

import os

from cdml.core.errors import UsageError
from cdml.forges.address import host
from cdml.forges.azure import AzureForge
from cdml.forges.base import ForgeKind
from cdml.forges.gitea import GiteaForge
from cdml.forges.github import GithubForge
from cdml.forges.gitlab import GitlabForge
from cdml.forges.local import LocalForge

CHOICE = "CDML_FORGE"  # the variable that says which forge is at a host that none of them knows
# Asked in this order: a path is the local forge, unless another one says that it stands for its own.
FORGES: dict[str, ForgeKind] = {
    "github": GithubForge,
    "gitea": GiteaForge,
    "gitlab": GitlabForge,
    "azure": AzureForge,
    "local": LocalForge,
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

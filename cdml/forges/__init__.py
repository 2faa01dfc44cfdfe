"""Plug-ins, one module per forge; the dictionary names them all."""

from __future__ import annotations

from cdml.core.errors import UsageError
from cdml.forges.address import host
from cdml.forges.base import ForgeKind
from cdml.forges.github import GithubForge
from cdml.forges.local import LocalForge

# Asked in this order: a path is the local forge, unless another one says that it stands for its own.
FORGES: dict[str, ForgeKind] = {
    "github": GithubForge,
    "local": LocalForge,
}


def detect(remote_url: str) -> str:
    """The key in FORGES of the forge at a remote's address; UsageError where cdml speaks to none there."""
    for name, kind in FORGES.items():
        if kind.serves(remote_url):
            return name
    # Never the whole address: it may carry a password.
    raise UsageError(
        f"no forge is known at {host(remote_url) or 'an empty address'}; supported are: {', '.join(FORGES)}",
        "the local forge needs a remote that is a path or a file:// address of a bare repository; "
        "GH_HOST=HOST says that a GitHub Enterprise is there",
    )

"""Plug-ins, one module per forge; the dictionary names them all."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from cdml.core.errors import UsageError
from cdml.forges.base import Forge
from cdml.forges.local import LocalForge
from cdml.state.git import Git
from cdml.state.plumbing import is_url

FORGES: dict[str, Callable[[Git], Forge]] = {"local": LocalForge}


def detect(remote_url: str) -> str:
    """The key in FORGES of the forge at a remote's address; UsageError where cdml speaks to none there."""
    if remote_url and (not is_url(remote_url) or remote_url.startswith("file://")):
        return "local"
    # Never the whole address: it may carry a password.
    host = (
        urlsplit(remote_url).hostname if "://" in remote_url else remote_url.partition(":")[0].rpartition("@")[2]
    )
    raise UsageError(
        f"no forge is known at {host or 'an empty address'}; supported are: {', '.join(FORGES)}",
        "the local forge needs a remote that is a path or a file:// address of a bare repository",
    )

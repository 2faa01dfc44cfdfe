"""What a remote's address says: whether it is a path, and otherwise the host and the repository's path there."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from cdml.state.plumbing import is_url


def is_local(url: str) -> bool:
    """Whether a remote is a repository on this machine."""
    return bool(url) and (not is_url(url) or url.startswith("file://"))


def host(url: str) -> str:
    """The host in lower case, without user, password and port; empty where there is none."""
    if "://" not in url:
        return url.partition(":")[0].rpartition("@")[2].lower() if is_url(url) else ""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def path(url: str) -> str:
    """The repository's path on its host, without slashes around it and without `.git`."""
    if "://" in url:
        try:
            found = unquote(urlsplit(url).path)
        except ValueError:
            return ""
    else:
        found = url.partition(":")[2]
    return found.strip("/").removesuffix(".git")

"""Issues on Gitea and Forgejo that a key makes sticky: the key stands hidden in the first line of the body."""

from __future__ import annotations

from collections.abc import Iterator

from cdml.forges.base import Issue
from cdml.forges.gitea_api import GiteaApi
from cdml.forges.gitea_comments import NEEDS, READS, fit
from cdml.forges.gitea_people import may_write
from cdml.forges.gitea_wire import WireIssue, login
from cdml.forges.keyed import key_of, with_key, without_key
from cdml.forges.rest import ForgeError
from cdml.forges.text import clean, one_line


def read_issues(api: GiteaApi) -> tuple[Issue, ...]:
    """All issues that cdml keeps, newest first."""
    return tuple(sorted((issue for issue, _ in _keyed(api, "all")), key=lambda issue: -issue.number))


def open_issue(api: GiteaApi, key: str, title: str, body: str) -> Issue:
    """The key's open issue, made or edited. Where two runs make it at once, the older one stays."""
    text = {"title": one_line(title, "an issue"), "body": fit(with_key(key, body))}
    old = _find(api, key)
    if old is None:
        made = _issue(api.write(WireIssue, "POST", "/issues", text, needs=NEEDS))
        old = _find(api, key) or made
        if old.number == made.number:
            return made
        _close(api, made.number)
    if (old.title, old.body.rstrip()) == (text["title"], without_key(text["body"]).rstrip()):
        return old
    return _issue(api.write(WireIssue, "PATCH", f"/issues/{old.number}", text, needs=NEEDS))


def close_issue(api: GiteaApi, key: str) -> Issue | None:
    """The key's open issue, closed now, or None where there is none."""
    old = _find(api, key)
    return _close(api, old.number) if old else None


def _close(api: GiteaApi, number: int) -> Issue:
    return _issue(api.write(WireIssue, "PATCH", f"/issues/{number}", {"state": "closed"}, needs=NEEDS))


def _find(api: GiteaApi, key: str) -> Issue | None:
    """The oldest open issue of a key that one of us wrote: anybody can put our line into an issue."""
    found = [(issue, wire) for issue, wire in _keyed(api, "open") if issue.key == clean(key)]
    for issue, wire in sorted(found, key=lambda pair: pair[0].number):
        if _ours(api, wire):
            return issue
    return None


def _ours(api: GiteaApi, wire: WireIssue) -> bool:
    author = login(wire.user)
    if author == api.login:
        return True
    try:
        return may_write(api, author)
    except ForgeError as error:
        if error.status != 403:  # only an administrator is told: then a colleague's issue stays theirs
            raise
        return False


def _keyed(api: GiteaApi, state: str) -> Iterator[tuple[Issue, WireIssue]]:
    for page in api.each(tuple[WireIssue, ...], "/issues", needs=READS, state=state, type="issues"):
        for wire in page:
            if wire.pull_request is None and key_of(wire.body or "") is not None:
                yield _issue(wire), wire


def _issue(wire: WireIssue) -> Issue:
    body = wire.body or ""
    return Issue(wire.number, key_of(body) or "", wire.title, without_key(body), wire.state == "open")

"""Issues on GitHub that a key makes sticky: the key stands hidden in the first line of the body."""

from __future__ import annotations

from collections.abc import Iterator

from cdml.forges.base import Issue
from cdml.forges.github_api import GithubApi
from cdml.forges.github_comments import fit
from cdml.forges.github_wire import WireIssue, login
from cdml.forges.keyed import key_of, with_key, without_key
from cdml.forges.text import clean, one_line

NEEDS = "issues: write"
INSIDERS = ("OWNER", "MEMBER", "COLLABORATOR")


def read_issues(api: GithubApi) -> tuple[Issue, ...]:
    """All issues that cdml keeps, newest first."""
    return tuple(issue for issue, _ in _keyed(api, "all", "desc"))


def open_issue(api: GithubApi, key: str, title: str, body: str) -> Issue:
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


def close_issue(api: GithubApi, key: str) -> Issue | None:
    """The key's open issue, closed now, or None where there is none."""
    old = _find(api, key)
    return _close(api, old.number, "completed") if old else None


def _close(api: GithubApi, number: int, reason: str = "not_planned") -> Issue:
    body = {"state": "closed", "state_reason": reason}
    return _issue(api.write(WireIssue, "PATCH", f"/issues/{number}", body, needs=NEEDS))


def _find(api: GithubApi, key: str) -> Issue | None:
    """The oldest open issue of a key that one of us wrote: anybody can put our line into an issue."""
    for issue, wire in _keyed(api, "open", "asc"):
        if issue.key == clean(key) and _ours(api, wire):
            return issue
    return None


def _ours(api: GithubApi, wire: WireIssue) -> bool:
    bot = wire.user is not None and wire.user.type == "Bot"
    return bot or wire.author_association in INSIDERS or login(wire.user) == api.login


def _keyed(api: GithubApi, state: str, direction: str) -> Iterator[tuple[Issue, WireIssue]]:
    pages = api.each(
        tuple[WireIssue, ...], "/issues", needs=NEEDS, state=state, sort="created", direction=direction
    )
    for page in pages:
        for wire in page:
            # A pull request is listed as an issue too.
            if wire.pull_request is None and key_of(wire.body or "") is not None:
                yield _issue(wire), wire


def _issue(wire: WireIssue) -> Issue:
    body = wire.body or ""
    return Issue(wire.number, key_of(body) or "", wire.title, without_key(body), wire.state == "open")

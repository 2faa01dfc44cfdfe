"""Issues on GitLab that a key makes sticky: the key stands hidden in the first line of the description."""

from __future__ import annotations

from collections.abc import Iterator

from cdml.forges.base import Issue
from cdml.forges.gitlab_api import GitlabApi
from cdml.forges.gitlab_members import DEVELOPER, level_of
from cdml.forges.gitlab_text import fit, title
from cdml.forges.gitlab_wire import WireIssue
from cdml.forges.gitlab_words import READS
from cdml.forges.keyed import key_of, with_key, without_key
from cdml.forges.text import clean


def read_issues(api: GitlabApi) -> tuple[Issue, ...]:
    """All issues that cdml keeps, newest first."""
    return tuple(issue for issue, _ in _keyed(api, "all", "desc"))


def open_issue(api: GitlabApi, key: str, name: str, body: str) -> Issue:
    """The key's open issue, made or edited. Where two runs make it at once, the older one stays."""
    text = {"title": title(name, "an issue"), "description": fit(with_key(key, body))}
    old = _find(api, key)
    if old is None:
        made = _issue(api.write(WireIssue, "POST", "/issues", text, needs=READS))
        old = _find(api, key) or made
        if old.number == made.number:
            return made
        _change(api, made.number, {"state_event": "close"})
    if (old.title, old.body.rstrip()) == (text["title"], without_key(text["description"]).rstrip()):
        return old
    return _change(api, old.number, text)


def close_issue(api: GitlabApi, key: str) -> Issue | None:
    """The key's open issue, closed now, or None where there is none."""
    old = _find(api, key)
    return _change(api, old.number, {"state_event": "close"}) if old else None


def _change(api: GitlabApi, number: int, body: dict[str, str]) -> Issue:
    return _issue(api.write(WireIssue, "PUT", f"/issues/{number}", body, needs=READS))


def _find(api: GitlabApi, key: str) -> Issue | None:
    """The oldest open issue of a key that one of us wrote: anybody can put our line into an issue."""
    for issue, wire in _keyed(api, "opened", "asc"):
        if issue.key == clean(key) and _ours(api, wire):
            return issue
    return None


def _ours(api: GitlabApi, wire: WireIssue) -> bool:
    if wire.author is None:
        return False
    return wire.author.username == api.login or level_of(api, wire.author.id) >= DEVELOPER


def _keyed(api: GitlabApi, state: str, sort: str) -> Iterator[tuple[Issue, WireIssue]]:
    order = {"order_by": "created_at", "sort": sort, "state": state}
    for page in api.each(tuple[WireIssue, ...], "/issues", needs=READS, **order):
        for wire in page:
            if key_of(wire.description or "") is not None:
                yield _issue(wire), wire


def _issue(wire: WireIssue) -> Issue:
    body = wire.description or ""
    return Issue(wire.iid, key_of(body) or "", wire.title, without_key(body), wire.state == "opened")

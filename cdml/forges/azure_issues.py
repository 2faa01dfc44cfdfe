"""Issues on Azure DevOps are work items of its Boards: Azure Repos has none. A tag makes one sticky.

A hidden line, as elsewhere, does not survive in a description. The type is Task: the one that every process has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from html import escape, unescape
from typing import Any
from urllib.parse import quote, unquote

from cdml.core.errors import UsageError
from cdml.forges import sticky
from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_wire import AzureWire, WireList
from cdml.forges.azure_words import BOARDS
from cdml.forges.base import Issue
from cdml.forges.keyed import lines
from cdml.forges.rest import ForgeError
from cdml.forges.text import clean, one_line

KIND = "Task"
TAG = "cdml"
LONGEST_TAG, LONGEST_TITLE = 400, 255
AT_ONCE = 200  # work items that one request answers
FIELDS = "System.Id,System.Title,System.State,System.Tags,System.Description"
SIGN = re.compile("%..|[A-Z]")
MARKDOWN = "/multilineFieldsFormat/System.Description"
PLAIN = "<pre>", "</pre>"
fit = partial(sticky.fit, longest=500_000, forge="Azure DevOps")


class WireReference(AzureWire):
    id: int


class WireFound(AzureWire):
    work_items: tuple[WireReference, ...] = ()


class WireState(AzureWire):
    name: str
    category: str


class WireWorkItem(AzureWire):
    id: int
    fields: Mapping[str, Any]


def read_issues(api: AzureApi) -> tuple[Issue, ...]:
    """All issues that cdml keeps, newest first."""
    return tuple(sorted(_kept(api, _ended(api)), key=lambda issue: -issue.number))


def open_issue(api: AzureApi, key: str, title: str, body: str) -> Issue:
    """The key's open issue, made or edited. Where two runs make it at once, the older one stays."""
    tag, name, text = tag_of(key), one_line(title, "an issue")[:LONGEST_TITLE], fit(clean(body))
    ended = _ended(api)
    old = _find(api, key, ended)
    if old is None:
        path = f"{api.project}/wit/workitems/${KIND}"
        made = _issue(_write(api, "POST", path, {"Title": name, "Tags": f"{TAG}; {tag}"}, text), ended)
        old = _find(api, key, ended) or made
        if old.number == made.number:
            return made
        _close(api, made.number, ended)
    if (old.title, old.body.rstrip()) == (name, text.rstrip()):
        return old
    return _issue(_write(api, "PATCH", _path(api, old.number), {"Title": name}, text), ended)


def close_issue(api: AzureApi, key: str) -> Issue | None:
    """The key's open issue, closed now, or None where there is none."""
    ended = _ended(api)
    old = _find(api, key, ended)
    return _close(api, old.number, ended) if old else None


def tag_of(key: str) -> str:
    """A key as a tag: tags know no capitals, no commas and no semicolons."""
    quoted = quote(clean(key), safe=":@")
    tag = f"{TAG}:{SIGN.sub(lambda found: found[0] if found[0][0] == '%' else f'%{ord(found[0]):02X}', quoted)}"
    if len(tag) > LONGEST_TAG:
        raise UsageError(f"the key of an issue is longer than the {LONGEST_TAG} letters of a tag")
    return tag


def key_of(tags: str) -> str | None:
    """The key among the tags of a work item; None where there is none."""
    found = next((tag.strip() for tag in tags.split(";") if tag.strip().startswith(f"{TAG}:")), None)
    return None if found is None else unquote(found.removeprefix(f"{TAG}:"))


def _find(api: AzureApi, key: str, ended: Collection[str]) -> Issue | None:
    """The oldest open issue of a key. Only who may edit the project's work items can tag one."""
    found = [issue for issue in _kept(api, ended, still=True) if issue.key == clean(key) and issue.open]
    return min(found, key=lambda issue: issue.number, default=None)


def _kept(api: AzureApi, ended: Collection[str], *, still: bool = False) -> Iterator[Issue]:
    """The work items that bear our tag; `still` for open ones alone."""
    # Names of states are the process' own: a quotation mark in one is doubled, as the language of queries has it.
    states = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(ended))
    where = f"[System.TeamProject] = @project AND [System.Tags] CONTAINS '{TAG}'"
    where += f" AND [System.State] NOT IN ({states})" if still and states else ""
    query = f"SELECT [System.Id] FROM WorkItems WHERE {where} ORDER BY [System.Id] DESC"  # noqa: S608
    # A query only reads, but is sent with a body.
    found = api.write(WireFound, "POST", f"{api.project}/wit/wiql", {"query": query}, needs=BOARDS).work_items
    for start in range(0, len(found), AT_ONCE):
        ids = ",".join(str(one.id) for one in found[start : start + AT_ONCE])
        path = f"{api.project}/wit/workitems"
        page = api.read(WireList[WireWorkItem], path, needs=BOARDS, ids=ids, fields=FIELDS).value
        yield from (_issue(wire, ended) for wire in page if key_of(_tags(wire)) is not None)


def _ended(api: AzureApi) -> tuple[str, ...]:
    """The states in which nothing is left to do, done first; their names are the process' own."""
    path = f"{api.project}/wit/workitemtypes/{KIND}/states"
    found = api.read(WireList[WireState], path, needs=BOARDS).value
    return tuple(one.name for kind in ("Completed", "Removed") for one in found if one.category == kind)


def _close(api: AzureApi, number: int, ended: tuple[str, ...]) -> Issue:
    return _issue(_write(api, "PATCH", _path(api, number), {"State": ended[0] if ended else "Closed"}), ended)


def _write(api: AzureApi, method: str, path: str, fields: dict[str, str], text: str | None = None) -> WireWorkItem:
    changes = [{"op": "add", "path": f"/fields/System.{name}", "value": value} for name, value in fields.items()]
    if text is None:
        return _send(api, method, path, changes)
    body = {"op": "add", "path": "/fields/System.Description", "value": text}
    try:
        return _send(api, method, path, [*changes, body, {"op": "add", "path": MARKDOWN, "value": "Markdown"}])
    except ForgeError as error:
        if error.status != 400 or "multilineFieldsFormat" not in error.said:
            raise
        # A server of one's own that knows descriptions in HTML alone.
        return _send(api, method, path, [*changes, {**body, "value": escape(text, quote=False).join(PLAIN)}])


def _send(api: AzureApi, method: str, path: str, changes: Any) -> WireWorkItem:
    return api.boards.write(WireWorkItem, method, path, changes, needs=BOARDS)


def _path(api: AzureApi, number: int) -> str:
    return f"{api.project}/wit/workitems/{number}"


def _tags(wire: WireWorkItem) -> str:
    return str(wire.fields.get("System.Tags", ""))


def _issue(wire: WireWorkItem, ended: Collection[str]) -> Issue:
    body = lines(str(wire.fields.get("System.Description", "")))
    if body.startswith(PLAIN[0]):
        body = unescape(body.removeprefix(PLAIN[0]).removesuffix(PLAIN[1]))
    title, state = str(wire.fields.get("System.Title", "")), str(wire.fields.get("System.State", ""))
    return Issue(wire.id, key_of(_tags(wire)) or "", title, body, state not in ended)

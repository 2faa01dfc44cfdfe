"""The text of mlops.yaml as plain data that remembers on which line everything stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cdml.core.errors import Problem

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

# A hand-written file has far fewer characters and levels; the parser's time grows with the square of the levels.
LARGEST = 1 << 17
DEEPEST = 30

Path = tuple[str | int, ...]


def spelled(path: Sequence[str | int]) -> str:
    """A path of keys as people write it: `evaluate.gates[1].metric`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in path)
    return text.removeprefix(".")


def _printable(key: str) -> str:
    return key if key.isprintable() else repr(key)


@dataclass
class Source:
    """One file: `data` as JSON would have it, the line of every key and item, and the problems found so far.

    `elsewhere` maps a path at which something counts to the path at which it is written.
    """

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    wrong: list[Path] = field(default_factory=list)
    readable: bool = True
    elsewhere: dict[Path, Path] = field(default_factory=dict)

    def written(self, path: Path) -> Path:
        """Where a path stands in the file."""
        ends = range(len(path), 0, -1)
        end = next((end for end in ends if path[:end] in self.elsewhere), 0)
        return (*self.elsewhere[path[:end]], *path[end:]) if end else path

    def line(self, path: Path) -> int | None:
        """The line of the innermost thing on the path that is written."""
        path = self.written(path)
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1

    def report(self, path: Path, message: str, hint: str = "") -> None:
        """Note a problem at a path."""
        path = self.written(path)
        self.wrong.append(path)
        self.problems.append(Problem(self.file, self.line(path), spelled(path), _sentence(message, hint), hint))

    def at_line(self, line: int | None, message: str, hint: str = "") -> None:
        """Note a problem with the text itself, after which there are no data to look at."""
        self.readable = False
        self.problems.append(Problem(self.file, line, "", _sentence(message, hint), hint))

    def has(self, path: Path, but: Path = ()) -> bool:
        """Whether anything at or below a path was found wrong, except below `but` where `path` is above that."""
        path = self.written(path)
        return any(
            problem[: len(path)] == path and not (len(but) > len(path) and problem[: len(but)] == but)
            for problem in self.wrong
        )

    def meant(self, path: Path) -> bool:
        """Whether a key beside this one was reported as a misspelling of it."""
        beside = spelled(path[:-1])
        return any(
            p.hint == f"Did you mean {path[-1]!r}?" and p.path.rpartition(".")[0] == beside for p in self.problems
        )


def _sentence(message: str, hint: str) -> str:
    """A hint is a second sentence, so the message before it ends like one."""
    return f"{message}." if hint and message[-1] not in ".:?" else message


def read(text: str, file: str) -> Source:
    """Parse YAML; what is wrong with the text itself is noted in the result."""
    source = Source(file)
    if len(text) > LARGEST:
        source.at_line(None, f"has more than {LARGEST:,} characters; this cannot be a hand-written mlops.yaml")
        return source
    tree = _parse(text.removeprefix("\ufeff"), source)
    if not source.readable:
        return source
    if tree is None:
        source.at_line(1, "is empty.", "`cdml init` writes one.")
    elif not isinstance(tree, dict):
        source.at_line(1, "must be a mapping of keys, such as `model: churn`")
    else:
        source.data = _plain(tree, (), source)
    return source


def _parse(text: str, source: Source) -> Any:
    """The round-trip data of a text; None, with a problem noted, where it cannot be read."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        if _plain_grammar(text, source):
            return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        source.at_line(*_words(error, text))
    except YAMLError as error:  # characters that YAML does not allow
        position = getattr(error, "position", 0)
        source.at_line(text.count("\n", 0, position) + 1, "holds a character that YAML does not allow")
    except ValueError:
        source.at_line(None, "cannot be read: it holds an impossible number or date")
    except TypeError:  # a mapping as a key
        source.at_line(None, "cannot be read: a key is not text")
    return None


def _plain_grammar(text: str, source: Source) -> bool:
    """Refuse what a schema-aware editor does not see through: aliases, merges, tags, more than one document."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import (
        AliasEvent,
        CollectionEndEvent,
        CollectionStartEvent,
        DocumentStartEvent,
        NodeEvent,
    )

    documents = depth = 0
    refused = "anchors, aliases and merges (`&name`, `*name`, `<<`) are not accepted: write the value out"
    for event in YAML(typ="rt", pure=True).parse(text):
        line = event.start_mark.line + 1
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            source.at_line(line, f"is nested more than {DEEPEST} levels deep")
            break
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents == 2:
                source.at_line(line, "a second document begins here; mlops.yaml holds one")
        elif isinstance(event, AliasEvent) or getattr(event, "anchor", None) or _is_merge(event):
            source.at_line(line, refused)
        elif isinstance(event, NodeEvent) and (tag := getattr(event, "tag", None)):
            source.at_line(line, f"the tag {tag} is not accepted: write the plain value")
    return not source.problems


def _is_merge(event: object) -> bool:
    return getattr(event, "value", None) == "<<" and getattr(event, "style", None) is None


def _words(error: MarkedYAMLError, text: str) -> tuple[int | None, str, str]:
    """Line, message and hint for a YAML error."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    opened = error.context_mark.line + 1 if error.context_mark else line
    problem, context = str(error.problem or error), str(error.context or "")
    found: tuple[int | None, str, str] = (line, f"is not valid YAML: {problem}", "")
    if "duplicate key" in problem:
        key = problem.partition(" with value")[0].removeprefix("found duplicate key ")
        found = line, f"the key {key} stands here twice", ""
    elif "\\t" in problem or (line and "\t" in _indent(text, line - 1)):
        found = line, "a tab stands where YAML wants spaces", ""
    elif "stream" in problem and "quoted" in context:
        found = opened, "the quote that opens here is never closed", ""
    elif "<stream end>" in problem or ("flow" in context and "expected ','" in problem):
        found = opened, "a bracket that opens here is not closed, or a comma is missing in it", ""
    elif "cannot start any token" in problem:
        found = line, f"a value cannot begin with {problem.split()[2]}", "Put it in quotes."
    elif "could not find expected ':'" in problem:
        found = opened, "this line is neither a key with its ':' nor an item of a list", ""
    elif "mapping values are not allowed" in problem:
        found = line, "a colon stands where no key can", "Check the indentation, or put the value in quotes."
    return found


def _indent(text: str, line: int) -> str:
    row = "".join(text.split("\n")[line : line + 1])
    return row[: len(row) - len(row.lstrip())]


def _plain(value: Any, path: Path, source: Source) -> Any:
    """Round-trip data as JSON has it; notes lines, and values that JSON has not."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, CommentedMap):
        result = {}
        for key, item in value.items():
            below = (*path, key if isinstance(key, str) else str(key))
            source.lines[below] = value.lc.key(key)[0] + 1
            if not isinstance(key, str):
                source.report(below, "this key is not text.", f'Write it in quotes: "{key}".')
            result[below[-1]] = _plain(item, below, source)
        return result
    if isinstance(value, CommentedSeq):
        for index in range(len(value)):
            source.lines[(*path, index)] = value.lc.item(index)[0] + 1
        return [_plain(item, (*path, index), source) for index, item in enumerate(value)]
    return _scalar(value, path, source)


def _scalar(value: Any, path: Path, source: Source) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            source.report(path, "must be a finite number")
            return 0.0
        return float(value)
    if isinstance(value, str):
        return str(value)
    source.report(path, "is read as a date.", "Write it in quotes if it is meant as text.")
    return ""

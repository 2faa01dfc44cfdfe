"""Tells which files a Python process opens. Copied as sitecustomize.py in front of the project's own path.

It runs inside the project's interpreter, which may be older than ours and knows nothing of cdml: standard
library only. It must never change what the traced program does, so whatever fails here is passed over.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _install(folder: str) -> None:
    seen: set[tuple[str, str]] = set()
    busy: list[int] = []

    def record(kind: str, path: object) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)):
            return
        item = (kind, os.path.abspath(os.fspath(path)))  # noqa: PTH100
        if item not in seen:
            seen.add(item)
            _append(folder, json.dumps(item))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in ("open", "os.rename") or busy:
            return
        busy.append(1)  # recording opens a file itself
        try:
            if event == "os.rename":
                record("w", arguments[1])
            else:
                path, mode, flags = arguments[:3]
                record("w" if _writes(mode, flags) else "r", path)
        except Exception:  # noqa: S110 - the traced program goes on whatever happens here
            pass
        finally:
            busy.pop()

    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    _append(folder, json.dumps(["places", sorted(places)]))
    sys.addaudithook(hook)


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _append(folder: str, line: str) -> None:
    # Opened each time: a program may close every descriptor it inherits and get the same number for its own file.
    name = os.path.join(folder, f"{os.getpid()}.jsonl")  # noqa: PTH118
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (line + "\n").encode("utf-8", "surrogatepass"))
    finally:
        os.close(handle)


def _chain(here: str) -> None:
    """Run the sitecustomize that the environment has of its own, as if this one were not there."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != here]  # noqa: PTH100
    found = PathFinder.find_spec("sitecustomize", sys.path)
    if found is not None and found.loader is not None:
        found.loader.exec_module(module_from_spec(found))


def _is_tool(words: list[str]) -> bool:
    """Whether this is DVC or cdml itself, which read their own files beside the project's."""
    module = words[2:3] if words[1:2] == ["-m"] else [os.path.basename(word) for word in words[1:2]]  # noqa: PTH119
    return module in (["dvc"], ["cdml"])


def _start() -> None:
    folder = os.environ.get("CDML_TRACE", "")
    if folder and hasattr(sys, "addaudithook") and not _is_tool(getattr(sys, "orig_argv", [])):
        with contextlib.suppress(OSError):
            _install(folder)
    _chain(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120


if __name__ == "sitecustomize":
    _start()

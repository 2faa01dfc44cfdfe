"""`cdml init -- COMMAND`: run it once, as the person would, and see what it reads and writes."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cdml.core.errors import ExternalError, UsageError
from cdml.core.interpreter import stage_environment
from cdml.core.process import stream
from cdml.jobs.init_sources import uses
from cdml.jobs.init_survey import survey
from cdml.jobs.trace import Trace, read_trace, stamps, trace_environment

# Formats that compiled code opens by itself, which no audit hook sees.
_UNSEEN = (".parquet", ".feather", ".arrow", ".orc", ".h5", ".hdf5", ".npz")


def traced_run(root: Path, command: tuple[str, ...], say: Callable[[str], None] | None) -> Trace:
    """What the command read and wrote in `root`; each line it prints goes to `say`.

    Raises ExternalError when it fails (with the end of its output, unless `say` got it) or cannot be started.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not there, so no command can be run in it")
    environment = stage_environment(root)
    if shutil.which(command[0], path=environment["PATH"]) is None and not (root / command[0]).is_file():
        raise ExternalError(f"{command[0]}: no such program on PATH", "is the project's environment active?")
    before = stamps(root)
    with tempfile.TemporaryDirectory(prefix="cdml-trace-") as name:
        folder = Path(name)
        done = stream(command, cwd=root, env={**environment, **trace_environment(folder)}, say=say or _unheard)
        if done.code != 0:
            end = "" if say else f":\n{done.tail()}"
            raise ExternalError(
                f"{shlex.join(command)} exited {done.code}, so nothing was written{end}",
                "mend the command, then cdml init again",
            )
        trace = read_trace(folder, root)
    changed = {path for path, stamp in stamps(root).items() if before.get(path) != stamp}
    return _completed(trace, root, changed)


def _unheard(line: str) -> None:
    """Nobody listens: the end of the output is kept for the error."""


def _completed(trace: Trace, root: Path, changed: set[str]) -> Trace:
    """With what no audit event tells: files that changed, and tables that the sources name."""
    writes = {path for path in {*trace.writes, *changed} if not Path(path).name.startswith(".")}
    found = survey(root)
    named = {dep for s in trace.reads if s.endswith(".py") for dep in uses(s, found).deps if dep.endswith(_UNSEEN)}
    reads = ({*trace.reads} | named) - writes
    return Trace(tuple(sorted(reads)), tuple(sorted(writes)), trace.outside)

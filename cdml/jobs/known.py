"""What was found to hold of exactly these bytes is noted beside the repository, so that it is not found out twice.

A note says only that something holds, under the digest of all that it depends on. Losing it costs time alone.
"""

from __future__ import annotations

from pathlib import Path

from cdml import __version__
from cdml.core.files import write
from cdml.core.serialize import digest
from cdml.jobs.project import Project


def is_known(project: Project, *fact: object) -> bool:
    """Whether this was noted here before, by the same cdml; `fact` is plain data: what holds, and of what."""
    return _place(project, fact).exists()


def note(project: Project, *fact: object) -> None:
    """Note that this holds. Where nothing can be written it is found out again."""
    try:
        write(_place(project, fact), "")
    except OSError:
        return


def _place(project: Project, fact: tuple[object, ...]) -> Path:
    # No model is called `.known`, so no server's state is in the way.
    return project.state / ".known" / digest([__version__, *fact])

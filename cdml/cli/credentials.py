"""The token of a run of CI, handed to git by the environment: this process's, and that of each git it starts."""

from __future__ import annotations

import os

MARKS = ("GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI")  # of those whose token git is given


def enter() -> None:
    """Let git use the run's token; nothing happens outside of CI."""
    if not any(os.environ.get(mark) for mark in MARKS):
        return
    from cdml.ci import SYSTEMS, run_context

    context = run_context(os.environ)
    if context:
        os.environ.update(SYSTEMS[context.provider].credentials(os.environ))

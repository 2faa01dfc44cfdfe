"""What whoever runs the tests has set up must not matter."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def plain_environment() -> Iterator[None]:
    """No git identity, no home, no settings of git, DVC, cdml or a forge from outside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "DVC_", "CDML_", "GITHUB_", "GH_"))]:
            patch.delenv(name)
        patch.setenv("HOME", "/nonexistent")
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_SYSTEM", str(Path(__file__).with_name("gitconfig")))
        patch.setenv("CDML_PYTHON", sys.executable)
        yield

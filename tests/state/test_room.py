"""Data that the disk cannot hold is refused before it is pulled."""

from __future__ import annotations

import shutil

import pytest

from cdml.core.errors import ExternalError
from cdml.state.dvc import Dvc
from cdml.state.room import require_room


def test_data_that_is_here_needs_no_room(small):
    require_room(Dvc(small.root), ("train",), free=0)


def test_what_is_missing_must_fit(small):
    shutil.rmtree(small.root / ".dvc" / "cache")
    size = (small.root / "data" / "train.csv").stat().st_size
    (small.root / "data" / "train.csv").unlink()
    require_room(Dvc(small.root), ("train",), free=size)
    with pytest.raises(ExternalError, match=r"data/train.csv: .* and the disk has"):
        require_room(Dvc(small.root), ("train",), free=size - 1)


def test_data_of_other_stages_is_not_counted(small):
    shutil.rmtree(small.root / ".dvc" / "cache")
    (small.root / "data" / "train.csv").unlink()
    require_room(Dvc(small.root), ("part@a",), free=0)

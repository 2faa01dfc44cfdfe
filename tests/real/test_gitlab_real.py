"""The generated pipeline of GitLab against its official schema."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import validators

sys.path += [str(Path(__file__).resolve().parents[1] / folder) for folder in ("ci", "support")]

from rendering import GOLDEN, example, render

from cdml.ci.gitlab import FILE
from cdml.core.settings import Ci, Settings


def variants() -> dict[str, dict[str, Settings]]:
    """Repositories of which every part of the template is rendered."""
    one = example()
    full = Ci(
        python="3.12",
        runs_on={"train": ("self-hosted", "gpu"), "deploy": ("it: hurts",)},
        secrets={"train": ("STORE_KEY",), "deploy": ("DOOR_KEY",)},
        cloud={"aws": {"role": "arn:aws:iam::1:role/x", "region": "eu-west-1", "pull-request-role": "arn:x"}},
        index_url="https://packages.example.com/simple",
        cdml=">=0.1",
    )
    staging = replace(one.environments[0], name="a: b", branch="release/it's")
    return {
        "example": {".": one},
        "full": {".": replace(one, ci=full, train=replace(one.train, schedule="17 5 * * 1"))},
        "bare": {".": replace(one, environments=())},
        "monorepo": {"a folder: #1": one, "on": replace(one, model="b/c", environments=(staging,))},
    }


def test_every_file_has_the_shape_of_the_official_schema(tmp_path: Path) -> None:
    paths = [GOLDEN / "gitlab" / FILE, GOLDEN / "gitlab" / ".gitlab-ci.yml"]
    for name, settings in variants().items():
        for alone in (False, True):
            for path, text in render("gitlab", settings, only_judge=alone).items():
                place = tmp_path / f"{name}-{alone}" / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, "utf-8")
                paths.append(place)
    assert len(paths) == 18
    assert [str(one) for one in validators.gitlab_schema(paths)] == []

"""Generated Azure pipelines under the official schema and Microsoft's language service: no finding at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import validators

sys.path.append(str(Path(__file__).resolve().parents[1] / "ci"))

from azure_repositories import REPOSITORIES
from rendering import GOLDEN, render


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("azure")
    paths = list((GOLDEN / "azure").rglob("*.yml"))
    for name, settings in REPOSITORIES.items():
        for alone in (False, True):
            for path, text in render("azure", settings(), only_judge=alone).items():
                place = folder / f"{name}-{alone}" / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, "utf-8")
                paths.append(place)
    return paths


def test_every_file_has_the_shape_of_the_official_schema(rendered: list[Path]) -> None:
    assert len(rendered) > 100
    assert [str(one) for one in validators.azure_schema(rendered)] == []


def test_the_language_service_has_no_finding(rendered: list[Path]) -> None:
    assert [str(one) for one in validators.azure_language_service(rendered)] == []

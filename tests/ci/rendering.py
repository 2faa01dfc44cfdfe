"""What a provider renders for given mlops.yaml files, and the golden files of the example project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cdml.ci import PROVIDERS
from cdml.ci.base import Repository
from cdml.ci.machines import model_of
from cdml.ci.workflows import workflows
from cdml.config.load import parse
from cdml.core.resources import example_project
from cdml.core.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
VERSION = "==0.1.0"


def example() -> Settings:
    """The example project's settings."""
    return parse((example_project() / "mlops.yaml").read_text("utf-8"))


def repository(settings_by_folder: Mapping[str, Settings], main: str = "main") -> Repository:
    """The repository whose folders hold these settings."""
    models = tuple(model_of(one, folder) for folder, one in settings_by_folder.items())
    return Repository(main, models, VERSION)


def render(
    provider_name: str, settings_by_folder: Mapping[str, Settings], *, only_judge: bool = False
) -> dict[str, str]:
    """The text of every file that a provider makes, without the stamp, by its path from the top."""
    rendered = repository(settings_by_folder)
    files = PROVIDERS[provider_name].files(rendered, workflows(rendered, only_judge=only_judge))
    return {file.path: file.text for file in files}


def golden(provider_name: str) -> dict[str, str]:
    """The golden files of a provider by their paths; with UPDATE_GOLDEN=1 they are first written anew."""
    folder = GOLDEN / provider_name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        _write(folder, render(provider_name, {".": example()}))
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for old in [path for path in folder.rglob("*") if path.is_file()]:
        old.unlink()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")

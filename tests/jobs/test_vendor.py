"""Third-party actions copied into a repository: by their commits, all of them or none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cdml.ci.github import VENDORED
from cdml.core.errors import ConfigError, ExternalError
from cdml.jobs import vendor


def git(place: Path, *words: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    done = subprocess.run(["git", *who, *words], cwd=place, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two actions on a mirror, each pinned at its first commit."""
    pins = {"checkout": "actions/checkout@" + "0" * 40 + " # v4"}
    for name in ("cache", "upload"):
        place = tmp_path / "mirror" / "actions" / name
        place.mkdir(parents=True)
        git(place, "init", "--quiet")
        git(place, "config", "uploadpack.allowAnySHA1InWant", "true")
        (place / "action.yml").write_text(f"name: {name}\n")
        git(place, "add", "--all")
        git(place, "commit", "--quiet", "--message", "First")
        pins[name] = f"actions/{name}@{git(place, 'rev-parse', 'HEAD')} # v1"
        (place / "action.yml").write_text("name: moved on\n")
        git(place, "commit", "--quiet", "--all", "--message", "Second")
    monkeypatch.setattr(vendor, "ACTIONS", pins)
    return tmp_path / "mirror"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    return place


def test_each_action_is_copied_at_its_commit(mirror, repository):
    made = vendor.vendor_actions(repository, str(mirror), lambda _: None)
    assert made == (f"{VENDORED}/cache", f"{VENDORED}/upload")
    assert (repository / VENDORED / "cache" / "action.yml").read_text() == "name: cache\n"
    assert (repository / VENDORED / "upload" / "action.yml").read_text() == "name: upload\n"


def test_what_stood_there_stays_when_one_cannot_be_had(mirror, repository, monkeypatch):
    vendor.vendor_actions(repository, str(mirror), lambda _: None)
    lost = vendor.ACTIONS | {"upload": "actions/upload@" + "1" * 40 + " # v2"}
    monkeypatch.setattr(vendor, "ACTIONS", lost)
    with pytest.raises(ExternalError, match="does not give 1111"):
        vendor.vendor_actions(repository, str(mirror), lambda _: None)
    assert (repository / VENDORED / "cache" / "action.yml").is_file()
    assert [path.name for path in (repository / VENDORED).parent.iterdir()] == ["vendor"]


def test_outside_of_git_nothing_is_written(mirror, tmp_path):
    with pytest.raises(ConfigError, match="not inside a git repository"):
        vendor.vendor_actions(tmp_path, str(mirror), lambda _: None)
    assert not (tmp_path / ".github").exists()

"""A bare repository as the forge, and clones of it as people; no identity and no configuration from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from github_server import GithubServer
from github_state import BOT, Hub
from people import Person, clone, git
from rigs.azure import AzureRig
from rigs.gitea import GiteaRig
from rigs.gitlab import GitlabRig

from cdml import forges
from cdml.forges.github import GithubForge
from cdml.state.git import Git


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare repository whose main holds one commit."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    blob = git(bare, "hash-object", "-w", "--stdin", stdin="one\ntwo\nthree\n")
    tree = git(bare, "mktree", stdin=f"100644 blob {blob}\ta.txt\n")
    who = ["-c", "user.name=Root", "-c", "user.email=root@example.com"]
    commit = git(bare, *who, "commit-tree", tree, "-m", "first")
    git(bare, "update-ref", "refs/heads/main", commit)
    return bare


@pytest.fixture
def ada(bare: Path, tmp_path: Path) -> Person:
    return clone(bare, tmp_path / "ada", "Ada")


@pytest.fixture
def bob(bare: Path, tmp_path: Path) -> Person:
    return clone(bare, tmp_path / "bob", "Bob")


TOKENS = {"ghs_bot": BOT, "ghp_ada": "ada", "ghp_bob": "bob"}
As = Callable[..., GithubForge]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GithubServer]:
    """GitHub's stand-in with one repository; every request and answer must fit GitHub's own description."""
    with GithubServer(Hub(tokens=TOKENS, anybody=None, branches={"main": "a" * 40})) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        yield server
    assert server.violations == []


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been slept."""
    taken: list[float] = []
    for module in ("cdml.core.http", *(f"cdml.forges.{found.name}" for found in iter_modules(forges.__path__))):
        if hasattr(import_module(module), "sleep"):
            monkeypatch.setattr(f"{module}.sleep", taken.append)
    return taken


@pytest.fixture
def as_user(github: GithubServer, naps: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> As:
    """The forge as the owner of a token sees it, through a repository whose origin is on github.com."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(tmp_path / "work"))
    git(tmp_path / "work", "remote", "add", "origin", "https://github.com/acme/churn.git")

    def forge(token: str = "ghs_bot") -> GithubForge:
        monkeypatch.setenv("GITHUB_TOKEN", token)
        made = GithubForge(Git(tmp_path / "work"))
        assert made.api.place.token == token
        return made

    return forge


@pytest.fixture
def gitea(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Iterator[GiteaRig]:
    """Gitea's stand-in with a branch to offer; every request and answer must fit Gitea's own description."""
    made = GiteaRig(tmp_path, monkeypatch)
    made.add_branch("feature")
    with made.server:
        yield made
    assert made.server.violations == []


@pytest.fixture
def gitlab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Iterator[GitlabRig]:
    """GitLab's stand-in with a branch to offer; every request and answer must fit what is known of its API."""
    made = GitlabRig(tmp_path, monkeypatch)
    made.add_branch("feature")
    with made.server:
        yield made
    assert made.server.violations == []


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Iterator[AzureRig]:
    """Azure DevOps' stand-in with a branch to offer; all that passes by must fit what is known of its API."""
    made = AzureRig(tmp_path, monkeypatch)
    made.add_branch("feature")
    with made.server:
        yield made
    assert made.server.violations == []

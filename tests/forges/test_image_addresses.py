"""Where a forge's own pages show a picture of the repository: always at the forge itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cdml.core.images import Image
from cdml.core.run import Around
from cdml.forges import FORGES
from cdml.forges.local import DIALECT
from cdml.reports import sections
from cdml.state.git import Git

COMMIT = "c" * 40
PATH = f"{'a' * 40}/0123456789ab/plots/roc.png"
AZURE = f"items?path=/{PATH}&versionDescriptor.versionType=commit&versionDescriptor.version={COMMIT}"


@pytest.mark.parametrize(
    ("forge", "remote", "address"),
    [
        (
            "github",
            "git@github.com:acme/churn.git",
            f"https://github.com/acme/churn/blob/{COMMIT}/{PATH}?raw=true",
        ),
        ("github", "https://acme.ghe.com/a/b", f"https://acme.ghe.com/a/b/blob/{COMMIT}/{PATH}?raw=true"),
        ("github", "https://git.acme.example/a/b", f"https://git.acme.example/a/b/blob/{COMMIT}/{PATH}?raw=true"),
        ("gitlab", "https://x:y@gitlab.com/a/b/c.git", f"https://gitlab.com/a/b/c/-/raw/{COMMIT}/{PATH}"),
        ("gitea", "https://codeberg.org/a/b.git", f"https://codeberg.org/a/b/raw/commit/{COMMIT}/{PATH}"),
        ("gitea", "https://acme.example/git/a/b", f"https://acme.example/git/a/b/raw/commit/{COMMIT}/{PATH}"),
        (
            "azure",
            "git@ssh.dev.azure.com:v3/acme/My%20Team/churn",
            f"https://dev.azure.com/acme/My%20Team/_apis/git/repositories/churn/{AZURE}"
            "&$format=octetStream&api-version=6.0",
        ),
        ("local", "../store.git", ""),
    ],
)
def test_a_picture_is_shown_by_the_forge_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: str, remote: str, address: str
) -> None:
    for name in ("GH_HOST", "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITEA_SERVER_URL", "CI_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    url = FORGES[forge].make(Git(tmp_path)).image_url(COMMIT, PATH)
    assert url == address
    shown = (
        sections.images(Around(images=(Image("plots/roc.png", b"", COMMIT, PATH, url),)), DIALECT).forms[0].text
    )
    link = f"\n\n![plots/roc.png]({address.replace('&', '&amp;').replace('$', '%24')})\n\n"
    assert (link if url else f"plots/roc.png: `git show {COMMIT}:{PATH}`") in shown

"""The wheel is whole: what a person installs can do what a checkout can."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def tracked(folder: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


def test_it_holds_every_module_template_and_file_of_the_example(installed):
    names = {p.relative_to(installed).as_posix() for p in installed.rglob("*") if p.is_file()}
    wanted = {*tracked("cdml"), *(f"cdml/{p}" for p in (*tracked("templates"), *tracked("example-project")))}
    assert wanted <= names
    assert {name for name in names if name.startswith("cdml/")} <= wanted
    assert "cdml/py.typed" in names


def test_templates_and_the_example_are_found_in_it(installed):
    code = (
        "from cdml.core import resources\n"
        "print(resources.__file__)\n"
        "print(len(resources.template_text('reports/card.md.j2')))\n"
        "print((resources.example_project() / 'mlops.yaml').is_file())\n"
    )
    env = {"PYTHONPATH": str(installed), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=installed, capture_output=True, text=True, check=True
    )
    place, length, example = done.stdout.splitlines()
    assert place.startswith(str(installed))
    assert int(length) > 100
    assert example == "True"


def test_no_python_file_hides_among_the_templates():
    assert [name for name in tracked("templates") if name.endswith(".py")] == []


def test_the_top_level_is_as_designed():
    allowed = {
        "pyproject.toml", "cdml", "templates", ".github", "actions", "tests", "example-project", "README.md",
        "Makefile", "LICENSE", "CHANGELOG.md", ".ci", "docs", ".gitignore", ".gitattributes",
    }  # fmt: skip
    assert {Path(name).parts[0] for name in tracked(".")} <= allowed

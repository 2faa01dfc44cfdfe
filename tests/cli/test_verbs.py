"""`cdml --help`: every verb, one line each, without importing what the verbs need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer import main as typer_main

from cdml import __version__
from cdml.cli.app import app
from cdml.cli.verbs import SHOWN, VERBS
from cdml.core.command import VERBS as COMMANDS


def test_help_fits_a_screen_and_imports_nothing_heavy():
    heavy = ("pandas", "numpy", "dvc", "sklearn", "pydantic", "git", "jinja2", "rich", "requests", "cdml.jobs")
    code = (
        "import sys; sys.argv = ['cdml', '--help']\n"
        "from cdml.cli.main import main\n"
        "try: main()\n"
        f"finally: print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.stderr.strip() == "[]"
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    told = {name for line in lines for name in line.strip().split("  ")[0].split(", ")}
    assert told >= SHOWN


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_help_of_its_own(name):
    group = typer_main.get_group(app)
    command = group.get_command(typer.Context(group), name)
    assert command is not None
    assert command.help
    assert command.hidden == (name not in SHOWN)


def test_a_misspelt_verb_is_answered_with_the_nearest():
    done = subprocess.run([sys.executable, "-m", "cdml", "promot"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'promote'?" in done.stderr


def test_the_version_is_told_without_a_command():
    done = subprocess.run([sys.executable, "-m", "cdml", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"cdml {__version__}\n")


def test_no_message_or_page_names_a_verb_that_does_not_exist():
    root = Path(__file__).resolve().parents[2]
    pages = [*root.glob("docs/*.md"), root / "README.md", root / "example-project" / "README.md"]
    files = [*(root / "cdml").rglob("*.py"), *(p for p in (root / "templates").rglob("*") if p.is_file()), *pages]
    prose = {"and", "can", "computes", "did", "does", "import", "itself", "lives", "loads", "may", "never", "or"}
    prose |= {"runs", "speaks", "writes", "wrote"}
    prose |= {"for", "into", "is", "keeps", "that"}
    prose |= {"commands", "forks", "gate", "main", "operate", "pull", "train"}  # how workflows and checks go
    prose |= {"reads"}
    text = "\n".join(file.read_text("utf-8") for file in files)
    assert set(re.findall(r"(?<!/)\bcdml ([a-z]+)", text)) - prose <= VERBS.keys()
    assert set(re.findall(r"`/cdml ([a-z]+)", text)) <= set(COMMANDS)

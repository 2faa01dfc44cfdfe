"""Every file that is generated from the matrix of varied mlops.yaml, under every official validator.

All files stand in one tree, a text that many cases share once, and each validator looks at its files in one call.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import validators
from validators import Finding

sys.path.append(str(Path(__file__).resolve().parents[1] / "ci"))

from variety import CASES, loaded, renderings

QUEUE = 'unexpected key "queue" for "concurrency" section'
LABEL = re.compile(r'label "([^"]+)" is unknown\.')
PLANTED = "on: push\npermissions: write-all\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"


@dataclass(frozen=True)
class Tree:
    """The folder of all cases, and the files in it by their provider."""

    root: Path
    files: dict[str, list[Path]]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("variety")
    found: dict[str, dict[str, Path]] = {"github": {}, "azure": {}, "gitlab": {}}
    for name in CASES:
        for who, files in renderings(name).items():
            known = found[who.split()[0]]
            for path, text in files.items():
                place = root / name.replace(" ", "-") / who.replace(" ", "-") / path
                if known.setdefault(text, place) == place:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(text, "utf-8")
    return Tree(root, {provider: list(files.values()) for provider, files in found.items()})


def listed(findings: list[Finding]) -> str:
    return "\n".join(map(str, findings))


def test_there_are_many_different_files(tree: Tree) -> None:
    assert len(CASES) >= 40
    assert min(len(files) for files in tree.files.values()) > 50


def test_workflows_fit_their_schema(tree: Tree) -> None:
    assert listed(validators.github_schema(tree.files["github"])) == ""


def test_actionlint_finds_nothing_but_machines_that_it_cannot_know(tree: Tree) -> None:
    # A label of somebody's own machine is only in actionlint's configuration, which is theirs to write.
    own = {
        label
        for case in CASES.values()
        for one in loaded(case).values()
        for labels in one.ci.runs_on.values()
        for label in labels
    }
    # This actionlint is older than the key; GitHub's own schema, parser and language service know it.
    found = [one for one in validators.actionlint(tree.files["github"]) if QUEUE not in one.message]
    labels = {one: match[1] for one in found if (match := LABEL.search(one.message)) and match[1] in own}
    assert "gpu" in labels.values()
    assert listed([one for one in found if one not in labels]) == ""


def test_the_parser_of_github_finds_nothing(tree: Tree) -> None:
    assert listed(validators.workflow_parser(tree.files["github"], tree.root)) == ""


def test_the_language_service_of_github_finds_nothing(tree: Tree) -> None:
    assert listed(validators.language_service(tree.files["github"], tree.root)) == ""


def test_zizmor_finds_nothing_but_what_was_planted(tree: Tree) -> None:
    planted = tree.root / "planted" / ".github" / "workflows" / "planted.yml"
    planted.parent.mkdir(parents=True)
    planted.write_text(PLANTED, "utf-8")
    found = validators.zizmor(tree.root)
    assert "excessive-permissions" in {one.rule for one in found if one.file.name == planted.name}
    assert listed([one for one in found if one.file.name != planted.name]) == ""


def test_azure_pipelines_fit_their_schema(tree: Tree) -> None:
    assert listed(validators.azure_schema(tree.files["azure"])) == ""


def test_the_language_service_of_azure_finds_nothing(tree: Tree) -> None:
    assert listed(validators.azure_language_service(tree.files["azure"])) == ""


def test_gitlab_s_files_fit_their_schema(tree: Tree) -> None:
    assert listed(validators.gitlab_schema(tree.files["gitlab"])) == ""

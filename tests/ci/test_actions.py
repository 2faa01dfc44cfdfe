"""The actions for people's own workflows: whole, documented, and safe against the text of others."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cdml import __version__
from cdml.ci.github import ACTIONS as PINNED
from cdml.cli.verbs import VERBS
from cdml.core.errors import Exit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "actions.md"
NAMES = ("setup", "run", "compare", "comment", "register", "promote", "deploy", "monitor")
TABLE = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)
INSTALL = 'bash "$GITHUB_ACTION_PATH/../setup/install.sh" any'
EXTRAS = {"monitor": " serve,parquet"}  # batches are Parquet more often than not


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


def action(name: str) -> Any:
    return load((ROOT / "actions" / name / "action.yml").read_text("utf-8"))


def workflows() -> list[Any]:
    """The workflows that the page shows."""
    return [load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)]


def table(name: str) -> str:
    """Inputs and outputs of an action as Markdown."""
    described = action(name)
    rows = ["| input | what it is | default |", "|:--|:--|:--|"]
    for key, one in (described.get("inputs") or {}).items():
        default = "required" if one["required"] else f"`{one['default']}`" if one["default"] else "empty"
        rows.append(f"| `{key}` | {one['description']} | {default} |")
    rows += ["", "| output | what it is |", "|:--|:--|"]
    rows += [f"| `{key}` | {one['description']} |" for key, one in described["outputs"].items()]
    return "\n" + "\n".join(rows) + "\n\n"


def test_there_is_an_action_for_each_of_these_steps_and_no_other() -> None:
    assert {path.parent.name for path in (ROOT / "actions").glob("*/action.yml")} == set(NAMES)
    assert ("monitor" in VERBS) == ("monitor" in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_action_is_whole(name: str) -> None:
    described = action(name)
    assert described["name"]
    assert described["description"]
    assert described["runs"]["using"] == "composite"
    for one in described["inputs"].values():
        assert one["description"]
        assert one["required"] != ("default" in one)
    steps = {step.get("id"): step for step in described["runs"]["steps"]}
    for one in described["outputs"].values():
        assert one["description"]
        source = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.\w+ \}\}", one["value"])
        assert source
        assert source[1] in steps


@pytest.mark.parametrize("name", NAMES)
def test_inputs_reach_scripts_by_the_environment_alone(name: str) -> None:
    described = action(name)
    used: set[str] = set()
    for step in described["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        for value in step.get("env", {}).values():
            assert re.fullmatch(r"\$\{\{ inputs\.[\w-]+ \}\}", value)
        used |= set(re.findall(r"inputs\.([\w-]+)", str(step.get("env", {})) + str(step.get("if", ""))))
        for variable in step.get("env", {}):
            if variable != "GITHUB_TOKEN":
                assert re.search(rf'"[^"\n]*\${{?{variable}\b', step["run"]) or f'<<< "${variable}"' in step["run"]
    assert used == set(described["inputs"])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "setup"])
def test_an_action_alone_sets_up_cdml_first(name: str) -> None:
    first, *others = action(name)["runs"]["steps"]
    assert first["run"] == INSTALL + EXTRAS.get(name, "")
    verbs = re.findall(r'cdml -C "\$FOLDER" (\w+)', " ".join(step["run"] for step in others))
    assert verbs
    assert set(verbs) <= set(VERBS)
    assert verbs[-1] == name


def test_the_page_shows_inputs_and_outputs_as_they_are() -> None:
    page = PAGE.read_text("utf-8")
    fresh = TABLE.sub(lambda found: f"<!-- {found[1]} -->\n{table(found[1])}<!-- end -->", page)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        PAGE.write_text(fresh, "utf-8")
        page = fresh
    assert [found[1] for found in TABLE.finditer(page)] == ["setup", "run", "comment", "compare", *NAMES[4:]]
    assert page == fresh, "UPDATE_GOLDEN=1 writes the tables anew"


def test_the_page_lists_every_exit_code() -> None:
    assert re.findall(r"^\| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE) == [str(int(code)) for code in Exit]


def test_the_workflows_of_the_page_use_every_action_as_it_is() -> None:
    seen: set[str] = set()
    pinned = {reference.partition(" #")[0] for reference in PINNED.values()}
    for workflow in workflows():
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert job["permissions"]
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")
                if "uses" not in step:
                    continue
                if not step["uses"].startswith("owner/cdml/"):
                    assert step["uses"] in pinned
                    continue
                name = step["uses"].removeprefix("owner/cdml/actions/").removesuffix(f"@v{__version__}")
                inputs = action(name)["inputs"]
                assert set(step.get("with", {})) <= set(inputs)
                assert {key for key, one in inputs.items() if one["required"]} <= set(step.get("with", {}))
                seen.add(name)
    assert seen == set(NAMES)

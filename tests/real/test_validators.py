"""Every validator finds a planted fault and accepts what is right: one that does nothing is worse than none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import tools
import validators
from validators import Finding

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
GOOD = f"""
name: good
on:
  pull_request:
permissions: {{}}
concurrency:
  group: good-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  plan:
    name: plan
    runs-on: ubuntu-latest
    timeout-minutes: 5
    outputs:
      models: ${{{{ steps.list.outputs.models }}}}
    steps:
      - uses: actions/checkout@{SHA} # v4.2.2
        with:
          fetch-depth: 0
          persist-credentials: false
      - id: list
        run: echo 'models=[]' >> "$GITHUB_OUTPUT"
  train:
    name: train
    needs: plan
    if: needs.plan.outputs.models != '[]'
    runs-on: ubuntu-latest
    timeout-minutes: 5
    env:
      TITLE: ${{{{ github.event.pull_request.title }}}}
    steps:
      - run: echo "$TITLE"
"""
GOOD_ACTION = """
name: good
description: Says hello.
inputs:
  who: {description: To whom., required: true}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        WHO: ${{ inputs.who }}
      run: echo "$WHO"
"""
GOOD_AZURE = """
trigger: none
pool: {vmImage: ubuntu-latest}
jobs:
  - job: train
    steps:
      - checkout: self
        fetchDepth: "0"
      - task: UsePythonVersion@0
        inputs: {versionSpec: "3.11"}
      - script: make test
        displayName: test
"""
GOOD_GITLAB = """
stages: [test]
.base: &base
  image: python:3.11
train:
  <<: *base
  stage: test
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - !reference [.base, script]
    - make test
  artifacts:
    paths: [out]
"""
Validator = Callable[[Iterable[Path]], list[Finding]]
WORKFLOW_VALIDATORS: list[Validator] = [
    validators.github_schema, validators.actionlint, validators.workflow_parser, validators.language_service,
]  # fmt: skip
ACTION_VALIDATORS: list[Validator] = [
    validators.github_actions_schema, validators.workflow_parser, validators.language_service,
]  # fmt: skip
AZURE_VALIDATORS: list[Validator] = [validators.azure_schema, validators.azure_language_service]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.lstrip("\n"))
    return path


def name_of(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("validate", ACTION_VALIDATORS, ids=name_of)
def test_a_good_action_has_no_findings(validate: Validator, tmp_path: Path) -> None:
    assert validate([write(tmp_path, "action.yml", GOOD_ACTION)]) == []


@pytest.mark.parametrize("validate", AZURE_VALIDATORS, ids=name_of)
def test_a_good_azure_pipeline_has_no_findings(validate: Validator, tmp_path: Path) -> None:
    assert validate([write(tmp_path, "azure-pipelines.yml", GOOD_AZURE)]) == []


def test_a_good_gitlab_file_has_no_findings(tmp_path: Path) -> None:
    assert validators.gitlab_schema([write(tmp_path, ".gitlab-ci.yml", GOOD_GITLAB)]) == []


# What is right, and what stands in its place. The first is a matter of shape, the next three of GitHub's grammar.
FAULTS = {
    "unknown key": ("timeout-minutes", "timeout-minuets"),
    "expression not closed": ("pull_request.title }}", "pull_request.title"),
    "bad operator": ("!= '[]'", "!== '[]'"),
    "unknown context": ("github.ref", "gihtub.ref"),
    "needs an unknown job": ("needs: plan", "needs: plam"),
    "unknown step": ("steps.list.outputs", "steps.lost.outputs"),
    "unknown output of a job": ("needs.plan.outputs.models", "needs.plan.outputs.modles"),
    "unknown input of an action": ("fetch-depth", "fetch-deep"),
}
SHAPE = {"unknown key"}
GRAMMAR = {*SHAPE, "expression not closed", "bad operator", "unknown context", "needs an unknown job"}
NAMES = {*GRAMMAR, "unknown step", "unknown output of a job"}


@pytest.mark.parametrize(
    ("validate", "expected"),
    [
        (validators.github_schema, SHAPE),
        (validators.workflow_parser, GRAMMAR),
        # It knows the inputs of actions by tag, and ours are pinned by commit.
        (validators.actionlint, NAMES),
        (validators.language_service, {*NAMES, "unknown input of an action"}),
    ],
    ids=name_of,
)
def test_a_workflow_validator_finds_its_faults_and_leaves_the_good_file_alone(
    validate: Validator, expected: set[str], tmp_path: Path
) -> None:
    files = {write(tmp_path, "good.yml", GOOD): "good"}
    for fault, (right, wrong) in FAULTS.items():
        files[write(tmp_path, f"{fault}.yml", GOOD.replace(right, wrong, 1))] = fault
    found = validate(files)
    assert {files[finding.file] for finding in found} == expected
    if validate is not validators.github_schema:
        line = next(n for n, text in enumerate(GOOD.lstrip().splitlines(), 1) if FAULTS["bad operator"][0] in text)
        assert line in {finding.line for finding in found if files[finding.file] == "bad operator"}


def test_the_language_service_knows_the_inputs_of_a_named_folder_only(tmp_path: Path) -> None:
    write(tmp_path, "shared/greet/action.yml", GOOD_ACTION)
    step = "{uses: example/shared/greet@v1, with: {%s: you}}"
    workflow = f"on: push\njobs: {{one: {{runs-on: x, steps: [{step}]}}}}\n"
    right, wrong = (write(tmp_path, f"{key}.yml", workflow % key) for key in ("who", "whom"))
    actions = {"example/shared": tmp_path / "shared"}
    assert validators.language_service([right], actions=actions) == []
    assert "whom" in "".join(finding.message for finding in validators.language_service([wrong], actions=actions))
    assert "Unable to resolve" in validators.language_service([right])[0].message


@pytest.mark.parametrize("validate", ACTION_VALIDATORS, ids=name_of)
def test_a_step_of_an_action_without_a_shell_is_found(validate: Validator, tmp_path: Path) -> None:
    assert validate([write(tmp_path, "action.yml", GOOD_ACTION.replace("shell: bash", "name: hello"))])


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        pytest.param(f"checkout@{SHA} # v4.2.2", "checkout@v4", "unpinned-uses", id="not pinned"),
        pytest.param('echo "$TITLE"', "echo ${{ github.head_ref }}", "template-injection", id="injection"),
        pytest.param("permissions: {}", "permissions: write-all", "excessive-permissions", id="permissions"),
        pytest.param("  pull_request:", "  pull_request_target:", "dangerous-triggers", id="trigger"),
        pytest.param("persist-credentials: false", "clean: true", "artipacked", id="credentials"),
    ],
)
def test_zizmor_finds_an_insecure_workflow(right: str, wrong: str, rule: str, tmp_path: Path) -> None:
    write(tmp_path, ".github/workflows/bad.yml", GOOD.replace(right, wrong))
    found = validators.zizmor(tmp_path)
    assert {(finding.rule, finding.file.name) for finding in found} == {(rule, "bad.yml")}


def test_zizmor_accepts_a_good_workflow_and_action(tmp_path: Path) -> None:
    write(tmp_path, ".github/workflows/good.yml", GOOD)
    write(tmp_path, "greet/action.yml", GOOD_ACTION)
    assert validators.zizmor(tmp_path) == []


def test_zizmor_over_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(tools.ToolFailed):
        validators.zizmor(tmp_path)


@pytest.mark.parametrize("validate", [*WORKFLOW_VALIDATORS, *AZURE_VALIDATORS], ids=name_of)
def test_no_file_and_no_such_file_are_errors(validate: Validator, tmp_path: Path) -> None:
    for files in ([], [tmp_path / "missing.yml"]):
        with pytest.raises(tools.ToolFailed):
            validate(files)


@pytest.mark.parametrize("validate", AZURE_VALIDATORS, ids=name_of)
def test_an_unknown_key_of_an_azure_job_is_found(validate: Validator, tmp_path: Path) -> None:
    assert validate([write(tmp_path, "bad.yml", GOOD_AZURE.replace("steps:", "stepz:"))])


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        pytest.param("UsePythonVersion@0", "UsePythonVerzion@0", 8, id="unknown task"),
        pytest.param("versionSpec", "versionSpek", 9, id="unknown input"),
    ],
)
def test_a_wrong_azure_task_is_found_with_its_line(right: str, wrong: str, line: int, tmp_path: Path) -> None:
    found = validators.azure_language_service([write(tmp_path, "bad.yml", GOOD_AZURE.replace(right, wrong))])
    assert line in {finding.line for finding in found}


def test_a_wrong_gitlab_job_is_found(tmp_path: Path) -> None:
    assert validators.gitlab_schema(
        [write(tmp_path, "bad.yml", GOOD_GITLAB.replace("paths: [out]", "pathz: [out]"))]
    )


def test_a_file_that_is_no_yaml_is_a_finding(tmp_path: Path) -> None:
    bad = write(tmp_path, "bad.yml", "a: [1\n")
    for validate in WORKFLOW_VALIDATORS:
        assert [finding.file for finding in validate([bad])][:1] == [bad], name_of(validate)

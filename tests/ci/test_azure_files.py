"""The Azure pipeline as text: golden files, names that hurt, machines, secrets, locks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from azure_agent import compiled, load
from azure_expressions import evaluate
from azure_repositories import REPOSITORIES, one
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rendering import example as example_settings
from rendering import golden, render, repository

from cdml.ci import azure
from cdml.ci.base import Repository
from cdml.ci.workflows import workflows
from cdml.core.errors import ConfigError

MAIN = "azure-pipelines.yml"


def test_the_example_projects_pipeline_is_the_golden_one() -> None:
    assert render("azure", {".": example_settings()}) == golden("azure")


@pytest.mark.parametrize("name", REPOSITORIES)
def test_every_file_is_yaml_without_anchors_and_without_gaps(name: str) -> None:
    for path, text in render("azure", REPOSITORIES[name]()).items():
        load(text)
        assert "\n\n" not in text, path
        assert not re.search(r"(: |- )[&*]\w", text), f"{path}: Azure knows no anchors"


def _stages(models: dict[str, Any], **variables: str) -> dict[str, Any]:
    known = {"Build.Reason": "IndividualCI", "Build.SourceBranch": "refs/heads/main"} | variables
    pipeline = compiled(render("azure", models), MAIN, known, {})
    return {stage["stage"]: stage for stage in pipeline["stages"]}


def _job(stage: dict[str, Any], number: int = 0) -> dict[str, Any]:
    job: dict[str, Any] = stage["jobs"][number]
    return job


PULL = {"Build.Reason": "PullRequest", "Build.SourceBranch": "refs/pull/7/merge"}


def test_pushes_start_runs_of_main_and_release_branches_and_of_no_tag() -> None:
    pipeline = load(render("azure", {".": example_settings()})[MAIN])
    assert pipeline["trigger"] == {"branches": {"include": ["main", "release/staging", "release/production"]}}
    assert pipeline["pr"] == {"autoCancel": "true", "branches": {"include": ["main"]}}


def test_a_provider_that_only_judges_writes_nothing_and_starts_by_pull_requests_alone() -> None:
    files = render("azure", {".": one("secrets: {train: [KEY], deploy: [OTHER]}")}, only_judge=True)
    assert load(files[MAIN])["trigger"] == "none"
    assert "parameters" not in load(files[MAIN])
    assert not any("AccessToken" in text or 'pushes: "true"' in text or "OTHER" in text for text in files.values())
    assert {path.rpartition("/")[2] for path in files} == {MAIN, "setup.yml", "plan.yml", "judge.yml", "gate.yml"}


def test_jobs_that_change_things_queue() -> None:
    stages = load(render("azure", {".": example_settings()})[MAIN])["stages"]
    every = [stage for group in stages[1:] for stages in group.values() for stage in stages]
    queued = {stage["stage"] for stage in every if stage.get("lockBehavior") == "sequential"}
    assert queued == {"register", "deploy_1", "deploy_2", "promote", "rollback", "retrain"}


def test_a_deployment_belongs_to_its_environment_and_others_do_not() -> None:
    branch = {"Build.SourceBranch": "refs/heads/release/production"}
    stages = _stages({".": example_settings()}, **branch)
    assert set(stages) == {"plan", "deploy_2"}
    assert _job(stages["deploy_2"])["environment"] == "production"
    assert _job(stages["deploy_2"])["deployment"] == "deploy_2_1"
    assert "environment" not in str(_stages({".": example_settings()}))


def test_a_release_branch_has_jobs_of_the_models_that_go_there() -> None:
    stages = _stages(REPOSITORIES["monorepo"](), **{"Build.SourceBranch": "refs/heads/release/staging"})
    assert [job["deployment"] for job in stages["deploy_1"]["jobs"]] == ["deploy_1_1", "deploy_1_2"]


@pytest.mark.parametrize(
    ("name", "plan", "train"),
    [
        ("plain", {"vmImage": "ubuntu-latest"}, {"vmImage": "ubuntu-latest"}),
        ("pool", {"name": "our machines"}, {"name": "our machines"}),
        ("pool-and-images", {"vmImage": "ubuntu-24.04"}, {"name": "our machines", "demands": ["gpu"]}),
        (
            "self-hosted",
            {"name": "Default", "demands": ["Agent.OS -equals Linux", "Agent.OSArchitecture -equals X64"]},
            {"name": "Default", "demands": ["gpu"]},
        ),
    ],
)
def test_labels_choose_the_machine(name: str, plan: dict[str, Any], train: dict[str, Any]) -> None:
    stages = _stages(REPOSITORIES[name](), **PULL)
    assert (_job(stages["plan"])["pool"], _job(stages["judge"])["pool"]) == (plan, train)


def test_limits_are_those_of_the_kind_of_job() -> None:
    stages = _stages(REPOSITORIES["limits"](), **PULL)
    assert [_job(stages[name])["timeoutInMinutes"] for name in ("plan", "judge")] == ["5", "2000"]


def test_secrets_and_their_group_are_given_to_the_jobs_that_need_them() -> None:
    files = render("azure", REPOSITORIES["variable-group"]())
    used = {
        name: {Path(path).stem for path, text in files.items() if f"$({name})" in text}
        for name in ("STORE_KEY", "DEPLOY_KEY", "PUSH_KEY")
    }
    moves = {"promote", "rollback"}
    assert used["DEPLOY_KEY"] == {"deploy-1", "deploy-2", "rollback"}
    assert used["STORE_KEY"] == {"judge", "train", "evaluate", "register", "retrain"}
    assert used["PUSH_KEY"] == {"report", "register", "retrain"} | moves
    groups = {name for name, stage in _stages(REPOSITORIES["variable-group"](), **PULL).items() if "group" in str(
        _job(stage).get("variables"))}  # fmt: skip
    assert groups == {"judge", "report"}


def test_only_jobs_that_push_keep_the_token_for_git_and_none_of_them_restores_a_cache() -> None:
    files = render("azure", {".": example_settings()})
    pushing = {path for path, text in files.items() if 'pushes: "true"' in text}
    caching = {path for path, text in files.items() if 'cache: "true"' in text or "Cache@2" in text}
    names = ("report", "register", "deploy-1", "deploy-2", "promote", "rollback", "retrain")
    assert pushing == {f".azure/cdml/{name}.yml" for name in names}
    assert caching == {f".azure/cdml/{name}.yml" for name in ("plan", "judge", "setup")}


FOLDER = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
# Git takes no branch with one of these.
BRANCH = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters=":?*[\\^~"), min_size=1, max_size=12
)


def _refused(text: str) -> bool:
    return not text.isprintable() or any(mark in text for mark in ("${{", "$[", "$(", "{{"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FOLDER, BRANCH)
@example("\U0001f600: 'x' #\"y\\", "o'brien/\U0001f600#x")
@example("$(System.AccessToken)", "main")
def test_any_name_comes_back_as_it_was_or_is_refused(folder: str, main: str) -> None:
    made = repository({folder: example_settings()}, main)
    try:
        files = {file.path: file.text for file in azure.files(made, workflows(made))}
    except ConfigError:
        assert _refused(folder) or _refused(main)
        return
    assert not _refused(folder)
    assert not _refused(main)
    known = {"Build.Reason": "IndividualCI", "Build.SourceBranch": f"refs/heads/{main}"}
    pipeline = compiled(files, MAIN, known, {})
    stages = {stage["stage"]: stage for stage in pipeline["stages"]}
    assert pipeline["variables"]["CDML_MAIN"] == main
    assert pipeline["trigger"]["branches"]["include"][0] == main
    plan = {"plan": {"plan": {"outputs": {"cdml.folders": json.dumps(["other", folder])}}}}
    register = _job(stages["register"])
    assert evaluate(register["condition"], {"stageDependencies": plan}) is True
    folders = (step.get("env", {}).get("CDML_FOLDER", folder) for step in register["steps"])
    assert set(folders) == {folder}
    assert "CDML_FOLDER" in str(register["steps"])


def test_an_expression_in_a_name_is_refused() -> None:
    for name in ("$(System.AccessToken)", "${{ variables.x }}", "$[ x ]"):
        made = Repository("main", repository({name: example_settings()}).models, "==0.1.0")
        with pytest.raises(ConfigError, match="cannot stand in generated CI"):
            azure.files(made, workflows(made))

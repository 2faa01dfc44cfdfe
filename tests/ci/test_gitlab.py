"""GitLab CI: which run a job is in, what its rules let in, what its scripts do, and whose .gitlab-ci.yml stays."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading import document
from rendering import example, render, repository

from cdml.ci import PROVIDERS
from cdml.ci.base import RunContext
from cdml.ci.gitlab import FILE, MAIN_FILE, PROVIDER
from cdml.ci.workflows import workflows
from cdml.core.errors import ConfigError
from cdml.core.settings import Ci, Monitor, Settings
from cdml.jobs.generate import generate

PROJECT = "https://gitlab.example.com/team/project"
HEAD, BEFORE, MERGED = "a" * 40, "b" * 40, "c" * 40
EVERY = {
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": HEAD,
    "CI_COMMIT_BEFORE_SHA": "0" * 40,
    "CI_DEFAULT_BRANCH": "main",
    "CI_PROJECT_ID": "1",
    "CI_PROJECT_URL": PROJECT,
    "CI_PIPELINE_ID": "5001",
    "CI_PIPELINE_URL": f"{PROJECT}/-/pipelines/5001",
    "CI_JOB_ID": "70",
    "GITLAB_USER_LOGIN": "ann",
    "CDML_CHOSEN_FOLDER": "",
}
MERGE_REQUEST = {
    **EVERY,
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_PROJECT_ID": "1",
}
PUSH = {**EVERY, "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": BEFORE, "CI_COMMIT_BRANCH": "main"}


def context(environ: Mapping[str, str]) -> RunContext:
    found = PROVIDER.context(environ)
    assert found is not None
    return found


def test_a_merge_request_says_its_number_head_and_target() -> None:
    assert context(MERGE_REQUEST) == RunContext(
        "gitlab", "pull_request", pull=7, head=HEAD, base="main", order=(5001, 0), forge="gitlab",
        run_url=EVERY["CI_PIPELINE_URL"], report_url=f"{PROJECT}/-/jobs/70/artifacts/browse", actor="ann",
    )  # fmt: skip


def test_merged_results_run_on_a_commit_that_is_not_the_head() -> None:
    merged = {**MERGE_REQUEST, "CI_COMMIT_SHA": MERGED, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}
    assert context(merged).head == HEAD


def test_a_fork_is_one_in_its_own_project_too() -> None:
    fork = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}
    assert context(fork).fork
    assert context({**fork, "CI_PROJECT_ID": "2"}).fork
    assert not context(MERGE_REQUEST).fork


def test_a_fork_s_pipeline_in_the_project_itself_was_asked_for_by_a_member() -> None:
    fork = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}
    assert context(fork).asked
    assert not context({**fork, "CI_PROJECT_ID": "2"}).asked
    assert not context(MERGE_REQUEST).asked
    rule = pipeline()["cdml-pull-request:report"]["rules"][0]["if"]
    assert rule.endswith("$CI_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID")


@pytest.mark.parametrize(
    ("said", "draft"),
    [
        ({"CI_MERGE_REQUEST_DRAFT": "true"}, True),
        ({"CI_MERGE_REQUEST_DRAFT": "false", "CI_MERGE_REQUEST_TITLE": "Draft: x"}, False),
        ({"CI_MERGE_REQUEST_TITLE": "Draft: a deeper tree"}, True),
        ({"CI_MERGE_REQUEST_TITLE": "[DRAFT] a deeper tree"}, True),
        ({"CI_MERGE_REQUEST_TITLE": "Drafty rooms"}, False),
        ({}, False),
    ],
)
def test_a_draft_is_known_by_gitlab_s_word_or_by_its_title(said: dict[str, str], draft: bool) -> None:
    assert context({**MERGE_REQUEST, **said}).draft is draft


def test_training_is_asked_for_by_a_label_of_just_that_name() -> None:
    assert context({**MERGE_REQUEST, "CI_MERGE_REQUEST_LABELS": "bug,cdml train"}).asked
    assert not context({**MERGE_REQUEST, "CI_MERGE_REQUEST_LABELS": "no cdml train"}).asked


def test_pushes_say_between_which_commits_they_moved_their_branch() -> None:
    main = context(PUSH)
    assert (main.event, main.branch, main.before, main.after) == ("main", "main", BEFORE, HEAD)
    release = context({**PUSH, "CI_COMMIT_BRANCH": "release/staging", "CI_COMMIT_BEFORE_SHA": "0" * 40})
    assert (release.event, release.branch, release.before) == ("release", "release/staging", None)
    assert context({**PUSH, "CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "v1"}).event is None


def test_what_a_person_chose_and_which_schedule_is_due() -> None:
    chosen = {**EVERY, "CI_COMMIT_BRANCH": "main", "CDML_CHOSEN_FOLDER": "models/a"}
    for source in ("web", "api", "trigger"):
        found = context({**chosen, "CI_PIPELINE_SOURCE": source})
        assert (found.event, found.folder, found.before) == ("manual", "models/a", None)
    due = context({**EVERY, "CI_PIPELINE_SOURCE": "schedule", "CDML_SCHEDULE": "17 5 * * 1"})
    assert (due.event, due.schedule, due.folder) == ("schedule", "17 5 * * 1", None)
    assert context({**EVERY, "CI_PIPELINE_SOURCE": "pipeline"}).event is None


def test_the_plan_s_outputs_are_lines_of_a_file_and_a_finding_is_a_line() -> None:
    told = PROVIDER.told
    assert told.output({}, "models", "[]") is None
    found = told.output({"CDML_OUTPUT": "plan.env"}, "models", "[]")
    assert found is not None
    assert (found.file, found.text, found.line) == ("plan.env", "models=[]\n", None)
    assert told.annotation("error", "worse\nby far", "mlops.yaml", 12) == "error: mlops.yaml:12: worse by far"
    assert told.annotation("notice", "done", None, None) == "notice: done"


def test_git_pushes_with_the_project_s_token_which_stands_in_no_variable_of_git() -> None:
    here = {
        "CDML_TOKEN": "hush-hush",
        "CI_PROJECT_URL": "https://g.example.com/t/p",
        "CI_SERVER_URL": "https://g.example.com",
    }
    found = PROVIDER.credentials(here)
    assert "hush-hush" not in json.dumps(found)
    asked = subprocess.run(
        ["git", "credential", "fill"], input="protocol=https\nhost=g.example.com\n\n", text=True, check=True,
        capture_output=True, env={**os.environ, **here, **found, "GIT_TERMINAL_PROMPT": "0"},
    )  # fmt: skip
    assert {"username=cdml", "password=hush-hush"} <= set(asked.stdout.splitlines())
    assert PROVIDER.credentials({}) == {}
    assert PROVIDER.credentials({**here, "GIT_CONFIG_COUNT": "1"}) == {}


CLOUD = {
    "aws": {"role": "arn:aws:iam::1:role/x", "region": "eu-west-1", "pull-request-role": "arn:aws:iam::1:role/r"},
    "gcp": {
        "workload-identity-provider": "projects/1/x",
        "service-account": "a@b",
        "pull-request-service-account": "c@d",
    },
}


def pipeline(settings: Mapping[str, Settings] | None = None) -> dict[str, Any]:
    """The jobs of a rendered pipeline, with what they extend."""
    found = document(render("gitlab", settings or {".": example()})[FILE])
    jobs = {name: job for name, job in found.items() if not name.startswith(".")}
    for job in jobs.values():
        if "extends" in job:
            base = found[job.pop("extends")]
            job.update(base | job | {"variables": base["variables"] | job.get("variables", {})})
    return jobs


def with_ci(ci: Ci) -> dict[str, Settings]:
    return {".": replace(example(), ci=ci)}


def test_a_cloud_s_identity_is_asked_for_by_the_jobs_that_enter_it() -> None:
    found = pipeline(with_ci(Ci(cloud=CLOUD)))
    tokens = found["cdml-main:register:progression"]["id_tokens"]
    assert tokens == {
        "CDML_ID_TOKEN_AWS": {"aud": "sts.amazonaws.com"},
        "CDML_ID_TOKEN_GCP": {"aud": "https://iam.googleapis.com/projects/1/x"},
    }
    assert found["cdml-main:register:progression"]["variables"]["CDML_CLOUD"] == "write"
    assert found["cdml-pull-request:judge:progression"]["variables"]["CDML_CLOUD"] == "read"
    assert "id_tokens" not in found["cdml-main:plan"]
    assert PROVIDER.identity({"CDML_ID_TOKEN_AWS": "t"}, "aws", "anybody") == "t"
    assert PROVIDER.identity({}, "aws", "anybody") is None


def test_machines_are_tags_and_the_default_one_an_image() -> None:
    ci = Ci(python="3.12", runs_on={"train": ("self-hosted", "gpu")}, timeout_minutes={"train": 90})
    found = pipeline(with_ci(ci))
    judge, deploy = found["cdml-pull-request:judge:progression"], found["cdml-deploy:deploy-1:progression"]
    assert (judge["tags"], judge.get("image"), judge["timeout"]) == (["self-hosted", "gpu"], None, "90 minutes")
    assert (deploy.get("tags"), deploy["image"], deploy["timeout"]) == (None, "python:3.12", "60 minutes")


def test_what_may_write_or_deploys_waits_for_its_turn_and_is_never_ended() -> None:
    for name, job in pipeline().items():
        if name in ("workflow", "variables"):
            continue
        judges = name.startswith("cdml-pull-request") and "report" not in name
        assert job["interruptible"] is judges, name
        assert ("resource_group" in job) is not (judges or ":plan" in name), name
        assert job["inherit"] == {"default": False}, name


def test_jobs_get_what_was_handed_on_and_the_gate_waits_for_a_report_that_may_be_missing() -> None:
    found = pipeline()
    plan, judge = "cdml-pull-request:plan", "cdml-pull-request:judge:progression"
    assert found[judge]["needs"] == [{"job": plan, "artifacts": True}]
    assert found["cdml-pull-request:report"]["needs"] == [{"job": judge, "artifacts": True}]
    assert found["cdml-pull-request:report"]["rules"][0]["when"] == "always"
    assert [(one["job"], one.get("optional", False)) for one in found["cdml-pull-request:gate"]["needs"]] == [
        (plan, False), (judge, False), ("cdml-pull-request:report", True)
    ]  # fmt: skip
    assert "when" not in found["cdml-pull-request:gate"]["rules"][0]


def test_nothing_waits_for_pipelines_of_forks_which_run_elsewhere() -> None:
    found = pipeline(with_ci(Ci(forks=True)))
    assert [name for name in found if name.startswith("cdml-forks")] == []


def test_no_newer_commit_ends_a_pipeline_of_main_or_of_a_release_branch() -> None:
    *rules, last = pipeline()["workflow"]["rules"]
    assert last == {"when": "always"}
    assert [re.findall(r'BRANCH == "(.*)"', rule["if"]) for rule in rules] == [
        ["main"], ["release/staging"], ["release/production"]
    ]  # fmt: skip
    assert {json.dumps(rule["auto_cancel"]) for rule in rules} == {'{"on_new_commit": "none"}'}


def test_variables_of_a_scope_reach_no_job_that_runs_code_of_merge_requests() -> None:
    secrets = {"train": ("DATA_KEY",), "deploy": ("DOOR_KEY",)}
    found = pipeline(with_ci(Ci(secrets=secrets)))
    assert found["cdml-pull-request:judge:progression"]["environment"] == {
        "name": "cdml-judge",
        "action": "access",
    }
    assert found["cdml-pull-request:report"]["environment"] == {"name": "cdml/report", "action": "access"}
    assert found["cdml-deploy:deploy-2:progression"]["environment"] == {"name": "production"}
    assert "environment" not in found["cdml-pull-request:plan"]


def test_a_schedule_needs_its_line_and_an_operation_its_name() -> None:
    settings = example()
    due = {".": replace(settings, train=replace(settings.train, schedule="17 5 * * 1"))}
    rules = [rule["if"] for rule in pipeline(due)["cdml-operate:retrain:progression"]["rules"]]
    assert len(rules) == 2
    assert '$CDML_OPERATION == "retrain"' in rules[0]
    assert '"schedule"' in rules[1]
    assert rules[1].endswith("$CDML_SCHEDULE")
    assert pipeline(due)["variables"]["CDML_OPERATION"]["value"] == "none"
    assert all("schedule" not in rule["if"] for rule in pipeline()["cdml-operate:retrain:progression"]["rules"])


def test_a_job_that_looks_at_production_is_there_where_there_is_something_to_look_at() -> None:
    watched = {".": replace(example(), monitor=Monitor("monitoring", schedule="17 5 * * *"))}
    job = pipeline(watched)["cdml-operate:monitor:progression"]
    assert [rule["if"].rpartition("&& ")[2] for rule in job["rules"]] == [
        '$CDML_OPERATION == "monitor"',
        "$CDML_SCHEDULE",
    ]
    assert 'outputs["monitored"]' in str(job["script"])
    assert job["environment"] == {"name": "cdml/monitor", "action": "access"}
    assert "cdml-operate:monitor:progression" not in pipeline()


@pytest.mark.parametrize(("main", "said"), [("it's", '"it\'s"'), ('a"b', "'a\"b'")])
def test_a_branch_with_a_quote_stands_between_the_others(main: str, said: str) -> None:
    found = repository({".": example()}, main)
    text = next(file.text for file in PROVIDER.files(found, workflows(found)) if file.path == FILE)
    assert document(text)["cdml-main:plan"]["rules"][0]["if"].endswith(f"$CI_COMMIT_BRANCH == {said}")


@pytest.mark.parametrize("main", ["a\"b'c", "a$b"])
def test_a_branch_that_a_rule_cannot_hold_is_refused(main: str) -> None:
    found = repository({".": example()}, main)
    with pytest.raises(ConfigError, match="cannot stand in"):
        PROVIDER.files(found, workflows(found))


CDML = """#!/bin/sh
if test "$1" = --version; then echo "cdml 0.1.0"; else printf '%s\\n' "$*" >> "$CALLS"; fi
"""


@pytest.mark.parametrize(
    ("plan", "code", "calls"),
    [
        ('[{"folder": "."}]', 0, ["-C . run install", "-C . run --event main"]),
        ('[{"folder": "sub"}]', 0, []),
        ("[]", 0, []),
        (None, 1, []),
        ("not JSON", 1, []),
    ],
    ids=["concerned", "another is", "none is", "no plan", "a broken plan"],
)
def test_a_job_ends_at_once_when_the_plan_does_not_name_its_model(
    plan: str | None, code: int, calls: list[str], tmp_path: Path
) -> None:
    work, programs = tmp_path / "work", tmp_path / "bin"
    programs.mkdir()
    (programs / "cdml").write_text(CDML)
    (programs / "cdml").chmod(0o755)
    commit = "git init -q -b main . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one"
    work.mkdir()
    subprocess.run(commit, shell=True, cwd=work, check=True)
    if plan is not None:
        (work / ".cdml-ci").mkdir()
        (work / ".cdml-ci" / "plan.env").write_text(f"count=1\nmodels={plan}\n")
    job = pipeline()["cdml-main:register:progression"]
    given = {
        "CALLS": str(tmp_path / "calls"),
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_SHA": "HEAD",
        **job["variables"],
    }
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])], cwd=work, check=False, capture_output=True,
        env={**os.environ, **given, "PATH": path},
    )  # fmt: skip
    assert bool(done.returncode) is bool(code), done.stderr
    written = tmp_path / "calls"
    assert (written.read_text().splitlines() if written.exists() else []) == calls


MLOPS = """\
model: m
ci: {main: main, providers: [gitlab]}
train: {stages: [a]}
evaluate: {stages: [b]}
register: {artifact: m}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    (tmp_path / "mlops.yaml").write_text(MLOPS)
    (tmp_path / ".dvc").mkdir()
    return tmp_path


def states(project: Path, *, check: bool = False) -> dict[str, str]:
    done = generate(project, check=check)
    return {item.path: item.state for item in done if "gitlab" in item.path}


def test_a_repository_without_a_pipeline_gets_one_that_includes_ours(project: Path) -> None:
    assert states(project) == {FILE: "written", MAIN_FILE: "written"}
    assert document((project / MAIN_FILE).read_text()) == {"include": [{"local": FILE}]}
    assert set(states(project, check=True).values()) == {"unchanged"}


def test_a_pipeline_of_one_s_own_is_never_touched_and_its_line_is_said(project: Path) -> None:
    (project / MAIN_FILE).write_text("build: {script: [make]}\n")
    said = {item.path: item for item in generate(project)}[MAIN_FILE]
    assert said.state == "own"
    assert f"include: {{local: {FILE}}}" in said.purpose
    assert (project / MAIN_FILE).read_text() == "build: {script: [make]}\n"
    assert states(project, check=True) == {FILE: "unchanged", MAIN_FILE: "own"}


def test_a_generated_pipeline_becomes_one_s_own_without_its_header(project: Path) -> None:
    states(project)
    ours = (project / MAIN_FILE).read_text()
    (project / MAIN_FILE).write_text(f"{ours}build: {{script: [make]}}\n")
    with pytest.raises(ConfigError, match="edited by hand"):
        generate(project)
    (project / MAIN_FILE).write_text("".join(ours.splitlines(keepends=True)[2:]))
    assert states(project)[MAIN_FILE] == "own"


def test_files_of_a_provider_that_is_asked_for_no_more_go_and_one_s_own_stays(project: Path) -> None:
    states(project)
    (project / "mlops.yaml").write_text(MLOPS.replace("[gitlab]", "[]"))
    assert states(project) == {FILE: "removed", MAIN_FILE: "removed"}
    (project / MAIN_FILE).write_text("build: {script: [make]}\n")
    assert states(project) == {}


def test_gitlab_com_is_served_unasked() -> None:
    assert "gitlab.com" in PROVIDERS["gitlab"].hosts

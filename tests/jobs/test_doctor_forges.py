"""What `cdml doctor` reads from GitHub, what it tells of Azure DevOps, GitLab and clouds, and its commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doctored_project import BRANCHES, NOT_PROTECTED, URL, Api, Doctored, environment, good, make, ruleset
from github_server import GithubServer

from cdml.ci.base import Model, Repository
from cdml.ci.workflows import workflows
from cdml.core.errors import ExternalError, UsageError
from cdml.core.settings import Ci
from cdml.jobs.doctor import body, doctor
from cdml.jobs.doctor_azure import find_place
from cdml.jobs.doctor_base import GATE, Finding, Scene, look
from cdml.jobs.doctor_cloud import cloud
from cdml.jobs.doctor_github import github
from cdml.jobs.project import open_project

TOKEN = {"GITHUB_TOKEN": "ghp_secret"}
CLOUD = """\
ci:
  cloud:
    aws: {role: "arn:aws:iam::123456789012:role/cdml", region: eu-central-1}
    azure: {client-id: c1, tenant-id: t1, subscription-id: s1}
    gcp:
      workload-identity-provider: projects/1/locations/global/workloadIdentityPools/p/providers/g
      service-account: a@b
"""
PROTECTION = "/branches/main/protection"
PLACES = ("staging", "production")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Doctored:
    return make(tmp_path_factory.mktemp("forges") / "toy")


@pytest.fixture(scope="module")
def scene(project: Doctored) -> Scene:
    """Of a project in which nothing is missing."""
    return look(open_project(project.root), TOKEN)


def read(scene: Scene, *, api: Api | None = None) -> list[Finding]:
    """What is found on GitHub."""
    return list(github(replace(scene, ask=api or Api(good()))))


def changed(scene: Scene, path: str, answer: Any) -> list[Finding]:
    """What is not well when GitHub answers so at one path."""
    found = read(scene, api=Api({**good(), path: answer}))
    return [one for one in found if one.state in ("missing", "unknown")]


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_the_required_check_is_the_one_that_the_workflows_make() -> None:
    described = workflows(Repository("main", (Model("m", ".", Ci(), ()),), ""))
    assert GATE in [job.title for flow in described for job in flow.jobs]


def test_workflows_that_may_not_open_pull_requests(scene: Scene) -> None:
    rights = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    one = only(changed(scene, "/actions/permissions/workflow", rights))
    assert (one.state, one.what) == ("missing", "workflows may not open pull requests")
    assert one.command == (
        "gh api -X PUT repos/acme/toy/actions/permissions/workflow -F can_approve_pull_request_reviews=true"
    )


def test_without_a_token_nothing_is_asked_and_every_command_is_there(scene: Scene) -> None:
    found = [one for one in doctor(scene.project.root, environ={}).findings if one.topic in ("github", "run")]
    unknown = [one for one in found if one.state == "unknown"]
    assert len(unknown) == 4
    assert all("acme/toy" in one.command for one in unknown)
    assert not [one for one in found if one.state == "missing"]
    assert "GITHUB_TOKEN=$(gh auth token) cdml doctor" in [one.command for one in found if one.state == "note"]


def test_a_right_that_the_token_lacks_is_named_once(scene: Scene) -> None:
    answers = {**good(), "/actions/permissions/workflow": 403, "/actions/permissions": 403}
    api = Api(answers, {"X-Accepted-GitHub-Permissions": "administration=read"})
    found = read(scene, api=api)
    unknown = [one for one in found if one.state == "unknown"]
    assert unknown[0].what == "whether workflows may open pull requests"
    assert unknown[0].command.startswith("gh api -X PUT repos/acme/toy/actions/permissions/workflow")
    assert sum("administration=read" in one.what for one in unknown) == 1


def test_a_forge_that_does_not_answer_is_asked_once(scene: Scene) -> None:
    api = Api({**good(), "": ExternalError("GET https://api.github.com: no answer")})
    found = read(scene, api=api)
    assert api.asked == [""]
    assert [one.what for one in found if one.state == "unknown"][-1] == "GET https://api.github.com: no answer"
    assert not [one for one in found if one.state == "missing"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            [],
            "main is not protected: it may be pushed to, deleted, rewritten, "
            "it does not require the check 'cdml gate'",
        ),
        (ruleset("build"), "main is not protected: it does not require the check 'cdml gate'"),
        (ruleset("cdml gate")[1:], "main is not protected: deleted"),
    ],
)
def test_what_a_branch_lacks_is_named(scene: Scene, rules: list[Any], said: str) -> None:
    one = only(changed(scene, "/rules/branches/main", rules))
    assert (one.state, one.what) == ("missing", said)
    assert one.command == "cdml doctor --body main | gh api repos/acme/toy/rulesets --input -"


def test_a_release_branch_requires_the_judgement_of_its_promotions(scene: Scene) -> None:
    one = only(changed(scene, "/rules/branches/release%2Fstaging", ruleset("cdml into release/production")))
    assert "it does not require the check 'cdml into release/staging'" in one.what


def test_the_older_branch_protection_counts_too(scene: Scene) -> None:
    old = {
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "required_status_checks": {"contexts": ["cdml gate"], "checks": []},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
    }
    answers = {**good(), "/rules/branches/main": []}
    for protection, state in ((old, None), ({**old, "allow_force_pushes": {"enabled": True}}, "missing")):
        found = read(scene, api=Api({**answers, PROTECTION: protection}))
        assert [one.state for one in found if "main is not protected" in one.what] == ([state] if state else [])


def test_a_protection_that_only_administrators_see_leaves_it_unknown(scene: Scene) -> None:
    answers = {**good(), "/rules/branches/main": [], PROTECTION: 403}
    found = read(scene, api=Api(answers))
    states = [one.state for one in found if one.topic == "github" and "main" in one.what]
    assert states[0] == "unknown"
    assert not [one for one in changed(scene, PROTECTION, 403) if "main takes" in one.what]


@pytest.mark.parametrize(
    "conditions",
    [
        {"include": ["refs/tags/toy@*"], "exclude": []},
        {"include": ["~ALL"], "exclude": ["refs/tags/toy#*"]},
        {"include": ["refs/tags/other*"], "exclude": []},
        {},
    ],
)
def test_tags_that_a_ruleset_does_not_cover_may_be_moved(scene: Scene, conditions: dict[str, Any]) -> None:
    tags = {**good()["/rulesets/5"], "conditions": {"ref_name": conditions}}
    one = only(changed(scene, "/rulesets/5", tags))
    assert (one.state, one.what) == ("missing", "tags of toy may be moved and deleted")


def test_rules_for_tags_have_to_be_active_and_forbid_both(scene: Scene) -> None:
    listed = [{"id": 5, "target": "tag", "enforcement": "disabled"}]
    assert only(changed(scene, "/rulesets", listed)).state == "missing"
    tags = {**good()["/rulesets/5"], "rules": [{"type": "deletion"}]}
    assert only(changed(scene, "/rulesets/5", tags)).state == "missing"
    everything = {**good()["/rulesets/5"], "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}}}
    assert changed(scene, "/rulesets/5", everything) == []


def test_an_environment_that_is_not_there_or_open_to_all(scene: Scene) -> None:
    one = only(changed(scene, "/environments", {"environments": [environment("staging")]}))
    assert one.what == "there is no environment production"
    wide = {**environment("production"), "deployment_branch_policy": None}
    one = only(changed(scene, "/environments", {"environments": [environment("staging"), wide]}))
    assert one.what == "the environment production is open to every branch"
    one = only(changed(scene, "/environments/staging/deployment-branch-policies", {"branch_policies": []}))
    assert one.what == "the environment staging is not open to release/staging"


def test_closing_an_environment_keeps_its_reviewers_and_its_wait(scene: Scene) -> None:
    wide: dict[str, Any] = {**environment("production"), "deployment_branch_policy": None}
    wide["protection_rules"] = [*wide["protection_rules"], {"type": "wait_timer", "wait_timer": 30}]
    api = Api({**good(), "/environments": {"environments": [wide]}})
    sent = body(scene.project.root, "environments/production", environ=TOKEN, ask=api)
    assert sent == {
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        "wait_timer": 30,
        "reviewers": [{"type": "User", "id": 7}],
        "prevent_self_review": False,
    }
    assert "reviewers" not in body(scene.project.root, "environments/staging", environ=TOKEN, ask=api)


def test_an_environment_without_reviewers_is_told_not_demanded(scene: Scene) -> None:
    alone = {**environment("production"), "protection_rules": []}
    api = Api({**good(), "/environments": {"environments": [environment("staging"), alone]}})
    found = read(scene, api=api)
    assert "note" in [one.state for one in found if "nobody is asked" in one.what and "production" in one.what]
    assert not [one for one in found if one.state == "missing"]


def test_another_default_branch_and_switched_off_actions(scene: Scene) -> None:
    assert only(changed(scene, "", {"default_branch": "trunk"})).command == (
        "gh repo edit acme/toy --default-branch main"
    )
    assert only(changed(scene, "/actions/permissions", {"enabled": False})).what == "Actions are switched off"
    local = {"enabled": True, "allowed_actions": "local_only"}
    assert only(changed(scene, "/actions/permissions", local)).state == "missing"


@pytest.mark.parametrize("answer", [[], None, "x", {"x": 1}, [1, None], {"environments": 3}, {"message": 5}])
def test_answers_of_another_shape_are_no_traceback(scene: Scene, answer: Any) -> None:
    for path in good():
        read(scene, api=Api({**good(), path: answer}))


def test_secrets_are_looked_for_where_their_job_finds_them(tmp_path: Path) -> None:
    project = make(tmp_path / "toy", ci="ci: {secrets: {train: [data_key, CDML_TOKEN], deploy: [REGISTRY]}}\n")
    answers = {
        **good(),
        "/actions/secrets": {"secrets": [{"name": "DATA_KEY"}]},
        "/actions/organization-secrets": {"secrets": [{"name": "CDML_TOKEN"}]},
        "/environments/staging/secrets": {"secrets": [{"name": "REGISTRY"}]},
        "/environments/production/secrets": {"secrets": []},
    }
    found = doctor(project.root, environ=TOKEN, ask=Api(answers))
    assert [one.command for one in found.missing] == ["gh secret set REGISTRY --repo acme/toy --env production"]
    said = [one.what for one in found.findings if one.state == "ok"]
    assert "the secret data_key is set" in said
    assert "jobs act with CDML_TOKEN, so that what they push starts runs" in said
    hidden = doctor(project.root, environ=TOKEN, ask=Api({**answers, "/actions/secrets": 403})).findings
    assert [one.state for one in hidden if "data_key" in one.what] == ["unknown"]


def test_clouds_trust_main_and_environments_but_no_pull_request(tmp_path: Path) -> None:
    project = make(tmp_path / "toy", ci=CLOUD)
    policy = body(project.root, "aws", environ=TOKEN, ask=Api(good()))
    claims = ["repo:acme/toy:ref:refs/heads/main", *(f"repo:acme/toy:environment:{name}" for name in PLACES)]
    condition = policy["Statement"][0]["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:sub"] == claims
    assert condition["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    scene = look(open_project(project.root), TOKEN, Api(good()))
    found = list(cloud(scene))
    assert [one.state for one in found] == ["unknown", "note"] * 3
    assert all(claim in one.what for one in found[::2] for claim in claims)
    assert not any("pull_request" in one.what for one in found[::2])
    assert "ci.cloud.azure.pull-request-client-id" in found[3].why
    assert body(project.root, "azure/staging", environ=TOKEN, ask=Api(good()))["subject"] == claims[1]


def test_pull_requests_have_somebody_else_to_be_in_a_cloud(tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/reads"
    project = make(tmp_path / "toy", ci=CLOUD.replace("region:", f'pull-request-role: "{role}", region:'))
    scene = look(open_project(project.root), TOKEN, Api(good()))
    commands = [one.command for one in cloud(scene) if role in one.what]
    assert commands == [
        "aws iam update-assume-role-policy --role-name reads "
        '--policy-document "$(cdml doctor --body aws/pull-request)"'
    ]
    policy = body(project.root, "aws/pull-request", environ=TOKEN, ask=Api(good()))
    subject = policy["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subject == ["repo:acme/toy:pull_request", "repo:acme/toy:ref:refs/heads/cdml/asked"]


@pytest.mark.parametrize(
    ("repository", "custom", "prefix"),
    [
        ({"created_at": "2026-09-01T00:00:00Z"}, 404, "repo:acme@11/toy@22"),
        (
            {"created_at": "2026-09-01T00:00:00Z"},
            {"use_default": True, "use_immutable_subject": False},
            "repo:acme/toy",
        ),
        ({}, {"use_default": True, "use_immutable_subject": True}, "repo:acme@11/toy@22"),
        ({}, {"use_default": True, "sub_claim_prefix": "repo:acme@1/toy@2"}, "repo:acme@1/toy@2"),
        ({}, 403, "repo:acme/toy"),
    ],
)
def test_subjects_hold_the_numbers_of_owner_and_repository_where_github_says_so(
    tmp_path: Path, repository: dict[str, Any], custom: Any, prefix: str
) -> None:
    project = make(tmp_path / "toy", ci=CLOUD)
    first = {**good()[""], **repository}
    api = Api({**good(), "": first, "/actions/oidc/customization/sub": custom})
    policy = body(project.root, "aws", environ=TOKEN, ask=api)
    assert (
        policy["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"][0]
        == f"{prefix}:ref:refs/heads/main"
    )


def test_several_models_require_no_status_that_only_one_of_them_states(tmp_path: Path) -> None:
    project = make(tmp_path / "toy")
    inside = project.root / "models" / "toy"
    (inside / ".dvc").mkdir(parents=True)
    for name in ("mlops.yaml", "a.py", "d.csv", ".dvc/config"):
        shutil.copy(project.root / name, inside / name)
    project.git("rm", "--quiet", "-r", "--cached", "mlops.yaml")
    (project.root / "mlops.yaml").unlink()
    project.push()
    kinds = [rule["type"] for rule in body(inside, "release/staging", environ={})["rules"]]
    assert kinds == ["deletion", "non_fast_forward", "pull_request"]
    main = body(inside, "main", environ={})["rules"][-1]["parameters"]["required_status_checks"]
    assert main == [{"context": "cdml gate"}]


def test_a_body_that_no_command_sends_is_refused(scene: Scene) -> None:
    with pytest.raises(UsageError, match="release/staging"):
        body(scene.project.root, "nothing", environ={})


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://dev.azure.com/org/My%20Project/_git/repo", ("https://dev.azure.com/org", "My Project", "repo")),
        ("https://org@dev.azure.com/org/proj/_git/repo", ("https://dev.azure.com/org", "proj", "repo")),
        ("git@ssh.dev.azure.com:v3/org/proj/repo", ("https://dev.azure.com/org", "proj", "repo")),
        ("https://org.visualstudio.com/proj/_git/repo", ("https://dev.azure.com/org", "proj", "repo")),
        ("https://org.visualstudio.com/_git/repo", ("https://dev.azure.com/org", "repo", "repo")),
        ("../store.git", ("https://dev.azure.com/ORGANIZATION", "PROJECT", "REPOSITORY")),
    ],
)
def test_azure_is_read_off_the_remote(url: str, place: tuple[str, str, str]) -> None:
    found = find_place(url)
    assert (found.organization, found.project, found.repository) == place


AZURE = "ci:\n  providers: [azure]\n  azure: {pool: My pool, service-connection: conn, variable-group: vars}\n"


def told(project: Doctored, topic: str) -> str:
    found = [one for one in doctor(project.root, environ={}).findings if one.topic == topic]
    assert {one.state for one in found} == {"unknown"}
    return "\n".join(f"{one.what}: {one.command}" for one in found)


def test_azure_is_told_its_pipeline_policies_rights_checks_and_names(tmp_path: Path) -> None:
    project = make(tmp_path / "toy", ci=AZURE, branches=())
    project.git("remote", "set-url", "origin", "git@ssh.dev.azure.com:v3/org/My%20Project/repo")
    said = told(project, "azure")
    for part in (
        "az pipelines create --name 'cdml toy' --repository repo --repository-type tfsgit --branch main "
        "--yml-path azure-pipelines.yml",
        "az repos policy build create --branch main --display-name 'cdml gate'",
        "for branch in release/staging release/production; do az repos policy approver-count create",
        "--allow-bit 16436",
        "https://dev.azure.com/org/My%20Project/_environments: production",
        "az pipelines pool list --pool-name 'My pool'",
        "New service connection, conn",
        "az pipelines variable-group create --name vars --authorize true",
    ):
        assert part in said
    assert "az pipelines create" in said.splitlines()[0]


def test_azure_without_a_pool_is_told_of_parallelism(tmp_path: Path) -> None:
    project = make(tmp_path / "toy", ci="ci: {providers: [azure]}\n", branches=())
    assert "azpipelines-parallelism-request" in told(project, "azure")


def test_gitlab_is_told_its_merge_settings_protection_and_tokens(tmp_path: Path) -> None:
    project = make(tmp_path / "toy", ci="ci: {providers: [gitlab], secrets: {train: [KEY]}}\n", branches=())
    project.git("remote", "set-url", "origin", "git@gitlab.com:group/sub/toy.git")
    said = told(project, "gitlab")
    for part in (
        "projects/group%2Fsub%2Ftoy -F only_allow_merge_if_pipeline_succeeds=true",
        "for name in main release/staging release/production; do glab api -X POST "
        "projects/group%2Fsub%2Ftoy/protected_branches",
        "for name in 'toy@*' 'toy#*'; do glab api -X POST projects/group%2Fsub%2Ftoy/protected_tags",
        "ci_push_repository_for_job_token_allowed=true",
        "glab variable set CDML_TOKEN",
        "projects/group%2Fsub%2Ftoy/hooks -F note_events=true -F push_events=false -f "
        "'url=https://gitlab.com/api/v4/projects/group%2Fsub%2Ftoy/ref/main/trigger/pipeline?token='\"$token\"",
        "protected_environments -f name=production",
        "for name in KEY;",
    ):
        assert part in said


HOSTILE = "$(touch${IFS}hacked)';touch${IFS}hacked;'\"`touch${IFS}hacked`\""
STUB = '#!/bin/sh\nfor word; do printf "%s\\n" "$word" >>"$LOG"; done\necho 1\n'
URLS = {"github": URL, "azure": "git@ssh.dev.azure.com:v3/org/proj/repo", "gitlab": "git@gitlab.com:acme/toy.git"}


@pytest.mark.parametrize("provider", ["github", "azure", "gitlab"])
def test_no_name_runs_as_code_when_a_command_is_copied(tmp_path: Path, provider: str) -> None:
    """Every printed command is run by a shell in which the programs only write down what they are given."""
    project = make(tmp_path / "toy", branches=())
    branch = json.dumps(HOSTILE)
    text = (project.root / "mlops.yaml").read_text()
    text = text.replace(
        "model: toy\n", f"model: toy\n{CLOUD.rstrip()}\n  providers: [{provider}]\n  secrets: {{deploy: [KEY]}}\n"
    )
    text = text.replace("staging: {", f"staging: {{branch: {branch}, ")
    project.write(**{"mlops.yaml": text})
    project.git("remote", "set-url", "origin", URLS[provider])
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    for name in ("gh", "az", "glab", "aws", "gcloud", "cdml", "git", "dvc", "pip"):
        (programs / name).write_text(STUB)
        (programs / name).chmod(0o755)
    environ = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "LOG": str(log)}
    here = tmp_path / "here"
    here.mkdir()
    commands = [
        one.command for one in doctor(project.root, environ={}).findings if one.topic in (provider, "cloud")
    ]
    typed = [one for one in commands if one and not one.startswith("https://")]
    assert len(typed) >= 4
    for command in typed:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=here,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert not list(here.iterdir())
    given = log.read_text().splitlines()
    assert any(line.removeprefix("name=") == HOSTILE for line in given)


def test_every_branch_of_the_fixture_is_asked_for(scene: Scene) -> None:
    api = Api(good())
    read(scene, api=api)
    asked = {path.partition("?")[0] for path in api.asked}
    assert {f"/rules/branches/{branch.replace('/', '%2F')}" for branch in ("main", *BRANCHES)} <= asked
    assert good()[PROTECTION] == NOT_PROTECTED


def test_the_token_of_the_environment_asks_the_api_that_the_environment_names(project: Doctored) -> None:
    with GithubServer(check=False) as server:
        environ = {**TOKEN, "GITHUB_API_URL": server.url}
        found = list(github(look(open_project(project.root), environ)))
    assert {one.token for one in server.seen} == {"ghp_secret"}
    assert "/repos/acme/toy/actions/permissions/workflow" in [one.path for one in server.seen]
    assert "whether workflows may open pull requests" in [one.what for one in found if one.state == "unknown"]
    assert "ghp_secret" not in f"{found}"

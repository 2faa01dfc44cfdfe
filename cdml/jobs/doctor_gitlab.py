"""What GitLab holds beside .gitlab-ci.yml. What no token shows is told: the commands say what belongs there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from cdml.forges import address
from cdml.jobs.doctor_base import Finding, Scene, judged, quoted, shell
from cdml.jobs.doctor_gitlab_token import look_at
from cdml.state.git import words

TOPIC = "gitlab"
TOKEN = "CDML_TOKEN"  # noqa: S105
# GitLab's numbers for who may do something to a protected branch or tag.
NOBODY, DEVELOPERS, MAINTAINERS = 0, 30, 40


def gitlab(scene: Scene) -> Iterator[Finding]:
    """Merge settings, protected branches and tags, the rights of jobs, environments and variables."""
    seen = look_at(scene)
    yield from seen.findings
    if "gitlab" not in scene.providers:
        return
    path = address.path(scene.url) if "gitlab" in address.host(scene.url) else ""
    at = f"projects/{quote(path, safe='')}" if path else "projects/GROUP%2FPROJECT"
    yield judged(
        TOPIC,
        seen.has("only_allow_merge_if_pipeline_succeeds"),
        ("a merge waits for a pipeline that succeeds", "a merge waits for no pipeline"),
        "without it a failed gate stops nobody",
        f"glab api -X PUT {at} -F only_allow_merge_if_pipeline_succeeds=true",
    )
    yield from _protected(scene, at)
    yield from _tokens(at, seen.has("ci_push_repository_for_job_token_allowed"))
    yield from _environments(scene, at)
    if scene.providers[0] == "gitlab":
        yield _commands(scene, at)
    names = list(dict.fromkeys(name for some in scene.project.settings.ci.secrets.values() for name in some))
    if names:
        yield _unknown(
            f"whether {words(names)} {'is' if len(names) == 1 else 'are'} set as variables",
            "mlops.yaml names them under ci.secrets; the command asks for each value",
            f'for name in {shell(*names)}; do glab variable set "$name" --masked; done',
        )


def _unknown(what: str, why: str, command: str) -> Finding:
    return Finding(TOPIC, "unknown", what, why, command)


def _protected(scene: Scene, at: str) -> Iterator[Finding]:
    model = scene.project.settings.model
    branches = [scene.project.main, *(one.branch for one in scene.project.settings.environments)]
    yield _unknown(
        f"whether {words(branches)} {'takes' if len(branches) == 1 else 'take'} merge requests alone",
        "who may push to a branch goes around its gates",
        f'for name in {shell(*branches)}; do glab api -X POST {at}/protected_branches -f name="$name"'
        f" -F push_access_level={NOBODY} -F merge_access_level={DEVELOPERS} -F allow_force_push=false; done",
    )
    yield _unknown(
        f"whether tags of {model} cannot be moved or deleted",
        "they are the registry; a job creates them with the rights of who started it",
        f"for name in {shell(f'{model}@*', f'{model}#*')}; do glab api -X POST {at}/protected_tags"
        f' -f name="$name" -F create_access_level={DEVELOPERS}; done',
    )


def _tokens(at: str, pushes: bool | None) -> Iterator[Finding]:
    yield judged(
        TOPIC,
        pushes,
        ("CI_JOB_TOKEN may push to this repository", "CI_JOB_TOKEN may not push to this repository"),
        "jobs push versions, judged runs and branches (GitLab 17.2 or later)",
        f"glab api -X PUT {at} -F ci_push_repository_for_job_token_allowed=true",
    )
    yield _unknown(
        f"whether {TOKEN} is set",
        "CI_JOB_TOKEN may neither comment nor open merge requests, and what it pushes starts no pipeline; "
        "a project access token may, with the scopes api and write_repository",
        f"glab token create cdml --scope api --scope write_repository --access-level developer --duration 90d"
        f" --output text | glab variable set {TOKEN} --masked",
    )


def _commands(scene: Scene, at: str) -> Finding:
    host, main = address.host(scene.url) or "gitlab.com", quote(scene.project.main, safe="")
    start = f"https://{host}/api/v4/{at}/ref/{main}/trigger/pipeline?token="
    made = f"glab api -X POST {at}/triggers -f description=cdml"
    only = r"""sed -E 's/.*"token": *"([^"]+)".*/\1/'"""
    hook = f"glab api -X POST {at}/hooks -F note_events=true -F push_events=false"
    return _unknown(
        "whether a webhook starts the pipeline that answers commands in comments",
        "GitLab starts nothing for a comment by itself; without it /cdml in a comment does nothing",
        f'token=$({made} | {only}) && {hook} -f {quoted(f"url={start}")}"$token"',
    )


def _environments(scene: Scene, at: str) -> Iterator[Finding]:
    for one in scene.project.settings.environments:
        yield _unknown(
            f"whether the environment {one.name} asks somebody before a deployment",
            "whoever may merge into its release branch deploys (protected environments are GitLab Premium's)",
            f"glab api -X POST {at}/protected_environments -f name={quoted(one.name)}"
            f" -F 'deploy_access_levels[][access_level]={DEVELOPERS}'"
            f" -F 'approval_rules[][access_level]={MAINTAINERS}' -F 'approval_rules[][required_approvals]=1'",
        )

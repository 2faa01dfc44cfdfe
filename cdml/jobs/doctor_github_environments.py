"""GitHub's environments: each deploy job names one, and it holds the job's secrets, reviewers and branches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdml.core.settings import Environment
from cdml.jobs.doctor_base import Finding, Scene, quoted
from cdml.jobs.doctor_github_api import Reader, dicts, mapping, part

TOPIC = "github"
_CUSTOM = (
    "-F 'deployment_branch_policy[protected_branches]=false'"
    " -F 'deployment_branch_policy[custom_branch_policies]=true'"
)
_OPEN = "any branch's workflow could deploy with its secrets"


def environments(scene: Scene, hub: Reader) -> Iterator[Finding]:
    """Every environment of mlops.yaml: it is there, its release branch alone may use it, and people are asked."""
    wanted = scene.project.settings.environments
    if not wanted:
        return
    listed = hub.read("/environments?per_page=100", "actions: read")
    there = {str(one.get("name")): one for one in dicts(mapping(listed.data).get("environments"))}
    for one in wanted:
        if listed.data is None:
            what = f"whether only {one.branch} may use the environment {one.name}"
            why = f"{_OPEN} ({listed.reason})" if listed.reason else _OPEN
            yield Finding(TOPIC, "unknown", what, why, _create(hub, one, {}))
        elif one.name not in there:
            why = "its first deployment would create it without any protection"
            yield Finding(TOPIC, "missing", f"there is no environment {one.name}", why, _create(hub, one, {}))
        else:
            yield _branches(hub, one, there[one.name])
            yield from _reviewers(hub, one, there[one.name])


def _create(hub: Reader, one: Environment, present: dict[str, Any]) -> str:
    """The command that lets the release branch alone use an environment, and keeps its reviewers and its wait."""
    people = _people(present)
    kept = "".join(f" -F 'reviewers[][type]={kind}' -F 'reviewers[][id]={number}'" for kind, number in people)
    wait = next((r.get("wait_timer") for r in _rules(present, "wait_timer")), None)
    kept += f" -F wait_timer={int(wait)}" if isinstance(wait, int) and wait else ""
    place = f"repos/{hub.slug}/environments/{part(one.name)}"
    return f"gh api -X PUT {place} {_CUSTOM}{kept} && {_allow(place, one)}"


def _allow(place: str, one: Environment) -> str:
    return f"gh api {place}/deployment-branch-policies -f {quoted(f'name={one.branch}')}"


def _branches(hub: Reader, one: Environment, present: dict[str, Any]) -> Finding:
    policy = mapping(present.get("deployment_branch_policy"))
    if not policy:
        what = f"the environment {one.name} is open to every branch"
        return Finding(TOPIC, "missing", what, _OPEN, _create(hub, one, present))
    if not policy.get("custom_branch_policies"):
        return Finding(TOPIC, "ok", f"the environment {one.name} is open to protected branches")
    seen = hub.read(f"/environments/{part(one.name)}/deployment-branch-policies?per_page=100", "actions: read")
    if seen.data is None:
        return Finding(TOPIC, "unknown", f"which branches may use the environment {one.name}", seen.reason)
    names = [str(item.get("name")) for item in dicts(mapping(seen.data).get("branch_policies"))]
    if one.branch in names or "release/*" in names or "release/**" in names:
        return Finding(TOPIC, "ok", f"the environment {one.name} is open to {', '.join(names)}")
    return Finding(
        TOPIC,
        "missing",
        f"the environment {one.name} is not open to {one.branch}",
        "its deploy job would be refused",
        _allow(f"repos/{hub.slug}/environments/{part(one.name)}", one),
    )


def _reviewers(hub: Reader, one: Environment, present: dict[str, Any]) -> Iterator[Finding]:
    people = _people(present)
    if people:
        yield Finding(TOPIC, "ok", f"{len(people)} reviewers of {one.name}")
        return
    yield Finding(
        TOPIC,
        "note",
        f"nobody is asked before a deployment to {one.name}",
        "whoever may merge into its release branch deploys; reviewers are kept by the environment",
        f"https://github.com/{hub.slug}/settings/environments: {one.name}, Required reviewers",
    )


def _rules(present: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [rule for rule in dicts(present.get("protection_rules")) if rule.get("type") == kind]


def _people(present: dict[str, Any]) -> list[tuple[str, int]]:
    """Users and teams who review, as GitHub's API takes them back."""
    found = [one for rule in _rules(present, "required_reviewers") for one in dicts(rule.get("reviewers"))]
    pairs = [(one.get("type"), mapping(one.get("reviewer")).get("id")) for one in found]
    return [(kind, number) for kind, number in pairs if kind in ("User", "Team") and isinstance(number, int)]

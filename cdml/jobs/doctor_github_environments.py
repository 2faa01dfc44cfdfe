"""GitHub's environments: each deploy job names one, and it holds the job's secrets, reviewers and branches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdml.core.settings import Environment
from cdml.jobs.doctor_base import Finding, Scene, quoted
from cdml.jobs.doctor_github_api import Reader, dicts, mapping, part

TOPIC = "github"
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
            yield Finding(TOPIC, "unknown", what, _OPEN, _create(hub, one))
        elif one.name not in there:
            why = "its first deployment would create it without any protection"
            yield Finding(TOPIC, "missing", f"there is no environment {one.name}", why, _create(hub, one))
        else:
            yield _branches(hub, one, there[one.name])
            yield from _reviewers(hub, one, there[one.name])


def bodies(scene: Scene, hub: Reader | None) -> dict[str, dict[str, Any]]:
    """What makes an environment open to named branches alone, by the name that `cdml doctor --body` gives it.

    GitHub takes away what it is not told again: reviewers and the wait that are there stay.
    """
    listed = hub.read("/environments?per_page=100", "actions: read").data if hub else None
    there = {str(one.get("name")): one for one in dicts(mapping(listed).get("environments"))}
    return {
        f"environments/{one.name}": _body(there.get(one.name, {})) for one in scene.project.settings.environments
    }


def _body(present: dict[str, Any]) -> dict[str, Any]:
    wait = next((rule.get("wait_timer") for rule in _rules(present, "wait_timer")), None)
    people = [{"type": kind, "id": number} for kind, number in _people(present)]
    reviews = [bool(rule.get("prevent_self_review")) for rule in _rules(present, "required_reviewers")]
    return {
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        **({"wait_timer": wait} if isinstance(wait, int) else {}),
        **({"reviewers": people, "prevent_self_review": any(reviews)} if people else {}),
    }


def _create(hub: Reader, one: Environment) -> str:
    place = f"repos/{hub.slug}/environments/{part(one.name)}"
    name = quoted(f"environments/{one.name}")
    return f"cdml doctor --body {name} | gh api -X PUT {place} --input - && {_allow(place, one)}"


def _allow(place: str, one: Environment) -> str:
    return f"gh api {place}/deployment-branch-policies -f {quoted(f'name={one.branch}')}"


def _branches(hub: Reader, one: Environment, present: dict[str, Any]) -> Finding:
    policy = mapping(present.get("deployment_branch_policy"))
    if not policy:
        what = f"the environment {one.name} is open to every branch"
        return Finding(TOPIC, "missing", what, _OPEN, _create(hub, one))
    if not policy.get("custom_branch_policies"):
        return Finding(TOPIC, "ok", f"the environment {one.name} is open to protected branches")
    seen = hub.read(f"/environments/{part(one.name)}/deployment-branch-policies?per_page=100", "actions: read")
    if seen.data is None:
        return Finding(TOPIC, "unknown", f"which branches may use the environment {one.name}", _OPEN)
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

"""What GitHub holds of a repository beside its files: the switches of Actions, and secrets."""

from __future__ import annotations

from collections.abc import Iterator

from cdml.forges.github_place import TOKENS
from cdml.jobs.doctor_base import Finding, Scene, judged, quoted
from cdml.jobs.doctor_github_api import Reader, dicts, mapping, part, reader
from cdml.jobs.doctor_github_environments import environments
from cdml.jobs.doctor_github_rules import protection

TOPIC = "github"
TOKEN = "CDML_TOKEN"  # noqa: S105
FIRST = 100


def github(scene: Scene) -> Iterator[Finding]:
    """Everything that GitHub's API tells of the settings that delivery needs."""
    hub = reader(scene)
    if hub is None or "github" not in scene.providers:
        return
    yield from _repository(scene, hub)
    yield from _actions(hub)
    yield from protection(scene, hub)
    yield from environments(scene, hub)
    yield from _secrets(scene, hub)
    yield _runs(scene, hub)
    for reason, hint in hub.reasons.items():
        yield Finding(
            TOPIC,
            "unknown",
            reason,
            hint or "an administrator's token sees everything",
            f"{TOKENS[1]}=$(gh auth token) cdml doctor",
        )


def _repository(scene: Scene, hub: Reader) -> Iterator[Finding]:
    default = mapping(hub.read("", "metadata: read").data).get("default_branch")
    main = scene.project.main
    if default not in (None, main):
        yield Finding(
            TOPIC,
            "missing",
            f"the default branch is {default}, not {main}",
            "schedules and runs by hand start on the default branch alone",
            f"gh repo edit {hub.slug} --default-branch {quoted(main)}",
        )


def _actions(hub: Reader) -> Iterator[Finding]:
    seen = mapping(hub.read("/actions/permissions").data)
    if seen.get("enabled") is False:
        yield Finding(
            TOPIC,
            "missing",
            "Actions are switched off",
            "no workflow runs",
            f"gh api -X PUT repos/{hub.slug}/actions/permissions -F enabled=true -f allowed_actions=all",
        )
    if seen.get("allowed_actions") == "local_only":
        yield Finding(
            TOPIC,
            "missing",
            "only actions of this repository's owner may run",
            "the workflows use actions/checkout and others of GitHub's own",
            f"gh api -X PUT repos/{hub.slug}/actions/permissions -F enabled=true -f allowed_actions=selected && "
            f"gh api -X PUT repos/{hub.slug}/actions/permissions/selected-actions -F github_owned_allowed=true",
        )
    rights = hub.read("/actions/permissions/workflow")
    opens = mapping(rights.data).get("can_approve_pull_request_reviews")
    yield judged(
        TOPIC,
        opens if isinstance(opens, bool) else None,
        ("workflows may open pull requests", "workflows may not open pull requests"),
        "promotions, rollbacks and retraining are pull requests that a job opens",
        f"gh api -X PUT repos/{hub.slug}/actions/permissions/workflow -F can_approve_pull_request_reviews=true",
    )
    if mapping(rights.data).get("default_workflow_permissions") == "write":
        yield Finding(
            TOPIC,
            "note",
            "workflows without permissions of their own may write",
            "the generated ones name theirs; others need not",
            f"gh api -X PUT repos/{hub.slug}/actions/permissions/workflow -f default_workflow_permissions=read",
        )


def _secrets(scene: Scene, hub: Reader) -> Iterator[Finding]:
    """The secrets that mlops.yaml names, by their names alone: nobody can read their values."""
    asked = scene.project.settings.ci.secrets
    if not asked:
        return
    places = [one.name for one in scene.project.settings.environments]
    everywhere, shared = _names(hub, "/actions/secrets"), _names(hub, "/actions/organization-secrets") or set()
    inside = {name: _names(hub, f"/environments/{part(name)}/secrets") or set() for name in places}
    for name in dict.fromkeys(name for names in asked.values() for name in names):
        deploys = bool(places) and all(name not in names for kind, names in asked.items() if kind != "deploy")
        lacking = [place for place in places if name.upper() not in inside[place]] if deploys else []
        set_up = name.upper() in (everywhere or set()) | shared or (deploys and not lacking)
        targets = [f" --env {quoted(place)}" for place in lacking] or [""]
        yield judged(
            TOPIC,
            None if everywhere is None and not set_up else set_up,
            (f"the secret {name} is set", f"the secret {name} is not set"),
            "mlops.yaml names it under ci.secrets, and its job would find it empty",
            " && ".join(f"gh secret set {name} --repo {hub.slug}{target}" for target in targets),
        )


def _names(hub: Reader, path: str) -> set[str] | None:
    """Names of secrets in capitals, as GitHub keeps them; None where they cannot be listed."""
    seen = hub.read(f"{path}?per_page={FIRST}", "secrets: read", absent=("Not Found",))
    if seen.data is None:
        return None
    return {str(item.get("name", "")).upper() for item in dicts(mapping(seen.data).get("secrets"))}


def _runs(scene: Scene, hub: Reader) -> Finding:
    """No such token is needed here: what a job opens, it also judges."""
    named = any(TOKEN in names for names in scene.project.settings.ci.secrets.values())
    if named:
        return Finding(TOPIC, "ok", f"jobs act with {TOKEN}, so that what they push starts runs")
    return Finding(
        TOPIC,
        "note",
        "what jobs push starts no run of other workflows",
        "the generated ones need none, since a job judges what it opens; should yours run too, name "
        f"{TOKEN} under ci.secrets and set it to the token of an app or of a person",
        f"gh secret set {TOKEN} --repo {hub.slug}",
    )

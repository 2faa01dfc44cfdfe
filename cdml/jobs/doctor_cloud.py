"""Who a job says it is to a cloud: the subject of its OIDC token, and the trust that the cloud must have in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdml.ci.base import Job, Repository, Workflow
from cdml.ci.machines import model_of
from cdml.ci.workflows import workflows
from cdml.core.names import ASKED_BRANCH
from cdml.forges import address
from cdml.jobs.cloud import READERS
from cdml.jobs.doctor_base import Finding, Scene
from cdml.jobs.doctor_cloud_trust import Subject, aws_body, entra_credential, trust, trust_policy
from cdml.jobs.doctor_github_api import Reader, mapping, reader

TOPIC = "cloud"
PUBLIC = "https://api.github.com"
GITHUB = "token.actions.githubusercontent.com"
# Repositories made, renamed or moved since then have the ids of owner and repository in their subjects.
IMMUTABLE_SINCE = "2026-06-18"
# Which key of a cloud names who the jobs are that register and deploy.
WRITERS = {"aws": "role", "azure": "client-id", "gcp": "service-account"}


def cloud(scene: Scene) -> Iterator[Finding]:
    """For each cloud of mlops.yaml the subjects that jobs present, and the trust to give them."""
    clouds = scene.project.settings.ci.cloud
    if not clouds:
        return
    found = subjects(scene)
    if not found:
        yield Finding(
            TOPIC,
            "note",
            f"{', '.join(clouds)}: trust is set up with the provider of CI",
            "on Azure Pipelines the service connection is the identity",
        )
        return
    for name, keys in clouds.items():
        yield _trusted(name, keys[WRITERS[name]], keys, [one for one in found if one.writes])
        reader_key, offered = READERS[name], [one for one in found if not one.writes]
        if offered and reader_key in keys:
            yield _trusted(name, keys[reader_key], keys, offered)
        elif offered:
            yield Finding(
                TOPIC,
                "note",
                f"jobs of pull requests reach no {name}",
                f"they run code that nobody has reviewed: ci.cloud.{name}.{reader_key} names who may only read, "
                f"and who is trusted with {_claims(offered)}",
            )
    yield from _own_form(scene)


def _trusted(name: str, who: str, keys: Mapping[str, str], claims: list[Subject]) -> Finding:
    what = f"whether {name} lets these subjects be {who}: {_claims(claims)}"
    return Finding(TOPIC, "unknown", what, "by its subject a job proves who it is", trust(name, who, keys, claims))


def _claims(subjects: list[Subject]) -> str:
    return ", ".join(one.claim for one in subjects)


def subjects(scene: Scene) -> tuple[Subject, ...]:
    """The subjects of all jobs that reach a cloud, in the order of the workflows."""
    provider = scene.providers[0] if scene.providers else ""
    settings = scene.project.settings
    model = model_of(settings, ".")
    described = workflows(Repository(scene.project.main, (model,), ""))
    jobs = [(flow, job) for flow in described for job in flow.jobs if job.cloud]
    if provider == "github":
        prefix = _prefix(scene)
        found = [Subject(*_github(scene, flow, job, prefix), _writes(flow, job)) for flow, job in jobs]
        if any(flow.told for flow, _ in jobs):
            found.append(Subject("asked", f"{prefix}:ref:refs/heads/{ASKED_BRANCH}", False))
    elif provider == "gitlab":
        found = [Subject(*_gitlab(scene, flow, job), _writes(flow, job)) for flow, job in jobs]
    else:
        return ()
    # A subject is the same for all jobs of an event: the one that may do least decides.
    once: dict[str, Subject] = {}
    for one in found:
        if one.claim not in once or not one.writes:
            once[one.claim] = one
    return tuple(once.values())


def _writes(flow: Workflow, job: Job) -> bool:
    return job.cloud == "write" and "pull_request" not in flow.events


def _github(scene: Scene, flow: Workflow, job: Job, prefix: str) -> tuple[str, str]:
    if job.environment:
        return job.environment, f"{prefix}:environment:{job.environment.replace(':', '%3A')}"
    if "pull_request" in flow.events:
        return "pull-request", f"{prefix}:pull_request"
    return scene.project.main, f"{prefix}:ref:refs/heads/{scene.project.main}"


def _gitlab(scene: Scene, flow: Workflow, job: Job) -> tuple[str, str]:
    path = address.path(scene.url)
    if "pull_request" in flow.events:
        return "merge-requests", f"project_path:{path}:ref_type:branch:ref:*"
    branch = job.branch or scene.project.main
    return branch, f"project_path:{path}:ref_type:branch:ref:{branch}"


def _prefix(scene: Scene) -> str:
    """What all subjects of a repository on GitHub begin with, as GitHub says it, else by its rule."""
    hub = reader(scene)
    if hub is None:
        return "repo:OWNER/REPOSITORY"
    custom = _custom(hub)
    said = custom.get("sub_claim_prefix")
    if isinstance(said, str) and said.startswith("repo:"):
        return said.rstrip(":")
    found = mapping(hub.read("", "metadata: read").data)
    owner, number = mapping(found.get("owner")).get("id"), found.get("id")
    chosen = custom.get("use_immutable_subject")
    new = hub.place.api == PUBLIC and str(found.get("created_at", "")) >= IMMUTABLE_SINCE
    if isinstance(owner, int) and isinstance(number, int) and (chosen if isinstance(chosen, bool) else new):
        first, _, second = hub.slug.partition("/")
        return f"repo:{first}@{owner}/{second}@{number}"
    return f"repo:{hub.slug}"


def _custom(hub: Reader) -> Mapping[str, Any]:
    return mapping(hub.read("/actions/oidc/customization/sub", "actions: read", absent=("Not Found",)).data)


def _own_form(scene: Scene) -> Iterator[Finding]:
    """A repository may have chosen other parts for its subjects, which cannot be foretold here."""
    hub = reader(scene)
    if hub and _custom(hub).get("use_default") is False:
        yield Finding(
            TOPIC,
            "note",
            "the subjects have a form of this repository's own",
            "those named here are GitHub's default",
            f"gh api repos/{hub.slug}/actions/oidc/customization/sub",
        )


def issuer(scene: Scene) -> str:
    """The host that signs the tokens of jobs."""
    return GITHUB if scene.providers[:1] == ("github",) else address.host(scene.url)


def bodies(scene: Scene) -> dict[str, dict[str, Any]]:
    """What the clouds' commands send, by the name that `cdml doctor --body` gives it."""
    clouds = scene.project.settings.ci.cloud
    both = {True: clouds.get("aws", {}).get("role"), False: clouds.get("aws", {}).get(READERS["aws"])}
    known = subjects(scene) if clouds else ()
    host = issuer(scene)
    found: dict[str, dict[str, Any]] = {}
    for writes, role in both.items():
        claims = [one.claim for one in known if one.writes is writes]
        if role and claims:
            found[aws_body(writes)] = trust_policy(role, host, claims)
    if "azure" in clouds:
        for one in known:
            found[f"azure/{one.name}"] = entra_credential(one, host)
    return found

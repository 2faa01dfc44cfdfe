"""Who a job says it is to a cloud: the subject of its OIDC token, and the trust that the cloud must have in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdml.ci.base import Job, Model, Repository, Workflow
from cdml.ci.workflows import workflows
from cdml.forges import address
from cdml.jobs.doctor_base import Finding, Scene, quoted, shell
from cdml.jobs.doctor_github_api import Reader, mapping, reader

TOPIC = "cloud"
GITHUB = "token.actions.githubusercontent.com"
# Repositories made, renamed or moved since then have the ids of owner and repository in their subjects.
IMMUTABLE_SINCE = "2026-06-18"
AUDIENCES = {"aws": "sts.amazonaws.com", "azure": "api://AzureADTokenExchange"}


@dataclass(frozen=True)
class Subject:
    """What a cloud sees of a job, and whether that job may write there."""

    name: str
    claim: str
    writes: bool


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
    writers = [one for one in found if one.writes]
    for name, keys in clouds.items():
        yield Finding(
            TOPIC,
            "unknown",
            f"whether {name} trusts {', '.join(one.claim for one in writers)}",
            "these subjects are how jobs that register and deploy prove who they are",
            _trust(name, keys, writers),
        )
    for one in found:
        if not one.writes:
            yield Finding(
                TOPIC,
                "note",
                f"pull requests present {one.claim}",
                "their jobs run code that nobody has reviewed: trust that subject with reading alone",
            )


def subjects(scene: Scene) -> tuple[Subject, ...]:
    """The subjects of all jobs that reach a cloud, in the order of the workflows."""
    provider = scene.providers[0] if scene.providers else ""
    settings = scene.project.settings
    model = Model(settings.model, ".", settings.ci, settings.environments, settings.train.schedule)
    described = workflows(Repository(scene.project.main, (model,), ""))
    jobs = [(flow, job) for flow in described for job in flow.jobs if job.cloud]
    if provider == "github":
        prefix = _prefix(scene)
        found = [Subject(*_github(scene, flow, job, prefix), job.cloud == "write") for flow, job in jobs]
    elif provider == "gitlab":
        found = [Subject(*_gitlab(scene, flow, job), job.cloud == "write") for flow, job in jobs]
    else:
        return ()
    # A subject is the same for all jobs of an event: the one that may do least decides.
    once: dict[str, Subject] = {}
    for one in found:
        if one.claim not in once or not one.writes:
            once[one.claim] = one
    return tuple(once.values())


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
    hub = reader(scene)
    if hub is None:
        return "repo:OWNER/REPOSITORY"
    found = mapping(hub.read("", "metadata: read").data)
    owner, number = mapping(found.get("owner")).get("id"), found.get("id")
    if isinstance(owner, int) and isinstance(number, int) and _immutable(hub, found):
        first, _, second = hub.slug.partition("/")
        return f"repo:{first}@{owner}/{second}@{number}"
    return f"repo:{hub.slug}"


def _immutable(hub: Reader, repository: dict[str, Any]) -> bool:
    if hub.place.api != "https://api.github.com":
        return False
    custom = mapping(hub.read("/actions/oidc/customization/sub", "actions: read").data)
    chosen = custom.get("use_immutable_subject")
    return chosen if isinstance(chosen, bool) else str(repository.get("created_at", "")) >= IMMUTABLE_SINCE


def issuer(scene: Scene) -> str:
    """The host that signs the tokens of jobs."""
    return GITHUB if scene.providers[:1] == ("github",) else address.host(scene.url)


def trust_policy(scene: Scene) -> dict[str, Any] | None:
    """The trust policy of the AWS role that mlops.yaml names; None where it names none."""
    role = scene.project.settings.ci.cloud.get("aws", {}).get("role", "")
    if not role:
        return None
    host = issuer(scene)
    account = role.split(":")[4] if role.count(":") >= 5 else "ACCOUNT"
    trusted = [one.claim for one in subjects(scene) if one.writes]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{host}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{host}:aud": AUDIENCES["aws"], f"{host}:sub": trusted}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def bodies(scene: Scene) -> dict[str, dict[str, Any]]:
    """What the clouds' commands send, by the name that `cdml doctor --body` gives it."""
    clouds = scene.project.settings.ci.cloud
    policy = trust_policy(scene)
    found = {"aws": policy} if policy else {}
    if "azure" in clouds:
        for one in subjects(scene):
            if one.writes:
                found[f"azure/{one.name}"] = {
                    "name": f"cdml-{one.name.replace('/', '-')}",
                    "issuer": f"https://{issuer(scene)}",
                    "subject": one.claim,
                    "audiences": [AUDIENCES["azure"]],
                }
    return found


def _trust(name: str, keys: Mapping[str, str], trusted: list[Subject]) -> str:
    """The command that makes a cloud trust these subjects."""
    if name == "aws":
        role = quoted(keys["role"].rpartition("/")[2])
        body = '"$(cdml doctor --body aws)"'
        return f"aws iam update-assume-role-policy --role-name {role} --policy-document {body}"
    if name == "azure":
        create = shell("az", "ad", "app", "federated-credential", "create", "--id", keys["client-id"])
        names = shell(*(one.name for one in trusted))
        return f'for name in {names}; do {create} --parameters "$(cdml doctor --body "azure/$name")"; done'
    pool = keys["workload-identity-provider"].partition("/providers/")[0]
    bind = shell("gcloud", "iam", "service-accounts", "add-iam-policy-binding", keys["service-account"])
    claims = shell(*(one.claim for one in trusted))
    member = f'"principal://iam.googleapis.com/{pool}/subject/$subject"'
    return f"for subject in {claims}; do {bind} --role roles/iam.workloadIdentityUser --member {member}; done"

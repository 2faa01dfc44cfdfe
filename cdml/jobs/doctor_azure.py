"""What Azure DevOps holds beside azure-pipelines.yml. It is told, not read: commands say what belongs there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cdml.forges import address
from cdml.jobs.doctor_azure_token import token_rights
from cdml.jobs.doctor_base import GATE, Finding, Scene, quoted, shell
from cdml.state.git import words

TOPIC = "azure"
FILE = "azure-pipelines.yml"
# The security namespace of Git repositories, and its bits for Contribute, Create branch, Create tag and
# Contribute to pull requests.
GIT_NAMESPACE = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"
GIT_BITS = 4 | 16 | 32 | 16384


@dataclass(frozen=True)
class Place:
    """Where the repository is; words in capitals stand for what the remote's address does not say."""

    organization: str = "https://dev.azure.com/ORGANIZATION"
    project: str = "PROJECT"
    repository: str = "REPOSITORY"
    github: bool = False

    @property
    def options(self) -> str:
        """The options that every command of the Azure DevOps extension takes."""
        return shell("--organization", self.organization, "--project", self.project)

    @property
    def pages(self) -> str:
        """The address of the project's pages."""
        return f"{self.organization}/{quote(self.project)}"


def find_place(url: str) -> Place:
    """Organization, project and repository of a remote on Azure Repos, new and old addresses, https and ssh."""
    host, path = address.host(url), unquote(address.path(url))
    if host in ("dev.azure.com", "ssh.dev.azure.com"):
        found = re.fullmatch(r"(?:v3/)?([^/]+)/([^/]+)/(?:_git/)?([^/]+)", path)
        return Place(f"https://dev.azure.com/{found[1]}", found[2], found[3]) if found else Place()
    if host.endswith(".visualstudio.com"):
        found = re.fullmatch(r"(?:DefaultCollection/)?(?:v3/[^/]+/)?(?:(?!_git/)([^/]+)/)?(?:_git/)?([^/]+)", path)
        name = host.removesuffix(".visualstudio.com")
        return Place(f"https://dev.azure.com/{name}", found[1] or found[2], found[2]) if found else Place()
    if host.endswith("github.com"):
        return Place(repository=path, github=True)
    return Place()


def azure(scene: Scene) -> Iterator[Finding]:
    """The pipeline, its policies, the build identity's rights, checks of environments, machines and names.

    Azure Repos is a forge for other CI too: then only the token counts.
    """
    if "azure" not in scene.providers:
        yield from token_rights(scene)
        return
    place = find_place(scene.url)
    yield _pipeline(scene, place)
    if not place.github:
        yield from token_rights(scene)
        yield from _policies(scene, place)
        yield _rights(place)
    yield from _environments(scene, place)
    yield from _names(scene, place)


def _unknown(what: str, why: str, command: str) -> Finding:
    return Finding(TOPIC, "unknown", what, why, command)


def _pipeline(scene: Scene, place: Place) -> Finding:
    kind = "github" if place.github else "tfsgit"
    where = ("--repository", place.repository, "--repository-type", kind, "--branch", scene.project.main)
    more = ("--service-connection", "SERVICE_CONNECTION_ID") if place.github else ()
    command = shell("az", "pipelines", "create", "--name", _name(scene), *where, "--yml-path", FILE, *more)
    return _unknown(
        f"whether a pipeline runs {FILE}",
        "Azure runs no file that no pipeline was made of",
        f"{command} --skip-first-run true {place.options}",
    )


def _name(scene: Scene) -> str:
    return f"cdml {scene.project.settings.model}"


def _policies(scene: Scene, place: Place) -> Iterator[Finding]:
    """`pr:` is for other hosts: in Azure Repos a policy of the branch starts the run of a pull request."""
    pipeline = shell("az", "pipelines", "show", "--name", _name(scene), "--query", "id", "-o", "tsv")
    yield _unknown(
        f"whether {scene.project.main} has the build validation {GATE!r}",
        "Azure Repos ignores pr: of the file; without the policy no pull request is judged",
        f"az repos policy build create --branch {quoted(scene.project.main)} --display-name {quoted(GATE)}"
        f' --build-definition-id "$({pipeline} {place.options})" {_repository(place)}'
        " --blocking true --enabled true --manual-queue-only false --queue-on-source-update-only false"
        f" --valid-duration 0 {place.options}",
    )
    branches = [one.branch for one in scene.project.settings.environments]
    if branches:
        yield _unknown(
            f"whether {words(branches)} {'takes' if len(branches) == 1 else 'take'} pull requests alone",
            "who may push to it deploys without a review; a required policy closes a branch to pushes",
            f"for branch in {shell(*branches)}; do az repos policy approver-count create"
            f' --branch "$branch" {_repository(place)}'
            " --minimum-approver-count 1 --creator-vote-counts false --allow-downvotes false"
            f" --reset-on-source-push true --blocking true --enabled true {place.options}; done",
        )


def _repository(place: Place) -> str:
    """The option that takes a repository's id."""
    show = shell("az", "repos", "show", "--repository", place.repository, "--query", "id", "-o", "tsv")
    return f'--repository-id "$({show} {place.options})"'


def _rights(place: Place) -> Finding:
    show = shell("az", "repos", "show", "--repository", place.repository, "-o", "tsv", "--query")
    token = f"repoV2/$({show} project.id {place.options})/$({show} id {place.options})"
    return _unknown(
        "whether the build identity may Contribute, Create branch, Create tag and Contribute to pull requests",
        f"its jobs push versions and branches; DESCRIPTOR is that of '{place.project} Build Service'; "
        f"by hand: {place.pages}/_settings/repositories, {place.repository}, Security",
        f"az devops security permission update --namespace-id {GIT_NAMESPACE} --allow-bit {GIT_BITS}"
        f' --subject DESCRIPTOR --token "{token}" --organization {quoted(place.organization)}',
    )


def _environments(scene: Scene, place: Place) -> Iterator[Finding]:
    for one in scene.project.settings.environments:
        yield _unknown(
            f"whether the environment {one.name} has its checks",
            "YAML holds none: without the lock two deployments overlap, without the branch any may deploy",
            f"{place.pages}/_environments: {one.name}, Approvals and checks: Approvals, Exclusive lock, "
            f"Branch control to {one.branch}",
        )


def _names(scene: Scene, place: Place) -> Iterator[Finding]:
    """What mlops.yaml names under ci.azure must have been made before."""
    named = scene.project.settings.ci.azure
    pool, connection, group = (named.get(key) for key in ("pool", "service-connection", "variable-group"))
    if pool:
        yield _unknown(
            f"whether the pool {pool} has a machine that this project may use",
            "ci.azure.pool names it; jobs wait for a machine",
            f"az pipelines pool list --pool-name {quoted(pool)} --organization {quoted(place.organization)}",
        )
    else:
        yield _unknown(
            "whether the organization has hosted parallel jobs",
            f"a new one has none, and every run waits: {place.organization}/_settings/buildqueue; "
            "machines of your own are named by ci.azure.pool",
            "https://aka.ms/azpipelines-parallelism-request asks for them",
        )
    if connection:
        yield _unknown(
            f"whether the service connection {connection} is there and this pipeline may use it",
            "ci.azure.service-connection names it; with workload identity federation it holds no key",
            f"{place.pages}/_settings/adminservices: New service connection, {connection}",
        )
    yield from _secrets(scene, place, group)


def _secrets(scene: Scene, place: Place, group: str | None) -> Iterator[Finding]:
    names = list(dict.fromkeys(name for some in scene.project.settings.ci.secrets.values() for name in some))
    if group:
        create = shell("az", "pipelines", "variable-group", "create", "--name", group, "--authorize", "true")
        yield _unknown(
            f"whether the variable group {group} is there",
            "ci.azure.variable-group names it; an unknown one ends the run before it begins",
            f"{create} --variables CDML=1 {place.options}",
        )
    if names:
        variable = shell("az", "pipelines", "variable", "create", "--pipeline-name", _name(scene), "--name")
        plural = "s" if len(names) > 1 else ""
        yield _unknown(
            f"whether the secret variable{plural} {words(names)} {'are' if plural else 'is'} set",
            "mlops.yaml names it under ci.secrets; the command asks for its value",
            f'for name in {shell(*names)}; do {variable} "$name" --secret true {place.options}; done',
        )

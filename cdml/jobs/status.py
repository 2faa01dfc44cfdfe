"""`cdml status`: what should run (branch), what was recorded (tag) and what does run (server), side by side."""

from __future__ import annotations

from dataclasses import dataclass

from cdml.core.errors import CdmlError
from cdml.core.settings import Environment
from cdml.jobs.deploy import open_target
from cdml.jobs.project import Project, fetch
from cdml.jobs.promote import current
from cdml.registry.read import Registry, read, require_complete


@dataclass(frozen=True)
class EnvironmentStatus:
    """One environment: versions by source (None: nothing), and what is wrong in words (empty: nothing)."""

    environment: str
    desired: str | None
    recorded: str | None
    actual: str | None
    digest: str | None
    url: str | None
    hold: str | None
    problem: str


def status(project: Project) -> tuple[EnvironmentStatus, ...]:
    """Every environment of mlops.yaml, in promotion order."""
    require_complete(project.git)
    fetch(project)
    registry = read(project.git)
    return tuple(_one(project, registry, environment) for environment in project.environments)


def _one(project: Project, registry: Registry, environment: Environment) -> EnvironmentStatus:
    try:
        _, record = current(project, environment)
        settings = record.deploy if record else environment.deploy
        served = open_target(project, environment.name, settings).current() if settings else None
        withdrawn = record is not None and not registry.find(project.settings.model, record.version).active
    except CdmlError as error:
        return EnvironmentStatus(environment.name, None, None, None, None, None, None, error.message)
    assigned = registry.assigned(project.settings.model, environment.name)
    desired = record.version if record else None
    recorded = assigned.version if assigned else None
    wanted = record.artifact.sha256 if record else None
    return EnvironmentStatus(
        environment=environment.name,
        desired=desired,
        recorded=recorded,
        actual=served.version if served else None,
        digest=served.sha256 if served else None,
        url=served.url if served else None,
        hold=record.hold if record else None,
        problem=f"{desired} was deregistered: roll back, or promote another version"
        if withdrawn
        else _problem(
            desired, recorded, served.version if served else None, wanted, served.sha256 if served else None
        ),
    )


def _problem(
    desired: str | None, recorded: str | None, actual: str | None, wanted: str | None, digest: str | None
) -> str:
    if desired == recorded == actual and wanted == digest:
        return ""
    if desired != actual:
        return f"serves {actual or 'nothing'}, should serve {desired or 'nothing'}"
    if wanted != digest:
        return "serves other bytes than were reviewed"
    return f"the tag says {recorded or 'nothing'}"

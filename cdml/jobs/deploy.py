"""`cdml deploy ENV`: what its release branch says becomes what is served, verified by digest, and is recorded."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from cdml.core.errors import ConfigError, ExternalError, RefusedError
from cdml.core.release import Bundle, Deployment, ReleaseRecord, Version
from cdml.core.settings import DeploySettings
from cdml.deploy import TARGETS
from cdml.deploy.base import Target
from cdml.jobs.artifact import fetch_version
from cdml.jobs.project import Project, fetch
from cdml.jobs.promote import current, find_environment
from cdml.jobs.reviewed import verified
from cdml.registry.read import read, require_complete
from cdml.registry.write import assign

TRIES = 5


@dataclass(frozen=True)
class Deployed:
    """What a deployment did: None for both where the branch holds no record of this model."""

    record: ReleaseRecord | None
    deployment: Deployment | None


def deploy(project: Project, name: str) -> Deployed:
    """Serve what `release/<name>` says. A branch without a record deploys nothing and succeeds.

    Raises RefusedError when the bytes are not the ones reviewed or the record moved on meanwhile.
    """
    require_complete(project.git)
    fetch(project)
    environment = find_environment(project, name)
    tip, record = current(project, environment)
    if record is None:
        return Deployed(None, None)
    version = verified(project, record)
    with tempfile.TemporaryDirectory(prefix="cdml-deploy-") as folder:
        file = fetch_version(project, version, record.artifact, Path(folder))
        fetch(project)
        if current(project, environment)[0] != tip:
            raise RefusedError(
                f"{environment.branch} moved on while this deployment waited", f"cdml deploy {name}"
            )
        target = open_target(project, name, record.deploy)
        deployment = target.deploy(_bundle(project, name, version, record, file))
    if deployment.sha256 != record.artifact.sha256:
        raise ExternalError(
            f"{name} serves {deployment.sha256[:12]}…, not {record.artifact.sha256[:12]}…", "cdml status"
        )
    _record_assignment(project, name, version, tip)
    return Deployed(record, deployment)


def open_target(project: Project, name: str, settings: DeploySettings) -> Target:
    """The deployment target of an environment, its options checked."""
    if settings.target not in TARGETS:
        raise ConfigError(f"{settings.target!r} is not a target (there are {', '.join(TARGETS)})")
    plugin = TARGETS[settings.target]
    try:
        options = plugin.options.model_validate(dict(settings.options))
    except ValueError as error:
        raise ConfigError(f"{name}: the deploy settings do not fit {settings.target}: {error}") from None
    return plugin.open(name, project.settings.model, options, project.state)


def _bundle(project: Project, name: str, version: Version, record: ReleaseRecord, file: Path) -> Bundle:
    provenance = version.provenance
    settings = project.settings_at(record.commit)
    return Bundle(
        model=record.model,
        environment=name,
        version=record.version,
        commit=record.commit,
        artifact=record.artifact,
        file=file,
        python=project.python,
        trusted=settings.register.trusted,
        signature=provenance.signature if provenance else None,
        positive=settings.evaluate.positive,
    )


def _record_assignment(project: Project, name: str, version: Version, tip: str) -> None:
    """One assignment tag per release-branch commit that was deployed; a repeated deployment adds none."""
    for _ in range(TRIES):
        if read(project.git).deployed_from(version.model, name) == tip:
            return
        if assign(project.git, version.model, name, version.version, tip):
            return
    raise ExternalError(f"{name} serves {version.label}, but its tag could not be written", f"cdml deploy {name}")

"""`cdml promote` and `cdml rollback`: a pull request that changes one record on one release branch."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from urllib.parse import quote

from cdml.core.errors import ExternalError, RefusedError, UsageError
from cdml.core.release import ReleaseRecord, Version
from cdml.core.settings import Environment
from cdml.forges.base import PullRequest
from cdml.jobs.forge import find_forge, require_forge
from cdml.jobs.project import Project, fetch, no_environments
from cdml.jobs.reviewed import require_earlier, verified
from cdml.jobs.snapshots import find_version
from cdml.jobs.waivers import require_waivers
from cdml.registry.read import Registry, read, require_complete
from cdml.registry.record import read_record, record_bytes, record_history, record_path
from cdml.state.git import REMOTE
from cdml.state.plumbing import Update, push, remote_refs, write_commit, write_tree


@dataclass(frozen=True)
class Plan:
    """One change of one environment: the record as it will be, the one it replaces, and where it goes."""

    record: ReleaseRecord
    before: ReleaseRecord | None
    environment: Environment
    tip: str

    @property
    def source(self) -> str:
        """The branch that carries the change."""
        # Names may hold slashes: `a` and `a/b` could not both be branches.
        names = (quote(name, safe="") for name in (self.environment.name, self.record.model))
        return "/".join(("cdml", self.record.action, *names))

    @property
    def title(self) -> str:
        """One line for people."""
        before = f" (was {self.before.version})" if self.before else ""
        verb = "Promote" if self.record.action == "promote" else "Roll back to"
        return f"{verb} {self.record.label} in {self.environment.name}{before}"


def plan_promotion(project: Project, version: str, name: str, why: str, lift: bool) -> Plan:
    """What `cdml promote VERSION --to ENV` will do.

    Raises UsageError for an unknown version or environment and where there is nothing to do; RefusedError while
    the environment is on hold, before the version ran in the environment before this one, or where it was
    registered by a waiver that does not count any more.
    """
    require_complete(project.git)
    fetch(project)
    environment = find_environment(project, name)
    registry = read(project.git)
    chosen = require_version(project, registry, version)
    tip, before = current(project, environment)
    if before and before.version == chosen.version and not before.hold:
        raise UsageError(f"{name} already has {chosen.label}", "cdml status")
    if before and before.hold and not lift:
        raise RefusedError(f"{name} is on hold: {before.hold}", f"cdml promote {chosen.label} --to {name} --lift")
    require_earlier(project, registry, chosen, environment)
    require_waivers(project, find_forge(project), chosen)
    return Plan(_record(project, chosen, environment, before, why), before, environment, tip)


def plan_rollback(project: Project, name: str, to: str | None, why: str) -> Plan:
    """What `cdml rollback ENV` will do: the record before the present one again, and a hold."""
    require_complete(project.git)
    fetch(project)
    environment = find_environment(project, name)
    tip, before = current(project, environment)
    if before is None:
        raise UsageError(f"{name} has no release of {project.settings.model}", "cdml status")
    earlier = _earlier(project, environment, before, to)
    verified(project, earlier)  # before anything is pushed
    hold = f"rolled back from {before.label}" + (f": {why}" if why else "")
    record = replace(
        earlier, previous=before.version, hold=hold, action="rollback", who=project.git.author(), why=why
    )
    return Plan(record, before, environment, tip)


def open_plan(project: Project, plan: Plan, body: str) -> PullRequest:
    """Push the one-file commit and open its pull request, or update the one that is open."""
    forge = require_forge(project)  # before anything is pushed
    ref = f"refs/heads/{plan.source}"
    path = record_path(plan.record.model)
    tree = write_tree(project.git, plan.tip, {path: record_bytes(plan.record)})
    commit = write_commit(project.git, tree, (plan.tip,), f"{plan.title}\n")
    if not push(project.git, Update(ref, commit, remote_refs(project.git, ref).get(ref))):
        raise ExternalError(f"somebody else is changing {plan.source}", "run the same command again")
    return forge.open_pull(plan.source, plan.environment.branch, plan.title, body)


def find_environment(project: Project, name: str) -> Environment:
    """An environment of mlops.yaml; UsageError with the nearest name otherwise."""
    known = {e.name: e for e in project.environments}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        others = f"mlops.yaml has {', '.join(known)}" if known else no_environments(project)
        hint = f"did you mean {near[0]}?" if near else others
        raise UsageError(f"{name!r} is not an environment", hint)
    return known[name]


def require_version(project: Project, registry: Registry, text: str) -> Version:
    """The active version that a person named; UsageError otherwise."""
    model = project.settings.model
    found = registry.latest(model) if text == "latest" else find_version(registry, model, text)
    if found is None:
        raise UsageError(f"{text!r} is not a version of {model}", "cdml registry list")
    if not found.active:
        raise UsageError(f"{found.label} was deregistered", "cdml registry history")
    if found.provenance is None:
        raise UsageError(f"{found.label} carries no provenance: it was not registered by cdml", "cdml register")
    return found


def current(project: Project, environment: Environment) -> tuple[str, ReleaseRecord | None]:
    """The release branch's tip on the remote and this model's record there; UsageError without the branch."""
    if project.git.remote_url() is None:
        raise UsageError("release branches live on a remote, and there is none", "git remote add origin URL")
    ref = f"refs/remotes/{REMOTE}/{environment.branch}"
    if not project.git.has(ref):
        raise UsageError(f"the remote has no branch {environment.branch}; a person creates it once", "cdml init")
    tip = project.git.commit(ref)
    return tip, read_record(project.git, tip, project.settings.model)


def _record(
    project: Project, version: Version, environment: Environment, before: ReleaseRecord | None, why: str
) -> ReleaseRecord:
    provenance = version.provenance
    if provenance is None or environment.deploy is None:
        raise UsageError(
            f"{environment.name} has no deploy target", f"add environments.{environment.name}.deploy to mlops.yaml"
        )
    return ReleaseRecord(
        model=version.model,
        version=version.version,
        commit=version.commit,
        artifact=provenance.artifact,
        inputs=provenance.inputs,
        data=provenance.data,
        verdicts=provenance.verdicts,
        deploy=environment.deploy,
        champion=before.version if before else None,
        previous=before.version if before else None,
        hold=None,
        action="promote",
        who=project.git.author(),
        why=why,
        waivers=provenance.waivers,
    )


def _earlier(project: Project, environment: Environment, before: ReleaseRecord, to: str | None) -> ReleaseRecord:
    """The record to go back to: what ran before the present version, or the newest one of the version named."""
    tip = f"refs/remotes/{REMOTE}/{environment.branch}"
    history = record_history(project.git, tip, before.model)
    if to is None:
        below = _stack(history)[1:]
        if not below:
            raise UsageError(
                f"{environment.name} had no other version before {before.version}",
                f"cdml rollback {environment.name} --to VERSION, or promote another version",
            )
        return below[0]
    name, _, number = to.rpartition("@")
    wanted = f"v{number.removeprefix('v')}"
    if wanted == before.version and name in ("", before.model):
        raise UsageError(f"{environment.name} has {before.label} already", "cdml status")
    found = next((r for r in history if r.version == wanted and name in ("", r.model)), None)
    if found is None:
        raise UsageError(f"{environment.name} never had {to}", "cdml registry history")
    return found


def _stack(history: tuple[ReleaseRecord, ...]) -> list[ReleaseRecord]:
    """The releases that stand upon each other, the present one first.

    A rollback takes away what it went back from, so that a second one goes further back and not forward again.
    """
    stack: list[ReleaseRecord] = []
    for record in reversed(history):
        versions = [standing.version for standing in stack]
        if record.version in versions[:1] or (record.action == "rollback" and record.version in versions):
            del stack[: versions.index(record.version) + 1]
        stack.insert(0, record)
    return stack

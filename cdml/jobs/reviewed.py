"""What a release record must be before anything follows it: its tag's words, main's settings, the proper way."""

from __future__ import annotations

from cdml.core.errors import RefusedError
from cdml.core.release import ReleaseRecord, Version
from cdml.core.settings import Environment
from cdml.forges.base import PullRequest
from cdml.jobs.project import Project
from cdml.registry.read import Registry, read
from cdml.registry.record import read_record, record_history, record_path
from cdml.state.git import REMOTE

PROMOTE = "cdml promote VERSION --to ENV"


def verified(project: Project, record: ReleaseRecord) -> Version:
    """The version that a record names, refused where record and tag do not say the same."""
    version = read(project.git).version(record.model, record.version)
    told = (record.commit, record.artifact, record.inputs, record.data, record.verdicts, record.waivers)
    said = version.provenance
    known = said and (version.commit, said.artifact, said.inputs, said.data, said.verdicts, said.waivers)
    if told != known:
        raise RefusedError(
            f"the record of {record.label} is not what its tag says", "cdml registry show " + record.label
        )
    if not version.active:
        raise RefusedError(f"{record.label} was deregistered", "cdml rollback, or promote another version")
    return version


def only_record(project: Project, pull: PullRequest) -> ReleaseRecord:
    """The one record that a promotion changes, in one commit with one parent; RefusedError otherwise."""
    git, model = project.git, project.settings.model
    base = git.run("merge-base", f"refs/remotes/{REMOTE}/{pull.target}", pull.head, check=False)
    if base.code != 0:
        raise RefusedError(f"this has no history in common with {pull.target}", PROMOTE)
    start = base.out.decode().strip()
    commits = git.text("rev-list", "--parents", f"{start}..{pull.head}").splitlines()
    changed = git.text("diff", "--name-only", "--no-renames", "-z", start, pull.head).strip("\0").split("\0")
    if len(commits) != 1 or len(commits[0].split()) != 2 or changed != [record_path(model)]:
        raise RefusedError(
            f"a promotion changes {record_path(model)} in one commit; this one changes {', '.join(changed[:5])}",
            PROMOTE,
        )
    record = read_record(git, pull.head, model)
    if record is None or record.model != model:
        raise RefusedError(f"{record_path(model)} is not a record of {model}", PROMOTE)
    return record


def require_proper(project: Project, environment: Environment, record: ReleaseRecord) -> None:
    """Refuse a record that `cdml promote` and `cdml rollback` would not have written, whoever wrote it.

    A promotion has main's deploy settings and was in the environment before; a rollback brings back what the
    branch had.
    """
    if record.action == "promote":
        if record.deploy != environment.deploy:
            raise RefusedError(
                f"the record does not deploy to {environment.name} as mlops.yaml of {project.main} says",
                PROMOTE,
            )
        require_earlier(project, read(project.git), record, environment)
        return
    tip = f"refs/remotes/{REMOTE}/{environment.branch}"
    history = record_history(project.git, tip, record.model)
    if (record.version, record.deploy) not in [(old.version, old.deploy) for old in history]:
        raise RefusedError(
            f"{environment.name} never had {record.label} with these deploy settings", "cdml rollback ENV"
        )


def require_earlier(
    project: Project, registry: Registry, version: Version | ReleaseRecord, environment: Environment
) -> None:
    """Refuse a version that was not deployed to the environment before this one."""
    names = [e.name for e in project.environments]
    place = names.index(environment.name)
    if place == 0:
        return
    earlier = names[place - 1]
    if version.version not in registry.deployed(version.model, earlier):
        raise RefusedError(
            f"{version.label} was never deployed to {earlier}, which comes before {environment.name}",
            f"cdml promote {version.version} --to {earlier}",
        )

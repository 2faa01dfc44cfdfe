"""`cdml pr`: pull requests, and the runs that a forge without CI leaves to whoever opens or merges one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cdml.ci import run_context
from cdml.core.errors import CdmlError, ExternalError, RefusedError, UsageError
from cdml.forges import detect
from cdml.forges.base import Forge, MergeMethod, PullRequest
from cdml.jobs.concerned import Concerned, concerned, context, own, require_concerned
from cdml.jobs.deploy import Deployed
from cdml.jobs.events import Judged, environment_of, on_main, on_pull_request, on_release
from cdml.jobs.forge import require_forge
from cdml.jobs.project import Project, fetch, open_project, require_clean
from cdml.jobs.register import Registered
from cdml.state.git import REMOTE
from cdml.state.plumbing import temporary_clone

Say = Callable[[str], None]


@dataclass(frozen=True)
class Merged:
    """A merge and what the run after it did: a registration or a deployment, or neither."""

    pull: PullRequest
    registered: Registered | None = None
    deployed: Deployed | None = None


def offer(project: Project, target: str | None, title: str | None, body: str, say: Say) -> Judged:
    """Push the present branch, open its pull request or update it, and run its jobs in a temporary clone."""
    require_clean(project, "a pull request")
    wanted = target or project.main
    branch = _own_branch(project, wanted)
    forge = require_forge(project)
    _require_offer(project, branch, wanted)
    pushed = project.git.run("push", "--quiet", REMOTE, f"HEAD:refs/heads/{branch}", check=False)
    if pushed.code != 0:
        raise ExternalError(
            f"git push of {branch} failed: {pushed.err.strip()}", f"git push {REMOTE} HEAD:{branch}"
        )
    subject = project.git.text("log", "-1", "--format=%s")
    pull = forge.open_pull(branch, wanted, title or subject, body)
    if runs_elsewhere(project):
        say(f"pull request {pull.number} is open; its CI judges it")
        return Judged(pull, None, "")
    return judge_pull(project, forge, pull, say)


def runs_elsewhere(project: Project) -> bool:
    """Whether the forge's own CI answers what a person does here. What a run of CI does starts no further run."""
    url = project.git.remote_url()
    return url is not None and detect(url) != "local" and run_context(os.environ) is None


def _own_branch(project: Project, wanted: str) -> str:
    """The branch to offer: never main, which a push would change without any review."""
    branch = project.git.branch()
    if branch is None or branch in (wanted, project.main):
        raise UsageError(
            f"a pull request comes from a branch of its own, not from {branch or 'a detached head'}",
            "git switch -c NAME",
        )
    if project.git.run("check-ref-format", "--branch", branch, check=False).code != 0:
        raise UsageError(f"{branch!r} is no name for a branch", "git switch -c NAME")
    return branch


def _require_offer(project: Project, branch: str, wanted: str) -> None:
    """What the forge would refuse is refused before anything is pushed."""
    fetch(project)
    target = f"refs/remotes/{REMOTE}/{wanted}"
    if not project.git.has(target):
        raise UsageError(
            f"the remote {REMOTE} has no branch {wanted!r}", f"git branch --remotes --list '{REMOTE}/*'"
        )
    if project.git.text("rev-list", "--count", f"{target}..HEAD") == "0":
        raise UsageError(f"nothing to merge: {wanted} already has every commit of {branch}", "git commit")


def judge_pull(project: Project, forge: Forge, pull: PullRequest, say: Say) -> Judged:
    """The jobs of a pull request, in a clone of what it offers.

    A promotion is judged by main's code: its own branch holds nothing but records.
    """
    fetch(project)
    environment = environment_of(project, pull.target)
    commit = project.git.commit(f"refs/remotes/{REMOTE}/{project.main}") if environment else pull.head
    # Its branch may be called anything: a clone of it is detached, as in CI.
    with temporary_clone(project.git, commit, project.main if environment else None) as clone:
        there = project.moved(clone)
        if not clone.has(pull.head):  # its branch may be gone
            clone.run("fetch", "--quiet", REMOTE, pull.head)
        return on_pull_request(there, require_forge(there), pull.number, say)


def merge(project: Project, number: int, method: MergeMethod, say: Say) -> Merged:
    """Merge a pull request whose head was judged and may be merged, then run what a push would.

    Raises RefusedError while its status is not success; nothing has changed then.
    """
    forge = require_forge(project)
    pull = forge.pull(number)
    fetch(project)
    models = _concerned(project, pull)
    for one in models:
        _require_success(forge, pull, context(project, one, pull.target))
    merged = forge.merge(number, method, pull.head)
    if runs_elsewhere(project):
        say("its CI registers or deploys what was merged")
        return Merged(merged)
    return after_merge(project, merged, tuple(one.folder for one in models), say)


def _concerned(project: Project, pull: PullRequest) -> tuple[Concerned, ...]:
    """The models that must have judged a pull request: this one, then the others that it touches."""
    if pull.state != "open":
        raise UsageError(f"pull request {pull.number} is {pull.state}", "cdml pr list")
    if not project.git.has(pull.head):
        project.git.run("fetch", "--quiet", REMOTE, pull.head)
    models = concerned(project, pull, environment_of(project, pull.target) is not None)
    require_concerned(project, pull, models)
    mine = own(project)
    return (mine, *(one for one in models if one != mine))


def after_merge(project: Project, pull: PullRequest, folders: tuple[str, ...], say: Say) -> Merged:
    """The run of a push: register on main, deploy on a release branch, nothing elsewhere.

    The project's own folder is the first of `folders`; of the others it is only told how it went. An error says
    that the merge has happened all the same, and what completes it.
    """
    fetch(project)
    environment = environment_of(project, pull.target)
    if environment is None and pull.target != project.main:
        return Merged(pull)
    try:
        return _run_push(project, pull, environment, folders, say)
    except CdmlError as error:
        error.message = f"pull request {pull.number} is merged into {pull.target}, but: {error.message}"
        again = f"cdml deploy {environment}" if environment else "cdml register"
        error.hint = f"{error.hint}; then {again}" if error.hint else again
        raise


def _run_push(
    project: Project, pull: PullRequest, environment: str | None, folders: tuple[str, ...], say: Say
) -> Merged:
    tip = project.git.commit(f"refs/remotes/{REMOTE}/{project.main}")
    with temporary_clone(project.git, tip, project.main) as clone:
        there = project.moved(clone)
        forge = require_forge(there)
        if environment:
            return Merged(pull, deployed=on_release(there, forge, pull.target, say))
        merged = Merged(pull, registered=on_main(there, forge, say))
        for folder in folders[1:]:
            _register_other(project, clone.top() / folder, say)
        return merged


def _register_other(project: Project, root: Path, say: Say) -> None:
    there = open_project(root, python=project.python, state=project.state)
    done = on_main(there, require_forge(there), say)
    model = there.settings.model
    say(f"{model}: {done.version.label}" if done.version else f"{model}: no version, a gate failed; see its issue")


def _require_success(forge: Forge, pull: PullRequest, name: str) -> None:
    found = next((s for s in forge.statuses(pull.head) if s.context == name), None)
    if found is None or found.state == "pending":
        raise RefusedError(
            f"pull request {pull.number} was not judged at {pull.head[:7]} ({name})", "cdml pr open"
        )
    if found.state != "success":
        raise RefusedError(
            f"pull request {pull.number} may not be merged: {found.description}", f"cdml pr show {pull.number}"
        )

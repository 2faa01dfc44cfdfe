"""`cdml run retrain`: data that moved on at its source is brought in by a pull request; else main is registered.

The same code, data, parameters and environment are the same version: training them again would make none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cdml.core.errors import CdmlError, ExternalError
from cdml.forges.base import Forge, PullRequest, Status
from cdml.jobs.events import on_main
from cdml.jobs.forge import require_forge
from cdml.jobs.project import Project, fetch, require_clean
from cdml.jobs.pulls import judge_pull
from cdml.jobs.register import Registered
from cdml.state.plumbing import Update, push, remote_refs, write_commit, write_tree

GATE = "cdml gate"  # the one required check, as generated CI calls it
Say = Callable[[str], None]


@dataclass(frozen=True)
class Retrained:
    """What retraining came to: a pull request with newer data, or a look at whether main gives a new version."""

    pull: PullRequest | None = None
    registered: Registered | None = None


def retrain(project: Project, say: Say) -> Retrained:
    """Ask the sources of imported data for what is new, and act on it. The working tree holds main.

    Raises what judging and registering raise; ExternalError where a source cannot be reached.
    """
    require_clean(project, "retraining")
    fetch(project)
    files = _updated(project)
    if not files:
        return Retrained(registered=on_main(project, require_forge(project), say))
    forge = require_forge(project)
    model = project.settings.model
    ref = f"refs/heads/cdml/retrain/{model}"
    head = project.git.commit("HEAD")
    names = ", ".join(sorted(files))
    tree = write_tree(project.git, head, {project.git.prefix() + path: content for path, content in files.items()})
    commit = write_commit(project.git, tree, (head,), f"Retrain {model} on newer data\n\n{names}\n")
    if not push(project.git, Update(ref, commit, remote_refs(project.git, ref).get(ref))):
        raise ExternalError(f"somebody else is changing {ref}", "cdml run retrain, once more")
    body = f"What was imported has moved on at its source: {names}. Merging makes a version of it."
    pull = forge.open_pull(ref.removeprefix("refs/heads/"), project.main, f"Retrain {model} on newer data", body)
    _judge(project, forge, pull, say)
    return Retrained(pull=forge.pull(pull.number))


def _judge(project: Project, forge: Forge, pull: PullRequest, say: Say) -> None:
    """What CI's own token opens starts no run: it is judged here, and the check that main asks for is stated."""
    try:
        judged = judge_pull(project, forge, pull, say)
        failed = bool(judged.judgement and judged.judgement.failed)
    except CdmlError:
        forge.set_status(pull.head, Status(GATE, "error", "judging it broke; its comment says how"))
        raise
    forge.set_status(
        pull.head, Status(GATE, "failure" if failed else "success", "judged by the run that opened it")
    )


def _updated(project: Project) -> dict[str, bytes]:
    """The .dvc files of imports that changed at their source, by path; the working tree is left as it was."""
    imports = list(_imports(project))
    if not imports:
        return {}
    before = {path: (project.root / path).read_bytes() for path in imports}
    try:
        project.dvc.run("update", "--quiet", *imports)
        after = {path: (project.root / path).read_bytes() for path in imports}
        changed = {path: content for path, content in after.items() if content != before[path]}
        if changed:
            project.dvc.run("push", "--quiet", *changed)
        return changed
    finally:
        for path, content in before.items():
            (project.root / path).write_bytes(content)


def _imports(project: Project) -> tuple[str, ...]:
    """`dvc import` and `dvc import-url` leave a file that names where the data came from.

    What production said is no training data: monitoring asks for it itself.
    """
    monitor = project.settings.monitor
    watched = {f"{path}.dvc" for path in (monitor.predictions, monitor.actuals)} if monitor else set()
    listed = set(project.git.text("ls-files", "-z", "--", "*.dvc").split("\0")) - watched
    return tuple(
        path for path in sorted(listed) if path and b"\ndeps:" in b"\n" + (project.root / path).read_bytes()
    )

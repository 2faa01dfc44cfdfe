"""The remote, the release branches on it, and the generated files."""

from __future__ import annotations

from collections.abc import Iterator

from cdml.core.errors import ConfigError, ExternalError
from cdml.core.settings import CONFIG_FILE
from cdml.forges.address import host, is_local, path
from cdml.jobs.doctor_base import Finding, Scene, quoted, shell
from cdml.jobs.generate import generate
from cdml.jobs.init_branches import release_files
from cdml.state.git import REMOTE, Git, words
from cdml.state.plumbing import fetch, remote_refs

TOPIC = "repository"
FIX = "cdml doctor --fix"
_HEADS = "refs/heads/"


def repository(scene: Scene) -> Iterator[Finding]:
    """Whether the remote is there and holds what delivery stands on."""
    git = scene.project.git
    if git.is_shallow():
        yield Finding(
            TOPIC,
            "missing",
            "the history of this clone is cut off",
            "versions and their order are read from all of it",
            f"git fetch --unshallow --tags {REMOTE}",
        )
    if not scene.url:
        yield Finding(
            TOPIC,
            "missing",
            f"there is no remote named {REMOTE}",
            "pull requests, versions and release branches live there; a folder will do, until there is a forge",
            f"git init --bare ../store.git && git remote add {REMOTE} ../store.git",
        )
        return
    try:
        heads = remote_refs(git, f"{_HEADS}*")
    except ExternalError as error:
        said = error.message.splitlines()[0]
        yield Finding(TOPIC, "missing", f"{REMOTE} does not answer", said, f"git ls-remote {REMOTE}")
        return
    yield from _branches(scene, heads)
    yield from _copies(scene, heads)


def place(url: str) -> str:
    """A remote's address in a few words, without a user and a password."""
    return url if is_local(url) else f"{host(url)}/{path(url)}"


def _branches(scene: Scene, heads: dict[str, str]) -> Iterator[Finding]:
    main, environments = scene.project.main, scene.project.settings.environments
    if _HEADS + main not in heads:
        why = "versions and promotions start from there"
        yield Finding(TOPIC, "missing", f"{REMOTE} has no {main}", why, f"git push {REMOTE} {quoted(main)}")
        return
    yield Finding(TOPIC, "ok", f"{REMOTE} at {place(scene.url)} has {main}")
    lacking = [one.branch for one in environments if _HEADS + one.branch not in heads]
    if lacking:
        yield Finding(
            TOPIC,
            "missing",
            f"{REMOTE} has no {words(lacking)}",
            "a promotion is a pull request into it",
            FIX,
        )
    elif environments:
        yield Finding(TOPIC, "ok", f"release branches: {words([one.branch for one in environments])}")
    if scene.project.environments != environments:
        yield Finding(
            TOPIC,
            "note",
            f"the environments of this {CONFIG_FILE} are not those of {REMOTE}/{main}",
            f"{main} alone says where a model is deployed",
            "git fetch, or merge this branch",
        )


def _copies(scene: Scene, heads: dict[str, str]) -> Iterator[Finding]:
    """A push is handled by the workflow as the pushed branch has it: each release branch holds a copy."""
    try:
        paths = tuple(release_files(scene.project.git, scene.project.settings))
    except ConfigError:  # told of the generated files
        return
    git, main = Git(scene.project.git.top()), heads.get(_HEADS + scene.project.main)
    branches = {one.branch: heads.get(_HEADS + one.branch) for one in scene.project.settings.environments}
    there = {branch: commit for branch, commit in branches.items() if commit}
    if not paths or main is None or not there:
        return
    try:
        names = (scene.project.main, *there)
        lacking = [_HEADS + name for name in names if not git.has(heads[_HEADS + name])]
        if lacking:
            fetch(git, *lacking)
    except ExternalError as error:
        what, why = f"whether the release branches hold {words(paths)}", error.message.splitlines()[0]
        yield Finding(TOPIC, "unknown", what, why, f"git fetch {REMOTE}")
        return
    wanted = _present(git, main, paths)
    if not wanted:
        yield Finding(
            TOPIC,
            "missing",
            f"{scene.project.main} has no {words(paths)}",
            "without it nothing is deployed when a promotion is merged",
            "cdml generate, then commit and push what it writes",
        )
        return
    for branch, commit in there.items():
        have = _present(git, commit, paths)
        differ = [path for path, oid in wanted.items() if have.get(path) != oid]
        if differ:
            yield _stale(scene, branch, differ, not set(differ) & have.keys())


def _present(git: Git, commit: str, paths: tuple[str, ...]) -> dict[str, str]:
    """Those of these files that a commit has, with the ids of what they hold."""
    return {entry.path: entry.oid for entry in git.tree(commit) if entry.path in paths}


def _stale(scene: Scene, branch: str, paths: list[str], absent: bool) -> Finding:
    """The commands touch no working tree but one beside it, which they remove again."""
    main, file = scene.project.main, words(paths, 1)
    said = f"{branch} has no {file}" if absent else f"{branch} has another {file} than {main}"
    tree, at = "../cdml-renew", quoted(f"{REMOTE}/{branch}")
    steps = (
        f"git fetch {REMOTE}",
        f"git worktree add --detach {tree} {at}",
        f"git -C {tree} checkout {quoted(f'{REMOTE}/{main}')} -- {shell(*paths)}",
        f"git -C {tree} commit -m 'Renew the deploy workflow'",
        f"git -C {tree} push {REMOTE} HEAD:{quoted(_HEADS + branch)}",
        f"git worktree remove {tree}",
    )
    why = "a push is handled by the branch's own copy; where it is protected, push to another and merge that"
    return Finding(TOPIC, "missing", said, why, " && ".join(steps))


def files(scene: Scene) -> Iterator[Finding]:
    """Generated files that do not say what mlops.yaml says."""
    try:
        done = generate(scene.project.root, check=True)
    except ConfigError as error:
        yield Finding("files", "missing", "generated files cannot be compared", error.message, error.hint)
        return
    stale = [item.path for item in done if item.state not in ("unchanged", "written")]
    if stale:
        verb = "is" if len(stale) == 1 else "are"
        yield Finding(
            "files",
            "missing",
            f"{words(stale)} {verb} not what mlops.yaml says",
            "CI refuses to run on them",
            "cdml generate",
        )
    else:
        yield Finding("files", "ok", f"{len(done)} generated files say what mlops.yaml says")

"""Pictures that `evaluate.images` asks for: kept on a branch of the repository itself, and shown by its own forge.

Nothing is sent anywhere else. Whoever may see the repository may see them, and nobody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from cdml.core.errors import CdmlError, ExternalError
from cdml.core.images import LARGEST, MOST, Image, fault, is_path
from cdml.core.names import IMAGES_BRANCH
from cdml.forges.base import Forge
from cdml.state.git import Git
from cdml.state.plumbing import Update, fetch, push, read_blobs, remote_refs, write_commit, write_tree

Say = Callable[[str], None]
REF = f"refs/heads/{IMAGES_BRANCH}"
TRIES = 5


def drawn(root: Path, paths: tuple[str, ...], say: Say) -> dict[str, bytes]:
    """What a run wrote of the pictures that are asked for, as far as it can be shown."""
    found: dict[str, bytes] = {}
    for path in paths:
        place = root / path
        if not place.is_file():
            say(f"warning: {path} is named by evaluate.images, but no run wrote it")
        elif place.stat().st_size > LARGEST:
            say(f"warning: {path} is not shown: it is larger than {LARGEST:,} bytes")
        else:
            found[path] = place.read_bytes()
    return fit(found, say)


def fit(found: Mapping[str, bytes], say: Say) -> dict[str, bytes]:
    """Those that may be shown; what is wrong with the others is said."""
    faults = {path: fault(path, content) for path, content in found.items()}
    for path, why in faults.items():
        if why:
            say(f"warning: {path!a} is not shown: {why}")
    good = [path for path in sorted(found) if not faults[path]]
    if len(good) > MOST:
        say(f"warning: {len(good)} images were drawn, and the first {MOST} are shown")
    return {path: found[path] for path in good[:MOST]}


def show_images(
    git: Git, forge: Forge, of: tuple[str, str], found: Mapping[str, bytes], say: Say
) -> tuple[Image, ...]:
    """Keep the pictures of a commit and a model, `of`, and say where the forge shows them.

    Where the branch cannot be pushed they are in the report alone, and a warning says so.
    """
    if not found:
        return ()
    try:
        commit = _keep(git, of, found)
    except CdmlError as error:
        say(f"warning: the images are in the report alone: {error.message}")
        return alone(found)
    return _images(forge, of, commit, found)


def alone(found: Mapping[str, bytes]) -> tuple[Image, ...]:
    """Pictures for a report, which nobody keeps elsewhere."""
    return tuple(Image(path, content) for path, content in found.items())


def kept_images(git: Git, forge: Forge, of: tuple[str, str]) -> tuple[Image, ...]:
    """The pictures that an earlier run of this commit kept."""
    tip = _tip(git)
    if tip is None:
        return ()
    folder = _folder(of)
    paths = [path.removeprefix(folder) for path in _below(git, tip, folder)]
    known = [path for path in paths if is_path(path)]
    blobs = read_blobs(git, [f"{tip}:{folder}{path}" for path in known])
    found = {path: content or b"" for path, content in zip(known, blobs, strict=True)}
    return _images(forge, of, tip, fit(found, lambda line: None))


def _images(forge: Forge, of: tuple[str, str], commit: str, found: Mapping[str, bytes]) -> tuple[Image, ...]:
    folder = _folder(of)
    return tuple(
        Image(path, content, commit, folder + path, forge.image_url(commit, folder + path))
        for path, content in found.items()
    )


def _folder(of: tuple[str, str]) -> str:
    """One for each commit and model; a model's name may hold slashes, so that two could share a folder."""
    head, model = of
    return f"{head}/{hashlib.sha256(model.encode()).hexdigest()[:12]}/"


def _tip(git: Git) -> str | None:
    tip = remote_refs(git, REF).get(REF)
    if tip and not git.has(tip):
        fetch(git, REF)
    return tip


def _below(git: Git, commit: str, folder: str) -> list[str]:
    listed = git.text("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit, folder)
    return [path for path in listed.split("\0") if path]


def _keep(git: Git, of: tuple[str, str], found: Mapping[str, bytes]) -> str:
    """The commit of the branch that holds them; nothing is pushed where it holds just these."""
    folder = _folder(of)
    for _ in range(TRIES):  # other pull requests keep theirs on the same branch
        tip = _tip(git)
        files: dict[str, bytes | None] = dict.fromkeys(_below(git, tip, folder) if tip else ())
        files |= {folder + path: content for path, content in found.items()}
        tree = write_tree(git, tip, files)
        if tip and git.text("rev-parse", f"{tip}^{{tree}}") == tree:
            return tip
        new = write_commit(git, tree, (tip,) if tip else (), f"Images of {of[1]} at {of[0][:7]}\n")
        if push(git, Update(REF, new, tip)):
            return new
    raise ExternalError(f"{IMAGES_BRANCH} was moved by somebody else {TRIES} times", "start the run again")

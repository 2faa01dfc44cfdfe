"""Registry tags made and published in one step: the remote has the tag, or nobody has it.

Every verb answers None when somebody else tagged first. Their tags are here then and ours is nowhere, so that the
caller reads again and decides again. (One act of one person in one second is one tag, and counts for all makers.)
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from cdml.core.errors import ExternalError, UsageError
from cdml.core.names import is_name
from cdml.core.release import Provenance, Version
from cdml.registry.provenance import deployment_body, provenance_body
from cdml.registry.read import Registry, read, refuse_shallow
from cdml.registry.tags import Event, format_tag
from cdml.registry.versions import FIRST, Bump, bumped
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import EMPTY, Update, push


def next_version(latest: str | None, bump: Bump) -> str:
    """The number after `latest`, or `v1.0.0` for a model's first version."""
    return FIRST if latest is None else bumped(latest, bump)


def free_version(registry: Registry, model: str, bump: Bump) -> str:
    """The number after the highest active version, past all that were ever used and deregistered."""
    versions = registry.versions(model, active=False)
    used = {v.version for v in versions}
    version = next_version(next((v.version for v in versions if v.active), None), bump)
    while version in used:
        version = bumped(version, bump)
    return version


def register(git: Git, model: str, version: str, commit: str, provenance: Provenance) -> Version | None:
    """Register `commit` as a version. Raises UsageError where the number was ever used or the commit is one."""
    registry = _present(git, model)
    commit = git.commit(commit)
    for known in registry.versions(model, active=False):
        if known.version == version:
            raise UsageError(f"{known.label} exists already, at {known.commit[:9]}", "a number is used only once")
        if known.active and known.commit == commit:
            raise UsageError(f"{commit[:9]} is {known.label} already", "a version is a commit of its own")
    event = Event("registered", model, version=version)
    title = f"Registering artifact {model} version {version}"
    tag = _publish(git, registry, event, commit, f"{title}\n\n{provenance_body(provenance)}")
    return read(git).version(model, version) if tag else None


def deregister(git: Git, model: str, version: str) -> str | None:
    """Withdraw an active version; the tag's name. Raises UsageError where it is not active."""
    registry = _present(git, model)
    found = registry.find(model, version)
    if not found.active:
        raise UsageError(f"{found.label} was deregistered already")
    event = Event("deregistered", model, version=found.version)
    if git.run("show-ref", "--verify", "--quiet", f"refs/tags/{format_tag(event)}", check=False).code == 0:
        # Another tool registered the number again after an earlier withdrawal.
        event = Event("deregistered", model, version=found.version, counter=registry.next_counter(model))
    title = f"Deregistering artifact {model} version {found.version}"
    return _publish(git, registry, event, found.commit, f"{title}\n")


def assign(git: Git, model: str, environment: str, version: str, release_commit: str) -> str | None:
    """Record that an environment has a version; the tag's name.

    `release_commit` is the commit of the release branch that was deployed; the tag's body names it. Raises
    UsageError where the version is not active.
    """
    registry = _present(git, model)
    found = registry.find(model, version)
    if not found.active:
        raise UsageError(f"{found.label} was deregistered", f"cdml registry history {model}")
    event = Event("assigned", model, environment=environment, counter=registry.next_counter(model))
    title = f"Assigning stage {environment} to artifact {model} version {found.version}"
    body = deployment_body(git.commit(release_commit))
    return _publish(git, registry, event, found.commit, f"{title}\n\n{body}")


def unassign(git: Git, model: str, environment: str) -> str | None:
    """Take an environment's present version away, which brings the one before it back; the tag's name.

    Raises UsageError where the environment has none.
    """
    registry = _present(git, model)
    found = registry.assignments(model).get(environment)
    if found is None:
        raise UsageError(f"no version of {model} is assigned to {environment!r}", "cdml registry list")
    event = Event("unassigned", model, environment=environment, counter=registry.next_counter(model))
    title = f"Unassigning stage '{environment}' to artifact '{model}' version '{found.version}'"
    return _publish(git, registry, event, found.commit, f"{title}\n")


def _present(git: Git, model: str) -> Registry:
    """The registry as it is now, on the remote too: an old clone would give a number or a second twice."""
    if not is_name(model):
        raise UsageError(f"{model!r} is no name for a model", "letters, digits, '-', '_' and '/'")
    refuse_shallow(git)
    _fetch(git, model)
    return read(git)


def _fetch(git: Git, model: str) -> None:
    """This model's tags alone: another tag that moved on the remote must not stand in the way."""
    if git.remote_url() is not None:
        specs = [f"refs/tags/{model}{mark}*:refs/tags/{model}{mark}*" for mark in "@#"]
        git.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", REMOTE, *specs)


def _publish(git: Git, registry: Registry, event: Event, commit: str, message: str) -> str | None:
    name = format_tag(event)
    ref = f"refs/tags/{name}"
    if git.run("show-ref", "--verify", "--quiet", ref, check=False).code == 0:
        raise ExternalError(f"a tag {name} is here already, and not from {REMOTE}", f"git tag --delete {name}")
    # A slow clock must not put this event before one that it follows.
    when = max(int(time.time()), registry.newest(event.model) + 1)
    tag = _tag_object(git, name, commit, message, when)
    if git.remote_url() is not None and not push(git, Update(ref, tag, None)):
        _fetch(git, event.model)
        return None
    git.run("update-ref", ref, tag, EMPTY)
    return name


def _tag_object(git: Git, name: str, commit: str, message: str, when: int) -> str:
    """A tag that no reference names yet, signed where git is set up to sign tags."""
    env = {**git.identity(), "GIT_COMMITTER_DATE": f"@{when} +0000"}
    keys = ("tag.gpgSign", "tag.forceSignAnnotated")
    if any(git.text("config", "--type=bool", "--default=false", key) == "true" for key in keys):
        return _signed_tag_object(git, name, commit, message, env)
    who = git.text("var", "GIT_COMMITTER_IDENT", env=env)
    text = f"object {commit}\ntype commit\ntag {name}\ntagger {who}\n\n{message}"
    return git.text("mktag", stdin=text.encode())


def _signed_tag_object(git: Git, name: str, commit: str, message: str, env: Mapping[str, str]) -> str:
    """The same, signed.

    Only `git tag` signs, and it always makes the reference, so that is taken away again at once: a push that
    fails, or is killed, then leaves nothing behind.
    """
    # Verbatim: otherwise git drops lines that begin with '#', which YAML text may hold.
    git.run("tag", "-a", "--cleanup=verbatim", "-F", "-", name, commit, env=env, stdin=message.encode())
    said = git.text("for-each-ref", "--format=%(objectname) %(contents:signature)", f"refs/tags/{name}")
    tag, _, signature = said.partition(" ")
    git.run("update-ref", "-d", f"refs/tags/{name}", tag)
    # git 2.39 makes an unsigned tag, and succeeds, where ssh-keygen cannot sign.
    if not signature:
        raise ExternalError(f"git could not sign {name}, as tag.gpgSign asks", "git config user.signingKey")
    return tag

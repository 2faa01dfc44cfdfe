"""Waivers: one person's word that a failing gate may pass, for one set of inputs, given in a comment.

Kept at `refs/cdml/waivers/<inputs digest>/<gate>`. The reference alone proves nothing, since whoever may push
could write one: before a waiver counts, the forge is asked for the comment, for who wrote it and for what they may
do. That is asked again when a version is registered by it, and when that version is promoted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cdml.ci.text import harmless
from cdml.core.command import Command, NoCommand, parse
from cdml.core.comparison import Judgement, Verdict, Waiver
from cdml.core.errors import CdmlError, ConfigError, RefusedError, UsageError
from cdml.core.release import Version
from cdml.core.serialize import digest, dump, load
from cdml.evaluation.gates import gate_ids, gate_rule
from cdml.forges.base import Comment, Forge, PullRequest
from cdml.forges.text import OID
from cdml.jobs.judged import inputs_at
from cdml.jobs.past_runs import hidden_head, read_runs, shown_head
from cdml.jobs.project import Project
from cdml.reports.escape import plain
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import Update, fetch, push, read_blobs, remote_refs, write_commit, write_tree
from cdml.state.snapshot import Snapshot

Say = Callable[[str], None]
WAIVERS = "refs/cdml/waivers"
FILE = "waiver.json"
TRIES = 5


def keep_waiver(git: Git, inputs: str, waiver: Waiver) -> None:
    """Write a waiver for these inputs, in place of an older one of the same gate."""
    ref = f"{WAIVERS}/{inputs}/{digest([waiver.gate, waiver.rule])[:16]}"
    tree = write_tree(git, None, {FILE: dump(waiver).encode()})
    commit = write_commit(git, tree, (), f"Waive {waiver.gate}\n")
    for _ in range(TRIES):
        if push(git, Update(ref, commit, remote_refs(git, ref).get(ref))):
            return
    raise RefusedError(f"others waive {waiver.gate} at the same time", "write the comment again")


def read_waivers(git: Git, inputs: str, say: Say) -> tuple[Waiver, ...]:
    """What stands on the remote for these inputs, unverified; what is no waiver is told and left out."""
    if git.remote_url() is None:
        return ()
    refs = remote_refs(git, f"{WAIVERS}/{inputs}/*")
    if not refs:
        return ()
    fetch(git, *refs.values())
    found = []
    for ref, content in zip(refs, read_blobs(git, [f"{oid}:{FILE}" for oid in refs.values()]), strict=True):
        try:
            found.append(_read(content or b"", ref))
        except ConfigError as error:
            say(plain(f"warning: {error.message}"))
    return tuple(found)


def _read(content: bytes, ref: str) -> Waiver:
    waiver = load(Waiver, content, ref)
    if not OID.fullmatch(waiver.head):  # it will be asked of git
        raise ConfigError(f"{ref} is not what cdml wrote: it names no commit")
    return waiver


def with_waivers(
    project: Project, forge: Forge | None, judgement: Judgement, snapshot: Snapshot, say: Say
) -> Judgement:
    """The judgement of `snapshot` with the waivers that count, and with no others, whatever it came with.

    A waiver that does not count is told with the reason. Without a forge that could be asked, none counts.
    """
    judgement = without_waivers(judgement)
    if forge is None or not judgement.failed:
        return judgement
    found = {(w.gate, w.rule): w for w in read_waivers(project.git, snapshot.inputs.digest, say)}
    if not found:
        return judgement
    names = gate_ids([verdict.gate for verdict in judgement.verdicts])
    verdicts = []
    for name, verdict in zip(names, judgement.verdicts, strict=True):
        waiver = found.get((name, gate_rule(verdict.gate, judgement.comparison))) if verdict.blocks else None
        verdicts.append(_waived(project, forge, snapshot, verdict, waiver, say))
    return replace(judgement, verdicts=tuple(verdicts))


def without_waivers(judgement: Judgement) -> Judgement:
    """The judgement as its gates alone have it."""
    return replace(judgement, verdicts=tuple(replace(verdict, waived=None) for verdict in judgement.verdicts))


def waivers_of(judgement: Judgement) -> tuple[Waiver, ...]:
    """The waivers that a judgement carries."""
    return tuple(verdict.waived for verdict in judgement.verdicts if verdict.waived)


def require_waivers(project: Project, forge: Forge | None, version: Version) -> None:
    """Refuse a version whose waivers do not count any more, in words that say which and why."""
    for waiver in version.provenance.waivers if version.provenance else ():
        why = (
            why_void(project.git, forge, version.model, waiver)
            if forge
            else "no forge can be asked for its comment"
        )
        if why:
            raise RefusedError(
                f"{version.label} was registered by a waiver of {waiver.gate} that does not count: {why}",
                f"cdml registry show {version.label}",
            )


def why_void(git: Git, forge: Forge, model: str, waiver: Waiver) -> str | None:
    """Why a waiver does not count, None where it does: what the forge says now of its comment and its writer."""
    try:
        comment, pull = forge.find_comment(waiver.pull, waiver.comment), forge.pull(waiver.pull)
    except UsageError:
        return f"its comment is not on pull request {waiver.pull}"
    return (
        _why_not_said(forge, comment, model, waiver)
        or _why_not_theirs(forge, comment, pull)
        or _why_not_offered(git, pull, waiver.head)
    )


def answer_marker(identity: int) -> str:
    """The hidden first line of the answer to a comment."""
    return f"<!-- cdml-answer:{identity} -->"


def _seen(forge: Forge, comment: Comment, model: str, waiver: Waiver) -> str | None:
    """The commit that a comment without one is about: by our answer to it, or by what our comment said then."""
    for answer in forge.own_comments(waiver.pull, answer_marker(waiver.comment)):
        head = hidden_head(answer.body)
        if head:
            return head
    return shown_head(forge, waiver.pull, model, comment.created)


def _why_not_said(forge: Forge, comment: Comment, model: str, waiver: Waiver) -> str | None:
    if comment.edited:
        return "its comment was edited"
    if not same_person(comment.author, waiver.who):
        return f"its comment is not by {waiver.who!r}"
    command = _command(comment.body)
    if command is None or not _says(command, model, waiver):
        return "its comment says something else"
    # Only a whole id stands for one commit: of two that begin alike, one is made within seconds for the other.
    if command.pin == waiver.head:
        return None
    seen = _seen(forge, comment, model, waiver)
    if seen is None:
        return "it names no commit in full, and the forge does not tell any more which one was shown"
    return None if seen == waiver.head else f"it was written about {seen[:7]}"


def _why_not_theirs(forge: Forge, comment: Comment, pull: PullRequest) -> str | None:
    if comment.author.endswith("[bot]"):  # whoever may push can have a workflow write it
        return f"{comment.author} is nobody who could answer for it"
    if same_person(comment.author, pull.author):
        return f"{comment.author} is the author of pull request {pull.number}"
    if not forge.may_write(comment.author):
        return f"{comment.author} may not write to this repository"
    return None


def _why_not_offered(git: Git, pull: PullRequest, commit: str) -> str | None:
    """A comment on anybody's pull request could name any commit, the writer's own work among them."""
    if commit == pull.head:
        return None
    here = bring(git, pull, pull.head) and bring(git, pull, commit)
    if here and _leads_to(git, commit, pull.head) and not _leads_to(git, commit, _before(git, pull)):
        return None
    return f"pull request {pull.number} does not offer {commit[:7]}"


def _before(git: Git, pull: PullRequest) -> str | None:
    """The target as it was before the pull request; None where a fast-forward left no trace of it."""
    if pull.merged_as is None:
        return f"refs/remotes/{REMOTE}/{pull.target}"
    return None if _leads_to(git, pull.merged_as, pull.head) else f"{pull.merged_as}^1"


def _leads_to(git: Git, commit: str, later: str | None) -> bool:
    return later is not None and git.run("merge-base", "--is-ancestor", commit, later, check=False).code == 0


def same_person(one: str, other: str) -> bool:
    """Whether two names that a forge gave are one person's: forges know no capitals."""
    return one.strip().casefold() == other.strip().casefold()


def seen_head(git: Git, number: int, model: str, before: int) -> str | None:
    """The commit of which a pull request spoke last before a time (seconds since 1970); None where it had not."""
    return next((run.head for run in read_runs(git, number, model) if run.at <= before), None)


def bring(git: Git, pull: PullRequest, commit: str) -> bool:
    """See to it that a commit of a pull request is here, though its branch be gone or another repository's."""
    tries = (commit, f"refs/pull/{pull.number}/head", f"refs/merge-requests/{pull.number}/head")
    for name in tries:
        if git.has(commit):
            return True
        git.run("fetch", "--quiet", "--no-tags", REMOTE, name, check=False)
    return git.has(commit)


def _waived(
    project: Project, forge: Forge, snapshot: Snapshot, verdict: Verdict, waiver: Waiver | None, say: Say
) -> Verdict:
    if waiver is None:
        return verdict
    model = project.settings.model
    why = why_void(project.git, forge, model, waiver) or _why_other_inputs(project, forge, snapshot, waiver)
    if why:
        say(harmless(plain(f"{model}: the waiver of {waiver.gate} by {waiver.who} does not count: {why}")))
        return verdict
    return replace(verdict, waived=waiver)


def _command(body: str) -> Command | None:
    try:
        return parse(body)
    except NoCommand:
        return None


def _says(command: Command, model: str, waiver: Waiver) -> bool:
    if command.model not in (None, model) or not waiver.head.startswith(command.pin or ""):
        return False
    return replace(command, model=None, pin=None) == Command("waive", gate=waiver.gate, reason=waiver.why)


def _why_other_inputs(project: Project, forge: Forge, snapshot: Snapshot, waiver: Waiver) -> str | None:
    """A reference could lie under inputs that its comment never spoke of: the commit itself says which it has."""
    if waiver.head == snapshot.code:
        return None
    if not bring(project.git, forge.pull(waiver.pull), waiver.head):
        return f"commit {waiver.head[:7]} is gone"
    try:
        same = inputs_at(project, waiver.head, snapshot.environment) == snapshot.inputs.digest
    except CdmlError:
        same = False
    return None if same else f"it is about {waiver.head[:7]}, which has other inputs"

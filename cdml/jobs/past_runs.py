"""What was said of a model on a pull request, kept in git beside it: no late run overwrites a newer one's words.

A forge can only replace a comment, whoever wrote meanwhile. So a run first enters its words at a reference, which
git moves for one of two writers at once. Then it writes the comment, and looks whether the reference and the pull
request are still what they were; where not, the newest words are written once more. Whoever writes last has seen
that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from cdml.core.errors import ConfigError, ExternalError
from cdml.core.run import PastRun
from cdml.core.serialize import dump, load
from cdml.forges.base import Forge
from cdml.forges.local_store import Store
from cdml.reports.markdown import marker
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import Update

# The local forge keeps whole pull requests at `refs/cdml/pulls/N`, beside which nothing could stand.
SPACE = "refs/cdml/said/"
DOCUMENT = "said.json"
MOST = 20  # runs that are remembered
# The whole id of the commit that a comment speaks of, which people need not see.
_OPENING, _CLOSING = "<!-- cdml-head:", " -->"
TRAILER = 96  # characters that a comment must leave for it
Text = Callable[[tuple[PastRun, ...]], str]


@dataclass(frozen=True)
class Words:
    """A run, and the whole comment as it would have it."""

    run: PastRun
    text: str


@dataclass(frozen=True)
class Said:
    """All words on one model, newest first, and the id of the comment where it is known."""

    words: tuple[Words, ...] = ()
    comment: int | None = None

    def of(self, head: str) -> Words | None:
        """The words of the latest run of a commit."""
        found = [words for words in self.words if words.run.head == head]
        return max(found, key=lambda words: words.run.order, default=None)


def read_runs(git: Git, number: int, model: str) -> tuple[PastRun, ...]:
    """What was said of a model on a pull request, newest first."""
    return tuple(words.run for words in Conversation(git, number, model).said.words)


def write_comment(
    git: Git, forge: Forge, number: int, model: str, run: PastRun, text: Text, *, begin: bool = True
) -> str | None:
    """Write a run's comment, `text` of the runs before it, and return it; None where it is not to be written.

    That is where the pull request offers another commit by now, or a later run of the same commit has spoken.
    Without `begin` nothing is written where nothing was said before.
    """
    head = forge.pull(number).head
    if head != run.head:
        return None
    conversation = Conversation(git, number, model)
    mine = conversation.enter(run, text, begin)
    while mine:
        words = conversation.said.of(head)
        if words is None:  # what is offered now is spoken of when it is judged
            return None
        written = forge.comment(number, with_head(words.text, head), marker(model), conversation.said.comment)
        conversation.remember(written.id)
        now = forge.pull(number).head
        if not conversation.moved() and now == head:
            return words.text if words == mine else None
        head = now
    return None


def shown_head(forge: Forge, number: int, model: str, before: int) -> str | None:
    """The commit of which our own comment on a pull request spoke at a time; None where it spoke later, or not.

    `before` is in seconds since 1970. This is asked of the forge: in git anybody who may push could write it.
    """
    found = forge.own_comments(number, marker(model))[:1]
    return hidden_head(found[0].body) if found and found[0].updated <= before else None


def hidden_head(body: str) -> str | None:
    """The commit that a comment of ours speaks of."""
    told = body.rstrip().rpartition("\n")[2].rstrip("\r")
    return told.removeprefix(_OPENING).removesuffix(_CLOSING) if told.startswith(_OPENING) else None


def with_head(body: str, head: str) -> str:
    """A comment that says, where people need not see it, which commit it speaks of."""
    return f"{body}\n{_OPENING}{head}{_CLOSING}"


class Conversation:
    """One model's words on one pull request, as the reference had them when it was read last."""

    def __init__(self, git: Git, number: int, model: str) -> None:
        self.store = Store(git, REMOTE)
        # A model may be called `a`, another one `a/b`: as folders they could not stand side by side.
        self.ref = f"{SPACE}{number}/{quote(model, safe='')}"
        self.unkept: Words | None = None
        self._read()

    def _read(self) -> None:
        self.tip = self.store.refs(self.ref).get(self.ref)
        self.said = Said()
        if self.tip:
            try:
                self.said = load(Said, self.store.read({self.ref: self.tip}, DOCUMENT)[self.ref], self.ref)
            except ConfigError:  # another cdml wrote it
                return

    def enter(self, run: PastRun, text: Text, begin: bool) -> Words | None:
        """Put a run's words before all others; None where a later run of the same commit has spoken."""
        while True:
            if not (begin or self.said.words):
                return None
            if any(w.run.head == run.head and w.run.order > run.order for w in self.said.words):
                return None
            told = Words(run, text(tuple(w.run for w in self.said.words if not _alike(w.run, run))))
            known = self.said.of(run.head)
            if known and _alike(known.run, run) and known.text == told.text:
                return known
            if self._keep(replace(self.said, words=(told, *self.said.words)[:MOST])):
                return told
            self._read()

    def remember(self, comment: int) -> None:
        """Keep the comment's id, by which it is found at once; somebody else who is writing does so too."""
        if comment != self.said.comment and not self.unkept:
            self._keep(replace(self.said, comment=comment))

    def moved(self) -> bool:
        """Whether somebody entered words since; they are read then."""
        before = self.tip
        if self.store.refs(self.ref).get(self.ref) == before:
            return False
        self._read()
        if self.unkept:
            self.said = replace(self.said, words=(self.unkept, *self.said.words))
        return True

    def _keep(self, said: Said) -> bool:
        """False where somebody else was first. Who may comment and not push cannot keep anything."""
        new = self.store.write(self.tip, {DOCUMENT: dump(said)}, f"{said.words[0].run.headline}\n")
        try:
            done = self.store.push(Update(self.ref, new, self.tip))
        except ExternalError:
            self.unkept, self.said = said.words[0], said
            return True
        if done:
            self.tip, self.said = new, said
        return done


def _alike(one: PastRun, other: PastRun) -> bool:
    """Whether two runs said the same of the same commit."""
    return (one.head, one.light, one.headline) == (other.head, other.light, other.headline)

"""A command in a comment: who gave it, on which pull request, which models it means and which commit they saw."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cdml.core.command import FORMS, Command
from cdml.core.errors import RefusedError, UsageError
from cdml.forges.base import Comment, Forge, PullRequest
from cdml.jobs.concerned import Concerned, projects_at, released, touched
from cdml.jobs.project import Project
from cdml.jobs.waivers import seen_head
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import EMPTY_TREE

Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """One command. `git` acts at the top of a clone that has main checked out; `pick` opens a model's folder."""

    git: Git
    forge: Forge
    pull: PullRequest
    comment: Comment
    command: Command
    say: Say
    pick: Callable[[Path], Project]

    @property
    def who(self) -> str:
        """Who gave it."""
        return self.comment.author

    @property
    def main(self) -> str:
        """The main branch as the remote has it."""
        return f"refs/remotes/{REMOTE}/{self.git.default_branch()}"

    def project(self, one: Concerned) -> Project:
        """A model's project, as main has it; an error in words where main does not have it."""
        return self.pick(self.git.top() / one.folder)


def is_release(asked: Asked) -> bool:
    """Whether the pull request changes records of a release branch."""
    return asked.git.default_branch() != asked.pull.target and bool(_released(asked))


def models(asked: Asked) -> tuple[Concerned, ...]:
    """The models that the command means: the one that it names, else those that the pull request concerns.

    UsageError where it names one that there is not, or there is none to mean.
    """
    known = tuple(Concerned(model, folder) for folder, model in projects_at(asked.git, asked.main).items())
    found = _released(asked) or _touched(asked)
    if asked.command.model:
        return (_named(asked.command.model, (*found, *known)),)
    if not found and len(known) == 1:
        return known
    if not found:
        raise UsageError("this pull request concerns no model: name one", FORMS[asked.command.verb])
    return found


def one_model(asked: Asked) -> Concerned:
    """The same where a command can only mean one."""
    found = models(asked)
    if len(found) > 1:
        names = ", ".join(one.model for one in found)
        raise UsageError(f"this pull request concerns {names}: name one", FORMS[asked.command.verb])
    return found[0]


def require_open(asked: Asked) -> None:
    """Refuse what only an open pull request can be asked."""
    if asked.pull.state != "open":
        raise UsageError(f"pull request {asked.pull.number} is {asked.pull.state}")


def require_seen(asked: Asked, meant: tuple[Concerned, ...]) -> None:
    """Refuse to act on another commit than the one that the person named, or else was shown last."""
    head, pin = asked.pull.head, asked.command.pin
    again = f"look at it, then write: {_pinned(asked)}"
    if pin:
        if not head.startswith(pin):
            raise RefusedError(f"this pull request offers {head[:7]}, not {pin[:7]}", again)
        if pin == head or not _in_full(asked):
            return
    shown = [seen_head(asked.git, asked.pull.number, one.model, asked.comment.created) for one in meant]
    seen = [commit for commit in shown if commit]
    if not seen:
        raise RefusedError(f"nothing was said yet of {head[:7]}, which this pull request offers", again)
    if set(seen) != {head}:
        other = next(commit for commit in seen if commit != head)
        raise RefusedError(f"what you saw was {other[:7]}; this pull request offers {head[:7]} by now", again)


def _pinned(asked: Asked) -> str:
    """The command again, with the commit that is offered now."""
    head = asked.pull.head
    return str(replace(asked.command, pin=head if _in_full(asked) else head[:7]))


def _in_full(asked: Asked) -> bool:
    """Whether the beginning of an id is not enough to name a commit that nothing was said of.

    Two commits that begin with the same digits are made in seconds: a fork could push the second one once somebody
    has asked for the first, whose code gets secrets; and a waiver would hold for both.
    """
    return asked.pull.fork or asked.command.verb == "waive"


def _named(name: str, known: tuple[Concerned, ...]) -> Concerned:
    found = next((one for one in known if one.model == name), None)
    if found is None:
        names = sorted({one.model for one in known})
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise UsageError(f"{name!r} is not a model of this repository", hint)
    return found


def _released(asked: Asked) -> tuple[Concerned, ...]:
    if asked.pull.target == asked.git.default_branch():
        return ()
    base, _ = _base(asked)
    return released(asked.git, asked.git.commit(asked.main), base, asked.pull.head)


def _touched(asked: Asked) -> tuple[Concerned, ...]:
    base, target = _base(asked)
    return touched(asked.git, base, asked.pull.head, *([target] if target else []))


def _base(asked: Asked) -> tuple[str, str | None]:
    """Where the pull request left its target, and the target's commit before it was merged."""
    branch = f"refs/remotes/{REMOTE}/{asked.pull.target}"
    before = f"{asked.pull.merged_as}^1" if asked.pull.merged_as else branch
    if not asked.git.has(before):
        return EMPTY_TREE, None
    target = asked.git.commit(before)
    found = asked.git.run("merge-base", target, asked.pull.head, check=False).out.decode().strip()
    return found or target, target

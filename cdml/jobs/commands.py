"""Commands in comments: read, permitted, done and answered.

The comment is read from the forge by its id, never from the environment of the run that it started: there it
would be anybody's text in a place where programs look for settings. Nothing of it reaches a shell, or an answer's
markup.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cdml.core.command import FORMS, MEANINGS, Command, is_command, parse
from cdml.core.errors import CdmlError, Exit, ExternalError, RefusedError
from cdml.forges.base import Comment, Forge, Reaction
from cdml.jobs.asked import Asked
from cdml.jobs.command_actions import Done, judge_again, promote, rollback
from cdml.jobs.forge import forge_of
from cdml.jobs.past_runs import with_head
from cdml.jobs.project import Project, fetch_all, open_project
from cdml.jobs.waive import waive
from cdml.jobs.waivers import answer_marker as marker
from cdml.jobs.waivers import bring
from cdml.reports import escape
from cdml.state.git import REMOTE, Git
from cdml.state.plumbing import temporary_clone

Say = Callable[[str], None]
Pick = Callable[[Path], Project]
DONE, FAILED = "✅", "❌"


@dataclass(frozen=True)
class Answered:
    """What became of a comment, and what was said in words; `code` is that of the error where it failed."""

    outcome: Literal["ignored", "done", "failed"]
    said: str = ""
    code: Exit = Exit.DONE


def on_comment(
    git: Git, forge: Forge, number: int, identity: int, say: Say, pick: Pick = open_project
) -> Answered:
    """Do what one comment of a pull request asks for, and answer it; other comments are ignored silently.

    `git` acts at the top of a clone in which main is checked out, `pick` opens the project in a folder. An error
    that a person can act on is answered and returned, not raised.
    """
    comment = forge.find_comment(number, identity)
    if not is_command(comment.body) or comment.author.endswith("[bot]"):
        return Answered("ignored")
    if _is_answered(forge, number, identity):
        return Answered("ignored", f"comment {identity} was answered before")
    _react(forge, number, identity, "seen")
    try:
        command, done = _obey(git, forge, number, comment, say, pick)
    except CdmlError as error:
        _answer(forge, number, identity, "failed", f"{FAILED} {_markdown(error)}")
        return Answered("failed", _words(error), error.exit_code)
    link = escape.link("see it", done.url)
    said = _help() if command.verb == "help" else escape.markdown(done.said)
    text = f"{DONE} {said}" + (f" ({link})" if link else "")
    _answer(forge, number, identity, "done", with_head(text, done.head) if done.head else text)
    return Answered("done", done.said)


def answer_here(project: Project, number: int, identity: int, say: Say) -> Answered:
    """The same where no CI answers: in a temporary clone of main, with this machine's interpreter and servers."""
    fetch_all(project.git)
    tip = project.git.commit(f"refs/remotes/{REMOTE}/{project.main}")
    with temporary_clone(project.git, tip, project.main) as clone:
        git = Git(clone.top())
        return on_comment(
            git,
            forge_of(git),
            number,
            identity,
            say,
            lambda place: open_project(place, python=project.python, state=project.state),
        )


def _obey(git: Git, forge: Forge, number: int, comment: Comment, say: Say, pick: Pick) -> tuple[Command, Done]:
    if not forge.may_write(comment.author):
        raise RefusedError(f"{comment.author} may not write to this repository", "ask somebody who may")
    if comment.edited:
        raise RefusedError("this comment was edited after it was written", "write a new one")
    command = parse(comment.body)
    if command is None or command.verb == "help":
        return command or Command("help"), Done("\n".join(f"{FORMS[v]}  {MEANINGS[v]}" for v in FORMS))
    fetch_all(git)
    pull = forge.pull(number)
    if not bring(git, pull, pull.head):
        raise ExternalError(f"the commit {pull.head[:7]} of pull request {number} cannot be fetched", "git fetch")
    return command, _act(Asked(git, forge, pull, comment, command, say, pick))


def _act(asked: Asked) -> Done:
    match asked.command.verb:
        case "promote":
            return promote(asked)
        case "rollback":
            return rollback(asked)
        case "waive":
            return Done(waive(asked), head=asked.pull.head)
        case _:
            return judge_again(asked)


def _is_answered(forge: Forge, number: int, identity: int) -> bool:
    """Whether this was done before: CI can run the same job again, days later. What failed may be tried again."""
    done = f"{marker(identity)}\n{DONE}"
    found = [one for one in forge.comments(number) if one.body.replace("\r\n", "\n").startswith(done)]
    # Anybody may write such a comment, and would silence whoever asks.
    return any(one.author.endswith("[bot]") or forge.may_write(one.author) for one in found)


def _answer(forge: Forge, number: int, identity: int, reaction: Reaction, text: str) -> None:
    forge.comment(number, f"{marker(identity)}\n{text}")
    _react(forge, number, identity, reaction)


def _react(forge: Forge, number: int, identity: int, reaction: Reaction) -> None:
    with contextlib.suppress(ExternalError):  # the words are the answer
        forge.react(number, identity, reaction)


def _help() -> str:
    lines = [f"- `{FORMS[verb]}`: {MEANINGS[verb]}" for verb in FORMS]
    return "\n".join(["Whoever may write to this repository can begin a comment with:", "", *lines])


def _words(error: CdmlError) -> str:
    said = (error.message.splitlines() or ["it failed"])[0]
    return f"{said} (try: {error.hint})" if error.hint else said


def _markdown(error: CdmlError) -> str:
    said = escape.markdown((error.message.splitlines() or ["it failed"])[0])
    return f"{said}\n\nTry: {escape.markdown(error.hint)}" if error.hint else said

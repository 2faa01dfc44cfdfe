"""Commands in comments: one line, a closed grammar, and an answer in words for everything else.

    /cdml help
    /cdml retrain [MODEL] [at SHA]        /cdml evaluate [MODEL] [at SHA]
    /cdml promote [MODEL] ENV             /cdml rollback [MODEL] ENV
    /cdml waive [MODEL] GATE [at SHA] REASON

A comment is a command when `/cdml` is its very beginning, as a word of its own; only its first line counts. SHA is
the beginning of a commit's id, seven digits or more. Nothing of a comment is ever handed to a shell.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

from cdml.core.errors import UsageError
from cdml.core.names import is_name

Verb = Literal["retrain", "evaluate", "promote", "rollback", "waive", "help"]
VERBS: tuple[Verb, ...] = get_args(Verb)
FORMS: dict[str, str] = {
    "retrain": "/cdml retrain [MODEL] [at SHA]",
    "evaluate": "/cdml evaluate [MODEL] [at SHA]",
    "promote": "/cdml promote [MODEL] ENV",
    "rollback": "/cdml rollback [MODEL] ENV",
    "waive": "/cdml waive [MODEL] GATE [at SHA] REASON",
    "help": "/cdml help",
}
MEANINGS: dict[str, str] = {
    "retrain": "train again, though nothing changed, and judge",
    "evaluate": "train and evaluate what changed, and judge",
    "promote": "open the pull request that puts the version into an environment",
    "rollback": "open the pull request that brings an environment's earlier version back",
    "waive": "let one failing gate pass, for what the pull request offers now, with a reason",
    "help": "show this list",
}
PREFIX = "/cdml"
LONGEST_LINE = 1_000
LONGEST_REASON = 200  # what a report shows of any text
LETTERS = 10
_AT = "at"
_SHA = re.compile(r"[0-9a-f]{7,64}")
_LIKE_SHA = re.compile(r"(?=.*[0-9])[0-9a-f]+|[0-9a-f]{7,}", re.IGNORECASE)
_GATE = re.compile(r"[A-Za-z0-9_.%-]+(:[A-Za-z0-9_.%-]+)+")
_LONGEST_GATE = 200
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BLANK = "\u115f\u1160\u3164\uffa0"  # letters by name: fillers of Hangul, of which a reason would show nothing
# Joiners belong to words of some languages, and to some emoji; the tabulator is a space.
_VISIBLE = ("\t", "\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}")


class NoCommand(UsageError):
    """A comment that wants to be a command and is none; the message says what was meant."""


@dataclass(frozen=True)
class Command:
    """What somebody asked for. `pin` is the beginning of the commit that they named; its text parses to it again.

    `environment` is that of promote and rollback, `gate` and `reason` those of waive; else empty.
    """

    verb: Verb
    model: str | None = None
    environment: str = ""
    gate: str = ""
    reason: str = ""
    pin: str | None = None

    def __str__(self) -> str:
        pin = f"{_AT} {self.pin}" if self.pin else ""
        words = (PREFIX, self.verb, self.model, self.environment, self.gate, pin, self.reason)
        return " ".join(word for word in words if word)


def is_command(body: str) -> bool:
    """Whether a comment begins with the word `/cdml`."""
    return re.match(rf"{PREFIX}([ \t\r\n]|\Z)", body) is not None


def parse(body: str) -> Command | None:
    """The command in a comment, None where it is no command at all; raises NoCommand for a wrong one."""
    if not is_command(body):
        return None
    line = re.split(r"[\r\n]", body, maxsplit=1)[0]
    if len(line) > LONGEST_LINE:
        raise NoCommand(
            f"the line is too long for a command: {len(line):,} characters, {LONGEST_LINE:,} are read",
            "put what is long on the next line",
        )
    odd = next((letter for letter in line if _unseen(letter)), None)
    if odd is not None:
        raise NoCommand(f"the line holds a character that cannot be seen (U+{ord(odd):04X})", "type it again")
    _, *words = line.split()
    verb = _verb(words)
    return _PARSERS[verb](verb, words[1:])


def _unseen(letter: str) -> bool:
    return letter not in _VISIBLE and (letter in _BLANK or unicodedata.category(letter) in _INVISIBLE)


def _verb(words: list[str]) -> Verb:
    if not words:
        raise NoCommand(f"{PREFIX} needs a command: {', '.join(VERBS)}", FORMS["help"])
    found = next((verb for verb in VERBS if verb == words[0]), None)
    if found is None:
        near = difflib.get_close_matches(words[0][:50].lower(), VERBS, 1)
        hint = f"did you mean {FORMS[near[0]]}?" if near else f"it is one of {', '.join(VERBS)}"
        raise NoCommand(f"{_short(words[0])} is no command", hint)
    return found


def _help(verb: Verb, words: list[str]) -> Command:
    _require(verb, not words)
    return Command(verb)


def _run(verb: Verb, words: list[str]) -> Command:
    model, words = _model(words) if words and words != [_AT] and not _pinned(words) else (None, words)
    pin, words = _pin(words)
    _require(verb, not words)
    return Command(verb, model, pin=pin)


def _environment(verb: Verb, words: list[str]) -> Command:
    _require(verb, len(words) in (1, 2))
    model, words = _model(words) if len(words) == 2 else (None, words)
    if not is_name(words[0]):
        raise NoCommand(f"{_short(words[0])} is no name for an environment", FORMS[verb])
    return Command(verb, model, environment=words[0])


def _waive(verb: Verb, words: list[str]) -> Command:
    model, words = _model(words) if words and ":" not in words[0] else (None, words)
    _require(verb, len(words) >= 1)
    gate, *words = words
    if not _GATE.fullmatch(gate) or len(gate) > _LONGEST_GATE:
        raise NoCommand(f"{_short(gate)} is no name of a gate", "it looks like f1:max-regression")
    pin, words = _pin(words)
    reason = " ".join(words)
    if sum(letter.isalpha() for letter in reason) < LETTERS:
        raise NoCommand(f"a waiver needs a reason of {LETTERS} letters or more", FORMS[verb])
    if len(reason) > LONGEST_REASON:
        raise NoCommand(
            f"the reason has {len(reason)} characters; {LONGEST_REASON} are shown",
            "tell the rest on the next line",
        )
    return Command(verb, model, gate=gate, reason=reason, pin=pin)


_PARSERS = {
    "retrain": _run,
    "evaluate": _run,
    "promote": _environment,
    "rollback": _environment,
    "waive": _waive,
    "help": _help,
}


def _model(words: list[str]) -> tuple[str, list[str]]:
    """The model that the first word names. One called `at` cannot be named here."""
    if not is_name(words[0]) or words[0] == _AT:
        raise NoCommand(f"{_short(words[0])} is no name for a model", "letters, digits, '-', '_' and '/'")
    return words[0], words[1:]


def _pinned(words: list[str]) -> bool:
    return len(words) >= 2 and words[0] == _AT and _LIKE_SHA.fullmatch(words[1]) is not None


def _pin(words: list[str]) -> tuple[str | None, list[str]]:
    """The commit after `at`, in small letters, and what follows it."""
    if not _pinned(words):
        return None, words
    sha = words[1].lower()
    if not _SHA.fullmatch(sha):
        raise NoCommand(
            f"{_short(words[1])} is no commit: 7 to 64 digits of its id are", "git rev-parse --short HEAD"
        )
    return sha, words[2:]


def _require(verb: Verb, fits: bool) -> None:
    if not fits:
        raise NoCommand(f"{verb} is written otherwise", FORMS[verb])


def _short(word: str) -> str:
    return repr(word if len(word) <= 50 else f"{word[:49]}…")

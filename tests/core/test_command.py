"""Commands in comments: a closed grammar, tried with words that nearly fit and with words that try to break it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.core.command import FORMS, LONGEST_LINE, MEANINGS, VERBS, Command, NoCommand, is_command, parse

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(/[a-z0-9]{1,4})?", fullmatch=True).filter(lambda name: name != "at")
SHAS = st.from_regex(r"[0-9a-f]{7,40}", fullmatch=True)
GATES = st.from_regex(r"[A-Za-z0-9_.%-]{1,9}:(min|max|max-regression)(-[2-9])?", fullmatch=True)
WORDS = st.text(st.characters(categories=("L", "N", "P", "S", "M")), min_size=1, max_size=9)
REASONS = st.lists(WORDS, max_size=6).map(lambda words: " ".join(["because", "accepted", *words]))
MODELS = st.none() | NAMES
PINS = st.none() | SHAS
COMMANDS = st.one_of(
    st.just(Command("help")),
    st.builds(Command, st.sampled_from(["retrain", "evaluate"]), MODELS, pin=PINS),
    st.builds(Command, st.sampled_from(["promote", "rollback"]), MODELS, environment=NAMES),
    st.builds(Command, st.just("waive"), MODELS, gate=GATES, reason=REASONS, pin=PINS),
)
# The grammar once more, as one expression over words that a single space parts.
_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9\-/_]*[a-zA-Z0-9])?"
_MODEL = rf"(?: (?!at ){_NAME})?"
_PIN = r"(?: at [0-9a-fA-F]{7,64})?"
GRAMMAR = re.compile(
    rf"/cdml (?:help|(?:retrain|evaluate){_MODEL}{_PIN}|(?:promote|rollback){_MODEL} {_NAME}"
    rf"|waive{_MODEL} [\w.%-]+(?::[\w.%-]+)+{_PIN} .+)",
    re.ASCII,
)
FITTING = [*VERBS, "at", "churn", "staging", "f1:min", "a:b:c", "4f2a9c1", "4F2A9C1D", "because", "accepted"]
ODD = ["f1:", ":min", "4f2a", "--force", "$(id)", "`id`", ";", "a//b", "-x", "é", "REASON", "/cdml", "\tat\t"]
NEARLY = st.lists(st.sampled_from(FITTING + ODD), max_size=6).map(lambda words: " ".join(["/cdml", *words]))


def tried(text: str) -> Command | None:
    """What a text parses to; None where it is refused too."""
    try:
        return parse(text)
    except NoCommand:
        return None


@given(COMMANDS)
def test_what_a_command_says_of_itself_is_read_back(command: Command) -> None:
    assert parse(str(command)) == command


@given(COMMANDS, st.sampled_from(["\n", "\r\n", "\r"]), st.text())
def test_only_the_first_line_counts(command: Command, end: str, rest: str) -> None:
    assert parse(f"{command}{end}{rest}") == command


@given(st.text() | st.text().map("/cdml".__add__) | st.text().map("/cdml ".__add__) | NEARLY)
def test_nothing_breaks_the_parser_and_what_it_accepts_reads_back(text: str) -> None:
    command = tried(text)
    if command:
        assert parse(str(command)) == command
        assert "\n" not in str(command)


@given(NEARLY)
def test_nothing_is_accepted_that_is_not_in_the_grammar(text: str) -> None:
    line = " ".join(text.split())
    assert tried(text) is None or GRAMMAR.fullmatch(line)


@given(st.text(), st.sampled_from([" ", "> ", "```\n", "\n", "\ufeff", "x", "\u202e", "\0", "`", "* "]))
def test_a_comment_that_does_not_begin_with_the_word_is_none(text: str, before: str) -> None:
    assert parse(f"{before}/cdml help{text}") is None


@pytest.mark.parametrize(
    "text", ["/cdmlhelp", "/cdml-help", "/cdml\u00a0help", "/CDML help", "/cdml\0help", "/cdml/x"]
)
def test_a_longer_word_is_another_word(text: str) -> None:
    assert not is_command(text)
    assert parse(text) is None


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/cdml help", Command("help")),
        ("/cdml \t retrain  ", Command("retrain")),
        ("/cdml retrain at 4F2A9C1", Command("retrain", pin="4f2a9c1")),
        ("/cdml evaluate a/b at 4f2a9c1", Command("evaluate", "a/b", pin="4f2a9c1")),
        ("/cdml promote production", Command("promote", environment="production")),
        ("/cdml promote churn at", Command("promote", "churn", environment="at")),
        ("/cdml rollback churn staging", Command("rollback", "churn", environment="staging")),
        (
            "/cdml waive f1:min at the moment it is fine",
            Command("waive", gate="f1:min", reason="at the moment it is fine"),
        ),
        (
            "/cdml waive churn f1:max-gap:sex at 4f2a9c1 `$(id)` is no command here",
            Command("waive", "churn", gate="f1:max-gap:sex", reason="`$(id)` is no command here", pin="4f2a9c1"),
        ),
        (
            "/cdml waive f1:min می\u200cخواهم که بگذرد",
            Command("waive", gate="f1:min", reason="می\u200cخواهم که بگذرد"),
        ),
    ],
)
def test_commands_are_read(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("/cdml", "needs a command", "/cdml help"),
        ("/cdml retrian", "'retrian' is no command", "did you mean /cdml retrain"),
        ("/cdml Help", "'Help' is no command", "did you mean /cdml help"),
        ("/cdml xyzzy", "'xyzzy' is no command", "it is one of retrain"),
        ("/cdml help me", "help is written otherwise", "/cdml help"),
        ("/cdml retrain at", "retrain is written otherwise", "/cdml retrain [MODEL] [at SHA]"),
        ("/cdml retrain at 4f2a", "'4f2a' is no commit", "git rev-parse"),
        ("/cdml retrain churn 4f2a9c1", "retrain is written otherwise", "at SHA"),
        ("/cdml retrain --force", "'--force' is no name for a model", "letters"),
        ("/cdml promote", "promote is written otherwise", "/cdml promote [MODEL] ENV"),
        ("/cdml promote ../x", "'../x' is no name for an environment", "/cdml promote"),
        ("/cdml promote $(id)", "'$(id)' is no name for an environment", "/cdml promote"),
        ("/cdml waive f1:min", "a reason of 10 letters", "/cdml waive"),
        ("/cdml waive f1:min 1234567890 !!!!!!!!!!", "a reason of 10 letters", "/cdml waive"),
        ("/cdml waive f1 because accepted", "'because' is no name of a gate", "f1:max-regression"),
        (f"/cdml waive f1:min {'x' * 201}", "the reason has 201 characters", "next line"),
        (f"/cdml help {'x' * 100_000}", "too long for a command: 100,011", "next line"),
        ("/cdml waive f1:min because \u202eaccepted", "cannot be seen (U+202E)", "type it again"),
        (f"/cdml waive f1:min {chr(0x3164) * 10}", "cannot be seen (U+3164)", "type it again"),
        ("/cdml help\0", "cannot be seen (U+0000)", "type it again"),
        ("/cdml help \x1b[2J", "cannot be seen (U+001B)", "type it again"),
    ],
)
def test_a_wrong_command_is_told_what_was_meant(line: str, message: str, hint: str) -> None:
    with pytest.raises(NoCommand) as caught:
        parse(line)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert len(caught.value.message) < 200


def test_the_longest_line_is_read() -> None:
    with pytest.raises(NoCommand, match="no command"):
        parse(f"/cdml {'x' * (LONGEST_LINE - 6)}")


def test_every_command_has_a_form_and_a_meaning() -> None:
    assert set(FORMS) == set(MEANINGS) == set(VERBS)
    assert all(FORMS[verb].startswith(f"/cdml {verb}") for verb in VERBS)

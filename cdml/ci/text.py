"""Words in generated YAML and shell, escaped once for every provider."""

from __future__ import annotations

import json
import re

from cdml.core.errors import ConfigError

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_SHELL = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_EXPRESSIONS = ("${{", "$[", "$(", "{{")
_COMMAND = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$[A-Z_]+")


def scalar(text: str) -> str:
    """Text as one YAML scalar, plain where that is safe, else in double quotes."""
    refuse_expression(text)
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)  # JSON's escapes of what is beyond 16 bits are not YAML's


def refuse_expression(text: str) -> None:
    """No value of mlops.yaml may become an expression of the provider, or end a line; ConfigError names it."""
    if not text.isprintable():
        raise ConfigError(f"{text!r} cannot stand in generated CI: not every character of it is seen", "rename it")
    if any(mark in text for mark in _EXPRESSIONS):
        raise ConfigError(f"{text!r} cannot stand in generated CI: it would be read as an expression", "rename it")
    if _VARIABLE.fullmatch(text):
        raise ConfigError(f"{text!r} cannot stand in generated CI: it would be read as a variable", "rename it")


def command(words: tuple[str, ...]) -> str:
    """A command as a line of shell; a word `$NAME` is that environment variable, quoted."""
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    if _VARIABLE.fullmatch(word):
        return f'"{word}"'
    refuse_expression(word)
    return word if _SHELL.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"


def finding(level: str, message: str, file: str | None, line: int | None) -> str:
    """A plain line of a log, for a system that shows nothing on lines of files."""
    where = ":".join(str(part) for part in (file, line if file else None) if part is not None)
    return harmless(comment(f"{level}: {where}{': ' if where else ''}{message}"))


def harmless(line: str) -> str:
    """A line of a log without `##vso[` and `##[`, which agents take for a command wherever they stand."""
    return _COMMAND.sub("# #", line)


def comment(text: str) -> str:
    """Text as the rest of a comment: on one line, without control characters."""
    return "".join(character if character.isprintable() else " " for character in text)

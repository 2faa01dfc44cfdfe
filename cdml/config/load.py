"""mlops.yaml as Settings: from the working folder, or from the text of any revision."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cdml.core.errors import ConfigError
from cdml.core.settings import CONFIG_FILE, Settings


def load(root: Path) -> Settings:
    """Read mlops.yaml of a folder; ConfigError with every problem at once when it does not hold."""
    from cdml.config.pipeline import own_metrics

    return parse(text(root), own_metrics=own_metrics(root))


def text(root: Path) -> str:
    """The text of mlops.yaml; ConfigError where there is none or it is no text."""
    path = root / CONFIG_FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        above = next((place for place in root.parents if (place / CONFIG_FILE).is_file()), None)
        raise ConfigError(
            f"there is no {CONFIG_FILE} in {root}", f"cd {above}" if above else "cdml init"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{CONFIG_FILE}:{line}: is not UTF-8 text", "save it as UTF-8") from None


def parse(text: str, *, file: str = CONFIG_FILE, own_metrics: bool = True) -> Settings:
    """Settings of the text of an mlops.yaml; `file` is how problems name it. Touches no file.

    `own_metrics` says that the project may have metrics files of its own, so that an evaluation by `stages` may
    use any metric's name. Raises ConfigError whose `problems` are all that were found.
    """
    try:
        return _settings(text, own_metrics)
    except ConfigError:
        if file == CONFIG_FILE:
            raise
        return _read(text, file, own_metrics)  # the same problems, under the name that they are asked for


@lru_cache(maxsize=64)
def _settings(text: str, own_metrics: bool) -> Settings:
    """The settings of a text: one command meets the same one at many commits."""
    return _read(text, CONFIG_FILE, own_metrics)


def _read(text: str, file: str, own_metrics: bool) -> Settings:
    from cdml.config import build, checks, gates
    from cdml.config.read import draft
    from cdml.config.source import read

    source = read(text, file)
    if source.readable:
        parts = draft(source)
        checks.check(source, parts)
        gates.check(source, parts, own_metrics)
        if not source.problems:
            return build.build(source, parts)
    found = tuple(sorted(source.problems, key=lambda problem: problem.line or 0))
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    raise ConfigError(f"{file} has {count}", problems=found)

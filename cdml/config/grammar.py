"""The grammars of single values in mlops.yaml: each as a check in words, and as a pattern for the JSON Schema."""

from __future__ import annotations

import posixpath
import re

from cdml.core.images import is_path
from cdml.core.names import NAME, SEMVER, is_name

NAME_LENGTH = 100
NAME_PATTERN = rf"^(?!.*//){NAME}$"
SHARE_PATTERN = r"^[0-9]+(\.[0-9]+)?%$"
BASELINES = ("production", "latest", "main")
# The JSON Schema's dialect of regular expressions has no named groups in Python's spelling.
VERSION_PATTERN = rf"^v?{re.sub(r'[?]P<[a-z]+>', '', SEMVER)}$"
# Not absolute, no drive, not the folder itself, no `..`, no URL, no templating, no space at either end of a part.
PATH_PATTERN = (
    r"^(?!(\./+)*([/~]|[A-Za-z]:|\.?$))(?!(.*/)?\.\.(/|$))(?!.*://)(?!.*\$\{)"
    r"(?!(.*/)?\s)(?!.*\s(/|$))[^\\\x00-\x1f\x7f]+$"
)
# git check-ref-format, as far as a pattern can say it.
BRANCH_PATTERN = (
    r"^(?![/.\-])(?!.*(//|\.\.|/\.|@\{|\.lock(/|$)))(?!@$)[^\x00-\x20\x7f~^:?*\[\\]*[^\x00-\x20\x7f~^:?*\[\\/.]$"
)
PREDICTIONS = "reports/predictions.csv"
PREDICTIONS_PATTERN = r"\.(csv|parquet|jsonl|ndjson)$"
OTHER_MODEL_PATTERN = rf"^(?!.*//){NAME}@{VERSION_PATTERN[1:]}"
# A column, or two joined by a star; neither is nothing but space.
CUT_PATTERN = r"^[^*]*[^*\s][^*]*(\*[^*]*[^*\s][^*]*)?$"
# It becomes a part of a file's name, and of a parameter's, in which a dot has a meaning.
DATASET_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$"
MOST_DATASETS = 20


def version(number: int) -> int:
    """The version of the file's format."""
    if number != 1:
        raise ValueError(f"{number} is a format that this cdml does not know; it knows 1")
    return number


def name(text: str) -> str:
    """A model's or an environment's name."""
    if not is_name(text):
        raise ValueError(
            f"{text!r} cannot be a name: letters, digits, '-', '_' and '/' are allowed, "
            "and at both ends a letter or a digit"
        )
    return text


def dataset(text: str) -> str:
    """A test set's name."""
    if re.fullmatch(DATASET_PATTERN, text) is None:
        raise ValueError(
            f"{text!r} cannot be a dataset's name: at most 50 letters, digits, '-' and '_', "
            "and at its beginning a letter or a digit"
        )
    return text


def cut(text: str) -> str:
    """A column to slice by, or a cross `a*b` of two."""
    if re.fullmatch(CUT_PATTERN, text) is None:
        raise ValueError(f"{text!r} is neither a column nor a cross of two such as sex*age_band")
    return text


def path(text: str) -> str:
    """A path inside the folder of mlops.yaml, normalized: forward slashes, no `.` and no slash at its end."""
    if not text.strip():
        raise ValueError("must not be empty")
    if "${" in text:
        raise ValueError(
            f"{text!r} holds DVC's templating: write the path out, or keep your own dvc.yaml and name `stages`"
        )
    if "://" in text:
        raise ValueError(f"{text!r} is a URL; a path inside this folder is needed (`dvc import-url` makes one)")
    if "\\" in text:
        raise ValueError(f"{text!r} holds a backslash: write {text.replace(chr(92), '/')!r}")
    if ".." in text.split("/"):
        raise ValueError(f"{text!r} leaves the folder of mlops.yaml")
    normal = posixpath.normpath(text)
    if normal.startswith(("/", "~")) or re.match(r"[A-Za-z]:", normal):
        raise ValueError(f"{text!r} is absolute: write it relative to the folder of mlops.yaml")
    if normal == ".":
        raise ValueError(f"{text!r} is the whole folder: name a file or a folder in it")
    if re.fullmatch(PATH_PATTERN, text) is None:
        raise ValueError(f"{text!r} holds a control character, or a space at the end of a name")
    return normal


def image(text: str) -> str:
    """The path of a picture, which becomes a part of an address."""
    if not is_path(text):
        raise ValueError(
            f"{text!r} cannot be shown: letters, digits, '_', '-', '.' and '/' are allowed, "
            "and at its end .png or .jpg"
        )
    return text


def branch(text: str) -> str:
    """A branch name that git accepts."""
    if re.fullmatch(BRANCH_PATTERN, text) is None:
        raise ValueError(f"{text!r} is not a branch name that git accepts")
    return text


def baseline(text: str) -> str:
    """`production`, `latest`, `main`, or a version written `v1.2.3`."""
    if text in BASELINES:
        return text
    if re.fullmatch(VERSION_PATTERN, text):
        return f"v{text.removeprefix('v')}"
    raise ValueError(f"{text!r} is neither {', '.join(BASELINES)} nor a version such as v1.2.0")


def against(text: str) -> str:
    """What a gate compares with: as `baseline`, or another model's version, or a file of predictions."""
    model, at, number = text.rpartition("@")
    if at and is_name(model) and re.fullmatch(VERSION_PATTERN, number):
        return f"{model}@v{number.removeprefix('v')}"
    if re.search(PREDICTIONS_PATTERN, text):
        return path(text)
    try:
        return baseline(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither {', '.join(BASELINES)}, nor a version such as v1.2.0 or other@v1.2.0, nor a "
            "file of predictions (.csv, .parquet, .jsonl)"
        ) from None

"""Where contracts and profiles stand, in the working tree and at any commit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cdml.core.errors import ConfigError
from cdml.core.files import digest
from cdml.core.settings import DataContract
from cdml.state.git import Git

if TYPE_CHECKING:
    from cdml.contracts.profile import Profile
    from cdml.contracts.schema import Schema

PROFILE_ENDING = ".profile.json"


def profile_path(path: str) -> str:
    """Where the profile of a file of data stands: beside it."""
    place = PurePosixPath(path)
    return str(place.with_name(f"{place.stem}{PROFILE_ENDING}"))


def contract_text(root: Path, contract: DataContract) -> str:
    """The text of a contract in the working tree; ConfigError where there is none."""
    place = root / contract.schema
    try:
        return place.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{contract.path} has no contract: there is no {contract.schema}", f"cdml data infer {contract.name}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{contract.schema} cannot be read: {error}") from None


def read_contract(root: Path, contract: DataContract) -> Schema:
    """A contract of the working tree. Raises ConfigError with every problem."""
    from cdml.config.contract import parse

    return parse(contract_text(root, contract), contract.schema)


def contract_at(git: Git, commit: str, path: str) -> Schema | None:
    """A contract as a commit has it; None where it has none that can be read."""
    from cdml.config.contract import parse

    content = git.read(commit, path)
    try:
        return parse(content.decode("utf-8"), path) if content is not None else None
    except (ConfigError, UnicodeDecodeError):
        return None


def profile_at(git: Git, commit: str, path: str) -> Profile | None:
    """The profile of a file of data as a commit has it; None where it has none that can be read."""
    from cdml.contracts.profile import parse

    content = git.read(commit, profile_path(path))
    try:
        return parse(content, profile_path(path)) if content is not None else None
    except ConfigError:
        return None


def named(contracts: tuple[DataContract, ...], name: str) -> DataContract | None:
    """The contract of a name, or of the file of that path."""
    return next((one for one in contracts if name in (one.name, one.path)), None)


def data_digest(place: Path) -> str | None:
    """sha256 of a file or folder; None where it is not there."""
    return digest(place).sha256 if place.exists() else None


def column_lines(root: Path, schema: str) -> Mapping[str, int]:
    """On which line of a contract each column stands."""
    from cdml.config.contract import lines

    try:
        return lines((root / schema).read_text("utf-8"), schema)
    except (OSError, UnicodeDecodeError):
        return {}

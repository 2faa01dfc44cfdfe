"""What `cdml check` says of contracts before any data is read: missing files, contracts that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.contracts.read import KINDS, is_readable
from cdml.core.errors import ConfigError, Problem
from cdml.core.settings import Settings
from cdml.jobs.data_files import read_contract

if TYPE_CHECKING:
    from cdml.config.source import Path as Keys
    from cdml.config.source import Source


def declared(settings: Settings) -> Iterator[tuple[Keys, str]]:
    """Every path of data under contract, with where mlops.yaml says so."""
    for contract in settings.data:
        yield ("data", contract.name, "path"), contract.path


def check_contracts(root: Path, source: Source, settings: Settings) -> tuple[Problem, ...]:
    """Problems inside contracts; those of mlops.yaml itself are noted in `source`."""
    found: dict[str, tuple[Problem, ...]] = {}
    for contract in settings.data:
        place = root / contract.path
        if not place.is_dir() and not is_readable(contract.path) and place.suffix:
            source.report(
                ("data", contract.name, "path"), f"no contract reads {place.suffix} files: it takes {KINDS}"
            )
        if contract.schema in found:
            continue
        try:
            read_contract(root, contract)
        except ConfigError as error:
            found[contract.schema] = error.problems
            if not error.problems:
                hint = f"Type: {error.hint}." if error.hint else ""
                source.report(("data", contract.name, "schema"), error.message, hint)
    return tuple(problem for problems in found.values() for problem in problems)

"""`cdml data infer`, `add`, `update` and `diff`: contracts are made from data, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.config.data import default_schema
from cdml.config.load import load
from cdml.core import files
from cdml.core.errors import CdmlError, ConfigError, UsageError
from cdml.core.settings import CONFIG_FILE, DataContract, Settings
from cdml.jobs.data_files import data_digest, named, profile_path, read_contract

if TYPE_CHECKING:
    from cdml.contracts.diff import Difference
    from cdml.contracts.schema import Schema


@dataclass(frozen=True)
class Inferred:
    """A contract that was inferred; `differences` are those from what stood there before."""

    contracts: tuple[DataContract, ...]
    schema: Schema
    text: str
    profiles: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...] = ()

    @property
    def path(self) -> str:
        """Where the contract stands."""
        return self.contracts[0].schema


def settings_of(root: Path) -> Settings | None:
    """mlops.yaml of a folder, where there is one."""
    return load(root) if (root / CONFIG_FILE).is_file() else None


def chosen(root: Path, given: str | None, *, missing: bool = False) -> tuple[tuple[DataContract, ...], ...]:
    """The data that a name or a path means, grouped by contract; all of mlops.yaml's where nothing is given.

    With `missing` only those that have no contract yet, where nothing is given. Raises UsageError where it is
    nothing.
    """
    settings = settings_of(root)
    known = settings.data if settings else ()
    if given is None:
        wanted = [one for one in known if not (missing and (root / one.schema).exists())]
        if not known:
            raise UsageError("which data?", "cdml data infer data/train.csv, or cdml data add data/train.csv")
        return _grouped(known, {one.schema for one in wanted})
    found = named(known, given)
    if found:
        return _grouped(known, {found.schema})
    if not (root / given).exists():
        names = ", ".join(one.name for one in known) or "none"
        raise UsageError(f"{given} is neither a file nor the name of data (mlops.yaml has {names})", "cdml check")
    return ((DataContract(Path(given).stem, given, default_schema(given)),),)


def _grouped(known: Sequence[DataContract], schemas: set[str]) -> tuple[tuple[DataContract, ...], ...]:
    ordered = dict.fromkeys(one.schema for one in known if one.schema in schemas)
    return tuple(tuple(one for one in known if one.schema == schema) for schema in ordered)


def infer_contract(root: Path, contracts: tuple[DataContract, ...], *, update: bool = False) -> Inferred:
    """A contract that these data keep. With `update` it keeps what people decided in the present one.

    Nothing is written. Raises UsageError where a contract is there and no update is asked for; ConfigError for
    data that are no table.
    """
    from cdml.config.contract import write
    from cdml.contracts.diff import differences
    from cdml.contracts.infer import carried_over, together

    path = contracts[0].schema
    there = (root / path).exists()
    if there and not update:
        raise UsageError(f"{path} is there already", f"cdml data update {contracts[0].name}")
    if update and not there:
        raise UsageError(f"there is no {path} yet", f"cdml data infer {contracts[0].name}")
    found = [_of_file(root, one) for one in contracts if not one.serving] or [_of_file(root, contracts[0])]
    schema = together([one for one, _ in found])
    changed: tuple[Difference, ...] = ()
    if update:
        before = read_contract(root, contracts[0])
        schema = carried_over(before, schema)
        changed = differences(before, schema)
    profiles = tuple(profile for _, profile in found)
    return Inferred(contracts, schema, write(schema, contracts[0].path), profiles, changed)


def _of_file(root: Path, contract: DataContract) -> tuple[Schema, tuple[str, str]]:
    """The contract of one file, and its profile with where that stands."""
    from cdml.contracts.infer import infer
    from cdml.contracts.profile import dump, profile

    settings = settings_of(root)
    evaluate = settings.evaluate if settings else None
    target, identity = (evaluate.target, evaluate.id) if evaluate else (None, None)
    place = root / contract.path
    schema, table = infer(place, contract.path, target=target, identity=identity)
    return schema, (profile_path(contract.path), dump(profile(table, schema, data_digest(place) or "")))


def write_contract(root: Path, inferred: Inferred) -> None:
    """Write a contract and the profiles of its data beside them."""
    files.write(root / inferred.path, inferred.text)
    for path, text in inferred.profiles:
        files.write(root / path, text)


def add(root: Path, path: str, name: str) -> DataContract:
    """Put a file under contract in mlops.yaml, as people would write it; nothing else in the file changes.

    Raises UsageError where the name or the file is there already, ConfigError where there is no mlops.yaml.
    """
    from cdml.config.data import contract_name

    settings = load(root)
    known = named(settings.data, name) or named(settings.data, path)
    if known:
        raise UsageError(
            f"{known.name} ({known.path}) is under contract already", f"cdml data update {known.name}"
        )
    try:
        contract_name(name)
    except ValueError as error:
        raise UsageError(str(error), "cdml data add PATH --name NAME") from None
    text = (root / CONFIG_FILE).read_text("utf-8")
    files.write(root / CONFIG_FILE, with_entry(text, name, path))
    try:
        return next(one for one in load(root).data if one.name == name)
    except (CdmlError, StopIteration):
        files.write(root / CONFIG_FILE, text)
        raise


def with_entry(text: str, name: str, path: str) -> str:
    """The text of mlops.yaml with one more entry of `data`, before `train` or after the entries that are there."""
    from cdml.config.contract import scalar

    entry = f"  {name}: {{path: {scalar(path)}}}\n"
    lines = text.splitlines(keepends=True)
    start = next((at for at, line in enumerate(lines) if line.startswith("data:")), None)
    if start is None:
        at = next((i for i, line in enumerate(lines) if line.startswith("train:")), len(lines))
        while at and lines[at - 1].startswith("#"):  # the comment above belongs to what follows
            at -= 1
        return "".join([*lines[:at], "data:\n", entry, "\n", *lines[at:]])
    if lines[start].split("#")[0].strip() != "data:":
        raise ConfigError(
            f"{CONFIG_FILE}:{start + 1}: data is written in one line", f"add by hand: {entry.strip()}"
        )
    end = start + 1
    for at in range(start + 1, len(lines)):
        if lines[at].startswith((" ", "\t")):
            end = at + 1
        elif lines[at].strip() and not lines[at].startswith("#"):
            break
    indent = lines[end - 1][: len(lines[end - 1]) - len(lines[end - 1].lstrip())] if end > start + 1 else "  "
    inner = next((line for line in lines[start + 1 : end] if line.strip()), indent)
    entry = inner[: len(inner) - len(inner.lstrip())] + entry.lstrip()
    return "".join([*lines[:end], entry, *lines[end:]])


def diff_files(root: Path, old: str, new: str) -> tuple[Difference, ...]:
    """What differs between two contracts, each given as in `any_contract`."""
    from cdml.contracts.diff import differences

    return differences(any_contract(root, old), any_contract(root, new))


def any_contract(root: Path, given: str) -> Schema:
    """A contract by its file, the name of its data, or either at a revision: `v1.2.0:train`.

    Raises UsageError where there is none, ConfigError where it cannot be read.
    """
    from cdml.config.contract import parse
    from cdml.contracts.read import is_readable

    if is_readable(given):
        raise UsageError(f"{given} is a file of data, not a contract", "cdml data diff NAME, or two contracts")
    if (root / given).is_file():
        return parse((root / given).read_text("utf-8", "replace"), given)
    settings = settings_of(root)
    contract = named(settings.data, given) if settings else None
    if contract:
        return read_contract(root, contract)
    revision, colon, path = given.rpartition(":")
    if not colon:
        raise UsageError(
            f"{given} is no contract: there is no such file", "cdml data diff OLD NEW, or REVISION:FILE"
        )
    from cdml.state.git import open_git

    contract = named(settings.data, path) if settings else None
    wanted = contract.schema if contract else path
    git = open_git(root)
    content = git.read(git.commit(revision), wanted)
    if content is None:
        raise UsageError(f"{revision} has no {wanted}", f"git ls-tree -r --name-only {revision}")
    return parse(content.decode("utf-8", "replace"), given)

"""`cdml data`: contracts are made from data, compared, and taken over from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cdml.cli.app import JSON, app, leave, note, printable, root, say, say_json

if TYPE_CHECKING:
    from cdml.contracts.diff import Difference
    from cdml.jobs.data_contracts import Inferred

verbs = typer.Typer(help="Data contracts: what data must hold, checked before anything trains.")
app.add_typer(verbs, name="data", no_args_is_help=True)
WHAT = typer.Argument(None, metavar="[NAME|PATH]", help="Data of mlops.yaml, or a file; all of mlops.yaml's.")
YES = typer.Option(False, "--yes", help="Write without asking.")


@verbs.command()
def infer(context: typer.Context, what: str = WHAT) -> None:
    """Write a contract that the data keep, and their profile; `cdml data update` changes one."""
    from cdml.jobs.data_contracts import chosen, infer_contract, write_contract

    place = root(context)
    groups = chosen(place, what, missing=True)
    if not groups:
        say("every file under contract has its contract")
    for group in groups:
        inferred = infer_contract(place, group)
        write_contract(place, inferred)
        _wrote(inferred)


@verbs.command()
def add(
    context: typer.Context,
    path: str = typer.Argument(..., help="The file, or the folder of files."),
    name: str = typer.Option("", help="What it is called; `train` for training data. Default: the file's name."),
) -> None:
    """Put a file under contract: its entry in mlops.yaml, its contract, its profile."""
    from cdml.core.errors import UsageError
    from cdml.jobs.data_contracts import add as enter
    from cdml.jobs.data_contracts import infer_contract, write_contract

    place = root(context)
    if not (place / path).exists():
        raise UsageError(f"there is no {path}")
    contract = enter(place, path, name or Path(path).stem)
    say(f"mlops.yaml: data.{contract.name}")
    if (place / contract.schema).exists():
        return say(f"{contract.schema}: there already")
    inferred = infer_contract(place, (contract,))
    write_contract(place, inferred)
    return _wrote(inferred)


@verbs.command()
def update(context: typer.Context, what: str = WHAT, yes: bool = YES) -> None:
    """Infer again, show what would change, and write it. What people decided in a contract stays."""
    from cdml.jobs.data_contracts import chosen, infer_contract, write_contract

    place = root(context)
    for group in chosen(place, what):
        inferred = infer_contract(place, group, update=True)
        if not inferred.differences:
            say(f"{inferred.path}: no rule changes")
        _tell(inferred.path, inferred.differences)
        if not inferred.differences or yes or _agreed(inferred.path):
            write_contract(place, inferred)


@verbs.command()
def diff(
    context: typer.Context,
    old: str = typer.Argument(None, help="Data of mlops.yaml, a file of data, a contract, or REVISION:CONTRACT."),
    new: str = typer.Argument(None, help="Another contract to compare with; else the data themselves."),
    json: bool = JSON,
) -> None:
    """What differs between two contracts, or between a contract and what its data would give."""
    from cdml.jobs.data_contracts import chosen, diff_files, infer_contract

    place = root(context)
    found: dict[str, tuple[Difference, ...]] = {}
    if new is not None:
        found[f"{old} → {new}"] = diff_files(place, old, new)
    else:
        for group in chosen(place, old):
            inferred = infer_contract(place, group, update=True)
            found[inferred.path] = inferred.differences
    if json:
        say_json(found)
        return
    for path, differences in found.items():
        _tell(path, differences)
        if not differences:
            say(f"{printable(path)}: no difference")


@verbs.command("import")
def take_over(
    context: typer.Context,
    pandera: str = typer.Option(..., help="A YAML file that pandera wrote, or file.py:NAME, or module:NAME."),
    to: Path = typer.Option(..., metavar="SCHEMA", help="The contract to write, such as data/train.schema.yaml."),
    force: bool = typer.Option(False, "--force", help="Write over a contract that is there."),
) -> None:
    """Make a contract of a schema of pandera's."""
    from cdml.config.contract import write
    from cdml.contracts.pandera import read_pandera
    from cdml.core import files
    from cdml.core.errors import UsageError

    place = root(context)
    if (place / to).exists() and not force:
        raise UsageError(f"{to} is there already", "--force writes over it")
    schema, lost = read_pandera(pandera, place)
    files.write(place / to, write(schema, to.name.replace(".schema.yaml", "")))
    for one in lost:
        note(f"warning: not taken over: {printable(one)}")
    say(f"{to}: {len(schema.columns)} columns")


@verbs.command()
def export(
    context: typer.Context,
    what: str = typer.Argument(..., metavar="NAME|SCHEMA", help="Data of mlops.yaml, or a contract."),
) -> None:
    """Print a contract as pandera's YAML."""
    from cdml.contracts.pandera import write_pandera
    from cdml.jobs.data_contracts import any_contract

    say(write_pandera(any_contract(root(context), what)).rstrip())


def _wrote(inferred: Inferred) -> None:
    say(f"{inferred.path}: {len(inferred.schema.columns)} columns; review it like code, then commit it")
    for path, _ in inferred.profiles:
        say(f"{path}: how they are distributed")


def _tell(path: str, differences: tuple[Difference, ...]) -> None:
    for one in differences:
        say(printable(f"{path}: {one}{' (lets more pass)' if one.loosens else ''}"))


def _agreed(path: str) -> bool:
    """Whether a person agrees; without one nothing is written, which a script must see."""
    if not sys.stdin.isatty():
        note(f"{path} is not written: --yes writes it")
        leave(2)
    return typer.confirm(f"Write {path}?")

"""`cdml registry`: what was registered, what each environment has, and what happened when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cdml.cli.app import JSON, app, root, say, say_json

if TYPE_CHECKING:
    from cdml.core.release import Provenance, Version
    from cdml.registry.model import Tagged
    from cdml.registry.read import Registry

verbs = typer.Typer(help="Read versions, assignments and their history from the repository's tags.")
app.add_typer(verbs, name="registry", no_args_is_help=True)


@verbs.command("list", short_help="Every model: latest version, environments.")
def list_models(context: typer.Context, json: bool = JSON) -> None:
    """Every model: its latest version, and the version that each environment has."""
    from tabulate import tabulate

    registry = _open(context)
    rows = [_row(registry, model) for model in registry.models()]
    if json:
        say_json(rows)
    elif not rows:
        say("no model is registered yet")
    else:
        environments = sorted({name for row in rows for name in row["environments"]})
        cells = [
            [row["model"], row["latest"] or "-", *(row["environments"].get(name, "-") for name in environments)]
            for row in rows
        ]
        say(tabulate(cells, ["model", "latest", *environments], disable_numparse=True))


@verbs.command(short_help="Where one version came from.")
def show(
    context: typer.Context,
    version: str = typer.Argument(
        ..., metavar="[MODEL@]VERSION", help="Such as churn@v1.4.0; the model may be left out where there is one."
    ),
    json: bool = JSON,
) -> None:
    """Where one version came from: code, data, parameters, metrics, verdicts."""
    from cdml.core.errors import UsageError

    registry = _open(context)
    models = registry.models()
    model, mark, number = version.rpartition("@")
    if not mark and len(models) == 1 and number.removeprefix("v")[:1].isdigit():
        model = models[0]
    if not (model and number):
        raise UsageError(f"{version!r} is not MODEL@VERSION", "cdml registry list")
    found = registry.version(model, number)
    environments = [name for name, now in registry.assignments(model).items() if now.commit == found.commit]
    if json:
        from cdml.core.serialize import plain

        say_json({**plain(found), "environments": environments})
    else:
        say(_description(found, environments))


@verbs.command(short_help="What happened, the newest first.")
def history(
    context: typer.Context,
    model: str = typer.Argument("", metavar="MODEL", help="Default: every model."),
    json: bool = JSON,
) -> None:
    """What happened, the newest first: who did what, when, by which tag."""
    from tabulate import tabulate

    registry = _open(context)
    models = [model] if model else list(registry.states)
    pairs = [(name, tagged) for name in models for tagged in registry.history(name)]
    rows = [_event(name, tagged) for name, tagged in sorted(pairs, key=lambda pair: pair[1].order, reverse=True)]
    if json:
        say_json(rows)
    elif not rows:
        say("nothing has happened yet")
    else:
        shown = ("when", "model", "event", "version", "environment", "who", "tag")
        say(tabulate([[row[key] or "-" for key in shown] for row in rows], shown, disable_numparse=True))


def _open(context: typer.Context) -> Registry:
    from cdml.registry.read import read, require_complete
    from cdml.state.git import open_git

    git = open_git(root(context))
    require_complete(git)
    return read(git)


def _row(registry: Registry, model: str) -> dict[str, Any]:
    versions = registry.versions(model)
    return {
        "model": model,
        "latest": versions[0].version if versions else None,
        "environments": {name: now.version for name, now in registry.assignments(model).items()},
    }


def _event(model: str, tagged: Tagged) -> dict[str, Any]:
    return {
        "when": _when(tagged.time),
        "model": model,
        "event": tagged.event.kind,
        "version": tagged.version,
        "environment": tagged.event.environment,
        "who": _printable(tagged.who),
        "tag": tagged.tag,
        "commit": tagged.commit,
    }


def _description(version: Version, environments: list[str]) -> str:
    """A version for people: two columns, then the tables of what went in and what came out."""
    from tabulate import tabulate

    head = [
        ["version", version.label + ("" if version.active else " (deregistered)")],
        ["registered", _when(version.time)],
        ["release commit", version.commit],
        ["environments", ", ".join(environments) or "-"],
    ]
    if version.provenance is None:
        head.append(["provenance", "none: another tool made this tag"])
        return tabulate(head, tablefmt="plain", disable_numparse=True)
    parts = [tabulate([*head, *_summary(version.provenance)], tablefmt="plain", disable_numparse=True)]
    for title, rows in _tables(version.provenance):
        if rows:
            cells = [[_printable(str(cell)) for cell in row] for row in rows]
            table = tabulate(cells, tablefmt="plain", disable_numparse=True)
            parts.append(f"{title}\n" + "\n".join(f"  {line}" for line in table.splitlines()))
    return "\n\n".join(parts)


def _summary(provenance: Provenance) -> list[list[str]]:
    artifact = provenance.artifact
    rows = [
        ["by", provenance.registered_by],
        ["merged commit", provenance.commit],
        ["artifact", f"{artifact.path} ({artifact.size:,} bytes)"],
        ["sha256", artifact.sha256],
        ["inputs", provenance.inputs],
        ["environment", provenance.environment],
        ["python", provenance.python],
        ["base", provenance.base or "-"],
        ["changed", ", ".join(provenance.axes) or "-"],
        ["compared with", provenance.compared_with or "-"],
        ["trained", "by the judged run" if provenance.judged_run else "at registration"],
    ]
    return [[name, _printable(value)] for name, value in rows]


def _tables(provenance: Provenance) -> list[tuple[str, list[list[object]]]]:
    return [
        ("metrics", [[m.name, _number(m.value), _range(m.low, m.high)] for m in provenance.metrics]),
        ("gates", [[outcome, gate] for gate, outcome in provenance.verdicts.items()]),
        ("waivers", [[w.gate, w.who, w.why, f"pull request {w.pull}"] for w in provenance.waivers]),
        ("signature", [[field.name, field.kind] for field in provenance.signature or ()]),
        ("parameters", [[name, value] for name, value in provenance.parameters.items()]),
        ("data", [[path, digest] for path, digest in provenance.data.items()]),
        ("code", [[path, digest] for path, digest in provenance.code.items()]),
    ]


def _number(value: float) -> str:
    return f"{value:.6g}"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"({_number(low)} to {_number(high)})"


def _when(time: int) -> str:
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a tag may claim any time
        return f"@{time}"


def _printable(text: str) -> str:
    """Words from a tag on one line, without what would move a terminal's cursor."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)

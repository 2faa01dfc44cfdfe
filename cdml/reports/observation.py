"""What monitoring saw, as an issue, as a page and for a terminal: what drifted first."""

from __future__ import annotations

from cdml.core.comparison import MetricResult
from cdml.core.dialect import GITHUB_FLAVOURED, Dialect
from cdml.core.observation import ColumnDrift, Observation, Seen
from cdml.evaluation import numbers
from cdml.evaluation.gates import gate_words
from cdml.reports import escape
from cdml.reports.parts import fixed, optional
from cdml.reports.shorten import fit

MOST_COLUMNS = 20
_LIGHTS = {Seen.DRIFT: "🔴", Seen.NO_DRIFT: "🟢", Seen.TOO_FEW_ROWS: "⚪"}
_COLOURS = {Seen.DRIFT: "31", Seen.NO_DRIFT: "32", Seen.TOO_FEW_ROWS: "33"}


def headline(observation: Observation) -> str:
    """`churn in production: drift in 2 columns (age, y_score)`; plain text, not escaped."""
    where = f" in {observation.environment}" if observation.environment else ""
    return f"{observation.model}{where}: {_gist(observation)}"


def _gist(observation: Observation) -> str:
    drifted = observation.drifted
    parts = []
    if drifted:
        names = ", ".join(column.column for column in drifted[:3])
        more = f", and {len(drifted) - 3} more" if len(drifted) > 3 else ""
        parts.append(f"drift in {_count(len(drifted), 'column')} ({names}{more})")
    if observation.failed:
        gates = [gate_words(verdict.gate) for verdict in observation.failed]
        parts.append(f"not met on labelled rows: {gates[0]}{f', and {len(gates) - 1} more' if gates[1:] else ''}")
    return ", ".join(parts) or str(observation.seen)


def issue(observation: Observation, dialect: Dialect = GITHUB_FLAVOURED, *, retrain: bool) -> tuple[str, str]:
    """Title and body of the one issue that stands while a model drifts."""
    next_step = (
        "Retrain on newer data: `cdml run retrain`, or start the operation *retrain* in CI."
        if retrain
        else "`cdml monitor` looks again."
    )
    closing = "This issue is edited at every look, and closed when there is no drift any more."
    columns, labelled, notes = _columns(observation), _performance(observation), _notes(observation)
    parts = [
        fixed(_seen_of(observation)),
        optional(columns, "the columns", 2),
        optional(labelled, "what labels say", 1),
        optional(notes, "notes", 0),
        fixed(f"{next_step} {closing}"),
    ]
    body = fit(parts, dialect.longest, lambda what: f"Too long for an issue, left out here: {what}.")
    return escape.legible(headline(observation))[: escape.LONGEST], body


def page(observation: Observation) -> str:
    """The whole look as Markdown, for the summary of a run of CI or a file."""
    title = f"### {_LIGHTS[observation.seen]} {escape.markdown(headline(observation))}"
    return f"{title}\n\n{_body(observation)}\n"


def _body(observation: Observation) -> str:
    blocks = [_seen_of(observation), _columns(observation), _performance(observation), _notes(observation)]
    return "\n\n".join(block for block in blocks if block)


def _notes(observation: Observation) -> str:
    return "\n".join(f"- {escape.paragraph(note)}" for note in observation.notes)


def _seen_of(observation: Observation) -> str:
    """What was looked at, in a line."""
    against = f"against the test data of `{escape.code(observation.version)}`"
    if not observation.batches:
        return f"No batch yet; it would be looked at {against}."
    span = _span(observation.first, observation.last)
    rows = f"{observation.rows:,} rows in {_count(observation.batches, 'batch')}"
    few = " Fewer than 200 rows tell nothing." if observation.seen is Seen.TOO_FEW_ROWS else ""
    return f"{rows} ({span}) {against}.{few}"


def _span(first: str, last: str) -> str:
    return escape.markdown(first) if first == last else f"{escape.markdown(first)} to {escape.markdown(last)}"


def _columns(observation: Observation) -> str:
    rows = _in_order(observation)
    if not rows:
        return ""
    lines = ["| column | | test data | production | PSI | |", "|:--|:--|:--|:--|--:|:--|"]
    for column in rows[:MOST_COLUMNS]:
        name = escape.markdown(column.column)
        cells = [f"**{name}**" if column.role == "prediction" else name, column.role]
        cells += [escape.markdown(column.before), escape.markdown(column.now), _psi(column)]
        lines.append(f"| {' | '.join([*cells, _word(column)])} |")
    left = len(rows) - MOST_COLUMNS
    rest = f"\n\n{_count(left, 'more column')}: `cdml monitor` shows every one." if left > 0 else ""
    return "\n".join(lines) + rest


def _in_order(observation: Observation) -> list[ColumnDrift]:
    """What drifted first, then predictions, then the rest by distance."""
    return sorted(
        observation.columns, key=lambda c: (c.seen is not Seen.DRIFT, c.role != "prediction", -(c.psi or 0))
    )


def _psi(column: ColumnDrift) -> str:
    return "–" if column.psi is None else f"{column.psi:.2f}"


def _word(column: ColumnDrift) -> str:
    return f"🔴 {column.seen}" if column.seen is Seen.DRIFT else str(column.seen)


def _performance(observation: Observation) -> str:
    found = observation.performance
    if found is None:
        return ""
    lead = (
        f"**With labels:** {found.rows:,} of {found.predicted:,} predictions "
        f"({_span(found.first, found.last)}) have one."
    )
    lines = ["| metric | test data | production | change (95 %) |", "|:--|--:|--:|:--|"]
    lines += [f"| {' | '.join(escape.markdown(cell) for cell in _cells(one))} |" for one in found.metrics]
    gates = [
        f"- {'🔴' if verdict in found.failed else '⚪'} {escape.markdown(gate_words(verdict.gate))}: "
        f"{escape.markdown(verdict.outcome)}. {escape.markdown(verdict.reason)}"
        for verdict in found.verdicts
    ]
    return "\n\n".join(filter(None, [lead, "\n".join(lines), "\n".join(gates)]))


def _cells(result: MetricResult) -> list[str]:
    digits = numbers.decimals(result)
    values = [numbers.value(value, digits) for value in (result.baseline, result.candidate)]
    if result.difference is None or result.interval is None:
        return [result.name, *values, result.method]
    low, high = (numbers.change(value, digits) for value in (result.interval.low, result.interval.high))
    return [result.name, *values, f"{numbers.change(result.difference, digits)} ({low} to {high})"]


def table(observation: Observation, colour: bool) -> str:
    """The same for a terminal, ended by a newline."""
    title = escape.plain(headline(observation))
    blocks = [f"\x1b[{_COLOURS[observation.seen]}m{title}\x1b[0m" if colour else title]
    span = " to ".join(dict.fromkeys((observation.first, observation.last)))
    looked = f"{observation.rows:,} rows of {span} against the test data of {observation.version}"
    blocks.append(escape.plain(looked if observation.batches else "no batch yet"))
    if observation.columns:
        rows = [
            [escape.plain(c.column), c.role, escape.plain(c.before), escape.plain(c.now), _psi(c), str(c.seen)]
            for c in _in_order(observation)
        ]
        blocks.append(_grid(["column", "", "test data", "production", "PSI", ""], rows))
    if found := observation.performance:
        blocks.append(f"with labels: {found.rows:,} of {found.predicted:,} predictions")
        metrics = [[escape.plain(cell) for cell in _cells(one)] for one in found.metrics]
        blocks.append(_grid(["metric", "test data", "production", "change (95 %)"], metrics))
        gates = [
            [escape.plain(gate_words(v.gate)), escape.plain(v.measured), str(v.outcome)] for v in found.verdicts
        ]
        blocks += [_grid(["gate", "measured", ""], gates)] if gates else []
    blocks += ["\n".join(escape.plain(note) for note in observation.notes)] if observation.notes else []
    return "\n\n".join(blocks) + "\n"


def _grid(headings: list[str], rows: list[list[str]]) -> str:
    from tabulate import tabulate

    return tabulate(rows, headings, tablefmt="simple", disable_numparse=True, stralign="left")


def _count(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number:,} {what}{'es' if what.endswith('ch') else 's'}"

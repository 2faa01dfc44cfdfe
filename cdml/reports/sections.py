"""The parts of a comment on a judged run, each in forms of its own: whole, shorter, gone."""

from __future__ import annotations

from collections.abc import Iterable

from cdml.core.comparison import AxisChange, Comparison, Judgement, Verdict
from cdml.core.dialect import Dialect
from cdml.core.images import Image
from cdml.core.run import Around
from cdml.evaluation.gates import gate_words
from cdml.evaluation.gates.identity import gate_ids
from cdml.reports import cells, escape
from cdml.reports.parts import fixed, fold, table
from cdml.reports.shorten import Form, Section

FEWER_METRICS = (5, 1)
FEWER_GATES = (20, 5)
SLICES = (60, 20, 5)
SLICES_UNFOLDED = 5
MOST_COMMANDS = 3
MOST_CONTRACTS = 5
# The least important first.
CHART, HISTORY, FOUND, SLICE_ROWS, IMAGES, NOTES, TREND, WEAKEST = range(8)
HOW_TO_WAIVE, CHANGES, GATES, METRICS, LOOSENED = range(WEAKEST + 1, WEAKEST + 6)


def loosened(verdicts: list[Verdict]) -> Section:
    """Which gates the change loosened: all of them, or at least how many; this never goes."""
    found = [v for v in verdicts if v.loosened]
    if not found:
        return fixed("")
    items = [f"- {escape.paragraph(gate_words(v.gate))}: {escape.markdown(v.loosened)}" for v in found]
    whole = "\n".join(["⚠️ **This change loosens what judges it; the base's demand counts:**", *items])
    gates = "a gate" if len(found) == 1 else f"{len(found)} gates"
    short = f"⚠️ **This change loosens {gates} that judge it; the base's demand counts.**"
    return Section((Form(whole), Form(short, "how gates were loosened")), LOOSENED)


def loosened_contracts(comparison: Comparison) -> Section:
    """Which contracts of the data let more pass: they count as the change has them. This never goes."""
    said = comparison.loosened
    if not said:
        return fixed("")
    shown = [escape.paragraph(one) for one in said[:MOST_CONTRACTS]]
    shown += [f"{len(said) - MOST_CONTRACTS} more contracts are loosened."] if len(said) > MOST_CONTRACTS else []
    count = "a data contract" if len(said) == 1 else f"{len(said)} data contracts"
    short = f"⚠️ **This change loosens {count}.**"
    return Section((Form("\n\n".join(shown)), Form(short, "how contracts were loosened")), LOOSENED)


def metrics(comparison: Comparison) -> Section:
    """The table of metrics, the primary one first."""
    heading, *rows = cells.metrics_table(comparison)
    right = (1,) if comparison.baseline is None else (1, 2)
    return _rows(heading, rows, right, FEWER_METRICS, "metrics", METRICS)


def gates(verdicts: list[Verdict]) -> Section:
    """The table of gates; they come worst first."""
    heading, *rows = cells.gates_table(verdicts)
    return _rows(heading, rows, (), FEWER_GATES, "gates", GATES)


def _rows(
    heading: list[str],
    rows: list[list[str]],
    right: tuple[int, ...],
    fewer: tuple[int, ...],
    name: str,
    importance: int,
) -> Section:
    """A table, the same with fewer rows, and none."""
    if not rows:
        return fixed("")
    forms = [Form(table([heading, *rows], right))]
    for most in (n for n in fewer if n < len(rows)):
        without = f"{len(rows) - most} of {len(rows)} {name}"
        forms.append(Form(table([heading, *rows[:most]], right), without))
    return Section((*forms, Form("", f"the {name}")), importance)


def changes(found: tuple[AxisChange, ...]) -> Section:
    """What changed, in what, and what stayed the same."""
    if not found:
        return fixed("")
    whole = _changes(found, [cells.change(c.axis, c.details) for c in found if c.changed])
    short = _changes(found, [str(c.axis) for c in found if c.changed])
    name = "what exactly changed"
    forms = (Form(whole), Form(short, name)) if short != whole else (Form(whole),)
    return Section((*forms, Form("", "what changed")), CHANGES)


def _changes(found: Iterable[AxisChange], changed: list[str]) -> str:
    same = [str(c.axis) for c in found if not c.changed]
    parts = [f"**Changed:** {' · '.join(changed)}."] if changed else []
    return " ".join([*parts, *([f"**Same:** {', '.join(same)}."] if same else [])])


def slices(comparison: Comparison, dialect: Dialect) -> Section:
    """All slices, folded; fewer are the weakest ones. Where nothing folds there are few of them at once."""
    count = len(comparison.slices)
    if not count:
        return fixed("")
    allowed = SLICES if dialect.folds else (SLICES_UNFOLDED,)
    numbers = [min(count, allowed[0]), *(n for n in allowed[1:] if n < count)]
    forms = [
        Form(_slices(comparison, n, dialect), "" if i == 0 else f"{count - n} of {count} slices")
        for i, n in enumerate(numbers)
    ]
    return Section((*forms, Form("", "the slices")), SLICE_ROWS)


def _slices(comparison: Comparison, most: int, dialect: Dialect) -> str:
    count = len(comparison.slices)
    chosen = {id(one) for one in cells.weakest_first(comparison.slices)[:most]}
    shown = tuple(one for one in comparison.slices if id(one) in chosen)[:most]
    title = f"All {count} slices" if most == count else f"The {most} weakest of {count} slices"
    right = (1, 2) if comparison.baseline is None else (1, 2, 3)
    rows = cells.slices_table(comparison, shown)
    return fold(f"{title} ({escape.markdown(shown[0].metric.name)})", table(rows, right), dialect)


def notes(comparison: Comparison) -> Section:
    """What was left out of the comparison itself."""
    said = "\n\n".join(escape.paragraph(note) for note in comparison.notes)
    return Section((Form(said), Form("", "notes")), NOTES) if said else fixed("")


def images(around: Around, dialect: Dialect) -> Section:
    """The pictures that the run drew, folded."""
    if not around.images:
        return fixed("")
    title = "1 image" if len(around.images) == 1 else f"{len(around.images)} images"
    shown = "\n\n".join(_image(image, around) for image in around.images)
    return Section((Form(fold(title, shown, dialect)), Form("", title)), IMAGES)


def _image(image: Image, around: Around) -> str:
    name = escape.markdown(image.path)
    if link := escape.link(name, image.url):
        return f"{name}\n\n!{link}"
    if image.commit:
        return f"{name}: `git show {escape.code(image.commit)}:{escape.code(image.kept)}`"
    report = escape.link("report", around.report_url)
    return f"{name} is in the {report or 'report'}"


def how_to_waive(judgement: Judgement) -> Section:
    """The command by which somebody else may answer for a gate that fails."""
    names = gate_ids([verdict.gate for verdict in judgement.verdicts])
    failing = [name for name, verdict in zip(names, judgement.verdicts, strict=True) if verdict.blocks]
    if not failing:
        return fixed("")
    commands = [f"`/cdml waive {escape.identifier(name)} REASON`" for name in failing[:MOST_COMMANDS]]
    more = [f"{len(failing) - MOST_COMMANDS} more"] if len(failing) > MOST_COMMANDS else []
    text = f"To merge all the same, somebody other than the author writes {' and '.join([*commands, *more])}."
    return Section((Form(text), Form("")), HOW_TO_WAIVE)

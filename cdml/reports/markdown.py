"""The comment on a pull request: the verdict first, then the numbers that support it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cdml.core.comparison import Comparison, Judgement
from cdml.core.dialect import GITHUB_FLAVOURED, Dialect
from cdml.core.release import ReleaseRecord
from cdml.core.run import Around
from cdml.reports import cells, escape, found_sections, history, sections, sets
from cdml.reports.parts import fixed, fold, last_lines, left_out, optional, table
from cdml.reports.reasons import is_unchanged, light, unchanged_words, why_sentences
from cdml.reports.shorten import Form, Section, fit
from cdml.reports.words import headline, worst_first

__all__ = [
    "broken",
    "comment",
    "failure",
    "issue",
    "light",
    "marker",
    "promotion",
    "summary",
    "unchanged",
    "waiting",
]

# A summary may have 1 MiB (GitHub's limit of a step), and a character up to three bytes.
SUMMARY = Dialect(longest=300_000)
ALONE = Around()
LAST_LINES, EARLIER_LINES, FEWEST_LINES = 15, 45, 5


def marker(model: str) -> str:
    """The hidden first line by which a model's comment is found and edited."""
    return f"<!-- cdml:{escape.code(model)} -->"


def comment(judgement: Judgement, *, dialect: Dialect = GITHUB_FLAVOURED, around: Around = ALONE) -> str:
    """The whole comment as Markdown, in a line where the model did not change.

    Its first line is the model's marker. It is at most `dialect.longest` long (for any that is at least
    `shorten.SHORTEST`): what has no room goes, the least important first, and a line says so.
    """
    if is_unchanged(judgement):
        return unchanged(judgement, dialect=dialect, around=around)
    comparison = judgement.comparison
    reproduce = _reproduce(comparison)
    page = [
        _top(comparison.model, light(judgement), headline(judgement)),
        sections.loosened(worst_first(judgement.verdicts)),
        sections.loosened_contracts(comparison),
        fixed(_why(judgement)),
        sections.metrics(comparison),
        sections.gates(worst_first(judgement.verdicts)),
        sections.how_to_waive(judgement) if around.commands else fixed(""),
        sections.changes(comparison.changes),
        sets.basis(comparison),
        sets.overfit(comparison),
        optional(_weakest(comparison), "the weakest slice", sections.WEAKEST),
        found_sections.asides(comparison),
        optional(history.trend_line(around.trend), "the trend", sections.TREND),
        sections.slices(comparison, dialect),
        sets.datasets(comparison, dialect),
        *found_sections.folded(comparison, dialect),
        sections.images(around, dialect),
        sections.notes(comparison),
        optional(history.trend_chart(around.trend, dialect), "the trend's chart", sections.CHART),
        _earlier(comparison.model, dialect, around),
        fixed(last_lines(around, _stamp(comparison), reproduce)),
    ]
    return fit(page, dialect.longest, lambda what: left_out(what, around, reproduce))


def summary(judgement: Judgement, around: Around = ALONE) -> str:
    """The same for the summary of a CI job, which has room for more."""
    return comment(judgement, dialect=SUMMARY, around=around)


def unchanged(judgement: Judgement, *, dialect: Dialect = GITHUB_FLAVOURED, around: Around = ALONE) -> str:
    """The comment of a model that is what it was (`reasons.is_unchanged`): one line, and earlier runs folded."""
    comparison = judgement.comparison
    model = escape.markdown(comparison.model)
    said = escape.markdown(unchanged_words(comparison))
    run = escape.link("run", around.run_url)
    line = f"{light(judgement)} **{model}:** {said}" + (f" · {run}" if run else "")
    page = [
        fixed(f"{marker(comparison.model)}\n{line} <sub>{_stamp(comparison)}</sub>"),
        _earlier(comparison.model, dialect, around),
        fixed(""),
    ]
    return fit(page, dialect.longest, lambda what: "")


@dataclass(frozen=True)
class Broken:
    """What broke, in a few words, what was not done for that, and what helps."""

    title: str
    undone: str
    help: str


RUN = Broken("the run broke", "nothing was judged", "Pushing again runs it again.")
CONTRACT = Broken(
    "the data contract is broken",
    "nothing was trained",
    "Mend the data, or change the contract, which is reviewed like code.",
)


def broken(*, contract: bool) -> Broken:
    """A contract of the data, or the run itself."""
    return CONTRACT if contract else RUN


def failure(
    model: str,
    head: str,
    message: str,
    printed: str = "",
    why: Broken = RUN,
    *,
    dialect: Dialect = GITHUB_FLAVOURED,
    around: Around = ALONE,
) -> str:
    """The same comment when a run broke before it could judge: what broke, and the last lines of its output.

    Where nothing is `printed` apart, the first line of `message` says what broke, and the others were printed.
    """
    if not printed:
        message, _, printed = message.strip("\n").partition("\n")
    page = [
        _top(model, "🔴", f"{model}: {why.title}, {why.undone}"),
        _message(message),
        _log(printed, dialect),
        fixed(f"{why.help} Merge is blocked."),
        _earlier(model, dialect, around),
        fixed(last_lines(around, _commit(head))),
    ]
    return fit(page, dialect.longest, lambda what: left_out(what, around, "The run's own log"))


def _message(message: str) -> Section:
    lines = [line for line in message.splitlines() if line.strip()] or ["It broke without a word."]
    whole = "\n\n".join(escape.prose(line) for line in lines)
    short = escape.paragraph(lines[0])
    return Section(
        (Form(whole), Form(short, "the whole message") if short != whole else Form(whole)), sections.GATES
    )


def _log(printed: str, dialect: Dialect) -> Section:
    """The last lines of what a program printed; those before them folded, for the cause may stand there."""
    lines = printed.rstrip().split("\n")
    if not printed.strip():
        return fixed("")
    last = escape.block(printed, LAST_LINES)
    forms = [Form(last), Form(escape.block(printed, FEWEST_LINES, escape.LONGEST), "all but the log's last lines")]
    if dialect.folds and len(lines) > LAST_LINES:
        earlier = fold("Earlier lines", escape.block("\n".join(lines[:-LAST_LINES]), EARLIER_LINES), dialect)
        forms = [Form(f"{last}\n\n{earlier}"), Form(last, "earlier lines of the log"), *forms[1:]]
    return Section((*forms, Form("", "the log")), sections.CHANGES)


def waiting(
    model: str,
    head: str,
    said: str,
    *,
    dialect: Dialect = GITHUB_FLAVOURED,
    around: Around = ALONE,
) -> str:
    """The same comment when nothing was trained yet: what it waits for.

    Where the first sentence of `said` tells that it was not evaluated, and why, that is the headline.
    """
    first, _, rest = said.partition(". ")
    title, body = "not evaluated yet", said
    if first.lower().startswith("not evaluated"):
        title, body = first[:1].lower() + first[1:].rstrip("."), rest
    page = [
        _top(model, "⚪", f"{model}: {title}"),
        fixed(escape.prose(body)),
        _earlier(model, dialect, around),
        fixed(last_lines(around, _commit(head))),
    ]
    return fit(page, dialect.longest, lambda what: left_out(what, around, "The run's own log"))


def promotion(
    record: ReleaseRecord,
    before: ReleaseRecord | None,
    judgement: Judgement,
    environment: str,
    *,
    dialect: Dialect = GITHUB_FLAVOURED,
    around: Around = ALONE,
) -> str:
    """The comment on a promotion: which bytes go where, in place of which, and how the two compare."""
    comparison = judgement.comparison
    instead = f"instead of {before.label}" if before else "as the first release"
    reproduce = _reproduce(comparison)
    page = [
        _top(record.model, "⬆️", f"{environment}: {record.label} {instead}"),
        fixed(table([["", ""], *_facts(record, before)])),
        sections.metrics(comparison),
        fixed("Merging deploys exactly these bytes."),
        _earlier(record.model, dialect, around),
        fixed(last_lines(around, _stamp(comparison), reproduce)),
    ]
    return fit(page, dialect.longest, lambda what: left_out(what, around, reproduce))


def _facts(record: ReleaseRecord, before: ReleaseRecord | None) -> list[list[str]]:
    facts = [
        ["release commit", f"`{escape.code(record.commit)}`"],
        ["artifact", f"{escape.markdown(record.artifact.path)} `sha256:{escape.code(record.artifact.sha256)}`"],
        ["now", escape.markdown(before.label) if before else "nothing"],
        [record.action, f"by {escape.markdown(record.who)}: {escape.markdown(record.why)}"],
    ]
    return facts + ([["hold", escape.markdown(record.hold)]] if record.hold else [])


def issue(
    judgement: Judgement, commit: str, *, dialect: Dialect = GITHUB_FLAVOURED, around: Around = ALONE
) -> tuple[str, str]:
    """Title and body of the one issue that says why main gives no version."""
    lead = (
        f"`{escape.code(commit[:7])}` was merged, but judged as it stands on the main branch it gives no version."
    )
    room = replace(dialect, longest=dialect.longest - len(lead) - 2)
    body = comment(judgement, dialect=room, around=around)
    return f"{judgement.comparison.model}: main gives no version, a gate fails", f"{lead}\n\n{body}"


def _top(model: str, light: str, title: str) -> Section:
    return fixed(f"{marker(model)}\n### {light} {escape.markdown(title)}")


def _why(judgement: Judgement) -> str:
    first, *rest = why_sentences(judgement)
    return " ".join([escape.paragraph(first), *(escape.markdown(sentence) for sentence in rest)])


def _weakest(comparison: Comparison) -> str:
    line = cells.weakest(comparison)
    return f"**Weakest slice:** {line}" if line else ""


def _earlier(model: str, dialect: Dialect, around: Around) -> Section:
    return optional(history.earlier_runs(around.earlier, model, dialect), "earlier runs", sections.HISTORY)


def _reproduce(comparison: Comparison) -> str:
    """The command that shows the same on another machine."""
    base = cells.reference(comparison, comparison.baseline)
    head = cells.reference(comparison, comparison.candidate)
    return f"`cdml compare {base} {head}`" if base else "`cdml run train evaluate`"


def _stamp(comparison: Comparison) -> str:
    base = cells.reference(comparison, comparison.baseline)
    head = (
        _commit(comparison.candidate.commit)
        if comparison.candidate.commit
        else f"`{cells.reference(comparison, comparison.candidate)}`"
    )
    return f"{head} against `{base}`" if base else f"{head}, first model"


def _commit(name: str) -> str:
    """A commit as text, for forges link it; it comes from outside like everything else."""
    return escape.markdown(name[:7])

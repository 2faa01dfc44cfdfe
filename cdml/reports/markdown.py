"""The comment on a pull request: the verdict first, then the numbers that support it."""

from __future__ import annotations

from cdml.core.comparison import Judgement, Outcome, Verdict
from cdml.core.release import ReleaseRecord
from cdml.core.resources import render
from cdml.evaluation.gates import gate_words
from cdml.reports import cells, escape
from cdml.reports.words import headline, worst_first


def marker(model: str) -> str:
    """The hidden first line by which a model's comment is found and edited."""
    return f"<!-- cdml:{escape.code(model)} -->"


def comment(judgement: Judgement, *, footer: tuple[str, ...] = ()) -> str:
    """The whole comment as Markdown.

    Its first line is the model's marker. `footer` holds further pieces of trusted Markdown for its last line (how
    long training took, a link to the report).
    """
    comparison = judgement.comparison
    ordered = worst_first(judgement.verdicts)
    head, base = (
        cells.reference(comparison, comparison.candidate),
        cells.reference(comparison, comparison.baseline),
    )
    return render(
        "reports/comment.md.j2",
        marker=marker(comparison.model),
        light=light(judgement),
        headline=escape.markdown(headline(judgement)),
        loosened=[
            (escape.markdown(gate_words(v.gate)), escape.markdown(v.loosened)) for v in ordered if v.loosened
        ],
        why=why(judgement),
        metrics=cells.metrics_table(comparison),
        right=(1,) if comparison.baseline is None else (1, 2),
        gates=[cells.gate_row(verdict) for verdict in ordered],
        changed=[cells.change(c.axis, c.details) for c in comparison.changes if c.changed],
        same=[str(c.axis) for c in comparison.changes if not c.changed],
        weakest=cells.weakest(comparison),
        slices=cells.slices(comparison),
        notes=[escape.markdown(note) for note in comparison.notes],
        footer=([f"`cdml compare {base} {head}`"] if base else []) + list(footer),
        stamp=escape.markdown(f"{head} against {base}" if base else f"{head}, first model"),
    )


def failure(model: str, head: str, message: str) -> str:
    """The same comment when a run broke before it could judge: what broke, in its own words."""
    return render(
        "reports/failure.md.j2",
        marker=marker(model),
        model=escape.markdown(model),
        message=escape.block(message),
        stamp=escape.code(head[:7]),
    )


def waiting(model: str, head: str, said: str) -> str:
    """The same comment when nothing was trained yet: what it waits for."""
    return render(
        "reports/waiting.md.j2",
        marker=marker(model),
        model=escape.markdown(model),
        said=escape.markdown(said),
        stamp=escape.code(head[:7]),
    )


def promotion(record: ReleaseRecord, before: ReleaseRecord | None, judgement: Judgement, environment: str) -> str:
    """The comment on a promotion: which bytes go where, in place of which, and how the two compare."""
    comparison = judgement.comparison
    facts = [
        ("release commit", f"`{escape.code(record.commit)}`"),
        ("artifact", f"{escape.markdown(record.artifact.path)} `sha256:{escape.code(record.artifact.sha256)}`"),
        ("now", escape.markdown(before.label) if before else "nothing"),
        (record.action, f"by {escape.markdown(record.who)}: {escape.markdown(record.why)}"),
    ]
    facts += [("hold", escape.markdown(record.hold))] if record.hold else []
    return render(
        "reports/promotion.md.j2",
        marker=marker(record.model),
        title=escape.markdown(
            f"{environment}: {record.label} {f'instead of {before.label}' if before else 'as the first release'}"
        ),
        facts=facts,
        metrics=cells.metrics_table(comparison),
        right=(1,) if comparison.baseline is None else (1, 2),
    )


def issue(judgement: Judgement, commit: str) -> tuple[str, str]:
    """Title and body of the one issue that says why main gives no version."""
    body = comment(judgement)
    lead = (
        f"`{escape.code(commit[:7])}` was merged, but judged as it stands on the main branch it gives no version."
    )
    return f"{judgement.comparison.model}: main gives no version, a gate fails", f"{lead}\n\n{body}"


def light(judgement: Judgement) -> str:
    """The traffic light: red blocks, yellow wants a look, green is decided; white where nothing was asked."""
    effective = {verdict.effective for verdict in judgement.verdicts}
    if Outcome.FAIL in effective:
        return "🔴"
    doubtful = judgement.comparison.unpaired or any(v.loosened for v in judgement.verdicts)
    if Outcome.INCONCLUSIVE in effective or doubtful:
        return "🟡"
    return "🟢" if effective else "⚪"


def why(judgement: Judgement) -> str:
    """A sentence or two on what decided, escaped."""
    comparison = judgement.comparison
    if not judgement.verdicts:
        said = comparison.unpaired or ""
        return escape.markdown(f"No gates are set. {said}".strip())
    first = worst_first(judgement.verdicts)[0]
    if first.effective is Outcome.PASS:
        return "Every gate passes."
    alike = sum(v.effective is first.effective for v in judgement.verdicts) - 1
    if comparison.unpaired and first.outcome is not Outcome.FAIL:
        return f"{escape.paragraph(_full_stop(_capital(comparison.unpaired)))} {_merge(first)}"
    parts = [escape.paragraph(_full_stop(first.reason))]
    if first.more_rows:
        parts.append(f"About {first.more_rows:,} more test rows would decide.")
    if alike:
        fate = "fail too" if first.blocks else "are inconclusive too"
        parts.append(f"{alike} more {fate}." if alike > 1 else f"One more {_singular(fate)}.")
    return " ".join([*parts, _merge(first)])


def _merge(verdict: Verdict) -> str:
    return "Merge is blocked." if verdict.blocks else "Merge is not blocked."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _full_stop(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _singular(fate: str) -> str:
    return fate.replace("fail", "fails").replace("are", "is")

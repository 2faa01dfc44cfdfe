"""What a run of CI tells of a look at production: outputs for later steps, findings on lines of mlops.yaml."""

from __future__ import annotations

from cdml.core.errors import Exit
from cdml.core.observation import Observation, Seen
from cdml.core.settings import CONFIG_FILE, Monitor
from cdml.evaluation.gates import gate_words
from cdml.jobs.telling import Annotation
from cdml.reports import escape

WORDS = {Seen.DRIFT: "drift", Seen.NO_DRIFT: "no-drift", Seen.TOO_FEW_ROWS: "too-few-rows"}
NOTHING = "none"  # there is no version to look at


def exit_code(observation: Observation, strict: bool) -> Exit:
    """10 where something drifted; with `strict` 11 where there are too few rows to tell."""
    if observation.seen is Seen.DRIFT:
        return Exit.GATE_FAILED
    return Exit.INCONCLUSIVE if strict and observation.seen is Seen.TOO_FEW_ROWS else Exit.DONE


def outputs(observation: Observation | None, code: Exit) -> dict[str, str]:
    """`verdict`: drift, no-drift, too-few-rows, or none where there is no version; and the exit code."""
    return {"verdict": WORDS[observation.seen] if observation else NOTHING, "exit_code": str(int(code))}


def findings(observation: Observation, settings: Monitor | None, prefix: str) -> tuple[Annotation, ...]:
    """A finding for each column that drifted, on the line of `monitor`, and for each failed gate, on its own."""
    file = f"{prefix}{CONFIG_FILE}"
    line = settings.line if settings else None
    drifted = (
        Annotation("error", escape.plain(f"{c.column} drifted: {c.before} is now {c.now}"), file, line)
        for c in observation.drifted
    )
    failed = (
        Annotation("error", escape.plain(f"{gate_words(v.gate)}: {v.outcome}: {v.reason}"), file, v.gate.line)
        for v in observation.failed
    )
    return (*failed, *drifted)

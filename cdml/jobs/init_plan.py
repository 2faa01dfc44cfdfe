"""What `cdml init` is going to write, decided before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdml.config.pipeline import DVC_FILE
from cdml.core.errors import UsageError
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs.init_draft import SCHEMA_LINE, Ask, Draft, from_pipeline, from_scripts, from_trace, model_name
from cdml.jobs.init_files import yaml_text
from cdml.jobs.init_scaffold import names, scaffold
from cdml.jobs.init_survey import survey
from cdml.jobs.stamp import is_ours
from cdml.jobs.trace import Trace, undeclared
from cdml.state.dvc import Dvc
from cdml.state.git import words
from cdml.state.pipeline import read_pipeline

_KEYS = ("model", "ci", "train", "evaluate", "register")
_PURPOSE = "how the model is trained, judged and delivered: the one file to edit"


@dataclass
class Plan:
    """`files` are path, content and purpose, beside the files that every project has."""

    files: list[tuple[str, str, str]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    scaffolded: bool = False


def has_own_pipeline(root: Path) -> bool:
    """Whether there is a dvc.yaml that a person wrote."""
    path = root / DVC_FILE
    return path.is_file() and not is_ours(path.read_text("utf-8", "replace"))


def keep(settings: Settings, trace: Trace | None) -> Plan:
    """mlops.yaml is there already: only say what a traced command read beyond it."""
    plan = Plan(files=[(CONFIG_FILE, "", _PURPOSE)])
    stages = [stage for stage in (settings.train.stage, settings.evaluate.stage) if stage is not None]
    extra = undeclared(trace.reads, stages) if trace and stages else ()
    if extra:
        plan.notes.append(f"{CONFIG_FILE} is kept, but the command read files it does not declare: {words(extra)}")
    return plan


def make(root: Path, command: tuple[str, ...], trace: Trace | None, template: str | None, ask: Ask | None) -> Plan:
    """A new project in an empty folder, else an mlops.yaml of what is there; UsageError where nothing trains."""
    found = survey(root)
    own = has_own_pipeline(root)
    if own and (template is not None or trace is not None):
        raise UsageError(
            f"{DVC_FILE} says already how the model is made", "cdml init, without a template or a command"
        )
    if template is not None or (found.empty and trace is None and not own):
        return Plan(files=list(scaffold(template or names()[0], model_name(root))), scaffolded=True)
    draft = Draft(found, ask, {"model": model_name(root)})
    if found.tests:
        draft.document["ci"] = {"test": "python -m pytest -q"}
    if own:
        from_pipeline(draft, read_pipeline(Dvc(root), None))
    elif trace is not None:
        from_trace(draft, command, trace)
    else:
        from_scripts(draft)
    return _plan(draft, trace)


def _ordered(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in _KEYS if key in document}


def _plan(draft: Draft, trace: Trace | None) -> Plan:
    found = draft.found
    plan = Plan(
        [(CONFIG_FILE, SCHEMA_LINE + yaml_text(_ordered(draft.document)), _PURPOSE)],
        draft.seen,
        draft.guessed,
        draft.notes,
    )
    if found.tests:
        plan.found.append("tests: run by pytest before anything trains")
    if found.requirements:
        plan.found.append(f"packages: {', '.join(found.requirements)}")
    else:
        plan.notes.append("no requirements.txt or pyproject.toml says which packages the model needs")
    if trace and trace.outside:
        plan.notes.append(f"read outside the project, and so not declared: {words(trace.outside)}")
    return plan

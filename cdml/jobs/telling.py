"""What a run of CI tells besides its log: findings on lines of files, outputs for later steps, a summary."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cdml.ci.base import Level
from cdml.core.comparison import Judgement, Outcome, Verdict
from cdml.core.errors import CdmlError, ConfigError, Problem
from cdml.core.http import shown_address
from cdml.core.settings import CONFIG_FILE
from cdml.evaluation.gates import gate_words
from cdml.jobs.verdict import exit_code
from cdml.reports import escape
from cdml.reports.markdown import summary
from cdml.reports.words import worst_first

if TYPE_CHECKING:
    from cdml.core.release import Deployment
    from cdml.forges.base import PullRequest
    from cdml.jobs.register import Registered


@dataclass(frozen=True)
class Annotation:
    """One finding; `file` is its path from the top of the repository, None where it is about no file."""

    level: Level
    message: str
    file: str | None = None
    line: int | None = None


def of_judgement(judgement: Judgement, prefix: str) -> tuple[Annotation, ...]:
    """A finding for each gate that needs a look, on its line of mlops.yaml, the worst first.

    `prefix` is the project's folder from the top of the repository, empty or with a slash at its end.
    """
    needed = [v for v in worst_first(judgement.verdicts) if v.effective is not Outcome.PASS or v.loosened]
    return tuple(_of_verdict(verdict, f"{prefix}{CONFIG_FILE}") for verdict in needed)


def _of_verdict(verdict: Verdict, file: str) -> Annotation:
    words = f"{gate_words(verdict.gate)}: {verdict.outcome}: {verdict.reason}"
    if verdict.more_rows:
        words += f" About {verdict.more_rows:,} more test rows would decide."
    if verdict.loosened:
        words = f"{verdict.loosened}, but judged as the target branch has it: {words}"
    return Annotation("error" if verdict.blocks else "warning", escape.plain(words), file, verdict.gate.line)


def of_error(error: CdmlError, root: Path, prefix: str) -> tuple[Annotation, ...]:
    """An error's problems on their lines, or else its message; `root` is the project's folder."""
    if isinstance(error, ConfigError) and error.problems:
        return of_problems(error.problems, root, prefix)
    hint = f"; try: {error.hint}" if error.hint else ""
    return (Annotation("error", escape.plain(f"{error.message}{hint}")),)


def of_problems(problems: Iterable[Problem], root: Path, prefix: str) -> tuple[Annotation, ...]:
    """Problems on their lines; one whose file is not in the working tree says where it is in words."""
    return tuple(_of_problem(problem, root, prefix) for problem in problems)


def _of_problem(problem: Problem, root: Path, prefix: str) -> Annotation:
    path = posixpath.normpath(posixpath.join(prefix, problem.file))
    if path.startswith(("/", "..")) or not (root / problem.file).is_file():
        return Annotation("error", escape.plain(problem))
    words = (f"{problem.path}:" if problem.path else "", problem.message, problem.hint)
    return Annotation("error", escape.plain(" ".join(filter(None, words))), path, problem.line)


def verdict_of(judgement: Judgement) -> str:
    """All gates in a word: `fail` where one blocks, `inconclusive`, `pass`, or `none` where none is set."""
    counted = {Outcome.PASS if verdict.waived else verdict.effective for verdict in judgement.verdicts}
    return next((str(o) for o in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS) if o in counted), "none")


def outputs_of_judgement(judgement: Judgement) -> dict[str, str]:
    """`verdict` and the exit code that it means."""
    return {"verdict": verdict_of(judgement), "exit_code": str(int(exit_code(judgement)))}


def outputs_of_registered(registered: Registered) -> dict[str, str]:
    """`version`, `tag` and `commit`, empty where a gate failed; `new` is `true` or `false`."""
    version, judgement = registered.version, registered.judgement
    judged = outputs_of_judgement(judgement) if judgement else {"verdict": "", "exit_code": "0"}
    return judged | {
        "version": version.version if version else "",
        "tag": version.label if version else "",
        "commit": version.commit if version else "",
        "new": str(bool(version and registered.new)).lower(),
    }


def outputs_of_deployment(deployment: Deployment | None) -> dict[str, str]:
    """What is served and where, empty where the release branch names no version yet.

    `address` is what a forge may show to people: not one of this machine alone.
    """
    served = deployment
    return {
        "exit_code": "0",
        "version": served.version if served else "",
        "tag": f"{served.model}@{served.version}" if served else "",
        "sha256": served.sha256 if served else "",
        "url": served.url if served else "",
        "address": shown_address(served.url) if served else "",
    }


def outputs_of_pull(pull: PullRequest) -> dict[str, str]:
    """`pull_request` is its number, `url` its page, empty on a forge without pages."""
    return {"exit_code": "0", "pull_request": str(pull.number), "url": pull.url}


def summary_of_registered(registered: Registered, model: str) -> str:
    """What became of main, with the report where it was judged."""
    version, judgement = registered.version, registered.judgement
    if version is None:
        title = f"{escape.markdown(model)}: no version, a gate failed"
    elif registered.new:
        title = f"`{escape.code(version.label)}` registered"
    else:
        title = f"`{escape.code(version.label)}` stands: nothing changed"
    where = f"\n\nRelease commit `{escape.code(version.commit)}`." if version else ""
    report = f"\n\n{summary(judgement)}" if judgement else ""
    return f"### {title}{where}{report}\n"


def summary_of_deployment(deployment: Deployment | None, place: str) -> str:
    """What is served, by digest."""
    if deployment is None:
        return f"### {escape.markdown(place)}: no version yet, nothing deployed\n"
    label = escape.code(f"{deployment.model}@{deployment.version}")
    facts = f"sha256 `{escape.code(deployment.sha256)}` at {escape.markdown(deployment.url)}"
    return f"### {escape.markdown(place)} serves `{label}`\n\n{facts}\n"


def summary_of_pull(pull: PullRequest, title: str) -> str:
    """An opened pull request."""
    where = f"Pull request {pull.number} into `{escape.code(pull.target)}` is open."
    return f"### {escape.markdown(title)}\n\n{where}\n"

"""`cdml demo`: the whole loop in a temporary folder, with the commands that a person would type."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cdml.cli.app import app, say

if TYPE_CHECKING:
    from cdml.jobs.demo import Stage

SIX = "features: [age, sex, bp, s1, s2, s3]"
TEN = "features: [age, sex, bmi, bp, s1, s2, s3, s4, s5, s6]"
PATIENT: dict[str, object] = {"age": 59, "sex": 2, "bp": 101, "s1": 157, "s2": 93.2, "s3": 38}
MORE: dict[str, object] = {"bmi": 32.1, "s4": 4, "s5": 4.8598, "s6": 87}
GATE_FAILED = 10
WIDTH = 100


@app.command()
def demo(
    keep: Path = typer.Option(None, metavar="DIR", help="Keep everything in DIR, which must not exist yet."),
) -> None:
    """Play the whole loop: pull requests, gates, a version, two environments, a prediction, a rollback."""
    from cdml.core.errors import UsageError
    from cdml.jobs.demo import close, prepare

    if keep and keep.exists():
        raise UsageError(f"{keep} exists already", "name a folder that does not")
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="cdml-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        stage = prepare(folder)
        try:
            for chapter in (_first_version, _promotion, _better, _worse, _rollback):
                chapter(stage)
        finally:
            close(stage)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    say(f"\nThe whole loop took {time.monotonic() - started:.0f} s. Its servers are stopped.")
    say(f"Look around: cd {stage.work} && cdml registry list" if keep else "To look around: cdml demo --keep DIR")


def _first_version(stage: Stage) -> None:
    _tell(
        "1. A repository with one mlops.yaml becomes a version",
        "442 patients, a logistic regression on six of ten measurements. "
        "What main holds is trained, judged and tagged.",
    )
    _run(stage, "git add --all")
    _run(stage, "git commit --quiet --message 'Judge patients by six measurements'")
    _run(stage, "git push --quiet --set-upstream origin main")
    _run(stage, "cdml init --yes")
    _run(stage, "cdml register")


def _promotion(stage: Stage) -> None:
    _tell(
        "2. Promotion is a merge",
        "Each environment is a release branch that holds one record per model; "
        "merging a new record deploys exactly the bytes that were reviewed.",
    )
    _deploy(stage, "v1.0.0", staging=1, production=2)
    _ask(stage, PATIENT, "v1.0.0")


def _better(stage: Stage) -> None:
    _tell(
        "3. A pull request that improves the model",
        "All ten measurements instead of six. The comment that a reviewer sees:",
    )
    _change(stage, "all-measurements", SIX, TEN, "Use all ten measurements")
    _run(stage, "cdml pr open", show=False)
    _comment(stage, 3)
    _tell(
        "4. Merged, registered, promoted",
        "The judged run is taken over, nothing is trained again. Its inputs changed, so the major number moves.",
    )
    _run(stage, "cdml pr merge 3 --method squash")
    _deploy(stage, "v2.0.0", staging=4, production=5)
    _ask(stage, PATIENT | MORE, "v2.0.0")


def _worse(stage: Stage) -> None:
    _tell(
        "5. A pull request that makes it worse",
        "A random forest instead. Its gate refuses it: exit code 10, and a merge is refused, too.",
    )
    _run(stage, "git switch --quiet main")
    _run(stage, "git pull --quiet")
    _change(stage, "forest", "kind: logistic", "kind: forest", "Try a random forest")
    _run(stage, "cdml pr open", code=GATE_FAILED)
    _run(stage, "cdml pr merge 6", code=GATE_FAILED)


def _rollback(stage: Stage) -> None:
    _tell(
        "6. Back to the version before",
        "No training: the older record is merged again, with a hold, and the older bytes are served.",
    )
    _run(stage, "cdml rollback production --why demonstration")
    _ask(stage, PATIENT, "v1.0.0")
    _run(stage, "cdml status")
    _run(stage, "cdml registry history")


def _deploy(stage: Stage, version: str, *, staging: int, production: int) -> None:
    """Promote through both environments; the numbers are those that the pull requests will get."""
    for environment, number in (("staging", staging), ("production", production)):
        _run(stage, f"cdml promote {version} --to {environment}", show=False)
        _run(stage, f"cdml pr merge {number}")


def _change(stage: Stage, branch: str, before: str, after: str, message: str) -> None:
    _run(stage, f"git switch --quiet --create {branch}")
    stage.edit("params.yaml", before, after)
    say(f"# params.yaml: {before}  ->  {after}")
    _run(stage, f"git commit --quiet --all --message '{message}'")


def _ask(stage: Stage, record: dict[str, object], version: str) -> None:
    """Ask the server in production, and stop the story where another version answers."""
    from cdml.core.errors import ExternalError

    say(f"$ curl -s localhost:{stage.ports['production']}/predict --json '{json.dumps({'records': [record]})}'")
    answer = stage.ask("production", record)
    say(json.dumps(answer))
    if not isinstance(answer, dict) or answer.get("version") != version:
        raise ExternalError(f"production does not answer as {version}")


def _comment(stage: Stage, number: int) -> None:
    """The pull request's comment as a forge would render it."""
    from rich.console import Console
    from rich.markdown import Markdown

    shown = json.loads(stage.command("cdml", "pr", "show", str(number), "--json").stdout)
    say(f"$ cdml pr show {number}")
    Console(width=WIDTH).print(Markdown(shown["comments"][0]["body"]))


def _run(stage: Stage, line: str, code: int = 0, show: bool = True) -> None:
    """Type one command; the story stops where it ends otherwise than told."""
    from cdml.core.errors import ExternalError

    say(f"$ {line}")
    done = stage.command(*shlex.split(line))
    if done.code != code:
        raise ExternalError(f"{line} ended with {done.code}, not {code}:\n{done.tail(40)}")
    if show and done.stdout.strip():
        say(done.stdout.rstrip())
    if code:
        said = [text for text in done.stderr.splitlines() if text.startswith("cdml: ")]
        say("\n".join([*said, f"(exit code {code})"]))


def _tell(title: str, text: str) -> None:
    say(f"\n=== {title}")
    say(textwrap.fill(text, WIDTH) + "\n")

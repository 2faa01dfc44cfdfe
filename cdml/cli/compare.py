"""`cdml compare`: two revisions, or two prediction files."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cdml.cli.app import app, colour, leave, note, root, say

if TYPE_CHECKING:
    from cdml.core.comparison import Judgement


class Format(StrEnum):
    """How a comparison is shown."""

    terminal = "terminal"
    markdown = "markdown"
    html = "html"
    json = "json"


class TaskName(StrEnum):
    """What a file of predictions holds."""

    binary = "binary"
    multiclass = "multiclass"
    regression = "regression"
    ranking = "ranking"
    scores = "scores"


@app.command()
def compare(
    context: typer.Context,
    base: str = typer.Argument(
        "", metavar="BASE", help="A version, a revision, or a file of predictions; default: the champion."
    ),
    head: str = typer.Argument("", metavar="HEAD", help="The same; default: the working tree."),
    format: Format = typer.Option(Format.terminal, help="How to show it."),
    json: bool = typer.Option(False, "--json", help="The same as --format json."),
    metric: list[str] = typer.Option(
        [],
        help="For two files: a metric to compute, a column's mean (bleu:higher) or prices (cost:fp=1,fn=20); the "
        "first is the primary one.",
    ),
    by: list[str] = typer.Option([], help="For two files: a column to slice by."),
    id: str = typer.Option("", "--id", help="For two files: the column that names a row.  [default: id]"),
    positive: str = typer.Option("", help="For two files: the positive label of a binary target."),
    task: TaskName = typer.Option(None, help="For two files: what they hold.  [default: read off y_true]"),
    group: str = typer.Option("", help="For two files: the column whose rows belong together."),
    output: Path = typer.Option(None, "--output", metavar="FILE", help="Write it to FILE instead of showing it."),
    report: Path = typer.Option(None, metavar="FILE", help="Write the report as Markdown to FILE, too."),
) -> None:
    """Compare two models on the same rows, with intervals, and judge the gates.

    Two files need no git, DVC or YAML: columns y_true, y_pred, y_score (or y_score_CLASS), id if there is one.
    """
    from cdml.jobs.verdict import exit_code

    shown = Format.json if json else format
    options = {"metrics": tuple(metric), "by": tuple(by), "positive": positive or None, "id_column": id or None}
    options |= {"task": task.value if task else None, "group": group or None}
    judgement = judged(context, base, head, options)
    if output:
        _write(output, _text(judgement, shown, coloured=False))
    else:
        say(_text(judgement, shown, coloured=colour()))
    _tell(judgement, report)
    leave(exit_code(judgement))


def judged(context: typer.Context, base: str, head: str, options: Mapping[str, Any]) -> Judgement:
    """The judgement of two revisions, or of two files of predictions, which `options` say how to read."""
    old, new = (Path(context.obj) / name for name in (base, head))
    if base and head and old.is_file() and new.is_file():
        from cdml.jobs.compare_files import compare_files

        return compare_files(old, new, **options)
    _refuse_half(old, new)
    return _revisions(root(context), base, head)


def _tell(judgement: Judgement, report: Path | None) -> None:
    """What a file and CI are told besides the answer."""
    from cdml.cli import ci_output

    if report:
        from cdml.reports.markdown import comment

        _write(report, comment(judgement))
    ci_output.judged(judgement, report=report)


def _refuse_half(*paths: Path) -> None:
    """A name that can only be a file of predictions, where there are not two."""
    from cdml.core.errors import UsageError

    files = [path for path in paths if path.suffix in (".csv", ".parquet", ".pq", ".jsonl", ".ndjson")]
    for path in sorted(files, key=Path.is_file):
        what = "stands alone" if path.is_file() else "is not a file"
        raise UsageError(f"{path} {what}; name two files of predictions", "cdml compare OLD.csv NEW.csv")


def _revisions(path: Path, base: str, head: str) -> Judgement:
    from cdml.core.errors import ExternalError
    from cdml.jobs.judge import judge
    from cdml.jobs.project import fetch, open_project
    from cdml.jobs.rescore import Scorer
    from cdml.jobs.same_data import Means
    from cdml.jobs.snapshots import baseline, of_revision, working
    from cdml.registry.read import require_complete

    project = open_project(path)
    require_complete(project.git)
    try:  # versions are on no branch: git pull brings none, and an old champion would be a wrong answer
        fetch(project)
    except ExternalError as error:
        note(f"{error.message}; compared with what was fetched last")
    candidate = of_revision(project, head) if head else working(project)
    champion = of_revision(project, base) if base else baseline(project)
    return judge(project.store, candidate, champion, means=Means(project, scorer=Scorer(project, note)))


def _text(judgement: Judgement, shown: Format, *, coloured: bool) -> str:
    match shown:
        case Format.terminal:
            from cdml.reports.terminal import table

            return table(judgement, colour=coloured)
        case Format.markdown:
            from cdml.reports.markdown import comment

            return comment(judgement)
        case Format.html:
            from cdml.reports.html import report

            return report(judgement)
        case Format.json:
            from cdml.core.serialize import dump

            return dump(judgement)


def _write(path: Path, text: str) -> None:
    from cdml.core.errors import UsageError
    from cdml.core.files import write

    try:
        write(path, text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error

"""What a run on Azure Pipelines knows of itself, and how it is told things by logging commands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from cdml.ci.base import Event, Level, Limits, RunContext, Telling, Told
from cdml.ci.text import harmless

HEADS = "refs/heads/"
# The choice of a person who runs the pipeline by hand that does what a push to the branch would do.
AS_PUSHED = "push"
# The pipeline names its schedules so: a run is told the name of its schedule, and not the line.
SCHEDULE = "cdml "
_FORGES = {"TfsGit": "azure", "GitHub": "github", "GitHubEnterprise": "github"}


def context(environ: Mapping[str, str]) -> RunContext | None:
    """This run, from Azure's predefined variables and those that our pipeline sets; None elsewhere."""
    if environ.get("TF_BUILD", "").lower() != "true":
        return None
    event, source = _event(environ), environ.get("BUILD_SOURCEBRANCH", "")
    pull = event == "pull_request"
    schedule, order = environ.get("BUILD_CRONSCHEDULE_DISPLAYNAME", ""), _order(environ)
    return RunContext(
        provider="azure",
        event=event,
        pull=_pull(environ) if pull else None,
        head=environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") if pull else None,
        base=_target(environ) if pull else None,
        branch=source.removeprefix(HEADS) if source.startswith(HEADS) else None,
        after=environ.get("BUILD_SOURCEVERSION") if event in ("main", "release") else None,
        asked=pull and order[1] > 1,  # only who may start runs starts one again, so that asks for training too
        fork=environ.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() == "true",
        folder=environ.get("CDML_INPUT_FOLDER") if event == "manual" else None,
        schedule=schedule.removeprefix(SCHEDULE) if event == "schedule" and schedule else None,
        order=order,
        run_url=(url := _run_url(environ)),
        report_url=f"{url}&view=artifacts&type=publishedArtifacts" if url else None,
        forge=_FORGES.get(environ.get("BUILD_REPOSITORY_PROVIDER", "")),
        actor=environ.get("BUILD_REQUESTEDFOR"),
    )


def _event(environ: Mapping[str, str]) -> Event | None:
    reason, source = environ.get("BUILD_REASON"), environ.get("BUILD_SOURCEBRANCH", "")
    if reason == "PullRequest":
        return "pull_request"
    if reason == "Schedule":
        return "schedule"
    if reason == "Manual" and environ.get("CDML_OPERATION", AS_PUSHED) != AS_PUSHED:
        return "manual"
    if not source.startswith(HEADS):
        return None
    return "main" if source == HEADS + environ.get("CDML_MAIN", "main") else "release"


def _order(environ: Mapping[str, str]) -> tuple[int, int]:
    """The run's number, and how often its stage or its job began: either can be run again alone."""
    attempts = [environ.get(name, "") for name in ("SYSTEM_STAGEATTEMPT", "SYSTEM_JOBATTEMPT")]
    number = environ.get("BUILD_BUILDID", "")
    return (
        int(number) if number.isdecimal() else 0,
        max((int(one) for one in attempts if one.isdecimal()), default=0),
    )


def _pull(environ: Mapping[str, str]) -> int | None:
    """The number that people see: of GitHub's pull requests the id is another one."""
    number = environ.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER") or environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID")
    return int(number) if number and number.isdecimal() else None


def _target(environ: Mapping[str, str]) -> str | None:
    """The target branch; Azure Repos says it with refs/heads/, GitHub without."""
    return environ.get("SYSTEM_PULLREQUEST_TARGETBRANCH", "").removeprefix(HEADS) or None


def _run_url(environ: Mapping[str, str]) -> str | None:
    server, project, number = (
        environ.get(name) for name in ("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID")
    )
    if not (server and project and number):
        return None
    return f"{server.rstrip('/')}/{quote(project)}/_build/results?buildId={quote(number)}"


def annotation(level: Level, message: str, file: str | None, line: int | None) -> str:
    """A logging command that shows a message on a line of a file; a notice stays in the log."""
    if level == "notice":
        return f"##[section]{harmless(_line(message))}"
    where = "".join((f";sourcepath={_property(file)}" if file else "", f";linenumber={line}" if line else ""))
    return f"##vso[task.logissue type={level}{where}]{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace("]", "%5D").replace(";", "%3B")


def _line(text: str) -> str:
    return " ".join(text.split())


def _output(environ: Mapping[str, str], name: str, value: str) -> Telling:
    """A variable of the step that later jobs can read where the step has a name."""
    return Telling(line=f"##vso[task.setvariable variable={_property(name)};isOutput=true]{_data(value)}")


def _summary(environ: Mapping[str, str], page: str) -> Telling | None:
    """The agent takes a page as a file, each by a name of its own."""
    folder = environ.get("AGENT_TEMPDIRECTORY")
    if not folder:
        return None
    name = f"cdml-{hashlib.sha256(page.encode('utf-8', 'replace')).hexdigest()[:12]}.md"
    path = str(Path(folder) / name)
    return Telling(line=f"##vso[task.uploadsummary]{_data(path)}", file=path, text=page)


TOLD = Told(
    annotation=annotation,
    group=lambda title: f"##[group]{harmless(_line(title))}",
    end_group="##[endgroup]",
    output=_output,
    summary=_summary,
    # The service keeps ten issues of a level for each step. Of a page no limit is written down: GitHub's is taken.
    limits=Limits(findings=10, message=4096, page=1024 * 1024),
)

"""Jenkins, for which people write the Jenkinsfile: which run this is. A finding is a plain line of its log.

The variables are those of multibranch pipelines. `GIT_COMMIT` is the head of a pull request only where Jenkins
discovers the current revision of pull requests, and does not merge them with their target first.
"""

from __future__ import annotations

from collections.abc import Mapping

from cdml.ci.base import Event, RunContext, System, Told
from cdml.ci.text import finding


def context(environ: Mapping[str, str]) -> RunContext | None:
    """This run, from Jenkins' variables; None elsewhere."""
    if not (environ.get("JENKINS_URL") and environ.get("BUILD_NUMBER")):
        return None
    event, number = _event(environ), environ.get("CHANGE_ID", "")
    pull, url = event == "pull_request", environ.get("BUILD_URL")
    build = environ["BUILD_NUMBER"]
    return RunContext(
        provider="jenkins",
        event=event,
        pull=int(number) if pull and number.isdecimal() else None,
        head=environ.get("GIT_COMMIT") if pull else None,
        base=environ.get("CHANGE_TARGET") if pull else None,
        branch=None if pull else environ.get("BRANCH_NAME"),
        before=None if pull else environ.get("GIT_PREVIOUS_COMMIT"),
        after=None if pull else environ.get("GIT_COMMIT"),
        fork=pull and bool(environ.get("CHANGE_FORK")),
        order=(int(build), 0) if build.isdecimal() else (0, 0),
        run_url=url,
        report_url=f"{url.rstrip('/')}/artifact/" if url else None,
        actor=environ.get("CHANGE_AUTHOR"),
    )


def _event(environ: Mapping[str, str]) -> Event | None:
    """A build of no branch, such as that of a tag, is nothing of ours."""
    if environ.get("CHANGE_ID"):
        return "pull_request"
    if environ.get("TAG_NAME") or not environ.get("BRANCH_NAME"):
        return None
    return "main" if environ.get("BRANCH_IS_PRIMARY") == "true" else "release"


SYSTEM = System(
    name="jenkins",
    context=context,
    told=Told(
        annotation=finding,
        group=lambda title: f"[cdml] {title}",
        end_group="",
        output=lambda _environ, _name, _value: None,
        summary=lambda _environ, _page: None,
    ),
)

"""Which run on Azure this is, from the documented variables; and how it is told things."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdml.ci import PROVIDERS, run_context
from cdml.ci.base import RunContext

TOLD = PROVIDERS["azure"].told
RUN = {
    "TF_BUILD": "True",
    "BUILD_BUILDID": "42",
    "BUILD_REASON": "IndividualCI",
    "BUILD_REPOSITORY_PROVIDER": "TfsGit",
    "BUILD_REQUESTEDFOR": "A Person",
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_SOURCEBRANCHNAME": "main",
    "BUILD_SOURCEVERSION": "a" * 40,
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/example/",
    "SYSTEM_TEAMPROJECT": "our models",
}
PULL = {
    "BUILD_REASON": "PullRequest",
    "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID": "b" * 40,
    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/rel/users",
    "SYSTEM_PULLREQUEST_TARGETBRANCHNAME": "users",
    "SYSTEM_PULLREQUEST_ISFORK": "False",
}
KNOWN = {"order": (42, 0), "forge": "azure", "actor": "A Person"}
URL = "https://dev.azure.com/example/our%20models/_build/results?buildId=42"


ARTIFACTS = f"{URL}&view=artifacts&type=publishedArtifacts"


def context(**more: str) -> RunContext:
    found = run_context({**RUN, **more})
    assert found
    return found


def test_a_push_to_main() -> None:
    wanted = RunContext("azure", "main", branch="main", after="a" * 40, run_url=URL, report_url=ARTIFACTS, **KNOWN)
    assert context() == wanted


def test_a_pull_request_is_its_head_and_not_the_merge_that_is_built() -> None:
    wanted = RunContext(
        "azure",
        "pull_request",
        pull=7,
        head="b" * 40,
        base="rel/users",
        run_url=URL,
        report_url=ARTIFACTS,
        **KNOWN,
    )
    assert context(**PULL) == wanted


def test_a_pull_request_on_github_has_the_number_that_people_see_and_a_short_branch() -> None:
    found = context(
        **{**PULL, "SYSTEM_PULLREQUEST_PULLREQUESTID": "900000007", "SYSTEM_PULLREQUEST_TARGETBRANCH": "main"},
        SYSTEM_PULLREQUEST_PULLREQUESTNUMBER="7",
        BUILD_REPOSITORY_PROVIDER="GitHub",
    )
    assert (found.pull, found.base) == (7, "main")


def test_a_run_that_is_started_again_is_later_and_asks_for_training() -> None:
    first = context(**PULL, SYSTEM_STAGEATTEMPT="1", SYSTEM_JOBATTEMPT="1")
    again = context(**PULL, SYSTEM_STAGEATTEMPT="2", SYSTEM_JOBATTEMPT="1")
    assert (first.order, first.asked) == ((42, 1), False)
    assert (again.order, again.asked) == ((42, 2), True)
    assert context(**PULL, SYSTEM_STAGEATTEMPT="1", SYSTEM_JOBATTEMPT="3").order == (42, 3)
    assert not context(SYSTEM_STAGEATTEMPT="2").asked


def test_the_forge_is_the_repository_s() -> None:
    assert context(BUILD_REPOSITORY_PROVIDER="GitHub").forge == "github"
    assert context(BUILD_REPOSITORY_PROVIDER="Bitbucket").forge is None


def test_a_fork_is_known() -> None:
    assert context(**{**PULL, "SYSTEM_PULLREQUEST_ISFORK": "True"}).fork
    assert not context(**PULL).fork


@pytest.mark.parametrize(
    ("more", "event", "branch"),
    [
        ({"BUILD_SOURCEBRANCH": "refs/heads/release/eu/staging"}, "release", "release/eu/staging"),
        ({"BUILD_REASON": "BatchedCI"}, "main", "main"),
        ({"BUILD_SOURCEBRANCH": "refs/heads/trunk", "CDML_MAIN": "trunk"}, "main", "trunk"),
        ({"BUILD_SOURCEBRANCH": "refs/tags/v1"}, None, None),
        ({"BUILD_REASON": "Manual", "CDML_OPERATION": "push"}, "main", "main"),
        ({"BUILD_REASON": "Manual", "CDML_OPERATION": "promote"}, "manual", "main"),
        ({"BUILD_REASON": "IndividualCI", "CDML_OPERATION": "promote"}, "main", "main"),
        ({"BUILD_REASON": "Schedule"}, "schedule", "main"),
    ],
)
def test_the_event_follows_from_the_reason_the_branch_and_what_was_asked_for(
    more: dict[str, str], event: str | None, branch: str | None
) -> None:
    found = context(**more)
    assert (found.event, found.branch) == (event, branch)


def test_the_line_of_a_schedule_and_the_chosen_folder_are_known() -> None:
    due = context(BUILD_REASON="Schedule", BUILD_CRONSCHEDULE_DISPLAYNAME="cdml 17 6 * * 1")
    assert due.schedule == "17 6 * * 1"
    asked = context(BUILD_REASON="Manual", CDML_OPERATION="retrain", CDML_INPUT_FOLDER="models/churn")
    assert asked.folder == "models/churn"


def test_elsewhere_there_is_no_run_of_azure() -> None:
    assert PROVIDERS["azure"].context({"BUILD_REASON": "Manual"}) is None


def test_a_finding_is_shown_on_its_line() -> None:
    line = TOLD.annotation("error", "100% worse\nthan [main]", "a;b]c.yaml", 31)
    assert line == (
        "##vso[task.logissue type=error;sourcepath=a%3Bb%5Dc.yaml;linenumber=31]100%AZP25 worse%0Athan [main]"
    )
    assert TOLD.annotation("warning", "w", None, None) == "##vso[task.logissue type=warning]w"
    assert TOLD.annotation("notice", "a\nb", None, None) == "##[section]a b"
    assert TOLD.group("two\nlines") == "##[group]two lines"


@given(st.text(), st.text(min_size=1))
def test_no_text_ends_a_logging_command_or_begins_another(message: str, file: str) -> None:
    line = TOLD.annotation("error", message, file, 1)
    assert "\n" not in line
    assert "\r" not in line
    head, _, body = line.removeprefix("##vso[").partition("]")
    assert dict(part.split("=", 1) for part in head.partition(" ")[2].split(";")).keys() == {
        "type",
        "sourcepath",
        "linenumber",
    }
    back = body.replace("%0A", "\n").replace("%0D", "\r").replace("%AZP25", "%")
    assert back == message or "%0" in message


def test_an_output_is_a_variable_that_later_jobs_read() -> None:
    told = TOLD.output({}, "folders", json.dumps(["a;b]", "100%"]))
    assert told
    assert told.line == '##vso[task.setvariable variable=folders;isOutput=true]["a;b]", "100%AZP25"]'
    assert told.file is None


def test_a_summary_is_a_file_of_its_own_that_the_agent_takes() -> None:
    environ = {"AGENT_TEMPDIRECTORY": "/tmp/agent"}
    first, second = TOLD.summary(environ, "# one\n"), TOLD.summary(environ, "# two\n")
    assert first
    assert second
    assert first.text == "# one\n"
    assert first.line == f"##vso[task.uploadsummary]{first.file}"
    assert first.file != second.file
    assert TOLD.summary({}, "# one\n") is None

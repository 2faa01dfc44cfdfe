"""The table of docs/ci.md: how each provider says what the description asks for, read out of what it renders.

UPDATE_GOLDEN=1 writes the table anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rendering import example, render

from cdml.ci import PROVIDERS
from cdml.core.settings import Ci, Monitor, Settings

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
BEGIN, END = "<!-- providers: written by a test -->\n", "<!-- end of providers -->\n"
TITLES = {"github": "GitHub Actions", "azure": "Azure Pipelines", "gitlab": "GitLab CI"}
NOT = "—"

# What the description asks for, and by which words each provider says it; what it has no words for is not named.
# A group is what the table shows, else the whole match.
FEATURES: dict[str, dict[str, str]] = {
    "pull requests": {
        "github": r"\bpull_request:",
        "azure": r"^pr:",
        "gitlab": r'\$CI_PIPELINE_SOURCE == "merge_request_event"',
    },
    "push to main or a release branch": {
        "github": r"\bpush:\n    branches: \[release/staging, release/production\]",
        "azure": r"^trigger:\n  branches:\n    include:\n      - main\n      - release/staging",
        "gitlab": r'\$CI_COMMIT_BRANCH == "release/staging"',
    },
    "by hand": {
        "github": r"\bworkflow_dispatch:",
        "azure": r"- name: operation",
        "gitlab": r'\$CDML_OPERATION == "retrain"',
    },
    "schedule": {
        "github": r'- cron: "17 5 \* \* 1"',
        "azure": r'- cron: "17 5 \* \* 1"',
        "gitlab": r'\$CI_PIPELINE_SOURCE == "schedule"',
    },
    "looking at production": {
        "github": r"needs\.plan\.outputs\.monitored != '\[\]'",
        "azure": r"ne\(dependencies\.plan\.outputs\['plan\.cdml\.monitor'\], '\[\]'\)",
        "gitlab": r'\$CDML_OPERATION == "monitor"',
    },
    "a command in a comment": {
        "github": r"\bissue_comment:",
        "gitlab": r'\$CI_PIPELINE_SOURCE == "trigger" && \$TRIGGER_PAYLOAD',
    },
    "a pull request judged again by a command": {"github": r"github\.ref == '(refs/heads/cdml/asked)'"},
    "second, trusted half for forks": {"github": r"\bworkflow_run:"},
    "a model that the event does not concern": {
        "github": r"\$\{\{ fromJSON\(needs\.plan\.outputs\.models\) \}\}",
        "azure": r"contains\([^\n]*?\['cdml\.folders'\]",
        "gitlab": r"exit 0",
    },
    "order of jobs": {
        "github": r"needs: \[plan, judge, report\]",
        "azure": r"dependsOn: \[plan, judge, report\]",
        "gitlab": r'needs:\n    - job: "cdml-pull-request:plan"',
    },
    "train, evaluate and register as jobs of their own": {"azure": r"- stage: evaluate"},
    "one check for all": {
        "github": r"name: (cdml gate)",
        "azure": r"- stage: (gate)",
        "gitlab": r'"(cdml-pull-request:gate)"',
    },
    "rights of a job's token": {"github": r"contents: read"},
    "secrets by job": {
        "github": r"STORE_KEY: (\$\{\{ secrets\.STORE_KEY \}\})",
        "azure": r"STORE_KEY: (\$\(STORE_KEY\))",
        "gitlab": r"environment:\n    name: cdml-judge\n    action: access",
    },
    "identity in a cloud, no stored key": {
        "github": r"id-token: write",
        "azure": r"azureSubscription: the-connection",
        "gitlab": r"id_tokens:",
    },
    "machine": {
        "github": r"runs-on: \[self-hosted, gpu\]",
        "azure": r"demands: \[[^\n]*?\]",
        "gitlab": r"tags: \[self-hosted, gpu\]",
    },
    "time limit": {
        "github": r"timeout-minutes: 90",
        "azure": r"timeoutInMinutes",
        "gitlab": r"timeout: 90 minutes",
    },
    "environment and its approvals": {
        "github": r"environment:\n      name: production",
        "azure": r"environment: production",
        "gitlab": r"environment:\n    name: production",
    },
    "deployments queue": {
        "github": r"cancel-in-progress: false",
        "azure": r"lockBehavior: sequential",
        "gitlab": r"resource_group: cdml-deploy-1-progression",
    },
    "a newer push ends the older run of a pull request": {
        "github": r"cancel-in-progress: \$\{\{ matrix\.superseded \}\}",
        "azure": r"autoCancel: \"?true\"?",
        "gitlab": r"interruptible: true",
    },
    "whole history": {
        "github": r"fetch-depth: 0",
        "azure": r'fetchDepth: "0"',
        "gitlab": r'GIT_DEPTH: "0"',
    },
    "what a job hands on": {
        "github": r"actions/upload-artifact@",
        "azure": r"PublishPipelineArtifact@\d",
        "gitlab": r"artifacts:",
    },
    "the report for people": {
        "github": r"name: (cdml-report)",
        "azure": r"artifact: (cdml-report)",
        "gitlab": r"paths: \[(cdml-report)\]",
    },
    "caches of jobs that may not write": {
        "github": r"actions/cache@",
        "azure": r"Cache@\d",
        "gitlab": r"cache:",
    },
    "package index": {
        "github": r"PIP_INDEX_URL",
        "azure": r"PIP_INDEX_URL",
        "gitlab": r"PIP_INDEX_URL",
    },
}


def settings() -> dict[str, Settings]:
    """The example project with everything that the description can hold."""
    one = example()
    ci = Ci(
        runs_on={"train": ("self-hosted", "gpu")},
        timeout_minutes={"train": 90},
        secrets={"train": ("STORE_KEY",)},
        cloud={"aws": {"role": "arn:aws:iam::1:role/cdml", "region": "eu-west-1"}},
        azure={"service-connection": "the-connection"},
        index_url="https://packages.example.com/simple",
        forks=True,
    )
    watched = Monitor("monitoring", schedule="17 6 * * *")
    return {".": replace(one, ci=ci, train=replace(one.train, schedule="17 5 * * 1"), monitor=watched)}


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    return {name: "\n".join(render(name, settings()).values()) for name in PROVIDERS}


def said(pattern: str, text: str) -> str | None:
    """The provider's own words on one line, as code."""
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        return None
    words = " ".join(match[match.lastindex or 0].split())
    return f"`{words.replace('|', chr(92) + '|').rstrip('@')}`"


def told(name: str, row: str) -> str:
    """What a run of the provider is told outside of the files."""
    telling = PROVIDERS[name].told
    if row == "a failed gate on its line":
        line = telling.annotation("error", "worse", "mlops.yaml", 12)
        return f"`{line}`"
    here = {"GITHUB_STEP_SUMMARY": "summary.md", "AGENT_TEMPDIRECTORY": "."}
    return "yes" if telling.summary(here, "page") else NOT


def table(rendered: Mapping[str, str]) -> str:
    rows = [["", *(TITLES[name] for name in PROVIDERS)], [":--"] * (len(PROVIDERS) + 1)]
    for feature, patterns in FEATURES.items():
        cells = [said(patterns[name], rendered[name]) if name in patterns else NOT for name in PROVIDERS]
        rows.append([feature, *(cell or "?" for cell in cells)])
    for feature in ("a failed gate on its line", "a page for people"):
        rows.append([feature, *(told(name, feature) for name in PROVIDERS)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_provider_renders_everything_that_it_has_words_for(name: str, rendered: dict[str, str]) -> None:
    missing = [
        f for f, patterns in FEATURES.items() if name in patterns and not said(patterns[name], rendered[name])
    ]
    assert missing == []


def test_the_table_in_the_docs_is_what_is_rendered(rendered: dict[str, str]) -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    shown, _, after = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        PAGE.write_text(f"{before}{BEGIN}{table(rendered)}{END}{after}", "utf-8")
        return
    assert shown == table(rendered)

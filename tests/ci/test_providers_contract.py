"""What every provider of CI renders and reads, whichever it is: the rules that hold for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import document, jobs, leaves, quickly, shape
from rendering import example, golden, render, repository

from cdml.ci import PROVIDERS, SYSTEMS, run_context
from cdml.ci.base import Job, Repository, Workflow
from cdml.ci.workflows import without, workflows
from cdml.config.grammar import BRANCH_PATTERN
from cdml.core.errors import ConfigError
from cdml.core.settings import Ci, Monitor, Settings

SECRETS = {
    "train": ("SECRET_TRAIN",),
    "register": ("SECRET_REGISTER",),
    "deploy": ("SECRET_DEPLOY",),
    "retrain": ("SECRET_RETRAIN",),
    "monitor": ("SECRET_MONITOR",),
}
# How each provider says that a job restores what another run kept.
CACHES = {"github": "actions/cache@", "azure": r'Cache@2|"cache": "?true', "gitlab": '"cache": '}
MARKS = {
    "github": {"GITHUB_ACTIONS": "true"},
    "azure": {"TF_BUILD": "True"},
    "gitlab": {"GITLAB_CI": "true"},
    "jenkins": {"JENKINS_URL": "https://ci.example.com/", "BUILD_NUMBER": "1"},
}
# What must not be in the files of a provider that only judges.
WRITES = (
    "--event main",
    "--event release",
    "promote",
    "rollback",
    "retrain",
    "monitor",
    "comment --from",
    "id-token",
)


def alone() -> dict[str, Settings]:
    """The example project with secrets and a schedule."""
    settings = example()
    ci = replace(settings.ci, secrets=SECRETS)
    watched = Monitor("monitoring/predictions", schedule="17 6 * * *")
    train = replace(settings.train, schedule="17 5 * * 1")
    return {".": replace(settings, ci=ci, train=train, monitor=watched)}


def monorepo() -> dict[str, Settings]:
    """Three models: on machines of their own, with secrets of their own, without environments."""
    one = alone()["."]
    own = Ci(python="3.12", runs_on={"train": ("self-hosted", "gpu")}, timeout_minutes={"default": 30}, forks=True)
    return {
        "models/churn": replace(one, model="churn"),
        "models/price": replace(one, model="team/price", ci=own),
        "a folder": replace(one, model="bare", environments=(), ci=Ci(secrets={"train": ("SECRET_BARE",)})),
    }


REPOSITORIES = {"alone": alone(), "monorepo": monorepo(), "example": {".": example()}}
everywhere = pytest.mark.parametrize("name", sorted(PROVIDERS))
in_every_system = pytest.mark.parametrize("name", sorted(SYSTEMS))
each = pytest.mark.parametrize("settings", list(REPOSITORIES.values()), ids=list(REPOSITORIES))


# What a provider cannot start; the second half of forks' runs is one of GitHub's alone, and again a report.
LACKS = {"azure": {"cdml-commands"}}


def described(name: str, settings: Mapping[str, Settings], *, only_judge: bool = False) -> list[Job]:
    """Jobs of the description that a provider renders."""
    found = workflows(repository(settings), only_judge=only_judge)
    absent = {"cdml-forks"} | LACKS.get(name, set())
    # GitHub's checks of a commit stay what a run made them; elsewhere the statuses or the pipeline are asked.
    kept = found if name == "github" else [without(workflow, "broken") for workflow in found]
    return [job for workflow in kept if workflow.id not in absent for job in workflow.jobs]


@everywhere
@each
def test_every_file_is_yaml(name: str, settings: dict[str, Settings]) -> None:
    files = render(name, settings)
    assert files
    for path, text in files.items():
        assert isinstance(document(text), dict), path
        assert text.endswith("\n")
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), path


@everywhere
@each
def test_every_job_of_the_description_is_there_and_no_other(name: str, settings: dict[str, Settings]) -> None:
    wanted = described(name, settings)
    parts = {part.id for job in wanted for part in job.parts}
    assert (
        {job.id for job in wanted} <= set(jobs(name, render(name, settings))) <= {job.id for job in wanted} | parts
    )


@everywhere
@each
def test_every_command_of_a_job_is_there(name: str, settings: dict[str, Settings]) -> None:
    found = jobs(name, render(name, settings))
    for job in described(name, settings):
        for step in job.steps:
            words = [word for word in step.command if word.isalpha() or word.startswith("--")]
            assert re.search(r"\b.*".join(words), found[job.id]), (job.id, words)


@everywhere
@each
def test_a_secret_is_in_the_jobs_that_own_it_alone(name: str, settings: dict[str, Settings]) -> None:
    wanted: dict[str, set[str]] = {}
    for job in described(name, settings):
        for one in (job, *job.parts):
            wanted.setdefault(one.id, set()).update(one.secrets)
    for job_id, text in jobs(name, render(name, settings)).items():
        assert set(re.findall(r"\bSECRET_[A-Z]+\b", text)) == wanted[job_id], job_id


@everywhere
@each
def test_no_job_that_may_write_restores_a_cache(name: str, settings: dict[str, Settings]) -> None:
    found = jobs(name, render(name, settings))
    writing = {j.id for j in described(name, settings) if any(right.level == "write" for right in j.permissions)}
    assert writing
    assert [job for job in writing if re.search(CACHES[name], found[job])] == []
    assert re.search(CACHES[name], found["judge"])


@everywhere
@each
def test_what_only_judges_neither_registers_nor_deploys(name: str, settings: dict[str, Settings]) -> None:
    files = render(name, settings, only_judge=True)
    assert (
        set(jobs(name, files))
        == {job.id for job in described(name, settings, only_judge=True)}
        == {"plan", "judge", "gate"}
    )
    said = "\n".join(re.sub(r"(^|\s)#.*", "", text) for text in files.values())
    assert [word for word in WRITES if word in said] == []
    assert re.search(r"SECRET_(REGISTER|DEPLOY|RETRAIN|MONITOR)", said) is None


@in_every_system
def test_a_stranger_s_environment_is_no_run(name: str) -> None:
    assert SYSTEMS[name].context({}) is None
    assert all(SYSTEMS[other].context(MARKS[name]) is None for other in SYSTEMS if other != name)
    found = run_context(MARKS[name])
    assert found is not None
    assert found.provider == name
    assert (found.pull, found.comment, found.run_url, found.report_url) == (None, None, None, None)


@in_every_system
@given(message=st.text(), file=st.text(min_size=1))
def test_a_finding_is_one_line_whatever_it_says(name: str, message: str, file: str) -> None:
    assert not set("\r\n") & set(SYSTEMS[name].told.annotation("error", message, file, 3))


@everywhere
def test_the_golden_files_are_what_is_rendered(name: str) -> None:
    assert golden(name) == render(name, {".": example()})


# A branch as git allows it, a folder as git holds it.
branches = st.from_regex(re.compile(BRANCH_PATTERN), fullmatch=True).filter(lambda text: "\n" not in text)
hurting = st.sampled_from(
    ["on", "1.0", "a: b", "a #b", "- a", "'", '"', "%20", "*x", "&x", "!x", "{a", "[a", "|", "a\nb: c"]
)
folders = st.one_of(
    hurting, st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
)


def hurt(main: str, branch: str, folder: str) -> Repository:
    """Two models, of which one has a release branch; names are as given."""
    found = repository({"plain": alone()["."], "other": monorepo()["a folder"]}, main)
    first, second = found.models
    environments = (replace(first.environments[0], branch=branch),)
    return replace(found, models=(replace(first, folder=folder, environments=environments), second))


def files_of(name: str, found: Repository) -> dict[str, object]:
    asked: tuple[Workflow, ...] = workflows(found)
    return {file.path: quickly(file.text) for file in PROVIDERS[name].files(found, asked)}


PLAIN = {name: shape(files_of(name, hurt("main", "release/x", "plain"))) for name in PROVIDERS}


@everywhere
@given(main=branches, branch=branches, folder=folders)
@settings(max_examples=60, deadline=None)
def test_no_name_changes_the_structure(name: str, main: str, branch: str, folder: str) -> None:
    if len({main, branch}) == 1:
        return
    try:
        found = files_of(name, hurt(main, branch, folder))
    except ConfigError:
        return  # a name that the provider would read as an expression
    assert shape(found) == PLAIN[name]
    said = [leaf for leaf in leaves(found) if isinstance(leaf, str)]
    assert any(json.dumps(branch)[1:-1] in leaf or branch in leaf or _escaped(branch) in leaf for leaf in said)


def _escaped(branch: str) -> str:
    """A branch as a pattern of GitHub's filters."""
    return re.sub(r"([*?+\[!\\])", r"\\\1", branch)

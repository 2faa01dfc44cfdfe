"""Every hosted forge with its stand-in, as the scenarios of tests/forges/test_scenarios.py play them."""

from __future__ import annotations

from rigs.azure import AzureRig
from rigs.base import RigKind
from rigs.gitea import GiteaRig
from rigs.github import GithubRig
from rigs.gitlab import GitlabRig

RIGS: dict[str, RigKind] = {
    "azure": AzureRig,
    "github": GithubRig,
    "gitlab": GitlabRig,
    "gitea": GiteaRig,
}

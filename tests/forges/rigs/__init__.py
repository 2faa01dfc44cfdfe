"""Every hosted forge with its stand-in, as the scenarios of tests/forges/test_scenarios.py play them."""

from __future__ import annotations

from rigs.base import RigKind
from rigs.github import GithubRig

RIGS: dict[str, RigKind] = {
    "github": GithubRig,
}

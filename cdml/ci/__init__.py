"""Plug-ins, one module per system of CI; the dictionaries name them all."""

from __future__ import annotations

from collections.abc import Mapping

from cdml.ci import azure, github, gitlab, jenkins
from cdml.ci.base import Provider, RunContext, System

PROVIDERS: dict[str, Provider] = {
    "github": github.PROVIDER,
    "azure": azure.PROVIDER,
    "gitlab": gitlab.PROVIDER,
}
# Where runs are recognised and told things: the providers, and systems for which people write the files.
SYSTEMS: dict[str, System] = {**PROVIDERS, "jenkins": jenkins.SYSTEM}


def run_context(environ: Mapping[str, str]) -> RunContext | None:
    """Which run of which system this is; None on a machine that is none of theirs."""
    found = (system.context(environ) for system in SYSTEMS.values())
    return next((context for context in found if context), None)

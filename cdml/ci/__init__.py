"""Plug-ins, one module per provider of CI; the dictionary names them all."""

from __future__ import annotations

from collections.abc import Mapping

from cdml.ci import azure, github, gitlab
from cdml.ci.base import Provider, RunContext

PROVIDERS: dict[str, Provider] = {
    "github": github.PROVIDER,
    "azure": azure.PROVIDER,
    "gitlab": gitlab.PROVIDER,
}


def run_context(environ: Mapping[str, str]) -> RunContext | None:
    """Which run of which provider this is; None on a machine that is none of theirs."""
    found = (provider.context(environ) for provider in PROVIDERS.values())
    return next((context for context in found if context), None)

"""Whose token speaks to Azure DevOps here, and which rights it lacks, by the names on Azure's own page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cdml.core.errors import CdmlError, UsageError
from cdml.forges.azure_api import AzureApi
from cdml.forges.azure_people import NAMESPACE, security_token
from cdml.forges.azure_place import PIPELINE, TOKENS, Place, find_place, is_azure
from cdml.forges.azure_wire import WireList
from cdml.forges.azure_words import CONTRIBUTE, PULLS, READ
from cdml.jobs.doctor_base import Finding, Scene, judged

TOPIC = "azure"
# The rights that delivery takes, each with its bit in the security namespace of repositories, and what it is for.
RIGHTS = {
    READ: (2, "everything is read from the repository"),
    CONTRIBUTE: (4, "statuses are set on commits, and releases are pushed"),
    "Create branch": (16, "promotions and retraining are branches that a job pushes"),
    "Create tag": (32, "a registered version is a tag"),
    PULLS: (16384, "the report is a comment, and promotions are pull requests that a job opens"),
}


def token_rights(scene: Scene) -> Iterator[Finding]:
    """The forge that was found, who the token belongs to, and each right that it has or lacks."""
    if not (scene.url and is_azure(scene.url, scene.environ)):
        return
    try:
        place = find_place(scene.url, scene.environ)
    except UsageError as error:
        yield Finding(TOPIC, "missing", error.message, "", error.hint)
        return
    if not place.token:
        yield Finding(
            TOPIC,
            "unknown",
            f"which rights a token has for {place.slug} on Azure DevOps",
            f"none is set here: {TOKENS[1]} is read in a pipeline, {TOKENS[2]} or {TOKENS[0]} elsewhere",
            f"{TOKENS[2]}=TOKEN cdml doctor",
        )
        return
    try:
        yield from _seen(place)
    except CdmlError as error:
        yield Finding(TOPIC, "unknown", f"what the token in {place.variable} may", error.message, error.hint)


def _seen(place: Place) -> Iterator[Finding]:
    api = AzureApi(place)
    # A person waits: what does not answer at once is told as not seen.
    api.rest = replace(api.rest, pauses=(), timeout=(5.0, 10.0))
    owner = api.me.custom_display_name or api.me.provider_display_name or api.me.id
    yield Finding(
        TOPIC, "ok", f"the token in {place.variable} is {owner}'s, for {place.slug} on {place.collection}"
    )
    asked: dict[str, str | int] = {"tokens": security_token(api), "alwaysAllowAdministrators": "false"}
    for name, (bit, why) in RIGHTS.items():
        path = f"/_apis/permissions/{NAMESPACE}/{bit}"
        held = api.read(WireList[bool], path, needs=READ, **asked).value == (True,)
        yield judged(
            TOPIC,
            held,
            (f"the token in {place.variable} may {name}", f"the token in {place.variable} may not {name}"),
            why,
            f"{place.pages}/_settings/repositories: {place.repository}, Security, {_who(place, owner)}, {name}",
        )


def _who(place: Place, owner: str) -> str:
    return f"{place.project} Build Service" if place.variable == PIPELINE else owner

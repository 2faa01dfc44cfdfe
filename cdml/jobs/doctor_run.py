"""What was found in the environment: the forge, the token, the pull request and the address of this run."""

from __future__ import annotations

from collections.abc import Iterator

from cdml.ci import run_context
from cdml.core.errors import UsageError
from cdml.forges import detect
from cdml.forges.github_place import TOKENS, find_place
from cdml.jobs.doctor_base import Finding, Scene
from cdml.jobs.doctor_repository import place

TOPIC = "run"
GH = "GITHUB_TOKEN=$(gh auth token) cdml doctor"


def run(scene: Scene) -> Iterator[Finding]:
    """Forge, token and run, as every other command would find them."""
    if not scene.url:
        return
    try:
        forge = detect(scene.url)
    except UsageError as error:
        yield Finding(TOPIC, "missing", error.message, "no pull request can be opened there", error.hint)
        return
    yield Finding(TOPIC, "ok", f"forge: {forge}, {place(scene.url)}")
    if forge == "github":
        yield _token(scene)
    yield from _here(scene)


def _token(scene: Scene) -> Finding:
    try:
        found = find_place(scene.url, scene.environ)
    except UsageError as error:
        return Finding(TOPIC, "missing", error.message, "nothing on GitHub can be read or written", error.hint)
    if found.token:
        return Finding(TOPIC, "ok", f"token: {found.variable}")
    return Finding(
        TOPIC,
        "note",
        f"no token in {', '.join(TOKENS)}",
        "what needs one could not be looked at, and no pull request can be opened from here",
        GH,
    )


def _here(scene: Scene) -> Iterator[Finding]:
    context = run_context(scene.environ)
    if context is None:
        yield Finding(TOPIC, "ok", "not inside a run of CI")
        return
    said = f"run of {context.provider}: {context.event or 'an event that cdml does not know'}"
    said += f", pull request {context.pull}" if context.pull is not None else ""
    yield Finding(TOPIC, "ok", f"{said}, {context.run_url}" if context.run_url else said)
    if context.fork:
        yield Finding(
            TOPIC, "note", "the pull request comes from a fork", "its runs get no secrets and may write nothing"
        )

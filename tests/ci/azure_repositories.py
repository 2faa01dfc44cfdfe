"""Repositories that ask much of a generated pipeline, by what is special about each."""

from __future__ import annotations

import json
from collections.abc import Callable

from cdml.config.load import parse
from cdml.core.resources import example_project
from cdml.core.settings import Settings


def one(ci: str = "", model: str = "progression", more: str = "") -> Settings:
    """The example project with lines more in its `ci` section, and with `more` before its environments."""
    text = (example_project() / "mlops.yaml").read_text("utf-8")
    lines = "".join(f"  {line}\n" for line in ci.splitlines())
    text = text.replace("ci:\n", f"ci:\n{lines}").replace("model: progression", f"model: {json.dumps(model)}")
    return parse(text.replace("environments:\n", f"{more}environments:\n"))


def without_environments() -> Settings:
    """The example project that is never deployed."""
    return parse((example_project() / "mlops.yaml").read_text("utf-8").partition("environments:")[0])


def scheduled(line: str, model: str = "progression") -> Settings:
    """The example project that is trained again by a schedule."""
    text = (example_project() / "mlops.yaml").read_text("utf-8").replace("model: progression", f"model: {model}")
    return parse(text.replace("train:\n", f'train:\n  schedule: "{line}"\n', 1))


SECRETS = "secrets: {default: [INDEX_KEY], train: [STORE_KEY, OTHER], deploy: [DEPLOY_KEY], register: [PUSH_KEY]}"
REPOSITORIES: dict[str, Callable[[], dict[str, Settings]]] = {
    "plain": lambda: {".": one()},
    "folder": lambda: {"models/churn": one()},
    "no-environments": lambda: {".": without_environments()},
    "monorepo": lambda: {"a": one(model="a"), "b/c": one(model="b-c"), "d e": without_environments()},
    "hurting-names": lambda: {
        "yes": one(model="true"),
        "it's: a #folder": one(model="null"),
        'say "hi"': one(model="y"),
        "größe/5%": one(model="n2"),
        "1.0": one(model="1e3"),
    },
    "schedules": lambda: {"a": scheduled("17 6 * * 1", "a"), "b": scheduled("23 4 1 * *", "b")},
    "self-hosted": lambda: {".": one("runs-on: {default: [self-hosted, linux, x64], train: [self-hosted, gpu]}")},
    "pool": lambda: {".": one("azure: {pool: our machines}")},
    "pool-and-images": lambda: {
        ".": one("runs-on: {default: ubuntu-24.04, train: [gpu]}\nazure: {pool: our machines}")
    },
    "secrets": lambda: {".": one(SECRETS)},
    "secrets-by-model": lambda: {"a": one(SECRETS, "a"), "b": one("secrets: {deploy: [B_KEY]}", "b")},
    "variable-group": lambda: {".": one(f"{SECRETS}\nazure: {{variable-group: keys of the team}}")},
    "connection": lambda: {".": one(f"{SECRETS}\nazure: {{service-connection: prod eu}}")},
    "limits": lambda: {".": one("timeout-minutes: {default: 5, train: 2000, deploy: 7}")},
    "pythons": lambda: {"a": one('python: "3.12"', "a"), "b": one('python: "3.9"', "b")},
    "index": lambda: {".": one("index-url: https://pip.example.org/simple")},
    "version": lambda: {".": one('cdml: ">=0.1"')},
    "forks": lambda: {".": one("forks: true")},
}

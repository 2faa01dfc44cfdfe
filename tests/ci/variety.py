"""A matrix of mlops.yaml files that differ in all that CI is rendered from, and what each provider makes of them.

A case maps folders to the text of the mlops.yaml there. What a provider refuses stands in `REFUSED`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from rendering import VERSION, repository

from cdml.ci import PROVIDERS
from cdml.ci.base import Repository
from cdml.ci.workflows import workflows
from cdml.config.load import parse
from cdml.core.settings import Settings

Case = Mapping[str, str]

TRAIN = {"cmd": "python train.py", "deps": ["train.py"], "outs": ["model.skops"]}
EVALUATE = {"data": "test.csv", "target": "y"}
TWO = {"staging": {}, "production": {}}
CLOUDS = {
    "aws": {"role": "arn:aws:iam::123456789012:role/cdml", "region": "eu-central-1"},
    "azure": {"client-id": "c-1", "tenant-id": "t-2", "subscription-id": "s-3"},
    "gcp": {
        "workload-identity-provider": "projects/12/locations/global/workloadIdentityPools/p/providers/git",
        "service-account": "cdml@project-1.iam.gserviceaccount.com",
    },
}
PULLS = {
    "aws": {"pull-request-role": "arn:aws:iam::123456789012:role/cdml-read"},
    "azure": {"pull-request-client-id": "c-9"},
    "gcp": {"pull-request-service-account": "reader@project-1.iam.gserviceaccount.com"},
}
# Shell, YAML and expressions of every provider; none of it may reach a file of CI.
HOSTILE = "HOSTILE \"$(id)\" 'x' ${{ github.token }} $[ variables.x ] {{ x }} `y` #z : - * & \\ % @ é"


def mlops(
    model: str = "churn",
    ci: Mapping[str, object] | None = None,
    environments: Mapping[str, object] | None = None,
    monitor: str = "",
    **train: str,
) -> str:
    """One mlops.yaml. Values are written as JSON, which is YAML, so that any text may stand in them."""
    sections = {
        "model": model,
        "ci": dict(ci or {}),
        "train": {**TRAIN, **train},
        "evaluate": EVALUATE,
        "environments": dict(environments or {}),
        "monitor": {"predictions": "monitoring/predictions", "schedule": monitor} if monitor else {},
    }
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in sections.items() if value)


def alone(**ci: object) -> dict[str, str]:
    """One model at the top with two environments; the keys of its `ci` section have _ for -."""
    return {".": mlops(ci={key.replace("_", "-"): value for key, value in ci.items()}, environments=TWO)}


def branched(*branches: str) -> dict[str, str]:
    """One model with an environment for each of these release branches."""
    named = {f"env-{number}": {"branch": branch} for number, branch in enumerate(branches, start=1)}
    return {".": mlops(environments=named)}


def adopted() -> str:
    """A model whose stages stand in a dvc.yaml of the project's own, some of them in another folder's."""
    return (
        "model: adopted\n"
        "train: {stages: [prepare, train]}\n"
        "evaluate: {stages: ['other/dvc.yaml:evaluate'], predictions: reports/predictions.csv, task: regression}\n"
        "register: {artifact: models/model.pkl}\n"
        "environments: {production: {deploy: {target: local, port: 8081}}}\n"
    )


CASES: dict[str, Case] = {
    # providers, and which of them is the first
    "remote decides": alone(),
    "github": alone(providers=["github"]),
    "azure": alone(providers=["azure"]),
    "gitlab": alone(providers=["gitlab"]),
    "github first": alone(providers=["github", "azure", "gitlab"]),
    "azure first": alone(providers=["azure", "gitlab", "github"]),
    "gitlab first": alone(providers=["gitlab", "github", "azure"]),
    "no provider": alone(providers=[]),
    # folders and how many there are
    "folder": {"models/churn": mlops(environments=TWO)},
    "two models": {"a": mlops("a", environments=TWO), "b": mlops("b", environments=TWO)},
    "three models nested": {
        "teams/risk/models/churn": mlops("churn", environments=TWO),
        "teams/risk": mlops("risk", environments={"production": {}}),
        ".": mlops("top"),
    },
    "ten models": {f"models/m{number}": mlops(f"m-{number}", environments=TWO) for number in range(10)},
    "folders that hurt": {
        "a folder/with spaces": mlops("spaces", environments=TWO),
        "größe/模型/🚀": mlops("unicode"),
        "it's: a #folder": mlops("quote", monitor="17 6 * * *"),
        'say "hi", [1] {2}': mlops("quotes", monitor="17 6 * * *"),
        "- *x &y !z": mlops("marks", monitor="17 6 * * *"),
        "null": mlops("null", monitor="17 6 * * *"),
        "1.0": mlops("number"),
        "%20|>@`^~": mlops("rest"),
    },
    # how a model is made
    "own dvc.yaml": {".": adopted()},
    "own dvc.yaml beside generated": {"own": adopted(), "ours": mlops("ours", environments=TWO)},
    "hostile commands": alone(install=f"pip install . && echo {HOSTILE}", test=f"make test X={HOSTILE}\necho y"),
    # machines and limits
    "own machine": alone(runs_on="gpu"),
    "own machine by labels": alone(runs_on=["self-hosted", "linux", "x64"]),
    "own machine by job": alone(
        runs_on={
            "default": "ubuntu-24.04",
            "train": ["self-hosted", "gpu"],
            "deploy": "Prod_1:eu.west/2",
            "register": "self-hosted",
            "retrain": ["self-hosted", "ARM64"],
        }
    ),
    "machines mixed": {
        "a": mlops("a", {"runs-on": "ubuntu-22.04"}, TWO),
        "b": mlops("b", {"runs-on": ["self-hosted", "gpu"]}, TWO),
        "c": mlops("c", {"runs-on": {"train": "windows-latest"}}),
        "d": mlops("d"),
    },
    "label with a space": alone(runs_on=["self-hosted", "big machine", "on", "1.0", "null"]),
    "one limit": alone(timeout_minutes=45),
    "limits by job": alone(
        timeout_minutes={"default": 5, "train": 2000, "deploy": 7, "register": 90, "retrain": 7200}
    ),
    "limits mixed": {
        "a": mlops("a", {"timeout-minutes": 10}, TWO),
        "b": mlops("b", {"timeout-minutes": {"train": 1}}, TWO),
        "c": mlops("c"),
    },
    # secrets
    "one secret for all": alone(secrets={"default": ["INDEX_KEY"]}),
    "secrets by job": alone(
        secrets={
            "default": ["INDEX_KEY"],
            "train": ["STORE_KEY", "OTHER", "lower_case", "_x1"],
            "register": ["PUSH_KEY", "STORE_KEY"],
            "deploy": ["DEPLOY_KEY"],
            "retrain": ["AGAIN_KEY"],
        }
    ),
    "secrets mixed": {
        "a": mlops("a", {"secrets": {"deploy": ["A_KEY"]}}, TWO),
        "b": mlops("b", {"secrets": {"train": ["B_KEY"], "default": ["A_KEY"]}}, TWO),
    },
    "secrets that YAML reads": alone(secrets={"default": ["on", "null", "yes", "NaN"], "deploy": ["true", "y"]}),
    # environments
    "one environment": {".": mlops(environments={"production": {}})},
    "no environments": {".": mlops()},
    "five environments": {".": mlops(environments={name: {} for name in ("dev", "test", "qa", "pre", "live")})},
    "environments with slashes": {".": mlops(environments={"eu/prod": {}, "us/west/prod-1": {}, "a-b_c/d": {}})},
    "environments shared": {
        "a": mlops("a", environments=TWO),
        "b": mlops("b", environments={"production": {}, "canary": {"branch": "release/special"}}),
        "c": mlops("c", environments={"staging": {"branch": "c/staging"}, "production": {}}),
    },
    "environments with and without deploy": {
        ".": mlops(
            environments={
                "staging": {"deploy": {"target": "local", "port": 8081}},
                "record": {},
                "production": {"deploy": {"target": "local", "port": 8082, "host": "0.0.0.0"}},
            }
        )
    },
    "environments that YAML reads": {
        ".": mlops(environments={name: {} for name in ("on", "null", "y", "1", "0x1", "true", "1e3", "NO")})
    },
    "branches that YAML reads": branched(
        "on", "null", "yes", "1.0", "0x1", "true", "1e3", "2024-01-31", "=", "<<"
    ),
    "branches with quotes": branched("it's", "a'b'c''d", 'say"hi"', '"', "'x", "`id`"),
    "branches with marks": branched(
        "a+b",
        "#a",
        "a#b",
        "{a",
        "}a",
        "{a,b}",
        "a}}b",
        "!a",
        "&a",
        "%a",
        "%20",
        "a=b",
        "a,b",
        "a;b",
        "(a)",
        "@a",
        "|",
        ">",
    ),
    "branches beyond ASCII": branched("größe", "模型/1", "🚀", "1-first", "é+'#"),
    "one branch for several models": {
        "a": mlops("a", environments={"live": {"branch": "live"}}),
        "b": mlops("b", environments={"live": {"branch": "live"}}),
    },
    # names of models
    "model on": {".": mlops("on", environments=TWO)},
    "models that YAML reads": {
        f"m{number}": mlops(name, environments=TWO, monitor="17 6 * * *")
        for number, name in enumerate(
            ("on", "null", "y", "1", "0x1", "true", "1e3", "a-b_c/d", "Off", "0o7", "1_0")
        )
    },
    "model with slashes": {".": mlops("team/risk/churn-eu_1", environments=TWO)},
    # the main branch
    "main": alone(main="main"),
    "master": alone(main="master"),
    "trunk": alone(main="trunk"),
    "release-1 is main": alone(main="release-1"),
    "main with a quote": alone(main="it's-main"),
    "main with quotes": alone(main='the"main"#1'),
    "main that YAML reads": alone(main="1.0"),
    # versions and where they come from
    "python 3.13": alone(python="3.13"),
    "pythons mixed": {
        "a": mlops("a", {"python": "3.12"}, TWO),
        "b": mlops("b", {"python": "3.13"}, TWO),
        "c": mlops("c"),
    },
    "index": alone(index_url="https://pip.example.org:8443/a/simple/?x=1&y=%20#frag"),
    "cdml exactly": alone(cdml="==1.2.3"),
    "cdml at least": alone(cdml=">=0.1"),
    "cdml about": alone(cdml="~=0.1.0rc1"),
    # clouds
    **{f"cloud {name}": alone(cloud={name: keys}) for name, keys in CLOUDS.items()},
    **{f"cloud {name} in pull requests": alone(cloud={name: {**CLOUDS[name], **PULLS[name]}}) for name in CLOUDS},
    "three clouds": alone(cloud=CLOUDS),
    "three clouds in pull requests": alone(cloud={name: {**CLOUDS[name], **PULLS[name]} for name in CLOUDS}),
    "clouds mixed": {
        "a": mlops("a", {"cloud": {"aws": CLOUDS["aws"]}}, TWO),
        "b": mlops("b", {"cloud": {"gcp": {**CLOUDS["gcp"], **PULLS["gcp"]}}}, TWO),
        "c": mlops("c"),
    },
    # names in Azure DevOps
    "azure pool": alone(azure={"pool": "our machines"}),
    "azure pool and labels": alone(azure={"pool": "null"}, runs_on={"default": "ubuntu-24.04", "train": ["gpu"]}),
    "azure connection": alone(azure={"service-connection": "prod eu @1"}, secrets={"deploy": ["DEPLOY_KEY"]}),
    "azure group": alone(azure={"variable-group": "keys: of the team"}, secrets={"train": ["STORE_KEY"]}),
    "azure everything": alone(
        azure={"pool": "on", "service-connection": "1.0", "variable-group": "yes"},
        secrets={"default": ["INDEX_KEY"]},
        cloud=CLOUDS,
        providers=["azure", "github"],
    ),
    # when
    "forks": alone(forks=True),
    "no forks": alone(forks=False),
    "forks in a monorepo": {"a": mlops("a", {"forks": True}, TWO), "b": mlops("b", {"forks": False}, TWO)},
    "forks with everything": alone(
        forks=True, main="it's", secrets={"default": ["INDEX_KEY"]}, cloud=CLOUDS, runs_on=["self-hosted", "gpu"]
    ),
    "when ready": {".": mlops(environments=TWO, when="ready")},
    "when always": {".": mlops(environments=TWO, when="always")},
    "when command": {".": mlops(environments=TWO, when="command")},
    "when mixed": {"a": mlops("a", when="always"), "b": mlops("b", when="command"), "c": mlops("c", when="ready")},
    "schedule": {".": mlops(environments=TWO, schedule="17 6 * * 1")},
    "schedule without environments": {".": mlops(schedule="*/20 1-5,22 1 JAN-MAR MON")},
    "schedules": {
        "a": mlops("a", environments=TWO, schedule="17 6 * * 1"),
        "b": mlops("b", environments=TWO, schedule="23 4 1 * *"),
        "c": mlops("c", schedule="17 6 * * 1"),
        "d": mlops("d"),
    },
    "monitor": {".": mlops(environments=TWO, monitor="17 6 * * *")},
    "monitor without environments": {".": mlops(monitor="*/20 1-5,22 1 JAN-MAR MON")},
    "monitor on what it asks for": {
        ".": mlops(
            ci={
                "runs-on": {"default": "ubuntu-24.04", "monitor": ["self-hosted", "near the data"]},
                "timeout-minutes": {"monitor": 33},
                "secrets": {"monitor": ["LOG_KEY"], "train": ["STORE_KEY"]},
                "cloud": CLOUDS,
                "azure": {"service-connection": "c", "variable-group": "g"},
            },
            environments=TWO,
            monitor="17 6 * * *",
        )
    },
    "monitor and retrain on one line": {
        "a": mlops("a", environments=TWO, monitor="17 6 * * *", schedule="23 4 * * 1"),
        "b": mlops("b", environments=TWO, schedule="17 6 * * *"),
        "c": mlops("c"),
    },
    "everything": {
        "a b": mlops(
            "on",
            {
                "providers": ["gitlab", "azure", "github"],
                "main": "it's#1",
                "python": "3.12",
                "runs-on": {"default": "ubuntu-24.04", "train": ["self-hosted", "gpu"]},
                "timeout-minutes": {"train": 100},
                "secrets": {"default": ["INDEX_KEY"], "deploy": ["DEPLOY_KEY"]},
                "cloud": CLOUDS,
                "azure": {"pool": "p", "service-connection": "c", "variable-group": "g"},
                "index-url": "https://pip.example.org/simple",
                "cdml": ">=0.1",
                "forks": True,
                "install": HOSTILE,
                "test": HOSTILE,
            },
            {"null": {"branch": "1.0"}, "eu/prod": {"branch": "it's"}},
            when="command",
            schedule="17 6 * * 1",
            monitor="17 6 * * *",
        ),
        "größe": mlops("1", {"python": "3.13", "forks": False}, TWO, schedule="23 4 * * *"),
    },
}

# What providers cannot say, most of it since they would read it as more than text: the case, what the error names,
# and the providers that refuse it. The others render it.
ALL = frozenset(PROVIDERS)
REFUSED: dict[str, tuple[Case, str, frozenset[str]]] = {
    "an expression of GitHub": (branched("a${{github.token}}"), "a${{github.token}}", ALL),
    "an expression of Azure": (branched("$(System.AccessToken)"), "$(System.AccessToken)", ALL),
    "a template": (branched("{{a}}"), "{{a}}", ALL),
    "an expression as main": (alone(main="${{github.token}}"), "${{github.token}}", ALL),
    "a variable as a branch": (branched("$HOME"), "$HOME", ALL),
    "a folder that is an expression": (
        {"${{ github.token }}": mlops("a", environments=TWO), "b": mlops("b", environments=TWO)},
        "${{ github.token }}",
        ALL,
    ),
    "a folder of two lines": ({"a\nb": mlops("a"), "b": mlops("b")}, r"a\nb", ALL),
    "a folder with a bell": ({"a\x07": mlops("a"), "b": mlops("b")}, r"a\x07", ALL),
    "a dollar in a branch": (branched("cost-$5"), "cost-$5", frozenset({"gitlab"})),
    "a dollar in a folder": ({"$x": mlops("a"), "b": mlops("b")}, "$x", frozenset({"gitlab"})),
    "a bracket in a branch": (branched("a]"), "a]", frozenset({"azure"})),
    "a bracket in main": (alone(main="a]"), "a]", frozenset({"azure"})),
    "both quotes in a branch": (branched("'\""), """\'\"""", frozenset({"gitlab"})),
    "python 3.9": (alone(python="3.9"), "ci.python", frozenset({"gitlab"})),
    "python 3.10": (alone(python="3.10"), "ci.python", frozenset({"gitlab"})),
    "pythons mixed, one of them old": (
        {"a": mlops("a", {"python": "3.10"}, TWO), "b": mlops("b", {"python": "3.13"}, TWO)},
        "ci.python",
        frozenset({"gitlab"}),
    ),
}
CASES |= {name: case for name, (case, _, refusing) in REFUSED.items() if refusing != ALL}


@cache
def _parsed(text: str) -> Settings:
    return parse(text)


def loaded(case: Case) -> dict[str, Settings]:
    """The settings of every folder, in their order in a repository; ConfigError where one is wrong."""
    return {folder: _parsed(text) for folder, text in sorted(case.items())}


def providers(case: Case) -> tuple[str, ...]:
    """The providers that a case names, the first of which registers and deploys."""
    return next((one.ci.providers for one in loaded(case).values() if one.ci.providers is not None), ())


def main_branch(case: Case) -> str:
    """The main branch that a case names, else `main`."""
    return next((one.ci.main for one in loaded(case).values() if one.ci.main), "main")


def whole(case: Case) -> Repository:
    """The repository with the models of a case."""
    settings = loaded(case)
    version = next((one.ci.cdml for one in settings.values() if one.ci.cdml), VERSION)
    return replace(repository(settings, main_branch(case)), cdml=version)


def rendered(case: Case, provider: str, *, only_judge: bool = False) -> dict[str, str]:
    """The text of every file that a provider makes of a case, by its path from the top."""
    made = whole(case)
    files = PROVIDERS[provider].files(made, workflows(made, only_judge=only_judge))
    return {file.path: file.text for file in files}


def able(name: str) -> tuple[str, ...]:
    """The providers that can render a case."""
    refusing = REFUSED[name][2] if name in REFUSED else frozenset()
    return tuple(provider for provider in PROVIDERS if provider not in refusing)


@cache
def renderings(name: str) -> dict[str, dict[str, str]]:
    """What every provider makes of a case as the first one, and what those that only judge; each titled."""
    found = {provider: rendered(CASES[name], provider) for provider in able(name)}
    for provider in providers(CASES[name])[1:]:
        found[f"{provider} judges"] = rendered(CASES[name], provider, only_judge=True)
    return found

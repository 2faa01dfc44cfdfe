"""Protection of branches and tags on GitHub: rulesets, and the older branch protection where one is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from cdml.jobs.concerned import context_of, own
from cdml.jobs.doctor_base import GATE, Finding, Scene, judged, quoted, shell
from cdml.jobs.doctor_github_api import Reader, dicts, mapping, part

TOPIC = "github"
TAGS = "tags"
_WORDS = {
    "pull_request": "changes by pull request alone",
    "deletion": "may not be deleted",
    "non_fast_forward": "may not be rewritten",
}


@dataclass(frozen=True)
class Rules:
    """What holds for a branch: kinds of rules, and the names of required checks. `seen`: that is all of it."""

    kinds: frozenset[str]
    checks: frozenset[str]
    seen: bool


def protection(scene: Scene, hub: Reader) -> Iterator[Finding]:
    """Main, every release branch that is there, and the tags of versions and deployments."""
    if hub.ask is None:
        names = list(bodies(scene))
        yield Finding(
            TOPIC,
            "unknown",
            f"whether {', '.join(names[:-1])} and the tags of {scene.project.settings.model} are protected",
            "who may push to a branch goes around its gates; tags are the registry",
            f"for name in {shell(*names)}; do {_command(hub, None)}; done",
        )
        return
    for branch, check in required(scene).items():
        yield _branch(hub, branch, check)
    yield _tags(scene, hub)


def required(scene: Scene) -> dict[str, str | None]:
    """Every branch that is to be protected, with the check that it must require.

    On a release branch that is the status that states the judgement of a promotion. In a repository of several
    models each states its own, only where it is concerned: no single one can be required.
    """
    project, mine = scene.project, own(scene.project)
    found: dict[str, str | None] = {project.main: GATE}
    for one in project.settings.environments:
        found[one.branch] = None if mine.folder else context_of(mine.model, "", one.branch, project.main)
    return found


def bodies(scene: Scene) -> dict[str, dict[str, Any]]:
    """The rulesets as GitHub's API takes them, by the name that `cdml doctor --body` gives them."""
    found = {branch: _branch_ruleset(branch, check) for branch, check in required(scene).items()}
    model = scene.project.settings.model
    found[TAGS] = _ruleset(
        f"cdml: tags of {model}",
        "tag",
        [f"refs/tags/{model}@*", f"refs/tags/{model}#*"],
        [{"type": "update"}, {"type": "deletion"}],
    )
    return found


def _branch_ruleset(branch: str, check: str | None) -> dict[str, Any]:
    pull = {
        "required_approving_review_count": 0,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    rules: list[dict[str, Any]] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    rules.append({"type": "pull_request", "parameters": pull})
    if check:
        parameters = {
            "strict_required_status_checks_policy": False,
            "required_status_checks": [{"context": check}],
        }
        rules.append({"type": "required_status_checks", "parameters": parameters})
    return _ruleset(f"cdml: {branch}", "branch", [f"refs/heads/{branch}"], rules)


def _ruleset(name: str, target: str, include: list[str], rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "target": target,
        "enforcement": "active",
        "conditions": {"ref_name": {"include": include, "exclude": []}},
        "rules": rules,
    }


def _command(hub: Reader, body: str | None) -> str:
    """The command that makes a ruleset; without a name it stands in a loop over them."""
    name = '"$name"' if body is None else quoted(body)
    return f"cdml doctor --body {name} | gh api repos/{hub.slug}/rulesets --input -"


def _branch(hub: Reader, branch: str, check: str | None) -> Finding:
    rules = read_rules(hub, branch)
    lacking = [words for kind, words in _WORDS.items() if kind not in rules.kinds]
    if check and check not in rules.checks:
        lacking.append(f"requires the check {check!r}")
    holds = None if lacking and not rules.seen else not lacking
    check_words = f" and the check {check!r}" if check else ""
    return judged(
        TOPIC,
        holds,
        (f"{branch} takes pull requests alone{check_words}", f"{branch} is not protected: {_negated(lacking)}"),
        "who may push to it goes around the gates",
        _command(hub, branch),
    )


def _negated(lacking: list[str]) -> str:
    """What a branch lacks, as what may happen to it."""
    turned = {
        _WORDS["pull_request"]: "it may be pushed to",
        _WORDS["deletion"]: "deleted",
        _WORDS["non_fast_forward"]: "rewritten",
    }
    return ", ".join(turned.get(words, words.replace("requires", "it does not require")) for words in lacking)


def read_rules(hub: Reader, branch: str) -> Rules:
    """What holds for a branch, of both kinds of protection; the older one shows itself to administrators alone."""
    new = hub.read(f"/rules/branches/{part(branch)}", "metadata: read")
    old = hub.read(f"/branches/{part(branch)}/protection", absent=("Branch not protected", "Branch not found"))
    kinds = {str(rule.get("type")) for rule in dicts(new.data)}
    checks = {
        str(one.get("context"))
        for rule in dicts(new.data)
        for one in dicts(mapping(rule.get("parameters")).get("required_status_checks"))
    }
    if old.data is not None:
        kinds |= _old_kinds(mapping(old.data))
        checks |= _old_checks(mapping(old.data))
    seen = new.data is not None and (old.data is not None or old.absent)
    return Rules(frozenset(kinds), frozenset(checks), seen)


def _old_kinds(found: Mapping[str, Any]) -> set[str]:
    kinds = {"pull_request"} if found.get("required_pull_request_reviews") is not None else set()
    kinds |= {"non_fast_forward"} if not mapping(found.get("allow_force_pushes")).get("enabled") else set()
    return kinds | ({"deletion"} if not mapping(found.get("allow_deletions")).get("enabled") else set())


def _old_checks(found: Mapping[str, Any]) -> set[str]:
    wanted = mapping(found.get("required_status_checks"))
    contexts = wanted.get("contexts")
    names = {str(name) for name in contexts} if isinstance(contexts, list) else set()
    return names | {str(one.get("context")) for one in dicts(wanted.get("checks"))}


def _tags(scene: Scene, hub: Reader) -> Finding:
    model = scene.project.settings.model
    listed = hub.read("/rulesets?targets=tag&per_page=100", "metadata: read")
    active = [r for r in dicts(listed.data) if (r.get("target"), r.get("enforcement")) == ("tag", "active")]
    each = [hub.read(f"/rulesets/{one.get('id')}", "metadata: read") for one in active]
    holds: bool | None = any(_keeps_tags(mapping(one.data), model) for one in each)
    if not holds and any(one.data is None for one in (listed, *each)):
        holds = None
    return judged(
        TOPIC,
        holds,
        (f"tags of {model} cannot be moved or deleted", f"tags of {model} may be moved and deleted"),
        "they are the registry: who moves one changes what was released",
        _command(hub, TAGS),
    )


def _keeps_tags(ruleset: Mapping[str, Any], model: str) -> bool:
    kinds = {rule.get("type") for rule in dicts(ruleset.get("rules"))}
    names = mapping(mapping(ruleset.get("conditions")).get("ref_name"))
    samples = (f"refs/tags/{model}@v1.0.0", f"refs/tags/{model}#production#1")
    return {"update", "deletion"} <= kinds and all(
        _among(names.get("include"), sample) and not _among(names.get("exclude"), sample) for sample in samples
    )


def _among(patterns: Any, ref: str) -> bool:
    return isinstance(patterns, list) and any(p == "~ALL" or fnmatchcase(ref, str(p)) for p in patterns)

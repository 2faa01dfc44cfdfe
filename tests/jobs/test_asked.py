"""Which models a command means, and which commit, in a repository with three of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from people import Person, clone, git

from cdml.core.command import parse
from cdml.core.errors import CdmlError, RefusedError, UsageError
from cdml.forges.base import Comment, PullRequest
from cdml.jobs import asked as module
from cdml.jobs.asked import Asked, is_release, models, one_model, require_open, require_seen
from cdml.jobs.concerned import Concerned
from cdml.jobs.project import open_project

MLOPS = """\
model: {name}
train: {{cmd: python train.py, deps: [train.py], outs: [model.txt]}}
evaluate: {{cmd: python evaluate.py, deps: [evaluate.py], predictions: p.csv, target: y, data: d.csv}}
"""
CHURN, PRICE = Concerned("churn", "models/churn"), Concerned("price", "models/price")


@dataclass(frozen=True)
class Repository:
    """A clone of main, and pull requests by the files that they change."""

    person: Person

    def asked(self, text: str, head: str, target: str = "main", merged_as: str | None = None) -> Asked:
        command = parse(text)
        assert command is not None
        self.person.git("fetch", "--quiet", "origin")
        state = "merged" if merged_as else "open"
        pull = PullRequest(7, "t", "", "ann", "change", target, head, state, merged_as)  # type: ignore[arg-type]
        comment = Comment(12, "bob", text, 100, 100)
        forge = self.person.forge
        return Asked(forge.git, forge, pull, comment, command, print, open_project)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("asked")
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    person = clone(folder / "origin.git", folder / "work", "Ada")
    for name in ("churn", "price", "risk"):
        place = person.root / "models" / name
        (place / ".dvc").mkdir(parents=True)
        (place / ".dvc" / "config").touch()
        (place / "mlops.yaml").write_text(MLOPS.format(name=name))
        (place / "train.py").write_text("1\n")
    return Repository(person)


def offer(repository: Repository, branch: str, *paths: str, start: str = "main") -> str:
    """A branch that changes these files, pushed; its commit."""
    person = repository.person
    person.git("switch", "--quiet", "--force-create", branch, start)
    for path in paths:
        place = person.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{branch}\n")
    person.git("add", "--all")
    person.git("commit", "--quiet", "--allow-empty", "--message", branch)
    person.git("push", "--quiet", "--force", "origin", branch)
    return person.git("rev-parse", "HEAD")


@pytest.fixture(scope="module", autouse=True)
def _begun(repository: Repository) -> None:
    repository.person.git("add", "--all")
    repository.person.git("commit", "--quiet", "--message", "Begin")
    repository.person.git("push", "--quiet", "--set-upstream", "origin", "main")
    repository.person.git("remote", "set-head", "origin", "main")
    offer(repository, "release/production", ".cdml/releases/churn.json")


def test_a_command_means_the_models_that_the_pull_request_concerns(repository: Repository) -> None:
    head = offer(repository, "both", "models/churn/train.py", "models/price/train.py")
    assert models(repository.asked("/cdml retrain", head)) == (CHURN, PRICE)
    one = offer(repository, "one", "models/price/train.py")
    assert one_model(repository.asked("/cdml promote staging", one)) == PRICE


def test_one_of_several_has_to_be_named_where_only_one_can_be_meant(repository: Repository) -> None:
    head = offer(repository, "both", "models/churn/train.py", "models/price/train.py")
    with pytest.raises(UsageError, match="this pull request concerns churn, price: name one"):
        one_model(repository.asked("/cdml promote staging", head))
    assert one_model(repository.asked("/cdml promote price staging", head)) == PRICE
    assert models(repository.asked("/cdml retrain price", head)) == (PRICE,)


def test_a_model_that_is_nowhere_is_told_with_the_nearest(repository: Repository) -> None:
    head = offer(repository, "one", "models/price/train.py")
    with pytest.raises(UsageError) as caught:
        models(repository.asked("/cdml retrain chrun", head))
    assert caught.value.hint == "did you mean churn?"


def test_where_no_model_is_concerned_one_has_to_be_named(repository: Repository) -> None:
    head = offer(repository, "words", "README.md")
    with pytest.raises(UsageError, match="concerns no model: name one"):
        models(repository.asked("/cdml retrain", head))
    assert models(repository.asked("/cdml retrain churn", head)) == (CHURN,)


def test_after_the_merge_the_same_models_are_meant(repository: Repository) -> None:
    head = offer(repository, "later", "models/price/train.py")
    merged = repository.person.git("commit-tree", f"{head}^{{tree}}", "-p", "main", "-p", head, "-m", "Merge")
    asked = repository.asked("/cdml promote staging", head, merged_as=merged)
    assert one_model(asked) == PRICE
    with pytest.raises(UsageError, match="pull request 7 is merged"):
        require_open(asked)


def test_a_promotion_is_about_the_model_of_its_record(repository: Repository) -> None:
    head = offer(repository, "promote", ".cdml/releases/churn.json", start="release/production")
    asked = repository.asked("/cdml promote production", head, target="release/production")
    assert is_release(asked)
    assert one_model(asked) == CHURN
    assert not is_release(repository.asked("/cdml promote staging", head))


@pytest.mark.parametrize(
    ("text", "shown", "refused"),
    [
        ("/cdml retrain", {"churn": "HEAD", "price": "HEAD"}, None),
        ("/cdml retrain", {"churn": "HEAD"}, None),
        ("/cdml retrain", {}, "nothing was said yet"),
        ("/cdml retrain", {"churn": "HEAD", "price": "b" * 40}, "what you saw was bbbbbbb"),
        ("/cdml retrain at HEAD", {}, None),
        ("/cdml retrain at bbbbbbb", {"churn": "HEAD"}, "not bbbbbbb"),
    ],
)
def test_a_command_acts_on_what_was_seen_or_named(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    shown: dict[str, str],
    refused: str | None,
) -> None:
    head = repository.person.git("rev-parse", "main")
    seen = {model: head if commit == "HEAD" else commit for model, commit in shown.items()}
    monkeypatch.setattr(module, "seen_head", lambda _git, _number, model, _before: seen.get(model))
    asked = repository.asked(text.replace("HEAD", head[:9]), head)
    if refused is None:
        require_seen(asked, (CHURN, PRICE))
        return
    with pytest.raises(RefusedError, match=refused) as caught:
        require_seen(asked, (CHURN, PRICE))
    assert caught.value.hint == f"look at it, then write: /cdml retrain at {head[:7]}"


def test_of_a_fork_only_a_whole_id_names_a_commit_that_was_not_seen(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its author could have made another one that begins alike, and push that now."""
    head = repository.person.git("rev-parse", "main")
    monkeypatch.setattr(module, "seen_head", lambda *_: None)

    def asked(pin: str) -> Asked:
        found = repository.asked(f"/cdml evaluate at {pin}", head)
        return replace(found, pull=replace(found.pull, fork=True))

    with pytest.raises(RefusedError) as caught:
        require_seen(asked(head[:39]), (CHURN,))
    assert caught.value.hint == f"look at it, then write: /cdml evaluate at {head}"
    require_seen(asked(head), (CHURN,))
    monkeypatch.setattr(module, "seen_head", lambda *_: head)
    require_seen(asked(head[:7]), (CHURN,))


def test_the_project_is_that_of_main(repository: Repository) -> None:
    repository.person.git("switch", "--quiet", "main")
    asked = repository.asked("/cdml retrain", repository.person.git("rev-parse", "main"))
    assert asked.project(CHURN).settings.model == "churn"
    with pytest.raises(CdmlError):
        asked.project(Concerned("new", "models/new"))
    places: list[Path] = []
    replace(asked, pick=places.append).project(PRICE)  # type: ignore[arg-type]
    assert places == [repository.person.root / "models/price"]

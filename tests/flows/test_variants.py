"""The flow in other shapes: folders, remotes, branches, methods of merging, and people who would get around it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plain import plain_environment
from toy_project import MLOPS, Toy, copy, dvc, invoke

from cdml.core.release import Bundle, Deployment
from cdml.deploy import TARGETS
from cdml.deploy.base import TargetPlugin
from cdml.deploy.local import LocalOptions
from cdml.forges.local import LocalForge
from cdml.registry.write import deregister
from cdml.state.git import Git
from cdml.state.plumbing import write_commit, write_tree

RECORD = ".cdml/releases/toy.json"
Shelf = dict[str, tuple[str, bytes]]


class _Shelf:
    """A target that keeps the bytes on a shelf: real servers are tested elsewhere, and cost seconds each."""

    def __init__(self, shelf: Shelf, environment: str, model: str) -> None:
        self.shelf, self.environment, self.model = shelf, environment, model

    def deploy(self, bundle: Bundle) -> Deployment:
        content = bundle.file.read_bytes().strip() if bundle.file.is_file() else b"a folder"
        self.shelf[f"{self.model} {self.environment}"] = (bundle.version, content)
        self.bundle = bundle
        return Deployment(
            bundle.model, bundle.environment, bundle.version, bundle.artifact.sha256, bundle.commit, "shelf:"
        )

    def current(self) -> Deployment | None:
        return None


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """What is deployed, by `model environment`: its version and its bytes."""
    kept: Shelf = {}

    def open_(environment: str, model: str, _options: Any, _state: Path) -> Any:
        return _Shelf(kept, environment, model)

    monkeypatch.setitem(TARGETS, "local", TargetPlugin(LocalOptions, open_))
    return kept


@pytest.fixture(scope="session")
def _released(_versioned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with release branches and three versions, each better than the one before, made once."""
    folder = tmp_path_factory.mktemp("released") / "toy"
    with plain_environment():
        toy = copy(_versioned, folder)
        for skill in ("1.2", "1.4"):
            toy.commit(f"Skill {skill}", params__yaml=f"skill: {skill}\n")
            toy.git("push", "--quiet")
            toy.cdml("register")
    return folder


@pytest.fixture
def released(_released: Path, tmp_path: Path) -> Toy:
    return copy(_released, tmp_path / "toy")


def test_two_models_of_one_repository_never_disturb_each_other(two, shelf):
    a, b = ("-C", "a"), ("-C", "b")
    two.cdml(*a, "promote", "v1.0.0", "--to", "staging")
    two.cdml(*b, "promote", "v1.0.0", "--to", "staging")
    assert "concerns one, not two" in two.cdml(*b, "pr", "merge", "1", code=10)
    two.cdml(*b, "pr", "merge", "2")
    assert set(shelf) == {"two staging"}
    two.cdml(*a, "pr", "merge", "1", "--method", "squash")
    assert shelf == {"one staging": ("v1.0.0", b"1.0"), "two staging": ("v1.0.0", b"1.0")}
    records = two.git("ls-tree", "-r", "--name-only", "release/staging", ".cdml/releases", at=two.origin)
    assert records.splitlines() == [".cdml/releases/one.json", ".cdml/releases/two.json"]
    tags = [ref.removeprefix("refs/tags/") for ref in two.refs() if ref.startswith("refs/tags/")]
    assert tags == ["one#staging#1", "one@v1.0.0", "two#staging#1", "two@v1.0.0"]
    # One model's green light does not carry the other one's change.
    two.branch(
        "both", "One better, two worse", **{"a/params.yaml": "skill: 1.3\n", "b/params.yaml": "skill: 0.5\n"}
    )
    two.cdml(*a, "pr", "open")
    assert "was not judged" in two.cdml(*a, "pr", "merge", "3", code=10)
    two.cdml(*b, "pr", "open", code=10)
    before = two.refs()
    assert "may not be merged" in two.cdml(*a, "pr", "merge", "3", code=10)
    assert two.refs() == before
    comments = json.loads(two.cdml(*a, "pr", "show", "3", "--json"))["comments"]
    assert [c["body"].splitlines()[0] for c in comments] == ["<!-- cdml:one -->", "<!-- cdml:two -->"]
    two.commit("Two better too", **{"b/params.yaml": "skill: 1.2\n"})
    two.cdml(*b, "pr", "open")
    two.cdml(*a, "pr", "open")
    said = two.cdml(*a, "pr", "merge", "3")
    assert "registered one@v1.1.0" in said
    assert "two: two@v1.1.0" in said


@pytest.fixture(scope="session")
def _two(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models in two folders of one repository, without a DVC remote, each with a first version."""
    folder = tmp_path_factory.mktemp("two") / "toy"
    with plain_environment():
        shutil.copytree(_template, folder, symlinks=True)
        toy = Toy(folder / "work")
        names = [n for n in toy.git("ls-files").splitlines() if not n.startswith(".dvc")]
        for place, model in (("a", "one"), ("b", "two")):
            (toy.root / place).mkdir()
            for name in names:
                (toy.root / place / name).parent.mkdir(exist_ok=True)
                shutil.copy(toy.root / name, toy.root / place / name)
            toy.write(f"{place}/mlops.yaml", MLOPS.replace("model: toy", f"model: {model}"))
            dvc(toy.root / place, "init", "--quiet", "--subdir")
        toy.git("rm", "--quiet", "-r", ".dvc", *names)
        shutil.rmtree(toy.root / ".dvc")
        for place in ("a", "b"):
            toy.cdml("-C", place, "generate")
            toy.cdml("-C", place, "init", "--yes")
        toy.commit("Two models")
        toy.git("push", "--quiet")
        for place in ("a", "b"):
            toy.cdml("-C", place, "register")
    return folder


@pytest.fixture
def two(_two: Path, tmp_path: Path) -> Toy:
    return copy(_two, tmp_path / "toy")


def test_without_a_dvc_remote_git_carries_the_bytes(toy, shelf):
    toy.commit("No store", **{".dvc/config": ""})
    toy.git("push", "--quiet")
    toy.cdml("init", "--yes")
    toy.cdml("register")
    toy.branch("better", "Rank better", params__yaml="skill: 1.3\n")
    assert "never evaluated" in toy.cdml("compare", "v1.0.0", "HEAD", code=2)
    toy.cdml("pr", "open")
    assert "better" in toy.cdml("compare", "v1.0.0", "HEAD")
    assert "Running stage" in toy.cdml("pr", "merge", "1")
    shutil.rmtree(toy.root / ".dvc" / "cache", ignore_errors=True)
    for name in ("model.txt", "predictions.csv"):
        (toy.root / name).unlink(missing_ok=True)
    assert "better" in toy.cdml("compare", "v1.0.0", "v1.1.0")
    for number, version in ((2, "v1.0.0"), (3, "v1.1.0")):
        toy.cdml("promote", version, "--to", "staging")
        toy.cdml("pr", "merge", str(number))
    assert shelf["toy staging"] == ("v1.1.0", b"1.3")
    assert "Running stage" not in toy.cdml("rollback", "staging")
    assert shelf["toy staging"] == ("v1.0.0", b"1.0")


OWN = """\
stages:
  fit:
    cmd: python train.py
    deps: [train.py, data.csv]
    params: [skill]
    outs: [model.txt]
  score:
    cmd: python score.py
    deps: [score.py, model.txt]
    metrics: [{metrics.json: {cache: false}}]
"""
SCORE = """\
import json
json.dump({"quality": float(open("model.txt").read())}, open("metrics.json", "w"))
"""
OWN_MLOPS = """\
model: toy
train: {stages: [fit]}
evaluate:
  stages: [score]
  metrics: [quality]
  gates:
    - {metric: quality, min: 0.9}
    - {metric: quality, max-regression: 0.01}
register: {artifact: model.txt}
"""


def test_a_pipeline_of_its_own_that_only_reports_metrics(toy):
    for path in (".gitignore", "dvc.lock", "evaluate.py"):
        (toy.root / path).unlink(missing_ok=True)
    toy.commit(
        "Own pipeline", dvc__yaml=OWN, mlops__yaml=OWN_MLOPS, score__py=SCORE, **{".gitignore": "/model.txt\n"}
    )
    toy.git("push", "--quiet")
    toy.cdml("register")
    assert json.loads(toy.git("show", "toy@v1.0.0:metrics.json")) == {"quality": 1.0}
    toy.branch("less", "A little less", params__yaml="skill: 0.95\n")
    said = toy.cdml("pr", "open")
    assert "inconclusive" in said
    assert "toy@v1.0.0 has no predictions" in said
    toy.commit("Far less", params__yaml="skill: 0.5\n")
    assert "fail" in toy.cdml("pr", "open", code=10)
    assert "0.9500" not in toy.cdml("pr", "show", "1")


def test_master_an_unset_head_an_old_clone_and_a_feature_branch(registered, tmp_path):
    toy = registered
    toy.git("branch", "--move", "main", "master")
    toy.git("symbolic-ref", "HEAD", "refs/heads/nowhere", at=toy.origin)
    toy.git("push", "--quiet", "origin", "master", ":main")
    toy.git("fetch", "--quiet", "--prune")
    old = copy(toy.root.parent, tmp_path / "old")
    old.git("remote", "set-url", "origin", str(toy.origin))
    toy.git("switch", "--quiet", "--create", "better", "origin/master")
    toy.commit("Rank better", params__yaml="skill: 1.3\n")
    toy.cdml("pr", "open")
    # Somebody with an old clone, on a branch of their own, with a file that is not committed.
    old.git("switch", "--quiet", "--create", "mine")
    old.commit("My own work", params__yaml="skill: 0.1\n")
    old.write("train.py", "not committed")
    assert "registered toy@v1.1.0" in old.cdml("pr", "merge", "1")
    assert old.git("rev-parse", "--abbrev-ref", "HEAD") == "mine"
    assert (old.root / "train.py").read_text() == "not committed"
    old.git("restore", "train.py")
    assert "not merged into master" in old.cdml("register", code=2)
    # Nor does an old state of main become the newest version.
    other = (toy.root / "train.py").read_text() + "# never registered\n"
    old.git("switch", "--quiet", "--detach", "origin/master")
    toy.git("switch", "--quiet", "master")
    toy.git("pull", "--quiet", "--ff-only", "origin", "master")
    first = toy.commit("Not registered", train__py=other)
    toy.commit("Registered", params__yaml="skill: 1.5\n")
    toy.git("push", "--quiet", "origin", "master")
    toy.cdml("register")
    toy.git("switch", "--quiet", "--detach", first)
    before = toy.refs()
    assert "HEAD is older than toy@v1.2.0" in toy.cdml("register", code=2)
    assert toy.refs() == before


def test_main_is_the_remotes_whatever_it_is_called(registered):
    toy = registered
    toy.git("branch", "--move", "main", "trunk")
    toy.git("push", "--quiet", "origin", "trunk")
    toy.git("symbolic-ref", "HEAD", "refs/heads/trunk", at=toy.origin)
    toy.git("push", "--quiet", "origin", ":main")
    toy.git("fetch", "--quiet", "--prune")
    toy.git("branch", "main", "trunk")  # a branch of this clone alone, left behind
    toy.git("switch", "--quiet", "--create", "side", "origin/trunk")
    toy.commit("Not merged", params__yaml="skill: 1.2\n")
    toy.git("push", "--quiet", "origin", "side")
    before = toy.refs()
    assert "not merged into trunk" in toy.cdml("register", code=2)
    assert toy.refs() == before


def test_every_method_of_merging_gives_the_same_tree_and_the_same_bytes(released, tmp_path, shelf):
    released.cdml("promote", "v1.0.0", "--to", "staging")
    released.branch("better", "Rank better", params__yaml="skill: 1.6\n")
    released.cdml("pr", "open")
    seen = set()
    for method in ("merge", "squash", "rebase"):
        one = copy(released.root.parent, tmp_path / method)
        one.cdml("pr", "merge", "1", "--method", method)
        said = one.cdml("pr", "merge", "2", "--method", method)
        assert "registered toy@v1.3.0 (taken from its judged run)" in said
        one.git("fetch", "--quiet", "--tags")
        trees = [one.git("rev-parse", f"{name}^{{tree}}", at=one.origin) for name in ("main", "release/staging")]
        shown = json.loads(one.cdml("registry", "show", "toy@v1.3.0", "--json"))
        seen.add((*trees, shown["provenance"]["artifact"]["sha256"], shelf.pop("toy staging")))
    assert len(seen) == 1


def test_a_change_of_mlops_yaml_does_not_help_a_worse_model(registered):
    toy = registered
    config = (toy.root / "mlops.yaml").read_text()
    toy.branch("worse", "Worse", params__yaml="skill: 0.5\n")
    toy.cdml("pr", "open", code=10)
    # A branch without gates says nothing about main, though the commit is the same.
    toy.git("switch", "--quiet", "--detach", "origin/main")
    easy = config.replace("    - {metric: roc_auc, max-regression: 0.02}", "    - {metric: roc_auc, min: 0}")
    toy.commit("No gates here", mlops__yaml=easy)
    toy.git("push", "--quiet", "origin", "HEAD:refs/heads/easy")
    toy.git("switch", "--quiet", "worse")
    toy.commit("Without gates", mlops__yaml=easy)
    toy.cdml("pr", "open", "--to", "easy")
    assert "may not be merged" in toy.cdml("pr", "open", code=10) + toy.cdml("pr", "merge", "1", code=10)
    toy.cdml("pr", "open", "--to", "easy")
    toy.cdml("pr", "merge", "1", code=10)
    # Another primary metric, another gate, other environments.
    sly = config.replace("[roc_auc, accuracy]", "[accuracy, roc_auc]").replace("staging:", "elsewhere:")
    sly = sly.replace("    - {metric: roc_auc, max-regression: 0.02}", "    - {metric: accuracy, min: 0}")
    toy.commit("Another measure", mlops__yaml=sly)
    said = toy.cdml("pr", "open", code=10)
    assert "roc_auc" in said
    assert "removed" in toy.cdml("pr", "show", "1")
    # A project that no longer writes predictions cannot be judged on them.
    toy.commit("No mlops.yaml", mlops__yaml="")
    assert "mlops.yaml" in toy.cdml("pr", "open", code=3)
    toy.git("rm", "--quiet", "mlops.yaml")
    toy.git("commit", "--quiet", "--message", "Gone")
    toy.git("push", "--quiet", "origin", "HEAD:worse")
    toy.git("switch", "--quiet", "main")
    before = toy.refs()
    assert "was not judged" in toy.cdml("pr", "merge", "1", code=10)
    assert toy.refs() == before


def test_another_task_is_no_way_around_the_default_gate(registered):
    toy = registered
    config = (toy.root / "mlops.yaml").read_text()
    head, tail = config.split("  metrics:")
    config = head + tail[tail.index("environments:") :]
    toy.commit("Default metrics and gate", mlops__yaml=config)
    toy.git("push", "--quiet")
    code = (toy.root / "evaluate.py").read_text()
    code = code.replace('"y_score"]', '"y_score", "y_pred"]').replace("6)])", '6), row["y"]])')
    sly = config.replace("  predictions:", "  task: regression\n  predictions:")
    toy.branch("sly", "Regression", mlops__yaml=sly, evaluate__py=code, params__yaml="skill: 0.4\n")
    assert "roc_auc" in toy.cdml("pr", "open", code=10)


def test_a_status_belongs_to_the_commit_that_was_judged(registered, tmp_path):
    toy = registered
    toy.branch("good", "Better", params__yaml="skill: 1.3\n")
    toy.cdml("pr", "open")
    toy.commit("Then worse", params__yaml="skill: 0.3\n")
    toy.git("push", "--quiet", "origin", "good")
    before = toy.refs()
    assert "was not judged" in toy.cdml("pr", "merge", "1", code=10)
    # Nor does another commit's training count for it: main's own model would always pass.
    toy.git("switch", "--quiet", "main")
    said = toy.cdml("run", "--event", "pull_request", "--pull", "1", code=2)
    assert "is checked out" in said
    toy.git("switch", "--quiet", "good")
    toy.write("params.yaml", "skill: 1.3\n")
    assert "params.yaml" in toy.cdml("run", "--event", "pull_request", "--pull", "1", code=2)
    assert toy.refs() == before
    toy.git("restore", "params.yaml")
    toy.cdml("run", "--event", "pull_request", "--pull", "1", code=10)


def test_a_plain_clone_runs_the_events_as_the_commands_do(released, tmp_path, shelf, monkeypatch):
    released.branch("better", "Rank better", params__yaml="skill: 1.6\n")
    released.git("push", "--quiet", "origin", "better")
    forge = LocalForge(Git(released.root))
    forge.open_pull("better", "main", "Better", "")
    ci = Toy(tmp_path / "ci" / "work")
    released.git("clone", "--quiet", str(released.origin), str(ci.root))
    ci.git("switch", "--quiet", "--detach", "origin/better")
    ci.cdml("run", "--event", "pull_request", "--pull", "1")
    forge.merge(1, "rebase")
    ci.git("fetch", "--quiet")
    ci.git("switch", "--quiet", "--discard-changes", "--detach", "origin/main")
    assert "registered toy@v1.3.0 (taken from its judged run)" in ci.cdml("run", "--event", "main")
    assert "nothing changed: toy@v1.3.0" in ci.cdml("run", "--event", "main")
    ci.git("switch", "--quiet", "main")
    ci.cdml("promote", "v1.3.0", "--to", "staging")
    ci.cdml("run", "--event", "pull_request", "--pull", "2")
    forge.merge(2, "squash")
    said = ci.cdml("run", "--event", "release", "--branch", "release/staging")
    assert "release/staging serves toy@v1.3.0" in said
    assert shelf["toy staging"] == ("v1.3.0", b"1.6")
    tip = released.refs()["refs/heads/release/staging"]
    assert [(s.context, s.state) for s in forge.statuses(tip)] == [("cdml/deploy", "success")]
    tags = released.refs()
    ci.cdml("run", "--event", "release", "--branch", "release/staging")
    assert released.refs() == tags


def test_main_as_the_baseline_is_found_after_every_kind_of_merge(registered):
    toy = registered
    config = (toy.root / "mlops.yaml").read_text().replace("  gates:", "  baseline: main\n  gates:")
    toy.commit("Compare with main", mlops__yaml=config)
    toy.git("push", "--quiet")
    toy.branch("one", "Better", params__yaml="skill: 1.3\n")
    toy.cdml("pr", "open")
    toy.cdml("pr", "merge", "1", "--method", "squash")
    toy.git("fetch", "--quiet")
    toy.branch("two", "Better still", params__yaml="skill: 1.5\n")
    main = toy.git("rev-parse", "--short=7", "origin/main")
    assert main in toy.cdml("pr", "open")


def test_test_data_that_the_champion_cannot_be_scored_on_block_only_where_certainty_is_asked(registered):
    toy = registered
    data = (toy.root / "data.csv").read_text().replace("\n5,1,25\n", "\n5,0,25\n").replace("id,y,", "id,label,")
    code = (toy.root / "evaluate.py").read_text().replace('row["y"]', 'row["label"]')
    toy.branch("data", "Correct a label", data__csv=data, evaluate__py=code)
    said = toy.cdml("pr", "open")
    assert "inconclusive" in said
    assert "toy@v1.0.0 was not scored again on this test data: evaluating toy@v1.0.0 again failed" in said
    assert "same rows or no claim" in said
    assert "Merge is not blocked" in toy.cdml("pr", "show", "1")
    config = (toy.root / "mlops.yaml").read_text()
    toy.commit("Ask for certainty", mlops__yaml=config.replace(": 0.02}", ": 0.02, on-inconclusive: fail}"))
    assert "inconclusive" in toy.cdml("pr", "open", code=11)
    assert "may not be merged" in toy.cdml("pr", "merge", "1", code=10)


@pytest.mark.parametrize(("task", "metric"), [("regression", "rmse"), ("multiclass", "accuracy")])
def test_other_tasks_are_registered(toy, task, metric):
    truth = 'float(row["age"]) / 7' if task == "regression" else '"abc"[int(row["age"]) % 3]'
    wrong = "+ noise.gauss(0, 0.1) / skill" if task == "regression" else "if noise.random() < skill / 2 else 'a'"
    code = (
        "import csv, random\nskill = float(open('model.txt').read())\nnoise = random.Random(0)\n"
        "with open('data.csv') as source, open('predictions.csv', 'w', newline='') as target:\n"
        "    rows = csv.writer(target)\n    rows.writerow(['id', 'y_true', 'y_pred'])\n"
        "    for row in csv.DictReader(source):\n"
        f"        truth = {truth}\n        rows.writerow([row['id'], truth, truth {wrong}])\n"
    )
    config = (toy.root / "mlops.yaml").read_text().replace("[roc_auc, accuracy]", f"[{metric}]")
    config = config.replace(
        "{metric: roc_auc, max-regression: 0.02}", f"{{metric: {metric}, max-regression: 20%}}"
    )
    toy.commit(f"A {task}", evaluate__py=code, mlops__yaml=config)
    toy.git("push", "--quiet")
    assert "registered toy@v1.0.0" in toy.cdml("register")
    shown = json.loads(toy.cdml("registry", "show", "toy@v1.0.0", "--json"))["provenance"]
    assert [metric["name"] for metric in shown["metrics"]] == [metric]
    assert list(shown["verdicts"].values()) == ["pass"]


def test_rollbacks_go_back_and_never_forward_again(released, shelf):
    def serves(environment: str = "staging") -> str:
        return shelf[f"toy {environment}"][0]

    _promote(released, "v1.0.0", "staging")
    assert "no other version before v1.0.0" in released.cdml("rollback", "staging", code=2)
    _promote(released, "v1.1.0", "staging")
    # Two environments of one model at once, and both from a clone that knows of neither.
    released.cdml("promote", "v1.2.0", "--to", "staging")
    released.cdml("promote", "v1.1.0", "--to", "production")
    released.cdml("pr", "merge", "4")
    released.cdml("pr", "merge", "3")
    assert (serves(), serves("production")) == ("v1.2.0", "v1.1.0")
    before = released.refs()
    assert "already" in released.cdml("rollback", "staging", "--to", "v1.2.0", code=2)
    assert "never had" in released.cdml("rollback", "staging", "--to", "other@v1.0.0", code=2)
    assert released.refs() == before
    released.cdml("rollback", "staging", "--why", "too slow")
    assert serves() == "v1.1.0"
    released.cdml("rollback", "staging")
    assert serves() == "v1.0.0"
    assert "no other version before v1.0.0" in released.cdml("rollback", "staging", code=2)
    released.cdml("rollback", "staging", "--to", "toy@v1.1.0")
    assert serves() == "v1.1.0"
    assert "on hold" in released.cdml("promote", "v1.2.0", "--to", "staging", code=10)
    said = released.cdml("promote", "v1.2.0", "--to", "staging", "--lift")
    assert "pull request" in said
    record = json.loads(released.git("show", f"cdml/promote/staging/toy:{RECORD}", at=released.origin))
    assert (record["hold"], record["previous"]) == (None, "v1.1.0")


def test_a_version_that_was_withdrawn_runs_no_more(released, shelf):
    _promote(released, "v1.0.0", "staging")
    _promote(released, "v1.1.0", "staging")
    git = Git(released.root)
    deregister(git, "toy", "v1.0.0")
    before = released.refs()
    assert "was deregistered" in released.cdml("promote", "v1.0.0", "--to", "production", code=2)
    # What a rollback would go back to is known before anything is pushed.
    assert "v1.0.0 was deregistered" in released.cdml("rollback", "staging", code=10)
    assert released.refs() == before
    deregister(git, "toy", "v1.1.0")
    shelf.clear()
    before = released.refs()
    assert "v1.1.0 was deregistered" in released.cdml("deploy", "staging", code=10)
    assert "v1.1.0 was deregistered" in released.cdml("status", code=4)
    assert (shelf, released.refs()) == ({}, before)


TAMPERED: dict[str, Callable[[dict[str, Any]], None]] = {
    "digest": lambda r: r["artifact"].update(sha256="0" * 64),
    "commit": lambda r: r.update(commit="0" * 40),
    "model": lambda r: r.update(model="other"),
    "path": lambda r: r["artifact"].update(path="../../x"),
    "verdicts": lambda r: r.update(verdicts={"roc_auc at most 0.02 worse": "pass, believe me"}),
    "options": lambda r: r["deploy"]["options"].update(command="rm -rf /"),
    "host": lambda r: r["deploy"]["options"].update(host="0.0.0.0"),
    "target": lambda r: r["deploy"].update(target="../../evil"),
    "version": lambda r: r.update(version="v9.9.9"),
    "rollback": lambda r: r.update(action="rollback"),
}


def test_a_record_that_cdml_would_not_write_is_refused_and_starts_nothing(released, shelf):
    released.cdml("promote", "v1.1.0", "--to", "staging")
    git = Git(released.root)
    tip = released.refs()["refs/heads/release/staging"]
    good = json.loads(released.git("show", f"cdml/promote/staging/toy:{RECORD}", at=released.origin))
    for name, tamper in TAMPERED.items():
        record = json.loads(json.dumps(good))
        tamper(record)
        tree = write_tree(git, tip, {RECORD: json.dumps(record).encode()})
        bad = write_commit(git, tree, (tip,), "Promote\n")
        source = "refs/heads/cdml/promote/staging/toy"
        git.run("push", "--quiet", "--force", "origin", f"{bad}:{source}")
        code, said = invoke(released.root, "run", "--event", "pull_request", "--pull", "1")
        assert (code in (2, 3, 10), "Traceback" in said) == (True, False), f"{name}: {code} {said}"
        assert released.cdml("pr", "merge", "1", code=10)
        if name in ("host", "rollback"):
            continue  # who may write to a protected release branch decides these
        git.run("push", "--quiet", "--force", "origin", f"{bad}:refs/heads/release/staging")
        code, said = invoke(released.root, "deploy", "staging")
        assert (code in (2, 3, 10), "Traceback" in said) == (True, False), f"{name}: {code} {said}"
        assert "staging" in released.cdml("status", code=4), name
        git.run("push", "--quiet", "--force", "origin", f"{tip}:refs/heads/release/staging")
    assert shelf == {}
    # Production's own branch does not take what staging never had, whoever writes the record.
    production = released.refs()["refs/heads/release/production"]
    good["deploy"]["options"]["port"] = 18082
    tree = write_tree(git, production, {RECORD: json.dumps(good).encode()})
    git.run("push", "--quiet", "origin", f"{write_commit(git, tree, (production,), 'x')}:refs/heads/skip")
    LocalForge(git).open_pull("skip", "release/production", "Skip", "")
    said = released.cdml("run", "--event", "pull_request", "--pull", "2", code=10)
    assert "never deployed to staging" in said


def test_a_tag_that_names_a_path_outside_deletes_and_reads_nothing(released, tmp_path):
    from cdml.core.errors import RefusedError
    from cdml.jobs.artifact import fetch_artifact
    from cdml.jobs.project import open_project

    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    (folder.parent / "precious").write_text("kept")
    project = open_project(released.root)
    for path in ("..", "../..", "../x", "/etc/passwd", ".", "", "a/../b", "a//b"):
        with pytest.raises(RefusedError):
            fetch_artifact(project, "HEAD", path, folder)
    assert (folder.parent / "precious").read_text() == "kept"


@pytest.mark.parametrize("remote", [True, False])
def test_a_model_that_is_a_folder(toy, shelf, remote):
    code = "import os\nos.makedirs('model/deep', exist_ok=True)\n"
    code += (toy.root / "train.py").read_text().replace('"model.txt"', '"model/deep/model.txt"')
    code += "open('model/other', 'w').write('x')\n"
    config = (toy.root / "mlops.yaml").read_text().replace("outs: [model.txt]", "outs: [model]")
    config = config.replace("evaluate.py, model.txt", "evaluate.py, model")
    judge = (toy.root / "evaluate.py").read_text().replace('"model.txt"', '"model/deep/model.txt"')
    toy.commit("A folder", train__py=code, mlops__yaml=config, evaluate__py=judge)
    if not remote:
        toy.commit("No store", **{".dvc/config": ""})
    toy.cdml("generate")
    toy.commit("Generate", x="")
    toy.git("push", "--quiet")
    toy.cdml("init", "--yes")
    toy.cdml("register")
    _promote(toy, "v1.0.0", "staging")
    assert shelf["toy staging"] == ("v1.0.0", b"a folder")


def _promote(toy: Toy, version: str, environment: str) -> None:
    said = toy.cdml("promote", version, "--to", environment)
    toy.cdml("pr", "merge", said.split("pull request ")[1].split()[0])

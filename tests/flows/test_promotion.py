"""From a version to a server and back, by merges alone; every step leaves all or nothing."""

from __future__ import annotations

import json
import pickle
import socket
from collections.abc import Iterator
from operator import methodcaller
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import requests
from plain import plain_environment
from toy_project import Toy, copy

from cdml.forges.base import Status
from cdml.forges.local import LocalForge
from cdml.state.git import Git

SERVED = """\
import shutil
skill = [line.split(":")[1] for line in open("params.yaml") if line.startswith("skill")][0]
open("model.txt", "w").write(skill)
shutil.copy("models/high.pkl" if float(skill) > 1.15 else "models/low.pkl", "model.pkl")
"""


def _models(folder: Path) -> None:
    """Two models that need no library: the sum of a row, and ten more (the demo serves real ones)."""
    folder.mkdir()
    for name, more in (("low", 0), ("high", 10)):
        model = SimpleNamespace(predict=methodcaller("sum", axis=1, initial=more))
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))


@pytest.fixture(scope="session")
def served_once(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose models a server can load, with a first version and its release branches, made once."""
    folder = tmp_path_factory.mktemp("served") / "toy"
    with plain_environment():
        toy = copy(_template, folder, folder / "store")
        _models(toy.root / "models")
        config = (toy.root / "mlops.yaml").read_text().replace("outs: [model.txt]", "outs: [model.txt, model.pkl]")
        config = config.replace("deps: [train.py, data.csv]", "deps: [train.py, models]")
        config = config.replace(
            "environments:", "register:\n  artifact: model.pkl\n  trusted: [pickle]\nenvironments:"
        )
        toy.write("mlops.yaml", config)
        toy.write("train.py", SERVED)
        toy.cdml("generate")
        toy.commit("Serve a model")
        toy.git("push", "--quiet")
        toy.cdml("init", "--yes")
        toy.cdml("register")
    return folder


@pytest.fixture
def served(served_once: Path, tmp_path: Path) -> Iterator[Toy]:
    """The same on ports of its own."""
    toy = copy(served_once, tmp_path / "toy")
    config = (toy.root / "mlops.yaml").read_text()
    for port in ("18081", "18082"):
        config = config.replace(port, str(_free_port()))
    toy.commit("Take other ports", mlops__yaml=config)
    toy.git("push", "--quiet")
    yield toy
    for process in _servers(toy):
        process.kill()


def test_a_promotion_is_one_file_on_one_parent_and_its_merge_deploys(served):
    served.cdml("promote", "v1.0.0", "--to", "staging")
    refs = served.refs()
    head = refs["refs/heads/cdml/promote/staging/toy"]
    served.git("fetch", "--quiet")
    assert served.git("rev-parse", f"{head}^@") == refs["refs/heads/release/staging"]
    assert served.git("diff", "--name-only", f"{head}^", head) == ".cdml/releases/toy.json"
    said = served.cdml("pr", "merge", "1")
    assert "release/staging serves toy@v1.0.0" in said
    answer = _ask(served, "staging")
    assert (answer["version"], answer["predictions"]) == ("v1.0.0", [40, 55])
    row = json.loads(served.cdml("status", "--json", code=0))[0]
    assert (row["desired"], row["recorded"], row["actual"], row["problem"]) == ("v1.0.0", "v1.0.0", "v1.0.0", "")
    assert row["digest"] == answer["sha256"]


def test_production_comes_after_staging(served):
    before = served.refs()
    said = served.cdml("promote", "v1.0.0", "--to", "production", code=10)
    assert "never deployed to staging" in said
    assert served.refs() == before


def test_rollback_serves_the_earlier_bytes_again_and_holds(served):
    _promote(served, "v1.0.0", "staging", "merge")
    first = _ask(served, "staging")
    served.commit("Rank better", params__yaml="skill: 1.3\n")
    served.git("push", "--quiet")
    served.cdml("register")
    _promote(served, "v1.1.0", "staging", "squash")
    second = _ask(served, "staging")
    assert (second["version"], second["predictions"]) == ("v1.1.0", [50, 65])
    said = served.cdml("rollback", "staging", "--why", "too strict")
    assert "Running stage" not in said
    third = _ask(served, "staging")
    assert (third["version"], third["sha256"]) == ("v1.0.0", first["sha256"])
    assert len(_servers(served)) == 1
    held = served.cdml("promote", "v1.1.0", "--to", "staging", code=10)
    assert "too strict" in held
    assert "--lift" in held
    served.cdml("promote", "v1.1.0", "--to", "staging", "--lift")


def test_deploy_refuses_bytes_that_were_not_reviewed(served, served_once):
    store = served.root.parent / "store"
    config = (served.root / ".dvc" / "config").read_text().replace(str(served_once / "store"), str(store))
    served.commit("A store of its own", **{".dvc/config": config})
    served.git("push", "--quiet")
    served.cdml("promote", "v1.0.0", "--to", "staging")
    for cached in (*(served.root / ".dvc" / "cache").rglob("*"), *store.rglob("*")):
        if cached.is_file() and cached.read_bytes()[:1] == pickle.PROTO:
            cached.chmod(0o644)
            cached.write_bytes((served.root / "models" / "high.pkl").read_bytes())
    tags = served.refs().keys()
    said = served.cdml("pr", "merge", "1", code=10)
    assert "sha256" in said
    assert not _servers(served)
    assert not [ref for ref in served.refs() if ref.startswith("refs/tags/toy#")], tags


def test_a_stale_promotion_conflicts_with_itself(served):
    served.cdml("promote", "v1.0.0", "--to", "staging")
    served.git("fetch", "--quiet")
    # A second person's promotion, made at the same tip.
    served.git("switch", "--quiet", "--create", "mine", "origin/cdml/promote/staging/toy")
    record = served.root / ".cdml" / "releases" / "toy.json"
    record.write_text(record.read_text().replace('"why": ""', '"why": "mine"'))
    served.git("commit", "--quiet", "--all", "--amend", "--message", "Mine")
    served.git("push", "--quiet", "origin", "mine")
    mine = served.git("rev-parse", "mine")
    served.git("switch", "--quiet", "main")
    git = Git(served.root)
    LocalForge(git).merge(1, "merge")
    LocalForge(git).open_pull("mine", "release/staging", "Mine", "")
    LocalForge(git).set_status(
        mine, Status("cdml into release/staging", "success", "judged before the other one was merged")
    )
    before = served.refs()
    said = served.cdml("pr", "merge", "2", code=4)
    assert ".cdml/releases/toy.json" in said
    assert served.refs() == before


def test_a_pull_request_that_changes_more_than_its_record_is_refused(served):
    served.cdml("promote", "v1.0.0", "--to", "staging")
    served.git("fetch", "--quiet")
    served.git("switch", "--quiet", "--create", "more", "origin/cdml/promote/staging/toy")
    served.write("surprise.txt", "boo")
    served.git("add", "surprise.txt")
    served.git("commit", "--quiet", "--amend", "--no-edit")
    served.git("push", "--quiet", "--force", "origin", "HEAD:cdml/promote/staging/toy")
    served.git("switch", "--quiet", "main")
    said = served.cdml("pr", "merge", "1", code=10)
    assert "was not judged" in said
    assert not _servers(served)


def test_a_dry_run_changes_nothing(served):
    before = served.refs()
    said = served.cdml("promote", "v1.0.0", "--to", "staging", "--dry-run")
    assert "toy@v1.0.0" in said
    assert served.refs() == before


def test_a_taken_port_is_exit_4_and_leaves_no_tag(served):
    port = _port(served, "staging")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        served.cdml("promote", "v1.0.0", "--to", "staging")
        said = served.cdml("pr", "merge", "1", code=4)
    assert str(port) in said
    assert "is merged into release/staging, but" in said
    assert "cdml deploy staging" in said
    assert not _servers(served)
    assert not [ref for ref in served.refs() if ref.startswith("refs/tags/toy#")]
    assert "should serve v1.0.0" in served.cdml("status", code=4)
    assert "serves toy@v1.0.0" in served.cdml("deploy", "staging")
    served.cdml("status")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["promote", "v9.9.9", "--to", "staging"], "v9.9.9"),
        (["promote", "v1.0.0", "--to", "stagin"], "did you mean staging?"),
        (["rollback", "staging"], "no release of toy"),
        (["deploy", "nowhere"], "not an environment"),
    ],
)
def test_words_that_do_not_fit_are_exit_2(served, words, said):
    before = served.refs()
    assert said in served.cdml(*words, code=2)
    assert served.refs() == before


def test_an_environment_without_a_record_deploys_nothing_and_succeeds(served):
    assert "nothing to deploy" in served.cdml("deploy", "staging")


def _promote(served: Toy, version: str, environment: str, method: str) -> None:
    said = served.cdml("promote", version, "--to", environment)
    number = said.split("pull request ")[1].split()[0]
    served.cdml("pr", "merge", number, "--method", method)


def _ask(served: Toy, environment: str) -> dict[str, object]:
    url = f"http://127.0.0.1:{_port(served, environment)}/predict"
    answer = requests.post(url, json={"records": [{"age": 40}, {"age": 55}]}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _port(served: Toy, environment: str) -> int:
    lines = (served.root / "mlops.yaml").read_text().splitlines()
    place = lines.index(f"  {environment}:")
    return int(lines[place + 1].split("port:")[1].strip(" }"))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _servers(served: Toy) -> list[psutil.Process]:
    """Processes that serve this project's models."""
    home = f"{served.root}/.git/cdml"
    found = [(p, p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    return [p for p, words in found if "cdml.serving.managed" in words and any(w.startswith(home) for w in words)]

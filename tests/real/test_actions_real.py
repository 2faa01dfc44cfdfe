"""The workflows of docs/actions.md, played by act on a small project; and every validator's word on them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import act
import psutil
import pytest
import requests
import tools
import validators
from plain import plain_environment
from ruamel.yaml import YAML
from toy_project import MLOPS, TRAIN, Toy, begin, copy

from cdml.forges.local import LocalForge
from cdml.state.git import Git

PAGE = tools.CHECKOUT / "docs" / "actions.md"
OURS = {"owner/cdml": tools.CHECKOUT}
SERVED = (
    TRAIN
    + """\
import numpy, pandas, skops.io
from sklearn.linear_model import LogisticRegression
x = pandas.DataFrame({"age": numpy.arange(20, 80)})
skops.io.dump(LogisticRegression().fit(x, x["age"] > 40 + 10 * float(skill)), "model.skops")
"""
)
GATE_LINE = next(n for n, line in enumerate(MLOPS.splitlines(), 1) if "max-regression" in line)
PROJECT = "example/project"


def workflows() -> dict[str, str]:
    """The workflows of the page by name."""
    texts = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return {YAML(typ="safe").load(text)["name"]: text for text in texts}


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with plain_environment():
        toy = copy(begin(tmp_path_factory.mktemp("begun")), tmp_path_factory.mktemp("actions") / "toy")
        (toy.root.parent / "store").mkdir()
        config = (toy.root / ".dvc" / "config").read_text()
        toy.write(".dvc/config", config.replace("../../store", str(toy.root.parent / "store")))
        mlops = MLOPS.replace("outs: [model.txt]", "outs: [model.txt, model.skops]")
        mlops = mlops.replace("environments:", "register:\n  artifact: model.skops\nenvironments:")
        toy.write("mlops.yaml", mlops)
        toy.write("train.py", SERVED)
        toy.cdml("generate")
        toy.commit("Serve a real model", params__yaml="skill: 0.7\n")
        toy.git("push", "--quiet")
    return toy.root.parent


@pytest.fixture(scope="session")
def registered(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, the second better, and release branches."""
    with plain_environment():
        toy = copy(begun, tmp_path_factory.mktemp("registered") / "toy")
        toy.cdml("init", "--yes")
        toy.git("add", "--all")
        toy.git("commit", "--quiet", "--allow-empty", "--message", "What init wrote")
        toy.git("push", "--quiet")
        toy.cdml("register")
        toy.commit("Rank better", params__yaml="skill: 1.3\n")
        toy.git("push", "--quiet")
        toy.cdml("register")
    return toy.root.parent


def play(toy: Toy, name: str, event: str, tmp_path: Path, text: str = "", **more: object) -> act.Run:
    """Run a workflow of the page, or `text`, on the project, with the cdml of this checkout on PATH."""
    file = toy.root / ".github" / "workflows" / f"{name}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text or workflows()[name])
    state = tmp_path / "state"
    return act.run(
        toy.root,
        f".github/workflows/{name}.yml",
        event,
        tmp_path / "act",
        repository=PROJECT,
        origin=toy.origin,
        actions=OURS,
        path_prefix=[act.cdml_on_path(tmp_path / "bin")],
        env={"CDML_PYTHON": sys.executable, "CDML_STATE": str(state)},
        **more,  # type: ignore[arg-type]
    )


def test_setup_takes_the_cdml_that_is_there(begun: Path, tmp_path: Path) -> None:
    toy = copy(begun, tmp_path / "toy")
    toy.git("push", "--quiet", "origin", "HEAD:refs/pull/1/merge")
    run = play(toy, "check", "pull_request", tmp_path, payload=offered(1, toy.git("rev-parse", "HEAD")))
    assert run.exit_code == 0, run.log
    assert "no problem found" in run.log


def offered(number: int, head: str) -> dict[str, object]:
    """The payload of a pull request of this repository."""
    here = {"full_name": PROJECT}
    ends = {"head": {"sha": head, "ref": "change", "repo": here}, "base": {"ref": "main", "repo": here}}
    return {"number": number, "pull_request": {"number": number, **ends}, "repository": {"default_branch": "main"}}


def chosen(**inputs: str) -> dict[str, object]:
    """The payload of a workflow that a person started."""
    return {"inputs": inputs, "ref": "refs/heads/main", "repository": {"default_branch": "main"}}


def test_a_worse_pull_request_is_marked_on_its_line_and_commented_by_the_trusted_job(
    registered: Path, tmp_path: Path
) -> None:
    toy = copy(registered, tmp_path / "toy")
    head = toy.branch("change", "Rank worse", params__yaml="skill: 0.4\n")
    toy.git("push", "--quiet", "origin", "change")
    forge = LocalForge(Git(toy.root))
    pull = forge.open_pull("change", "main", "Rank worse", "")
    run = play(toy, "judge", "pull_request", tmp_path, payload=offered(pull.number, head))
    assert run.results == {"judge": "failure", "comment": "success"}, run.log
    (marked,) = run.job("judge").annotations
    assert (marked.level, marked.file, marked.line) == ("error", "mlops.yaml", GATE_LINE)
    assert marked.message.startswith("roc_auc at most 0.02 worse: fail: ")
    (written,) = forge.comments(pull.number)
    # What follows, the trend and how to waive among it, only the trusted half knows.
    verdict, how, _ = written.body.partition("To merge all the same")
    assert how
    assert run.job("judge").step("1/cdml").summary.startswith(verdict)
    judged = run.job("judge").step("1").outputs
    assert (judged["verdict"], judged["exit-code"]) == ("fail", "10")
    assert run.job("comment").step("2").outputs["written"] == "1"
    states = {status.context: status.state for status in forge.statuses(head)}
    assert states == {"cdml": "failure", "cdml: roc_auc:max-regression": "failure"}
    assert any(ref.startswith("refs/cdml/runs/") for ref in toy.refs())


def test_compare_lets_a_workflow_decide_by_its_outputs(registered: Path, tmp_path: Path) -> None:
    toy = copy(registered, tmp_path / "toy")
    toy.main()
    worse = play(toy, "compare", "workflow_dispatch", tmp_path, payload=chosen(base="v1.1.0", head="v1.0.0"))
    compare = worse.job("compare").step("compare")
    assert (compare.result, compare.conclusion) == ("failure", "success"), worse.log
    assert compare.outputs["verdict"] == "fail"
    assert compare.outputs["exit-code"] == "10"
    assert worse.results == {"compare": "failure"}
    assert "<!-- cdml:toy -->" in worse.job("compare").step("Decide").output
    assert [(a.level, a.line) for a in worse.annotations if a.file == "mlops.yaml"] == [("error", GATE_LINE)]
    better = play(toy, "compare", "workflow_dispatch", tmp_path, payload=chosen(base="v1.0.0", head="v1.1.0"))
    assert better.exit_code == 0, better.log
    assert better.job("compare").step("compare").outputs["verdict"] == "pass"


def test_an_input_is_never_code_nor_an_option(registered: Path, tmp_path: Path) -> None:
    toy = copy(registered, tmp_path / "toy")
    evil = f"$(touch {tmp_path}/owned)`touch {tmp_path}/owned`"
    run = play(toy, "compare", "workflow_dispatch", tmp_path, payload=chosen(base=evil, head="--format=json"))
    compare = run.job("compare").step("compare")
    assert compare.outputs["exit-code"] == "2", run.log
    assert [a.message.startswith("'--format=json' is not a revision") for a in run.annotations] == [True]
    assert not (tmp_path / "owned").exists()


ALONE = """\
name: alone
on: [push]
permissions: {}
jobs:
  run:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v4
        with:
          path: below
          fetch-depth: 0
      - id: run
        uses: owner/cdml/actions/run@v0.1.0
        with:
          path: below
"""


def test_run_alone_trains_and_evaluates_and_says_what_ran(begun: Path, tmp_path: Path) -> None:
    toy = copy(begun, tmp_path / "toy")
    toy.commit("Train what no other test trains", params__yaml="skill: 0.9\n")
    toy.git("push", "--quiet")
    run = play(toy, "alone", "push", tmp_path, ALONE, payload={"ref": "refs/heads/main"})
    assert run.exit_code == 0, run.log
    assert run.job("run").step("run").outputs["ran"] == "train evaluate"


def test_register_tells_the_version_that_it_made(begun: Path, tmp_path: Path) -> None:
    toy = copy(begun, tmp_path / "toy")
    payload = {"ref": "refs/heads/main", "repository": {"default_branch": "main"}}
    first = play(toy, "register", "push", tmp_path, payload=payload)
    assert first.exit_code == 0, first.log
    outputs = first.job("register").step("register").outputs
    assert (outputs["version"], outputs["tag"], outputs["new"]) == ("v1.0.0", "toy@v1.0.0", "true")
    assert toy.git("rev-parse", "toy@v1.0.0^{commit}", at=toy.origin) == outputs["commit"]
    assert "`toy@v1.0.0` registered" in first.summary
    again = play(toy, "register", "push", tmp_path, payload=payload)
    assert again.job("register").step("register").outputs["new"] == "false", again.log


def test_promote_opens_the_pull_request_and_deploy_serves_what_is_merged(registered: Path, tmp_path: Path) -> None:
    toy = copy(registered, tmp_path / "toy")
    toy.main()
    toy.commit(
        "Take another port", mlops__yaml=(toy.root / "mlops.yaml").read_text().replace("18081", free_port())
    )
    toy.git("push", "--quiet")
    asked = {"version": "v1.1.0", "environment": "staging", "reason": 'it\'s "better"; $(false)'}
    promoted = play(toy, "promote", "workflow_dispatch", tmp_path, payload=chosen(**asked))
    assert promoted.exit_code == 0, promoted.log
    assert promoted.job("promote").step("promote").outputs["pull-request"] == "1"
    forge = LocalForge(Git(toy.root))
    pull = forge.pull(1)
    record = json.loads(toy.git("show", f"{pull.head}:.cdml/releases/toy.json", at=toy.origin))
    assert (record["version"], record["why"]) == ("v1.1.0", asked["reason"])
    assert [status.state for status in forge.statuses(pull.head)] == ["success"]
    forge.merge(1, "squash")
    for _ in served(tmp_path / "state"):
        payload = {"ref": "refs/heads/release/staging", "repository": {"default_branch": "main"}}
        deployed = play(toy, "deploy", "push", tmp_path, payload=payload)
        assert deployed.exit_code == 0, deployed.log
        outputs = deployed.job("deploy").step("deploy").outputs
        answer = requests.get(f"{outputs['url']}/version", timeout=30).json()
        assert (answer["version"], answer["sha256"]) == ("v1.1.0", outputs["sha256"])
        assert outputs["sha256"] == record["artifact"]["sha256"]
        assert (outputs["tag"], "toy#staging#1" in toy.git("tag", at=toy.origin)) == ("toy@v1.1.0", True)
        assert outputs["sha256"] in deployed.summary


def test_monitor_lets_a_workflow_decide_and_keeps_one_issue(registered: Path, tmp_path: Path) -> None:
    toy = copy(registered, tmp_path / "toy")
    toy.main()
    mlops = (toy.root / "mlops.yaml").read_text()
    older = "".join(f"{n},{60 + n % 60},0.5\n" for n in range(600))
    batch = {"monitoring/2026-11-21.csv": f"id,age,y_score\n{older}"}
    toy.commit("Watch", **{"mlops.yaml": mlops + "monitor: {predictions: monitoring}\n", **batch})
    toy.git("push", "--quiet")
    run = play(toy, "monitor", "schedule", tmp_path, payload={"schedule": "17 6 * * *"})
    outputs = run.job("monitor").step("monitor").outputs
    assert (outputs["verdict"], outputs["exit-code"]) == ("drift", "10"), run.log
    assert run.results == {"monitor": "failure"}
    assert "drift in 2 columns" in run.summary
    assert [one.open for one in LocalForge(Git(toy.root)).issues()] == [True]
    assert {(one.level, one.line) for one in run.annotations if one.file} == {("error", mlops.count("\n") + 1)}


def served(state: Path) -> Iterator[None]:
    """Once; what was started with this state is stopped afterwards."""
    try:
        yield
    finally:
        for process in psutil.process_iter(["cmdline"]):
            if any(str(state) in word for word in process.info["cmdline"] or ()):
                process.kill()


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_setup_installs_the_version_of_its_own_checkout(tmp_path: Path) -> None:
    """Without a cdml on PATH: a stand-in of pip's environment shows what would be installed, and where from."""
    bin_folder, temporary = tmp_path / "bin", tmp_path / "runner"
    temporary.mkdir()
    for name in ("bash", "sed", "head", "dirname", "mkdir", "ln", "cat", "chmod"):
        (bin_folder / name).parent.mkdir(exist_ok=True)
        (bin_folder / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    (bin_folder / "python3").write_text(
        f"""#!/bin/sh
if [ "$1" = -c ]; then exec {sys.executable} "$@"; fi
mkdir -p "$3/bin"
echo '#!/bin/sh' > "$3/bin/python"
echo 'echo "$@" > "$RUNNER_TEMP/asked"' >> "$3/bin/python"
chmod +x "$3/bin/python"
"""
    )
    (bin_folder / "python3").chmod(0o755)
    env = {"PATH": str(bin_folder), "RUNNER_TEMP": str(temporary), "GITHUB_PATH": str(tmp_path / "path")}
    script = tools.CHECKOUT / "actions" / "setup" / "install.sh"
    words = [str(bin_folder / "bash"), str(script), "same", "serve,parquet"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    asked = (temporary / "asked").read_text()
    assert asked.split()[-1] == f"{tools.CHECKOUT}[serve,parquet]"
    assert (tmp_path / "path").read_text() == f"{temporary}/cdml-bin\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("page") / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in workflows().items():
        (folder / f"{name}.yml").write_text(text)
    return sorted(folder.iterdir())


def listed(findings: list[validators.Finding]) -> str:
    return "\n".join(map(str, findings))


def test_the_validators_find_nothing_in_the_workflows_of_the_page(written: list[Path]) -> None:
    assert listed(validators.github_schema(written)) == ""
    assert listed(validators.actionlint(written)) == ""
    assert listed(validators.workflow_parser(written)) == ""
    assert listed(validators.language_service(written, actions=OURS)) == ""


def test_zizmor_finds_nothing_in_the_workflows_of_the_page(written: list[Path], tmp_path: Path) -> None:
    config = YAML(typ="safe").load(validators.ZIZMOR_CONFIG)
    # The page says that a commit pins more than the tag that it shows.
    config["rules"]["unpinned-uses"] = {"config": {"policies": {"owner/cdml/*": "ref-pin", "*": "hash-pin"}}}
    with (tmp_path / "zizmor.yml").open("w") as file:
        YAML().dump(config, file)
    assert listed(validators.zizmor(written[0].parents[2], tmp_path / "zizmor.yml")) == ""

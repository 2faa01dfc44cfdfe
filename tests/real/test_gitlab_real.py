"""The generated pipeline of GitLab: the official schema, and played by gitlab-ci-local with the real cdml."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import gitlab_local
import pytest
import validators

sys.path += [str(Path(__file__).resolve().parents[1] / folder) for folder in ("ci", "support")]

from rendering import GOLDEN, example, render
from toy_project import Toy, begin, copy

from cdml.ci.gitlab import FILE
from cdml.core.settings import Ci, Settings
from cdml.forges.local import LocalForge
from cdml.state.git import Git

PLAN, JUDGE, REPORT, GATE = (f"cdml-pull-request:{job}" for job in ("plan", "judge:toy", "report", "gate"))
ANSWER = "cdml-commands:answer"
OTHER = "cdml-pull-request:judge:other"


def variants() -> dict[str, dict[str, Settings]]:
    """Repositories of which every part of the template is rendered."""
    one = example()
    full = Ci(
        python="3.12",
        runs_on={"train": ("self-hosted", "gpu"), "deploy": ("it: hurts",)},
        secrets={"train": ("STORE_KEY",), "deploy": ("DOOR_KEY",)},
        cloud={"aws": {"role": "arn:aws:iam::1:role/x", "region": "eu-west-1", "pull-request-role": "arn:x"}},
        index_url="https://packages.example.com/simple",
        cdml=">=0.1",
    )
    staging = replace(one.environments[0], name="a: b", branch="release/it's")
    return {
        "example": {".": one},
        "full": {".": replace(one, ci=full, train=replace(one.train, schedule="17 5 * * 1"))},
        "bare": {".": replace(one, environments=())},
        "monorepo": {"a folder: #1": one, "on": replace(one, model="b/c", environments=(staging,))},
    }


def test_every_file_has_the_shape_of_the_official_schema(tmp_path: Path) -> None:
    paths = [GOLDEN / "gitlab" / FILE, GOLDEN / "gitlab" / ".gitlab-ci.yml"]
    for name, settings in variants().items():
        for alone in (False, True):
            for path, text in render("gitlab", settings, only_judge=alone).items():
                place = tmp_path / f"{name}-{alone}" / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, "utf-8")
                paths.append(place)
    assert len(paths) == 18
    assert [str(one) for one in validators.gitlab_schema(paths)] == []


@dataclass(frozen=True)
class Scene:
    """The toy project with GitLab's pipeline and a second model that no merge request touches, registered once."""

    toy: Toy
    scratch: Path

    def offer(self, skill: str) -> int:
        self.toy.branch("change", "Change it", params__yaml=f"skill: {skill}\n")
        self.toy.git("push", "--quiet", "origin", "HEAD:refs/heads/change")
        return LocalForge(Git(self.toy.root)).open_pull("change", "main", "Change it", "").number

    def merge_request(self, number: int, **more: str) -> gitlab_local.Run:
        """The pipeline of the merge request of what is checked out."""
        given = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_IID": str(number),
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_PROJECT_ID": "1",
        }
        return self.play({**given, **more})

    def play(self, given: dict[str, str]) -> gitlab_local.Run:
        commit = self.toy.git("rev-parse", "HEAD")
        programs = (Path(sys.executable).parent,)
        variables = {"GITLAB_CI": "true", "CI_COMMIT_SHA": commit, "CI_DEFAULT_BRANCH": "main", **given}
        return gitlab_local.run(self.toy.root, self.scratch, variables=variables, path_prefix=programs)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = begin(tmp_path_factory.mktemp("begun"))
    toy = Toy(folder / "work")
    for name in ("train.py", "evaluate.py", "params.yaml", "data.csv", ".dvc/config"):
        toy.write(f"other/{name}", (toy.root / name).read_text())
    mlops = (toy.root / "mlops.yaml").read_text().partition("environments:")[0]
    toy.write("mlops.yaml", f"{mlops}ci: {{main: main, providers: [gitlab]}}\n")
    toy.write("other/mlops.yaml", mlops.replace("model: toy", "model: other"))
    toy.git("add", "other")
    toy.cdml("generate")
    toy.commit("Add CI")
    toy.git("push", "--quiet")
    return folder


@pytest.fixture
def scene(template: Path, tmp_path: Path) -> Scene:
    toy = copy(template, tmp_path / "toy", tmp_path / "store")
    toy.git("remote", "set-url", "origin", str(toy.origin))
    toy.cdml("run", "--event", "main")
    (tmp_path / "scratch").mkdir()
    return Scene(toy, tmp_path / "scratch")


def test_a_merge_request_is_judged_reported_and_let_through(scene: Scene) -> None:
    number = scene.offer("1.3")
    played = scene.merge_request(number)
    assert played.results == {
        PLAN: "passed",
        JUDGE: "passed",
        OTHER: "passed",
        REPORT: "passed",
        GATE: "passed",
    }, played.log
    assert "nothing to do for other" in played.job(OTHER).output
    shown = json.loads(scene.toy.cdml("pr", "show", str(number), "--json"))
    assert {status["state"] for status in shown["statuses"]} == {"success"}
    assert "better" in shown["comments"][0]["body"]
    assert any(ref.startswith("refs/cdml/runs/") for ref in scene.toy.refs())


def test_a_worse_model_is_reported_and_stops_at_the_gate(scene: Scene) -> None:
    number = scene.offer("0.5")
    played = scene.merge_request(number)
    assert played.results == {
        PLAN: "passed",
        JUDGE: "failed",
        OTHER: "passed",
        REPORT: "passed",
        GATE: "skipped",
    }, played.log
    assert played.exit_code == 1
    shown = json.loads(scene.toy.cdml("pr", "show", str(number), "--json"))
    assert {status["context"]: status["state"] for status in shown["statuses"]}["cdml"] == "failure"


def test_a_fork_s_merge_request_is_judged_and_nobody_comments(scene: Scene) -> None:
    there = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2", "CI_PROJECT_ID": "2"}
    played = scene.merge_request(scene.offer("1.3"), **there)
    assert played.results == {PLAN: "passed", JUDGE: "passed", OTHER: "passed", GATE: "passed"}, played.log
    assert not any(ref.startswith("refs/cdml/runs/") for ref in scene.toy.refs())


def test_a_comment_that_is_no_command_ends_the_job_that_it_starts(scene: Scene, tmp_path: Path) -> None:
    note = {"object_kind": "note", "object_attributes": {"id": 1, "note": "nice"}, "merge_request": {"iid": 1}}
    (tmp_path / "payload.json").write_text(json.dumps(note))
    sent = {"CI_PIPELINE_SOURCE": "trigger", "TRIGGER_PAYLOAD": str(tmp_path / "payload.json")}
    played = scene.play({"CI_COMMIT_BRANCH": "main", **sent})
    assert played.results == {ANSWER: "passed"}, played.log
    assert "this is no command" in played.job(ANSWER).output


def test_a_push_to_main_registers_the_models_that_it_touched(scene: Scene) -> None:
    before = scene.toy.git("rev-parse", "HEAD")
    scene.toy.commit("Tune it", params__yaml="skill: 1.3\n")
    scene.toy.git("push", "--quiet")
    played = scene.play({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": before})
    register, other = (f"cdml-main:register:{model}" for model in ("toy", "other"))
    assert played.results == {"cdml-main:plan": "passed", register: "passed", other: "passed"}, played.log
    assert "nothing to do for other" in played.job(other).output
    assert "refs/tags/toy@v1.1.0" in scene.toy.refs()

"""A pull request's run in two halves: one runs its code and may not write, one writes and runs none of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from toy_project import Toy

from cdml.forges.local import LocalForge
from cdml.state.dvc import Dvc
from cdml.state.git import Git


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The environment of a run of a pull request on GitHub, without GitHub."""

    def enter(
        toy: Toy, number: int, *, fork: bool = False, draft: bool = False, before: str = "", label: str = ""
    ) -> None:
        head = toy.git("rev-parse", "HEAD")
        side = {"sha": head, "repo": {"full_name": "somebody/toy" if fork else "team/toy"}}
        pull = {"number": number, "draft": draft, "head": side}
        pull["labels"] = [{"name": label}] if label else []
        pull["base"] = {"ref": "main", "repo": {"full_name": "team/toy"}}
        (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull, "before": before}))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
        monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))

    return enter


def offer(toy: Toy, branch: str, **files: str) -> int:
    toy.branch(branch, "Change it", **files)
    toy.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return LocalForge(Git(toy.root)).open_pull(branch, "main", "Change it", "").number


def shown(toy: Toy, number: int) -> dict:
    return json.loads(toy.cdml("pr", "show", str(number), "--json"))


def test_the_first_half_writes_nowhere_and_the_second_writes_all(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    before = registered.refs()
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "handover"))
    assert registered.refs() == before
    registered.git("switch", "--quiet", "--force", "main")
    said = registered.cdml("comment", "--from", str(tmp_path / "handover"), "--report", str(tmp_path / "pages"))
    assert "its run is kept" in said
    report = (tmp_path / "pages" / "report.html").read_text("utf-8")
    assert "better on roc_auc" in report
    assert "Earlier runs" not in report
    pull = shown(registered, number)
    stated = [(s["context"], s["state"]) for s in pull["statuses"]]
    assert stated == [("cdml", "success"), ("cdml: roc_auc:max-regression", "success")]
    assert "better" in pull["comments"][0]["body"]
    assert any(ref.startswith("refs/cdml/runs/") for ref in registered.refs().keys() - before.keys())
    merged = registered.cdml("pr", "merge", str(number))
    assert "registered toy@v1.1.0 (taken from its judged run)" in merged


def test_a_worse_model_exits_10_and_is_stated(registered, github, tmp_path):
    number = offer(registered, "worse", params__yaml="skill: 0.5\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h" / "a"), code=10)
    registered.cdml("comment", "--from", str(tmp_path / "h"))
    stated = [(s["context"], s["state"]) for s in shown(registered, number)["statuses"]]
    assert stated == [("cdml", "failure"), ("cdml: roc_auc:max-regression", "failure")]


def test_a_late_run_of_the_same_commit_says_nothing_any_more(registered, github, tmp_path, monkeypatch):
    number = offer(registered, "worse", params__yaml="skill: 0.5\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"), code=10)
    monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "1")
    monkeypatch.setenv("GITHUB_RUN_ID", "700")
    registered.cdml("comment", "--from", str(tmp_path / "h"))
    newer = shown(registered, number)
    result = json.loads((tmp_path / "h" / "result.json").read_text())
    broken = {"message": "of the older run", "printed": "", "refused": False}
    (tmp_path / "h" / "result.json").write_text(json.dumps(result | {"judgement": None, "failure": broken}))
    monkeypatch.setenv("GITHUB_RUN_ID", "699")
    said = registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert "toy: outdated" in said
    assert shown(registered, number) == newer


def test_a_run_that_broke_is_handed_over(registered, github, tmp_path):
    number = offer(registered, "broken", params__yaml="skill: -1\n")
    github(registered, number, fork=True)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"), code=4)
    registered.cdml("comment", "--from", str(tmp_path / "h"))
    pull = shown(registered, number)
    assert "skill must not be negative" in pull["comments"][0]["body"]
    assert "whose runs get no secrets" in pull["comments"][0]["body"]
    assert [s["state"] for s in pull["statuses"]] == ["error"]
    assert "toy: the run broke, nothing was judged" in pull["comments"][0]["body"]
    result = json.loads((tmp_path / "h" / "result.json").read_text())
    result["failure"] |= {"refused": True, "contract": True}
    (tmp_path / "h" / "result.json").write_text(json.dumps(result))
    registered.cdml("comment", "--from", str(tmp_path / "h"))
    pull = shown(registered, number)
    assert "toy: the data contract is broken, nothing was trained" in pull["comments"][0]["body"]
    assert [s["state"] for s in pull["statuses"]] == ["failure"]


def test_of_a_fork_no_run_is_kept(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number, fork=True)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    assert "kept" not in registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert not [ref for ref in registered.refs() if ref.startswith("refs/cdml/runs/")]
    assert shown(registered, number)["comments"]


def test_a_draft_waits(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number, draft=True)
    said = registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"), code=11)
    assert "Running stage" not in said
    registered.cdml("comment", "--from", str(tmp_path / "h"))
    pull = shown(registered, number)
    assert [s["state"] for s in pull["statuses"]] == ["pending"]
    assert "Mark it as ready" in pull["comments"][0]["body"]


def test_nothing_is_said_of_a_head_that_is_no_longer_offered(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    registered.commit("Then more", params__yaml="skill: 1.4\n")
    registered.git("push", "--quiet", "origin", "HEAD:refs/heads/better")
    LocalForge(Git(registered.root)).open_pull("better", "main", "Change it", "")
    assert "by now" in registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert not shown(registered, number)["comments"]


WRONG = [
    {"pull": 7},
    {"head": "0" * 40},
    {"model": "other"},
    {"folder": "elsewhere"},
    {"target": "release/production"},
    {"code": "--index-output=planted"},
    {"more": 1},
    {"judgement": {"comparison": 1}},
    {"format": 2},
]


def test_a_handover_that_does_not_fit_is_refused(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number, draft=True)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"), code=11)
    path = tmp_path / "h" / "result.json"
    right = json.loads(path.read_text())
    for change in WRONG:
        path.write_text(json.dumps(right | change))
        registered.cdml("comment", "--from", str(tmp_path / "h"), code=3)
    assert not shown(registered, number)["comments"]
    path.write_text(json.dumps(right))
    registered.cdml("comment", "--from", str(tmp_path / "h"))


def test_outputs_that_are_not_what_they_are_called_are_not_kept(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    planted = next((tmp_path / "h" / "objects").iterdir())
    planted.write_text("planted")
    said = registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert "other bytes than its name says" in said
    assert not [ref for ref in registered.refs() if ref.startswith("refs/cdml/runs/")]


def test_the_plan_names_the_model_and_whether_an_older_run_is_superseded(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    first = registered.git("rev-parse", "HEAD")
    registered.commit("Say more", README__md="words\n")
    github(registered, number, before=first)
    registered.cdml("ci", "plan")
    registered.commit("Then more", params__yaml="skill: 1.4\n")
    github(registered, number, before=first)
    registered.cdml("ci", "plan")
    lines = [line for line in (tmp_path / "output").read_text().splitlines() if line.startswith("models=")]
    same, other = (json.loads(line.removeprefix("models="))[0] for line in lines)
    assert (same["model"], same["folder"], same["runs-on"]) == ("toy", ".", '"ubuntu-latest"')
    assert (same["superseded"], other["superseded"]) == (False, True)


def test_outputs_reach_the_remote_from_a_machine_that_never_trained(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    other = registered.root.parent / "other"
    registered.git("clone", "--quiet", str(registered.origin), str(other))
    Toy(other).cdml("comment", "--from", str(tmp_path / "h"))
    store = Path(Dvc(registered.root).remote() or "")
    held = {f"{path.parent.name}{path.name}" for path in store.glob("files/md5/*/*")}
    assert {path.name for path in (tmp_path / "h" / "objects").iterdir()} <= held


def test_no_file_of_a_handover_leaves_its_folder(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    for name in ("..%2Fplanted", "%2Fplanted", "a/%2Egit/config", "%2E%2E", "a%00b", "train.py", "%2Edvc/config"):
        planted = tmp_path / "h" / "files" / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text("planted")
        said = registered.cdml("comment", "--from", str(tmp_path / "h"))
        assert "which no run writes" in said
        planted.unlink()
    assert not [ref for ref in registered.refs() if ref.startswith("refs/cdml/runs/")]


def test_a_name_in_a_handover_gives_the_agent_no_command(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    (tmp_path / "h" / "files" / "%23%23vso%5Btask.setvariable variable=PATH%5Dx").touch()
    said = registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert "# #vso[task.setvariable variable=PATH]x" in said
    assert "##vso[" not in said


def test_links_in_a_handover_are_not_followed(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    (tmp_path / "h" / "files").rename(tmp_path / "elsewhere")
    (tmp_path / "h" / "files").symlink_to(tmp_path / "elsewhere")
    assert "a link" in registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert not [ref for ref in registered.refs() if ref.startswith("refs/cdml/runs/")]


def test_nothing_handed_over_is_no_success(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    (tmp_path / "h").mkdir()
    registered.cdml("comment", "--from", str(tmp_path / "h"), code=4)


def test_a_change_does_not_choose_whether_it_is_asked_for(registered, github, tmp_path):
    command = (registered.root / "mlops.yaml").read_text().replace("train:\n", "train:\n  when: command\n", 1)
    registered.commit("Train when told", mlops__yaml=command)
    registered.git("push", "--quiet")
    number = offer(registered, "always", mlops__yaml=command.replace("command", "always"))
    github(registered, number)
    said = registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"), code=11)
    assert "Running stage" not in said
    github(registered, number, label="cdml train")
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))


def test_the_remote_of_a_commit_is_not_spoken_to(registered):
    evil = "[core]\n    remote = evil\n['remote \"evil\"']\n    url = /nowhere/evil\n"
    commit = registered.branch("evil", "Speak to another", **{".dvc/config": evil})
    registered.git("switch", "--quiet", "main")
    with Dvc(registered.root).files(commit) as files:
        assert files.repo.config["core"]["remote"] == "store"
        assert set(files.repo.config["remote"]) == {"store"}


def test_where_a_report_follows_its_exit_code_is_the_verdict(registered, github, tmp_path):
    number = offer(registered, "worse", params__yaml="skill: 0.5\n")
    github(registered, number)
    handover = ("--handover", str(tmp_path / "h"))
    registered.cdml("run", "--event", "pull_request", *handover, "--verdict", "later")
    registered.cdml("comment", "--from", str(tmp_path / "h"))
    registered.cdml("comment", "--from", str(tmp_path / "h"), "--verdict", code=10)
    # Pushed, judged green because another push hid it, and pushed again: it must not be green.
    registered.commit("Hide it", README__md="# Toy\n")
    registered.git("push", "--quiet", "origin", "HEAD:refs/heads/worse")
    said = registered.cdml("comment", "--from", str(tmp_path / "h"), "--verdict", code=10)
    assert "toy: outdated" in said


def test_what_waits_or_breaks_fails_in_whichever_job(registered, github, tmp_path):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number, draft=True)
    handover = ("--handover", str(tmp_path / "h"))
    registered.cdml("run", "--event", "pull_request", *handover, "--verdict", "later", code=11)
    registered.git("switch", "--quiet", "main")
    number = offer(registered, "broken", params__yaml="skill: -1\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", *handover, "--verdict", "later", code=4)


def test_after_a_run_that_was_asked_for_the_required_check_looks_again(registered, github, tmp_path, monkeypatch):
    looked: list[int] = []
    monkeypatch.setattr(LocalForge, "look_again", lambda _, pull: looked.append(pull.number) or True)
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    for label in (None, "cdml train"):
        github(registered, number, label=label)
        registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
        said = registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert looked == [number]
    assert "looks again" in said


def test_of_a_pull_request_that_is_a_fork_s_nothing_is_kept_whatever_its_run_says(
    registered, github, tmp_path, monkeypatch
):
    number = offer(registered, "better", params__yaml="skill: 1.3\n")
    github(registered, number)
    registered.cdml("run", "--event", "pull_request", "--handover", str(tmp_path / "h"))
    found = LocalForge.pull
    monkeypatch.setattr(LocalForge, "pull", lambda self, number: replace(found(self, number), fork=True))
    assert "kept" not in registered.cdml("comment", "--from", str(tmp_path / "h"))
    assert not [ref for ref in registered.refs() if ref.startswith("refs/cdml/runs/")]

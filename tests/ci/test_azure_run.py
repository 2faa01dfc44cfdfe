"""Every script of the generated pipeline is executed in order, with the variables of each kind of run."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure_agent import Agent
from rendering import example, render

from cdml.ci import PROVIDERS
from cdml.config.load import parse
from cdml.core.resources import example_project
from cdml.core.settings import Settings

TOKEN = "a-token-of-the-build"
# Answers as cdml does as far as CI sees it, and writes down who called it with what.
CDML = """#!/bin/bash
if test "$1" = --version; then echo "cdml 0.0.1"; exit; fi
{ printf '%s' "$JOB"; printf '\\t%s' "$@"; printf '\\n'; } >> "$PLAYED/calls"
{ echo "$JOB $(git rev-parse HEAD) token=${SYSTEM_ACCESSTOKEN:-} key=${STORE_KEY-unset}"; } >> "$PLAYED/places"
folder=.; if test "$1" = -C; then folder="$2"; fi
case "$*" in
  *"run install") echo "##vso[task.setvariable variable=y;isOutput=true]planted" ;;
  "ci plan") cat "$PLAYED/plan" ;;
  *--handover*) mkdir -p cdml-handover; echo "$folder" > cdml-handover/result.json
    echo "##vso[task.setvariable variable=x;isOutput=true]planted"; exit "${JUDGED:-0}" ;;
  "comment --from"*) find cdml-handover -type f | sort | xargs cat > "$PLAYED/comment" ;;
  *"run train") mkdir -p "$folder/.dvc/cache/files"; echo trained >> "$folder/dvc.lock"
    echo bytes > "$folder/.dvc/cache/files/one"; exit "${TRAINED:-0}" ;;
  *"run evaluate") echo evaluated >> "$folder/dvc.lock" ;;
  *"--event main") cd "$folder"
    cat dvc.lock .dvc/cache/files/one > "$PLAYED/registered-$JOB" 2> /dev/null ;;
esac
exit 0
"""
PYTHON = """#!/bin/bash
printf 'python3\\t%s\\n' "$*" >> "$PLAYED/installs"
mkdir -p "$4/bin" && cp "$PLAYED/cdml" "$4/bin/cdml"
printf '#!/bin/bash\\nprintf "pip\\\\t%%s\\\\n" "$*" >> "$PLAYED/installs"\\n' > "$4/bin/python"
chmod +x "$4/bin/python"
"""


@dataclass
class Scene:
    """A repository with a pull request and a release branch, and what the played programs wrote down."""

    origin: Path
    work: Path
    played: Path
    commits: dict[str, str]

    def agent(self, settings: dict[str, Settings] | None = None, **more: object) -> Agent:
        """An agent for a run; `plan` names the folders that the plan answers, `train` those to be trained."""
        plan = {
            name: more.pop(name, usual) for name, usual in (("folders", ["."]), ("train", []), ("monitor", []))
        }
        output = PROVIDERS["azure"].told.output
        told = (output({}, name, json.dumps(value)) for name, value in plan.items())
        (self.played / "plan").write_text("".join(f"{one.line}\n" for one in told if one))
        predefined = more.pop("predefined")
        assert isinstance(predefined, dict)
        environ = {"PLAYED": str(self.played), "HOME": str(self.work), "GIT_CONFIG_GLOBAL": "/dev/null"}
        environ |= more.pop("environ", {})  # type: ignore[operator]
        return Agent(
            files=render("azure", settings or {".": example()}),
            origin=self.origin,
            work=self.work / "agent",
            path=f"{self.played}/bin:/usr/bin:/bin",
            predefined={"System.AccessToken": TOKEN, "TF_BUILD": "True", **predefined},
            environ=environ,
            **more,  # type: ignore[arg-type]
        )

    def calls(self) -> list[list[str]]:
        """Every call of cdml: the job, then the words, without those that name the folder."""
        lines = (line.split("\t") for line in (self.played / "calls").read_text().splitlines())
        return [[job, *words] for job, *words in lines]

    def seen(self, job: str) -> str:
        """Commit, token and secret that the last call of cdml in a job saw."""
        lines = (self.played / "places").read_text().splitlines()
        return [line for line in lines if line.startswith(f"{job} ")][-1]

    def push(self, branch: str, reason: str = "IndividualCI") -> dict[str, str]:
        """The predefined variables of a run of a branch."""
        head = f"refs/heads/{branch}"
        return {"Build.Reason": reason, "Build.SourceBranch": head, "Build.SourceVersion": self.commits[branch]}

    def pull(self, fork: bool = False) -> dict[str, str]:
        """Those of a pull request's run; what is built is the merge of its head."""
        return {
            "Build.Reason": "PullRequest",
            "Build.SourceBranch": "refs/pull/7/merge",
            "Build.SourceVersion": self.commits["merge"],
            "System.PullRequest.SourceCommitId": self.commits["head"],
            "System.PullRequest.PullRequestId": "7",
            "System.PullRequest.IsFork": str(fork),
        }


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("origin")

    def git(*words: str) -> str:
        who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        return subprocess.run(
            ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "kept").write_text("")
    git("add", ".")
    git("commit", "--quiet", "-m", "main")
    commits = {"old": git("rev-parse", "HEAD")}
    git("commit", "--quiet", "--allow-empty", "-m", "moved on")
    commits["main"] = git("rev-parse", "HEAD")
    tree = git("rev-parse", "HEAD^{tree}")
    commits["head"] = git("commit-tree", tree, "-p", "HEAD", "-m", "head")
    commits["merge"] = git("commit-tree", tree, "-p", "HEAD", "-p", commits["head"], "-m", "merge")
    git("update-ref", "refs/pull/7/merge", commits["merge"])
    for name in ("staging", "production"):
        commits[f"release/{name}"] = git("commit-tree", tree, "-m", name)
        git("update-ref", f"refs/heads/release/{name}", commits[f"release/{name}"])
    return folder, commits


@pytest.fixture
def scene(origin: tuple[Path, dict[str, str]], tmp_path: Path) -> Scene:
    played = tmp_path / "played"
    (played / "bin").mkdir(parents=True)
    for path, text in (("cdml", CDML), ("bin/python3", PYTHON)):
        (played / path).write_text(text)
        (played / path).chmod(0o755)
    return Scene(origin[0], tmp_path, played, origin[1])


def two(ci: str = "") -> dict[str, Settings]:
    """A repository of two models."""
    text = (example_project() / "mlops.yaml").read_text("utf-8")
    text = text.replace("ci:\n", f"ci:\n{ci}")
    return {name: parse(text.replace("model: progression", f"model: {name}")) for name in ("one", "two")}


INSTALL = ["-C", ".", "run", "install"]


def test_a_pull_request_is_judged_at_its_head_without_a_token_and_reported_from_main(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.pull())
    agent.run()
    assert scene.calls() == [
        ["plan", "ci", "plan"],
        ["judge_1", *INSTALL],
        ["judge_1", "-C", ".", "run", "--event", "pull_request", "--handover", "cdml-handover"],
        ["report", "comment", "--from", "cdml-handover", "--report", "cdml-report"],
    ]
    assert set(agent.results.values()) == {"Succeeded"}
    assert list(agent._done) == ["plan", "judge", "report", "gate"]
    head, main = scene.commits["head"], scene.commits["main"]
    assert scene.seen("judge_1") == f"judge_1 {head} token= key=unset"
    assert scene.seen("report") == f"report {main} token={TOKEN} key=unset"
    assert (scene.played / "comment").read_text() == ".\n"
    assert "planted" not in str(agent.outputs), "code of a pull request wrote a command of the agent"


def test_cdml_is_installed_into_an_environment_of_its_own(scene: Scene) -> None:
    scene.agent(predefined=scene.push("main"), folders=[]).run()
    assert (scene.played / "installs").read_text().splitlines() == [
        f"python3\t-I -m venv {scene.work}/agent/plan/_temp/cdml",
        "pip\t-m pip install --quiet cdml[serve]==0.1.0",
    ]


def test_cdml_is_not_installed_where_the_machine_has_this_version(scene: Scene) -> None:
    here = scene.played / "bin" / "cdml"
    here.write_text(CDML.replace("0.0.1", "0.1.0"))
    here.chmod(0o755)
    scene.agent(predefined=scene.push("main"), folders=[]).run()
    assert not (scene.played / "installs").exists()


def test_a_refused_model_is_reported_and_closes_the_gate(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.pull(), environ={"JUDGED": "10"})
    agent.run()
    assert {name: agent.results[name] for name in ("judge", "report", "gate")} == {
        "judge": "Failed",
        "report": "Succeeded",
        "gate": "Failed",
    }
    assert (scene.played / "comment").read_text() == ".\n"
    assert "a job ended with: Failed" in agent.issues


def test_a_pull_request_that_concerns_no_model_passes_the_gate(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.pull(), folders=[])
    agent.run()
    assert scene.calls() == [["plan", "ci", "plan"]]
    assert agent.results["gate"] == "Succeeded"


def test_a_fork_is_judged_and_not_reported(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.pull(fork=True))
    agent.run()
    assert agent.results["report"] == "Skipped"
    assert agent.results["gate"] == "Succeeded"


def test_a_job_that_ran_again_is_reported_once(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.pull())
    old = scene.work / "old"
    old.mkdir()
    for name in ("result.json", "more.json"):
        (old / name).write_text("of the first attempt\n")
    agent.artifacts["cdml-handover-1-1.0"] = old
    agent.run()
    assert (scene.played / "comment").read_text() == ".\n"


def test_main_registers_a_judged_run_without_training_again(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.push("main"))
    agent.run()
    assert scene.calls() == [
        ["plan", "ci", "plan"],
        ["register_1", *INSTALL],
        ["register_1", "-C", ".", "run", "--event", "main"],
    ]
    assert (agent.results["train"], agent.results["evaluate"]) == ("Skipped", "Skipped")
    assert scene.seen("register_1") == f"register_1 {scene.commits['main']} token={TOKEN} key=unset"


def test_main_trains_evaluates_and_registers_in_three_stages_that_hand_their_work_on(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.push("main"), train=["."])
    agent.run()
    assert [call for call in scene.calls() if "install" not in call] == [
        ["plan", "ci", "plan"],
        ["train_1", "-C", ".", "run", "train"],
        ["evaluate_1", "-C", ".", "run", "evaluate"],
        ["register_1", "-C", ".", "run", "--event", "main"],
    ]
    assert (scene.played / "registered-register_1").read_text() == "trained\nevaluated\nbytes\n"
    assert "token= " in scene.seen("train_1")


def test_of_two_models_each_goes_its_own_way(scene: Scene) -> None:
    agent = scene.agent(two(), predefined=scene.push("main"), folders=["one", "two"], train=["two"])
    agent.run()
    assert not (scene.played / "registered-register_1").read_text()
    assert (scene.played / "registered-register_2").read_text() == "trained\nevaluated\nbytes\n"
    assert agent.results["train_1"] == "Skipped"


def test_a_training_that_fails_registers_nothing_of_its_model_and_stops_no_other(scene: Scene) -> None:
    agent = scene.agent(
        two(), predefined=scene.push("main"), folders=["one", "two"], train=["two"], environ={"TRAINED": "4"}
    )
    agent.run()
    assert [agent.results[name] for name in ("train_2", "evaluate_2", "register_2", "register_1")] == [
        "Failed",
        "Skipped",
        "Skipped",
        "Succeeded",
    ]


@pytest.mark.parametrize(("name", "job"), [("staging", "deploy_1_1"), ("production", "deploy_2_1")])
def test_a_release_branch_deploys_from_main(scene: Scene, name: str, job: str) -> None:
    agent = scene.agent(predefined=scene.push(f"release/{name}"))
    agent.run()
    assert scene.calls()[-1] == [job, "-C", ".", "run", "--event", "release", "--branch", f"release/{name}"]
    assert [call[0] for call in scene.calls()] == ["plan", job, job]
    assert scene.seen(job) == f"{job} {scene.commits['main']} token={TOKEN} key=unset"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"operation": "promote", "version": "v1.2.0", "environment": "production"},
         ["promote", "v1.2.0", "--to", "production"]),
        ({"operation": "rollback", "reason": "it's; $(System.AccessToken) $$(System.AccessToken) `id` \"x\""},
         ["rollback", "staging", "--why",
          "it's; $ (System.AccessToken) $$ (System.AccessToken) `id` \"x\""]),
        ({"operation": "rollback"}, ["rollback", "staging", "--why", ""]),
        ({"operation": "retrain"}, ["run", "retrain"]),
    ],
)  # fmt: skip
def test_what_a_person_asks_for_is_done_and_what_they_type_is_only_text(
    scene: Scene, asked: dict[str, str], said: list[str]
) -> None:
    agent = scene.agent(predefined=scene.push("main", "Manual"), parameters=asked)
    agent.run()
    assert scene.calls()[-1] == [f"{asked['operation']}_1", "-C", ".", *said]
    assert list(agent._done) == ["plan", asked["operation"]]


def test_main_may_move_on_before_a_run_begins(scene: Scene) -> None:
    old = scene.push("main", "Manual") | {"Build.SourceVersion": scene.commits["old"]}
    scene.agent(predefined=old).run()
    assert scene.commits["old"] in scene.seen("register_1"), "a push registers its own commit"
    again = scene.agent(predefined=old, parameters={"operation": "retrain"})
    again.work = scene.work / "again"
    again.run()
    assert scene.commits["main"] in scene.seen("retrain_1"), "people mean main as it is"


def test_a_run_by_hand_does_what_a_push_would_do(scene: Scene) -> None:
    agent = scene.agent(predefined=scene.push("main", "Manual"))
    agent.run()
    assert scene.calls()[-1][-2:] == ["--event", "main"]


def test_a_schedule_retrains_and_registers_nothing(scene: Scene) -> None:
    text = (example_project() / "mlops.yaml").read_text("utf-8")
    settings = parse(text.replace("train:\n", 'train:\n  schedule: "17 6 * * 1"\n', 1))
    agent = scene.agent({".": settings}, predefined=scene.push("main", "Schedule"))
    agent.run()
    assert list(agent._done) == ["plan", "retrain"]
    assert scene.calls()[-1] == ["retrain_1", "-C", ".", "run", "retrain"]


WATCHED = "monitor: {predictions: monitoring, schedule: '17 6 * * *'}\n"


@pytest.mark.parametrize(
    ("folders", "due", "stages"),
    [
        ([], ["."], ["plan", "monitor"]),
        (["."], [], ["plan", "retrain"]),
        (["."], ["."], ["plan", "retrain", "monitor"]),
    ],
)
def test_a_schedule_starts_what_the_plan_says_is_due(
    scene: Scene, folders: list[str], due: list[str], stages: list[str]
) -> None:
    text = (example_project() / "mlops.yaml").read_text("utf-8") + WATCHED
    settings = parse(text.replace("train:\n", 'train:\n  schedule: "17 6 * * 1"\n', 1))
    predefined = scene.push("main", "Schedule")
    agent = scene.agent({".": settings}, predefined=predefined, folders=folders, monitor=due)
    agent.run()
    assert list(dict.fromkeys(call[0].removesuffix("_1") for call in scene.calls())) == stages
    if due:
        assert scene.calls()[-1] == ["monitor_1", "-C", ".", "monitor"]
        assert f"token={TOKEN}" in scene.seen("monitor_1"), "it keeps an issue"


SECRETS = "  secrets: {train: [STORE_KEY], deploy: [DEPLOY_KEY]}\n  azure: {variable-group: keys}\n"


def test_a_secret_reaches_its_jobs_and_one_that_is_not_set_is_not_there(scene: Scene) -> None:
    found = {}
    for value in ("s3cret", None):
        agent = scene.agent(two(SECRETS), predefined=scene.pull(), folders=["one"])
        agent.groups["keys"] = {"STORE_KEY": value} if value else {}
        agent.work = scene.work / f"agent-{value}"
        agent.run()
        found[value] = (scene.seen("judge_1").split()[-1], scene.seen("plan").split()[-1])
    assert found == {"s3cret": ("key=s3cret", "key=unset"), None: ("key=unset", "key=unset")}


def test_a_service_connection_runs_the_commands_of_trusted_jobs(scene: Scene) -> None:
    ci = "  azure: {service-connection: my connection}\n"
    agent = scene.agent(two(ci), predefined=scene.push("main"), folders=["one"])
    agent.run()
    assert scene.calls()[-1][-2:] == ["--event", "main"]
    files = render("azure", two(ci))
    assert 'azureSubscription: "my connection"' in files[".azure/cdml/register.yml"]
    assert "AzureCLI" not in files[".azure/cdml/judge.yml"], "code of a pull request would act as the connection"

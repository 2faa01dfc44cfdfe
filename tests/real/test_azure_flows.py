"""The toy project's pipeline on a stand-in of Azure DevOps, every script of it really run, with the real cdml."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path += [str(Path(__file__).resolve().parents[1] / folder) for folder in ("ci", "support")]

from azure_agent import Agent
from azure_server import AzureServer
from azure_state import BOT, Organization
from plain import plain_environment
from served_toy import FAILING, begun, served, stopped
from toy_project import Toy, copy

TOKEN = "a-token-of-the-build"
pytestmark = pytest.mark.timeout(600)


@dataclass
class Hosted:
    """A repository on the stand-in, a person's clone of it, and what answers its events."""

    toy: Toy
    scratch: Path
    server: AzureServer
    runs: int = 0

    @property
    def hub(self) -> Organization:
        return self.server.hub

    @property
    def state(self) -> Path:
        return self.scratch / "state"

    def run(self, reason: str, source: str, version: str, more: dict[str, str], asked: dict[str, str]) -> Agent:
        """One run of the pipeline, with the files of its own commit."""
        self.runs += 1
        names = self.toy.git("ls-tree", "-r", "--name-only", version).splitlines()
        files = [name for name in names if name.startswith((".azure/", "azure-pipelines"))]
        predefined = {
            "System.AccessToken": TOKEN,
            "TF_BUILD": "True",
            "Build.Reason": reason,
            "Build.SourceBranch": source,
            "Build.SourceVersion": version,
            "Build.BuildId": str(self.runs),
            "Build.Repository.Provider": "TfsGit",
            "Build.Repository.Name": self.hub.repository,
            "System.CollectionUri": f"{self.server.collection}/",
            "System.TeamProject": self.hub.project,
        }
        environ = {"HOME": str(self.scratch), "CDML_STATE": str(self.state)}
        environ |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        agent = Agent(
            files={name: self.toy.git("show", f"{version}:{name}") + "\n" for name in files},
            origin=self.toy.origin,
            work=self.scratch / f"agent-{self.runs}",
            path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            predefined={**predefined, **more},
            environ=environ,
            parameters=asked,
        )
        agent.run()
        return agent

    def offer(self, skill: str) -> int:
        """A pull request of ada's that changes how well the model ranks."""
        self.toy.branch(f"skill-{skill}", "Change it", params__yaml=f"skill: {skill}\n")
        self.toy.git("push", "--quiet", "origin", f"HEAD:refs/heads/skill-{skill}")
        number: int = self.hub.add_pull(f"skill-{skill}")["number"]
        return number

    def judge(self, number: int) -> Agent:
        """The run of a pull request; what is built is the merge of its head."""
        pull = self.hub.pulls[number]
        merged = self.hub.merged_commit(pull, "merge")
        assert merged, "it conflicts"
        self.toy.git("update-ref", f"refs/pull/{number}/merge", merged, at=self.toy.origin)
        self.toy.git("fetch", "--quiet", "origin", merged)
        told = {
            "System.PullRequest.SourceCommitId": pull["sha"],
            "System.PullRequest.PullRequestId": str(number),
            "System.PullRequest.TargetBranch": f"refs/heads/{pull['target']}",
            "System.PullRequest.IsFork": "False",
        }
        return self.run("PullRequest", f"refs/pull/{number}/merge", merged, told, {})

    def push(self, branch: str) -> Agent:
        """The run of a push that is already there."""
        return self.run("IndividualCI", f"refs/heads/{branch}", self._tip(branch), {}, {})

    def by_hand(self, **asked: str) -> Agent:
        """What a person starts on the page of the pipeline."""
        return self.run("Manual", "refs/heads/main", self._tip("main"), {}, asked)

    def _tip(self, branch: str) -> str:
        self.toy.git("fetch", "--quiet", "--tags", "--force", "origin")
        return self.toy.refs()[f"refs/heads/{branch}"]

    def merge(self, number: int) -> None:
        """Complete as a person does on the page of the pull request."""
        pull = self.hub.pulls[number]
        merged = self.hub.merged_commit(pull, "merge")
        assert merged, "it conflicts"
        self.hub.move(pull["target"], merged)
        pull |= {"state": "closed", "merged_at": self.hub.now(), "merged_as": merged}

    def comments(self, number: int) -> list[tuple[str, str]]:
        """Who wrote what on a pull request."""
        threads = [thread for thread in self.hub.threads.values() if thread["number"] == number]
        return [(one["login"], one["body"]) for thread in threads for one in thread["comments"]]

    def states(self, **where: Any) -> dict[str, str]:
        """The last state by context, of a commit (`sha`) or of a pull request (`pull`)."""
        ((key, value),) = where.items()
        return {one["context"]["name"]: one["state"] for one in self.hub.statuses if one.get(key) == value}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with plain_environment():
        return begun(tmp_path_factory.mktemp("azure"), "azure")


@pytest.fixture
def there(template: Path, tmp_path: Path) -> Iterator[Hosted]:
    toy = copy(template, tmp_path / "toy")
    hub = Organization(repo=toy.origin, tokens={TOKEN: BOT})
    found = Hosted(toy, tmp_path / "scratch", AzureServer(hub))
    found.scratch.mkdir()
    with plain_environment(), stopped(found.state), found.server as server:
        yield found
        assert server.violations == []


def test_a_pull_request_is_judged_commented_on_stated_and_kept(there: Hosted) -> None:
    number = there.offer("1.3")
    run = there.judge(number)
    assert set(run.results.values()) == {"Succeeded"}, run.issues
    ((who, comment),) = there.comments(number)
    assert who == BOT
    assert "better" in comment
    head = there.hub.pulls[number]["sha"]
    told = {"cdml": "succeeded", f"cdml: {FAILING}": "succeeded"}
    assert there.states(sha=head) == told
    assert there.states(pull=number) == told
    assert any(ref.startswith("refs/cdml/runs/") for ref in there.toy.refs())
    assert "roc_auc" in (run.artifacts["cdml-report-1.1"] / "report.html").read_text()
    assert f"_build/results?buildId={there.runs}" in comment


def test_a_worse_model_is_reported_and_closes_the_gate(there: Hosted) -> None:
    number = there.offer("0.5")
    run = there.judge(number)
    parts = {name: run.results[name] for name in ("judge", "report", "gate")}
    assert parts == {"judge": "Failed", "report": "Succeeded", "gate": "Failed"}, run.issues
    ((_, comment),) = there.comments(number)
    assert "🔴" in comment
    assert there.states(pull=number)["cdml"] == "failed"


def test_a_version_is_promoted_deployed_and_rolled_back(there: Hosted) -> None:
    _promoted(there, "v1.0.0")
    there.toy.git("switch", "--quiet", "main")
    there.toy.commit("Tune it", params__yaml="skill: 1.3\n")
    there.toy.git("push", "--quiet")
    registered = there.push("main")
    assert registered.results["register_1"] == "Succeeded", registered.issues
    _promoted(there, "v1.1.0")
    back = there.by_hand(operation="rollback", environment="staging", reason='it\'s "slow"; $(x)')
    assert back.results["rollback_1"] == "Succeeded", back.issues
    assert served(there.toy)[0] == "v1.0.0"


def _promoted(there: Hosted, version: str) -> None:
    run = there.by_hand(operation="promote", environment="staging", version=version)
    assert run.results["promote_1"] == "Succeeded", run.issues
    number = max(there.hub.pulls)
    pull = there.hub.pulls[number]
    assert (pull["login"], pull["target"]) == (BOT, "release/staging")
    assert set(there.states(pull=number).values()) == {"succeeded"}
    there.merge(number)
    deployed = there.push("release/staging")
    assert deployed.results["deploy_1_1"] == "Succeeded", deployed.issues
    text = there.toy.git("show", "release/staging:.cdml/releases/toy.json", at=there.toy.origin)
    assert served(there.toy) == (version, json.loads(text)["artifact"]["sha256"])

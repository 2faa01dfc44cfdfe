"""The example project on a stand-in of GitHub: a bare repository, a DVC remote, and act as its runners."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import act
import pytest
from github_server import GithubServer
from github_state import BEGINNING, Hub
from plain import plain_environment

from cdml.jobs.demo import Stage, close, prepare

SLUG = "team/progression"
WORKFLOWS = ".github/workflows"
CI = "ci:\n  providers: [github]\n  forks: true\n"
LINE = "23 4 * * *"  # on which production is looked at
MONITOR = f"monitor:\n  schedule: {LINE}\n  predictions: monitoring\n"


@dataclass
class Hosted:
    """A repository on the stand-in, a person's clone of it, and what answers its events."""

    stage: Stage
    server: GithubServer
    scratch: Path
    runs: int = 0

    @property
    def work(self) -> Path:
        return self.stage.work

    @property
    def hub(self) -> Hub:
        return self.server.hub

    @property
    def origin(self) -> Path:
        return self.stage.folder / "origin.git"

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.work, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {words}: {done.stderr}"
        return done.stdout.strip()

    def refs(self) -> dict[str, str]:
        return self.hub.refs()

    def tags(self) -> list[str]:
        return sorted(ref.removeprefix("refs/tags/") for ref in self.refs() if ref.startswith("refs/tags/"))

    def cdml(self, *words: str) -> str:
        done = self.stage.command("cdml", *words)
        assert done.code == 0, done.tail(60)
        return done.stdout

    def main(self) -> None:
        self.git("switch", "--quiet", "--force", "main")
        self.git("fetch", "--quiet", "--prune", "--tags", "--force", "origin")
        self.git("reset", "--quiet", "--hard", "origin/main")

    def offer(self, branch: str, before: str, after: str, **more: Any) -> int:
        """A branch with one change of params.yaml, and its pull request, opened by hand."""
        self.main()
        self.git("switch", "--quiet", "--create", branch)
        self.stage.edit("params.yaml", before, after)
        self.git("commit", "--quiet", "--all", "--message", f"Try {branch}")
        self.git("push", "--quiet", "origin", branch)
        number: int = self.hub.add_pull(branch, **more)["number"]
        return number

    def run(self, workflow: str, event: str, payload: Mapping[str, Any], **more: Any) -> act.Run:
        """Answer one event; the clone holds its commit."""
        self.runs += 1
        scratch = self.scratch / more.pop("share", str(self.runs))
        about = {"full_name": SLUG, "default_branch": "main", "name": "progression", "owner": {"login": "team"}}
        env = {"GITHUB_API_URL": self.server.url, "CDML_PYTHON": sys.executable, "NO_COLOR": "1"}
        env |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        env |= {"CDML_STATE": str(self.stage.folder / "state"), "GIT_CONFIG_GLOBAL": os.devnull}
        with _known_to_act(self.work / WORKFLOWS / f"{workflow}.yml"):
            return self._act(
                workflow, event, scratch, {"repository": about, **payload}, env | more.pop("env", {}), more
            )

    def _act(
        self, workflow: str, event: str, scratch: Path, payload: Any, env: Mapping[str, str], more: dict[str, Any]
    ) -> act.Run:
        return act.run(
            self.work,
            f"{WORKFLOWS}/{workflow}.yml",
            event,
            scratch,
            repository=SLUG,
            payload=payload,
            env=env,
            origin=self.origin,
            path_prefix=[act.cdml_on_path(self.scratch / "bin")],
            **more,
        )

    def judge(self, number: int, *, fork: bool = False, **more: Any) -> act.Run:
        """The run of a pull request."""
        pull = self.hub.pulls[number]
        self.git("switch", "--quiet", "--detach", "--force", pull["sha"])
        home = {"full_name": "someone/fork" if fork else SLUG}
        head = {"sha": pull["sha"], "ref": pull["source"], "repo": home}
        base = {"ref": "main", "repo": {"full_name": SLUG}}
        body = {"number": number, "draft": False, "head": head, "base": base}
        return self.run("cdml-pull-request", "pull_request", {"number": number, "pull_request": body}, **more)

    def merge(self, number: int) -> str:
        """Merge as a person does on the page of the pull request; returns where its target stood before."""
        pull = self.hub.pulls[number]
        before = self.refs()[f"refs/heads/{pull['target']}"]
        merged = self.hub.merged_commit(pull, "merge")
        assert merged, "it conflicts"
        self.hub.move(pull["target"], merged)
        pull |= {"state": "closed", "merged_at": self.hub.now(), "merged_as": merged}
        return before

    def push(self, workflow: str, branch: str, before: str) -> act.Run:
        """The run of a push that is already there; it holds the files of its own branch."""
        self.git("fetch", "--quiet", "origin")
        after = self.refs()[f"refs/heads/{branch}"]
        self.git("switch", "--quiet", "--force-create", f"at/{branch}", after)
        payload = {"ref": f"refs/heads/{branch}", "before": before, "after": after}
        return self.run(workflow, "push", payload)

    def operate(self, operation: str, **inputs: str) -> act.Run:
        """What a person starts by hand."""
        self.main()
        asked = {"operation": operation, **inputs}
        payload = {"inputs": asked, "ref": "refs/heads/main"}
        return self.run("cdml-operate", "workflow_dispatch", payload, inputs=asked)

    def due(self, line: str) -> act.Run:
        """What a schedule starts."""
        self.main()
        return self.run("cdml-operate", "schedule", {"schedule": line})

    def comment(self, number: int, body: str, login: str = "ada") -> act.Run:
        """What somebody writes on a pull request, and the run that it starts."""
        self.main()
        # What was shown before it is known by this machine's clock, and by the forge's, which never goes back.
        self.hub.ticks = max(self.hub.ticks, int(time.time() - BEGINNING.timestamp()))
        written = self.hub.add_comment(number, body, login)
        payload = {"action": "created", "comment": {"id": written["id"], "body": body}}
        return self.run(
            "cdml-commands",
            "issue_comment",
            {"issue": {"number": number, "pull_request": {"url": "x"}}, **payload},
        )

    def dispatched(self, ref: str) -> act.Run:
        """The run that was asked for last, on a branch."""
        self.main()
        inputs = self.hub.dispatches[-1]["inputs"]
        payload = {"inputs": inputs, "ref": f"refs/heads/{ref}"}
        return self.run("cdml-pull-request", "workflow_dispatch", payload, inputs=inputs)

    def signs(self, body: str) -> list[str]:
        """What was shown on the comment that says just this."""
        (found,) = [comment for comment in self.hub.comments.values() if comment["body"] == body]
        return list(found.get("reactions", []))

    def comments(self, number: int) -> list[str]:
        return [c["body"] for c in self.hub.comments.values() if c["number"] == number]

    def states(self, sha: str) -> dict[str, str]:
        """The last state by context of a commit."""
        return {s["context"]: s["state"] for s in self.hub.statuses if s["sha"] == sha}


@contextmanager
def _known_to_act(workflow: Path) -> Iterator[None]:
    """The workflow without the one key that this act is too old for; GitHub's own parsers are asked elsewhere."""
    text = workflow.read_text()
    workflow.write_text("".join(line for line in text.splitlines(keepends=True) if "queue: max" not in line))
    try:
        yield
    finally:
        workflow.write_text(text)


@contextmanager
def hosted(folder: Path) -> Iterator[Hosted]:
    """The example project with generated CI, pushed; its release branches are made."""
    with plain_environment(), pytest.MonkeyPatch.context() as patch:
        stage = prepare(folder / "project")
        patch.setenv("CDML_STATE", str(stage.folder / "state"))  # a runner's clone is gone before its servers are
        config = stage.work / "mlops.yaml"
        config.write_text(config.read_text().replace("ci:\n", CI, 1) + MONITOR)
        people = {act.TOKEN: "github-actions[bot]", "of a person": "ada", "of another": "bob"}
        hub = Hub(SLUG, folder / "project" / "origin.git", people, None, outsiders={"eve"})
        try:
            with GithubServer(hub) as server:
                there = Hosted(stage, server, folder / "act")
                there.cdml("generate")
                there.git("add", "--all")
                there.git("commit", "--quiet", "--message", "Begin")
                there.git("push", "--quiet", "--set-upstream", "origin", "main")
                there.cdml("init", "--yes")
                yield there
                assert server.violations == []
        finally:
            close(stage)


def served(there: Hosted, environment: str) -> dict[str, Any]:
    """What the environment's server says of itself."""
    import requests

    answer = requests.get(f"http://127.0.0.1:{there.stage.ports[environment]}/version", timeout=10)
    found: dict[str, Any] = answer.json()
    return found


def said(run: act.Run) -> str:
    """What went wrong, for an assertion."""
    return json.dumps(run.results) + "\n" + run.log[-6000:] + run.errors[-2000:]

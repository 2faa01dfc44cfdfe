"""The toy project on a stand-in of GitLab: a bare repository, and gitlab-ci-local as its runner."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gitlab_local
from github_state import BEGINNING
from gitlab_server import GitlabServer
from gitlab_state import BOT, Lab
from served_toy import stopped
from toy_project import Toy, copy

SLUG = "team/toy"
TOKEN = "a-token-of-the-project"
# Where mlops.yaml's generated file says that the variable belongs; no job with code of a merge request is in one.
SCOPES = ("cdml/*", "staging", "production")


@dataclass
class Hosted:
    """A project on the stand-in, a person's clone of it, and what answers its events."""

    toy: Toy
    scratch: Path
    server: GitlabServer
    played: int = 0

    @property
    def lab(self) -> Lab:
        return self.server.lab

    @property
    def state(self) -> Path:
        return self.scratch / "state"

    def play(self, source: str, given: Mapping[str, str], **more: Any) -> gitlab_local.Run:
        """The pipeline of what is checked out."""
        self.played += 1
        scratch = self.scratch / str(self.played)
        scratch.mkdir(parents=True)
        page = f"{self.server.url}/{SLUG}"
        # Pushes go to the address that a runner of GitLab would push to; it is the folder of the stand-in.
        (scratch / ".gitconfig").write_text(f'[url "{self.toy.origin}"]\n\tinsteadOf = {page}.git\n')
        variables = {
            "GITLAB_CI": "true",
            "CI_PIPELINE_SOURCE": source,
            "CI_PIPELINE_ID": str(self.played),
            "CI_COMMIT_SHA": self.toy.git("rev-parse", "HEAD"),
            "CI_DEFAULT_BRANCH": "main",
            "CI_API_V4_URL": self.server.api,
            "CI_SERVER_URL": self.server.url,
            "CI_SERVER_HOST": "127.0.0.1",
            "CI_PROJECT_PATH": SLUG,
            "CI_PROJECT_URL": page,
            "CI_PROJECT_ID": "7",
            "CDML_STATE": str(self.state),
        }
        return gitlab_local.run(
            self.toy.root,
            scratch,
            variables={**variables, **given},
            scoped={"CDML_TOKEN": dict.fromkeys(SCOPES, TOKEN)},
            path_prefix=(Path(sys.executable).parent,),
            **more,
        )

    def offer(self, skill: str, **more: Any) -> int:
        """A merge request of ada's that changes how well the model ranks."""
        self.toy.branch(f"skill-{skill}", "Change it", params__yaml=f"skill: {skill}\n")
        self.toy.git("push", "--quiet", "origin", f"HEAD:refs/heads/skill-{skill}")
        number: int = self.lab.add_pull(f"skill-{skill}", **more)["number"]
        return number

    def judge(self, number: int, **more: str) -> gitlab_local.Run:
        """The pipeline of a merge request."""
        pull = self.lab.pulls[number]
        self.toy.git("switch", "--quiet", "--force", "--detach", pull["sha"])
        given = {
            "CI_MERGE_REQUEST_IID": str(number),
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": pull["target"],
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
        }
        return self.play("merge_request_event", {**given, **more})

    def merge(self, number: int) -> str:
        """Merge as a person does on the page of the merge request; returns where its target stood before."""
        pull = self.lab.pulls[number]
        before = self.toy.refs()[f"refs/heads/{pull['target']}"]
        merged = self.lab.merged_commit(pull, "merge")
        assert merged, "it conflicts"
        self.lab.move(pull["target"], merged)
        pull |= {"state": "merged", "merged_at": self.lab.now(), "merged_as": merged}
        return before

    def push(self, branch: str, before: str) -> gitlab_local.Run:
        """The pipeline of a push that is already there."""
        self._stand_on(branch)
        return self.play("push", {"CI_COMMIT_BRANCH": branch, "CI_COMMIT_BEFORE_SHA": before})

    def operate(self, operation: str, **asked: str) -> gitlab_local.Run:
        """What a person starts by hand on the page of pipelines."""
        self._stand_on("main")
        inputs = {f"CDML_{name.upper()}": value for name, value in asked.items()}
        return self.play("web", {"CI_COMMIT_BRANCH": "main", "CDML_OPERATION": operation, **inputs})

    def due(self, line: str) -> gitlab_local.Run:
        """What a schedule of the project starts."""
        self._stand_on("main")
        return self.play("schedule", {"CI_COMMIT_BRANCH": "main", "CDML_SCHEDULE": line})

    def comment(self, number: int, body: str, login: str = "ada") -> gitlab_local.Run:
        """What somebody writes on a merge request, and the pipeline that the project's webhook starts by it."""
        self._stand_on("main")
        # What was shown before it is known by this machine's clock.
        self.lab.ticks = max(self.lab.ticks, int(time.time() - BEGINNING.timestamp()))
        written = self.lab.add_comment(number, body, login)
        note = {"object_kind": "note", "object_attributes": {"id": written["id"], "note": body}}
        payload = self.scratch / f"payload-{written['id']}.json"
        payload.write_text(json.dumps(note | {"merge_request": {"iid": number}}))
        return self.play("trigger", {"CI_COMMIT_BRANCH": "main", "TRIGGER_PAYLOAD": str(payload)})

    def _stand_on(self, branch: str) -> None:
        self.toy.git("fetch", "--quiet", "--prune", "--tags", "--force", "origin")
        self.toy.git("switch", "--quiet", "--force", "--detach", f"origin/{branch}")

    def comments(self, number: int) -> list[str]:
        return [c["body"] for c in self.lab.comments.values() if c["number"] == number]

    def signs(self, body: str) -> list[str]:
        """What the project's bot showed on the comment that says just this."""
        (found,) = [one["id"] for one in self.lab.comments.values() if one["body"] == body]
        return [sign for at, _, sign in self.lab.awards if at == found]

    def states(self, sha: str) -> dict[str, str]:
        """The last state by context of a commit."""
        return {one["name"]: one["status"] for one in self.lab.statuses if one["sha"] == sha}

    def kept_runs(self) -> list[str]:
        return [ref for ref in self.toy.refs() if ref.startswith("refs/cdml/runs/")]


@contextmanager
def hosted(template: Path, folder: Path) -> Iterator[Hosted]:
    """A copy of a project, whose remotes are the stand-in's; what was deployed from it is stopped afterwards."""
    toy = copy(template, folder / "toy")
    toy.git("remote", "set-url", "origin", str(toy.origin))
    lab = Lab(SLUG, toy.origin, {TOKEN: BOT}, anybody=None)
    there = Hosted(toy, folder / "scratch", GitlabServer(lab))
    there.scratch.mkdir()
    with stopped(there.state), there.server as server:
        yield there
        assert server.violations == []

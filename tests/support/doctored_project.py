"""A project without any run, whose origin is on GitHub by its address and a bare repository beside it in truth."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdml.core.http import Answer
from cdml.jobs.generate import generate

URL = "git@github.com:acme/toy.git"
MLOPS = """\
model: toy
{ci}train: {{cmd: python a.py, deps: [a.py], outs: [m.bin]}}
evaluate: {{data: d.csv, target: t}}
environments:
  staging: {{deploy: {{target: local, port: 18081}}}}
  production: {{deploy: {{target: local, port: 18082}}}}
"""
BRANCHES = ("release/staging", "release/production")
SSH = """\
#!/bin/sh
for last; do :; done
set -- $last
exec git "${1#git-}" "$(dirname "$0")/store.git"
"""


@dataclass(frozen=True)
class Doctored:
    """One clone; `store` is what stands behind origin."""

    root: Path

    @property
    def store(self) -> Path:
        return self.root.parent / "store.git"

    def git(self, *words: str) -> str:
        who = {
            f"GIT_{role}_{what}": "t@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **who}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.root / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def push(self) -> None:
        """What is in the working tree becomes main, on origin too."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")

    def release(self, *branches: str) -> None:
        """Release branches that hold main's deploy workflow and nothing else."""
        for branch in branches:
            blob = self.git("rev-parse", "HEAD:.github/workflows/cdml-deploy.yml")
            tree = f"100644 blob {blob}\tcdml-deploy.yml"
            for name in ("workflows", ".github"):
                done = subprocess.run(
                    ["git", "mktree"], cwd=self.root, input=tree, capture_output=True, text=True, check=True
                )
                tree = f"040000 tree {done.stdout.strip()}\t{name}"
            done = subprocess.run(
                ["git", "mktree"], cwd=self.root, input=tree, capture_output=True, text=True, check=True
            )
            commit = self.git("commit-tree", done.stdout.strip(), "-m", "Begin")
            self.git("push", "--quiet", "origin", f"{commit}:refs/heads/{branch}")


def make(folder: Path, ci: str = "", url: str = URL, branches: tuple[str, ...] = BRANCHES) -> Doctored:
    """The project as it should be: generated, pushed, its release branches begun."""
    done = Doctored(folder / "work")
    done.root.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(done.store)], check=True)
    done.git("init", "--quiet", "--initial-branch=main")
    (folder / "ssh.sh").write_text(SSH)
    (folder / "ssh.sh").chmod(0o755)
    done.git("config", "core.sshCommand", str(folder / "ssh.sh"))
    done.git("remote", "add", "origin", url)
    done.write(**{"mlops.yaml": MLOPS.format(ci=ci), "a.py": "", "d.csv": "x,t\n", ".dvc__config": ""})
    generate(done.root)
    done.push()
    if branches:
        done.release(*branches)
    return done


def copy(source: Doctored, folder: Path) -> Doctored:
    """The same once more, with an origin of its own."""
    shutil.copytree(source.root.parent, folder)
    done = Doctored(folder / "work")
    done.git("config", "core.sshCommand", str(folder / "ssh.sh"))
    return done


class Api:
    """GitHub's API as a dictionary of what stands at each path below the repository; a number is a refusal."""

    def __init__(self, answers: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.answers = dict(answers)
        self.headers = dict(headers or {})
        self.asked: list[str] = []

    def __call__(self, path: str) -> Answer:
        self.asked.append(path)
        found = self.answers.get(path.partition("?")[0], 404)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, int):
            said = "Not Found" if found == 404 else "Resource not accessible by personal access token"
            return Answer(found, {"message": said}, self.headers)
        return Answer(404 if found == {"message": "Branch not protected"} else 200, found, self.headers)


def ruleset(*checks: str) -> list[dict[str, Any]]:
    """The rules of a well protected branch, as GitHub lists them."""
    required = {"required_status_checks": [{"context": check} for check in checks]}
    kinds: list[dict[str, Any]] = [{"type": kind} for kind in ("deletion", "non_fast_forward", "pull_request")]
    return [*kinds, {"type": "required_status_checks", "parameters": required}]


def environment(name: str) -> dict[str, Any]:
    """An environment with a reviewer that only named branches may use."""
    reviewer = {"type": "User", "reviewer": {"login": "ann", "id": 7}}
    return {
        "name": name,
        "protection_rules": [{"type": "required_reviewers", "reviewers": [reviewer]}, {"type": "branch_policy"}],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }


NOT_PROTECTED = {"message": "Branch not protected"}


def good() -> dict[str, Any]:
    """What GitHub says of a repository in which nothing is missing."""
    rules = {"main": ruleset("cdml gate"), **{branch: ruleset(f"cdml into {branch}") for branch in BRANCHES}}
    names = ("staging", "production")
    tags = {
        "id": 5,
        "target": "tag",
        "enforcement": "active",
        "rules": [{"type": "update"}, {"type": "deletion"}],
        "conditions": {"ref_name": {"include": ["refs/tags/toy@*", "refs/tags/toy#*"], "exclude": []}},
    }
    return {
        "": {"default_branch": "main", "id": 22, "owner": {"id": 11}, "created_at": "2024-01-01T00:00:00Z"},
        "/actions/permissions": {"enabled": True, "allowed_actions": "all"},
        "/actions/permissions/workflow": {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": True,
        },
        **{f"/rules/branches/{branch.replace('/', '%2F')}": found for branch, found in rules.items()},
        **{f"/branches/{branch.replace('/', '%2F')}/protection": NOT_PROTECTED for branch in rules},
        "/rulesets": [{key: tags[key] for key in ("id", "target", "enforcement")}],
        "/rulesets/5": tags,
        "/environments": {"environments": [environment(name) for name in names]},
        **{
            f"/environments/{name}/deployment-branch-policies": {"branch_policies": [{"name": f"release/{name}"}]}
            for name in names
        },
    }

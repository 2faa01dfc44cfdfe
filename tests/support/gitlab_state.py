"""What a GitLab project holds, and what its API does with it: the stand-in's memory, without any HTTP.

Behind it may stand a bare git repository: then merge requests follow its branches, and merging really merges.
Git's half is the same as that of GitHub's stand-in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from github_state import BEGINNING, Hub

Data = dict[str, Any]
BOT = "project_7_bot_4f2a"  # as GitLab calls who a project access token belongs to
GUEST, REPORTER, DEVELOPER, MAINTAINER = 10, 20, 30, 40
PROJECT, FORK = 7, 8
FINISHED = ("success", "failed", "canceled", "skipped")
# A few of the commands that GitLab carries out where they begin a line.
ACTIONS = re.compile(r"^/(merge|close|approve|label|assign|target_branch)(?:[ ]([^\n]*))?(?:\s*\n|$)", re.M | re.I)


class Refused(Exception):
    """What GitLab answers instead; without a message it is the status' own name."""

    def __init__(self, status: int, message: Any, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: Data = more or {"message": message}


@dataclass
class Lab(Hub):
    """One public project, and the knobs that make it behave like the many there are."""

    anybody: str | None = BOT  # who an unknown token belongs to; None refuses it
    levels: dict[str, int] = field(default_factory=lambda: {BOT: DEVELOPER, "ada": MAINTAINER, "bob": DEVELOPER})
    scopes: dict[str, list[str]] = field(
        default_factory=dict
    )  # by token, where they are not those of the good one
    ids: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)  # the state of an account that is not active
    settings: Data = field(default_factory=dict)  # of the project
    merges_from: int = DEVELOPER  # the level that may merge
    holds_back: dict[int, str] = field(default_factory=dict)  # merge requests that a rule keeps from being merged
    lag: int = 0  # how many readings pass before GitLab has noticed a push
    jobs: list[str] = field(default_factory=list)  # of the pipeline, by name
    files: tuple[tuple[str, str], ...] = (("train.py", "train.py"), ("params.yaml", "params.yaml"))
    counted: str = "2"
    carried_out: list[str] = field(default_factory=list)  # the commands that somebody's words were taken for
    awards: list[tuple[int, str, str]] = field(default_factory=list)
    pipelines: list[Data] = field(default_factory=list)
    environments: dict[str, Data] = field(default_factory=dict)  # by name
    protected: set[str] = field(default_factory=set)  # environments to which nobody here may deploy
    deployments: list[Data] = field(default_factory=list)
    merging: int = 0  # readings until a merge is over

    def now(self, later: float = 0) -> str:
        self.ticks += 1
        moment = BEGINNING + timedelta(seconds=self.ticks + later)
        return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"

    def id_of(self, login: str) -> int:
        return self.ids.setdefault(login, 100 + len(self.ids))

    def user(self, login: str) -> Data:
        shown = {"id": self.id_of(login), "username": login, "name": login.title()}
        return shown | {"state": self.accounts.get(login, "active"), "bot": "_bot_" in login}

    def follow(self) -> None:
        """Open merge requests offer what their branches hold now, or held a moment ago."""
        if self.lag:
            self.lag -= 1
            return
        refs = self.refs()
        for pull in self.pulls.values():
            if pull["state"] == "opened" and not pull["fork"]:
                pull["sha"] = refs.get(f"refs/heads/{pull['source']}", pull["sha"])

    def add_pull(self, source: str, target: str = "main", login: str = "ada", **more: Any) -> Data:
        """A merge request, as if opened by hand; `fork` and `sha` for one from another project."""
        number, when = max([0, *self.pulls]) + 1, self.now()
        known = self.refs().get(f"refs/heads/{source}", "0" * 40)
        pull: Data = {"number": number, "title": source, "body": None, "login": login, "state": "opened"}
        pull |= {"source": source, "target": target, "sha": known, "fork": False, "created_at": when, "labels": []}
        self.pulls[number] = (
            pull | {"merged_at": None, "merged_as": None, "squashed_as": None, "draft": False} | more
        )
        return self.pulls[number]

    def add_comment(self, number: int, body: str, login: str = "ada", system: bool = False) -> Data:
        identity, when = max([200, *self.comments]) + 1, self.now()
        # GitLab may touch what it has just made once more.
        made = {"id": identity, "number": number, "body": body, "login": login, "created_at": when}
        self.comments[identity] = made | {"updated_at": when[:-4] + "012Z", "system": system}
        return self.comments[identity]

    def add_issue(self, title: str, body: str, login: str = "ada") -> Data:
        number = max([0, *self.issues]) + 1
        issue: Data = {"number": number, "title": title, "body": body, "login": login, "state": "opened"}
        self.issues[number] = issue | {"created_at": self.now()}
        return self.issues[number]

    def add_pipeline(
        self, number: int, sha: str, status: str = "failed", source: str = "merge_request_event", **jobs: str
    ) -> Data:
        """A merge request's pipeline with the statuses of its jobs by name."""
        identity = 500 + len(self.pipelines)
        made: Data = {"id": identity, "number": number, "sha": sha, "status": status, "source": source}
        made |= {"web_url": f"https://gitlab.com/{self.slug}/-/pipelines/{identity}", "labels": []}
        numbered = enumerate(jobs.items(), identity * 10)
        made["jobs"] = [{"id": at, "name": name, "status": state} for at, (name, state) in numbered]
        self.pipelines.append(made)
        return made

    def carry_out(self, body: str) -> str:
        """A text without the lines that are commands of GitLab's; they are carried out."""
        plain = body.replace("\r", "")
        self.carried_out += [found[0] for found in ACTIONS.findall(plain)]
        return ACTIONS.sub("", plain).rstrip() if ACTIONS.search(plain) else body

    def document(self) -> Data:
        """Everything, as plain data."""
        return (
            super().document()
            | {"pipelines": self.pipelines, "carried_out": self.carried_out}
            | {
                "environments": self.environments,
                "deployments": self.deployments,
            }
        )


@dataclass(frozen=True)
class Call:
    """One request, as the API's own code sees it."""

    lab: Lab
    login: str
    token: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: Data

    @property
    def number(self) -> int:
        return int(self.names["number"])

    @property
    def level(self) -> int:
        return self.lab.levels.get(self.login, 0)

    def need(self, level: int) -> None:
        if self.level < level:
            raise Refused(403, "403 Forbidden")


Handler = Callable[[Call], tuple[int, Any]]
ROUTES: dict[tuple[str, str], Handler] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """`path` is below the project, unless it begins with two slashes."""

    def keep(handler: Handler) -> Handler:
        ROUTES[method, path[1:] if path.startswith("//") else f"/projects/{{id}}{path}"] = handler
        return handler

    return keep

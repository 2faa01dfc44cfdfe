"""The operations of GitLab's API that cdml uses, over the stand-in's memory."""

from __future__ import annotations

import subprocess
from typing import Any
from urllib.parse import parse_qsl

from gitlab_state import (
    DEVELOPER,
    FINISHED,
    FORK,
    MAINTAINER,
    PROJECT,
    Call,
    Data,
    Refused,
    route,
)


def one(kept: dict[int, Data], number: int, what: str = "Not found") -> Data:
    if number not in kept:
        raise Refused(404, f"404 {what}")
    return kept[number]


@route("GET", "//user")
def me(call: Call) -> tuple[int, Any]:
    if not call.login:
        raise Refused(401, "401 Unauthorized")
    return 200, call.lab.user(call.login)


@route("GET", "//users")
def users(call: Call) -> tuple[int, Any]:
    known = {*call.lab.levels, *call.lab.ids, *call.lab.tokens.values()}
    return 200, [call.lab.user(name) for name in sorted(known) if name.lower() == call.query["username"].lower()]


@route("GET", "//personal_access_tokens/self")
def token(call: Call) -> tuple[int, Any]:
    if not call.login:
        raise Refused(401, "401 Unauthorized")
    scopes = call.lab.scopes.get(call.token, ["api", "write_repository"])
    shown = {"id": 1, "name": "cdml", "scopes": scopes, "active": True, "user_id": call.lab.id_of(call.login)}
    return 200, shown | {"expires_at": call.lab.settings.get("token_expires_at", "2027-01-01"), "revoked": False}


@route("GET", "")
def project(call: Call) -> tuple[int, Any]:
    level = {"access_level": call.level} if call.level else None
    shown = {"id": PROJECT, "path_with_namespace": call.lab.slug, "default_branch": "main", "visibility": "public"}
    shown |= {f"{part}_access_level": "enabled" for part in ("merge_requests", "issues", "builds")}
    shown["permissions"] = {"project_access": level, "group_access": None}
    return 200, shown | {name: call.lab.settings[name] for name in call.lab.settings if name != "token_expires_at"}


@route("GET", "/members/all/{number}")
def member(call: Call) -> tuple[int, Any]:
    names = {identity: login for login, identity in call.lab.ids.items()}
    login = names.get(call.number, "")
    if login not in call.lab.levels:
        raise Refused(404, "404 Not found")
    shown = {"access_level": call.lab.levels[login], "expires_at": None, "membership_state": "active"}
    return 200, call.lab.user(login) | shown


@route("GET", "/repository/branches/{name}")
def branch(call: Call) -> tuple[int, Any]:
    sha = call.lab.refs().get(f"refs/heads/{call.names['name']}")
    if sha is None:
        raise Refused(404, "404 Branch Not Found")
    commit = {"id": sha, "short_id": sha[:8], "title": "t", "message": "t\n", "parent_ids": []}
    return 200, {"name": call.names["name"], "commit": commit, "protected": False}


@route("GET", "/repository/merge_base")
def merge_base(call: Call) -> tuple[int, Any]:
    refs = [value for name, value in parse_qsl(call.query["__text"]) if name == "refs[]"]
    found = refs[0] if refs[0] == refs[1] else "0" * 40
    if call.lab.repo is not None:
        command = ["git", "-C", str(call.lab.repo), "merge-base", *refs]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        found = done.stdout.strip()
    if not found:
        raise Refused(404, "404 Merge Base Not Found")
    return 200, {"id": found, "short_id": found[:8], "title": "t", "message": "t\n", "parent_ids": []}


def show_pull(call: Call, pull: Data) -> Data:
    lab = call.lab
    shown: Data = {
        key: pull[key] for key in ("title", "state", "draft", "created_at", "merged_at", "sha", "labels")
    }
    shown |= {
        "id": 1000 + pull["number"],
        "iid": pull["number"],
        "project_id": PROJECT,
        "description": pull["body"],
    }
    shown |= {"source_branch": pull["source"], "target_branch": pull["target"], "author": lab.user(pull["login"])}
    shown |= {"source_project_id": FORK if pull["fork"] else PROJECT, "target_project_id": PROJECT}
    shown |= {"merge_commit_sha": pull["merged_as"], "squash_commit_sha": pull["squashed_as"]}
    shown |= {"web_url": f"https://gitlab.com/{lab.slug}/-/merge_requests/{pull['number']}"}
    state = detail(call, pull)
    conflicts = state == "conflict"
    return shown | {"detailed_merge_status": state, "has_conflicts": conflicts, "updated_at": pull["created_at"]}


def detail(call: Call, pull: Data) -> str:
    lab = call.lab
    if pull["state"] != "opened":
        return "not_open"
    if lab.unknown:
        return "checking"
    if lab.merged_commit(pull, "merge") is None:
        return "conflict"
    return "draft_status" if pull["draft"] else lab.holds_back.get(pull["number"], "mergeable")


def whole(call: Call, pull: Data) -> Data:
    more = {"changes_count": call.lab.counted, "diff_refs": None, "user": {"can_merge": call.level >= DEVELOPER}}
    return show_pull(call, pull) | more | {"merge_error": pull.get("merge_error")}


@route("GET", "/merge_requests")
def list_pulls(call: Call) -> tuple[int, Any]:
    call.lab.follow()
    query, found = call.query, []
    for pull in call.lab.pulls.values():
        kept = query.get("state", "all") in ("all", pull["state"])
        named = query.get("source_branch", pull["source"]) == pull["source"]
        if kept and named and query.get("target_branch", pull["target"]) == pull["target"]:
            found.append(show_pull(call, pull))
    return 200, sorted(found, key=lambda p: p["iid"], reverse=query.get("sort", "desc") == "desc")


@route("POST", "/merge_requests")
def create_pull(call: Call) -> tuple[int, Any]:
    call.need(DEVELOPER)
    lab, source, target = call.lab, call.body["source_branch"], call.body["target_branch"]
    for pull in lab.pulls.values():
        if (pull["source"], pull["target"], pull["state"]) == (source, target, "opened") and not pull["fork"]:
            said = f"Another open merge request already exists for this source branch: !{pull['number']}"
            raise Refused(409, [said])
    words = {"title": call.body["title"], "body": lab.carry_out(call.body.get("description", ""))}
    # A branch that is not there, or has nothing to offer, is no reason for GitLab to refuse.
    return 201, whole(call, lab.add_pull(source, target, call.login, **words))


@route("GET", "/merge_requests/{number}")
def get_pull(call: Call) -> tuple[int, Any]:
    call.lab.follow()
    pull = one(call.lab.pulls, call.number)
    if pull["state"] == "locked":
        call.lab.merging -= 1
        pull["state"] = "locked" if call.lab.merging > 0 else "merged"
    return 200, whole(call, pull)


@route("PUT", "/merge_requests/{number}")
def edit_pull(call: Call) -> tuple[int, Any]:
    pull = one(call.lab.pulls, call.number)
    if pull["login"] != call.login:
        call.need(DEVELOPER)
    if "title" in call.body:
        pull["title"] = call.body["title"]
    if "description" in call.body:
        pull["body"] = call.lab.carry_out(call.body["description"])
    if "add_labels" in call.body:
        pull["labels"] = sorted({*pull["labels"], *call.body["add_labels"].split(",")})
    if "state_event" in call.body:
        pull["state"] = {"close": "closed", "reopen": "opened"}[call.body["state_event"]]
        said = {"closed": "closed", "opened": "reopened"}[pull["state"]]
        call.lab.add_comment(call.number, said, call.login, system=True)
    return 200, whole(call, pull)


@route("PUT", "/merge_requests/{number}/merge")
def merge_pull(call: Call) -> tuple[int, Any]:
    lab = call.lab
    lab.follow()
    pull = one(lab.pulls, call.number)
    if call.level < lab.merges_from:
        raise Refused(401, "401 Unauthorized")
    found = detail(call, pull)
    lab.unknown = max(0, lab.unknown - 1)
    if found in ("not_open", "draft_status", "ci_still_running", "ci_must_pass"):
        raise Refused(405, "405 Method Not Allowed")
    if found != "mergeable":
        raise Refused(422, "Branch cannot be merged")
    if call.body.get("sha", pull["sha"]) != pull["sha"]:
        raise Refused(409, f"SHA does not match HEAD of source branch: {pull['sha']}")
    squash, method = bool(call.body.get("squash")), lab.settings.get("merge_method", "merge")
    if squash and lab.settings.get("squash_option") == "never":
        pull["merge_error"] = "This project does not allow squashing commits when merge requests are accepted."
        raise Refused(422, "Branch cannot be merged")
    done = lab.merged_commit(pull, "squash" if squash else "merge" if method == "merge" else "rebase")
    assert done is not None
    lab.move(pull["target"], done)
    pull |= {"state": "locked" if lab.merging else "merged", "merged_at": lab.now()}
    pull |= {"squashed_as": done} if squash else {"merged_as": done}
    return 200, whole(call, pull)


@route("GET", "/merge_requests/{number}/diffs")
def diffs(call: Call) -> tuple[int, Any]:
    one(call.lab.pulls, call.number)
    return 200, [{"old_path": old, "new_path": new, "renamed_file": old != new} for old, new in call.lab.files]


def show_note(call: Call, note: Data) -> Data:
    shown = {key: note[key] for key in ("id", "body", "created_at", "updated_at", "system")}
    shown |= {"author": call.lab.user(note["login"]), "noteable_id": 1000 + note["number"], "type": None}
    return shown | {"noteable_iid": note["number"], "project_id": PROJECT, "commands_changes": {}}


def note_of(call: Call) -> Data:
    one(call.lab.pulls, call.number)
    note = call.lab.comments.get(int(call.names["note"]))
    if note is None or note["number"] != call.number:
        raise Refused(404, "404 Note Not Found")
    return note


def words(call: Call) -> str:
    if not call.body["body"].strip():
        raise Refused(400, '400 Bad request - Note {:note=>["can\'t be blank"]}')
    return call.lab.carry_out(call.body["body"])


@route("GET", "/merge_requests/{number}/notes")
def list_notes(call: Call) -> tuple[int, Any]:
    one(call.lab.pulls, call.number)
    kept = [note for note in call.lab.comments.values() if note["number"] == call.number]
    if call.query.get("activity_filter") == "only_comments":
        kept = [note for note in kept if not note["system"]]
    down = call.query.get("sort", "desc") == "desc"
    return 200, [show_note(call, note) for note in sorted(kept, key=lambda n: int(n["id"]), reverse=down)]


@route("POST", "/merge_requests/{number}/notes")
def create_note(call: Call) -> tuple[int, Any]:
    one(call.lab.pulls, call.number)
    body = words(call)
    if not body:
        return 202, {"commands_changes": {}, "summary": ["Commands applied"]}
    return 201, show_note(call, call.lab.add_comment(call.number, body, call.login))


@route("GET", "/merge_requests/{number}/notes/{note}")
def get_note(call: Call) -> tuple[int, Any]:
    return 200, show_note(call, note_of(call))


@route("PUT", "/merge_requests/{number}/notes/{note}")
def edit_note(call: Call) -> tuple[int, Any]:
    note = note_of(call)
    if note["login"] != call.login:
        call.need(MAINTAINER)
    note |= {"body": words(call), "updated_at": call.lab.now()}
    return 200, show_note(call, note)


@route("DELETE", "/merge_requests/{number}/notes/{note}")
def delete_note(call: Call) -> tuple[int, Any]:
    note = note_of(call)
    if note["login"] != call.login:
        call.need(MAINTAINER)
    del call.lab.comments[note["id"]]
    return 204, None


@route("GET", "/merge_requests/{number}/notes/{note}/award_emoji")
def list_awards(call: Call) -> tuple[int, Any]:
    note = note_of(call)
    found = [(login, name) for identity, login, name in call.lab.awards if identity == note["id"]]
    return 200, [{"name": name, "user": call.lab.user(login), "awardable_id": note["id"]} for login, name in found]


@route("POST", "/merge_requests/{number}/notes/{note}/award_emoji")
def award(call: Call) -> tuple[int, Any]:
    note, name = note_of(call), call.body["name"]
    if (note["id"], call.login, name) in call.lab.awards:
        raise Refused(404, "404 Award Emoji Name has already been taken Not Found")
    call.lab.awards.append((note["id"], call.login, name))
    return 201, {"name": name, "user": call.lab.user(call.login), "awardable_id": note["id"]}


def show_status(call: Call, status: Data) -> Data:
    shown = {key: status[key] for key in ("id", "sha", "name", "status", "description", "target_url")}
    return shown | {"ref": "feature", "author": call.lab.user(status["login"]), "pipeline_id": 500}


@route("POST", "/statuses/{name}")
def set_status(call: Call) -> tuple[int, Any]:
    call.need(DEVELOPER)
    lab, sha, state = call.lab, call.names["name"], call.body["state"]
    if lab.repo is None and sha not in lab.branches.values():
        raise Refused(404, "404 Commit Not Found")
    name = call.body.get("name") or call.body.get("context") or "default"
    if name in lab.jobs:
        raise Refused(400, {"name": ["has already been taken"]})
    open_ones = [s for s in lab.statuses if (s["sha"], s["name"]) == (sha, name) and s["status"] not in FINISHED]
    if open_ones and state == "pending":
        why = '(Reason(s): Status cannot transition via "enqueue")'
        raise Refused(400, f"Cannot transition status via :enqueue from :{open_ones[0]['status']} {why}")
    new = {"id": 900 + len(lab.statuses), "sha": sha, "name": name, "login": call.login}
    status = open_ones[0] if open_ones else new
    status |= {"status": state} | {key: call.body.get(key) for key in ("description", "target_url")}
    if not open_ones:
        lab.statuses.append(status)
    return 201, show_status(call, status)


@route("GET", "/repository/commits/{name}/statuses")
def list_statuses(call: Call) -> tuple[int, Any]:
    return 200, [show_status(call, s) for s in call.lab.statuses if s["sha"] == call.names["name"]]


def show_issue(call: Call, issue: Data) -> Data:
    shown = {key: issue[key] for key in ("title", "state", "created_at")}
    shown |= {"id": 3000 + issue["number"], "iid": issue["number"], "description": issue["body"], "labels": []}
    return shown | {"author": call.lab.user(issue["login"]), "updated_at": issue["created_at"]}


@route("GET", "/issues")
def list_issues(call: Call) -> tuple[int, Any]:
    kept = [i for i in call.lab.issues.values() if call.query.get("state", "all") in ("all", i["state"])]
    down = call.query.get("sort", "desc") == "desc"
    return 200, [show_issue(call, i) for i in sorted(kept, key=lambda i: int(i["number"]), reverse=down)]


@route("POST", "/issues")
def create_issue(call: Call) -> tuple[int, Any]:
    body = call.lab.carry_out(call.body.get("description", ""))
    return 201, show_issue(call, call.lab.add_issue(call.body["title"], body, call.login))


@route("PUT", "/issues/{number}")
def edit_issue(call: Call) -> tuple[int, Any]:
    issue = one(call.lab.issues, call.number)
    if issue["login"] != call.login:
        call.need(DEVELOPER)
    if "title" in call.body:
        issue["title"] = call.body["title"]
    if "description" in call.body:
        issue["body"] = call.lab.carry_out(call.body["description"])
    if "state_event" in call.body:
        issue["state"] = {"close": "closed", "reopen": "opened"}[call.body["state_event"]]
    return 200, show_issue(call, issue)

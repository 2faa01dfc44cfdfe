"""What `cdml doctor` sees of the machine, the clone, the remote and DVC."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from doctored_project import BRANCHES, Api, Doctored, copy, good, make

from cdml import __version__
from cdml.core.errors import ExternalError
from cdml.jobs import doctor_dvc, doctor_tools
from cdml.jobs.doctor import CHECKS, doctor
from cdml.jobs.doctor_base import Finding
from cdml.jobs.doctor_gc import unsafe_calls
from cdml.state.git import Git

TOKEN = {"GITHUB_TOKEN": "ghp_secret"}


def missing(project: Doctored) -> list[Finding]:
    return list(doctor(project.root, environ=TOKEN, ask=Api(good())).missing)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Doctored:
    return make(tmp_path_factory.mktemp("doctor") / "toy")


@pytest.fixture
def project(template: Doctored, tmp_path: Path) -> Doctored:
    return copy(template, tmp_path / "toy")


def test_nothing_is_missing_where_all_is_set_up(project: Doctored) -> None:
    found = doctor(project.root, environ=TOKEN, ask=Api(good())).findings
    assert {one.state for one in found} == {"ok", "note"}
    assert {one.topic for one in found} <= CHECKS.keys()
    assert "token: GITHUB_TOKEN" in [one.what for one in found]
    assert not any("ghp_secret" in f"{one}" for one in found)


def test_a_folder_without_repository_or_with_a_broken_file_is_a_finding(tmp_path: Path, project: Doctored) -> None:
    (tmp_path / "empty").mkdir()
    assert [one.state for one in doctor(tmp_path / "empty", environ={}).findings] == ["missing"]
    project.write(**{"mlops.yaml": "model: toy\nwhat: 1\n"})
    broken = only(missing(project))
    assert "what" in broken.why
    assert broken.command == "cdml check"


def test_a_missing_release_branch_is_created_by_fix_and_no_other_is_touched(tmp_path: Path) -> None:
    project = make(tmp_path / "toy", branches=("release/staging",))
    before = project.git("ls-remote", "origin", "release/staging")
    first = only(missing(project))
    assert (first.what, first.command) == ("origin has no release/production", "cdml doctor --fix")
    done = doctor(project.root, fix=True, environ=TOKEN, ask=Api(good()))
    assert done.created == ("release/production",)
    assert project.git("ls-remote", "origin", "release/production")
    assert project.git("ls-remote", "origin", "release/staging") == before
    assert not doctor(project.root, fix=True, environ=TOKEN, ask=Api(good())).created


def test_a_release_branch_with_another_deploy_workflow_is_mended_by_the_printed_command(project: Doctored) -> None:
    project.write(**{".github__workflows__cdml-deploy.yml": "name: new\n"})
    project.push()
    found = [one for one in missing(project) if "another" in one.what]
    assert [one.what.split(" ")[0] for one in found] == list(BRANCHES)
    project.git("config", "user.name", "T")
    project.git("config", "user.email", "t@localhost")
    for one in found:
        subprocess.run(["sh", "-ec", one.command], cwd=project.root, check=True, capture_output=True)
    assert not [one for one in missing(project) if "another" in one.what]
    assert project.git("worktree", "list").count("\n") == 0


def test_a_branch_that_this_clone_does_not_know_yet_is_read(project: Doctored, tmp_path: Path) -> None:
    project.git("update-ref", "-d", "refs/remotes/origin/release/staging")
    other = copy(project, tmp_path / "other")
    other.write(**{".github__workflows__cdml-deploy.yml": "x"})
    other.git("add", "--all")
    other.git("commit", "--quiet", "--message", "changed")
    other.git("push", "--quiet", str(project.store), "HEAD:refs/heads/release/staging", "--force")
    assert only(missing(project)).what.startswith("release/staging has another")


def test_a_remote_that_does_not_answer_hides_its_password(project: Doctored) -> None:
    project.git("remote", "set-url", "origin", "https://ann:hunter2@127.0.0.1:9/acme/toy.git")
    found = doctor(project.root, environ={}).findings
    assert next(one.what for one in found if one.state == "missing") == "origin does not answer"
    assert "hunter2" not in f"{found}"


def test_a_project_without_remote_is_told_how_to_get_one(project: Doctored) -> None:
    project.git("remote", "remove", "origin")
    assert missing(project)[0].what == "there is no remote named origin"


def test_a_shallow_clone_is_told_how_to_get_its_history(project: Doctored, tmp_path: Path) -> None:
    project.push()
    project.git("clone", "--quiet", "--depth=1", f"file://{project.store}", str(tmp_path / "shallow"))
    found = doctor(tmp_path / "shallow", environ={}).missing
    assert "git fetch --unshallow --tags origin" in [one.command for one in found]


def test_generated_files_that_say_something_else_are_named(project: Doctored) -> None:
    project.write(**{"dvc.yaml": (project.root / "dvc.yaml").read_text() + "# mine\n"})
    one = only(missing(project))
    assert (one.what, one.command) == ("dvc.yaml is not what mlops.yaml says", "cdml generate")


def test_another_version_pinned_in_ci_is_missing(project: Doctored) -> None:
    path = project.root / ".github/workflows/cdml-main.yml"
    text = path.read_text()
    assert f"cdml[serve]=={__version__}" in text
    path.write_text(text.replace(f"=={__version__}", "==9.9.9"))
    assert f"CI installs cdml 9.9.9, this is {__version__}" in [one.what for one in missing(project)]


@pytest.mark.parametrize(
    ("version", "good"),
    [("2.39.5", True), ("2.38", True), ("2.37.1.windows.1", False), ("3.0", True), ("", False)],
)
def test_git_has_to_be_new_enough(
    project: Doctored, monkeypatch: pytest.MonkeyPatch, version: str, good: bool
) -> None:
    monkeypatch.setattr(doctor_tools, "_git_version", lambda git: version)
    assert any(one.what.startswith("git ") for one in missing(project)) != good


def test_dvc_has_to_be_new_enough(project: Doctored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_tools, "_dvc_version", lambda: "3.59.2")
    assert only(missing(project)).what == "DVC 3.59.2 is too old"


def test_one_check_that_fails_leaves_the_others(project: Doctored, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(scene: object) -> None:
        raise ExternalError("it is gone", "look there")

    monkeypatch.setitem(CHECKS, "dvc", fails)  # type: ignore[arg-type]
    found = doctor(project.root, environ=TOKEN, ask=Api(good())).findings
    assert only([one for one in found if one.state == "missing"]).command == "look there"
    assert {one.topic for one in found} >= {"tools", "repository", "github"}


REMOTE = "[core]\n    remote = store\n['remote \"store\"']\n    url = {}\n"


def test_a_dvc_remote_that_is_a_folder_is_good_only_where_ci_is_here(project: Doctored) -> None:
    project.write(**{".dvc__config": REMOTE.format("/data/store")})
    project.push()
    assert only(missing(project)).what == "the DVC remote is a folder of this machine: /data/store"
    project.git("remote", "set-url", "origin", str(project.store))
    assert not [one for one in doctor(project.root, environ={}).missing if one.topic == "dvc"]


def test_a_dvc_remote_that_no_clone_knows_is_missing(project: Doctored) -> None:
    project.write(
        **{".dvc__config.local": REMOTE.format("s3://bucket/path"), ".dvc__.gitignore": "/config.local\n"}
    )
    project.push()
    assert "config.local" in only(missing(project)).what


@pytest.mark.parametrize("there", [True, False])
def test_a_bucket_needs_its_plugin_and_keeps_its_password(
    project: Doctored, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(doctor_dvc, "find_spec", lambda name: object() if there else None)
    project.write(**{".dvc__config": REMOTE.format("ssh://ann:hunter2@host/store")})
    project.push()
    found = doctor(project.root, environ=TOKEN, ask=Api(good()))
    assert [one.command for one in found.missing] == ([] if there else ["pip install dvc-ssh"])
    assert "outputs are kept at ssh://host/store" in [one.what for one in found.findings]
    assert "hunter2" not in f"{found}"


@pytest.mark.parametrize(("size", "state"), [(50_000_000, "ok"), (50_000_001, "missing")])
def test_large_outputs_without_a_remote_are_told_the_command_that_adds_one(
    project: Doctored, size: int, state: str
) -> None:
    out = f"    outs:\n    - {{path: m.bin, hash: md5, md5: aa, size: {size - 1}}}\n    - {{path: p, size: 1}}\n"
    project.write(**{"dvc.lock": f"schema: '2.0'\nstages:\n  train:\n    cmd: c\n{out}  check:\n    cmd: c\n"})
    found = doctor(project.root, environ=TOKEN, ask=Api(good())).findings
    one = only([one for one in found if one.topic == "dvc" and "outputs of" in one.what])
    assert one.state == state
    assert one.command == ("" if state == "ok" else "dvc remote add --default storage s3://BUCKET/PATH")


def test_a_lock_file_that_cannot_be_read_is_a_finding(project: Doctored) -> None:
    project.write(**{"dvc.lock": "stages: [\n"})
    assert only(missing(project)).what == "dvc.lock cannot be read"


@pytest.mark.parametrize(
    ("name", "text", "calls"),
    [
        ("Makefile", "clean:\n\tdvc gc -w -c --force\n", [(2, True)]),
        ("ci.yml", "- run: dvc gc --workspace --cloud\n", [(1, True)]),
        ("ci.yml", "- run: dvc gc -waf && echo -T\n", [(1, False)]),
        ("clean.sh", "set -e\n\ndvc gc \\\n  -a \\\n  -cf # -T\n", [(3, True)]),
        ("clean.sh", "x \\\n y\ndvc gc -w\ndvc gc -ac\n", [(3, False), (4, True)]),
        ("clean.py", "run(['dvc', 'gc', '-c', '-a'])\n", [(1, True)]),
        ("clean.sh", "python -m dvc -q gc -c -w\n", [(1, True)]),
        ("clean.sh", "dvc gc -wcT\n", []),
        ("clean.sh", "dvc gc --cloud --all-branches \\\n --all-tags\n", []),
        ("clean.sh", "dvc gc -A -c\n", []),
        ("clean.sh", "dvc gc -c -w --dry\n", []),
        ("clean.sh", "# dvc gc -c -w\n", []),
        ("clean.sh", "git gc; dvc gcs -c -w\n", []),
        ("notes.md", "never run dvc gc -c -w\n", []),
    ],
)
def test_calls_of_dvc_gc_that_keep_no_tags_are_found(
    tmp_path: Path, name: str, text: str, calls: list[tuple[int, bool]]
) -> None:
    git = Git(tmp_path)
    git.run("init", "--quiet")
    (tmp_path / name).write_text(text)
    git.run("add", "--all")
    assert [(call.line, call.cloud) for call in unsafe_calls(git)] == calls


def test_a_call_that_empties_the_remote_is_missing_and_another_is_told(project: Doctored) -> None:
    project.write(Makefile="a:\n\tdvc gc -w\nb:\n\tdvc gc -w -c\n")
    project.push()
    found = doctor(project.root, environ=TOKEN, ask=Api(good())).findings
    states = {one.what: one.state for one in found if "calls dvc gc" in one.what}
    assert states == {
        "Makefile:2 calls dvc gc without --all-tags": "note",
        "Makefile:4 calls dvc gc without --all-tags": "missing",
    }


def test_the_environment_of_a_run_is_told(project: Doctored, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 7, "head": {"sha": "a"}, "base": {"ref": "main"}}}')
    environ = {
        **TOKEN,
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "acme/toy",
        "GITHUB_RUN_ID": "12",
    }
    said = [one.what for one in doctor(project.root, environ=environ, ask=Api(good())).findings]
    assert "run of github: pull_request, pull request 7, https://github.com/acme/toy/actions/runs/12" in said

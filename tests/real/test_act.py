"""The act helper tells the truth: without this, no test that runs a workflow proves anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import act
import pytest

SHAPES = """
name: shapes / of it
on: [push, pull_request]
permissions: {contents: read}
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs:
      models: ${{ steps.list.outputs.models }}
    steps:
      - id: list
        run: |
          echo 'models=["good","bad"]' >> "$GITHUB_OUTPUT"
          echo "# Two models" >> "$GITHUB_STEP_SUMMARY"
      - name: forgiven
        continue-on-error: true
        run: exit 1
  train:
    needs: plan
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        model: ${{ fromJSON(needs.plan.outputs.models) }}
    steps:
      - name: train
        run: |
          if [ -t 1 ]; then echo "a terminal"; fi
          echo "trained ${{ matrix.model }} at $GITHUB_API_URL with ${{ secrets.KEY }}"
          echo "${{ matrix.model }}" > score.txt
      - name: only good
        if: matrix.model == 'good'
        run: echo "::warning title=Look::50%25 of it"
      - uses: actions/upload-artifact@0000000000000000000000000000000000000001
        with:
          name: score-${{ matrix.model }}
          path: score.txt
      - name: judge
        run: |
          echo "last words"
          if [ "${{ matrix.model }}" = bad ]; then echo "::error file=mlops.yaml,line=7::too bad"; exit 3; fi
      - name: always
        if: always()
        run: echo cleaned
  deploy:
    needs: train
    runs-on: ubuntu-latest
    steps:
      - run: echo never
  report:
    needs: [plan, train, deploy]
    if: always()
    runs-on: [self-hosted, gpu]
    steps:
      - uses: actions/download-artifact@v5
        with:
          pattern: score-*
          path: scores
      - name: tell
        run: |
          all="$(cat scores/*/score.txt | xargs)"
          echo "train ${{ needs.train.result }}, deploy ${{ needs.deploy.result }}, $all"
          echo "The end" >> "$GITHUB_STEP_SUMMARY"
"""


GREET = """
name: greet
description: Says hello.
inputs: {who: {description: To whom., required: true}}
runs:
  using: composite
  steps:
    - {id: say, shell: bash, env: {WHO: "${{ inputs.who }}"}, run: 'echo "hello $WHO"'}
"""
CALLED = """
on: {workflow_call: {inputs: {who: {type: string}}}}
jobs:
  inner:
    runs-on: ubuntu-latest
    steps:
      - {uses: example/shared/greet@v2, with: {who: '${{ inputs.who }}'}}
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(tmp_path: Path, workflow: str) -> Path:
    folder = tmp_path / "work"
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "it.yml").write_text(workflow)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


def steps(*lines: str) -> str:
    """A workflow of one job, named one."""
    body = "\n".join(f"      {line}" for text in lines for line in text.strip("\n").splitlines())
    return f"on: [push, pull_request]\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n{body}\n"


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> act.Run:
    top = tmp_path_factory.mktemp("shapes")
    folder = repository(top, SHAPES)
    return act.run(
        folder, ".github/workflows/it.yml", "push", top / "scratch",
        secrets={"KEY": "hush-hush"}, env={"GITHUB_API_URL": "http://127.0.0.1:9"}, runners=[*act.RUNNERS, "gpu"],
    )  # fmt: skip


def test_every_job_of_a_matrix_has_its_own_result(shapes: act.Run) -> None:
    assert shapes.results == {
        "plan": "success",
        "train (good)": "success",
        "train (bad)": "failure",
        "deploy": "skipped",
        "report": "success",
    }
    assert shapes.exit_code == 1


def test_a_job_is_found_by_name_or_by_its_matrix_and_never_guessed(shapes: act.Run) -> None:
    assert shapes.job("train", model="bad") == shapes.job("train (bad)")
    for several_or_none in ("train", "trian"):
        with pytest.raises(KeyError, match=several_or_none):
            shapes.job(several_or_none)


def test_steps_succeed_fail_are_skipped_or_forgiven(shapes: act.Run) -> None:
    good, bad = shapes.job("train (good)"), shapes.job("train (bad)")
    assert (good.step("judge").result, bad.step("judge").result) == ("success", "failure")
    assert (good.step("only good").result, bad.step("only good").result) == ("success", "skipped")
    assert bad.step("always").output == "cleaned\n"
    forgiven = shapes.job("plan").step("forgiven")
    assert (forgiven.result, forgiven.conclusion) == ("failure", "success")


def test_outputs_and_summaries_are_read(shapes: act.Run) -> None:
    assert shapes.job("plan").step("list").outputs == {"models": '["good","bad"]'}
    assert shapes.summary == "# Two models\nThe end\n"


def test_a_job_sees_the_results_and_artifacts_of_those_before(shapes: act.Run) -> None:
    assert shapes.job("report").step("tell").output == "train failure, deploy skipped, bad good\n"
    assert (shapes.artifacts / "score-bad" / "score.txt").read_text() == "bad\n"


def test_a_failing_step_keeps_its_last_words_and_annotations(shapes: act.Run) -> None:
    bad = shapes.job("train (bad)")
    assert bad.step("judge").output == "last words\n"
    assert bad.annotations == (act.Annotation("error", "too bad", "mlops.yaml", 7),)
    assert shapes.job("train (good)").annotations == (act.Annotation("warning", "50% of it", title="Look"),)


def test_a_failing_step_that_says_much_loses_nothing(tmp_path: Path) -> None:
    folder = repository(tmp_path, steps("- run: seq 20000; exit 1"))
    run = act.run(folder, ".github/workflows/it.yml", "push", tmp_path / "scratch")
    assert run.results == {"one": "failure"}
    assert run.job("one").output.split() == [str(number) for number in range(1, 20001)]


def test_steps_see_the_given_environment_no_terminal_and_masked_secrets(shapes: act.Run) -> None:
    assert shapes.job("train (good)").step("train").output == "trained good at http://127.0.0.1:9 with ***\n"
    assert "hush-hush" not in shapes.log


def test_checkout_gives_the_commit_of_the_event_and_what_was_asked_for(tmp_path: Path) -> None:
    folder = repository(
        tmp_path,
        steps(
            """
- uses: actions/checkout@v4
- {name: shallow, run: "git rev-list --count HEAD; git branch --show-current; git tag; cat file; ls -A"}
- {name: token, run: "git config --get-regexp extraheader"}
- uses: actions/checkout@v5
  with: {path: deep, ref: other, fetch-depth: 0, persist-credentials: false}
- {name: deep, run: "cd deep; git rev-list --count HEAD; git branch --show-current; git tag; cat file"}
- {name: no token, run: "cd deep; git config --get-regexp extraheader"}
""",
        ),
    )
    (folder / "file").write_text("second\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=second")
    git(folder, "tag", "v1")
    git(folder, "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    git(folder, "checkout", "--quiet", "-b", "other")
    (folder / "file").write_text("other\n")
    git(folder, "commit", "--quiet", "--all", "--message=third")
    git(folder, "push", "--quiet", str(tmp_path / "origin.git"), "other")
    git(folder, "checkout", "--quiet", "main")
    (folder / "never committed").write_text("")

    run = act.run(
        folder, ".github/workflows/it.yml", "push", tmp_path / "scratch", origin=tmp_path / "origin.git"
    )  # fmt: skip

    job = run.job("one")
    assert job.step("shallow").output == "1\nmain\nsecond\n.git\n.github\nfile\n"
    assert "AUTHORIZATION: basic" in job.step("token").output
    assert job.step("deep").output == "3\nother\nv1\nother\n"
    assert job.step("no token").result == "failure"


def test_checkout_of_a_pull_request_is_its_merge_and_no_branch(tmp_path: Path) -> None:
    folder = repository(
        tmp_path,
        steps(
            """
- uses: actions/checkout@v4
- {name: merge, run: git branch --show-current; cat file}
- uses: actions/checkout@v4
  with: {ref: "${{ github.event.pull_request.head.sha }}", fetch-depth: 0}
- {name: head, run: git branch --show-current; git rev-list --count HEAD; cat file}
""",
        ),
    )
    git(folder, "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    for side in ("head", "merge"):
        (folder / "file").write_text(f"{side}\n")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", f"--message={side}")
        git(folder, "push", "--quiet", str(tmp_path / "origin.git"), f"HEAD:refs/pull/7/{side}")
    git(folder, "reset", "--quiet", "--hard", "HEAD~2")
    head = {"ref": "topic", "sha": git(tmp_path / "origin.git", "rev-parse", "refs/pull/7/head")}
    payload = {"number": 7, "pull_request": {"number": 7, "head": head, "base": {"ref": "main"}}}

    run = act.run(
        folder, ".github/workflows/it.yml", "pull_request", tmp_path / "scratch",
        payload=payload, origin=tmp_path / "origin.git",
    )  # fmt: skip

    assert run.job("one").step("merge").output == "merge\n"
    assert run.job("one").step("head").output == "2\nhead\n"


def test_hidden_files_do_not_travel_in_an_artifact_unless_asked_for(tmp_path: Path) -> None:
    folder = repository(
        tmp_path,
        steps(
            """
- run: mkdir -p out/.cdml out/sub && touch out/.cdml/a out/sub/b out/c
- uses: actions/upload-artifact@v4
  with: {name: seen, path: out}
- uses: actions/upload-artifact@v4
  with: {name: all, path: out/, include-hidden-files: true}
- uses: actions/upload-artifact@v4
  with: {name: one, path: "out/**/b"}
- uses: actions/upload-artifact@v4
  continue-on-error: true
  with: {name: release/production, path: out}
""",
        ),
    )
    run = act.run(folder, ".github/workflows/it.yml", "push", tmp_path / "scratch")

    found = {str(file.relative_to(run.artifacts)) for file in run.artifacts.rglob("*") if file.is_file()}
    assert found == {"seen/sub/b", "seen/c", "all/.cdml/a", "all/sub/b", "all/c", "one/sub/b"}
    assert "not valid" in run.job("one").annotations[0].message


def test_a_cache_is_found_again_by_key_and_by_beginning(tmp_path: Path) -> None:
    folder = repository(
        tmp_path,
        steps(
            """
- {id: exact, uses: actions/cache@v4, with: {path: kept, key: "k-${{ vars.N }}", restore-keys: k-}}
- run: mkdir -p kept; cat kept/file || true; echo "made by ${{ vars.N }}" > kept/file
""",
        ),
    )

    def run(number: str) -> act.Job:
        workflow = ".github/workflows/it.yml"
        return act.run(folder, workflow, "push", tmp_path / "scratch", variables={"N": number}).job("one")

    first, again, other = run("1"), run("1"), run("2")
    assert [job.step("exact").outputs["cache-hit"] for job in (first, again, other)] == ["", "true", "false"]
    assert again.step("1").output == "made by 1\n"
    assert other.step("1").output == "made by 1\n"


def test_a_composite_action_and_a_workflow_of_another_repository_run_from_a_folder(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "greet").mkdir(parents=True)
    (shared / "greet" / "action.yml").write_text(GREET)
    (shared / ".github" / "workflows").mkdir(parents=True)
    (shared / ".github" / "workflows" / "called.yml").write_text(CALLED)
    folder = repository(
        tmp_path,
        steps("- {id: greet, uses: example/shared/greet@v1, with: {who: you}}")
        + "  call: {uses: example/shared/.github/workflows/called.yml@v1, with: {who: all}}\n",
    )
    run = act.run(
        folder, ".github/workflows/it.yml", "push", tmp_path / "scratch", actions={"example/shared": shared}
    )  # fmt: skip
    assert run.results == {"one": "success", "call": "success", "call/inner": "success"}
    assert run.job("one").output == "hello you\n"
    assert run.job("call/inner").output == "hello all\n"


def test_a_step_finds_the_cdml_of_this_checkout_and_python_with_its_packages(tmp_path: Path) -> None:
    folder = repository(
        tmp_path,
        steps(
            "- {id: py, uses: actions/setup-python@v5, with: {python-version: '3.11'}}",
            "- run: cdml --version; python -c 'import sys; print(sys.prefix)'; pip install --quiet pandas",
        ),
    )
    run = act.run(
        folder, ".github/workflows/it.yml", "push", tmp_path / "scratch",
        path_prefix=[act.cdml_on_path(tmp_path / "bin")],
    )  # fmt: skip
    assert run.results == {"one": "success"}, run.log
    assert run.job("one").step("1").output.splitlines()[:2] == [version(), sys.prefix]


def version() -> str:
    program = Path(sys.prefix) / "bin" / "cdml"
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def test_a_job_without_a_runner_is_an_error_not_a_success(tmp_path: Path) -> None:
    folder = repository(tmp_path, "on: push\njobs: {one: {runs-on: windows-latest, steps: [{run: exit 1}]}}\n")
    with pytest.raises(act.ActError, match="no runner"):
        act.run(folder, ".github/workflows/it.yml", "push", tmp_path / "scratch")


def test_an_action_without_a_stand_in_is_an_error_not_a_download(tmp_path: Path) -> None:
    folder = repository(tmp_path, steps("- uses: example/unknown@v1"))
    with pytest.raises(act.ActError, match="no stand-in for example/unknown"):
        act.run(folder, ".github/workflows/it.yml", "push", tmp_path / "scratch")


def test_a_workflow_that_the_event_does_not_start_is_an_error(tmp_path: Path) -> None:
    folder = repository(tmp_path, steps("- run: exit 0"))
    with pytest.raises(act.ActError, match="ran nothing"):
        act.run(folder, ".github/workflows/it.yml", "schedule", tmp_path / "scratch")

"""A pull request from opening to merge, on the local forge, by the commands that people type."""

from __future__ import annotations

import json


def test_a_better_model_is_judged_merged_and_registered_without_training_again(registered):
    registered.branch("better", "Rank better", params__yaml="skill: 1.3\n")
    said = registered.cdml("pr", "open")
    assert "better" in said
    shown = registered.cdml("pr", "show", "1")
    assert shown.count("<!-- cdml:toy -->") == 1
    assert "success: cdml:" in shown
    merged = registered.cdml("pr", "merge", "1")
    assert "registered toy@v1.1.0 (taken from its judged run)" in merged


def test_a_worse_model_is_refused_and_nothing_changes(registered):
    registered.branch("worse", "Rank worse", params__yaml="skill: 0.5\n")
    registered.cdml("pr", "open", code=10)
    before = registered.refs()
    said = registered.cdml("pr", "merge", "1", code=10)
    assert "may not be merged" in said
    assert registered.refs() == before


def test_pushing_again_edits_the_same_comment(registered):
    registered.branch("change", "Worse at first", params__yaml="skill: 0.5\n")
    registered.cdml("pr", "open", code=10)
    first = json.loads(registered.cdml("pr", "show", "1", "--json"))
    registered.commit("Then better", params__yaml="skill: 1.4\n")
    registered.cdml("pr", "open")
    second = json.loads(registered.cdml("pr", "show", "1", "--json"))
    assert len(first["comments"]) == len(second["comments"]) == 1
    assert first["comments"][0]["id"] == second["comments"][0]["id"]
    before, after = first["comments"][0]["body"], second["comments"][0]["body"]
    assert before.splitlines()[1] != after.splitlines()[1]
    assert "earlier run" not in before
    assert "<summary>1 earlier run" in after
    assert first["pull"]["head"][:7] in after.partition("<summary>1 earlier run")[2]


def test_a_training_that_breaks_says_so_on_the_pull_request_and_exits_4(registered):
    registered.branch("broken", "Break it", params__yaml="skill: -1\n")
    said = registered.cdml("pr", "open", code=4)
    assert "skill must not be negative" in said
    shown = registered.cdml("pr", "show", "1")
    assert "skill must not be negative" in shown
    assert "error: cdml:" in shown
    registered.cdml("pr", "merge", "1", code=10)


def test_a_failing_test_of_the_project_stops_before_training(registered):
    config = (
        (registered.root / "mlops.yaml")
        .read_text()
        .replace("train:", "ci:\n  test: python -c 'exit(3)'\ntrain:", 1)
    )
    registered.branch("tests", "Add failing tests", mlops__yaml=config)
    said = registered.cdml("pr", "open", code=4)
    assert "the project's tests failed" in said
    assert "Running stage" not in said


def test_a_change_cannot_loosen_the_gate_that_judges_it(registered):
    config = (registered.root / "mlops.yaml").read_text().replace("max-regression: 0.02", "max-regression: 0.5")
    registered.branch("sly", "Worse, and allow it", mlops__yaml=config, params__yaml="skill: 0.5\n")
    registered.cdml("pr", "open", code=10)
    assert "0.5" in registered.cdml("pr", "show", "1")


def test_a_change_cannot_choose_an_easier_opponent(registered):
    registered.branch("better", "Rank better", params__yaml="skill: 1.6\n")
    registered.cdml("pr", "open")
    registered.cdml("pr", "merge", "1")
    config = (registered.root / "mlops.yaml").read_text().replace("  gates:", "  baseline: v1.0.0\n  gates:")
    registered.git("fetch", "--quiet")
    registered.branch("sly", "Worse than the latest", mlops__yaml=config, params__yaml="skill: 1.0\n")
    assert "toy@v1.1.0" in registered.cdml("pr", "open")


def test_two_green_pull_requests_are_judged_again_together(registered):
    registered.branch("data", "More data", params__yaml="skill: 1.2\n")
    registered.cdml("pr", "open")
    first = registered.git("rev-parse", "HEAD")
    code = (registered.root / "evaluate.py").read_text() + "# a comment\n"
    registered.branch("code", "Another file", evaluate__py=code)
    registered.cdml("pr", "open")
    assert registered.git("rev-parse", "HEAD") != first
    assert "taken from its judged run" in registered.cdml("pr", "merge", "1")
    said = registered.cdml("pr", "merge", "2")
    assert "registered toy@v1.2.0 (main was trained and judged)" in said


def test_two_green_pull_requests_that_fail_together_give_no_version_and_one_issue(registered):
    # Each alone loses less than the margin against v1.0.0; both together lose more.
    config = (registered.root / "mlops.yaml").read_text()
    registered.commit("Pin the champion", mlops__yaml=config.replace("  gates:", "  baseline: v1.0.0\n  gates:"))
    registered.git("push", "--quiet")
    registered.branch("one", "Lose a little", params__yaml="skill: 0.9\n")
    registered.cdml("pr", "open")
    half = (registered.root / "train.py").read_text().replace("write(skill)", "write(str(float(skill) * 0.9))")
    registered.branch("two", "Lose a little elsewhere", train__py=half)
    registered.cdml("pr", "open")
    registered.cdml("pr", "merge", "1")
    said = registered.cdml("pr", "merge", "2", code=10)
    assert "no version of toy" in said
    registered.main()
    registered.cdml("register", code=10)
    refs = registered.refs()
    assert sorted(ref for ref in refs if ref.startswith("refs/tags/")) == [
        "refs/tags/toy@v1.0.0",
        "refs/tags/toy@v1.1.0",
    ]
    assert len([ref for ref in refs if ref.startswith("refs/cdml/issues/")]) == 1


def test_a_readme_alone_registers_nothing(registered):
    registered.branch("docs", "Explain", README__md="# Toy\n")
    registered.cdml("pr", "open")
    before = {ref for ref in registered.refs() if ref.startswith("refs/tags/")}
    assert "nothing changed: toy@v1.0.0" in registered.cdml("pr", "merge", "1")
    assert {ref for ref in registered.refs() if ref.startswith("refs/tags/")} == before


def test_uncommitted_work_is_refused(registered):
    registered.branch("wip", "Start", params__yaml="skill: 1.1\n")
    registered.write("params.yaml", "skill: 1.2\n")
    said = registered.cdml("pr", "open", code=2)
    assert "params.yaml" in said
    assert "git commit" in said
    assert not [ref for ref in registered.refs() if "pull" in ref]


def test_main_cannot_be_merged_into_itself(registered):
    assert "a branch of its own" in registered.cdml("pr", "open", code=2)


def test_an_unknown_pull_request_is_a_usage_error(registered):
    registered.cdml("pr", "merge", "99", code=2)
    registered.cdml("pr", "show", "99", code=2)

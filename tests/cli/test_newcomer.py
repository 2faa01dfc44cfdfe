"""What people meet in their first hour: messages that can be acted on at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import Small
from tagged_repository import Tag, build, command
from typed import typed

from cdml.core.errors import UsageError
from cdml.jobs.project import no_environments, open_project, require_clean
from cdml.jobs.run import run_jobs

ROWS = ["1,0,0.2", "2,1,0.9", "3,0,0.4", "4,1,0.6", "5,0,0.7", "6,1,0.3"]


def predictions(folder: Path, name: str, head: str, rows: list[str]) -> None:
    (folder / name).write_text("\n".join([head, *rows, ""]))


def test_the_file_that_is_not_there_is_the_one_that_is_named(tmp_path: Path) -> None:
    predictions(tmp_path, "old.csv", "id,y_true,y_score", ROWS)
    done = typed(tmp_path, "compare", "old.csv", "nwe.csv")
    assert done.returncode == 2
    assert "nwe.csv is not a file" in done.stderr


def test_ids_in_one_file_alone_pair_nothing_and_an_id_can_be_named(tmp_path: Path) -> None:
    predictions(tmp_path, "old.csv", "id,y_true,y_score", ROWS)
    predictions(tmp_path, "new.csv", "case,y_true,y_score", ROWS[::-1])
    refused = typed(tmp_path, "compare", "old.csv", "new.csv")
    assert refused.returncode == 3
    assert "they cannot be paired" in refused.stderr
    predictions(tmp_path, "old.csv", "case,y_true,y_score", ROWS)
    done = typed(tmp_path, "compare", "old.csv", "new.csv", "--id", "case", "--metric", "roc_auc")
    assert done.returncode == 0


@pytest.mark.parametrize(("models", "code"), [(["churn"], 0), (["churn", "price"], 2)])
def test_a_version_needs_no_model_where_there_is_one(tmp_path: Path, models: list[str], code: int) -> None:
    build(tmp_path, 1, [Tag(f"{model}@v1.0.0", 0, 1_700_000_000) for model in models])
    assert typed(tmp_path, "registry", "show", "v1.0.0").returncode == code


def test_a_folder_inside_the_project_is_told_where_the_project_is(small: Small) -> None:
    done = typed(small.root / "src", "status")
    assert done.returncode == 3
    assert f"try: cd {small.root.resolve()}\n" in done.stderr


def test_environments_that_main_lacks_are_told_from_none(small: Small) -> None:
    done = typed(small.root, "status")
    assert "add, for example: environments: {staging:" in done.stdout
    small.git("remote", "add", "origin", str(small.top))
    command(small.top, "update-ref", "refs/remotes/origin/main", "HEAD")
    with (small.root / "mlops.yaml").open("a") as file:
        file.write("\nenvironments: {staging: {deploy: {target: local, port: 8081}}}\n")
    project = open_project(small.root)
    assert project.environments == ()
    assert no_environments(project).endswith("not on origin/main yet: commit and push them")


def test_one_changed_file_differs(small: Small) -> None:
    small.replace("params.yaml", "skill: 1.5", "skill: 1.6")
    with pytest.raises(UsageError, match=r"params\.yaml differs from HEAD"):
        require_clean(open_project(small.root), "register")


def test_an_old_champion_is_said_to_be_old(small: Small) -> None:
    small.git(
        "tag", "--annotate", "--message", "any", "other@v1.0.0"
    )  # or the remote would be asked whether it has some
    small.git("remote", "add", "origin", str(small.top / "gone.git"))
    done = typed(small.root, "compare")
    assert "compared with what was fetched last" in done.stderr


def test_dvcs_advice_on_its_lock_is_not_passed_on(small: Small) -> None:
    said: list[str] = []
    small.replace("evaluate.py", "import csv", "print('git is mine to name')\nimport csv")
    run_jobs(open_project(small.root), ("evaluate",), said.append)
    text = "\n".join(said)
    assert "git is mine to name" in text
    assert "git add" not in text
    assert "To track the changes" not in text


def test_every_line_of_help_is_whole() -> None:
    for words in (("pr",), ("registry",)):
        done = typed(Path(), *words, "--help")
        lines = [line for line in done.stdout.splitlines() if line.startswith("  ")]
        assert not [line for line in lines if line.endswith("...") and not line.endswith("[ARGS]...")]

"""`cdml init` in folders of every kind, with real git and DVC."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cdml.config.load import load, parse
from cdml.core.errors import ConfigError, ExternalError, UsageError
from cdml.jobs.generate import generate
from cdml.jobs.init import InitResult, init
from cdml.jobs.init_branches import create_release_branches
from cdml.jobs.init_draft import model_name
from cdml.jobs.init_files import yaml_text
from cdml.jobs.init_scaffold import scaffold
from cdml.state.dvc import Dvc
from cdml.state.git import Git

TRAIN = """
from pathlib import Path
import helper
rows = Path("data/train.csv").read_text()
Path("model.joblib").write_text(f"{rows} {Path('params.yaml').read_text()} churned")
"""
TABLE = "age,churned\n30,1\n"
ENVIRONMENTS = (
    "environments:\n  staging:\n    deploy: {target: local, port: 8081}\n"
    "  production:\n    deploy: {target: local, port: 8082}\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "churn"


def fill(place: Path, *, dvc: bool = True, **files: str) -> Path:
    """Files by name, where `__` is a slash and the last `_` the dot before the suffix.

    With `dvc` its folder is there already, which spares the time of `dvc init`.
    """
    (place / ".dvc" if dvc else place).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        stem, _, suffix = name.replace("__", "/").rpartition("_")
        path = place / f"{stem}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


def scripts(place: Path, *, dvc: bool = True) -> Path:
    return fill(
        place,
        dvc=dvc,
        train_py=TRAIN,
        helper_py="x = 1\n",
        params_yaml="depth: 3\n",
        data__train_csv=TABLE,
        data__test_csv=TABLE,
        requirements_txt="pandas\n",
    )


def git(place: Path, *words: str) -> str:
    return Git(place).text(*words)


def commit(place: Path) -> None:
    git(place, "add", "--all")
    git(place, "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "--message", "x")


def states(result: InitResult) -> dict[str, str]:
    return {file.path: file.state for file in result.files}


def contents(place: Path) -> dict[str, bytes]:
    """Every file but git's index, which `git status` may refresh, and DVC's scratch files."""
    files = (p for p in place.rglob("*") if p.is_file() and p.name != "index" and "tmp" not in p.parts[-3:])
    return {p.relative_to(place).as_posix(): p.read_bytes() for p in files if "/.dvc/tmp" not in str(p)}


def test_an_empty_folder_becomes_a_project_that_trains(place: Path) -> None:
    result = init(place)
    assert {"mlops.yaml", "train.py", "data/test.csv", "dvc.yaml", ".gitattributes", ".dvc/config", ".git"} <= set(
        states(result)
    )
    assert set(states(result).values()) <= {"written", "extended"}
    settings = load(place)
    assert (settings.model, settings.train.stage.cmd, settings.evaluate.target) == (
        "churn",
        "python train.py",
        "churned",
    )
    assert git(place, "symbolic-ref", "--short", "HEAD") == "main"
    assert not Git(place).has("HEAD")
    assert "analytics = false" in (place / ".dvc/config").read_text()
    Dvc(place).run("repro", "train")
    assert (place / "model.skops").stat().st_size > 1000
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=place, capture_output=True, check=False)
    assert tests.returncode == 0, tests.stdout
    commit(place)
    assert git(place, "ls-files", "model.skops") == ""


def test_the_short_file_stands_as_the_design_has_it(place: Path) -> None:
    init(place)
    lines = (place / "mlops.yaml").read_text().splitlines()
    assert lines[0] == "# yaml-language-server: $schema=.cdml/mlops.schema.json"
    assert lines[1:] == [
        "model: churn",
        "train:",
        "  cmd: python train.py",
        "  deps: [train.py, data/train.csv]",
        "  outs: [model.skops]",
        "evaluate:",
        "  data: data/test.csv",
        "  target: churned",
    ]


@pytest.mark.parametrize(
    ("folder", "model"),
    [("My Model", "my-model"), ("true", "true"), ("4.2", "4-2"), ("_", "model"), ("é", "model")],
)
def test_the_model_is_called_after_the_folder(tmp_path: Path, folder: str, model: str) -> None:
    name = model_name(tmp_path / folder)
    text = next(content for path, content, _ in scaffold("churn", name) if path == "mlops.yaml")
    assert parse(text).model == name == model


def test_a_second_time_nothing_changes(place: Path) -> None:
    init(scripts(place))
    before = contents(place)
    again = init(place)
    assert set(states(again).values()) == {"kept"}
    assert contents(place) == before


def test_what_is_missing_is_completed(place: Path) -> None:
    init(scripts(place))
    (place / "dvc.yaml").unlink()
    (place / ".gitattributes").unlink()
    (place / "train.py").unlink()
    again = states(init(place))
    assert {path for path, state in again.items() if state == "written"} == {"dvc.yaml", ".gitattributes"}
    assert generate(place, check=True)[0].state == "unchanged"


def test_a_stale_file_is_made_anew(place: Path) -> None:
    init(scripts(place))
    config = place / "mlops.yaml"
    config.write_text(config.read_text().replace("data/test.csv", "data/train.csv"))
    done = init(place)
    assert states(done)["dvc.yaml"] == "extended"
    assert "cdml generate" not in done.next_steps
    assert all(file.state == "unchanged" for file in generate(place, check=True))


def test_a_stale_file_that_a_person_changed_is_told_and_left(place: Path) -> None:
    init(scripts(place))
    config = place / "mlops.yaml"
    config.write_text(config.read_text().replace("data/test.csv", "data/train.csv"))
    before = (place / "dvc.yaml").read_text() + "# mine\n"
    (place / "dvc.yaml").write_text(before)
    assert "cdml generate" in init(place).next_steps
    assert (place / "dvc.yaml").read_text() == before


def test_a_broken_mlops_yaml_is_refused_before_anything_is_written(place: Path) -> None:
    fill(place, mlops_yaml="modle: churn\n")
    with pytest.raises(ConfigError):
        init(place)
    assert sorted(contents(place)) == ["mlops.yaml"]


def test_scripts_are_adopted_by_reading_them(place: Path) -> None:
    result = init(scripts(place))
    stage = load(place).train.stage
    assert stage.deps == ("train.py", "helper.py", "data/train.csv")
    assert (stage.params, stage.outs) == ({"params.yaml": ()}, ("model.joblib",))
    assert (load(place).evaluate.data, load(place).evaluate.target) == ("data/test.csv", "churned")
    assert "packages: requirements.txt" in result.found
    assert any("model.joblib" in guess for guess in result.guessed)


def test_what_cannot_be_seen_is_asked(place: Path) -> None:
    fill(place, train_py="", src__train_model_py="", data_csv="a,b\n1,2\n")
    asked: list[str] = []

    def ask(question: str, best: str) -> str:
        asked.append(question)
        return {"Which file trains the model?": "src/train_model.py", "Which column is predicted?": "a"}.get(
            question, best
        )

    init(place, ask=ask)
    assert load(place).train.stage.cmd == "python src/train_model.py"
    assert load(place).evaluate.target == "a"
    assert len(asked) == 4


def test_an_answer_that_fits_nothing_is_refused_and_nothing_is_written(place: Path) -> None:
    fill(place, train_py="", src__train_model_py="")
    with pytest.raises(UsageError, match="none of"):
        init(place, ask=lambda question, best: "elsewhere.py")
    assert sorted(contents(place)) == ["src/train_model.py", "train.py"]


def test_a_notebook_becomes_a_papermill_stage(place: Path) -> None:
    code = ["%matplotlib inline\n", "df = read('data/train.csv')\n", "save(df, 'model.joblib')"]
    cells = [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "source": code}]
    fill(place, data__train_csv=TABLE)
    (place / "my notebook.ipynb").write_text(json.dumps({"cells": cells}))
    init(place)
    stage = load(place).train.stage
    assert stage.cmd == "papermill 'my notebook.ipynb' 'reports/my notebook.ipynb'"
    assert stage.deps == ("my notebook.ipynb", "data/train.csv")
    assert load(place).register.artifact == "model.joblib"


def test_a_broken_notebook_is_adopted_all_the_same(place: Path) -> None:
    (fill(place, data_csv=TABLE) / "n.ipynb").write_text("{")
    init(place)
    assert load(place).train.stage.deps == ("n.ipynb",)


def test_an_evaluation_script_that_writes_predictions_is_taken(place: Path) -> None:
    fill(scripts(place), evaluate_py="read('data/test.csv'); load('model.joblib'); write('out/predictions.csv')")
    init(place)
    evaluate = load(place).evaluate
    assert evaluate.predictions == "out/predictions.csv"
    assert evaluate.stage.deps == ("evaluate.py", "data/test.csv", "model.joblib")


PIPELINE = """
stages:
  prepare: {cmd: python p.py, deps: [p.py], outs: [data/clean.csv]}
  train: {cmd: python t.py, deps: [t.py, data/clean.csv], outs: [model.pkl, log.txt]}
  evaluate:
    cmd: python e.py
    deps: [e.py, model.pkl]
    outs: [out/predictions.csv]
    metrics: [metrics.json: {cache: false}]
"""


def test_a_pipeline_of_ones_own_is_named_and_kept(place: Path) -> None:
    result = init(fill(place, dvc=False, dvc_yaml=PIPELINE, p_py="", t_py="", e_py=""))
    settings = load(place)
    assert settings.train.stages == ("prepare", "train")
    assert settings.evaluate.stages == ("evaluate",)
    assert settings.evaluate.predictions == "out/predictions.csv"
    assert settings.register.artifact == "model.pkl"
    assert (place / "dvc.yaml").read_text() == PIPELINE
    assert "dvc.yaml" not in states(result)
    assert "metrics files: metrics.json" in result.found
    assert states(result)[".dvc/config"] == "written"


def test_a_pipeline_whose_training_measures_itself(place: Path) -> None:
    stages = "stages:\n  fit: {cmd: python t.py, deps: [t.py], outs: [m.pkl], metrics: [m.json: {cache: false}]}\n"
    init(fill(place, dvc_yaml=stages, t_py=""))
    assert (load(place).train.stages, load(place).evaluate.stages) == (("fit",), ("fit",))


@pytest.mark.parametrize("text", ["stages: [", "stages: {}", "", "stages:\n  a: {}\n"])
def test_a_pipeline_that_cannot_be_read_is_told_in_words(place: Path, text: str) -> None:
    with pytest.raises((UsageError, ConfigError)):
        init(fill(place, dvc_yaml=text))
    assert not (place / "mlops.yaml").exists()


def test_a_template_never_meets_a_pipeline_of_ones_own(place: Path) -> None:
    with pytest.raises(UsageError, match=r"dvc\.yaml"):
        init(fill(place, dvc_yaml=PIPELINE), template="churn")


def test_nothing_to_adopt(place: Path) -> None:
    with pytest.raises(UsageError) as error:
        init(fill(place, data_csv=TABLE, notes_py=""))
    assert "cdml init -- python" in error.value.hint
    assert sorted(contents(place)) == ["data.csv", "notes.py"]


def test_files_that_are_there_are_kept_or_extended(place: Path) -> None:
    fill(scripts(place), README_md="mine")
    (place / ".gitignore").write_text("secret")
    (place / ".gitattributes").write_text("*.bat eol=crlf\n")
    result = states(init(place))
    assert (result[".gitignore"], result[".gitattributes"]) == ("extended", "extended")
    assert (place / ".gitignore").read_text().startswith("secret\n")
    assert (place / ".gitattributes").read_text().endswith("* text=auto eol=lf\n*.bat eol=crlf\n")
    assert (place / "README.md").read_text() == "mine"
    assert git(place, "check-attr", "eol", "--", "a.bat", "a.csv").splitlines() == [
        "a.bat: eol: crlf",
        "a.csv: eol: lf",
    ]


def test_a_template_beside_files_keeps_them(place: Path) -> None:
    result = init(fill(place, train_py="mine"), template="churn")
    assert states(result)["train.py"] == "kept"
    assert (place / "train.py").read_text() == "mine"


def test_a_subfolder_of_a_repository_is_a_project_of_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    result = init(scripts(tmp_path / "models" / "churn", dvc=False))
    assert not (tmp_path / "models" / "churn" / ".git").exists()
    assert Dvc(tmp_path / "models" / "churn").initialised
    assert not (tmp_path / ".dvc").exists()
    assert "main branch: trunk" in result.found


def test_a_command_is_run_once_and_its_files_are_declared(place: Path) -> None:
    lines: list[str] = []
    scripts(place)
    (place / "train.py").write_text(f"{TRAIN}\nprint('trained'); open('count', 'a').write('1')")
    result = init(place, command=("python", "train.py"), say=lines.append)
    stage = load(place).train.stage
    assert stage.cmd == "python train.py"
    assert stage.deps == ("data/train.csv", "helper.py", "train.py")
    assert (stage.params, stage.outs) == ({"params.yaml": ()}, ("count", "model.joblib"))
    assert load(place).register.artifact == "model.joblib"
    assert (place / "count").read_text() == "1"
    assert lines == ["trained"]
    assert states(result)["mlops.yaml"] == "written"


def test_a_program_that_is_not_python_shows_by_what_changed(place: Path) -> None:
    init(fill(place, data_csv=TABLE), command=("sh", "-c", "cat data.csv > model.bin"))
    stage = load(place).train.stage
    assert (stage.cmd, stage.outs) == ("sh -c 'cat data.csv > model.bin'", ("model.bin",))


def test_a_command_that_fails_leaves_nothing(place: Path) -> None:
    fill(place, train_py="print('the last words'); raise SystemExit(3)")
    with pytest.raises(ExternalError, match="exited 3, so nothing was written:\nthe last words"):
        init(place, command=("python", "train.py"))
    assert sorted(contents(place)) == ["train.py"]


def test_a_command_that_does_not_exist(place: Path) -> None:
    with pytest.raises(ExternalError, match="no such program"):
        init(scripts(place), command=("no-such-program",))


def test_an_undeclared_file_is_told_when_mlops_yaml_is_there(place: Path) -> None:
    init(scripts(place))
    config = (place / "mlops.yaml").read_text().replace("helper.py, ", "")
    (place / "mlops.yaml").write_text(config)
    result = init(place, command=("python", "train.py"))
    assert "mlops.yaml is kept, but the command read files it does not declare: helper.py" in result.notes
    assert (place / "mlops.yaml").read_text() == config


def test_outputs_that_git_holds_are_told(place: Path) -> None:
    git(fill(scripts(place), model_joblib="x"), "init", "--quiet")
    git(place, "add", "model.joblib")
    assert "DVC keeps outputs, but git has them: git rm --cached model.joblib" in init(place).notes


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        init(tmp_path / "file")


def with_origin(place: Path, *, pushed: bool) -> Git:
    """A project with environments and a bare remote."""
    init(scripts(place))
    with (place / "mlops.yaml").open("a") as config:
        config.write(ENVIRONMENTS)
    git(place, "init", "--quiet", "--bare", "../origin.git")
    git(place, "remote", "add", "origin", "../origin.git")
    commit(place)
    if pushed:
        git(place, "push", "--quiet", "origin", "main")
    return Git(place)


def test_release_branches_are_created_once_and_empty(place: Path) -> None:
    here = with_origin(place, pushed=True)
    assert init(place).branches == ("release/staging", "release/production")
    origin = Git(place.parent / "origin.git")
    before = origin.text("for-each-ref")
    for branch in ("release/staging", "release/production"):
        assert origin.text("rev-list", "--count", branch) == "1"
        assert origin.tree(branch) == ()
    assert create_release_branches(here, load(place)) == ()
    assert origin.text("for-each-ref") == before


def test_an_existing_release_branch_is_never_touched(place: Path) -> None:
    here = with_origin(place, pushed=True)
    git(place, "push", "--quiet", "origin", "main:release/staging")
    assert create_release_branches(here, load(place)) == ("release/production",)
    origin = Git(place.parent / "origin.git")
    assert origin.commit("release/staging") == here.commit("main")


def test_a_remote_without_any_branch_waits_for_main(place: Path) -> None:
    here = with_origin(place, pushed=False)
    assert create_release_branches(here, load(place)) == ()
    assert Git(place.parent / "origin.git").text("for-each-ref") == ""


def test_an_unreachable_remote_is_said(place: Path) -> None:
    with_origin(place, pushed=False)
    git(place, "remote", "set-url", "origin", "../nowhere.git")
    result = init(place)
    assert result.branches == ()
    assert any("release branches were not created" in note for note in result.notes)


def test_names_cannot_break_out_of_yaml() -> None:
    from ruamel.yaml import YAML

    document = {"train": {"cmd": "a: b # c\n- d", "outs": ["x: y", "#z", "true", "1e3", "[a", '"q"', "é"]}}
    assert YAML(typ="safe").load(yaml_text(document)) == document

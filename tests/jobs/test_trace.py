"""What the audit hook sees of real programs, and that it changes nothing about them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdml.core.settings import Stage
from cdml.jobs.trace import Trace, collapse, read_trace, stamps, trace_environment, undeclared


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    (root / "data" / "in.csv").write_text("a\n1\n")
    return root


def traced(root: Path, program: str, env: dict[str, str] | None = None, code: int = 0) -> Trace:
    """Run `program` as main.py of the project and read what it did."""
    (root / "main.py").write_text(program)
    folder = root.parent / f"trace{len(list(root.parent.iterdir()))}"
    folder.mkdir()
    words = [sys.executable, "main.py"]
    done = subprocess.run(
        words,
        cwd=root,
        env={"PATH": "", **(env or {}), **trace_environment(folder)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr.decode() if code == 0 else "") == (code, "")
    return read_trace(folder, root)


def test_files_read_and_written(project: Path) -> None:
    seen = traced(project, "open('data/in.csv').read(); open('out.txt', 'w').write('x')")
    assert seen == Trace(("data/in.csv", "main.py"), ("out.txt",))


def test_a_child_process_in_another_folder(project: Path) -> None:
    (project / "data" / "child.py").write_text("open('in.csv').read(); open('../made.txt', 'x').close()")
    seen = traced(
        project, "import subprocess, sys; subprocess.run([sys.executable, 'child.py'], cwd='data', check=True)"
    )
    assert seen == Trace(("data/child.py", "data/in.csv", "main.py"), ("made.txt",))


def test_a_forked_process(project: Path) -> None:
    seen = traced(
        project, "import os\nif os.fork():\n    os.wait()\nelse:\n    open('data/in.csv').read(); os._exit(0)"
    )
    assert "data/in.csv" in seen.reads


def test_an_import_counts_as_its_source_also_when_byte_code_is_cached(project: Path) -> None:
    (project / "package").mkdir()
    (project / "package" / "__init__.py").write_text("")
    (project / "package" / "helper.py").write_text("x = 1")
    program = "import package.helper"
    expected = ("main.py", "package/__init__.py", "package/helper.py")
    assert traced(project, program).reads == expected
    assert list((project / "package" / "__pycache__").glob("helper.*.pyc"))
    again = traced(project, program)
    assert again.reads == expected
    assert again.writes == ()


def test_a_file_written_beside_and_renamed_is_the_output(project: Path) -> None:
    seen = traced(project, "import os; open('tmp', 'w').close(); os.replace('tmp', 'model.bin')")
    assert seen.writes == ("model.bin",)


def test_a_file_that_is_written_and_read_again_is_an_output_alone(project: Path) -> None:
    seen = traced(project, "open('out', 'w').write('1'); open('out').read()")
    assert seen == Trace(("main.py",), ("out",))


def test_open_for_update_is_a_write(project: Path) -> None:
    assert traced(project, "open('data/in.csv', 'r+').close()").writes == ("data/in.csv",)


def test_low_level_and_bytes_paths(project: Path) -> None:
    program = "import os; os.open(b'data/in.csv', os.O_RDONLY); os.open('low', os.O_WRONLY | os.O_CREAT)"
    assert traced(project, program) == Trace(("data/in.csv", "main.py"), ("low",))


@pytest.mark.parametrize("folder", [".git", ".dvc", ".venv", "environment", "other"])
def test_tools_and_other_projects_folders_do_not_count(project: Path, folder: str) -> None:
    (project / folder).mkdir()
    (project / folder / "file").write_text("x")
    marker = {"environment": "pyvenv.cfg", "other": "mlops.yaml"}.get(folder, "marker")
    (project / folder / marker).write_text("")
    seen = traced(project, f"open('{folder}/file').read(); open('{folder}/file', 'a').close()")
    assert seen == Trace(("main.py",), ())


def test_files_outside_are_reported_but_not_taken(project: Path) -> None:
    outside = project.parent / "elsewhere.csv"
    outside.write_text("x")
    seen = traced(project, "import json; open('../elsewhere.csv').read()")
    assert seen == Trace(("main.py",), (), (str(outside),))


def test_the_environments_own_sitecustomize_still_runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = project.parent / "site"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import sys; sys.own_site = __file__")
    monkeypatch.setenv("PYTHONPATH", str(own))
    program = (
        f"import sys; assert sys.own_site.startswith({str(own)!r}); assert not any('trace' in p for p in sys.path)"
    )
    assert traced(project, program).reads == ("main.py",)


def test_a_program_that_closes_every_descriptor_writes_its_own_bytes_only(project: Path) -> None:
    program = (
        "import os; os.closerange(3, 64); f = open('out', 'wb'); open('data/in.csv').read(); f.write(b'mine')"
    )
    seen = traced(project, program)
    assert (project / "out").read_bytes() == b"mine"
    assert "data/in.csv" in seen.reads


def test_a_failing_program_fails_in_the_same_way(project: Path) -> None:
    assert traced(project, "open('data/in.csv').read(); raise SystemExit(7)", code=7).reads == (
        "data/in.csv",
        "main.py",
    )


def test_a_trace_folder_that_vanished_does_not_stop_the_program(project: Path) -> None:
    traced(project, "import os; os.rename(os.environ['CDML_TRACE'], 'gone'); open('out', 'w').write('done')")
    assert (project / "out").read_text() == "done"


def test_half_a_line_of_a_killed_process_is_passed_over(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    (project / "a.csv").write_text("")
    (folder / "1.jsonl").write_text(f'["r", "{project}/a.csv"]\n["r", "{project}/da')
    assert read_trace(folder, project).reads == ("a.csv",)


def test_odd_names_survive(project: Path) -> None:
    (project / "dätä \n.csv").write_text("")
    assert "dätä \n.csv" in traced(project, "open('dätä \\n.csv').read()").reads


def test_what_no_stage_declares() -> None:
    stage = Stage("train", "x", deps=("src", "data/a.csv"), params={"params.yaml": ()}, outs=("model",))
    reads = ("src/a/b.py", "data/a.csv", "data/b.csv", "params.yaml", "model/m", "srcs.py")
    assert undeclared(reads, [stage]) == ("data/b.csv", "srcs.py")


def test_many_files_of_a_folder_become_the_folder() -> None:
    images = [f"images/{n}.png" for n in range(11)]
    assert collapse([*images, "train.py"], []) == ("images", "train.py")
    assert collapse(images[:10], []) == tuple(sorted(images[:10]))
    assert collapse(images, ["images/out.txt"]) == tuple(sorted(images))
    assert collapse([f"{n}.py" for n in range(20)], []) == tuple(sorted(f"{n}.py" for n in range(20)))


def test_stamps_tell_a_changed_file(project: Path) -> None:
    before = stamps(project)
    (project / "data" / "in.csv").write_text("longer than it was\n")
    assert before.keys() == stamps(project).keys() == {"data/in.csv"}
    assert before != stamps(project)

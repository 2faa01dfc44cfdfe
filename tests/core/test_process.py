"""The door for other programs: real processes that end, hang, print too much or are not there."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from cdml.core.errors import ExternalError
from cdml.core.process import TAIL_LINES, Finished, run, stream

PYTHON = (sys.executable, "-S", "-c")


def test_both_streams_and_the_exit_code_come_back(tmp_path: Path) -> None:
    code = "import sys, os; print(sys.stdin.read(), os.getcwd()); sys.stderr.write('e'); sys.exit(3)"
    done = run([*PYTHON, code], cwd=tmp_path, stdin="in", check=False)
    assert (done.code, done.stdout, done.stderr) == (3, f"in {tmp_path.resolve()}\n", "e")


def test_the_environment_is_added_to_the_present_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    code = "import os; print(os.environ['KEPT'], os.environ['NEW'])"
    assert run([*PYTHON, code], cwd=tmp_path, env={"NEW": "2"}).stdout == "1 2\n"
    assert "NEW" not in os.environ


def test_no_word_goes_through_a_shell(tmp_path: Path) -> None:
    words = ["$HOME; touch x", "`id`", "a b", "*"]
    said = run([*PYTHON, "import sys; print(sys.argv[1:])", *words], cwd=tmp_path).stdout
    assert said == f"{words}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_failure_shows_the_end_of_what_was_said_standard_error_last(tmp_path: Path) -> None:
    code = "import sys; [print('out', n) for n in range(50)]; sys.stderr.write('why\\n'); sys.exit(5)"
    with pytest.raises(ExternalError, match=r"exited 5:") as caught:
        run([*PYTHON, code], cwd=tmp_path)
    lines = caught.value.message.splitlines()[1:]
    assert len(lines) == TAIL_LINES
    assert lines[-2:] == ["out 49", "why"]


def test_a_program_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(ExternalError, match="no end after 0 s"):
        run([*PYTHON, "import time; time.sleep(60)"], cwd=tmp_path, timeout=0.3)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("how", ["run", "stream"])
def test_what_cannot_be_started_is_said_plainly(tmp_path: Path, how: str) -> None:
    def start(words: list[str], cwd: Path) -> Finished:
        return run(words, cwd=cwd) if how == "run" else stream(words, cwd=cwd, env={}, say=lambda _: None)

    with pytest.raises(ExternalError, match="no-such-program: no such program on PATH"):
        start(["no-such-program"], tmp_path)
    with pytest.raises(ExternalError, match="there is no folder"):
        start([sys.executable], tmp_path / "gone")
    (tmp_path / "plain").write_text("x")
    with pytest.raises(ExternalError, match="cannot be started: Permission denied"):
        start([str(tmp_path / "plain")], tmp_path)


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'\\xff\\xc3\\xbc\\n')"
    assert run([*PYTHON, code], cwd=tmp_path, env={"LC_ALL": "C"}).stdout == "\ufffdü\n"


def test_lines_are_handed_on_as_they_come(tmp_path: Path) -> None:
    """The program waits for a file that is made when its first line is heard."""
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        (tmp_path / "heard").touch()

    code = (
        "import os, sys, time\n"
        "print('first', flush=True)\n"
        "end = time.monotonic() + 20\n"
        "while not os.path.exists('heard') and time.monotonic() < end: time.sleep(0.01)\n"
        "sys.stderr.write('second ' + str(os.path.exists('heard')) + os.environ['X'])\n"
        "sys.exit(4)"
    )
    done = stream([*PYTHON, code], cwd=tmp_path, env={"X": "!"}, say=say)
    assert said == ["first", "second True!"]
    assert (done.code, done.stdout) == (4, "first\nsecond True!")


@pytest.mark.parametrize(
    ("out", "err", "tail"),
    [("a\nb\nc", "", "b\nc"), ("a\n", "b\n\n", "a\nb"), ("", "", ""), ("", "x\ny\nz", "y\nz")],
)
def test_a_tail_is_the_end(out: str, err: str, tail: str) -> None:
    assert Finished(0, out, err).tail(2) == tail

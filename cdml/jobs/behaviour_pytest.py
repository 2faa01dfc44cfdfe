"""Behavioural tests that a project writes for pytest: run in its interpreter, read from pytest's JUnit file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from cdml.core.errors import ConfigError, ExternalError
from cdml.core.findings import BehaviourResult
from cdml.core.interpreter import stage_environment
from cdml.core.process import Finished, run
from cdml.core.settings import BehaviourTest

MODEL_VARIABLE = "CDML_MODEL"
LARGEST = 20_000_000  # bytes of the file
MOST_EXAMPLES, LONGEST_EXAMPLE = 3, 200
MOST_TESTS, LONGEST_NAME = 500, 200
PASSED, FAILED = 0, 1


def run_pytest(root: Path, python: Path, artifact: Path, test: BehaviourTest) -> BehaviourResult:
    """Run the tests with the artifact's path in CDML_MODEL; a skipped one is no case.

    Raises ConfigError where pytest is missing or finds no test, ExternalError where it breaks.
    """
    with tempfile.TemporaryDirectory(prefix="cdml-behaviour-") as folder:
        report = Path(folder) / "junit.xml"
        env = {**stage_environment(root), MODEL_VARIABLE: str(artifact.resolve())}
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        words = [str(python), "-m", "pytest", *options, f".{os.sep}{test.path}"]
        done = run(words, cwd=root, env=env, timeout=None, check=False)
        if done.code not in (PASSED, FAILED) or not report.is_file():
            raise _broken(done, test)
        if report.stat().st_size > LARGEST:
            raise ExternalError(f"pytest's report of {test.path} is larger than {LARGEST:,} bytes")
        names, failures = read_junit(report.read_bytes())
    if not names:
        raise ConfigError(f"every test in {test.path} was skipped", "a behavioural test must try something")
    shown = tuple(failures[:MOST_EXAMPLES])
    kept = tuple(sorted(names)[:MOST_TESTS])
    return BehaviourResult(test.name, "pytest", test.definition, len(names), len(failures), shown, kept)


def read_junit(content: bytes) -> tuple[list[str], list[str]]:
    """The names of the tests that ran, and the failing ones in words; ExternalError for what is no JUnit file."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:  # nothing that expands is parsed
        raise ExternalError("pytest's report is not what pytest writes: it declares entities")
    try:
        tree = ElementTree.fromstring(content)  # noqa: S314 - without entities nothing in it expands
    except ElementTree.ParseError as error:
        raise ExternalError(f"pytest's report cannot be read: {error}") from None
    names, failures = [], []
    for case in tree.iter("testcase"):
        if case.find("skipped") is not None:
            continue
        name = _name(case)
        names.append(name)
        broken = case.find("failure") if case.find("failure") is not None else case.find("error")
        if broken is not None:
            said = " ".join((broken.get("message") or "").split())
            failures.append(f"{name}: {said}"[:LONGEST_EXAMPLE])
    return names, failures


def _name(case: ElementTree.Element) -> str:
    parts = [part for part in (case.get("classname"), case.get("name")) if part]
    return "::".join(parts)[:LONGEST_NAME]


def _broken(done: Finished, test: BehaviourTest) -> Exception:
    tail = done.tail()
    if "No module named pytest" in tail:
        return ConfigError("pytest is not in the project's environment", "add it there: pip install pytest")
    if done.code == 5:
        return ConfigError(f"pytest finds no test in {test.path}")
    return ExternalError(f"pytest {test.path} broke (exit {done.code})", "mend the tests", printed=tail)

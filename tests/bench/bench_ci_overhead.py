"""What a pull request's run costs when nothing changed, beside one `dvc repro` of the same state, in CPU seconds.

Both are whole processes with all that they start, in turn, in one run: the example project in a clone with a bare
remote, a DVC remote and the local forge, after one run of the same pull request. The goal is a ratio of at most 2.

python tests/bench/bench_ci_overhead.py [RUNS]
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
from pathlib import Path

from cdml.jobs.demo import Stage, prepare

PULL_REQUEST = ("cdml", "run", "--event", "pull_request", "--pull", "1")
REPRO = (sys.executable, "-m", "dvc", "repro")
GOAL = 2.0


def build(folder: Path) -> Stage:
    """The example with one version, and a pull request that changes a sentence, judged once in this clone."""
    stage = prepare(folder)
    readme = stage.work / "README.md"
    for words in (
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "--message", "Judge patients by six measurements"),
        ("git", "push", "--quiet", "--set-upstream", "origin", "main"),
        ("cdml", "register"),
        ("git", "switch", "--quiet", "--create", "words"),
    ):
        act(stage, *words)
    readme.write_text(readme.read_text("utf-8") + "\nOne more sentence.\n", "utf-8")
    act(stage, "git", "commit", "--quiet", "--all", "--message", "Say more")
    act(stage, "cdml", "pr", "open")
    act(stage, *PULL_REQUEST)
    return stage


def act(stage: Stage, *words: str) -> None:
    """One command of the story, which must succeed."""
    done = stage.command(*words)
    if done.code != 0:
        raise SystemExit(f"{' '.join(words)} exited {done.code}:\n{done.tail()}")


def cpu(stage: Stage, *words: str) -> float:
    """User and system seconds of one command and of all processes that it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act(stage, *words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(runs: int) -> None:
    """Print the medians and the median of the pairs' ratios."""
    with tempfile.TemporaryDirectory(prefix="cdml-bench-", ignore_cleanup_errors=True) as name:
        stage = build(Path(name) / "example")
        for words in (PULL_REQUEST, REPRO):
            cpu(stage, *words)
        pairs = [(cpu(stage, *PULL_REQUEST), cpu(stage, *REPRO)) for _ in range(runs)]
    ours, theirs = (statistics.median(pair[place] for pair in pairs) for place in (0, 1))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"cdml run --event pull_request {ours:.2f} s, dvc repro {theirs:.2f} s of CPU,")
    print(f"median ratio of {runs} pairs {ratio:.2f} (goal {GOAL:.1f}: {'met' if ratio <= GOAL else 'missed'})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)

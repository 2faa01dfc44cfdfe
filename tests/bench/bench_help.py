"""What `cdml --help` costs beside importing typer, in CPU seconds of whole processes, in turn, in one run.

python tests/bench/bench_help.py [RUNS]
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

HELP = [sys.executable, "-m", "cdml", "--help"]
TYPER = [sys.executable, "-c", "import typer"]


def cpu(words: list[str]) -> float:
    """User and system seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(runs: int) -> None:
    for words in (HELP, TYPER):
        cpu(words)
    pairs = [(cpu(HELP), cpu(TYPER)) for _ in range(runs)]
    ours, theirs = (statistics.median(pair[place] for pair in pairs) for place in (0, 1))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"cdml --help {ours:.3f} s, import typer {theirs:.3f} s, median ratio of {runs} pairs {ratio:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)

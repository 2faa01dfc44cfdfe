"""How long the registry takes to read, beside GTO's: `python tests/bench/bench_registry.py [TAGS] [GTO_TAGS]`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cdml.registry.read import read
from cdml.state.git import Git

MODELS = 10


def build(folder: Path, tags: int) -> None:
    """A repository of so many annotated tags of ten models: half of them versions, half assignments."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", "."], cwd=folder, check=True)
    feed = ["feature done"]
    versions = (tags + 1) // 2
    for number in range(versions):
        feed += [
            "commit refs/heads/main",
            f"mark :{number + 1}",
            f"committer A <a@example.com> {1_600_000_000 + number} +0000",
            "data 1\nx",
        ]
    for number in range(tags):
        place = number // 2
        model = f"model{place % MODELS}"
        name = f"{model}#production#{number + 1}" if number % 2 else f"{model}@v1.{place // MODELS}.0"
        feed += [f"tag {name}", f"from :{place + 1}", f"tagger A <a@example.com> {1_700_000_000 + number} +0000"]
        feed += ["data 1\nx"]
    text = "\n".join([*feed, "done", ""])
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=text, text=True, check=True)


def seconds(act: Callable[[], object]) -> float:
    """The shortest of three runs, in seconds of wall time."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(tags: int, with_gto: bool) -> None:
    """Print our time to read so many tags and, where asked, GTO's for the same repository."""
    with tempfile.TemporaryDirectory(prefix="cdml-bench-") as name:
        folder = Path(name)
        build(folder, tags)
        ours = seconds(lambda: read(Git(folder)))
        command = seconds(lambda: _run("cdml", "-C", name, "registry", "history"))
        print(f"{tags} tags: read {ours:.3f} s, cdml registry history {command:.2f} s")
        if with_gto:
            for verb in ("history", "show"):
                start = time.perf_counter()
                _run("gto", verb, "--repo", name)
                theirs = time.perf_counter() - start
                print(f"  gto {verb} {theirs:.2f} s: {theirs / ours:.0f} x read, {theirs / command:.1f} x cdml")


def _run(module: str, *words: str) -> None:
    program = [sys.executable, "-m", module] if module == "cdml" else [str(Path(sys.executable).parent / module)]
    subprocess.run([*program, *words], stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, with_gto=False)
    measure(int(sys.argv[2]) if len(sys.argv) > 2 else 500, with_gto=True)

"""The rules of actions/upload-artifact that a workflow can trip over.

Hidden files stay behind unless asked for, names are restricted, a second upload of a name fails, and what lies in
the artifact is relative to the deepest folder that holds every path.
"""

import glob
import os
import shutil
import sys
from pathlib import Path

FORBIDDEN = set('":<>|*?\r\n\\/')


def main() -> None:
    name, workspace = os.environ["NAME"], Path(os.environ["GITHUB_WORKSPACE"])
    if not name or FORBIDDEN & set(name):
        fail(f"The artifact name is not valid: {name!r}")
    roots, files = find(workspace)
    if not files:
        level = {"warn": "warning", "error": "error"}.get(os.environ["EMPTY"])
        if level:
            print(f"::{level}::No files were found with the provided path. No artifacts will be uploaded.")
        sys.exit(level == "error")
    store = Path(os.environ["STUB_ARTIFACTS"]) / name
    if store.exists():
        if os.environ["OVERWRITE"] != "true":
            fail(f"(409) Conflict: an artifact with this name already exists: {name}")
        shutil.rmtree(store)
    base = Path(os.path.commonpath(roots)) if len(roots) > 1 or roots[0].is_dir() else roots[0].parent
    for file in files:
        (store / file.relative_to(base)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, store / file.relative_to(base))
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as out:
        out.write("artifact-id=1\nartifact-url=https://github.invalid/artifact/1\nartifact-digest=0\n")


def find(workspace: Path) -> tuple[list[Path], list[Path]]:
    """The folders or files to reckon paths from, and the files to take."""
    lines = [line.strip() for line in os.environ["PATHS"].splitlines() if line.strip()]
    taken: set[Path] = set()
    roots: list[Path] = []
    for line in lines:
        if not line.startswith("!"):
            roots.append(literal_part(workspace / line))
            taken |= below(workspace, line)
    for line in lines:
        if line.startswith("!"):
            taken -= below(workspace, line[1:])
    return roots, sorted(taken)


def literal_part(path: Path) -> Path:
    """A pattern counts from its last folder without a wildcard."""
    while glob.has_magic(str(path)):
        path = path.parent
    return Path(os.path.normpath(path))


def below(workspace: Path, pattern: str) -> set[Path]:
    hidden = os.environ["HIDDEN"] == "true"
    found: set[Path] = set()
    for match in glob.glob(str(workspace / pattern), recursive=True, include_hidden=hidden):  # noqa: PTH207
        top = Path(os.path.normpath(match))
        found |= {top} if top.is_file() else {file for file in top.rglob("*") if file.is_file()}
    named = workspace if workspace in Path(os.path.normpath(workspace / pattern)).parents else Path("/")
    return {f for f in found if hidden or not any(p.startswith(".") for p in f.relative_to(named).parts)}


def fail(message: str) -> None:
    print(f"::error::{message}")
    sys.exit(1)


main()

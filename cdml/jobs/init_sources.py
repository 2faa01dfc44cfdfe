"""What a script's own text says of the files it uses, for projects that are adopted without a run."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from cdml.jobs.init_survey import DATA_SUFFIXES, MODEL_SUFFIXES, Survey
from cdml.jobs.trace import PARAMETERS


@dataclass(frozen=True)
class Uses:
    """`deps` are sources and data that exist, `models` and `absent` files named that may be outputs.

    `words` is every text constant: a column named in the code is likely to be the target.
    """

    deps: tuple[str, ...]
    params: tuple[str, ...]
    models: tuple[str, ...]
    absent: tuple[str, ...]
    words: frozenset[str]


def uses(script: str, found: Survey) -> Uses:
    """Read a script or notebook and the project's own modules that it imports."""
    sources: dict[str, list[ast.Module]] = {}
    queue = [script]
    while queue:
        name = queue.pop()
        if name not in sources:
            sources[name] = _parse(found, name)
            queue += [module for tree in sources[name] for module in _modules(tree, name, found)]
    texts = frozenset(t for trees in sources.values() for tree in trees for t in _texts(tree))
    named = {hit or text for text in texts if (hit := _match(text, found)) is not None}
    models = sorted(n for n in named if n.endswith(MODEL_SUFFIXES))
    known = set(found.files)
    data = sorted(n for n in named if n in known and n.endswith(DATA_SUFFIXES) and n not in PARAMETERS)
    return Uses(
        deps=(*sorted(sources, key=lambda n: n != script), *data),
        params=tuple(sorted(n for n in named if n in PARAMETERS and n in known)),
        models=tuple(models),
        absent=tuple(sorted(n for n in named - known if n not in models)),
        words=texts,
    )


def _parse(found: Survey, name: str) -> list[ast.Module]:
    try:
        text = (found.root / name).read_text("utf-8")
        cells = _cells(text) if name.endswith(".ipynb") else [text]
    except (OSError, ValueError, TypeError, AttributeError):
        return []
    return [tree for cell in cells if (tree := _tree(cell)) is not None]


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _cells(text: str) -> list[str]:
    """The code of a notebook's cells, without IPython's own commands."""
    cells = [c for c in json.loads(text)["cells"] if c.get("cell_type") == "code"]
    lines = ["".join(c.get("source", ())).splitlines() for c in cells]
    return ["\n".join(line for line in cell if not line.lstrip().startswith(("%", "!"))) for cell in lines]


def _texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            yield node.value


def _modules(tree: ast.Module, name: str, found: Survey) -> Iterator[str]:
    """Files of the project that `tree` imports, beside the script, at the top or in src/."""
    known = set(found.files)
    places = dict.fromkeys([PurePosixPath(name).parent, PurePosixPath(), PurePosixPath("src")])
    for node in ast.walk(tree):
        for dotted in _imported(node):
            stem = dotted.replace(".", "/")
            for place in places:
                for file in (place / f"{stem}.py", place / stem / "__init__.py"):
                    if file.as_posix() in known:
                        yield file.as_posix()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        below = [f"{base}.{alias.name}" if base else alias.name for alias in node.names]
        return [base, *below] if base else below
    return []


def _match(text: str, found: Survey) -> str | None:
    """The project's file that a text names, "" for a file of ours that is not there, None for other texts."""
    if "\n" in text or not text.endswith((*DATA_SUFFIXES, *MODEL_SUFFIXES, *PARAMETERS)):
        return None
    clean = text.removeprefix("./")
    if not PurePosixPath(clean).stem or clean.startswith(("/", "~", "..", ".")) or ":" in clean or "\\" in clean:
        return None
    hits = [file for file in found.files if file == clean or file.endswith(f"/{clean}")]
    if len(hits) == 1 or clean in hits:
        return clean if clean in hits else hits[0]
    return "" if not set("*{}%<>") & set(clean) else None

"""What went into a model, as digests: the identity of a judged run, and the axes along which two models differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import PurePosixPath

from cdml.core.errors import ConfigError
from cdml.core.serialize import digest
from cdml.core.settings import Settings
from cdml.state.git import Git
from cdml.state.pipeline import Pipeline, StageView

_PYTHON = (".py", ".pyi", ".pyx", ".ipynb", ".toml", ".cfg")
_OTHERS = (
    ".r",
    ".rmd",
    ".jl",
    ".sql",
    ".sh",
    ".scala",
    ".java",
    ".c",
    ".cc",
    ".cpp",
    ".h",
    ".rs",
    ".go",
    ".js",
    ".ts",
)
CODE_SUFFIXES = frozenset(_PYTHON + _OTHERS)


@dataclass(frozen=True)
class Inputs:
    """Digests by path, and values by parameter, of everything that a run reads.

    `code` and `data` map paths to content digests; `test_data` those of evaluate.data or, where it is not named,
    the data that only the evaluation reads. `parameters` are flat: `train.depth` to its value. `recipe` is the
    digest of mlops.yaml's train and evaluate without its gates; `environment` that of the environment's lock.
    """

    code: Mapping[str, str]
    data: Mapping[str, str]
    test_data: Mapping[str, str]
    parameters: Mapping[str, object]
    recipe: str
    environment: str

    @property
    def digest(self) -> str:
        """One sha256 over all of it."""
        return digest(self)


@dataclass(frozen=True)
class Revision:
    """Where inputs are read: a commit of `git` (which acts in the project's folder)."""

    git: Git
    commit: str
    pipeline: Pipeline
    blobs: Mapping[str, str] = field(default_factory=dict)


def read_inputs(at: Revision, settings: Settings, environment: str) -> Inputs:
    """The inputs of the train and evaluate stages at a commit; `environment` is the environment lock's digest."""
    train, evaluate = stage_names(settings)
    trained, judged = at.pipeline.closure(train), at.pipeline.closure(evaluate)
    before = at.pipeline.sources(trained)
    after = at.pipeline.sources((*trained, *judged))
    files = {path: oid for source in after for path, oid in _digests(at, source).items()}
    own = {path for source in before for path in _digests(at, source)}
    test = {settings.evaluate.data} if settings.evaluate.data else set(files) - own
    test |= {one.data for one in settings.evaluate.datasets if one.data and one.data not in own}
    return Inputs(
        code={p: d for p, d in files.items() if _is_code(p)},
        data={p: d for p, d in files.items() if not _is_code(p) and (p in own or p not in test)},
        test_data={p: d for p, d in files.items() if not _is_code(p) and p in test},
        parameters=_parameters(at, (*trained, *judged)),
        recipe=_recipe(settings, (*trained, *judged)),
        environment=environment,
    )


def stage_names(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the train and of the evaluate stages in dvc.yaml; the latter with what comes after them."""
    train = _names(settings.train.stages, settings.train.stage is not None, "train")
    after = tuple(stage.name for stage in settings.evaluate.after)
    return train, (*_names(settings.evaluate.stages, _inline(settings), "evaluate"), *after)


def _inline(settings: Settings) -> bool:
    return settings.evaluate.stage is not None or settings.evaluate.builtin


def _names(stages: tuple[str, ...], inline: bool, name: str) -> tuple[str, ...]:
    return (name,) if inline else stages


def _is_code(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in CODE_SUFFIXES


def _digests(at: Revision, source: str) -> dict[str, str]:
    """Content digests of a file or of everything in a folder: git's blob ids, or DVC's for what it tracks.

    Of a file inside a folder that `dvc add` tracks it is the folder's. Raises ConfigError for a file that neither
    keeps: nothing could tell later what it was.
    """
    tracked = at.pipeline.tracked
    around = next((p for p in tracked if source == p or source.startswith(f"{p}/")), None)
    if around is not None:
        return {source: tracked[around]}
    entries = at.blobs
    if source.startswith("../"):  # beside the project, in the same repository
        entries = {entry.path: entry.oid for entry in at.git.tree(at.commit, source)}
    inside = {_words(p): oid for p, oid in entries.items() if p == source or p.startswith(f"{source}/")}
    inside.update({p: d for p, d in tracked.items() if p.startswith(f"{source}/")})
    if "://" in source:  # at its own address; DVC alone sees it change
        return {source: "external"}
    if not inside:
        raise ConfigError(
            f"{source} is a dependency, but neither git nor DVC keeps it at {at.commit[:7]}",
            f"git add {source}, or dvc add {source} where it is data",
        )
    return inside


def _words(path: str) -> str:
    """A path as text, though its name be no UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()


def _parameters(at: Revision, stages: tuple[StageView, ...]) -> dict[str, object]:
    wanted: dict[str, set[str]] = {}
    for stage in stages:
        for file, keys in stage.params.items():
            wanted.setdefault(file, set()).update(keys or {""})
    values: dict[str, object] = {}
    for file, names in sorted(wanted.items()):
        values.update(read_parameters(at.git.read(at.commit, file), file, names))
    return values


def read_parameters(content: bytes | None, file: str, keys: set[str]) -> dict[str, object]:
    """The flat values of `keys` (`""` means all) in a parameters file; empty where the file is not there.

    Raises ConfigError when the file cannot be parsed.
    """
    values: dict[str, object] = {}
    tree = {} if content is None else parse_document(content, file)
    for key in sorted(keys):
        found = _at(tree, key.split(".")) if key else tree
        if found is not _ABSENT and (key or found is not None):
            values.update(_flat(found, key, file))
    return values


_ABSENT = object()


def _at(tree: object, keys: list[str]) -> object:
    """What stands under nested keys; of a list under an index, as DVC counts it."""
    for key in keys:
        if isinstance(tree, dict):
            tree = next((value for name, value in tree.items() if str(name) == key), _ABSENT)
        elif isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return _ABSENT
    return tree


def _json_value(value: object) -> object:
    """A value as JSON can hold it: a YAML date or an infinite number becomes its text, a set a sorted list."""
    match value:
        case dict():
            return {str(key): _json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [_json_value(item) for item in value]
        case set():
            return sorted(str(item) for item in value)
        case float() if not isfinite(value):
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def flat_document(content: bytes | None, file: str) -> dict[str, object]:
    """A whole document as flat values; empty where there is none. Raises ConfigError when it cannot be parsed."""
    tree = parse_document(content, file) if content else None
    return {} if tree is None else _flat(tree, "", file)


def _flat(tree: object, prefix: str, file: str) -> dict[str, object]:
    try:
        return {name: _json_value(value) for name, value in flatten(tree, prefix).items()}
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply, or within itself") from None


def parse_document(content: bytes, file: str) -> object:
    """A JSON, TOML or YAML document as plain data, by the file's suffix; ConfigError when it is none."""
    import json
    import tomllib

    from dvc.utils.serialize import ParseError, parse_py
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = content.decode("utf-8")
        match PurePosixPath(file).suffix:
            case ".json":
                return json.loads(text)
            case ".toml":
                return tomllib.loads(text)
            case ".py":
                return parse_py(text, file)
            case _:
                return YAML(typ="safe").load(text)
    except (ValueError, RecursionError, YAMLError, ParseError) as error:
        raise ConfigError(f"{file} cannot be parsed: {(str(error).splitlines() or ['?'])[0]}") from None


def flatten(tree: object, prefix: str = "") -> dict[str, object]:
    """`{a: {b: 1}}` as `{"a.b": 1}`; lists, scalars and empty mappings are values."""
    if not isinstance(tree, dict) or (prefix and not tree):
        return {prefix: tree}
    flat: dict[str, object] = {}
    for key, value in tree.items():
        flat.update(flatten(value, f"{prefix}.{key}" if prefix else str(key)))
    return flat


def _recipe(settings: Settings, stages: tuple[StageView, ...]) -> str:
    """The digest of what is run and how it is judged; names of outputs count, gates and metrics do not."""
    evaluate = settings.evaluate
    return digest(
        {
            "model": settings.model,
            "stages": {stage.name: [stage.cmd, sorted(stage.outs)] for stage in stages},
            "jobs": stage_names(settings),
            "judged": [evaluate.data, evaluate.target, evaluate.positive, evaluate.id, evaluate.task],
            # Without datasets the digest is what it was before there were any.
            **({"datasets": evaluate.datasets} if evaluate.datasets else {}),
            "artifact": settings.register.artifact,
            "trusted": sorted(settings.register.trusted),
        }
    )

"""What went into a model, as digests: the identity of a judged run, and the axes along which two models differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    trained = at.pipeline.closure(_names(settings.train.stages, settings.train.stage is not None, "train"))
    judged = at.pipeline.closure(_names(settings.evaluate.stages, _inline(settings), "evaluate"))
    before = at.pipeline.sources(trained)
    after = at.pipeline.sources((*trained, *judged))
    files = {path: oid for source in after for path, oid in _digests(at, source).items()}
    own = {path for source in before for path in _digests(at, source)}
    test = {settings.evaluate.data} if settings.evaluate.data else set(files) - own
    return Inputs(
        code={p: d for p, d in files.items() if _is_code(p)},
        data={p: d for p, d in files.items() if not _is_code(p) and (p in own or p not in test)},
        test_data={p: d for p, d in files.items() if not _is_code(p) and p in test},
        parameters=_parameters(at, (*trained, *judged)),
        recipe=_recipe(settings),
        environment=environment,
    )


def stage_names(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the train and of the evaluate stages in dvc.yaml."""
    train = _names(settings.train.stages, settings.train.stage is not None, "train")
    return train, _names(settings.evaluate.stages, _inline(settings), "evaluate")


def _inline(settings: Settings) -> bool:
    return settings.evaluate.stage is not None or settings.evaluate.builtin


def _names(stages: tuple[str, ...], inline: bool, name: str) -> tuple[str, ...]:
    return (name,) if inline else stages


def _is_code(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in CODE_SUFFIXES


def _digests(at: Revision, source: str) -> dict[str, str]:
    """Content digests of a file or of everything in a folder: git's blob ids, or DVC's for what it tracks."""
    if source in at.pipeline.tracked:
        return {source: at.pipeline.tracked[source]}
    inside = {p: oid for p, oid in at.blobs.items() if p == source or p.startswith(f"{source}/")}
    inside.update({p: d for p, d in at.pipeline.tracked.items() if p.startswith(f"{source}/")})
    return inside or {source: "missing"}


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
    if content is None:
        return {}
    flat = flatten(parse_document(content, file) or {})
    return {
        name: _json_value(value)
        for name, value in flat.items()
        if "" in keys or any(name == key or name.startswith(f"{key}.") for key in keys)
    }


def _json_value(value: object) -> object:
    """A value as JSON can hold it: a YAML date or an infinite number becomes its text."""
    import json

    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return str(value)
    return value


def parse_document(content: bytes, file: str) -> object:
    """A JSON, TOML or YAML document as plain data, by the file's suffix; ConfigError when it is none."""
    import json
    import tomllib

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = content.decode("utf-8")
        match PurePosixPath(file).suffix:
            case ".json":
                return json.loads(text)
            case ".toml":
                return tomllib.loads(text)
            case _:
                return YAML(typ="safe").load(text)
    except (ValueError, YAMLError) as error:
        raise ConfigError(f"{file} cannot be parsed: {str(error).splitlines()[0]}") from None


def flatten(tree: object, prefix: str = "") -> dict[str, object]:
    """`{a: {b: 1}}` as `{"a.b": 1}`; lists and scalars are values."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat: dict[str, object] = {}
    for key, value in tree.items():
        flat.update(flatten(value, f"{prefix}.{key}" if prefix else str(key)))
    return flat


def _recipe(settings: Settings) -> str:
    evaluate = settings.evaluate
    train = settings.train
    return digest(
        {
            "model": settings.model,
            "train": [train.stages, train.stage and train.stage.cmd],
            "evaluate": [evaluate.stages, evaluate.stage and evaluate.stage.cmd, evaluate.builtin],
            "judged": [evaluate.data, evaluate.target, evaluate.positive, evaluate.id, evaluate.task],
            "artifact": settings.register.artifact,
        }
    )

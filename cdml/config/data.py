"""The key `data`: which files are under contract, and where each contract stands."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from cdml.config import grammar
from cdml.config.fields import Absent, FilePath, Strict
from cdml.core.settings import DataContract

if TYPE_CHECKING:
    from cdml.config.read import Draft
    from cdml.config.source import Source

TRAIN = "train"
SCHEMA_ENDING = ".schema.yaml"
SCHEMA_PATTERN = r"\.ya?ml$"


def contract_name(text: str) -> str:
    """The name of a file under contract: what a dataset may be called."""
    try:
        return grammar.dataset(text)
    except ValueError as error:
        raise ValueError(str(error).replace("a dataset's name", "the name of data")) from None


def schema_path(text: str) -> str:
    """The path of a contract, which is YAML."""
    if not text.endswith((".yaml", ".yml")):
        raise ValueError(f"{text!r} is no YAML file: a contract is called like data/train{SCHEMA_ENDING}")
    return grammar.path(text)


ContractName = Annotated[
    str,
    AfterValidator(contract_name),
    WithJsonSchema({"type": "string", "pattern": grammar.DATASET_PATTERN}),
]
SchemaPath = Annotated[
    str,
    AfterValidator(schema_path),
    WithJsonSchema({"type": "string", "allOf": [{"pattern": grammar.PATH_PATTERN}, {"pattern": SCHEMA_PATTERN}]}),
]


class DataModel(Strict):
    """One file of data, or a folder of such files, and the contract that it must keep."""

    path: FilePath = Field(description="CSV, Parquet or JSON lines; or a folder of them.")
    use: Literal["training", "serving"] = Field(
        "training",
        description="`serving`: a sample of what the model is asked, without what only training data have.",
    )
    schema_: SchemaPath | Absent = Field(
        None, alias="schema", description="The contract. Default: beside the data, as data/train.schema.yaml."
    )


def default_schema(path: str) -> str:
    """Where the contract of a file stands unless the file says so: beside it."""
    place = PurePosixPath(path)
    return str(place.with_name(f"{place.stem}{SCHEMA_ENDING}"))


def check(source: Source, draft: Draft) -> None:
    """Note a contract that would be the data itself, or stand inside it."""
    for name, part in draft.data.items():
        schema = part.schema_ or default_schema(part.path)
        if schema == part.path or schema.startswith(f"{part.path}/"):
            key = "schema" if part.schema_ else "path"
            source.report(("data", name, key), f"its contract {schema!r} would be among the data itself")
    train = draft.data.get(TRAIN)
    if train is not None and train.use == "serving":
        source.report(("data", TRAIN, "use"), "cannot be serving: the others are compared with the training data")


def build(draft: Draft) -> tuple[DataContract, ...]:
    """The contracts in order of writing, the training data first: what is tested is compared with it."""
    found = (
        DataContract(name, part.path, part.schema_ or default_schema(part.path), part.use == "serving")
        for name, part in draft.data.items()
    )
    return tuple(sorted(found, key=lambda one: one.name != TRAIN))

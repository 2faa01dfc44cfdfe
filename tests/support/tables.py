"""Tables for tests of contracts: written to a file in any kind, and looked at as a run does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cdml.contracts.finding import Finding
from cdml.contracts.observe import Table
from cdml.contracts.schema import Column, Schema
from cdml.contracts.survey import Subject, survey


def write(place: Path, frame: pd.DataFrame) -> Path:
    """A file of the kind that its name says."""
    if place.suffix == ".parquet":
        frame.to_parquet(place)
    elif place.suffix == ".jsonl":
        records = frame.astype(object).where(frame.notna(), None).to_dict("records")
        place.write_text("".join(f"{json.dumps(record, default=str)}\n" for record in records))
    else:
        frame.to_csv(place, index=False, sep="\t" if place.suffix == ".tsv" else ",")
    return place


def subject(place: Path, schema: Schema, name: str = "train", *, serving: bool = False) -> Subject:
    return Subject(name, place.name, place, schema, serving)


def looked(place: Path, *columns: Column, **rules: Any) -> tuple[Finding, ...]:
    """The findings on a file whose contract has these columns and rules."""
    return survey(subject(place, Schema(columns, **rules)))[0]


def seen(place: Path, schema: Schema, alike: tuple[str, ...] = ()) -> Table:
    return survey(subject(place, schema), alike)[1]


def people(rows: int, seed: int) -> pd.DataFrame:
    """Rows of one origin: a number of each usual shape, categories, gaps, and an id."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(rows) + 1,
            "height": rng.normal(170, 9, rows).round(1),
            "age": rng.integers(18, 90, rows),
            "income": rng.lognormal(8, 1, rows).round(2),
            "visits": rng.poisson(4, rows),
            "share": rng.uniform(0, 1, rows).round(4),
            "region": rng.choice(["North", "South", "East", "West"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "score": np.where(rng.random(rows) < 0.06, np.nan, rng.normal(0, 1, rows)),
            "member": rng.random(rows) < 0.3,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
        }
    )

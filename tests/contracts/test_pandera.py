"""pandera's schemas as contracts and back, read and written by pandera itself."""

from __future__ import annotations

import pandas as pd
import pytest

from cdml.contracts.pandera import read_pandera, write_pandera
from cdml.contracts.schema import Column, Schema
from cdml.core.errors import UsageError

pytest.importorskip("pandera")

MODULE = """\
import pandera.pandas as pa
people = pa.DataFrameSchema(
    {
        "age": pa.Column(int, [pa.Check.ge(0), pa.Check.le(120)], unique=True, description="Years"),
        "sex": pa.Column(str, pa.Check.isin(["f", "m"]), nullable=True),
        "share": pa.Column(float, pa.Check.in_range(0, 1)),
        "code": pa.Column(str, pa.Check.str_matches("^a"), required=False),
        "odd": pa.Column(int, pa.Check(lambda s: s % 2 == 1)),
    },
    strict=True,
)
"""
WANTED = Schema(
    (
        Column("age", "integer", min=0.0, max=120.0, unique=True, description="Years"),
        Column("sex", values=("f", "m"), nulls=1.0),
        Column("share", "number", min=0.0, max=1.0),
        Column("code", pattern="(?:^a)(?s:.*)", training=False),
        Column("odd", "integer"),
    )
)


def test_a_schema_of_a_module_becomes_a_contract_and_what_is_lost_is_named(tmp_path):
    (tmp_path / "s.py").write_text(MODULE)
    schema, lost = read_pandera("s.py:people", tmp_path)
    assert schema == WANTED
    assert len(lost) == 1
    assert lost[0].startswith("odd: ")
    with pytest.raises(UsageError, match="no schema 'cars'"):
        read_pandera("s.py:cars", tmp_path)


def test_a_contract_is_written_as_pandera_reads_it_and_read_back_as_the_same(tmp_path):
    contract = Schema(WANTED.columns[:3])
    (tmp_path / "s.yaml").write_text(write_pandera(contract))
    assert read_pandera("s.yaml", tmp_path) == (contract, ())

    from pandera.errors import SchemaError
    from pandera.io.pandas_io import from_yaml

    theirs = from_yaml(tmp_path / "s.yaml")
    good = pd.DataFrame({"age": [1, 2], "sex": ["f", None], "share": [0.5, 1.0]})
    theirs.validate(good)
    with pytest.raises(SchemaError):
        theirs.validate(good.assign(age=[1, 121]))


def test_what_is_no_schema_is_refused_in_words(tmp_path):
    (tmp_path / "s.yaml").write_text("columns: [")
    for given in ("s.yaml", "none.yaml", "none.py", "s.py"):
        with pytest.raises(Exception, match=r"s\.yaml|none|s\.py") as refused:
            read_pandera(given, tmp_path)
        assert "Traceback" not in str(refused.value)

"""Contracts made from data by hand: what is written where, and what is refused."""

from __future__ import annotations

import pytest
import tables

from cdml.config.load import parse
from cdml.core.errors import ConfigError, UsageError
from cdml.jobs.data_contracts import (
    add,
    any_contract,
    chosen,
    diff_files,
    infer_contract,
    with_entry,
    write_contract,
)

HEAD = "model: churn\n\n"
REST = "# how it is made\ntrain: {cmd: c, outs: [m]}\nevaluate: {data: data/test.csv, target: member}\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD + REST, HEAD + "data:\n  test: {path: data/test.csv}\n\n" + REST),
        (
            HEAD + "data:\n    # mine\n    train:\n      path: data/train.csv\n\n" + REST,
            HEAD
            + "data:\n    # mine\n    train:\n      path: data/train.csv\n    test: {path: data/test.csv}\n\n"
            + REST,
        ),
        (
            REST + "data:\n  train: {path: data/train.csv}\n",
            REST + "data:\n  train: {path: data/train.csv}\n  test: {path: data/test.csv}\n",
        ),
    ],
    ids=["new", "others", "last"],
)
def test_an_entry_is_added_as_people_write_it_and_nothing_else_changes(text, wanted):
    found = with_entry(text, "test", "data/test.csv")
    assert found == wanted
    settings = parse(found if found.startswith(HEAD) else HEAD + found)
    assert [one.path for one in settings.data if one.name == "test"] == ["data/test.csv"]


def test_data_in_one_line_are_left_to_people():
    with pytest.raises(ConfigError, match="data is written in one line"):
        with_entry("data: {train: {path: a.csv}}\n", "test", "b.csv")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "mlops.yaml").write_text(HEAD + REST)
    tables.write(tmp_path / "data" / "train.csv", tables.people(400, 1))
    tables.write(tmp_path / "data" / "test.csv", tables.people(200, 2))
    return tmp_path


def test_a_contract_stands_beside_its_data_with_their_profile(project):
    contract = add(project, "data/train.csv", "train")
    write_contract(project, infer_contract(project, (contract,)))
    assert {place.name for place in (project / "data").iterdir()} == {
        "train.csv",
        "train.schema.yaml",
        "train.profile.json",
        "test.csv",
    }
    assert any_contract(project, "train").target == "member"
    with pytest.raises(UsageError, match="is under contract already"):
        add(project, "data/train.csv", "other")
    with pytest.raises(UsageError, match="is there already"):
        infer_contract(project, (contract,))


def test_a_file_of_data_is_told_from_a_contract(project) -> None:
    with pytest.raises(UsageError, match=r"data/train\.csv is a file of data, not a contract"):
        any_contract(project, "data/train.csv")


def test_nothing_of_mlops_yaml_changes_where_an_entry_would_break_it(project):
    before = (project / "mlops.yaml").read_text()
    for path, name in (("/etc/passwd", "train"), ("data/train.csv", "a b")):
        with pytest.raises((ConfigError, UsageError)):
            add(project, path, name)
    assert (project / "mlops.yaml").read_text() == before


def test_an_update_shows_what_changes_and_keeps_what_people_wrote(project):
    contract = add(project, "data/train.csv", "train")
    write_contract(project, infer_contract(project, (contract,)))
    place = project / contract.schema
    text = place.read_text()
    place.write_text(text.replace("visits: {type: integer,", "visits: {description: Calls, type: integer,"))
    assert infer_contract(project, (contract,), update=True).differences == ()
    frame = tables.people(400, 1)
    frame.loc[0, "visits"] = 400
    tables.write(project / "data" / "train.csv", frame)
    found = infer_contract(project, (contract,), update=True)
    assert [(one.column, one.loosens) for one in found.differences] == [("visits", True)]
    assert found.schema.column("visits").description == "Calls"
    (project / "new.yaml").write_text(found.text)
    assert [str(one) for one in diff_files(project, "train", "new.yaml")] == [str(found.differences[0])]


def test_names_and_paths_mean_the_data_that_share_their_contract(project):
    text = (
        HEAD
        + "data:\n  train: {path: data/train.csv}\n  test: {path: data/test.csv, schema: data/train.schema.yaml}\n"
        + REST
    )
    (project / "mlops.yaml").write_text(text)
    (both,) = chosen(project, "test")
    assert [one.name for one in both] == ["train", "test"]
    assert infer_contract(project, both).schema.rows_min == 100
    assert chosen(project, None, missing=True) == (both,)
    write_contract(project, infer_contract(project, both))
    assert chosen(project, None, missing=True) == ()
    with pytest.raises(UsageError, match="neither a file nor the name of data"):
        chosen(project, "trian")

"""The project's own tests: they run before anything trains."""

import pandas as pd
import pytest
from recipe import ID, TARGET, age_band, build, read_params, read_patients


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    return read_patients()


def test_every_patient_is_there_once_and_complete(patients: pd.DataFrame) -> None:
    assert len(patients) == 442
    assert patients[ID].is_unique
    assert not patients.isna().any(axis=None)


def test_half_of_the_patients_progressed(patients: pd.DataFrame) -> None:
    assert patients[TARGET].mean() == pytest.approx(0.5, abs=0.01)


def test_features_exist_and_hold_neither_target_nor_id(patients: pd.DataFrame) -> None:
    features = read_params()["features"]
    assert set(features) <= set(patients.columns) - {ID, TARGET}
    assert len(features) == len(set(features))


def test_age_bands_begin_at_their_lower_age() -> None:
    assert age_band(pd.Series([39, 40, 59, 60])).tolist() == ["under 40", "40 to 59", "40 to 59", "60 and over"]


@pytest.mark.parametrize("kind", ["logistic", "forest"])
def test_model_takes_raw_measurements_and_remembers_their_names(patients: pd.DataFrame, kind: str) -> None:
    params = {**read_params(), "kind": kind}
    columns = patients[params["features"]]
    model = build(params).fit(columns, patients[TARGET])
    assert list(model.feature_names_in_) == params["features"]
    assert model.predict_proba(columns).shape == (442, 2)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(SystemExit, match="'oracle' is neither"):
        build({"kind": "oracle"})

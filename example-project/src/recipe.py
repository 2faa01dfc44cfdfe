"""What training and evaluation share, so that what is judged is what is registered."""

from pathlib import Path

import pandas as pd
import yaml
from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

DATA = Path("data/patients.csv")
ID = "id"
TARGET = "progressed"


def read_params(path: Path = Path("params.yaml")) -> dict:
    """The parameters of a run."""
    return yaml.safe_load(path.read_text("utf-8"))


def read_patients(path: Path = DATA) -> pd.DataFrame:
    """One row per patient."""
    return pd.read_csv(path)


def build(params: dict) -> Pipeline:
    """An unfitted model that takes raw measurements: the preparation travels with it."""
    return make_pipeline(StandardScaler(), _classifier(params))


def _classifier(params: dict) -> ClassifierMixin:
    kind = params["kind"]
    if kind == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(**params["logistic"])
    if kind == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(**params["forest"], random_state=params["seed"])
    raise SystemExit(f"params.yaml: kind: {kind!r} is neither logistic nor forest")


def age_band(age: pd.Series) -> pd.Series:
    """The slice that a patient belongs to, by age in years."""
    bands = pd.cut(age, [0, 40, 60, 200], right=False, labels=["under 40", "40 to 59", "60 and over"])
    return bands.astype(str)

"""Predict every patient by a model that never saw them: 442 patients are too few to hold some back.

Each fold's model is trained on the other nine. Folds depend on the patients alone, never on the model, so two
revisions are compared patient by patient.
"""

from pathlib import Path

import pandas as pd
from recipe import ID, TARGET, age_band, build, read_params, read_patients
from sklearn.model_selection import StratifiedKFold, cross_val_predict

FOLDS = StratifiedKFold(n_splits=10, shuffle=True, random_state=0)


def out_of_fold(patients: pd.DataFrame, params: dict) -> pd.Series:
    """Each patient's probability to progress, in the order of `patients`."""
    scores = cross_val_predict(
        build(params), patients[params["features"]], patients[TARGET], cv=FOLDS, method="predict_proba"
    )
    return pd.Series(scores[:, 1], index=patients.index)


def main() -> None:
    patients = read_patients()
    score = out_of_fold(patients, read_params())
    predictions = pd.DataFrame(
        {
            "id": patients[ID],
            "y_true": patients[TARGET],
            "y_pred": (score >= 0.5).astype(int),
            "y_score": score,
            "sex": patients["sex"],
            "age_band": age_band(patients["age"]),
        }
    )
    path = Path("reports/predictions.csv")
    path.parent.mkdir(exist_ok=True)
    predictions.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
    print(f"{len(predictions)} out-of-fold predictions: {path}")


if __name__ == "__main__":
    main()

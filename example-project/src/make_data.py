"""Where data/patients.csv comes from; run once by hand, never by the pipeline.

The diabetes study of Efron, Hastie, Johnstone and Tibshirani, "Least Angle Regression", Annals of Statistics
32 (2004), as scikit-learn ships it, in its original units. `progressed` is 1 where the disease progressed
further within one year than it did for the median patient.
"""

from pathlib import Path

from sklearn.datasets import load_diabetes


def main() -> None:
    study = load_diabetes(as_frame=True, scaled=False)
    patients = study.data.copy()
    patients.insert(0, "id", range(1, len(patients) + 1))
    patients["progressed"] = (study.target > study.target.median()).astype(int)
    path = Path("data/patients.csv")
    path.parent.mkdir(exist_ok=True)
    patients.to_csv(path, index=False, float_format="%g", lineterminator="\n")


if __name__ == "__main__":
    main()

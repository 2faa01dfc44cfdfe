"""Fit the model on all patients and save it; skops files, unlike pickles, cannot run code when loaded."""

from pathlib import Path

import skops.io
from recipe import TARGET, build, read_params, read_patients


def main() -> None:
    params = read_params()
    patients = read_patients()
    model = build(params).fit(patients[params["features"]], patients[TARGET])
    path = Path("model/model.skops")
    path.parent.mkdir(exist_ok=True)
    skops.io.dump(model, path)
    print(f"{params['kind']} on {len(patients)} patients and {len(params['features'])} features: {path}")


if __name__ == "__main__":
    main()

"""A tiny real model, saved as a project would save it, and models that misbehave."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cdml.core.files import digest
from cdml.core.release import Artifact, Bundle, Field

ODD = '''
import os, sys, time

class Odd:
    """Does what the first value of the first row says, and then echoes that row."""

    def predict(self, rows):
        what = rows[0][0]
        if what == "print":
            print("{}" * 5)
            os.write(1, b"not the protocol")
        elif what == "read":
            return [sys.stdin.read()]
        elif what == "talk":
            sys.stderr.write("a line of a talkative model" * 3 + chr(10))
            for _ in range(20000):
                sys.stderr.write("blah blah blah blah blah blah" + chr(10))
        elif what == "die":
            sys.stderr.write("last words" + chr(10))
            sys.stderr.flush()
            os._exit(7)
        elif what == "leave":
            sys.exit("good bye")
        elif what == "hang":
            time.sleep(600)
        elif what == "nan":
            return [float("nan"), float("inf"), 1.5]
        return [value for value in rows[0]]
'''


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A binary classifier of `age` and `bp`, with classes no and yes."""
    import pandas
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs = pandas.DataFrame({"age": [1.0, 2, 3, 4, 5, 6], "bp": [3.0, 1, 4, 1, 5, 9]})
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(
        inputs, ["no", "no", "no", "yes", "yes", "yes"]
    )
    path = tmp_path_factory.mktemp("model") / "model.skops"
    skops.io.dump(fitted, path)
    return path


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A pickle of the misbehaving model, its module beside it."""
    (tmp_path / "odd.py").write_text(ODD)
    path = tmp_path / "odd.pkl"
    path.write_bytes(b"codd\nOdd\n)R.")
    return path


@pytest.fixture(scope="session")
def bundle(model: Path) -> Bundle:
    """The tiny model as a version that was reviewed."""
    found = digest(model)
    return Bundle(
        model="churn",
        environment="staging",
        version="v1.0.0",
        commit="c" * 40,
        artifact=Artifact("model/model.skops", found.sha256, found.size),
        file=model,
        python=Path(sys.executable),
        trusted=(),
        signature=(Field("age", "number"), Field("bp", "number")),
        positive="no",
    )

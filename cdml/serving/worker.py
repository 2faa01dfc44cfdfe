"""Loads a model and asks it, in the project's own interpreter; cdml's process only speaks JSON lines with it.

A script of its own: it imports nothing of cdml and runs on Python 3.8+, so that a project on other versions of
scikit-learn or pydantic just works. One request object per line on standard input, one answer object with the same
`id` per line on standard output. Whatever the model prints goes to standard error. A failed request answers
`{"id", "error", "kind", "hint"}`.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from typing import Any

PICKLES = {".joblib": "joblib", ".pkl": "pickle", ".pickle": "pickle"}


class Refusal(Exception):
    """A request that cannot be answered, in words for a person; `kind` is for the program that asks.

    `untrusted` and `load` are about the model file, `input` about the rows. `hint` is what to do.
    """

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.hint = hint


class Session:
    """The verbs, and the model between them."""

    def __init__(self) -> None:
        self.model: Any = None
        self.verbs: dict[str, Any] = {"environment": environment, "load": self.load, "predict": self.predict}

    def answer(self, line: str) -> dict[str, Any]:
        """The answer to one line; never raises for what a model does."""
        request = json.loads(line)
        reply = {"id": request.pop("id", None)}
        try:
            reply.update(self.verbs[request.pop("verb")](**request))
        except Refusal as refusal:
            reply.update(error=str(refusal), kind=refusal.kind, hint=refusal.hint)
        except (Exception, SystemExit) as error:
            reply.update(error=_words(error), kind="failed", hint="")
        return reply

    def load(self, path: str, trusted: list[str]) -> dict[str, Any]:
        """Load the model file `path`; `trusted` names the types (or `joblib`, `pickle`) that it may hold."""
        self.model = None
        model = _read(path, trusted)
        if not hasattr(model, "predict"):
            raise Refusal("load", f"{os.path.basename(path)} holds a {type(model).__name__}, which cannot predict")
        self.model = model
        return {"classes": _classes(model), "features": _features(model), "kind": _kind(model)}

    def predict(self, columns: dict[str, list[Any]]) -> dict[str, Any]:
        """Predictions of rows given by column, and the scores where the model has any.

        Scores of `predict_proba` are one list per row in the order of `classes`; those of `decision_function` of
        two classes are one number per row, larger for the second class.
        """
        if self.model is None:
            raise Refusal("load", "no model is loaded")
        rows = _rows(self.model, columns)
        try:
            predictions = _plain(self.model.predict(rows))
            scores = _scores(self.model, rows)
        except (ValueError, TypeError) as error:
            raise Refusal("input", f"the model refused this input: {_words(error)}") from error
        return {"predictions": predictions, "scores": scores, "classes": _classes(self.model)}


def environment() -> dict[str, Any]:
    """This interpreter's version and its installed distributions."""
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for distribution in distributions():
        name, version = _name_and_version(distribution)
        # The first on the path is the one that is imported.
        if name:
            found.setdefault(name, version)
    return {
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "packages": dict(sorted(found.items())),
    }


def _name_and_version(distribution: Any) -> tuple[str, str]:
    """From the head of its metadata: parsing all of it, readme included, costs ten times as much."""
    files = ("METADATA", "PKG-INFO", "")  # the last is an .egg-info that is itself a file
    text = next(filter(None, map(distribution.read_text, files)), "")
    fields: dict[str, str] = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        field, _, value = line.partition(":")
        fields.setdefault(field.lower(), value.strip())
    return fields.get("name", ""), fields.get("version", "")


def _read(path: str, trusted: list[str]) -> Any:
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".skops":
        return _read_skops(path, trusted)
    if suffix in PICKLES:
        return _read_pickle(path, PICKLES[suffix], trusted)
    known = ", ".join([".skops", *PICKLES])
    raise Refusal("load", f"{os.path.basename(path)} is in no format that cdml can load ({known})")


def _read_skops(path: str, trusted: list[str]) -> Any:
    name = os.path.basename(path)
    try:
        from skops import io
    except ImportError:
        raise Refusal(
            "load", f"{name} needs skops, which is not in the project's environment", "add skops to it"
        ) from None
    try:
        needed = io.get_untrusted_types(file=path)
        unknown = sorted(set(needed) - set(trusted))
        if unknown:
            raise Refusal(
                "untrusted",
                f"{name} holds types that are not trusted: {', '.join(unknown)}",
                f"if you know them, add to mlops.yaml: register: {{trusted: [{', '.join(unknown)}]}}",
            )
        return io.load(path, trusted=needed)
    except Refusal:
        raise
    except Exception as error:
        raise Refusal("load", f"{name} cannot be loaded: {_words(error)}") from error


def _read_pickle(path: str, kind: str, trusted: list[str]) -> Any:
    name = os.path.basename(path)
    if kind not in trusted:
        raise Refusal(
            "untrusted",
            f"{name} is a pickle, and loading a pickle runs whatever code stands in it",
            "save the model with skops; "
            "or, if you trust everybody who can write this file, add to mlops.yaml: "
            f"register: {{trusted: [{kind}]}}",
        )
    try:
        try:
            from joblib import load  # reads plain pickles too
        except ImportError:
            from pickle import load as unpickle

            with open(path, "rb") as file:
                return unpickle(file)  # noqa: S301 - trusted by name in mlops.yaml
        return load(path)
    except Exception as error:
        raise Refusal("load", f"{name} cannot be loaded: {_words(error)}") from error


def _classes(model: Any) -> list[Any] | None:
    found = getattr(model, "classes_", None)
    return None if found is None else _plain(found)


def _features(model: Any) -> list[str] | None:
    found = getattr(model, "feature_names_in_", None)
    return None if found is None else [str(name) for name in found]


def _kind(model: Any) -> str:
    if hasattr(model, "predict_proba") or hasattr(model, "classes_"):
        return "classifier"
    # A regressor of scikit-learn has brought scikit-learn along; importing it for another model takes seconds.
    base = sys.modules.get("sklearn.base")
    return "regressor" if base is not None and base.is_regressor(model) else "other"


def _rows(model: Any, columns: dict[str, list[Any]]) -> Any:
    """The input as the model knows it: a DataFrame with its columns in its order, or an array."""
    names = _features(model)
    if names is not None:
        missing = [name for name in names if name not in columns]
        if missing:
            raise Refusal("input", f"the model was trained on columns that are missing here: {', '.join(missing)}")
        columns = {name: columns[name] for name in names}
    if names is not None or type(model).__name__ == "Pipeline":
        try:
            return _frame(columns)
        except ImportError:
            pass
    return _array(columns)


def _frame(columns: dict[str, list[Any]]) -> Any:
    import pandas

    frame = pandas.DataFrame(columns)
    # A column of nothing but missing values would be of no type that a model can calculate with.
    empty = [name for name, values in columns.items() if all(value is None for value in values)]
    return frame.astype(dict.fromkeys(empty, "float64"))


def _array(columns: dict[str, list[Any]]) -> Any:
    import numpy

    values = list(columns.values())
    if any(isinstance(value, str) for column in values for value in column):
        return numpy.array(values, dtype=object).T
    return numpy.array(values, dtype="float64").T


def _scores(model: Any, rows: Any) -> Any:
    for name in ("predict_proba", "decision_function"):
        method = getattr(model, name, None)
        if method is not None:
            found = method(rows)
            # Several targets at once give a list of arrays, which no metric of ours reads.
            return None if isinstance(found, list) else _plain(found)
    return None


def _plain(values: Any) -> Any:
    """Arrays and numpy's numbers as JSON knows them; what is no finite number is null."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, (list, tuple)):
        return [_plain(value) for value in values]
    if isinstance(values, float) and not math.isfinite(values):
        return None
    return values if values is None or isinstance(values, (bool, int, float, str)) else str(values)


def _words(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def main() -> None:
    """Answer until standard input ends."""
    # The protocol's streams are put aside, so that nothing that a model reads or prints can disturb it.
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    # Who started this process decides when it ends: Ctrl-C is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # This file's neighbours are no modules of the project; the project's own folder is.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.getcwd(), *(path for path in sys.path if os.path.abspath(path) != here)]
    session = Session()
    for line in requests:
        answers.write(json.dumps(session.answer(line), allow_nan=False) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

"""A small project that trains at once, for an empty folder."""

from __future__ import annotations

import json
import math
import random

from cdml.core.errors import UsageError
from cdml.core.resources import render, templates

FOLDER = "project"
# Where a template goes, and what the file is for.
_FILES = (
    ("mlops.yaml.j2", "mlops.yaml", "how the model is trained and judged: the one file to edit"),
    ("train.py.j2", "train.py", "fits the model and saves it"),
    ("test_data.py.j2", "tests/test_data.py", "the project's own tests"),
    ("requirements.txt.j2", "requirements.txt", "what the project's Python needs"),
    ("README.md.j2", "README.md", "what this is and the next commands"),
)
_PLANS = ("monthly", "yearly")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def names() -> tuple[str, ...]:
    """The templates there are."""
    return tuple(sorted(entry.name for entry in templates().joinpath(FOLDER).iterdir() if entry.is_dir()))


def scaffold(template: str, model: str) -> tuple[tuple[str, str, str], ...]:
    """The files of a new project as path, content and purpose; UsageError for an unknown template."""
    if template not in names():
        raise UsageError(f"{template!r} is not a template", f"cdml init --template {names()[0]}")
    files = [
        (path, render(f"{FOLDER}/{template}/{name}", model=model, quoted=_scalar(model)), purpose)
        for name, path, purpose in _FILES
    ]
    made = "invented customers, so that there is something to learn"
    return (*files, ("data/train.csv", customers(2000, 1), made), ("data/test.csv", customers(1000, 2), made))


def customers(rows: int, seed: int) -> str:
    """A CSV table of invented customers, the same bytes for the same seed; `churned` follows from the others."""
    draw = random.Random(seed)  # noqa: S311 - invented data, no secret
    lines = ["age,months,monthly_fee,support_calls,plan,churned"]
    for _ in range(rows):
        age, months = draw.randint(18, 80), draw.randint(1, 72)
        fee, calls, plan = round(draw.uniform(10, 90), 2), min(int(draw.expovariate(0.6)), 9), draw.choice(_PLANS)
        logit = 0.45 * calls - 0.04 * months + 0.02 * fee - 0.01 * age - (0.8 if plan == "yearly" else 0)
        churned = int(draw.random() < 1 / (1 + math.exp(-logit)))
        lines.append(f"{age},{months},{fee},{calls},{plan},{churned}")
    return "\n".join(lines) + "\n"


def _scalar(name: str) -> str:
    """A model's name in YAML, in quotes only where it would be read as something else than text."""
    plain = name[0].isalpha() and name.lower() not in _YAML_WORDS
    return name if plain else json.dumps(name)

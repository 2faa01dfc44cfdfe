"""What every deployment target keeps to; a new one is covered unasked."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from cdml.deploy import TARGETS
from cdml.deploy.local import LocalOptions

HEAVY = ("fastapi", "uvicorn", "psutil", "requests", "sklearn", "pandas", "numpy")


@pytest.mark.parametrize("name", TARGETS)
def test_options_are_closed_and_frozen(name: str) -> None:
    options = TARGETS[name].options
    assert options.model_config.get("extra") == "forbid"
    assert options.model_config.get("frozen") is True
    assert all(field.description for field in options.model_fields.values())
    assert "target" not in options.model_fields


def test_naming_the_targets_imports_nothing_heavy() -> None:
    code = f"import sys, cdml.deploy; print([n for n in {HEAVY} if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("options", [{}, {"port": 0}, {"port": 65536}, {"port": True}, {"port": 1, "prot": 2}])
def test_wrong_options_of_local_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LocalOptions.model_validate(options)


def test_local_listens_on_this_machine_alone_unless_told() -> None:
    assert LocalOptions(port=8081).host == "127.0.0.1"

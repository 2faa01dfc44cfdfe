# Two commands on a fresh machine: `make demo` and `make test`. Both set up everything they need in .venv.
# `make test-real` adds the tests that need more than Python, git and make; what it cannot install it skips, and says so.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-real check format clean

demo: $(STAMP)
	$(BIN)/cdml demo

test: $(STAMP)
	$(BIN)/pytest -n auto

test-real: $(STAMP)
	$(BIN)/python tests/real/install.py
	$(BIN)/pytest -n auto -rs tests/real

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cdml -C example-project generate --check

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "cdml needs Python 3.11 or newer on PATH; or: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

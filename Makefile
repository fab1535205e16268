VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: demo test install

demo: install
	$(BIN)/enactive run "find the red mug in the kitchen"

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

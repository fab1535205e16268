VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
GL_PACKAGES := libegl1 libgl1-mesa-dri

.PHONY: demo test types pytest install opengl

demo: install
	$(BIN)/enactive run "find the red mug in the kitchen"

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --jobs 2 types pytest  # the type checker has one core at most

types: install
	$(BIN)/mypy

pytest: install
	$(BIN)/pytest -n 2 --dist worksteal

install: opengl $(VENV)/.installed

$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) \
	|| { echo "this Python makes no environment; on Debian or Ubuntu type: sudo apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e ".[dev]"
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # pip compiles on one core; some templates in there are no Python
	-$(BIN)/enactive models get minilm-weights  # who is offline now fetches it with the first run
	touch $@

# Rendering needs EGL or OSMesa: install it where that is allowed, else say the line to type.
opengl:
	@PATH="$$PATH:/usr/sbin:/sbin" ldconfig -p | grep -qE 'libEGL\.so\.1|libOSMesa\.so' \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq $(GL_PACKAGES); } \
	|| { echo "no EGL on this machine; type: sudo apt-get install $(GL_PACKAGES)"; exit 1; }

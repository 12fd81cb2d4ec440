# brownout: `make drill` and `make test` do all their own set-up; only python3 (3.11+), git and make are needed.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Some machines set it. A drill and its tests start hundreds of processes, each of which would compile
# what it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: drill drills test lint style setup setup-dev wheel clean

drill: setup
	@$(BIN)/brownout drill $(ARGS)

drills: setup
	@$(BIN)/python benchmarks/drills.py $(ARGS)

# Four files of tests at a time, as most wait for what they have started, and the types beside them;
# after them, one by one, those that measure.
test: setup-dev style
ifeq ($(strip $(ARGS)),)
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not alone"; tests=$$?; \
	wait $$types && exit $$tests
	@echo "one by one: tests that measure, a whole drill of some minutes among them" >&2
	@$(BIN)/python -m pytest -v -m alone $$(grep -rl --include='test_*.py' 'mark\.alone' tests)
else
	@$(BIN)/python -m pytest $(ARGS)
endif

lint: style
	@$(BIN)/mypy

style: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

setup: .venv/.installed
setup-dev: .venv/.installed-dev

# uv resolves and installs several times faster than pip; where it cannot, pip does the same.
.venv/.python:
	@command -v $(PYTHON) >/dev/null || { echo "brownout: $(PYTHON) not found; install Python 3.11 or later" >&2; exit 3; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"brownout: Python 3.11 or later is needed, this is {v[0]}.{v[1]}; run: make PYTHON=python3.12 drill")'
	@echo "setting up .venv (once, about a minute)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q uv 2>/dev/null || true
	@touch $@

.venv/.installed: .venv/.python pyproject.toml
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install -q -e . 2>/dev/null || $(BIN)/python -m pip install -q -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install -q -e '.[dev]' 2>/dev/null || $(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@

# The wheel carries the shop with its front end built.
wheel: setup-dev
	@$(BIN)/python -m brownout.stack.releases.frontend shop/frontend shop/frontend/dist
	@$(BIN)/python -m pip wheel -q --no-deps -w dist .

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache dist shop/frontend/dist shop/frontend/node_modules

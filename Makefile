# Everything a developer types. Needs make, python3 >= 3.11 and either pip or uv: no git, no venv module, no ensurepip.
#
#   make demo       the whole story against a mail server embedded in the program, in a temporary folder
#   make test       linters, then the tests with sampled kill matrix and profiles; under 15 minutes on 2 cores
#   make test-all   the same tests, nothing sampled
#   make lint       formatting, types for Linux and Windows, floors, generated files
#   make docs       writes schemas/ and the README's tables anew
#   make bench      speed and memory against the limits, as root
#   make setup      .venv with everything
#   make packages   what the tests need besides: Debian packages, npm packages in .tools
#   make clean      takes away what the above made

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all lint docs bench setup clean packages

PYTHON ?= python3
BIN := .venv/bin

# The system's own Python is used, and an activated environment of something else is left alone.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV

# A uv on the PATH is used as it is. Without one a fixed version goes into .tools: `pip install --target` works where
# the distribution keeps pip out of its own folders (PEP 668).
UV_VERSION := 0.13.9
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .tools/bin/uv)
TOOLS := $(filter .tools/bin/uv,$(UV))

# Tests wait for servers half of their time: one worker more than there are processors, four at most.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 3 ? n + 1 : 4)))
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS)

help:
	@sed -n 's/^#   make/make/p' Makefile

.tools/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
	    --upgrade --target .tools uv==$(UV_VERSION)
	@touch $@

# --inexact: what a developer has installed besides stays.
.venv/.runtime: pyproject.toml uv.lock | $(TOOLS)
	$(UV) sync --quiet --locked --inexact --no-default-groups
	@touch $@

.venv/.dev: pyproject.toml uv.lock | $(TOOLS)
	$(UV) sync --quiet --locked
	@touch .venv/.runtime $@

setup: .venv/.dev

demo: .venv/.runtime
	@$(BIN)/dtsconf demo

packages: .venv/.dev
	@tests/tools/system_packages.sh
	@tests/tools/node_modules.sh

test: packages lint
	$(PYTEST)

test-all: packages lint
	DTSCONF_TEST_ALL=1 $(PYTEST) --timeout 7200

lint: .venv/.dev
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --quiet --check
	$(BIN)/mypy --no-error-summary
	$(BIN)/mypy --no-error-summary --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python -m tests.tools.docs --check

docs: .venv/.dev
	$(BIN)/python -m tests.tools.docs

bench: .venv/.dev
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv .tools .nox dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

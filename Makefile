# Set-up, demonstration, tests and benchmarks. Each target sets up first where needed.
# Choose the interpreter with `make setup PYTHON=python3.13`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ALL_CORES := --numprocesses logical --maxprocesses 8 --dist worksteal
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow-test bench bench-quick peers notebooks lint

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(STAMP) ## make .venv with the versions of constraints.txt and the package, editable

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer wanted; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo 'not found')." >&2; \
	  echo "Name another one: make setup PYTHON=python3.13" >&2; exit 1; }
	@$(BIN)/python -c 'import sys' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV), which takes a minute or a few."
	$(PIP_INSTALL) --quiet --constraint constraints.txt --editable '.[test,circuits]'
	@touch $(STAMP)

demo: $(STAMP) ## train and compare QLSTMs and an LSTM on the damped oscillator
	$(BIN)/tnqlstm demo

test: $(STAMP) ## every test but the slow ones, on all cores
	$(BIN)/python -m pytest -m 'not slow' $(ALL_CORES)

slow-test: $(STAMP) ## the slow tests
	$(BIN)/python -m pytest -m slow

bench: $(STAMP) ## time training steps and large circuits, peers beside us; tables, JSON, a picture
	$(BIN)/python -m benchmarks

bench-quick: $(STAMP) ## the short ones of these, in less than five minutes; nothing is written
	$(BIN)/python -m benchmarks --quick

peers: .venv-peers/.installed ## make .venv-peers, with the simulators that bench compares with

.venv-peers/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --disable-pip-version-check --quiet --requirement $<
	@touch $@

notebooks: $(STAMP) ## run the notebooks and write their outputs into the .ipynb files
	$(BIN)/python -m tests.notebooks

lint: $(STAMP) ## ruff (rules and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

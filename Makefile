# `make help` lists the targets. Needed on the machine: make, and Python 3.11 or newer.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3 python,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

run: .venv/run ## the demo on http://127.0.0.1:8000 (PORT=… for another), GoodTime's simulator at work
	@$(BIN)/python server.py demo --port $(PORT)

test: .venv/test ## every test that this machine can run, on SQLite and on PostgreSQL; TESTS='-k push' picks some
	@$(BIN)/python -m tests $(TESTS)

check: .venv/test ## lint, format, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test ## measure, beside peers and on PostgreSQL: half an hour, a table each (docs/benchmarks.md)
	@for each in execution profile push fanout growth; do echo "== $$each"; $(BIN)/python -m benchmarks.$$each || exit 1; done

SECONDS ?= 300
soak: .venv/test ## random faults under load on several processes and PostgreSQL, five minutes (SECONDS=… for less): who missed what
	@$(BIN)/python -m benchmarks.soak --seconds $(SECONDS)

lock: ## pin what pyproject.toml asks for, afresh, in constraints.txt
	rm -rf var/lock
	$(PYTHON) -m venv var/lock
	var/lock/bin/pip install --quiet '.[test]'
	var/lock/bin/pip freeze --exclude callboard > constraints.txt
	rm -rf var/lock

clean: ## remove what was made: the environment, the demo's database, caches
	rm -rf .venv var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/run: pyproject.toml constraints.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	@touch $@

.venv/test: pyproject.toml constraints.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]' -c constraints.txt
	@touch $@ .venv/run

.venv/bin/pip:
	@test -n '$(PYTHON)' || { echo 'Callboard needs Python 3.11 or newer: install it, or say PYTHON=/path/to/python.' >&2; exit 1; }
	$(PYTHON) -m venv .venv

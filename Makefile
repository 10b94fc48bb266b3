# `make help` lists the targets. Needed on the machine: make, and Python 3.11 or newer.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3 python,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
PORT ?= 8000
UV := 0.13.9
PIP_AUDIT := 2.10.1
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test upgrade-test check bench soak attack nightly mutants audit lock hashes migration clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: .venv/run ## the demo on http://127.0.0.1:8000 (PORT=… for another), GoodTime's simulator at work
	@$(BIN)/python server.py demo --port $(PORT)

test: .venv/test ## every test that this machine can run, on SQLite and on PostgreSQL; TESTS='-k push' runs some, on SQLite
	@$(BIN)/python -m tests $(TESTS)

upgrade-test: .venv/test ## each earlier release of tests/test_rolling_upgrades.py and this one on one database together, on SQLite and PostgreSQL
	CALLBOARD_UPGRADES=1 $(BIN)/python -m pytest -q tests/test_rolling_upgrades.py
	CALLBOARD_UPGRADES=1 CALLBOARD_TEST_DATABASE=postgres $(BIN)/python -m pytest -q tests/test_rolling_upgrades.py

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

attack: SECONDS = 60
attack: .venv/test ## three attackers at full rate, a minute each (SECONDS=… for less), on this machine: what another account notices
	@$(BIN)/python -m benchmarks.attack --seconds $(SECONDS)

nightly: .venv/test ## thousands of made-up cases, about a quarter of an hour: what `make test` does with a small budget of them
	CALLBOARD_TEST_TIMES=30 $(BIN)/python -m pytest -n auto -q tests/test_execution_differential.py
	CALLBOARD_TEST_TIMES=20 $(BIN)/python -m pytest -n auto -q tests/test_fuzzing.py tests/test_fuzzing_connections.py \
		tests/test_bad_input.py tests/test_calendar.py tests/test_candidates.py tests/test_concurrency.py \
		tests/test_convergence.py tests/test_feed_replay.py tests/test_cursors.py
	@! command -v apt-get >/dev/null || test "$$(id -u)" != 0 || { apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$(cat tests/readers/debian.txt); }
	CALLBOARD_NIGHTLY=1 $(BIN)/python -m pytest -q -rs tests/test_calendar_programs.py tests/test_client_tools.py

mutants: .venv/test ## plant 44 faults, one at a time, and see that a test finds each (K=name picks)
	@$(BIN)/python -m tests.mutants -k '$(K)'

audit: ## ask the advisory databases, OSV or else PyPI, what they know against the versions in constraints.txt
	@test -x var/audit/bin/pip-audit || { $(PYTHON) -m venv var/audit && var/audit/bin/pip install --quiet pip-audit==$(PIP_AUDIT); }
	@for service in osv pypi; do \
		found=$$(var/audit/bin/pip-audit -s $$service --strict --no-deps --disable-pip --progress-spinner off \
			-r constraints.txt 2> var/audit/$$service.log) \
			&& { echo "Nothing is known against the versions in constraints.txt ($$service)."; exit 0; }; \
		test -z "$$found" || { echo "$$found"; exit 1; }; \
	done; \
	echo 'Nothing was audited: no advisory database answers. var/audit/osv.log and pypi.log say why.' >&2; exit 1

# Of any platform and any Python that is taken: what only some of them need has its marker in requirements*.txt.
RESOLVED = var/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url

lock: var/lock/bin/uv ## pin what pyproject.toml asks for, afresh: versions in constraints.txt, hashes in requirements*.txt
	$(RESOLVED) --extra test pyproject.toml > var/lock/all
	sed 's/ *;.*//' var/lock/all > constraints.txt
	@$(MAKE) --no-print-directory hashes

hashes: var/lock/bin/uv ## write requirements*.txt, with a hash for each file there is of the versions in constraints.txt
	@: > var/lock/before; for extra in '' otel test; do \
		$(RESOLVED) -c constraints.txt $${extra:+--extra $$extra} pyproject.toml > var/lock/all || exit 1; \
		grep -vxFf var/lock/before var/lock/all > var/lock/added.in; \
		$(RESOLVED) --no-deps --generate-hashes var/lock/added.in > requirements$${extra:+-$$extra}.txt || exit 1; \
		cp var/lock/all var/lock/before; \
	done

migration: .venv/run ## write the migration of what has changed in models/, NAME=what_it_does, and say what it needs next
	@test -n '$(NAME)' || { echo 'Say what it does: make migration NAME=panel_floors' >&2; exit 1; }
	@written=$$($(BIN)/python -m tortoise -c database.TORTOISE_ORM makemigrations --name '$(NAME)') || exit 1; echo "$$written"; \
	case "$$written" in *Created*) printf '%s\n' \
		'Next:' \
		'1. Read it. Migrations only add, for processes of the version before go on while it is applied: a new column is nullable' \
		'   or has a default. `callboard migrate --plan` says what it locks. It writes no rows.' \
		'2. What rows need, those there are and those that the version before goes on writing, is a Repair in models/upgrades.py, in' \
		'   SQL that SQLite and PostgreSQL have; a Trigger keeps right what could not be mended later. Tests of both beside those in' \
		'   tests/test_migrations.py and tests/test_upgrades.py.' \
		'3. Name the commit before it in RELEASES of tests/test_rolling_upgrades.py, then make upgrade-test.' \
		"4. make test TESTS=tests/test_migrations.py, and the same with CALLBOARD_TEST_DATABASE=postgres: from an empty database and" \
		'   from each earlier version, it must end at what the models say. The failed assertion says what is missing.';; \
	esac

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

var/lock/bin/uv:
	$(PYTHON) -m venv var/lock
	var/lock/bin/pip install --quiet uv==$(UV)

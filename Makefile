# What a person types here. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
PY := .venv/bin/python
# Named by what it holds, so that another branch's locks, or a venv somebody removed, are noticed. Not by a time stamp: git keeps none.
LOCKS := requirements-uv.txt requirements-dev.txt
READY := .venv/.ready-$(shell cat $(LOCKS) | cksum | tr -d ' ')
LOCK := .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q

export PYTHONPATH := $(CURDIR)/plugins
export COVERAGE_FILE
# Nothing here computes with matrices, and each process that imports numpy would have a thread that spins for such work.
export OPENBLAS_NUM_THREADS := 1

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Try it
.PHONY: demo demo-break demo-mend demo-status demo-stop demo-clean demo-env
demo: venv ## Start everything here, without Docker, and run a whole night on the sample database through Airflow
	@$(PY) -m demo up $(ARGS)

demo-break: venv ## Break the sample and a backup of it on purpose: see red, the mails, and the remedies
	@$(PY) -m demo break

demo-mend: venv ## Do what the mails say, and see it green again
	@$(PY) -m demo mend

demo-status: venv ## What of the demo runs, where, and with which users
	@$(PY) -m demo status

demo-env: venv ## Variables for your own tools: eval "$(make demo-env)"
	@$(PY) -m demo env

demo-stop: venv ## Stop the demo and keep its data
	@$(PY) -m demo stop

demo-clean: venv ## Stop the demo and delete its data
	@$(PY) -m demo clean

##@ Test it
LAYERS := unit contract integration airflow e2e faults
# On real servers, and mostly waiting for them. The files that take longest come first, and so that no two Airflows start at
# once; the stack that all other files of e2e share stays in a process of its own, beside these.
WAITING := tests/faults tests/e2e/test_demo.py tests/airflow tests/e2e/test_compose.py \
  tests/integration/test_take_over.py tests/integration
WORKERS ?= 2
# A third of what each of them does is waiting, so that these and the one beside them keep two cores at work.
WAITING_WORKERS ?= 3
PYTEST := $(PY) -m $(if $(COVERAGE_FILE),coverage run -m )pytest

.PHONY: test
test: venv browser redis ## Run every layer, the fast ones first (ARGS="-k word" narrows)
	$(PYTEST) -n $(WORKERS) --dist loadfile tests/unit tests/contract $(ARGS)
	@echo "Those that measure what is to stay as it was run while nothing else does"
	@$(PY) -m pytest -m quiet $$(grep -rl --include='test_*.py' 'pytest\.mark\.quiet' tests/airflow tests/integration) $(ARGS)
	@echo "Most of the layer e2e, which mostly waits as well, runs beside the others; what it says follows at their end"
	@said=$$(mktemp); trap 'rm -f $$said' EXIT; ended=0; \
	$(PY) -m pytest tests/e2e $(patsubst %,--ignore=%,$(filter tests/e2e/%,$(WAITING))) $(ARGS) >$$said 2>&1 & e2e=$$!; \
	$(PYTEST) -n $(WAITING_WORKERS) --dist loadfile --no-loadscope-reorder -m "not quiet" $(WAITING) $(ARGS) || ended=$$?; \
	wait $$e2e || ended=$$?; cat $$said; exit $$ended

.PHONY: coverage
# What is not counted, and why: tests/uncounted.py. The shares hold without it.
coverage: ## Run every layer, and hold the packages to their shares of covered lines and branches
	rm -rf .coverage; mkdir .coverage
	@$(MAKE) test COVERAGE_FILE=$(CURDIR)/.coverage/data
	@export COVERAGE_FILE=.coverage/data; $(PY) -m coverage combine -q; ended=0; \
	$(PY) -m coverage report --include='plugins/dbops/*' --fail-under=95 || ended=$$?; \
	$(PY) -m coverage report --include='plugins/dbops_airflow/*' --fail-under=85 || ended=$$?; exit $$ended

.PHONY: $(LAYERS:%=test-%)
test-unit: ## Rules and values: no process, no network, seconds
test-contract: ## Conventions, and one suite for a real thing and its fake
test-integration: ## Real PostgreSQL, real S3
test-airflow: ## DAGs, operators, alerts under Airflow
test-e2e: ## The whole stack, as a person with a browser sees it (needs Chromium and Redis)
test-e2e: browser redis
test-faults: ## What happens when something is killed, full, slow or gone
$(LAYERS:%=test-%): test-%: venv
	$(PYTEST) tests/$* $(ARGS)

FUZZED := tests/unit/fuzz tests/airflow/test_page_fuzzed.py
EXAMPLES ?= 5000
.PHONY: fuzz
fuzz: venv ## Feed damaged records, files, arguments and requests for an hour or so, other ones each time (EXAMPLES=100: fewer)
	DBOPS_FUZZ=$(EXAMPLES) $(PYTEST) -o timeout=0 $(FUZZED) $(ARGS)

.PHONY: screenshots
screenshots: venv browser ## Take the pictures of docs/images anew, from a stack of their own (5 minutes)
	@$(PY) -m tests.e2e.screenshots

.PHONY: lint format types floors compose-check
lint: venv ## Style: ruff
	.venv/bin/ruff check
	.venv/bin/ruff format --check

format: venv ## Let ruff put the style right
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

types: venv ## Types: mypy, strict
	.venv/bin/mypy --num-workers $(WORKERS)

floors: venv ## Imports only point down
	.venv/bin/lint-imports

compose-check: venv ## docker-compose.yaml and Dockerfile, without a Docker engine
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	.venv/bin/hadolint Dockerfile
	@if docker compose version >/dev/null 2>&1; then \
	  docker compose --env-file .env.example config --quiet; \
	else echo "docker compose is not on this machine: its own 'config' check is left to those who have it"; fi

ENV_FILE ?= .env
SECRETS ?= .secrets
.PHONY: compose-env
compose-env: ## Write .env and .secrets/ for docker-compose.yaml, with generated passwords
	@if [ -e $(ENV_FILE) ]; then echo "$(ENV_FILE) is there already: remove it to have a new one" >&2; exit 1; fi
	@deploy/compose/write-secrets $(SECRETS)
	@cp .env.example $(ENV_FILE)
	@echo "Wrote $(ENV_FILE) and $(SECRETS)/. The passwords of Airflow's users: $(SECRETS)/airflow_users.json"

.PHONY: mutants
mutants: venv ## Change the rules of domain/ one by one: does a test notice? Hours; ARGS="backups.retention": these modules
	nice -n 19 $(PY) -m mutation $(ARGS)

.PHONY: bench
bench: venv ## Measure backup, restore, checks, probes and the page beside the usual ways (about 45 minutes, 25 GB of disk)
	$(PY) -m benchmarks $(ARGS)

.PHONY: matrix
matrix: venv ## Try the wheel with each Airflow, Python and PostgreSQL of docs/support.md (10 minutes or more; ARGS="--airflow 3.2", ARGS=--ci)
	@$(PY) -m support $(ARGS)

##@ Keep it
.PHONY: venv
venv: $(READY) ## Install what requirements-dev.txt locks into .venv

$(READY): $(LOCKS)
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "There is no $(PYTHON) here: install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1), and this needs Python 3.11 or newer (tried with 3.11 to 3.13): name another: make PYTHON=python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@df -Pm . | awk 'NR == 2 && $$4 < 3000 { print "This disk has " $$4 " MB free, and installing needs 3000 MB: make room, or use a checkout on another disk"; exit 1 }' >&2
	@test -x .venv/bin/uv || { echo "Making .venv" >&2; "$(PYTHON)" -m venv .venv; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt; }
	@echo "Installing what $(LOCKS) lock" >&2 # eval "$$(make demo-env)" reads stdout
	@.venv/bin/uv pip sync --python $(PY) --quiet --compile-bytecode --require-hashes $(LOCKS)
	@rm -f .venv/.ready-* && touch $@

.PHONY: browser redis
redis:
	@command -v redis-server >/dev/null || { \
	  echo "The e2e tests run Celery with a real Redis, and redis-server is not here: apt-get install redis-server" >&2; exit 1; }

browser:
	@for program in chromium chromedriver; do command -v $$program >/dev/null || { \
	  echo "The e2e tests drive a browser, and $$program is not here: apt-get install chromium chromium-driver" >&2; exit 1; }; done

.PHONY: lock
lock: venv ## Choose versions again after a change of a requirements*.in (ARGS=--upgrade: all of them)
	$(LOCK) $(ARGS) requirements-uv.in -o requirements-uv.txt
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) requirements-image.in -o requirements-image.txt
	$(LOCK) $(ARGS) --excludes requirements-without.in requirements-dev.in -o requirements-dev.txt

.PHONY: sbom
sbom: venv ## Write what production is made of: sbom.json (CycloneDX, not committed) and docs/licenses.md
	@$(PY) -m supply

.PHONY: wheel
wheel: venv ## Build the wheel for an Airflow that is there already, into dist/
	@$(PY) -m hatchling build -t wheel -d dist

.PHONY: clean
clean: ## Remove .venv and every cache (make demo-clean removes the demo)
	@if [ -d .demo ]; then echo "The demo is still here, and runs from .venv: make demo-clean first" >&2; exit 1; fi
	rm -rf .venv dist .coverage .mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

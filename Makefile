# One entry for people and CI. `make help` lists the targets. Needs: git, Python 3.11+, Go (for the sandbox and the tools), make.
SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Byte code is kept: the tests start thousands of processes.
export PYTHONDONTWRITEBYTECODE :=

VENV ?= .venv
BIN  := $(VENV)/bin
PY   := $(BIN)/python
# Three workers: the smallest CI machine has two cores, and a third of the time is waiting for the API server.
WORKERS ?= 3
ORACLE_CASES ?= 100000
ORACLE_SEED  ?= 1
FUZZ_SECONDS ?= 600
PYTEST_ARGS ?=
TORTURE_ARGS ?=
BENCH ?=

# The stamps carry the tree's own path: a copied tree must not run the code of the tree that it was copied from.
HERE   := $(shell printf '%s' '$(CURDIR)' | cksum | cut -d' ' -f1)
LOCKED := $(VENV)/.locked-$(HERE)
READY  := $(VENV)/.ready-$(HERE)
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.PHONY: help setup tools tools-path sandbox check test completions docs demo demo-clean bench oracle fuzz torture lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: $(READY) ## the development environment, in .venv (or VENV=…)

$(LOCKED): requirements-dev.lock
	@python=; for candidate in $${PYTHON:-python3.13 python3.12 python3.11 python3}; do \
	  if "$$candidate" -c '$(SUITABLE)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "no Python 3.11 or newer (with venv and ensurepip) on PATH; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi; \
	echo "setup: $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

tools: setup ## helm, kustomize, age, sops, kubectl, kubeseal in pinned versions, in the user's cache
	@$(PY) tools/install.py
	@$(PY) tools/install_moto.py

tools-path: ## print the folder of these tools: export PATH="$$(make -s tools-path):$$PATH"
	@python=$(PY); [ -x "$$python" ] || for python in python3.13 python3.12 python3.11 python3; do "$$python" -c '$(SUITABLE)' >/dev/null 2>&1 && break; done; \
	"$$python" tools/install.py --path

sandbox: setup ## build the sandbox's programs (the first build takes 8 minutes)
	@$(PY) -u -c "from gitctl.sandbox.build import build; print('sandbox:', build(print).sandbox.parent)"

check: setup ## ruff, mypy, import-linter, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PY) -m pytest -q -p no:cacheprovider tests/unit/test_house.py tests/unit/test_error_ids.py

test: check tools sandbox ## all checks and all tests; PYTEST_ARGS="-k name" for some
	PATH="$$($(PY) tools/install.py --path):$$($(PY) tools/install_moto.py --path):$$PATH" $(PY) -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

completions: setup ## write completions/ anew
	$(PY) tools/generate_completions.py

docs: setup ## write the generated pages anew: docs/ (commands, exit codes, schemas) and man/
	@$(PY) tools/generate_docs.py
	@$(PY) tools/generate_man.py
	@$(PY) tools/generate_schema.py
	@$(PY) tools/generate_result_schemas.py

demo: setup ## the whole loop: on a branch at once, while tools and control plane are built; then on a real API server, two minutes
	@PATH="$(abspath $(BIN)):$$PATH" $(PY) examples/demo.py

demo-clean: setup ## remove what the demo left
	@PATH="$(abspath $(BIN)):$$($(PY) tools/install.py --path):$$PATH" $(PY) examples/demo.py --clean

bench: tools sandbox ## start-up, completion, hooks, validate; then gitctl beside kubectl and helm, written into benchmarks/README.md; BENCH="--only one"
	PATH="$(abspath $(BIN)):$$($(PY) tools/install.py --path):$$PATH" $(PY) benchmarks/startup.py
	PATH="$(abspath $(BIN)):$$($(PY) tools/install.py --path):$$PATH" $(PY) benchmarks/completion.py
	PATH="$(abspath $(BIN)):$$($(PY) tools/install.py --path):$$PATH" $(PY) benchmarks/hooks.py
	PATH="$(abspath $(BIN)):$$($(PY) tools/install.py --path):$$PATH" $(PY) benchmarks/scan.py
	$(PY) benchmarks/validate.py
	PYTHONPATH=. PATH="$(abspath $(BIN)):$$($(PY) tools/install.py --path):$$PATH" $(PY) benchmarks/compare.py --write $(BENCH)

oracle: sandbox ## random mutations on a real API server: is what certificates prove what it says? ORACLE_CASES=100000 ORACLE_SEED=1; goes on where it stopped
	$(PY) -m tests.oracle --cases $(ORACLE_CASES) --seed $(ORACLE_SEED)

fuzz: setup ## hostile bytes for every reader: FUZZ_SECONDS=600 for all together
	PYTHONPATH=. $(PY) -m tests.fuzz --seconds $(FUZZ_SECONDS)

torture: tools sandbox ## the long versions of all campaigns, and the table of docs/reliability.md; goes on where it stopped; TORTURE_ARGS="--again --write FILE …"
	PATH="$$($(PY) tools/install.py --path):$$($(PY) tools/install_moto.py --path):$$PATH" $(PY) -m tests.torture --workers $(WORKERS) $(TORTURE_ARGS)

lock: ## resolve requirements-dev.lock anew; needs uv (python3 -m pip install uv), which nothing else does
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  pyproject.toml requirements-dev.in --output-file requirements-dev.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  requirements-moto.in --output-file requirements-moto.lock
	$(MAKE) setup
	$(PY) tools/runtime_lock.py

clean: ## remove the environment and caches in this tree
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

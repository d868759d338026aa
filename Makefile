# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# `make test` runs every check; each can be run by itself. CONTRIBUTING.md says what they are.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
# Outside the checkout, so that `git clean` leaves it and every checkout shares it.
CACHE := $(or $(NETGUARD_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/netguard-calico)
KEY := $(shell { cat requirements-dev.txt; $(PYTHON) --version; } 2>&1 | sha256sum | cut -c1-16)
VENV := $(CACHE)/venv-$(KEY)
BIN := $(VENV)/bin
COLLECTION := build/collections/ansible_collections/netguard/calico
export NETGUARD_CACHE := $(CACHE)
export PATH := $(BIN):$(PATH)
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider

.PHONY: setup lint types unit sanity integration test demo bench fuzz build lock clean
.NOTPARALLEL:

setup: $(VENV)/ready $(COLLECTION)

# `ready` is written last: an environment that was interrupted is made anew.
$(VENV)/ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "netguard.calico needs Python 3.10 or newer; make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@echo "== setup: installing the development environment into $(VENV)"
	@rm -rf $(VENV)
	@mkdir -p $(CACHE)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR) $@

lint: setup
	@echo "== lint"
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check --diff .
	@$(BIN)/yamllint --strict .
	@$(BIN)/ansible-lint --offline --strict
	@$(BIN)/antsibull-changelog lint
	@$(BIN)/vermin --quiet --no-tips --target=3.10- --violations plugins tests
	@$(BIN)/python tests/cluster/crds.py --check

types: setup
	@echo "== types"
	@$(BIN)/mypy

unit: setup
	@echo "== unit"
	@$(PYTEST) -q tests/unit tests/conformance tests/scenarios tests/fuzz

sanity: setup
	@echo "== sanity"
	@$(BIN)/python tests/sanity.py $(CACHE)

integration: setup
	@echo "== integration"
	@$(PYTEST) -q -rs tests/cluster tests/integration

test: lint types unit sanity integration
	@echo "== all checks passed"

demo: setup
	@$(BIN)/python tests/demo/demo.py

bench: setup
	@for benchmark in tests/benchmarks/bench_*.py; do $(BIN)/python $$benchmark; done

# make fuzz SECONDS=600 [SEED=...]
SECONDS ?= 60
fuzz: setup
	@$(BIN)/python tests/fuzz/fuzz.py $(SECONDS) $(SEED)

build: setup
	@mkdir -p build
	@$(BIN)/ansible-galaxy collection build --force --output-path build

lock: setup
	@{ head -n 2 requirements-dev.in; echo "# Written by \`make lock\` from requirements-dev.in."; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links requirements-dev.in; } > build/requirements-dev.txt
	@mv build/requirements-dev.txt requirements-dev.txt

clean:
	@rm -rf build .ansible tests/output

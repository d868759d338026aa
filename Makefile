# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# `make test` runs every check; each can be run by itself. CONTRIBUTING.md says what they are.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
# Outside the checkout, so that `git clean` leaves it and every checkout shares it.
CACHE := $(or $(NETGUARD_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/netguard-calico)
# An environment's folder is named by what is in it.
key = $(shell { cat $(1); $(PYTHON) --version; } 2>&1 | sha256sum | cut -c1-16)
# Other versions of what the checks run on; see tests/versions.py.
LOCK := requirements-dev.txt
VENV := $(CACHE)/venv-$(call key,$(LOCK))
IMPORTER := $(CACHE)/importer-$(call key,requirements-importer.txt)
COMPARED := $(CACHE)/compared-$(call key,requirements-compared.txt)
BIN := $(VENV)/bin
COLLECTION := build/collections/ansible_collections/netguard/calico
export NETGUARD_CACHE := $(CACHE)
export PATH := $(BIN):$(PATH)
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
INTEGRATION := tests/cluster tests/integration

# `ready` is written last: an environment that was interrupted is made anew.
define environment
	@echo "== setup: installing $(1) into $(@D)"
	@rm -rf $(@D)
	@mkdir -p $(CACHE)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@touch $@
endef

.PHONY: setup lint types unit sanity publish-checks integration test test-versions test-all dataplane demo bench fuzz build lock clean
.NOTPARALLEL:

setup: $(VENV)/ready $(COLLECTION)

$(VENV)/ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "netguard.calico needs Python 3.10 or newer; make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	$(call environment,$(LOCK))

$(IMPORTER)/ready: | $(VENV)/ready
	$(call environment,requirements-importer.txt)

$(COMPARED)/ready: | $(VENV)/ready
	$(call environment,requirements-compared.txt)

$(COLLECTION):
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR) $@

lint: setup
	@echo "== lint"
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check --diff .
	@$(BIN)/yamllint --strict .
	@ANSIBLE_COLLECTIONS_PATH=build/collections $(BIN)/ansible-lint --offline --strict --profile production
	@$(BIN)/antsibull-changelog lint
	@ANSIBLE_COLLECTIONS_PATH=build/collections $(BIN)/antsibull-docs lint-collection-docs --plugin-docs \
		--validate-collection-refs all --disallow-unknown-collection-refs --check-extra-docs-refs $(COLLECTION)
	@$(BIN)/antsibull-nox lint-config
	@$(BIN)/nox --no-venv --envdir build/nox --sessions extra-checks license-check 2> build/nox.log \
		|| { cat build/nox.log >&2; exit 1; }
	@$(BIN)/reuse lint --lines
	@$(BIN)/vermin --quiet --no-tips --target=3.10- --violations plugins tests
	@$(BIN)/python tests/cluster/crds.py --check

types: setup
	@echo "== types"
	@$(BIN)/mypy

unit: setup
	@echo "== unit"
	@$(PYTEST) -q -rs --numprocesses 2 tests/unit tests/conformance tests/scenarios tests/fuzz

sanity: setup
	@echo "== sanity"
	@$(BIN)/python tests/sanity.py $(CACHE)

publish-checks: setup $(IMPORTER)/ready
	@echo "== publish-checks"
	@$(BIN)/python tests/publishing.py $(CACHE) $(IMPORTER)/bin

integration: setup
	@echo "== integration"
	@$(PYTEST) -q -rs --numprocesses 2 $(INTEGRATION)

test: lint types unit sanity publish-checks dataplane integration demo
	@echo "== all checks passed"

# make test-versions ROWS=all
ROWS ?= ends
test-versions: setup
	@echo "== versions"
	@$(BIN)/python tests/versions.py $(ROWS)

test-all: test test-versions

# make dataplane [LABS="iptables nftables"]
dataplane: setup
	@echo "== dataplane"
	@$(BIN)/python tests/dataplane/lab.py $(LABS)

# make demo [BACKEND=native|aggregated]
demo: setup
	@echo "== demo"
	@$(BIN)/python tests/demo/demo.py $(BACKEND)

bench: setup $(COMPARED)/ready
	@for benchmark in tests/benchmarks/bench_*.py; do NETGUARD_COMPARED=$(COMPARED)/bin $(BIN)/python $$benchmark; done

# make fuzz SECONDS=600 [SEED=...]
SECONDS ?= 60
fuzz: setup
	@$(BIN)/python tests/fuzz/fuzz.py $(SECONDS) $(SEED)

build: setup
	@mkdir -p build
	@$(BIN)/ansible-galaxy collection build --force --output-path build

# $(call locked,name,options of uv)
define locked
	@{ head -n 2 $(1).in; echo "# Written by \`make lock\` from $(1).in."; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links $(2) $(1).in; } > build/$(1).txt
	@mv build/$(1).txt $(1).txt
endef

lock: setup
	$(call locked,requirements-dev)
	$(call locked,requirements-importer)
	$(call locked,requirements-compared)
	$(call locked,requirements-oldest,--resolution lowest-direct)

clean:
	@rm -rf build .ansible tests/output

# What one can do here. `make` alone lists it; README.md tells the story. Everything that is made lies in .venv and .make, and
# `make clean` takes both away again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 test` takes another.
new_enough := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(shell $(name) -c '$(new_enough)' 2>/dev/null && echo $(name))))
ifeq ($(PYTHON),)
$(error Mailsonde needs Python 3.11 or later, and none was found: install it, or say where it is with PYTHON=/path/to/python3)
endif

# A stamp's name holds the hash of what was installed, so a changed lock installs again and an old checkout's date does not.
hash = $(firstword $(shell cat $(1) | sha256sum))
base_stamp = .venv/stamp-base-$(call hash,requirements.lock pyproject.toml)
test_stamp = .venv/stamp-test-$(call hash,requirements.lock requirements-test.lock pyproject.toml)
bench_stamp = .venv/stamp-bench-$(call hash,requirements-test.lock bench/requirements.lock)
INSTALL = $(PYTHON) -B -m setup.venv

.PHONY: help demo test lint proof bench blame lock picture clean setup-demo setup-test setup-bench

help: ## list what one can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

demo: setup-demo ## start a real mail system on loopback and the service on it, break it, mend it, and show what the service says
	@.venv/bin/python -m setup.demo

test: setup-test ## all that must hold before a change is handed in: lint, types, import contracts, tests
	@$(MAKE) lint
	@.venv/bin/pytest -m "not proof" -n 2 --dist loadfile  # two at a time: most of them wait for deadlines, each half on a lab of its own

lint: $(test_stamp) ## ruff, mypy --strict, import contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

proof: setup-bench ## what takes long; goes on where it was stopped; figures land in bench/RESULTS.md
	@.venv/bin/python -m bench.proof --keep

bench: setup-bench ## measure against the peers and print tables; figures land in bench/RESULTS.md
	@.venv/bin/python -m bench.proof --bench

blame: setup-bench ## break the lab in 108 ways and write into docs/blame.md what was named; goes on where it was stopped (AGAIN=1: anew)
	@.venv/bin/python -m bench.blame

lock: $(test_stamp) ## pin all versions anew, with hashes and without any index's address
	@.venv/bin/python -m setup.lock

picture: setup-demo ## draw docs/probe-run.svg, the README's picture, from a real run
	@.venv/bin/python -m setup.picture

clean: ## stop service and lab and leave nothing of all this in the tree
	@$(PYTHON) -B -m setup.clean

setup-demo:
	@$(PYTHON) -B -m setup.debian lab
	@$(MAKE) -s $(base_stamp)

setup-test:
	@$(PYTHON) -B -m setup.debian lab tests
	@$(MAKE) -s $(test_stamp)

setup-bench:
	@$(PYTHON) -B -m setup.debian lab tests
	@$(MAKE) -s $(bench_stamp)

$(base_stamp):
	@$(INSTALL) --stamp $@ requirements.lock

$(test_stamp):
	@$(INSTALL) --stamp $@ requirements-test.lock

$(bench_stamp): $(test_stamp)
	@$(INSTALL) --stamp $@ bench/requirements.lock

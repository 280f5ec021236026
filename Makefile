# Everything stays in this folder, except missing Debian packages (installed by apt, as root only) and the TimescaleDB
# that the tests fetch into /var/tmp/vitalsd-UID.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench soak deb roots lock devices manuals audit clean
MAKEFLAGS += --no-print-directory
# The tests start hundreds of processes: what each imports is compiled once.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
# Half as many workers again as processors: a third of what the tests take is waiting.
WORKERS = $(shell echo $$(( $$(nproc) + ($$(nproc) + 1) / 2 )))
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--no-header pyproject.toml --group build

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## simulated devices, bed daemon, store and page on this machine (options: ARGS="--port 8080 --keep DIR")
	@tools/setup.sh run $(findstring mqtt-sensor,$(ARGS))
	@mkdir -p .demo
	@TMPDIR=$(CURDIR)/.demo tools/foreground.sh $(BIN)/vitalsd demo $(ARGS)

test: lint ## lint, then every test, against a real TimescaleDB and a real browser (options: ARGS="-k name")
	@$(BIN)/python -m tests.timescale >/dev/null
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not soak and not roots" $(ARGS)

lint: ## ruff, mypy, import-linter
	@tools/setup.sh dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: ## rates and latencies beside budgets and references (options: ARGS="decode packing", REFERENCES=1: AtriumDB, FLAC)
	@tools/setup.sh dev
	@[ -z "$(REFERENCES)" ] || tools/references.sh
	@$(BIN)/python -m tests.bench $(ARGS)

soak: ## the long forms of the tests
	@tools/setup.sh dev
	@$(BIN)/python -m tests.timescale >/dev/null
	@$(BIN)/pytest -n auto -m soak $(ARGS)

deb: ## dist/vitalsd_VERSION+debN_ARCHITECTURE.deb for the Debian that it is made on
	@tools/deb/build.sh

roots: ## the package, built, installed and run in a Debian 12 and a Debian 13 of their own; as root
	@tools/setup.sh dev roots
	@$(BIN)/pytest -n 2 --dist loadscope -m roots $(ARGS)

lock: ## the newest allowed versions into requirements*.lock
	@tools/setup.sh dev
	@$(BIN)/pip install -q --disable-pip-version-check --no-cache-dir uv
	@$(COMPILE) --extra pdf --extra sdc --upgrade -o requirements.lock
	@$(COMPILE) --extra export --extra pdf --extra sdc --group dev --upgrade -c requirements.lock -o requirements-dev.lock

devices: ## the tables of devices in both READMEs, from what the drivers declare
	@tools/setup.sh dev
	@$(BIN)/python -m tools.devices

manuals: ## the manuals, zh and en, HTML and PDF, into dist/manuals; their pictures and what they take from the code anew
	@tools/setup.sh dev
	@$(BIN)/python -m tests.timescale >/dev/null
	@$(BIN)/python -m tools.manuals parts
	@VITALSD_MANUAL=docs/manual $(BIN)/pytest -q -n 0 tests/browser/test_manual.py
	@$(BIN)/python -m tools.manuals dist/manuals

audit: ## known vulnerabilities of what the locks pin; fails as well where nobody can be asked
	@tools/setup.sh dev
	@$(BIN)/python -m tools.audit

clean: ## remove what make has made, and the fetched TimescaleDB
	@rm -rf tests/community/node_modules
	@rm -rf .venv .venv-bench .demo .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -rf "/var/tmp/vitalsd-$$(id -u)"

# `make help` lists what there is. Each target first sees to the .venv it needs.

PYTHON ?= python3
WORKERS ?= 2
ROUNDS ?= 300
ARGS ?=

BIN := .venv/bin
BENCHMARKS := $(filter-out benchmarks/make_hub.py,$(wildcard benchmarks/[a-z]*.py))

.PHONY: help demo serve test storm lint bench clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help: ## Print this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1|/p' Makefile | awk -F '|' '{ printf "make %-7s %s\n", $$1, $$2 }'

demo: .venv/.run ## Start a hub with a real benchmark and real runs in it (ARGS="...")
	@$(BIN)/assay demo $(ARGS)

serve: .venv/.run ## Start an empty hub, or the one in ./assay-data (ARGS="...")
	@$(BIN)/assay serve $(ARGS)

test: .venv/.dev ## Run every test; lint, types and import rules are among them (ARGS="...")
	@tools/browser >/dev/null || echo "The browser tests will be skipped."
	@tools/git-lfs >/dev/null || echo "The tests of git-lfs will be skipped."
	@tools/client 1.9 >/dev/null || echo "The tests of an older client will be skipped."
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -rfEs $(ARGS)

storm: .venv/.dev ## Kill whoever pushes, indexes, sweeps or rebuilds, 300 rounds each
	@ASSAY_STORM_ROUNDS=$(ROUNDS) ASSAY_KILL_ROUNDS=$(ROUNDS) ASSAY_REBUILD_ROUNDS=$(ROUNDS) \
		$(BIN)/pytest tests/flows -m storm $(ARGS)

# tests/build/test_lint.py runs these same lines.
lint: .venv/.dev ## Check style, format, types and import rules
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

bench: .venv/.dev ## Run every benchmark; docs/performance.md says how to read them
	@set -e; for file in $(BENCHMARKS); do echo "== $$file"; $(BIN)/python "$$file"; done

clean: ## Remove .venv and caches; leaves data folders alone
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

.venv/.run: requirements/run.lock requirements/demo.lock pyproject.toml
	@PYTHON="$(PYTHON)" tools/venv run

.venv/.dev: requirements/dev.lock requirements/demo.lock pyproject.toml
	@PYTHON="$(PYTHON)" tools/venv dev

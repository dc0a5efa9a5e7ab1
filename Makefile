# Every target sets itself up: a fresh clone needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test proof fast lint types relevance bench docs lock clean

demo: $(READY)
	$(BIN)/imrsearch demo --index demo

test: lint types
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not scale"

# The long versions: 2,000 random questions against a scan, 10,000 hostile ones, 300 runs killed (python -m tests.crash).
proof: $(READY)
	$(BIN)/python -m pytest -n 2 -m scale

fast: $(READY)
	$(BIN)/python -m pytest -m "not slow and not property" tests/test_items.py tests/test_header.py tests/test_citations.py tests/test_language.py tests/test_fields.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# Judged and generated queries, with the table for each set.
relevance: $(READY)
	$(BIN)/python -m tests.relevance

# Indexing, queries and memory beside the bare engine and SQLite; appended to docs/benchmarks.md. ITEMS=660000 for more.
ITEMS ?= 7000,66000
bench: $(READY)
	$(BIN)/python -m tests.bench --items $(ITEMS)

docs: $(READY)
	$(BIN)/python -m tests.write_docs



# The lock names versions and hashes, and no registry.
lock: $(READY)
	$(BIN)/pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras \
	  --allow-unsafe --extra dev --output-file requirements.txt pyproject.toml

$(READY): pyproject.toml requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "imrsearch needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

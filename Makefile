# Few verbs; `make` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A process of pytest for each core; a file's tests stay together, and so do the browser's.
TOGETHER := --numprocesses auto --dist loadscope --no-loadscope-reorder

help: ## List the verbs.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s  %s\n", $$1, $$2}'

run: $(VENV)/installed ## Set up, then run the demonstration; FRESH=1 starts over, PORT=5001 moves it.
	@$(BIN)/campaign demo $(if $(FRESH),--fresh) $(if $(PORT),--port $(PORT))

test: $(VENV)/installed-dev ## Set up, then run the whole suite.
	@$(BIN)/python -m pytest $(TOGETHER)

check: $(VENV)/installed-dev ## Format, lint, types, imports and the fast tests.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/djlint --quiet --lint templates
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q $(TOGETHER) tests/unit tests/architecture tests/web

bench: $(VENV)/installed-dev ## Measure what is claimed about speed and size; ONLY="pages delivery" chooses.
	@$(BIN)/python -m bench $(ONLY)

screenshots: $(VENV)/installed-dev ## Make the pictures of docs/images again (needs Chromium).
	@$(BIN)/python -m tests.browser.screenshots

chaos: $(VENV)/installed-dev ## Kill delivery workers at random; lose nothing (about 4 minutes).
	@$(BIN)/python -m tests.chaos

format: $(VENV)/installed-dev ## Format the code.
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

messages: $(VENV)/installed-dev ## Collect what is to be translated, and compile the translations.
	@$(BIN)/pybabel -q extract -F pyproject.toml -k _l -k __ -k lazy_gettext --no-location --sort-output --omit-header -o $(VENV)/messages.pot .
	@$(BIN)/pybabel -q update -N --ignore-obsolete --ignore-pot-creation-date -w 100 -i $(VENV)/messages.pot -d campaign/translations
	@$(BIN)/pybabel -q compile -d campaign/translations

lock: ## Resolve the dependencies again (needs uv).
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra postgres --extra redis --upgrade pyproject.toml -o requirements/main.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra postgres --extra redis --group dev --upgrade pyproject.toml -o requirements/dev.txt

# The stamps say which lock file the environment was made from.
$(VENV)/installed: requirements/main.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit("Python 3.11 or newer is needed; run: make PYTHON=python3.12 …") if sys.version_info < (3, 11) else None'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/main.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements/dev.txt $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: help run test check bench chaos screenshots format messages lock

# Everything a person starts. Python 3.11 and make are all that a machine needs.
.DEFAULT_GOAL := help
.PHONY: help demo run test check chaos bench format requirements runtime dev

# Any Python of at least 3.11 will do: make PYTHON=/path/to/python3.12 demo
PYTHON ?= $(shell python3.11 -c 'print("python3.11")' 2>/dev/null || echo python3)
BIN := .paycore/venv/bin
CACHE := .paycore/cache

# All that running and testing leave behind goes into .paycore/.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(CACHE)/pycache
export PYTHONUNBUFFERED := 1

help:
	@echo "make demo          start everything, move some money, prove the books, stop"
	@echo "make run           start everything, seeded, and serve until Ctrl-C"
	@echo "make test          everything that continuous integration runs"
	@echo "make check         the part of it that runs no test"
	@echo "make chaos         kill workers while payouts are sent, prove that none is lost"
	@echo "make bench         measure transfers and payouts per second"
	@echo "make format        format the code"
	@echo "make requirements  pin the newest versions of the dependencies"
	@echo
	@echo "Variables: PORT, PAYCORE_HOME, DEMO_PASSWORD, DATABASE_URL, REDIS_URL, ..."
	@echo "They are explained in docs/configuration.md."

demo: runtime
	@$(BIN)/python -m paycore.stack demo

run: runtime
	@$(BIN)/python -m paycore.stack run

chaos: runtime
	@$(BIN)/python -m paycore.stack chaos

bench: runtime
	@$(BIN)/python -m paycore.stack bench

check: export DJANGO_SETTINGS_MODULE := paycore.settings.test
check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --cache-dir $(CACHE)/import-linter
	$(BIN)/mypy .
	$(BIN)/python manage.py check
	$(BIN)/python manage.py makemigrations --check --dry-run

test: check
	$(BIN)/pytest -n 2

format: dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

requirements: dev
	$(BIN)/uv pip compile --quiet --upgrade --no-header --python-version 3.11 \
		requirements.in --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --no-header --python-version 3.11 \
		requirements-dev.in --output-file requirements-dev.txt

runtime:
	@$(PYTHON) paycore/stack/bootstrap.py runtime

dev:
	@$(PYTHON) paycore/stack/bootstrap.py dev

# Python packages and Node go into .venv, and what the tests need besides into folders beside it.
# Only python3 (3.11 or newer) and make have to be on the machine. Rich comes first: it shows the rest.

SHELL := /bin/sh
PYTHON := .venv/bin/python
INSTALL := $(PYTHON) -m authdemo.launch.install
VENV := .venv/made
RUNTIME := .venv/runtime-installed
DEV := .venv/dev-installed
RICH = $(shell sed -n 's/^\(rich==[^ ]*\).*/\1/p' requirements.txt)
AT_A_TIME := -n 3

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUNTIME) ## install, build and serve on http://localhost:$PORT (3000)
	@exec $(PYTHON) -m authdemo run

.PHONY: dev
dev: $(RUNTIME) ## serve with hot reload
	@exec $(PYTHON) -m authdemo dev

.PHONY: build
build: $(RUNTIME) ## build the pages without serving them
	@exec $(PYTHON) -m authdemo build

.PHONY: quick
quick: $(DEV) ## run the tests that start no process, in about a minute
	@exec $(PYTHON) -m pytest $(AT_A_TIME) -m quick $(PYTEST_ARGS)

.PHONY: next
next: ## run the quick tests on the newest Reflex, pre-releases included
	@.ci/next $(AT_A_TIME)

.PHONY: test
test: $(DEV) ## run every test (choose with PYTEST_ARGS="-k login")
	@$(MAKE) --no-print-directory --jobs=2 build tools
	@exec $(PYTHON) -m pytest $(AT_A_TIME) $(PYTEST_ARGS)

.PHONY: tools
tools: $(DEV)
	@$(PYTHON) -m tests.browser
	@$(PYTHON) -m tests.redis_server
	@$(PYTHON) -m tests.postgresql_server
	@$(PYTHON) -m tests.caddy_server

.PHONY: soak
soak: tools ## run the long tests: crashes, outages, mutations, made-up requests, load
	@exec $(PYTHON) -m pytest -m "soak or hypothesis" --hypothesis-profile=soak $(PYTEST_ARGS)

.PHONY: audit
audit: tools ## let Lighthouse judge the pages (about two minutes)
	@exec $(PYTHON) -m pytest -m audit $(PYTEST_ARGS)

.PHONY: bench
bench: tools ## measure how fast it is (choose with BENCH_ARGS="--only read,update --rounds 3")
	@$(PYTHON) -m benchmarks $(BENCH_ARGS)
	@exec $(PYTHON) -m pytest -m speed

.PHONY: check
check: $(DEV) ## check format, lint and types
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy

.PHONY: format
format: $(DEV) ## format and fix what can be fixed
	@$(PYTHON) -m ruff format --quiet .
	@$(PYTHON) -m ruff check --fix --quiet .

.PHONY: pictures
pictures: tools ## take the pictures of docs/tutorial.md again
	@PYTHONPATH=. exec $(PYTHON) docs/take_screenshots.py

.PHONY: reference
reference: $(DEV) ## write docs/reference.md from the docstrings
	@$(PYTHON) -m docs.make_reference

.PHONY: docs
docs: reference ## build the documentation as a site, into site/
	@NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --config-file docs/site/mkdocs.yml
	@echo "The documentation is in site/: open site/index.html."

.PHONY: clean
clean: ## remove what make made (the data folder stays)
	rm -rf .venv .web .web.* .reflex site .browser .caddy .postgresql .redis .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/*/node_modules tests/*/*/node_modules
	find authdemo tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, and python3 is " + sys.version)'
	@echo "Making .venv ..."
	@python3 -m venv --clear .venv
	@$(PYTHON) -m pip install -qq --disable-pip-version-check $(RICH)
	@touch $@

$(RUNTIME): requirements.txt $(VENV)
	@$(INSTALL) $<
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@$(INSTALL) $<
	@touch $@

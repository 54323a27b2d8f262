# The front door. Each target is one call into scripts/; a machine needs Python 3.11, Node.js 20 and make.
PYTHON ?= python3
AGENT ?= 127.0.0.1:2000
SERVER ?= 127.0.0.1:8080
ADDRESSES = --agent-address $(AGENT) --server-address $(SERVER)

.PHONY: help up down test dev check bench docs lock screenshots

help:         ## list the targets
	@sed -n 's/^\([a-z]*\): *## /make \1\t/p' Makefile
up:           ## install what is missing, start agent, server, console and demo, print the URL
	@$(PYTHON) scripts/up.py $(ADDRESSES)
down:         ## stop everything that `make up` started
	@$(PYTHON) scripts/down.py
test:         ## run all tests, from nothing
	@$(PYTHON) scripts/run_tests.py
dev:          ## as `up`, in the foreground, reloading what is saved
	@$(PYTHON) scripts/dev.py $(ADDRESSES)
check:        ## format, lint, types, imports, generated files, lock
	@$(PYTHON) scripts/check.py
bench:        ## run the benchmarks and print their tables
	@$(PYTHON) scripts/bench.py
docs:         ## build the documentation into site/
	@$(PYTHON) scripts/build_docs.py
lock:         ## write requirements.lock after a change of dependencies in pyproject.toml
	@$(PYTHON) scripts/lock.py
screenshots:  ## take the pictures of the documentation from a running `make up`
	@.venv/bin/python scripts/screenshots.py

# Two commands for a newcomer; each sets up all it needs in .venv, from pinned versions.
#   make demo [PORT=8000]     the gateway on simulated clouds
#   make test [ARGS=...]      the tests
PYTHON ?= python3
VENV := .venv

.PHONY: demo test
.DEFAULT_GOAL := demo

demo: $(VENV)/.runtime
	@exec $(VENV)/bin/ota-gateway demo $(if $(PORT),--port $(PORT))

test: $(VENV)/.development
	$(VENV)/bin/pytest $(ARGS)

$(VENV)/.runtime: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --require-hashes -r requirements.txt
	$(VENV)/bin/pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.development: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --require-hashes -r requirements-dev.txt
	$(VENV)/bin/pip install --quiet --no-deps --editable .
	@touch $@ $(VENV)/.runtime

# Two commands are enough: `make run` and `make test`. `make help` lists the rest.

PORT ?= 8000
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet

# What `check --deploy` is asked about: a production as docs/operations.md describes it.
PRODUCTION := ENVIRONMENT=production ALLOWED_HOSTS=crm.example.com PUBLIC_URL=https://crm.example.com \
	EMAIL_HOST=mail.example.com SECRET_KEY_FILE=$(VENV)/check.key

.DEFAULT_GOAL := help
.PHONY: help run test test-long lint format migrations-check deploy-check bench figures ci browser

help: ## Say what each target does.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/installed static/icons/sprite.svg ## Install what is missing and start everything: make run [PORT=8123]
	@exec $(PY) manage.py up "--port=$(PORT)" --demo

test: $(VENV)/installed-dev static/icons/sprite.svg browser ## Run every test, browser included.
	$(PY) -m pytest -n 2 --dist worksteal

test-long: $(VENV)/installed-dev static/icons/sprite.svg browser ## The same with far more generated cases: for the night.
	HYPOTHESIS_PROFILE=long $(PY) -m pytest -n 2 --dist worksteal --timeout 3600

lint: $(VENV)/installed-dev migrations-check deploy-check ## Lint, types, import contracts, migrations, deployment.
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports

migrations-check: $(VENV)/installed-dev
	$(PY) manage.py makemigrations --check --dry-run

deploy-check: $(VENV)/installed-dev
	@$(PY) -c "import secrets; print(secrets.token_urlsafe(50))" > $(VENV)/check.key
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

format: $(VENV)/installed-dev ## Put the code into its form.
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/installed-dev ## Measure against the floors of this machine; gates nothing.
	$(PY) -m bench

figures: $(VENV)/installed-dev ## How well scores tell who will buy, on the data in SAMPLE_DATA.
	$(PY) -m bench.figures

ci: lint test ## What continuous integration runs.

browser:
	@if [ -n "$$CHROMIUM_PATH" ] || command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null; \
	then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then echo "Installing Chromium for the browser tests …"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null; \
	else echo "The browser tests need Chromium: install the package 'chromium' (Debian, Ubuntu, Fedora) or" >&2; \
		echo "Google Chrome, or name one in CHROMIUM_PATH." >&2; exit 1; \
	fi

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; set PYTHON=… to use another one." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old: 3.11 or newer is needed. make run PYTHON=python3.12" >&2; exit 1; }
	@echo "Making the environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No environment could be made. On Debian and Ubuntu install the package python3-venv." >&2; exit 1; }

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the product runs on …"
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "Installing what the tests need …"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

static/icons/sprite.svg: crm/icons.py $(VENV)/installed
	@$(PY) manage.py build_icons
	@touch $@

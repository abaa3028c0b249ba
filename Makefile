# TARGET=local (the default) or TARGET=aws chooses where the steps act.
# RUN_IN=docker runs the same targets in the tool's container (compose.yaml).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?=
DIR ?= infra
BIN := .venv/bin
DRYDOCK := $(BIN)/drydock
# An ordinary user's path may lack the folders where Debian keeps nft.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
ifdef TARGET
export TARGET
endif
# Every line of a target sees what .env sets, wherever it runs.
ifneq ($(wildcard .env),)
export BASH_ENV := scripts/dotenv
endif

ifeq ($(RUN_IN),docker)
include scripts/in-docker.mk
else

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[.a-z_-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  TARGET=aws: init, plan, apply, update_db, output, refresh, destroy act on AWS; else on the local region."
	@echo "  RUN_IN=docker: any target runs in the tool's container."

##### Set-up

.env: ## Make .env from env.template: settings that every target reads
	@install -m 0600 env.template $@

.PHONY: setup
setup: .venv/.installed ## Make .venv from the lock file and install the Debian packages that are missing
	@scripts/packages nft:nftables

.venv/.installed: pyproject.toml requirements.lock requirements-uv.lock scripts/venv
	@scripts/venv $(PYTHON)

##### The rehearsal, and its steps one by one

.PHONY: up
up: setup ## Rehearse the stack: region, Terraform, migration, until the site answers (QUICK=1: without Terraform)
	@$(DRYDOCK) up $(DIR) $(if $(QUICK),--quick)

.PHONY: bootstrap
bootstrap: setup ## Make the state's bucket in an account; GITHUB=OWNER/REPO: and the roles of its pipeline; asks, unless YES=1
	@$(DRYDOCK) bootstrap --dir $(DIR) $(if $(GITHUB),--github $(GITHUB)) $(if $(YES),-y)

.PHONY: init
init: setup ## Get the provider and prepare the state
	@$(DRYDOCK) init $(DIR)

.PHONY: plan
plan: setup ## Show what apply would change, and save it as terraform.plan
	@$(DRYDOCK) plan $(DIR)

.PHONY: apply
apply: setup ## Apply the saved plan, without asking (ALLOW_REPLACE=1: also where it loses something)
	@$(DRYDOCK) apply $(DIR) $(if $(ALLOW_REPLACE),--allow-replace)

.PHONY: update_db
update_db: setup ## Bring the database's tables up to date; what they hold is kept
	@$(DRYDOCK) update-db --dir $(DIR)

.PHONY: image
image: setup ## Build the sample application's image, with docker or podman
	@$(DRYDOCK) image build

.PHONY: push
push: .env image ## Build it, push it to ECR, and have plan take it, by its digest (TARGET=aws)
	@$(DRYDOCK) image push --env-file .env

.PHONY: output
output: setup ## Print the stack's outputs
	@$(DRYDOCK) output $(DIR)

.PHONY: refresh
refresh: setup ## Bring the state up to date with what is there
	@$(DRYDOCK) refresh $(DIR)

.PHONY: destroy
destroy: setup ## Destroy what the stack has made; asks, unless YES=1 (DISABLE_PROTECTION=1: also what is protected)
	@$(DRYDOCK) destroy $(DIR) $(if $(YES),-y) $(if $(DISABLE_PROTECTION),--disable-protection)

.PHONY: down
down: setup ## Stop the local region; what it holds is kept (WAIT=1, FORCE=1: also while Terraform is at work)
	@$(DRYDOCK) down $(if $(WAIT),--wait) $(if $(FORCE),--force)

.PHONY: status
status: setup ## Show URLs, services, tasks, health and databases
	@$(DRYDOCK) status

.PHONY: logs
logs: setup ## Show the tasks' log lines (FOLLOW=1: as they come)
	@$(DRYDOCK) logs $(if $(FOLLOW),-f)

##### The pipeline (.github/workflows)

.PHONY: ci-runner
ci-runner: ## Let an ordinary user make namespaces, where this machine's AppArmor forbids it
	@scripts/allow-namespaces

.PHONY: ci-comment
ci-comment: setup ## Put the saved plan on the pull request, as one comment that is brought up to date
	@$(DRYDOCK) ci comment $(DIR)

.PHONY: ci-drift
ci-drift: setup ## Fail, and open an issue, if the saved plan has changes; else close it
	@$(DRYDOCK) ci drift $(DIR)

.PHONY: ci-smoke
ci-smoke: setup ## Wait until the site answers 200
	@$(DRYDOCK) ci smoke $(DIR)

.PHONY: ci-confirm
ci-confirm: ## Fail unless CONFIRM names the repository
	@[[ -n $${GITHUB_REPOSITORY-} && $${CONFIRM-} == "$$GITHUB_REPOSITORY" ]] || \
	  { echo "Nothing was destroyed: write $${GITHUB_REPOSITORY-OWNER/REPOSITORY} into the field 'confirm'." >&2; exit 1; }

##### Development

.PHONY: test
test: test-packages lint ## Set-up, then every check and every test
	@# four regions share the machine: what fails is tried once more, and the report names it (R)
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --reruns 1 -raR --durations=25

.PHONY: test-all
test-all: export DRYDOCK_TEST_ALL = 1
test-all: test ## The same, with the tests that take minutes

.PHONY: test-packages
test-packages: setup
	@scripts/packages --optional chromium:chromium certutil:libnss3-tools dig:bind9-dnsutils h2load:nghttp2-client

.PHONY: lint
lint: setup ## Ruff, mypy, import contracts, terraform fmt
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive infra; fi

.PHONY: format
format: setup ## Format and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@if command -v terraform >/dev/null; then terraform fmt -recursive infra; fi

.PHONY: lock
lock: setup ## Write requirements.lock anew from pyproject.toml (UPGRADE=1: newest versions)
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header -q $(if $(UPGRADE),--upgrade) -o requirements.lock

.PHONY: bench
bench: setup ## Run every benchmark
	@scripts/packages --optional wrk:wrk
	@for name in start up connections tasklist throughput changes balancers deployments tasks network; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit; done

.PHONY: clean
clean: ## Stop the region and remove .venv and caches; the region's data stays
	@if [[ -x $(DRYDOCK) ]]; then $(DRYDOCK) down; fi
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
endif

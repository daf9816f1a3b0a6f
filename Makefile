# Palaver's commands. Two of them do all the set-up on a fresh machine: `make run` and `make test`.
# What is built is remembered by stamps in .cache, so a second run only does what changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
UV := .venv/bin/uv
STAMPS := .cache/stamps
# Tools that are built once and serve every checkout of this user.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/palaver/tools
CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
# What `make fuzz` runs, and for how long each: readers of the control plane, and the media core.
FUZZ_READERS := join signal token
FUZZ_TARGETS ?= $(FUZZ_READERS) answer datagrams payloads reports room sdp turn
FUZZ_SECONDS ?= 60
# aws-lc and str0m take minutes on two cores; leave the machine usable meanwhile.
CARGO := cargo
CARGO_FLAGS := --manifest-path media/Cargo.toml --locked
# One more than there are cores, since much of it waits, but not so many that the browsers starve; tests that share a
# server stay together.
PYTEST_WORKERS := -n $(shell n=$$(nproc); echo $$((n < 4 ? n + 1 : 5))) --dist loadgroup --no-loadscope-reorder

CORE_SOURCES := $(shell find media/crates -name '*.rs' -o -name Cargo.toml 2>/dev/null) media/Cargo.toml media/Cargo.lock
WEB_SOURCES := $(shell find web/src web/public -type f 2>/dev/null) $(wildcard web/*.html web/*.ts web/*.js web/*.json)
PY_CHECKED := src tests tools benches conftest.py

.PHONY: help
help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# --- what things are built from ------------------------------------------------------------

$(STAMPS)/apt-%: tools/apt_packages.sh
	@tools/apt_packages.sh $*
	@mkdir -p $(@D) && touch $@

$(STAMPS)/python: requirements/dev.txt requirements/bootstrap.txt | $(STAMPS)/apt-build
	@echo "· Python packages"
	@test -x $(PY) || python3 -m venv .venv
	@test -x $(UV) || $(PY) -m pip install -q --disable-pip-version-check -r requirements/bootstrap.txt
	@$(UV) pip install -q --require-hashes -r requirements/dev.txt --python $(PY)
	@mkdir -p $(@D) && touch $@

$(STAMPS)/core: $(CORE_SOURCES) | $(STAMPS)/apt-build
	@test -f src/palaver_sfu/_core.abi3.so || echo "· Rust core (the first build takes three to six minutes on two cores)"
	@$(CARGO) build $(CARGO_FLAGS) --release -p palaver-core
	@install -m 0755 media/target/release/libpalaver_core.so src/palaver_sfu/_core.abi3.so
	@mkdir -p $(@D) && touch $@

$(STAMPS)/npm: web/package.json web/package-lock.json web/.npmrc
	@echo "· Web packages"
	@cd web && npm ci --loglevel=error --no-audit --no-fund >/dev/null
	@mkdir -p $(@D) && touch $@

$(STAMPS)/web: $(WEB_SOURCES) $(STAMPS)/npm
	@echo "· Web client"
	@cd web && npm run --silent build
	@rm -rf src/palaver/web_dist && cp -r web/dist src/palaver/web_dist
	@mkdir -p $(@D) && touch $@

$(STAMPS)/deny:
	@test -x $(TOOLS)/bin/cargo-deny || echo "· cargo-deny (built once, some minutes)"
	@test -x $(TOOLS)/bin/cargo-deny || $(CARGO) install --quiet --locked --root $(TOOLS) --version $(CARGO_DENY_VERSION) cargo-deny
	@mkdir -p $(@D) && touch $@

.PHONY: core web build
core: $(STAMPS)/python $(STAMPS)/core ## Build the Rust core into src/palaver_sfu.
web: $(STAMPS)/web ## Build the web client into src/palaver/web_dist.
build: core web

# --- run -----------------------------------------------------------------------------------

.PHONY: run
run: build ## Build what changed and start Palaver; ARGS="--tls-self-signed" passes options on.
	@PYTHONPATH=src exec $(PY) -m palaver serve --data-dir ./var $(ARGS)

# --- test ----------------------------------------------------------------------------------

.PHONY: test test-rust test-web test-python proof bench fuzz simulate
test: build $(STAMPS)/apt-test ## Run every test; T=<words of a name> runs only those Python tests that match.
ifdef T
	@$(PY) -m pytest -k "$(T)"
else
	@$(MAKE) test-rust test-web test-python
endif

test-rust: ## Rust: unit, property, scenario and documentation tests, with the profile of the wheel.
	@echo "· Rust tests"
	@$(CARGO) test $(CARGO_FLAGS) --release --workspace --exclude palaver-core --quiet

test-web: $(STAMPS)/npm ## TypeScript: unit and property tests.
	@echo "· Web tests"
	@cd web && npm test --silent

# A call of three browsers fills two cores: which worker has them says tests/lanes.py.
test-python: ## Python: unit, contract, interop and end-to-end tests.
	@echo "· Python tests (a quarter of an hour on two cores)"
	@$(PY) -m pytest -q -m "not proof" $(PYTEST_WORKERS)

proof: build $(STAMPS)/apt-test ## Run the long versions and write docs/proof.md.
	@$(PY) tools/proof.py

bench: build $(STAMPS)/apt-test ## Print the scoreboards and write benches/*/SCOREBOARD.md.
	@$(PY) tools/bench.py

simulate: | $(STAMPS)/apt-build ## Lives of a server on virtual time: SEEDS=2000 tries so many, SEED=17 that one again.
	@SIMULATE_SEEDS=$(or $(SEEDS),2000) $(if $(SEED),SIMULATE_SEED=$(SEED)) \
	  $(CARGO) test $(CARGO_FLAGS) --release -p palaver-net --test simulation -- --nocapture

$(STAMPS)/fuzz: | $(STAMPS)/apt-build
	@test -x $(TOOLS)/bin/cargo-fuzz || echo "· cargo-fuzz (built once, some minutes)"
	@test -x $(TOOLS)/bin/cargo-fuzz || $(CARGO) install --quiet --locked --root $(TOOLS) --version $(CARGO_FUZZ_VERSION) cargo-fuzz
	@mkdir -p $(@D) && touch $@

# What is found grows in .cache/fuzz; the committed corpus is only read. The compiler's own sanitizer flags are locked on
# a stable toolchain, which RUSTC_BOOTSTRAP opens.
fuzz: core $(if $(filter-out $(FUZZ_READERS),$(FUZZ_TARGETS)),$(STAMPS)/fuzz) ## Fuzz what strangers send: FUZZ_TARGETS="signal room", FUZZ_SECONDS=600 each.
	@for target in $(FUZZ_TARGETS); do \
	  echo "· fuzzing $$target for $(FUZZ_SECONDS) s"; \
	  if [[ " $(FUZZ_READERS) " == *" $$target "* ]]; then \
	    PYTHONPATH=src $(PY) -m palaver_sfu.tests.fuzzing $$target $(FUZZ_SECONDS); \
	    continue; \
	  fi; \
	  mkdir -p .cache/fuzz/$$target; \
	  (cd media && PATH="$(TOOLS)/bin:$$PATH" RUSTC_BOOTSTRAP=1 cargo fuzz run $$target \
	    $(CURDIR)/.cache/fuzz/$$target $(CURDIR)/media/fuzz/corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=20 -verbosity=0 -print_final_stats=1); \
	done

# --- check and repair ----------------------------------------------------------------------

.PHONY: check check-python check-rust check-web check-generated fix
check: build $(STAMPS)/deny ## The static part: format, lint, types, import directions, generated files, sizes.
	@$(MAKE) check-python check-rust check-web check-generated
	@$(PY) tools/check_sizes.py
	@$(PY) tools/check_tree.py
	@echo "· all checks passed"

check-python:
	@echo "· ruff, mypy, import directions"
	@$(PY) -m ruff format --check --quiet $(PY_CHECKED)
	@$(PY) -m ruff check --quiet $(PY_CHECKED)
	@PYTHONPATH=src $(PY) -m mypy $(PY_CHECKED)
	@PYTHONPATH=src .venv/bin/lint-imports --no-cache

check-rust:
	@echo "· rustfmt, clippy, rustdoc, cargo deny"
	@$(CARGO) fmt --manifest-path media/Cargo.toml --all --check
	@$(CARGO) clippy $(CARGO_FLAGS) --release --workspace --all-targets --quiet -- -D warnings
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(CARGO_FLAGS) --release --workspace --no-deps --quiet
	@$(TOOLS)/bin/cargo-deny --log-level warn --manifest-path media/Cargo.toml --locked check licenses bans sources

check-web: $(STAMPS)/npm
	@echo "· tsc, eslint, prettier, unused code"
	@cd web && npm ci --dry-run --loglevel=error --no-audit --no-fund >/dev/null
	@cd web && npm run --silent check

check-generated:
	@echo "· generated files are up to date"
	@PYTHONPATH=src $(PY) tools/gen_schema.py --check
	@PYTHONPATH=src $(PY) tools/gen_configuration.py --check

fix: $(STAMPS)/python $(STAMPS)/npm ## Repair what can be repaired, and write generated files anew.
	@$(PY) -m ruff check --quiet --fix-only $(PY_CHECKED)
	@$(PY) -m ruff format --quiet $(PY_CHECKED)
	@$(CARGO) fmt --manifest-path media/Cargo.toml --all
	@cd web && npm run --silent fix
	@PYTHONPATH=src $(PY) tools/gen_schema.py
	@PYTHONPATH=src $(PY) tools/gen_configuration.py

# --- hand on -------------------------------------------------------------------------------

.PHONY: dist lock clean
dist: build ## Build the one wheel: Python packages, compiled core and web client.
	@$(PY) tools/build_wheel.py

LOCK := $(UV) pip compile -q --generate-hashes --python-version 3.11 --no-emit-index-url --no-header
lock: $(STAMPS)/python ## Renew the locks of all three languages after a change of a bound.
	@$(LOCK) pyproject.toml -o requirements/runtime.txt
	@$(LOCK) pyproject.toml requirements/dev.in -o requirements/dev.txt
	@$(CARGO) update --manifest-path media/Cargo.toml --workspace
# Anew and beside the tree: with node_modules in sight npm leaves the packages of other systems out of the lock.
	@scratch=$$(mktemp -d) && cp web/package.json web/.npmrc $$scratch && \
	  (cd $$scratch && npm install --package-lock-only --loglevel=error --no-audit --no-fund >/dev/null) && \
	  mv $$scratch/package-lock.json web/ && rm -r $$scratch

clean: ## Remove what was built; data in ./var stays.
	@rm -rf .cache media/target web/dist web/node_modules src/palaver/web_dist src/palaver_sfu/_core*.so dist

# make run     builds the collector, plays real telemetry into it, shows what comes out
# make test    everything that is tested; `make help` lists the rest

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

# The folder may be no checkout and its parent may be one; Go need not ask.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false
# A workspace around the folder would change what is built.
export GOWORK := off

BIN       := .tools/bin
COLLECTOR := dist/otelcol-genai
# FUZZTIME is how long each fuzz target runs, FUZZ a pattern of their names.
FUZZTIME  ?= 10s
FUZZ      ?= .
# CRASHES is how often `make soak` kills; CRASH_SEED in the environment has it
# kill at the moments of an earlier run.
CRASHES   ?= 200
# TESTFLAGS goes to every `go test` of `make test` and `make check`.
TESTFLAGS ?=
# RUNFLAGS goes to the program behind `make run`; -help lists its flags.
RUNFLAGS  ?=

# What the collector is compiled from besides modules: everything in the main
# module that is not test, tool or document.
SOURCES := $(shell find . \( -name '.?*' -o -name testdata -o -path ./bench -o -path ./dist -o -path ./docs \
	-o -path ./e2e -o -path ./examples -o -path ./internal/quickstart -o -path ./out -o -path ./scripts \
	-o -path ./tools -o -path ./web -o -name node_modules \) -prune -o -type f ! -name '*_test.go' ! -name '*.md' ! -name 'metadata.yaml' \
	! -name Makefile ! -name LICENSE -print)
GO_FILES = $$(find . \( -name '.?*' -o -path ./dist -o -path ./bench/dist -o -name node_modules \) -prune -o -name '*.go' -print)
# Packages of the main module; those of e2e need the built collector.
UNIT_PACKAGES = $$(go list ./... | grep -v '/e2e$$')
GOTESTSUM = $(CURDIR)/$(BIN)/gotestsum --format pkgname --hide-summary=skipped

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS=$$'\t' read -r name what; do \
		printf '  %-10s %s\n' "$$name" "$$what"; done

.PHONY: run
run: $(COLLECTOR) ## Build the collector, play a sample into it, print what came out, run until Ctrl-C
	@mkdir -p $(BIN) && go build -o $(BIN)/quickstart ./internal/quickstart
	@exec $(BIN)/quickstart $(RUNFLAGS)

.PHONY: build
build: $(COLLECTOR) ## Build dist/otelcol-genai, the collector of builder-config.yaml

$(COLLECTOR): dist/go.sum $(SOURCES)
	@scripts/compile.sh $@

dist/go.sum: builder-config.yaml go.mod go.sum $(BIN)/.built
	@scripts/assemble.sh

$(COLLECTOR)-race: dist/go.sum $(SOURCES)
	@scripts/compile.sh $@ -race

.PHONY: test
test: verify $(COLLECTOR) $(COLLECTOR)-race $(BIN)/.built ## Run every check and every test, race detector on
	@scripts/need.sh chromium nginx npm:web npm:e2e/clients
	@echo '== unit tests of the web viewer'
	@cd web && npx vitest run --silent
	@echo '== unit tests'
	$(GOTESTSUM) -- -race -timeout 10m $(TESTFLAGS) $(UNIT_PACKAGES)
	@echo '== the built collector'
	OTELCOL_GENAI="$(CURDIR)/$(COLLECTOR)-race" $(GOTESTSUM) -- -race -parallel 4 -timeout 12m $(TESTFLAGS) ./e2e/...
	@echo '== bench module'
	cd bench && $(GOTESTSUM) -- -race -timeout 5m $(TESTFLAGS) ./...

.PHONY: soak
soak: $(COLLECTOR)-race ## Kill the loaded collector CRASHES times (200), twice, and account for every event
	OTELCOL_GENAI="$(CURDIR)/$(COLLECTOR)-race" CRASHES='$(CRASHES)' \
		go test -race -count=1 -timeout 60m $(TESTFLAGS) -run '^TestCrash$$' -v ./e2e

.PHONY: check
check: verify $(BIN)/.built ## What is quick: format, vet, linters, generated files, unit tests
	$(GOTESTSUM) -- -timeout 2m $(TESTFLAGS) $(UNIT_PACKAGES)

.PHONY: verify
verify: lint $(BIN)/.built
	@echo '== generated files are current'
	@scripts/generate.sh --check
	@scripts/viewer.sh --check

.PHONY: lint
lint: $(BIN)/golangci-lint ## gofmt, go vet and the linters of .golangci.yml
	@echo '== format, vet, lint'
	@unformatted="$$(gofmt -s -l $(GO_FILES))"; [[ -z "$$unformatted" ]] || { \
		printf 'not formatted, run `make format`:\n%s\n' "$$unformatted" >&2; exit 1; }
	go vet ./...
	cd bench && go vet ./...
	$(BIN)/golangci-lint run
	cd bench && ../$(BIN)/golangci-lint run --config ../.golangci.yml

.PHONY: format
format: ## Format all Go files
	gofmt -s -w $(GO_FILES)

.PHONY: generate
generate: viewer $(BIN)/.built ## Write anew what is generated: mdatagen's files, documentation.md, the web viewer
	@scripts/generate.sh

.PHONY: viewer
viewer: ## Build the web viewer from web/ into live/liveextension/viewer
	@scripts/viewer.sh

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s); FUZZ=<pattern> picks some
	@scripts/fuzz.sh '$(FUZZTIME)' '$(FUZZ)'

.PHONY: bench
bench: ## Measure side by side with other pipelines; see bench/README.md
	@$(MAKE) --no-print-directory -C bench

.PHONY: tools
tools: $(BIN)/.built $(BIN)/golangci-lint ## Build the pinned tools into .tools/

$(BIN)/.built: tools/go.mod tools/go.sum
	@echo '== tools: builder, mdatagen, gotestsum, benchstat'
	@mkdir -p $(BIN)
	go build -C tools -o ../$(BIN)/ tool
	@touch $@

$(BIN)/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	@echo '== tools: golangci-lint (about a minute)'
	@mkdir -p $(BIN)
	go build -C tools/lint -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

.PHONY: clean
clean: ## Remove what was built
	rm -rf dist .tools bench/dist

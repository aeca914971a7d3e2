# The commands. `make` lists them.
#
#   make demo   the whole story in one process, without an account and without a network
#   make test   everything that is promised
#   make run    the real thing at home; make login logs an account in

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
GO ?= go
DATA_DIR ?= data
export DATA_DIR

-include infra/sam.mk

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## the whole story, offline; DEMO=stay keeps it up to play with
	$(GO) run ./localstack/demo $(if $(filter stay,$(DEMO)),-stay)

.PHONY: run
run: ## the bridge at home, against the real Telegram
	@infra/setup-store.sh
	$(GO) build -trimpath -tags lambda.norpc -o bin/standalone ./localstack/standalone
	exec bin/standalone

.PHONY: login
login: ## log an account in at a running bridge; BRIDGE=http://… for another address
	$(GO) build -trimpath -tags lambda.norpc -o bin/standalone ./localstack/standalone
	@exec bin/standalone login $(BRIDGE)

.PHONY: test
test: ## everything, with the race detector and a real redis-server
	@infra/setup-store.sh
	$(GO) test -race -timeout 20m $(TESTFLAGS) ./...

.PHONY: test-homeassistant
test-homeassistant: ## the same with a real Home Assistant, which is installed into the user's cache once
	@infra/setup-store.sh
	HOMEASSISTANT=$$(tests/e2e/homeassistant/install.sh) && export HOMEASSISTANT && \
	  $(GO) test -count=1 -tags homeassistant -timeout 15m -v $(TESTFLAGS) ./tests/e2e/homeassistant/...

.PHONY: lint
lint: ## gofmt, vet, staticcheck, the rules in tests/policy
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) vet -tags homeassistant ./tests/e2e/homeassistant/...
	$(GO) tool staticcheck -tags homeassistant ./tests/e2e/homeassistant/...
	$(GO) vet -tags localstack,image ./tests/localstack ./tests/image
	$(GO) tool staticcheck -tags localstack,image ./tests/localstack ./tests/image
	$(GO) test -count=1 ./tests/policy

.PHONY: mutants
mutants: ## whether the tests notice what they have to: broken on purpose, each has to fail; ONLY=lease for some
	@infra/setup-store.sh
	@$(GO) run ./tests/mutants $(ONLY)

.PHONY: bench
bench: ## speeds and sizes: name value unit; ONLY=files for some of them
	@infra/setup-store.sh >&2
	@$(GO) run ./tests/bench $(ONLY)

.PHONY: probe-telegram
probe-telegram: ## ask Telegram itself whether tests/assumptions.md is right; needs accounts of your own
	$(GO) run ./tests/probe

.PHONY: env
env: ## write .env with fresh keys for compose.yaml
	@infra/make-env.sh

.PHONY: images
images: ## build the images of listener and standalone; ARCH=arm64 for the other architecture
	@infra/images.sh

.PHONY: openapi
openapi: ## write shared/httpapi/openapi.json anew
	$(GO) run ./infra/openapi

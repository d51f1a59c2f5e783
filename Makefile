# Everything that a newcomer needs: Go and make. `make demo` breaks a real system and heals it; `make test` proves the rest.
GO      ?= go
BIN     := bin/corax
# The race detector needs cgo and a C compiler; CI always has both.
CC_FOUND := $(shell command -v gcc cc clang 2>/dev/null | head -n 1)
RACE    := $(if $(CC_FOUND),-race,)
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
TESTFLAGS ?=

.PHONY: build demo test soak bench lint model generate scenarios clean

build: ## the one binary, without cgo
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN) ./cmd/corax

demo: build ## break a real system and watch Corax heal it
	./$(BIN) demo

scenarios: build ## every scenario test, with a page each under bin/scenarios
	./$(BIN) scenario run --html bin/scenarios

test: ## all tests, the long counts short
	$(GO) test $(RACE) -timeout 40m $(TESTFLAGS) ./...

soak: ## the long counts: kills under load, 131 kills at boundaries of plans, 200 over the plans of the lab, twenty live rotations
	CORAX_SOAK=1 $(GO) test $(RACE) -timeout 6h -run 'Soak|Kill|Crash' -v ./...

bench: ## Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint:
	$(GO) vet ./...
	$(GO) tool -modfile=.ci/tools/go.mod golangci-lint run

model: ## the learned view, from the catalogue; the same bytes every time
	$(GO) run ./cmd/corax knowledge train --output diagnose/model/mechanisms.model

generate: model ## files that are made from others
	$(GO) generate ./...

clean:
	rm -rf bin

# `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run build test test-cluster bench bench-instructions bench-delivery fuzz differential fmt lint

swift_flags := --explicit-target-dependency-import-check error
venv := .build/venv
python := $(venv)/bin/python

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z-]+:.*## / {printf "make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, start Veer with its embedded configuration, send it an event
	@.ci/packages run
	@.ci/demo

build: ## build the program: .build/release/veer
	@.ci/packages build
	swift build -c release --static-swift-stdlib --product veer $(swift_flags)

test: build $(venv)/ready .build/vcsim lint ## run every test: pure, of the parts, end to end
	swift test --disable-xctest $(swift_flags)
	$(python) -m pytest Tests/EndToEnd

.build/vcsim: Tests/Peers/vcsim/main.go
	@.ci/packages test
	cd $(<D) && GO111MODULE=off GOPATH=/usr/share/gocode go build -o $(abspath $@) .

bench: build $(venv)/ready ## measure the CPU time of a request beside nginx
	@.ci/packages bench
	$(python) Tests/Benchmarks/bench.py

bench-instructions: build $(venv)/ready ## count the instructions of a request, by callgrind
	@.ci/packages bench
	$(python) Tests/Benchmarks/instructions.py

bench-delivery: build $(venv)/ready ## measure what follows an outage, and what a dead sink costs others
	@.ci/packages bench
	$(python) Tests/Benchmarks/delivery.py

fuzz: ## throw octets at what reads requests and events, FUZZ_SECONDS (600) for each
	@.ci/packages build
	.ci/fuzz

test-cluster: build $(venv)/ready ## run the tests with a real API server, which is built first
	@.ci/packages test cluster
	.ci/api-server
	$(python) -m pytest Tests/EndToEnd/cluster

differential: build $(venv)/ready ## compare how Veer, h11 and nginx read 100,000 mutated requests
	VEER_DIFFERENTIAL=100000 $(python) -m pytest Tests/EndToEnd/test_differential.py

fmt: ## format the sources in place
	swift format --in-place --parallel --recursive Sources Tests Package.swift

lint: ## check the form of the sources
	@.ci/packages test
	swift format lint --strict --parallel --recursive Sources Tests Package.swift
	shellcheck .ci/run .ci/api-server .ci/fuzz .ci/packages .ci/demo certs/make-dev-certs

$(venv)/ready: Tests/EndToEnd/requirements.txt
	@.ci/packages test
	@echo "Making a Python environment for the tests in $(venv)"
	python3 -m venv --clear $(venv)
	$(python) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

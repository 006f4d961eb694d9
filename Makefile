# duiqi: `make help` lists what there is. Everything below works on a fresh Debian or Ubuntu with
# Swift 6.2 or newer on the PATH.

SHELL := /bin/bash
PACKAGES := libopenblas-dev libhdf5-dev libssl-dev libjpeg-dev libpng-dev libwebp-dev pkg-config \
  python3-venv
VENV := .venv
PYTHON := $(VENV)/bin/python
# Files of our own tell when an environment was made: its python is a link to one that all share.
VENV_READY := $(VENV)/installed
PEERS := .venv-peers
PEERS_PYTHON := $(PEERS)/bin/python
PEERS_READY := $(PEERS)/installed
DUIQI := .build/release/duiqi
TEST_LOG := .build/test.log
PARITY_SIZES ?= tiny-rn50 tiny-b-16 tiny-l-14 tiny-l-14-336 tiny-h-14 rn50 vit-b-16
PARITY_FOLDER ?= .build/parity
EMBED_FOLDER ?= .build/embed-peers
BENCH_FOLDER ?= .build/bench-peers

.DEFAULT_GOAL := help
.PHONY: help deps build quickstart test test-swift test-interoperability bench bench-embed bench-peers \
  bench-quickstart \
  parity peers-environment precision-curves format lint clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-22s %s\n", $$1, $$2}'

deps: ## Install the Debian packages that the build needs (as root or through sudo).
	@missing=""; for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' \
	    || missing="$$missing $$package"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "Installing$$missing"; \
	if [ "$$(id -u)" = 0 ]; then elevate=""; \
	elif sudo -n true 2>/dev/null; then elevate="sudo"; \
	else echo "These packages are needed. Run this line, then make again:"; \
	  echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$$missing"; \
	  exit 1; fi; \
	$$elevate apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive $$elevate apt-get install -y -qq --no-install-recommends $$missing >/dev/null

build: deps ## Build the release binary, .build/release/duiqi.
	swift build -c release --product duiqi

quickstart: build ## Train, evaluate, export and search on the embedded emoji pairs (under 10 minutes).
	@DUIQI=$(DUIQI) bash recipes/quickstart.sh

$(VENV_READY): Tests/Interoperability/requirements.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

test: lint test-swift test-interoperability ## Run everything that CI runs.

test-swift: deps $(VENV_READY) ## Run the Swift tests.
	swift build --build-tests
	@mkdir -p .build && set -o pipefail && swift test --skip-build 2>&1 | tee $(TEST_LOG) \
	  || { status=$$?; echo; echo "What failed, out of $(TEST_LOG):"; \
	       grep -E '✘|↳|error: |Fatal error' $(TEST_LOG); exit $$status; }

test-interoperability: build $(VENV_READY) ## Check our files with other people's readers.
	DUIQI=$(abspath $(DUIQI)) $(PYTHON) -m unittest discover -s Tests/Interoperability -v

lint: ## Check the formatting.
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

format: ## Format all Swift sources.
	swift format --in-place --recursive --parallel Sources Tests Package.swift

bench: deps ## Measure kernels and a whole step against the machine's own bounds.
	swift run -c release Benchmarks

peers-environment: $(PEERS_READY) ## Install PyTorch and others in .venv-peers (6 GB; PIP_OPTIONS=… for CPU wheels).

$(PEERS_READY): Tests/Peers/requirements.txt
	python3 -m venv $(PEERS)
	$(PEERS_PYTHON) -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r $<
	$(PEERS_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps cn_clip==1.6.0
	@touch $@

parity: build $(PEERS_READY) ## Compare with transformers, PyTorch and cn_clip (PARITY_SIZES=… for others).
	@status=0; $(PEERS_PYTHON) Tests/Peers/parity_tokenizer.py || status=1; for size in $(PARITY_SIZES); do \
	  $(PEERS_PYTHON) Tests/Peers/parity.py $(PARITY_FOLDER)/$$size --size $$size \
	    --duiqi $(DUIQI) || status=1; rm -rf $(PARITY_FOLDER)/$$size; done; exit $$status

bench-embed: build $(PEERS_READY) ## Compare embed with onnxruntime on our own encoders (ViT-B/16, RoBERTa-base).
	swift build -c release --product Benchmarks
	$(PEERS_PYTHON) Tests/Peers/embed_peers.py $(EMBED_FOLDER) --duiqi $(DUIQI) \
	  --benchmarks .build/release/Benchmarks $(PEER_OPTIONS)

bench-peers: build $(PEERS_READY) ## Measure all beside PyTorch and others, and write docs/performance.md's table (an hour).
	swift build -c release --product Benchmarks
	$(PEERS_PYTHON) Tests/Peers/bench_peers.py $(BENCH_FOLDER) --duiqi $(DUIQI) \
	  --benchmarks .build/release/Benchmarks --page docs/performance.md $(PEER_OPTIONS)

bench-quickstart: $(PEERS_READY) ## Run the quickstart's two stages in PyTorch (PEER_OPTIONS=… passes options on).
	$(PEERS_PYTHON) Tests/Peers/emoji_reference.py $(PEER_OPTIONS)

precision-curves: build $(VENV_READY) ## Draw the quickstart's losses in BF16 over Float32, three seeds (half an hour).
	$(PYTHON) Tests/Peers/precision_curves.py .build/precision-curves --duiqi $(DUIQI)

clean: ## Remove what was built.
	rm -rf .build $(VENV) $(PEERS)

# make install   a virtual environment in .venv, with locked versions
# make demo      the whole of the main job on synthetic scenes (10 minutes on 2 cores)
# make demo-depth  thermal depth, five loss combinations on rendered rooms (15 minutes)
# make test      lint and tests
# make lint      ruff, mypy, import-linter, bandit and pip-audit
# make faults    what tests/faults does in short, at full length (hours)
# make bench     speed against named yardsticks
# make docs      the manual as a site, in build/site
# make tutorial  the tutorial's notebook executed, and its page (2 minutes on 2 cores)
# make qgis-plugin  the plugin for QGIS as a ZIP, in dist/
# make viewer    the libraries of mmext view's page, from npm, by viewer/package-lock.json
# make gpu-check what only a GPU can show, compared with the CPU, and its speed

PYTHON ?= python3
# On a CUDA machine name the build that fits it, e.g. TORCH="torch==2.6.0".
TORCH ?= $(shell grep '^torch==' requirements/lock.txt)
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo demo-depth test lint faults bench docs tutorial qgis-plugin viewer gpu-check

install: $(STAMP)

$(STAMP): requirements/lock.txt setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	grep -v '^torch==' requirements/lock.txt > .venv/lock-without-torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-r .venv/lock-without-torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

demo: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" tools/demo.sh

demo-depth: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" tools/demo_depth.sh

# A file's tests stay in one process and files in their order: fixtures are made once,
# and what forks comes before what starts GDAL's threads.
test: lint
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 \
		--dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml \
		mmext tools qgis
	$(BIN)/pip-audit --progress-spinner off --disable-pip --no-deps \
		--requirement requirements/lock.txt

# tests/faults at full length: kills, full disks, 10,000 damaged copies of every kind
# of file, thousands of epochs and sheets. Hours; root, for the small disks.
faults: $(STAMP)
	$(BIN)/python -m pytest tests/faults --long

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

tutorial: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" python docs/tutorial.py

bench: $(STAMP)
	$(BIN)/python tools/benchmark.py

qgis-plugin:
	$(PYTHON) qgis/package.py

# Only to change their versions: what it writes is in mmext/viewing/static. Needs Node.
viewer:
	cd viewer && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs

# On a CUDA machine, after make install TORCH=...; at most 20 minutes.
gpu-check: $(STAMP)
	$(BIN)/python -c "import sys, torch; sys.exit(None if torch.cuda.is_available() else \
		'gpu-check: torch sees no GPU here, expected one')"
	$(BIN)/python -m pytest tests/gpu --verbose
	$(BIN)/python tools/benchmark.py --repeats 3 \
		--only training accumulation mapping --out gpu_benchmark.json

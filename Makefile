# Every target sets itself up: Python 3.11 or newer and make are all it takes.
#
#   make help         say this
#   make debug        open the negotiation in the debugger      (PROGRAM=examples/support.pb for another)
#   make test         run the tests                             (ARGS="-k resume" for some)
#   make check        lint, types, layers and tests: what CI asks
#   make format       let ruff lay out the code
#   make screenshots  draw the README's pictures of the screen again
#   make pictures     keep what the screen looks like now as what its tests expect
#   make bench        measure against the goals and the peers
#   make crash        kill real processes and count what is lost or done twice
#   make races        the screen's tests, with what crosses its threads late by chance
#   make fuzz         random programs and properties for long   (FUZZ_MINUTES=10)

PROGRAM = examples/negotiation.pb
ARGS =
# As many processes as cores; a file's tests stay in one.
WORKERS = auto
FUZZ_MINUTES = 10

VENV = .venv
PYTHON = $(VENV)/bin/python
INSTALLED = $(VENV)/.installed

.PHONY: debug test check lint types layers format screenshots pictures bench crash races fuzz setup clean help

# Left before the end (130) is no error of make's.
debug: $(INSTALLED)
	@$(VENV)/bin/playbooks debug $(PROGRAM) || test $$? -eq 130

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

test: $(INSTALLED)
	@$(PYTHON) -m pytest -rs -n $(WORKERS) --dist loadfile $(ARGS)

check: lint types layers test

lint: $(INSTALLED)
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

types: $(INSTALLED)
	@$(PYTHON) -m mypy

layers: $(INSTALLED)
	@$(VENV)/bin/lint-imports --no-logo

format: $(INSTALLED)
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

screenshots: $(INSTALLED)
	@$(PYTHON) screenshots/draw.py

pictures: $(INSTALLED)
	@$(PYTHON) -m pytest -n $(WORKERS) tests/tui/test_pictures.py --snapshot-update $(ARGS)

bench: $(INSTALLED)
	@$(PYTHON) bench/run.py

crash: $(INSTALLED)
	@$(PYTHON) tests/crash/harness.py $(ARGS)

# RACES_SEED=… draws the same delays again; which of two threads comes first is still the machine's.
races: $(INSTALLED)
	@PYTHONPATH=tests $(PYTHON) -m pytest -p tui.late -n $(WORKERS) tests/tui --ignore tests/tui/test_pictures.py $(ARGS)

fuzz: $(INSTALLED)
	@PYTHONPATH=tests FUZZ_MINUTES=$(FUZZ_MINUTES) $(PYTHON) tests/runtime/fuzz.py $(ARGS)

setup: $(INSTALLED)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The stamp is written last, so an interrupted set-up is done again.
$(INSTALLED): pyproject.toml constraints.txt
	@if ! $(PYTHON) -c 'import pip' >/dev/null 2>&1; then \
	  for candidate in python3.13 python3.12 python3.11 python3; do \
	    if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	      found=$$candidate; break; \
	    fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.11 or newer with venv was found: install one (Debian, Ubuntu: apt install python3-venv)" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$found --version) …" >&2; \
	  $$found -m venv --clear $(VENV) || exit 1; \
	fi
	@echo "Installing Playbooks and its tools into $(VENV), once; a minute or two …" >&2
	@$(PYTHON) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(PYTHON) -m compileall -q engine tui  # as pip does with what it copies: where Python may not write, starts are slow
	@touch $(INSTALLED)

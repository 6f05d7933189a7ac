# One command for each task of a developer.
.PHONY: play test lint coverage docs bench models figures performances clean
BIN = .venv/bin
DATA ?= data

play:            ## set up and play
	scripts/play

test:            ## set up and run every check
	scripts/test

lint:            ## style, types and imports alone
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

coverage:        ## which lines the tests reach, those of daemons and children too (slower)
	$(BIN)/pytest --cov --cov-report=term

docs:            ## make docs/osc.md and docs/cheat-sheet.md from the table of controls
	$(BIN)/python -m livegan.core.reference > docs/osc.md
	$(BIN)/python -m livegan.core.cheat_sheet > docs/cheat-sheet.md

bench:           ## measure beside the peers, as in BENCHMARKS.md
	$(BIN)/livegan bench timing
	$(BIN)/livegan bench play

models:          ## train and export every shipped model from the data (hours on a CPU)
	scripts/models $(DATA)

figures:         ## judge the shipped models and make docs/figures (hours of one core)
	scripts/figures $(DATA)

performances:    ## play the shipped models with moves of the controls into docs/figures
	scripts/performances

clean:           ## forget the environment and all caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* .import_linter_cache

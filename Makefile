# One command for each task of a developer.
.PHONY: play test lint docs bench models clean
BIN = .venv/bin
DATA ?= data

play:            ## set up and play
	scripts/play

test:            ## set up and run every check
	scripts/test

lint:            ## style, types and imports alone
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

docs:            ## make docs/osc.md from the table of controls
	$(BIN)/python -m livegan.core.reference > docs/osc.md

bench:           ## measure beside the peers, as in BENCHMARKS.md
	$(BIN)/python -m benchmarks.play

models:          ## train and export the shipped model from the data (hours on a CPU)
	$(BIN)/livegan train piano --data $(DATA)/pop909_piano.npz --out runs/piano
	$(BIN)/livegan export runs/piano/best.pt livegan/models/piano.onnx \
		--data "POP909 piano (733 pop songs)" \
		--credit "POP909 (music-x-lab), bar lines from hierarchical-structure-analysis (Dsqvival)" \
		--licence MIT

clean:           ## forget the environment and all caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* .import_linter_cache

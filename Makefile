# Everything that there is to do with Relais from a shell. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# What the set-up brought (uv, Node) comes first.
export PATH := $(CURDIR)/.tools/bin:$(PATH)
# Without compiled modules Rasa starts twice as slowly.
unexport PYTHONDONTWRITEBYTECODE
export RASA_TELEMETRY_ENABLED := false
PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(if $(shell command -v $(name) 2>/dev/null),$(name),)))
RASA := PYTHONWARNINGS=ignore assistant/.venv/bin/python -m rasa

.PHONY: help setup run test lint bench train clean

help:  ## Liste les commandes
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup:  ## Met tout en place (environnements, Node, pages) ; rapide quand c'est déjà fait
	@if [ -z "$(PYTHON)" ]; then echo "Mise en place impossible. Python 3.11 est introuvable : installez-le (sudo apt-get install python3.11), puis relancez." >&2; exit 1; fi
	@$(PYTHON) scripts/bootstrap.py

run: setup  ## Met en place et démarre tout ; Ctrl-C arrête tout
	@exec .venv/bin/relais up

train: setup  ## Entraîne l'assistant si ses données ont changé
	@.venv/bin/relais train

lint: setup  ## Vérifie la forme et les types, sans rien exécuter
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	npm --prefix web run check

test: setup  ## Lance tous les tests, navigateur compris
	npm --prefix web run test
	$(RASA) data validate --config config.yml --domain domain.yml --data data --fail-on-warnings
	.venv/bin/relais train
	$(RASA) test core --e2e --model models/relais.tar.gz --stories tests/stories --out var/rasa-test --fail-on-prediction-errors
	browser="$$(.venv/bin/python scripts/browser.py)"; RELAIS_CHROMIUM="$$browser" .venv/bin/pytest $(PYTEST_ARGS)

bench: setup train  ## Compare avec Rasa de série ; écrit le tableau de docs/benchmarks.md
	.venv/bin/python -m bench

clean:  ## Supprime tout ce que la mise en place a créé ; var/ (données, secrets) reste
	rm -rf .venv assistant/.venv .tools web/node_modules web/dist models var/rasa-test .pytest_cache .mypy_cache .ruff_cache

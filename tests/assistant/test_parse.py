"""`python -m assistant.parse` and the classifier behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from assistant_process import run_in_rasa


def _parse(model: Path, texts: list[str]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = run_in_rasa("-m", "assistant.parse", "--model", str(model), input=lines)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_parse_answers_each_line_with_full_labels(model: Path) -> None:
    texts = ["on ma voler mon vélot", "BRUIT DES VOISINS", "je veux parler à une personne", "/human", "", "xqjwk"]
    parsed = _parse(model, texts)
    assert len(parsed) == len(texts)
    names = [line["intent"]["name"] for line in parsed]
    assert names[:3] == ["faq/vol", "faq/bruit", "human"]  # spelling, case and accents do not matter
    assert parsed[3]["intent"]["confidence"] < 1  # understood as text, not taken as a command
    assert names[4:] == ["nlu_fallback", "nlu_fallback"]
    for line in parsed[:4]:
        confidences = [entry["confidence"] for entry in line["ranking"]]
        assert confidences == sorted(confidences, reverse=True)
        assert sum(confidences) == pytest.approx(1, abs=0.01)


def test_parse_spelling_variants_alike(model: Path) -> None:
    with_accents, without = _parse(model, ["On m’a volé mon téléphone !", "on m'a vole mon telephone !"])
    assert with_accents == without


def test_parse_bad_line_is_refused(model: Path) -> None:
    done = run_in_rasa("-m", "assistant.parse", "--model", str(model), input='{"text": 5}\n')
    assert done.returncode != 0
    assert "line 1" in done.stderr


def test_parse_without_model_says_so(tmp_path: Path) -> None:
    done = run_in_rasa("-m", "assistant.parse", "--model", str(tmp_path / "none.tar.gz"), input="")
    assert done.returncode == 2
    assert "no model" in done.stderr


def test_serve_without_settings_says_which(tmp_path: Path) -> None:
    done = run_in_rasa("-m", "assistant.serve", env={"RELAIS_RASA_PORT": "", "RELAIS_CHANNEL_TOKEN": ""})
    assert done.returncode != 0
    assert "RELAIS_CHANNEL_TOKEN" in done.stderr

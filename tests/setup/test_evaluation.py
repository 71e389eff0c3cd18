"""`relais nlu evaluate`: reading the file, the figures, the pipe to the model. docs/understanding.md defines the figures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from frontdesk import evaluation
from frontdesk.environment import OperatorError
from frontdesk.evaluation import Parse, Row

TOPICS = frozenset({"vol_simple", "hameconnage", "plainte_depot"})


def test_read_rows_allows_header_quotes_columns_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_bytes(
        "\ufefftext\ttopic_id\torigin\r\non m’a volé\tvol_simple\tA\r\n\r\n"
        '"il a dit ""oui"""\tfaq/hameconnage\r\nil dit "non" et\tout_of_scope\nligne\u2028coupée\tneeds_human\n'.encode()
    )
    assert evaluation.read_rows(path) == [
        Row("on m’a volé", "vol_simple"),
        Row('il a dit "oui"', "hameconnage"),
        Row('il dit "non" et', "out_of_scope"),
        Row("ligne\u2028coupée", "needs_human"),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("sans tabulation", "ligne 2 : il manque la tabulation"),
        ("\tvol_simple", "ligne 2 : le texte est vide"),
        ("texte\t", "n’est pas une étiquette"),
        ("texte\tVol Simple", "n’est pas une étiquette"),
    ],
)
def test_read_rows_names_the_malformed_line(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text(f"bon\tvol_simple\n{line}\n")
    with pytest.raises(OperatorError) as caught:
        evaluation.read_rows(path)
    assert why in str(caught.value).replace("\u00a0", " ")


def test_read_rows_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_bytes("un\tvol_simple\nvolé\tvol_simple\n".encode("latin-1"))
    with pytest.raises(OperatorError, match="ligne 2"):
        evaluation.read_rows(path)


def test_read_rows_empty_or_missing_file(tmp_path: Path) -> None:
    (tmp_path / "empty.tsv").write_text("text\tlabel\n")
    for name in ("empty.tsv", "missing.tsv"):
        with pytest.raises(OperatorError, match=name):
            evaluation.read_rows(tmp_path / name)


# What a made-up model says: (intent acted on, ranking).
SAYS = {
    "t1": Parse("faq/vol_simple", ("faq/vol_simple", "human", "faq/hameconnage")),
    "t2": Parse("nlu_fallback", ("faq/hameconnage", "faq/vol_simple", "greet")),
    "t3": Parse("faq/plainte_depot", ("faq/plainte_depot", "human", "greet", "faq/vol_simple")),
    "t4": Parse("faq/hameconnage", ("faq/hameconnage",)),
    "o1": Parse("out_of_scope", ("out_of_scope",)),
    "o2": Parse("faq/vol_simple", ("faq/vol_simple",)),
    "o3": Parse("greet", ("greet",)),
    "o4": Parse("nlu_fallback", ("faq/vol_simple",)),
    "h1": Parse("human", ("human",)),
    "h2": Parse("nlu_fallback", ("faq/vol_simple",)),
    "h3": Parse("faq/vol_simple", ("faq/vol_simple",)),
    "h4 danger": Parse("faq/vol_simple", ("faq/vol_simple",)),
    "e1 danger": Parse("greet", ("greet",)),
    "e2": Parse("faq/vol_simple", ("faq/vol_simple",)),
}
ROWS = [
    Row("t1", "vol_simple"),
    Row("t2", "vol_simple"),
    Row("t3", "vol_simple"),
    Row("t4", "hameconnage"),
    Row("never parsed", "objets_trouves"),
    Row("never parsed", "objets_trouves"),
    *(Row(text, "out_of_scope") for text in ("o1", "o2", "o3", "o4")),
    *(Row(text, "needs_human") for text in ("h1", "h2", "h3", "h4 danger")),
    *(Row(text, "emergency") for text in ("e1 danger", "e2")),
]


def say(texts: Sequence[str]) -> list[Parse]:
    return [SAYS[text] for text in texts]


def test_figures() -> None:
    figures = evaluation.evaluate(ROWS, TOPICS, say, lambda text: "danger" in text)
    assert figures == {
        "n": 14,
        "n_topics": 4,
        "top1": 0.5,  # t1, t4
        "top3": 0.75,  # and t2; t3 has its topic in the fourth place
        "macro_top1": round((1 / 3 + 1) / 2, 4),
        "macro_top3": round((2 / 3 + 1) / 2, 4),
        "unsure": 0.25,
        "topics": {
            "hameconnage": {"n": 1, "top1": 1.0, "top3": 1.0},
            "vol_simple": {"n": 3, "top1": 0.3333, "top3": 0.6667},
        },
        "out_of_scope": {"n": 4, "answered": 0.25},
        "needs_human": {"n": 4, "offered": 0.75},
        "emergency": {"n": 2, "caught": 0.5, "false_alarms": 1, "others": 12},
        "confusions": [
            {"label": "emergency", "predicted": "vol_simple", "count": 1},
            {"label": "needs_human", "predicted": "vol_simple", "count": 1},
            {"label": "out_of_scope", "predicted": "vol_simple", "count": 1},
            {"label": "vol_simple", "predicted": "hameconnage", "count": 1},
            {"label": "vol_simple", "predicted": "plainte_depot", "count": 1},
        ],
        "skipped": {"n": 2, "topics": {"objets_trouves": 2}},
    }
    text = evaluation.as_text(figures)
    assert "objets_trouves (2)" in text
    assert "vol_simple → hameconnage" in text


def test_figures_without_rows_of_a_kind_are_null_not_zero() -> None:
    figures = evaluation.evaluate([Row("o1", "out_of_scope")], TOPICS, say, lambda text: False)
    assert figures["top1"] is None
    assert figures["macro_top1"] is None
    assert figures["emergency"]["caught"] is None
    assert figures["out_of_scope"] == {"n": 1, "answered": 0.0}
    evaluation.as_text(figures)


def test_known_topics_are_read_from_the_training_data(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "nlu" / "faq"
    folder.mkdir(parents=True)
    (folder / "vol.yml").write_text(
        'nlu:\n- intent: faq/vol_simple\n  examples: |\n    - a\n- intent: "faq/hameconnage"\n- intent: greet\n'
    )
    assert evaluation.known_topics(tmp_path) == {"vol_simple", "hameconnage"}


MODEL = """
import json, sys
for line in sys.stdin:
    text = json.loads(line)["text"]
    name = "faq/" + text.split()[0]
    ranking = [{"name": "nlu_fallback", "confidence": .5}, {"name": name, "confidence": .4}]
    print(json.dumps({"intent": {"name": name, "confidence": 1}, "ranking": ranking}), flush=True)
"""


def test_parse_texts_over_the_pipe() -> None:
    parses = evaluation.parse_texts(["vol_simple à Évry", "x\u2028y"], os.environ, [sys.executable, "-c", MODEL])
    assert parses == [Parse("faq/vol_simple", ("faq/vol_simple",)), Parse("faq/x", ("faq/x",))]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("raise SystemExit('no model here')", "no model here"),
        ("print('{\"intent\": 1}')", "forme attendue"),
        ("pass", "0 messages sur 1"),
    ],
)
def test_parse_texts_failure_is_one_sentence(program: str, why: str) -> None:
    with pytest.raises(OperatorError, match=why) as caught:
        evaluation.parse_texts(["bonjour"], os.environ, [sys.executable, "-c", program])
    assert "\n" not in str(caught.value)


def test_figures_are_json() -> None:
    assert json.loads(json.dumps(evaluation.evaluate(ROWS, TOPICS, say, lambda text: False)))["n"] == 14

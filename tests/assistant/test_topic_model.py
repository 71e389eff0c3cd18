"""The topic model by itself: what it learns, that it is the same each time, and what it does with what it never saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.topic_model import TopicModel

EXAMPLES = [
    ("on m'a volé mon vélo", "vol"),
    ("mon vélo a disparu de la cour", "vol"),
    ("vol de trottinette", "vol"),
    ("le voisin met la musique trop fort", "bruit"),
    ("tapage toutes les nuits", "bruit"),
    ("impossible de dormir avec ce bruit", "bruit"),
    ("quels sont les horaires", "horaires"),
    ("ouvert le dimanche ?", "horaires"),
    ("à quelle heure ferme la brigade", "horaires"),
]


def saved(model: TopicModel, folder: Path) -> list[bytes]:
    folder.mkdir()
    model.save(folder)
    return [file.read_bytes() for file in sorted(folder.iterdir())]


def test_same_examples_in_any_order_give_the_same_model(tmp_path: Path) -> None:
    first, second = TopicModel.fit(EXAMPLES), TopicModel.fit([*EXAMPLES[::-1], EXAMPLES[3]])
    for text in ("on m a vole ma trottinette", "trop de bruit", "horaires svp", "bonjour"):
        assert first.probabilities(text) == second.probabilities(text)
    assert saved(first, tmp_path / "first") == saved(second, tmp_path / "second")


@pytest.mark.parametrize(
    ("text", "label"), [("vélo volé", "vol"), ("velo vole", "vol"), ("la musique du voisin", "bruit"), ("quelle heure ?", "horaires")]
)
def test_learns_and_forgives_accents(text: str, label: str) -> None:
    probabilities = TopicModel.fit(EXAMPLES).probabilities(text)
    assert max(probabilities, key=lambda name: probabilities[name]) == label
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_saved_model_answers_alike(tmp_path: Path) -> None:
    model = TopicModel.fit(EXAMPLES)
    saved(model, tmp_path / "model")
    loaded = TopicModel.load(tmp_path / "model")
    for text, _ in EXAMPLES:
        for label, share in model.probabilities(text).items():
            assert loaded.probabilities(text)[label] == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("text", ["", "   ", "…", "xqzk wqxz"])
def test_what_was_never_seen_has_no_probabilities(text: str) -> None:
    assert TopicModel.fit(EXAMPLES).probabilities(text) == {}


def test_two_labels_are_told_apart_and_one_is_refused() -> None:
    two = [(text, label) for text, label in EXAMPLES if label != "horaires"]
    model = TopicModel.fit(two)
    assert model.probabilities("vol de vélo")["vol"] > 0.5 > model.probabilities("trop de bruit la nuit")["vol"]
    with pytest.raises(ValueError, match="two intents"):
        TopicModel.fit([("un", "seul"), ("deux", "seul")])


@pytest.mark.parametrize("damage", [b"", b"{", b'{"labels": []}'])
def test_damaged_model_is_an_error_not_an_answer(tmp_path: Path, damage: bytes) -> None:
    saved(TopicModel.fit(EXAMPLES), tmp_path / "model")
    (tmp_path / "model" / "topics.json").write_bytes(damage)
    with pytest.raises((OSError, KeyError, ValueError)):
        TopicModel.load(tmp_path / "model")

"""Names of people: announced, asked for, and the sentences that are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoken.people import MAX_NAME, find_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("je m'appelle marie durand", "Marie Durand"),
        ("Je m’appelle Marie Durand et j’habite à Nantes", "Marie Durand"),
        ("je m appel karim ben ali", "Karim ben Ali"),
        ("mon nom est Jean-Pierre D'ARC", "Jean-Pierre d'Arc"),
        ("mon nom c est durand", "Durand"),
        ("c'est Marie Durand", "Marie Durand"),
        ("bonjour, c'est Marie Durand", "Marie Durand"),
        ("moi c'est Léa", "Léa"),
        ("Mme Durand", "Durand"),
        ("M. Dupont", "Dupont"),
        ("au nom de Marie Durand", "Marie Durand"),
    ],
)
def test_name_find_announced(text: str, name: str) -> None:
    assert find_name(text, asked=True) == name
    assert find_name(text, asked=False) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("marie durand", "Marie Durand"),
        ("DURAND Marie", "Durand Marie"),
        ("Durand, Marie", "Durand Marie"),
        ("JEAN DUPONT", "Jean Dupont"),
        ("Jean-Pierre d'Arc", "Jean-Pierre d'Arc"),
        ("jean-pierre d’arc", "Jean-Pierre d’Arc"),
        ("élodie o'connor", "Élodie O'Connor"),
        ("jean de la fontaine", "Jean de la Fontaine"),
        ("Le Goff Yann", "Le Goff Yann"),
        ("marie-claire de saint-exupéry", "Marie-Claire de Saint-Exupéry"),
        ("Ndèye Fatou Diop", "Ndèye Fatou Diop"),
        ("van der berg", "Van der Berg"),
        ("Marie.", "Marie"),
    ],
)
def test_name_find_bare_only_when_asked(text: str, name: str) -> None:
    assert find_name(text, asked=True) == name
    assert find_name(text, asked=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "oui", "non merci", "je sais pas", "je ne veux pas le dire", "pourquoi ?", "Marie ?", "comment je m'appelle ?", "06 12 34 56 78",
        "Marie Durand 44000", "c'est mon voisin", "c'est pour un vol", "bonjour je suis perdu", "monsieur le maire", "anonyme", "a",
        "je veux parler à un agent", "quelqu'un m'a volé mon vélo", "oui c'est bon", "c'est ça", "c'est noté", "oui c'est exact",
        "Bon Bonnet c'est urgent", "x" * (MAX_NAME + 1), "un deux trois quatre cinq six sept huit",
    ],
)  # fmt: skip
def test_name_find_none(text: str) -> None:
    assert find_name(text, asked=True) is None


@pytest.mark.parametrize("text", ["c'est grave", "c'est urgent", "c'est pas moi", "il s'est passé quelque chose"])
def test_name_find_not_asked_needs_capitals(text: str) -> None:
    assert find_name(text, asked=False) is None


_WORDS = st.sampled_from("je m'appelle marie Durand d' de la - ' . , M. Mme c'est est nom : et JEAN É é ? 1".split())


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=2000), st.lists(_WORDS, max_size=30).map(" ".join)), asked=st.booleans())
def test_name_find_any_text(text: str, asked: bool) -> None:
    name = find_name(text, asked=asked)
    if name is not None:
        assert 2 <= len(name) <= MAX_NAME
        assert not any(char.isdigit() for char in name)


@settings(max_examples=200, deadline=None)
@given(
    first=st.sampled_from(["Marie", "Jean-Pierre", "Élodie", "Anne Sophie", "Karim", "Zoé"]),
    last=st.sampled_from(["Durand", "d'Arc", "Le Goff", "O'Connor", "Saint-Exupéry", "Nguyen", "Müller"]),
    form=st.sampled_from(["je m'appelle {}", "mon nom est {}", "{}", "c'est {}", "bonjour, je m'appelle {}, merci"]),
)
def test_name_keeps_what_is_well_written(first: str, last: str, form: str) -> None:
    assert find_name(form.format(f"{first} {last}"), asked=True) == f"{first} {last}"

"""Masking: what it hides, what it leaves, that it hides all that the finders of this package find, and that twice is once."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoken.contacts import find_email, find_ibans, find_phone, find_plates
from spoken.masking import TOKENS, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mon tel 06 12 34 56 78 et mail marie@exemple.fr", "mon tel [téléphone] et mail [e-mail]"),
        ("zéro six douze trente-quatre cinquante-six soixante-dix-huit", "[téléphone]"),
        ("marie point dupont arobase exemple point fr", "[e-mail]"),
        ("la plaque AB-123-CD", "la plaque [plaque]"),
        ("iban FR76 3000 6000 0112 3456 7890 189", "iban [iban]"),
        ("carte 4111 1111 1111 1111", "carte [carte]"),
        ("sécu 1 85 05 78 006 084 36", "sécu [numéro]"),
        ("né le 3 mai 1985 à Lyon", "né le [date] à Lyon"),
        ("née le 03/05/1985", "née le [date]"),
        ("date de naissance : 03.05.1985", "date de naissance : [date]"),
        ("je m'appelle marie durand et j'ai peur", "je m'appelle [nom] et j'ai peur"),
        ("Monsieur Martin m'a frappé", "Monsieur [nom] m'a frappé"),
        ("M. Martin et Mme Le Goff", "M. [nom] et Mme [nom]"),
        ("mon voisin Paul Martin fait du bruit", "mon voisin [nom] fait du bruit"),
        ("mon ex Karim m'a frappée", "mon ex [nom] m'a frappée"),
        ("elle s'appelle Léa", "elle s'appelle [nom]"),
        ("j'habite 12 bis rue de la Paix à Nantes", "j'habite [adresse] à Nantes"),
        ("12, bd Victor Hugo 75015 Paris", "[adresse]"),
        ("44000 Nantes", "[numéro] Nantes"),
        ("dossier 2024-12345678", "dossier [numéro]"),
        ("voir https://facebook.com/marie.durand.5", "voir [lien]"),
        ("http://x.fr/p?u=marie", "[lien]"),
        ("sur insta @marie_d92", "sur insta [lien]"),
    ],
)
def test_mask_hides(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "", "Comment porter plainte ?", "appelez le 17 ou le 3018", "le 3 novembre 2026 à 14h", "03/11/2026 à 14h30", "j'ai 30 ans et 2 enfants",
        "mon voisin joue de la musique", "ma femme et moi", "https://www.service-public.fr/particuliers", "30 euros", "Monsieur le maire",
        "je m'appelle comment déjà ?", "un agent m'a rappelé",
    ],
)  # fmt: skip
def test_mask_leaves(text: str) -> None:
    assert mask(text) == text


_FILL = st.sampled_from(["", " ", ", ", "\n", " et ", "tel:", " (", ") ", "mon voisin ", "M. ", "le ", "?", " - ", "é"])
_PHONES = st.builds(
    lambda number, separator: separator.join(["06", *(f"{number:08}"[place : place + 2] for place in (0, 2, 4, 6))]),
    st.integers(10_000_000, 99_999_999),
    st.sampled_from(["", " ", ".", "-"]),
)
_EMAILS = st.builds(
    lambda local, host: f"{local}@{host}.fr",
    st.from_regex(r"[a-z][a-z0-9.]{0,8}[a-z]", fullmatch=True),
    st.sampled_from(["exemple", "ac-lyon.gouv"]),
)
_PLATES = st.builds(lambda number, sign: f"AB{sign}{number:03}{sign}CD", st.integers(1, 999), st.sampled_from(["", "-", " "]))
_SECRETS = st.one_of(_PHONES, _EMAILS, _PLATES, st.just("FR7630006000011234567890189"), st.just("4111111111111111"))
_TEXTS = st.lists(st.tuples(_FILL, _SECRETS, _FILL), max_size=8).map(lambda pieces: "".join("".join(piece) for piece in pieces))


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(_TEXTS, st.text(max_size=2000)))
def test_mask_leaves_nothing_that_can_be_found_and_is_idempotent(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert find_phone(masked) is None
    assert find_email(masked) is None
    assert find_plates(masked) == []
    assert find_ibans(masked) == []
    bare = masked
    for token in TOKENS:
        bare = bare.replace(token, " ")
    assert not any(len(run) >= 5 for run in "".join(char if char in "0123456789" else " " for char in bare).split())


@settings(max_examples=100, deadline=None)
@given(number=st.integers(600_000_000, 799_999_999), around=st.sampled_from(["{}", "appelle le {} vite", "a{}b", "{}.", "0{}9"]))
def test_mask_hides_every_number_of_a_person(number: int, around: str) -> None:
    masked = mask(around.format(f"0{number}"))
    for match in phonenumbers.PhoneNumberMatcher(masked, "FR"):
        pytest.fail(f"left a number of {len(match.raw_string)} characters")


@pytest.mark.parametrize(
    "piece",
    [
        "0",
        "06 ",
        "a@",
        "12 rue a ",
        "rue ",
        "M. ",
        "M. A ",
        "mon voisin A ",
        "http://",
        "@a",
        "né le ",
        "1/1/",
        "FR76",
        "[nom] ",
        "-",
        "a ",
        "[",
        "é1",
    ],
)
def test_mask_hostile_text_to_its_end(piece: str) -> None:
    # A regular expression gone wild would take hours on this; reading takes hundredths of a second.
    text = (piece * 2000)[:2000]
    mask(text)

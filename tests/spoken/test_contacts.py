"""Phones, e-mail addresses, plates: how people write and say them, what is none of them, any text at all."""

from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoken import contacts
from spoken.contacts import email_suggestion, find_email, find_phone, find_phones, find_plates, phone_problem


@pytest.mark.parametrize(
    ("text", "e164", "national"),
    [
        ("06 12 34 56 78", "+33612345678", "06 12 34 56 78"),
        ("06.12.34.56.78", "+33612345678", "06 12 34 56 78"),
        ("06-12-34-56-78", "+33612345678", "06 12 34 56 78"),
        ("06/12/34/56/78", "+33612345678", "06 12 34 56 78"),
        ("0612345678", "+33612345678", "06 12 34 56 78"),
        ("0612 345 678", "+33612345678", "06 12 34 56 78"),
        ("mon tel : 06\u00a012\u00a034\u00a056\u00a078, merci", "+33612345678", "06 12 34 56 78"),
        ("O6 12 34 56 78", "+33612345678", "06 12 34 56 78"),
        ("612345678", "+33612345678", "06 12 34 56 78"),
        ("zéro six douze trente-quatre cinquante-six soixante-dix-huit", "+33612345678", "06 12 34 56 78"),
        ("zero sept quatre vingt dix huit onze vingt et un zéro zéro", "+33798112100", "07 98 11 21 00"),
        ("+33 6 12 34 56 78", "+33612345678", "06 12 34 56 78"),
        ("+33 (0)6 12 34 56 78", "+33612345678", "06 12 34 56 78"),
        ("0033612345678", "+33612345678", "06 12 34 56 78"),
        ("plus trente-trois six douze trente quatre cinquante six soixante dix huit", "+33612345678", "06 12 34 56 78"),
        ("01 44 55 66 77", "+33144556677", "01 44 55 66 77"),
        ("09 72 12 34 56", "+33972123456", "09 72 12 34 56"),
        ("+262 692 12 34 56", "+262692123456", "0692 12 34 56"),
        ("0692 12 34 56", "+262692123456", "0692 12 34 56"),
        ("0590 20 12 34", "+590590201234", "0590 20 12 34"),
        ("+594 694 20 12 34", "+594694201234", "0694 20 12 34"),
        ("+596 696 12 34 56", "+596696123456", "0696 12 34 56"),
        ("0639 01 23 45", "+262639012345", "0639 01 23 45"),
        ("+687 75 12 34", "+687751234", "75.12.34"),
        ("+689 87 12 34 56", "+68987123456", "87 12 34 56"),
        ("+32 470 12 34 56", "+32470123456", "0470 12 34 56"),
        ("00 32 470 12 34 56", "+32470123456", "0470 12 34 56"),
        ("je suis au 12 rue X, mon numéro 06 12 34 56 78", "+33612345678", "06 12 34 56 78"),
    ],
)
def test_phone_find(text: str, e164: str, national: str) -> None:
    phone = find_phone(text)
    assert phone is not None
    assert (phone.e164, phone.national) == (e164, national)
    assert phone_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "17", "appelez le 112", "3018", "0 892 70 12 34", "0800 00 00 00", "le 06/12/2026 14 30", "FR76 3000 6000 0112 3456 7890 189",
        "1 85 05 78 006 084 36", "4111 1111 1111 1111", "44000 Nantes", "dossier 2026000123", "AB-123-CD", "hier à 14h30", "deux ou trois fois",
        "un homme de vingt ans", "",
    ],
)  # fmt: skip
def test_phone_find_none(text: str) -> None:
    assert find_phone(text) is None


def test_phones_find_several_with_their_places() -> None:
    text = "Au 06.12.34.56.78 ou au +33 1 44 55 66 77 (bureau)"
    assert [text[slice(*phone.span)] for phone in find_phones(text)] == ["06.12.34.56.78", "+33 1 44 55 66 77"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("06 12 34 56", "too_short"),
        ("mon numéro c'est le 06 12 34 56 7", "too_short"),
        ("17", "too_short"),
        ("+33 6 12", "too_short"),
        ("06 12 34 56 78 9", "too_long"),
        ("061234567890", "too_long"),
        ("+33 612345678901234", "too_long"),
        ("0892 70 12 34", "invalid"),
        ("00 00 00 00 00", "invalid"),
        ("06 12 34 56 78", None),
        ("je n'ai pas de téléphone", None),
        ("03.11.2026", None),
        ("44000", "too_short"),
        ("hier à 14h30", None),
    ],
)
def test_phone_problem(text: str, problem: str | None) -> None:
    assert phone_problem(text) == problem


_SEPARATORS = st.sampled_from(["", " ", ".", "-", "/", "  ", " . ", "\u00a0", "\u202f"])


@settings(max_examples=200, deadline=None)
@given(
    number=st.integers(600_000_000, 799_999_999).filter(
        lambda number: phonenumbers.is_valid_number(phonenumbers.parse(f"0{number:09}", "FR"))
    ),
    start=st.sampled_from(["0", "+33", "+33 ", "0033", "0033 ", "+33 (0)"]),
    # Pairs glued here and apart there may be a date and an hour: such a number is asked for again.
    separators=st.one_of(st.just([""] * 4), st.lists(_SEPARATORS.filter(bool), min_size=4, max_size=4)),
    around=st.sampled_from(["{}", "mon numéro est le {}, merci", "({})", "tel:{}"]),
)
def test_phone_round_trips_with_any_separators(number: int, start: str, separators: list[str], around: str) -> None:
    digits = f"{number:09}"
    pairs = [digits[place : place + 2] for place in range(1, 9, 2)]
    written = start + digits[0] + "".join(separator + pair for separator, pair in zip(separators, pairs, strict=True))
    phone = find_phone(around.format(written))
    assert phone is not None, written
    assert phone.e164 == "+33" + digits
    assert find_phone(phone.national) is not None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("marie.dupont@exemple.fr", "marie.dupont@exemple.fr"),
        ("mon mail : Marie.Dupont@Exemple.FR. Merci", "Marie.Dupont@exemple.fr"),
        ("marie point dupont arobase exemple point fr", "marie.dupont@exemple.fr"),
        ("c'est marie tiret claire arobase gmail point com voilà", "marie-claire@gmail.com"),
        ("marie tiret du 6 claire arobase gmail point com", "marie-claire@gmail.com"),
        ("marie tiret du 8 claire arobase gmail point com", "marie_claire@gmail.com"),
        ("marie underscore d arobaze exemple point fr", "marie_d@exemple.fr"),
        ("marie.dupont @ exemple. fr", "marie.dupont@exemple.fr"),
        ("marie . dupont @ exemple . fr", "marie.dupont@exemple.fr"),
        ("marie(at)exemple.fr", "marie@exemple.fr"),
        ("<marie@exemple.fr>", "marie@exemple.fr"),
        ("marie+police@sous.exemple.fr", "marie+police@sous.exemple.fr"),
        ("marie arobase ac-lyon point gouv point fr", "marie@ac-lyon.gouv.fr"),
    ],
)
def test_email_find(text: str, address: str) -> None:
    found = find_email(text)
    assert found is not None
    assert found.address == address
    start, end = found.span
    assert text[start] not in " <"
    assert end <= len(text)


@pytest.mark.parametrize(
    "text", ["", "@", "a@b", "marie@", "@marie", "marie@@exemple.fr", "rendez-vous @ 14h", "point fr", "marie@exemple..fr"]
)
def test_email_find_none(text: str) -> None:
    assert find_email(text) is None


@pytest.mark.parametrize(
    ("address", "suggestion"),
    [
        ("a@gmial.com", "a@gmail.com"), ("a@gmail.fr", "a@gmail.com"), ("a@gmail.con", "a@gmail.com"), ("a@gamil.com", "a@gmail.com"),
        ("a@hotmial.fr", "a@hotmail.fr"), ("a@hotmal.com", "a@hotmail.com"), ("a@orange.f", "a@orange.fr"), ("a@orang.fr", "a@orange.fr"),
        ("a@laposte.fr", "a@laposte.net"), ("a@yaho.fr", "a@yahoo.fr"), ("a@wanado.fr", "a@wanadoo.fr"), ("a@outlok.fr", "a@outlook.fr"),
        ("a@icloud.fr", "a@icloud.com"), ("a@free.f", "a@free.fr"),
        ("a@gmail.com", None), ("a@orange.fr", None), ("a@mairie-lyon.fr", None), ("a@sfr.com", None), ("a@orange.com", None),
        ("a@exemple.fr", None), ("pas une adresse", None), ("", None),
    ],
)  # fmt: skip
def test_email_suggestion(address: str, suggestion: str | None) -> None:
    assert email_suggestion(address) == suggestion


@pytest.mark.parametrize(
    ("text", "plates"),
    [
        ("AB-123-CD", ["AB-123-CD"]), ("ab 123 cd", ["AB-123-CD"]), ("ab123cd", ["AB-123-CD"]), ("une clio AB 123-CD grise", ["AB-123-CD"]),
        ("123 ABC 44", ["123 ABC 44"]), ("1234 ab 2a", ["1234 AB 2A"]), ("456 xyz 974", ["456 XYZ 974"]),
        ("AB-123-CD puis EF-456-GH, encore AB123CD", ["AB-123-CD", "EF-456-GH"]),
        ("sa plaque est de 123 la", ["DE-123-LA"]),
        ("SS-123-AB", []), ("AB-123-SS", []), ("AI-123-CD", []), ("AO-123-CD", []), ("AU-123-CD", []), ("AB-000-CD", []),
        ("roulait à plus de 100 km/h", []), ("il y en a de 100 ml", []), ("12 rue 44", []), ("14 mai 44", []), ("XAB-123-CD", []), ("AB-1234-CD", []),
        ("06 12 34 56 78", []), ("", []),
    ],
)  # fmt: skip
def test_plates_find(text: str, plates: list[str]) -> None:
    assert find_plates(text) == plates


@pytest.mark.parametrize(
    ("find", "text", "pieces"),
    [
        (contacts.find_ibans, "iban FR76 3000 6000 0112 3456 7890 189 merci", ["FR76 3000 6000 0112 3456 7890 189"]),
        (contacts.find_ibans, "FR7630006000011234567890189", ["FR7630006000011234567890189"]),
        (contacts.find_ibans, "FR7730006000011234567890189", []),  # a wrong key
        (contacts.find_cards, "4111-1111-1111-1111", ["4111-1111-1111-1111"]),
        (contacts.find_cards, "4111 1111 1111 1112", []),
        (contacts.find_social_security_numbers, "1 85 05 78 006 084 36", ["1 85 05 78 006 084 36"]),
        (contacts.find_social_security_numbers, "2850578006084", ["2850578006084"]),
        (contacts.find_social_security_numbers, "06 12 34 56 78", []),
    ],
)
def test_numbers_find(find: Callable[[str], list[tuple[int, int]]], text: str, pieces: list[str]) -> None:
    assert [text[slice(*span)] for span in find(text)] == pieces


_PIECES = st.sampled_from(
    [
        "0",
        "06",
        "12",
        "+33",
        "@",
        ".",
        "-",
        " ",
        "a",
        "point ",
        "arobase ",
        "fr",
        "zéro ",
        "six ",
        "vingt ",
        "AB",
        "123",
        "CD",
        "FR76",
        "é",
        "(0)",
        "/",
    ]
)
_TEXTS = st.one_of(st.text(max_size=2000), st.lists(_PIECES, max_size=200).map("".join))


@settings(max_examples=300, deadline=None)
@given(text=_TEXTS)
def test_contacts_find_any_text(text: str) -> None:
    after = 0
    for phone in find_phones(text):
        start, end = phone.span
        assert after <= start < end <= len(text)
        after = end
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone.e164))
    after = 0
    for email in contacts.find_emails(text):
        start, end = email.span
        assert after <= start < end <= len(text)
        after = end
        assert email_suggestion(email.address) != email.address
    for _, (start, end) in contacts.plates_with_spans(text):
        assert 0 <= start < end <= len(text)
    assert phone_problem(text) in (None, "too_short", "too_long", "invalid")


@pytest.mark.parametrize(
    "piece", ["0", "06 ", "@", "a@", "a.", "a@b.", " point ", "arobase ", "FR76", "a1", "1 ", "+", "zéro ", "ab 123 ", "- ", ".", "é"]
)
def test_contacts_find_hostile_text_to_its_end(piece: str) -> None:
    # A regular expression gone wild would take hours on this; reading takes hundredths of a second.
    text = (piece * 2000)[:2000]
    find_phone(text)
    phone_problem(text)
    find_email(text)
    find_plates(text)

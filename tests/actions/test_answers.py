"""The answers one by one: read aloud, called from, pressed. What the editors' guide asks of each and a machine can see.

`test_responses.py` (speakers, typography of texts), `test_traps.py` (what no text may say) and `relais content check` (length, metadata,
payloads) look at other things.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from actions.conversation import OFFENCES_AGAINST_PERSONS, VIOLENCE_TOPICS

RESPONSES = Path(__file__).resolve().parents[2] / "data" / "responses"


def load(name: str) -> dict[str, dict[str, Any]]:
    """The responses of a file; each has one variation."""
    responses = yaml.safe_load((RESPONSES / name).read_text(encoding="utf-8"))["responses"]
    return {key: variation for key, (variation,) in responses.items()}


ANSWERS = {name.removeprefix("utter_faq/"): answer for name, answer in load("faq.yml").items()}
FOLLOWUPS = load("followup.yml")
EVERY_ANSWER = pytest.mark.parametrize("topic", ANSWERS)
NO_BREAK = "\u00a0\u202f"

FIRST_LIMIT = 260  # characters of the first paragraph: what somebody in a hurry reads
SENTENCE_LIMIT = 170  # characters: more cannot be said in one breath
TITLE_LIMIT = 48  # characters of a link's title, one line on a telephone
BUTTON_LIMIT = 40  # characters
FEW_BUTTONS = 4
LABEL_LIMIT = 40  # a note of `relais content check`, an error here
SAME_SENTENCE_FROM = 100  # characters: shorter ones (« En danger, appelez le 17. ») may stand in several answers

# Every telephone number that an answer may show -> its link. The 114 and the 33700 read what is written, nobody can call them.
PHONES = {
    "15": "tel:15",
    "17": "tel:17",
    "18": "tel:18",
    "112": "tel:112",
    "114": "sms:114",
    "119": "tel:119",
    "3018": "tel:3018",
    "3114": "tel:3114",
    "3133": "tel:3133",
    "3919": "tel:3919",
    "33700": "sms:33700",
    "34 00": "tel:3400",
    "39 28": "tel:3928",
    "116 000": "tel:116000",
    "116 006": "tel:116006",
    "0806 20 30 40": "tel:0806203040",
    "0 800 05 95 95": "tel:0800059595",
    "0 805 805 817": "tel:0805805817",
    "0 892 705 705": "tel:0892705705",
    "+33 1 80 52 33 76": "tel:+33180523376",
}
ON_TOP_OF_THE_PAGE = {"17", "112", "114"}  # at hand anyway: an answer needs their buttons only where it begins with them
MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
# What a note must say about when a number answers (facts.md, section 3).
HOURS = {
    "3919": r"24.h/24",
    "3114": r"24.h/24",
    "119": r"24.h/24",
    "3018": r"7 jours sur 7, 9.h à 23.h",
    "3133": r"7 jours sur 7, 9.h à 20.h",
    "116 006": r"9.h à 20.h selon son site",  # other pages say 19 h
    "0 805 805 817": r"lundi au vendredi, 9.h à 18.h.30",
    "0 892 705 705": r"24.h/24.*payant",
    "34 00": r"à vérifier",
    "39 28": r"à vérifier",
    "0 800 05 95 95": r"non confirmés",
}

OFFICIAL = {
    "3114.fr",
    "3133.gouv.fr",
    "17cyber.gouv.fr",
    "allo119.gouv.fr",
    "ants.gouv.fr",
    "antai.gouv.fr",
    "antidiscriminations.fr",
    "arretonslesviolences.gouv.fr",
    "cnil.fr",
    "devenirpolicier.fr",
    "france-victimes.fr",
    "internet-signalement.gouv.fr",
    "lagendarmerierecrute.fr",
    "lannuaire.service-public.gouv.fr",
    "maprocuration.gouv.fr",
    "masecurite.interieur.gouv.fr",
    "recours.permisdeconduire.gouv.fr",
    "service-public.gouv.fr",
    "urgence114.fr",
}

# One name for a way, wherever it is offered.
WAYS = {
    "/human": "Parler à une personne",
    "/appointment": "Demander un rendez-vous",
    "/incident": "Déclarer un fait ici",
    "/front_door": "Trouver la bonne démarche",
}
# Facts to be noted without asking for prosecution (F11182): nothing else ends in an incident report.
REPORTABLE = {
    "main_courante_info",
    "main_courante_gendarmerie",
    "main_courante_copie_duree",
    "depart_domicile_conjugal",
    "non_representation_enfant",
    "tapage_nuisances",
}
COMPLAINTS = {"/faq/plainte_depot", "/faq/violences_conjugales", "/faq/harcelement_menaces"}


def paragraphs(answer: dict[str, Any]) -> list[str]:
    return str(answer["text"]).split("\n\n")


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text)


def phones(answer: dict[str, Any]) -> list[dict[str, str]]:
    return list((answer.get("custom") or {}).get("phones", []))


def links(answer: dict[str, Any]) -> list[dict[str, str]]:
    return list((answer.get("custom") or {}).get("links", []))


def payloads(answer: dict[str, Any]) -> list[str]:
    return [button["payload"] for button in answer.get("buttons", [])]


# ------------------------------------------------------------------------------------------------------- read aloud


@EVERY_ANSWER
def test_answer_begins_with_what_to_do_and_can_be_read_in_one_breath(topic: str) -> None:
    first, *rest = paragraphs(ANSWERS[topic])
    assert rest, "first what to do now, then the rest"
    assert len(first) <= FIRST_LIMIT
    assert re.search(r"\w(?:ez|ites)\b", first), "the first paragraph tells the person something to do"
    assert not re.match(r"(?:Je|Nous)\b", first), "what the assistant cannot do comes later"
    assert [one for one in sentences(ANSWERS[topic]["text"]) if len(one) > SENTENCE_LIMIT] == []


def around(answer: dict[str, Any]) -> list[str]:
    """What a person reads around the text of an answer: titles, labels and notes."""
    texts = [*(button["title"] for button in answer.get("buttons", [])), *(link["title"] for link in links(answer))]
    texts += [phone[key] for phone in phones(answer) for key in ("label", "note")]
    label = (answer.get("metadata") or {}).get("label")
    return texts if label is None else [*texts, label]


# What is wrong around a text (in it, `test_responses.py` looks) -> the pattern, a text that it catches.
TYPOGRAPHY = {
    "a straight apostrophe": (r"'", "l'auteur"),
    "no no-break space before a high mark": (rf"[^{NO_BREAK}][:;?!»](?:\s|$)", "Que faire ? Ceci"),
    "no no-break space after «": (rf"«[^{NO_BREAK}]", "« ici"),
}
# The same for texts and what is around them.
SLIPS = {
    "no no-break space between a number and its unit": (r"\d ?(?:h\b|€|%)", "de 9 h à 20"),
    "two spaces, or a space at an end": (r"^\s|\s$|\s\s", "ici  et là"),
    "a space before a comma or a full stop": (r"\s[,.]", "ici , là"),
    "a working mark of the facts": (r"\[(?:NV|V|OLD)\]|\b(?:TODO|NV)\b", "en général [NV]"),
    "the number of a form as a name": (r"\bfiche [FNR]\d", "Audition, fiche F123"),
    "the old address of service-public.gouv.fr": (r"service-public\.fr", "sur service-public.fr"),
}


@pytest.mark.parametrize("slip", [*TYPOGRAPHY, *SLIPS])
def test_slip_is_in_nothing_that_is_read(slip: str) -> None:
    pattern, sample = (TYPOGRAPHY | SLIPS)[slip]
    assert re.search(pattern, sample), "the pattern catches nothing"
    for name, answer in (ANSWERS | FOLLOWUPS).items():
        texts = around(answer) if slip in TYPOGRAPHY else [*paragraphs(answer), *around(answer)]
        assert [text for text in texts if re.search(pattern, text)] == [], name


def test_paragraphs_are_whole_sentences() -> None:
    wrong = [
        text for answer in (*ANSWERS.values(), *FOLLOWUPS.values()) for text in paragraphs(answer) if not re.match(r"[A-ZÀÉÊÎ0-9«]", text)
    ]
    wrong += [text for answer in (*ANSWERS.values(), *FOLLOWUPS.values()) for text in paragraphs(answer) if text[-1] not in ".?!"]
    assert wrong == []


def test_no_long_sentence_stands_in_two_answers() -> None:
    counts = Counter(one for answer in ANSWERS.values() for one in set(sentences(answer["text"])) if len(one) >= SAME_SENTENCE_FROM)
    assert [one for one, count in counts.items() if count > 1] == []


def test_labels_are_short_and_tell_the_topics_apart() -> None:
    labels = [answer["metadata"]["label"] for answer in ANSWERS.values()]
    assert [label for label in labels if len(label) > LABEL_LIMIT] == []
    assert len(set(labels)) == len(labels)


# ---------------------------------------------------------------------------------------------------------- numbers


@EVERY_ANSWER
def test_phone_is_a_known_number_with_its_link_and_its_hours(topic: str) -> None:
    shown = phones(ANSWERS[topic])
    assert {phone["number"]: phone["href"] for phone in shown} == {phone["number"]: PHONES[phone["number"]] for phone in shown}
    assert len({phone["number"] for phone in shown}) == len(shown), "each number once"
    for phone in shown:
        hours = HOURS.get(phone["number"])
        assert hours is None or re.search(hours, phone["note"]), phone


def named(text: str, number: str) -> bool:
    """Whether the text sends a person to a number: « le 17 », « au 3018 », not « pas le 17 », « le 17 octobre » or « 17cyber »."""
    if len(number) > len("33700"):
        return number in text
    return re.search(rf"(?<!pas )\b(?:le|au) {re.escape(number)}(?![\w/]|\s(?:h|ans|rue|{MONTHS})\b)", text) is not None


def test_named_tells_a_number_from_a_figure() -> None:
    assert named("appelez le 17, ou", "17")
    assert named("écoute au 116 006.", "116 006")
    assert not any(named(text, "17") for text in ("pas le 17.", "sur 17cyber.gouv.fr", "le 17/03", "le 17 mars", "le 170", "à 17 h"))


@EVERY_ANSWER
def test_number_that_the_text_names_has_its_button(topic: str) -> None:
    answer = ANSWERS[topic]
    text, first = answer["text"], paragraphs(answer)[0]
    needed = {number for number in PHONES if named(first if number in ON_TOP_OF_THE_PAGE else text, number)}
    assert needed - {phone["number"] for phone in phones(answer)} == set()


def test_number_has_one_name() -> None:
    names: dict[str, set[str]] = {}
    for answer in ANSWERS.values():
        for phone in phones(answer):
            names.setdefault(phone["number"], set()).add(phone["label"])
    assert {number: labels for number, labels in names.items() if len(labels) > 1} == {}


def test_every_known_number_is_shown_somewhere() -> None:
    assert {phone["number"] for answer in ANSWERS.values() for phone in phones(answer)} == set(PHONES)


# ------------------------------------------------------------------------------------------------------------ links


@EVERY_ANSWER
def test_answer_links_to_official_pages_only(topic: str) -> None:
    shown = links(ANSWERS[topic])
    assert shown, "at least one official page to read more"
    assert [link["url"] for link in shown if (urlsplit(link["url"]).hostname or "").removeprefix("www.") not in OFFICIAL] == []
    assert len({link["url"] for link in shown}) == len({link["title"] for link in shown}) == len(shown)
    assert [link["title"] for link in shown if len(link["title"]) > TITLE_LIMIT] == []


# ---------------------------------------------------------------------------------------------------------- buttons


@EVERY_ANSWER
def test_buttons_are_few_lead_on_and_end_with_a_person(topic: str) -> None:
    answer = ANSWERS[topic]
    assert 2 <= len(payloads(answer)) <= FEW_BUTTONS
    assert len(set(payloads(answer))) == len(payloads(answer))
    assert f"/faq/{topic}" not in payloads(answer), "not back to itself"
    assert "/human" in payloads(answer)
    assert [button["title"] for button in answer["buttons"] if len(button["title"]) > BUTTON_LIMIT] == []


def test_way_has_one_name() -> None:
    buttons = [button for answer in (*ANSWERS.values(), *FOLLOWUPS.values()) for button in answer.get("buttons", [])]
    assert [button for button in buttons if WAYS.get(button["payload"], button["title"]) != button["title"]] == []


def test_incident_report_is_offered_for_what_can_be_reported_only() -> None:
    assert REPORTABLE.isdisjoint(OFFENCES_AGAINST_PERSONS)
    assert {topic for topic, answer in ANSWERS.items() if "/incident" in payloads(answer)} <= REPORTABLE
    offered = [answer["metadata"] for answer in FOLLOWUPS.values() if "/incident" in payloads(answer)]
    assert {topic for metadata in offered for topic in metadata["topics"]} <= REPORTABLE


@pytest.mark.parametrize("topic", [topic for topic, answer in ANSWERS.items() if "/incident" in payloads(answer)])
def test_incident_report_is_never_the_only_way(topic: str) -> None:
    assert COMPLAINTS.intersection(payloads(ANSWERS[topic])), "whoever suffers violence finds the complaint"
    assert named(ANSWERS[topic]["text"], "17")


def test_nobody_who_suffers_violence_is_told_to_wait_for_an_appointment() -> None:
    for answer in (ANSWERS[topic] for topic in VIOLENCE_TOPICS):
        assert "/appointment" not in payloads(answer)
    for name, answer in FOLLOWUPS.items():
        topics = (answer.get("metadata") or {}).get("topics", [])
        assert "/appointment" not in payloads(answer) or VIOLENCE_TOPICS.isdisjoint(topics), name

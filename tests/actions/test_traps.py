"""What no text may say: the traps of the domain, over every response, each with a sentence that it must catch."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.conversation import VIOLENCE_TOPICS

ROOT = Path(__file__).resolve().parents[2]
RESPONSES: dict[str, list[dict[str, Any]]] = {}
for _file in sorted((ROOT / "data" / "responses").glob("*.yml")):
    RESPONSES |= yaml.safe_load(_file.read_text(encoding="utf-8"))["responses"]
ALL = [(name, variation) for name, variations in RESPONSES.items() for variation in variations]

# A trap, a sentence that it catches.
TRAPS = {
    "the 114 cannot be phoned": (r"appel\w*(?: le| au)? 114", "Appelez le 114."),
    "numbers that are closed": (r"\b(3977|3020|0 ?800 ?200 ?000|0 ?811 ?02 ?02 ?17)\b", "Le 3977 vous écoute."),
    "the 3919 answers day and night": (r"3919[^.]*\b(lun|lundi|9 h)", "Le 3919, du lundi au samedi."),
    "no waiting for a disappearance": (r"(attend(?:re|ez)|après) (?:24|48) ?h", "Attendez 48 h."),
    "never too late": (r"(?<!pas )\b(il est|c’est) trop tard\b(?! pour en)", "Il est trop tard pour porter plainte."),
    "three years for an offence is the old law": (r"délit[^.]*\b(3|trois) ans", "Pour un délit, vous avez 3 ans."),
    "ten years for a crime is the old law": (r"crime[^.]*\b(10|dix) ans", "Pour un crime, 10 ans."),
    "foreign numbers": (r"\b(911|le 101|le 117)\b", "Appelez le 911."),
    "night is no matter of hours": (r"\b22 ?h", "Après 22 h, le tapage est interdit."),
    "a slot is only asked for": (
        r"rendez-vous est (réservé|confirmé|fixé)",
        "Votre rendez-vous est réservé.",
    ),
    "no bringing a found weapon": (r"(apportez|amenez)[^.]*\b(arme|fusil|munition)", "Apportez l’arme au commissariat."),
    "no fetching a stolen phone": (r"\ballez (le|la|les) (chercher|récupérer|reprendre)", "Allez le récupérer."),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_trap_is_in_no_text(trap: str) -> None:
    pattern, sample = TRAPS[trap]
    assert re.search(pattern, sample, re.IGNORECASE), "the trap catches nothing"
    caught = [name for name, variation in ALL if re.search(pattern, _without_denials(variation["text"]), re.IGNORECASE)]
    assert caught == []


def _without_denials(text: str) -> str:
    """The text without the sentences that say what is not so, or what must not be done."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    return " ".join(
        sentence
        for sentence in sentences
        if not re.search(r"\b(ne|n’\w+|jamais|aucun\w*|sans|remplac\w+|remplacé)\b", sentence, re.IGNORECASE)
    )


def test_denials_are_left_out_and_nothing_else() -> None:
    assert _without_denials("N’appelez pas le 114. Appelez le 17.") == "Appelez le 17."


def test_no_button_calls_the_114() -> None:
    phones = [phone for _, variation in ALL for phone in (variation.get("custom") or {}).get("phones", [])]
    assert {phone["href"] for phone in phones if phone["number"] == "114"} == {"sms:114"}


@pytest.mark.parametrize("topic", sorted(VIOLENCE_TOPICS | {"harcelement_menaces", "maltraitance_vulnerables_3133"}))
def test_violence_starts_with_help_and_offers_no_report(topic: str) -> None:
    (answer,) = RESPONSES[f"utter_faq/{topic}"]
    first = answer["text"].split("\n\n")[0]
    assert re.search(r"\b(17|112|114|119|15)\b", first), "the danger comes first"
    assert "/incident" not in [button["payload"] for button in answer.get("buttons", [])]
    assert "/human" in [button["payload"] for button in answer.get("buttons", [])]


@pytest.mark.parametrize("topic", ["visioplainte", "pre_plainte"])
def test_service_that_ended_is_not_offered(topic: str) -> None:
    (answer,) = RESPONSES[f"utter_faq/{topic}"]
    assert re.search(r"n’existe plus|ne peux pas|pas la proposer|n’est pas|remplacée|ne .* pas", answer["text"])


def test_suicide_is_not_sent_to_a_reporting_site() -> None:
    (answer,) = RESPONSES["utter_faq/suicide_3114"]
    assert "3114" in answer["text"]
    assert not any("internet-signalement" in link["url"] for link in (answer.get("custom") or {}).get("links", []))

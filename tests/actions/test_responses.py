"""What the assistant says: every text has a speaker, every button leads somewhere, the French typography holds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.conversation import topic_label

ROOT = Path(__file__).resolve().parents[2]
BUTTONS_LIMIT = 6  # docs/api.md
NO_BREAK = "\u00a0\u202f"


def load(folder: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "data" / folder).rglob("*.yml"))]


RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variations for file in load("responses") for name, variations in file["responses"].items()
}
VARIATIONS = [pytest.param(variation, id=name) for name, variations in RESPONSES.items() for variation in variations]


def spoken_by_rules() -> set[str]:
    steps = [step for file in load("rules") for rule in file["rules"] for step in rule["steps"]]
    return {step["action"] for step in steps if "action" in step}


def spoken_by_actions() -> set[str]:
    sources = "".join(path.read_text() for path in (ROOT / "actions").glob("*.py"))
    return set(re.findall(r'response="(utter_\w+)"', sources))


def test_every_response_has_a_speaker_and_every_speaker_a_response() -> None:
    known = {name.split("/")[0] for name in RESPONSES}
    spoken = {name for name in spoken_by_rules() | spoken_by_actions() if name.startswith("utter_")}
    assert spoken == known


def test_no_response_is_written_twice() -> None:
    names = [name for file in load("responses") for name in file["responses"]]
    assert len(names) == len(set(names)) == len(RESPONSES)


def test_every_topic_has_examples_an_answer_and_a_label() -> None:
    examples = {item["intent"] for file in load("nlu") for item in file["nlu"] if item["intent"].startswith("faq/")}
    answers = {name.removeprefix("utter_") for name in RESPONSES if "/" in name}
    assert answers == examples
    for answer in answers:
        assert topic_label({"responses": RESPONSES}, answer.removeprefix("faq/")), answer


@pytest.mark.parametrize("variation", VARIATIONS)
def test_response_can_be_sent_to_the_action_server(variation: dict[str, Any]) -> None:
    # A bare date in YAML becomes a date object, and Rasa could not send its domain as JSON.
    assert json.loads(json.dumps(variation)) == variation


@pytest.mark.parametrize("variation", VARIATIONS)
def test_response_buttons_are_few_and_lead_somewhere(variation: dict[str, Any]) -> None:
    buttons = variation.get("buttons", [])
    assert len(buttons) <= BUTTONS_LIMIT
    for button in buttons:
        assert button["title"]
        payload = button["payload"]
        assert payload == "/human" or f"utter_{payload.removeprefix('/')}" in RESPONSES, payload


@pytest.mark.parametrize("variation", VARIATIONS)
def test_response_offers_a_person_with_a_button_when_it_asks(variation: dict[str, Any]) -> None:
    asks = "oulez-vous parler à une personne" in variation["text"]
    assert ((variation.get("metadata") or {}).get("offers") == "person") == asks


@pytest.mark.parametrize("variation", VARIATIONS)
def test_response_text_has_french_typography(variation: dict[str, Any]) -> None:
    text = variation["text"]
    assert not re.search(rf"(?<![{NO_BREAK}/:\w])[:;?!»](?=\s|$)|\w[;?!»]", text), "no-break space before : ; ? ! »"
    assert not re.search(rf"«(?![{NO_BREAK}])", text), "no-break space after «"
    assert "'" not in text, "typographic apostrophe ’"
    assert "..." not in text, "one character …"

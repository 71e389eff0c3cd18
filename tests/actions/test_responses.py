"""What the assistant says: every text has a speaker, every button leads somewhere, the French typography holds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.appointment import ValidateAppointmentForm
from actions.conversation import topic_label
from actions.incident import ValidateIncidentForm

ROOT = Path(__file__).resolve().parents[2]
BUTTONS_LIMIT = 6  # docs/api.md
SKILLS = {"/human", "/appointment", "/incident", "/front_door", "/skip", "/cancel", "/resume"}
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


def spoken_by_actions() -> tuple[set[str], set[str]]:
    """Names of responses in the actions' code, and the beginnings of those that are put together there (`utter_why_{slot}`)."""
    sources = "".join(path.read_text() for path in (ROOT / "actions").glob("*.py"))
    parts = re.findall(r'"(utter_[a-z_/]+)("|\{)', sources)
    parts = [part for part in parts if part[0] not in ("utter_action", "utter_about_")]  # a key of Rasa's, a beginning to look for
    return {name for name, end in parts if end == '"'}, {name for name, end in parts if end == "{"}


def spoken_by_forms() -> set[str]:
    """Rasa itself asks for a slot with `utter_ask_<slot>`; the front door's outcomes are named in its table."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text())
    table = yaml.safe_load((ROOT / "data" / "front_door.yml").read_text())
    slots = {slot for form in domain["forms"].values() for slot in form["required_slots"]}
    return {f"utter_ask_{slot}" for slot in slots} | {outcome["reponse"] for outcome in table["issues"].values()}


def test_every_response_has_a_speaker_and_every_speaker_a_response() -> None:
    known = {name.split("/")[0] for name in RESPONSES}
    named, beginnings = spoken_by_actions()
    spoken = {name for name in spoken_by_rules() if name.startswith("utter_")} | named
    missing = {name for name in spoken if name.split("/")[0] not in known and f"{name}/" not in beginnings}
    assert missing == set()
    beginnings.add("utter_about_")  # found by their metadata (actions/faq.py)
    silent = {
        name
        for name in known
        if name not in spoken | spoken_by_forms() and not any(f"{name}/".startswith(beginning) for beginning in beginnings)
    }
    assert silent == set()


def test_no_response_is_written_twice() -> None:
    names = [name for file in load("responses") for name in file["responses"]]
    assert len(names) == len(set(names)) == len(RESPONSES)


def test_every_topic_has_examples_an_answer_and_a_label() -> None:
    examples = {item["intent"] for file in load("nlu") for item in file["nlu"] if "/" in item["intent"]}
    answers = {name.removeprefix("utter_") for name in RESPONSES if "/" in name}
    assert answers == examples
    for answer in {answer for answer in answers if answer.startswith("faq/")}:
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
        if payload.startswith("/inform"):
            ((slot, value),) = json.loads(payload.removeprefix("/inform")).items()
            choices = {**ValidateAppointmentForm.choices, **ValidateIncidentForm.choices}
            assert value in choices[slot], payload
        else:
            assert payload in SKILLS or f"utter_{payload.removeprefix('/')}" in RESPONSES, payload


@pytest.mark.parametrize("variation", VARIATIONS)
def test_response_offers_a_person_with_a_button_when_it_asks(variation: dict[str, Any]) -> None:
    asks = "oulez-vous parler à une personne" in variation["text"]
    assert ((variation.get("metadata") or {}).get("offers") == "person") == asks


FRENCH = [pytest.param(*param.values, id=param.id) for param in VARIATIONS if not str(param.id).startswith("utter_language_")]


@pytest.mark.parametrize("variation", FRENCH)
def test_response_text_has_french_typography(variation: dict[str, Any]) -> None:
    text = variation["text"]
    assert not re.search(rf"(?<![{NO_BREAK}/:\w])[:;?!»](?=\s|$)|\w[;?!»]", text), "no-break space before : ; ? ! »"
    assert not re.search(rf"«(?![{NO_BREAK}])", text), "no-break space after «"
    assert "'" not in text, "typographic apostrophe ’"
    assert "..." not in text, "one character …"

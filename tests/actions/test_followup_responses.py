"""The answers to questions about the topic just answered: every aspect is covered, every answer names its source, nothing dangerous."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from dialogue import Dialogue
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import VIOLENCE_TOPICS
from actions.faq import ActionFollowup, ActionSeveralTopics, followup_response, seriousness

ROOT = Path(__file__).resolve().parents[2]
RESPONSES: dict[str, list[dict[str, Any]]] = {}
for _file in sorted((ROOT / "data" / "responses").glob("*.yml")):
    RESPONSES |= yaml.safe_load(_file.read_text(encoding="utf-8"))["responses"]
DOMAIN = {"responses": RESPONSES}
ASPECTS = {name.removeprefix("utter_followup/") for name in RESPONSES if name.startswith("utter_followup/")}
OWN = {
    name: variations[0] for name, variations in RESPONSES.items() if name.startswith("utter_about_") and variations[0]["metadata"]["topics"]
}
LONGEST = 450


def test_aspects_are_the_intents_and_each_has_an_answer_inside_forms() -> None:
    blocks = yaml.safe_load((ROOT / "data" / "nlu" / "followup.yml").read_text(encoding="utf-8"))["nlu"]
    assert {block["intent"].removeprefix("followup/") for block in blocks} == ASPECTS
    assert {name for name in RESPONSES if name.startswith("utter_about_form_")} == {f"utter_about_form_{aspect}" for aspect in ASPECTS}


@pytest.mark.parametrize("name", OWN)
def test_followup_answer_is_short_sourced_and_about_known_topics(name: str) -> None:
    answer = OWN[name]
    assert len(answer["text"]) <= LONGEST
    assert answer["metadata"]["aspect"] in ASPECTS
    assert answer["metadata"]["source"]
    assert answer["metadata"]["checked"]
    for topic in answer["metadata"]["topics"]:
        assert f"utter_faq/{topic}" in RESPONSES, topic


def test_no_topic_has_two_answers_to_one_aspect() -> None:
    pairs = [(answer["metadata"]["aspect"], topic) for answer in OWN.values() for topic in answer["metadata"]["topics"]]
    assert len(pairs) == len(set(pairs))


def test_no_followup_sends_violence_to_a_report() -> None:
    for name, answer in OWN.items():
        if VIOLENCE_TOPICS.intersection(answer["metadata"]["topics"]):
            assert "/incident" not in [button["payload"] for button in answer.get("buttons", [])], name


async def said(action: Any, dialogue: Dialogue, label: str, topics: list[str] | None = None) -> list[dict[str, Any]]:
    dispatcher = CollectingDispatcher()
    tracker = dialogue.tracker()
    tracker.latest_message["intent"]["full_retrieval_intent_name"] = label
    tracker.latest_message["topics"] = topics or []
    assert await action.run(dispatcher, tracker, DOMAIN) == []
    return dispatcher.messages


async def test_followup_answers_about_the_last_topic() -> None:
    dialogue = Dialogue().says("vol", "faq").answers("utter_faq/tapage_nuisances").says("vol", "faq").answers("utter_faq/vol_simple")
    (message,) = await said(ActionFollowup(), dialogue.says("et si je connais l'auteur ?", "followup"), "followup/author_known")
    assert message["response"] == followup_response(DOMAIN, "vol_simple", "author_known") == "utter_about_author_known_goods"


async def test_followup_without_own_answer_says_so_and_offers_a_person() -> None:
    dialogue = Dialogue().says("drone", "faq").answers("utter_faq/drones").says("et pour ma mère ?", "followup")
    (message,) = await said(ActionFollowup(), dialogue, "followup/other_person")
    assert message["response"] == "utter_followup/other_person"
    assert [button["payload"] for button in message["buttons"]] == ["/faq/drones", "/human"]


async def test_followup_without_topic_asks_which() -> None:
    (message,) = await said(ActionFollowup(), Dialogue().says("c'est payant ?", "followup"), "followup/cost")
    assert message["response"] == "utter_followup_no_topic"


async def test_several_topics_are_answered_the_more_serious_first() -> None:
    asked = ["permis_points", "vol_telephone", "violences_conjugales", "vol_telephone"]
    messages = await said(ActionSeveralTopics(), Dialogue().says("…", "several_topics"), "several_topics", asked)
    spoken = [message["response"].removeprefix("utter_faq/") for message in messages[1:]]
    assert spoken == ["violences_conjugales", "vol_telephone", "permis_points"]
    assert seriousness("suicide_3114") < seriousness("harcelement_menaces") < seriousness("cambriolage") < seriousness("chasse")

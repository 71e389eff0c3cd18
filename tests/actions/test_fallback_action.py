"""action_fallback: says that it is not sure, offers likely topics, then a person."""

from typing import Any

from dialogue import DOMAIN, Dialogue
from rasa_sdk.executor import CollectingDispatcher

from actions.fallback import ActionFallback

PERSON = {"title": "Parler à une personne", "payload": "/human"}
THEFT = {"title": "Vol (sac, vélo, objets)", "payload": "/faq/vol_simple"}
COMPLAINT = {"title": "Porter plainte : où, comment, avec quoi", "payload": "/faq/plainte_depot"}
PHISHING = {"title": "Hameçonnage (mail/SMS frauduleux)", "payload": "/faq/hameconnage"}


async def fall_back(dialogue: Dialogue) -> tuple[str, list[dict[str, str]]]:
    dispatcher = CollectingDispatcher()
    events: list[dict[str, Any]] = await ActionFallback().run(dispatcher, dialogue.tracker(), DOMAIN)
    assert events == []
    (message,) = dispatcher.messages
    assert message["text"] is None, "the words belong to data/responses"
    return message["response"], message["buttons"]


async def test_fallback_first_time_offers_topics_then_person() -> None:
    dialogue = Dialogue().says("on m'a pris mon truc", "nlu_fallback", vol_simple=0.31, plainte_depot=0.22)
    assert await fall_back(dialogue) == ("utter_fallback_topics", [THEFT, COMPLAINT, PERSON])


async def test_fallback_offers_at_most_three_topics() -> None:
    dialogue = Dialogue().says("?", "nlu_fallback", vol_simple=0.3, plainte_depot=0.2, hameconnage=0.15, tapage_nuisances=0.14)
    assert await fall_back(dialogue) == ("utter_fallback_topics", [THEFT, COMPLAINT, PHISHING, PERSON])


async def test_fallback_leaves_out_what_is_no_topic_unlikely_or_without_label() -> None:
    dialogue = Dialogue().says(
        "?",
        "nlu_fallback",
        _nlu_fallback=0.5,
        _greet=0.4,
        sans_titre=0.35,
        inconnu=0.34,
        vol_simple=0.08,
        plainte_depot=0.079,
    )
    assert await fall_back(dialogue) == ("utter_fallback_topics", [THEFT, PERSON])


async def test_fallback_without_likely_topic_asks_to_say_it_differently() -> None:
    dialogue = Dialogue().says("blablabla", "nlu_fallback", _out_of_scope=0.3, vol_simple=0.05)
    assert await fall_back(dialogue) == ("utter_fallback_no_topic", [PERSON])


async def test_fallback_without_ranking_asks_to_say_it_differently() -> None:
    dialogue = Dialogue().says("…", "nlu_fallback")
    assert await fall_back(dialogue) == ("utter_fallback_no_topic", [PERSON])


async def test_fallback_second_time_in_a_row_offers_a_person_first() -> None:
    dialogue = Dialogue().says("blabla", "nlu_fallback").answers("utter_fallback_no_topic")
    dialogue.says("on m'a pris mon truc", "nlu_fallback", vol_simple=0.31)
    assert await fall_back(dialogue) == ("utter_fallback_person", [PERSON, THEFT])


async def test_fallback_third_time_in_a_row_still_offers_a_person() -> None:
    dialogue = Dialogue()
    for _ in range(2):
        dialogue.says("blabla", "nlu_fallback").answers("utter_fallback_no_topic")
    assert await fall_back(dialogue.says("blabla", "nlu_fallback")) == ("utter_fallback_person", [PERSON])


async def test_fallback_counts_anew_after_an_understood_message() -> None:
    dialogue = Dialogue().says("blabla", "nlu_fallback").answers("utter_fallback_no_topic")
    dialogue.says("porter plainte", "faq").answers("utter_faq/plainte_depot")
    dialogue.says("on m'a pris mon truc", "nlu_fallback", vol_simple=0.31)
    assert await fall_back(dialogue) == ("utter_fallback_topics", [THEFT, PERSON])

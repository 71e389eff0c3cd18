"""What the actions read in Rasa's tracker and domain: topics, misunderstandings, the open question, the last words."""

from typing import Any, Final

from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

HUMAN_BUTTON: Final = {"title": "Parler à une personne", "payload": "/human"}

# Topics of topics.tsv about violence against people: a conversation that touched one goes to the front of the queue.
VIOLENCE_TOPICS: Final = frozenset({"violences_conjugales", "violences_sexuelles", "enfant_danger_119"})

# Topics about an offence against a person: an incident report is not the way for them (facts, section 8), and nobody is asked to fill in
# a form while they tell of one.
OFFENCES_AGAINST_PERSONS: Final = VIOLENCE_TOPICS | {
    "maltraitance_vulnerables_3133",
    "harcelement_menaces",
    "harcelement_scolaire",
    "cyberharcelement_3018",
    "chantage_sextorsion",
    "discrimination_haine",
    "suicide_3114",
    "disparition_inquietante",
    "urgence_numeros",
    "urgence_silencieuse_114",
}

# ISO 639-1 codes of the languages with an own text; in every other one the English text is said.
ANSWERED_LANGUAGES: Final = frozenset({"en", "es", "de", "it", "ar", "uk", "pt", "ru", "pl", "ro", "tr"})

SMALL_TALK: Final = frozenset({"greet", "goodbye", "thanks", "how_are_you", "bot_challenge", "affirm", "deny"})
FALLBACK_INTENT: Final = "nlu_fallback"
_TOPIC: Final = "faq/"
_ANSWER: Final = "utter_faq/"


def topic_label(domain: DomainDict, topic_id: str) -> str | None:
    """The French label of a topic: `metadata.label` of its answer; None when there is no such answer or no label."""
    for variation in domain.get("responses", {}).get(_ANSWER + topic_id, []):
        label = (variation.get("metadata") or {}).get("label")
        if label:
            return str(label)
    return None


def ranked_topics(message: dict[str, Any]) -> list[tuple[str, float]]:
    """Topics of a parsed message with their confidence (0-1), likeliest first; other intents are left out."""
    return [
        (entry["name"].removeprefix(_TOPIC), float(entry["confidence"]))
        for entry in message.get("intent_ranking") or []
        if str(entry.get("name")).startswith(_TOPIC)
    ]


def misunderstood_in_a_row(tracker: Tracker, *, before_current: bool = False) -> int:
    """How many of the citizen's last messages were not understood, up to the current one or to the one before it."""
    events = _user_events(tracker)
    count = 0
    for event in reversed(events[:-1] if before_current else events):
        if _intent(event) != FALLBACK_INTENT:
            break
        count += 1
    return count


def person_was_offered(tracker: Tracker) -> bool:
    """Whether the last thing said before the current message was the question "do you want a person?".

    Such texts carry `metadata: {offers: person}`. A button alone is no question: "oui" after an answer that merely
    shows the button must not put anybody into the queue.
    """
    current_seen = False
    for event in reversed(tracker.events):
        if event["event"] == "user":
            if current_seen:
                return False
            current_seen = True
        elif event["event"] == "bot" and current_seen:
            return _response_metadata(event).get("offers") == "person"
    return False


def topics_spoken_of(tracker: Tracker) -> list[str]:
    """Ids of the topics that were answered, each once, in order."""
    bot_events = (event for event in tracker.events if event["event"] == "bot")
    answers = (str((event.get("metadata") or {}).get("utter_action", "")) for event in bot_events)
    return list(dict.fromkeys(name.removeprefix(_ANSWER) for name in answers if name.startswith(_ANSWER)))


def spoke_of_violence(tracker: Tracker) -> bool:
    """Whether a violence topic was answered, or was the likeliest topic of a message that was not understood."""
    if VIOLENCE_TOPICS.intersection(topics_spoken_of(tracker)):
        return True
    for event in _user_events(tracker):
        ranking = ranked_topics(event.get("parse_data") or {})
        if _intent(event) == FALLBACK_INTENT and ranking and ranking[0][0] in VIOLENCE_TOPICS:
            return True
    return False


def message_id(tracker: Tracker) -> str:
    """The id that the front desk gave to the current message."""
    return str(_user_events(tracker)[-1]["message_id"])


def citizen_texts(tracker: Tracker, *, small_talk: bool = True) -> list[str]:
    """What the citizen wrote or pressed, oldest first, white space tidied; without courtesies and yes or no if asked."""
    events = [event for event in _user_events(tracker) if small_talk or _intent(event) not in SMALL_TALK]
    texts = (" ".join(str(event.get("text") or "").split()) for event in events)
    return [text for text in texts if text]


def filled_slots(tracker: Tracker) -> dict[str, Any]:
    """The slots that hold a value, without those that Rasa keeps for itself."""
    internal = {"requested_slot", "session_started_metadata", "form_outcome", "form_tries", "form_left", "confirmed"}
    return {name: value for name, value in tracker.slots.items() if value is not None and name not in internal}


def _user_events(tracker: Tracker) -> list[dict[str, Any]]:
    return [event for event in tracker.events if event["event"] == "user"]


def _intent(event: dict[str, Any]) -> str | None:
    intent = (event.get("parse_data") or {}).get("intent") or {}
    name = intent.get("name")
    return None if name is None else str(name)


def _response_metadata(bot_event: dict[str, Any]) -> dict[str, Any]:
    """`metadata:` of the response that was spoken; Rasa nests it in the event's own metadata."""
    return (bot_event.get("metadata") or {}).get("metadata") or {}


def message_language(message: dict[str, Any]) -> str | None:
    """ISO 639-1 code of a parsed message's language as the assistant's component recognised it; None for French."""
    return message.get("language")


def last_language(tracker: Tracker) -> str:
    """The language of the last message that was written, not pressed; `fr` unless another one was recognised."""
    for event in reversed(_user_events(tracker)):
        parsed = event.get("parse_data") or {}
        if (parsed.get("intent") or {}).get("confidence") == 1.0:
            continue  # a pressed button (docs/assistant.md)
        return message_language(parsed) or "fr"
    return "fr"

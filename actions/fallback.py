"""When a message was not understood: say so, offer likely topics; the second time in a row, offer a person."""

from typing import Any, Final

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import HUMAN_BUTTON, misunderstood_in_a_row, ranked_topics, topic_label

# About twice the share that each of the first 26 intents would get by chance: below it a topic is a guess.
CONFIDENCE_FLOOR: Final = 0.08
TOPICS_OFFERED: Final = 3
PATIENCE: Final = 2  # messages not understood in a row until a person is offered first


class ActionFallback(Action):
    """Answers a message that the classifier was not sure about; asks nobody, so no service can fail it."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_fallback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says one text with its buttons; sets nothing."""
        topics = likely_topics(tracker, domain)
        if misunderstood_in_a_row(tracker) >= PATIENCE:
            dispatcher.utter_message(response="utter_fallback_person", buttons=[HUMAN_BUTTON, *topics])
        elif topics:
            dispatcher.utter_message(response="utter_fallback_topics", buttons=[*topics, HUMAN_BUTTON])
        else:
            dispatcher.utter_message(response="utter_fallback_no_topic", buttons=[HUMAN_BUTTON])
        return []


def likely_topics(tracker: Tracker, domain: DomainDict) -> list[dict[str, str]]:
    """Buttons of the likeliest topics of the current message, best first, at most `TOPICS_OFFERED`.

    A topic without a label is left out: its id would mean nothing to a citizen.
    """
    labelled = (
        (topic, topic_label(domain, topic)) for topic, confidence in ranked_topics(tracker.latest_message) if confidence >= CONFIDENCE_FLOOR
    )
    return [{"title": label, "payload": f"/faq/{topic}"} for topic, label in labelled if label][:TOPICS_OFFERED]

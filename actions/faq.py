"""What depends on the topic just answered, and several topics in one message.

Questions like "c'est payant ?" or "et pour mon fils ?" (`followup/<aspect>`) mean the topic that was answered last. Their answers are the
responses of `data/responses/followup.yml` whose metadata names the aspect and the topics.
"""

from typing import Any, Final

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import HUMAN_BUTTON, OFFENCES_AGAINST_PERSONS, VIOLENCE_TOPICS, topic_label, topics_spoken_of

MOST_TOPICS: Final = 3  # answered in one go: more could not be read

# The more serious first: danger, violence, disappearance; other offences against persons; what gets worse by waiting; the rest.
SERIOUSNESS: Final = (
    VIOLENCE_TOPICS | {"suicide_3114", "urgence_numeros", "urgence_silencieuse_114", "disparition_inquietante"},
    OFFENCES_AGAINST_PERSONS,
    frozenset(
        {
            "cambriolage",
            "fraude_carte_perceval",
            "faux_conseiller_bancaire",
            "piratage_compte",
            "vol_vehicule",
            "vol_telephone",
            "accident_delit_fuite",
            "perte_vol_papiers",
            "plainte_refus",
        }
    ),
)


class ActionFollowup(Action):
    """Answers a question about the topic just answered."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_followup"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says the answer for that topic, else that it has none for it; without a topic it asks which one. Sets nothing."""
        aspect = str((tracker.latest_message.get("intent") or {}).get("full_retrieval_intent_name", "")).removeprefix("followup/")
        topics = topics_spoken_of(tracker)
        if not topics:
            dispatcher.utter_message(response="utter_followup_no_topic", buttons=[HUMAN_BUTTON])
            return []
        topic = topics[-1]
        response = followup_response(domain, topic, aspect)
        if response is not None:
            dispatcher.utter_message(response=response)
            return []
        label = topic_label(domain, topic) or "votre sujet"
        again = {"title": label[:80], "payload": f"/faq/{topic}"}
        dispatcher.utter_message(response=f"utter_followup/{aspect}", topic=label, buttons=[again, HUMAN_BUTTON])
        return []


def followup_response(domain: DomainDict, topic: str, aspect: str) -> str | None:
    """The name of the response for an aspect of a topic; None when there is none of its own."""
    for name, variations in domain.get("responses", {}).items():
        if not name.startswith("utter_about_"):
            continue
        for variation in variations:
            metadata = variation.get("metadata") or {}
            if metadata.get("aspect") == aspect and topic in (metadata.get("topics") or []):
                return str(name)
    return None


class ActionSeveralTopics(Action):
    """Answers each topic of a message that asks about several, the more serious first."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_several_topics"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says the answers, at most three; sets nothing."""
        named = [str(topic) for topic in tracker.latest_message.get("topics") or []]
        ordered = sorted(dict.fromkeys(named), key=seriousness)
        dispatcher.utter_message(response="utter_several_topics")
        for topic in ordered[:MOST_TOPICS]:
            dispatcher.utter_message(response=f"utter_faq/{topic}")
        return []


def seriousness(topic: str) -> int:
    """0 for the most serious topics; topics of the same number stay in the order in which they were asked."""
    return next((number for number, group in enumerate(SERIOUSNESS) if topic in group), len(SERIOUSNESS))

"""Handing a conversation over to a person: on request, or when the citizen says yes to the offer of one."""

import logging
from typing import Any, Final, Literal

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import (
    ANSWERED_LANGUAGES,
    citizen_texts,
    filled_slots,
    last_language,
    message_id,
    misunderstood_in_a_row,
    person_was_offered,
    spoke_of_violence,
    topic_label,
    topics_spoken_of,
)
from actions.frontdesk_client import FrontdeskError, Handoff, request_handoff

LAST_WORDS: Final = 3  # messages quoted in the summary
QUOTE_LENGTH: Final = 240  # characters of each of them
TOPICS_NAMED: Final = 8

logger = logging.getLogger(__name__)

Reason = Literal["asked", "not_understood", "sensitive", "language"]
Priority = Literal["urgent", "high", "normal"]


class ActionHandoff(Action):
    """The citizen asks for a person."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_handoff"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Puts the conversation into the queue and says how it went; sets nothing and raises nothing."""
        language = last_language(tracker)
        said = (
            f"utter_language_{language if language in ANSWERED_LANGUAGES else 'en'}_queued" if language != "fr" else "utter_handoff_queued"
        )
        await hand_over(dispatcher, tracker, domain, "asked", language=language, said=said)
        return []


class ActionAffirm(Action):
    """The citizen says yes: to the offer of a person when there was one, else to nothing in particular."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_affirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Hands over or invites the citizen to go on; sets nothing and raises nothing."""
        if person_was_offered(tracker):
            await hand_over(dispatcher, tracker, domain, offer_reason(tracker))
        else:
            dispatcher.utter_message(response="utter_affirm_no_question")
        return []


async def hand_over(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    domain: DomainDict,
    reason: Reason,
    *,
    priority: Priority | None = None,
    language: str = "fr",
    said: str = "utter_handoff_queued",
) -> bool:
    """Tells the front desk; says the place in the queue (`said`), or, when that failed, honestly what to do instead. True when queued.

    `priority` is `high` after a violence topic unless something else is given. In another `language` an agent who speaks it is asked for.
    """
    handoff = Handoff(
        conversation_id=tracker.sender_id,
        message_id=message_id(tracker),
        reason=reason,
        priority=priority or ("high" if spoke_of_violence(tracker) else "normal"),
        skills=[] if language == "fr" else [f"language:{language}"],
        language=language,
        summary=summary(tracker, domain),
        slots=filled_slots(tracker),
    )
    try:
        ticket = await request_handoff(handoff)
    except FrontdeskError as error:
        logger.error("handoff failed conversation=%s message=%s error=%s", tracker.sender_id, handoff.message_id, error.code)
        dispatcher.utter_message(response="utter_handoff_failed")
        return False
    dispatcher.utter_message(response=said, place=ticket.place)
    return True


def offer_reason(tracker: Tracker) -> Reason:
    """Why the person was offered that the citizen now accepts."""
    if spoke_of_violence(tracker):
        return "sensitive"
    return "not_understood" if misunderstood_in_a_row(tracker, before_current=True) else "asked"


def summary(tracker: Tracker, domain: DomainDict) -> str:
    """What the agent reads first, in French: topics by label, number of messages, the citizen's last words.

    At most about 1,500 characters. It goes to the agent and nowhere else, never into a log.
    """
    topics = [topic_label(domain, topic) or topic for topic in topics_spoken_of(tracker)]
    lines = [f"Sujets abordés : {' ; '.join(topics[-TOPICS_NAMED:])}." if topics else "Aucun sujet reconnu."]
    misunderstood = misunderstood_in_a_row(tracker, before_current=True)
    if misunderstood:
        lines.append(f"Messages non compris d’affilée : {misunderstood}.")
    lines.append(f"Messages de la personne : {len(citizen_texts(tracker))}.")
    texts = citizen_texts(tracker, small_talk=False)
    if texts:
        quotes = "\n".join(f"« {_cut(text)} »" for text in texts[-LAST_WORDS:])
        lines.append(f"Derniers messages :\n{quotes}")
    return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= QUOTE_LENGTH else text[: QUOTE_LENGTH - 1].rstrip() + "…"

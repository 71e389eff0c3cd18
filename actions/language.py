"""A message in another language: a short answer in that language, and a person who speaks it."""

from typing import Any, Final

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import ANSWERED_LANGUAGES, message_language
from actions.handoff import hand_over

GREETING_WORDS: Final = 2  # so few words are a greeting: nobody is put into the queue by "hello"


class ActionOtherLanguage(Action):
    """Answers somebody who does not write French."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_other_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Hands over to an agent with that language; a greeting is greeted, with a button to be handed over. Raises nothing."""
        if len(str(tracker.latest_message.get("text") or "").split()) <= GREETING_WORDS:
            dispatcher.utter_message(response=f"utter_language_{text_language(tracker)}")
        else:
            await hand_over_in_language(dispatcher, tracker, domain)
        return []


async def hand_over_in_language(dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> None:
    """Says in the message's language that a person is asked for, and asks for one who speaks it."""
    code = text_language(tracker)
    language = message_language(tracker.latest_message) or "en"
    await hand_over(dispatcher, tracker, domain, "language", language=language, said=f"utter_language_{code}_queued")


def text_language(tracker: Tracker) -> str:
    """The language in which there is a text for the current message."""
    code = message_language(tracker.latest_message) or "en"
    return code if code in ANSWERED_LANGUAGES else "en"

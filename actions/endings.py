"""What comes after a form that did not end with a submission, and how a form that was left is taken up again."""

from typing import Any, Final

from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.forms import HUMAN, LANGUAGE, LEFT, OFFENCE
from actions.handoff import hand_over
from actions.language import hand_over_in_language

RESUME_BUTTON: Final = {"title": "Reprendre ma demande", "payload": "/resume"}

# What is forgotten after a submission. Name, telephone, e-mail and commune stay: nothing known is asked twice.
FORM_SLOTS: Final = {
    "appointment_form": ("appointment_reason", "appointment_about", "appointment_unit", "appointment_wishes", "accessibility"),
    "incident_form": (
        "incident_what",
        "incident_when",
        "incident_where",
        "incident_people",
        "incident_witnesses",
        "incident_wish",
        "callback",
    ),
    "front_door_form": (
        "front_door_when",
        "front_door_what",
        "front_door_online",
        "front_door_minor",
        "front_door_thing",
        "front_door_author",
        "front_door_card",
        "front_door_public",
        "front_door_demand",
        "front_door_wish",
    ),
}


def submitted(slots: tuple[str, ...]) -> list[dict[str, Any]]:
    """The events that forget a form's answers."""
    return [SlotSet(slot, None) for slot in (*slots, "confirmed", "form_outcome", "form_left", "form_tries")]


def keep_and_say_failed(dispatcher: CollectingDispatcher, form: str) -> list[dict[str, Any]]:
    """Says that the submission failed and keeps every answer; only the confirmation is asked for again."""
    dispatcher.utter_message(response="utter_form_not_sent")
    return [SlotSet("confirmed", None), SlotSet("form_outcome", None), SlotSet("form_left", form)]


async def end_form(dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, form: str) -> list[dict[str, Any]]:
    """Does what the form ended for (`form_outcome`). Every answer is kept; raises nothing."""
    outcome = tracker.slots["form_outcome"]
    events = [SlotSet("form_outcome", None), SlotSet("form_left", form)]
    if outcome == LEFT:
        dispatcher.utter_message(response="utter_form_left")
    elif outcome == HUMAN:
        await hand_over(dispatcher, tracker, domain, "asked")
    elif outcome == OFFENCE:
        dispatcher.utter_message(response="utter_form_offence")
        await hand_over(dispatcher, tracker, domain, "sensitive", priority="high")
    elif outcome == LANGUAGE:
        await hand_over_in_language(dispatcher, tracker, domain)
    else:  # another skill was asked for
        events.append(FollowupAction(f"{outcome}_form"))
    return events


class ActionResume(Action):
    """Takes up the form that was left."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_resume"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Opens the form again with all its answers; says so when there is none."""
        form = tracker.slots.get("form_left")
        if form not in FORM_SLOTS:
            dispatcher.utter_message(response="utter_nothing_to_resume")
            return []
        dispatcher.utter_message(response="utter_form_resumed")
        return [FollowupAction(form)]

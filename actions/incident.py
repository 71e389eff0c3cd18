"""The incident report (main courante): what, when, where, who; a summary; the declaration to the front desk.

It is a declaration to be checked by an officer, not a complaint, and says so from the start. When the story tells of an offence against a
person, the form stops: such a conversation belongs to a person, and a report must never stand in for a complaint there (facts, section 8).
"""

import logging
from typing import Any, ClassVar, Final

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import message_id
from actions.endings import FORM_SLOTS, end_form, keep_and_say_failed, submitted
from actions.forms import (
    SKIPPED,
    FormDialogue,
    Reading,
    Turn,
    moment_value,
    phone_as_said,
    place_text,
    read_commune,
    read_contact,
    read_moments,
)
from actions.frontdesk_client import FrontdeskError, Incident, submit_incident

LONGEST_STORY: Final = 4000  # characters, over all the messages that tell it
SHORTEST_STORY: Final = 4  # words: "un problème" is no story
logger = logging.getLogger(__name__)


class ValidateIncidentForm(FormDialogue):
    """Leads the incident report."""

    form = "incident_form"
    order = (
        "incident_what",
        "incident_when",
        "incident_where",
        "incident_people",
        "incident_witnesses",
        "incident_wish",
        "person_name",
        "phone",
        "email",
        "callback",
        "confirmed",
    )
    optional = frozenset({"incident_people", "incident_witnesses", "incident_wish", "email"})
    free_text = frozenset({"incident_what", "incident_where", "incident_people", "incident_witnesses", "incident_wish"})
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"callback": ("yes", "no"), "confirmed": ("yes", "no")}
    fields: ClassVar[dict[str, str]] = {
        "incident_what": r"\b(recit|histoire|faits|description|ce qui s est passe)\b",
        "incident_when": r"\b(dates?|jours?|heures?|moment|quand)\b",
        "incident_where": r"\b(lieu|endroit|adresse|rue)\b",
        "incident_people": r"\b(personnes?|auteur|implique\w*)\b",
        "incident_witnesses": r"\b(temoins?)\b",
        "incident_wish": r"\b(souhaits?|craintes?)\b",
        "phone": r"\b(telephone|tel|numero|portable|fixe)\b",
        "email": r"\b(e ?mails?|mel|courriel|adresse electronique)\b",
        "person_name": r"\b(nom|prenom|identite)\b",
        "callback": r"\b(rappel\w*|rappeler)\b",
    }
    editable: ClassVar[dict[str, str]] = {
        "incident_what": "Ce qui s’est passé",
        "incident_when": "La date",
        "incident_where": "Le lieu",
        "incident_people": "Les personnes",
        "person_name": "Mon nom",
        "phone": "Mon téléphone",
    }
    stops_at_offences = True

    def read(self, turn: Turn) -> Reading:
        """When, where and contact, wherever they stand; the other answers in the citizen's own words."""
        reading = Reading()
        self._read_when(turn, reading)
        if turn.requested in (None, "incident_what") or turn.corrects:
            read_commune(turn, reading)
            place = place_text(turn.text)
            if place is not None:
                reading.values["incident_where"] = place[:500]
        read_contact(turn, reading)
        if turn.requested == "callback":
            if turn.says_yes or turn.says_no or turn.skips:
                reading.values["callback"] = "yes" if turn.says_yes else "no"
        elif turn.requested is None:
            # The message that opened the form is the story when it tells one, not when it only asks for a report.
            if len(turn.folded.split()) >= 12 and reading.values and not turn.asks:
                reading.values["incident_what"] = turn.text
        elif turn.requested in self.free_text and not (turn.corrects and reading.values and len(turn.text) < 80):
            self._read_text(turn, reading, turn.requested)
        return reading

    def _read_text(self, turn: Turn, reading: Reading, slot: str) -> None:
        if turn.skips and slot != "incident_what":
            return  # left out, see FormDialogue
        if slot == "incident_where":
            read_commune(turn, reading)
        if slot == "incident_what" and len(turn.folded.split()) < SHORTEST_STORY:
            reading.remarks.append(("utter_story_short", {}))
            return
        if turn.text:
            reading.values[slot] = turn.text[: LONGEST_STORY if slot == "incident_what" else 500]

    def _read_when(self, turn: Turn, reading: Reading) -> None:
        asked = turn.requested == "incident_when"
        known = turn.slots.get("incident_when") is not None
        if turn.requested not in (None, "incident_what", "incident_when") and not (turn.corrects and known):
            return
        if known and not asked and not turn.corrects:
            return
        past = [m for m in read_moments(turn, reading, prefer="past") if m.start <= turn.now]
        if past:
            # Several moments in a story: it began with the earliest and lasted to the latest.
            value = moment_value(min(past, key=lambda m: m.start)) if not asked else moment_value(past[0])
            reading.values["incident_when"] = value
        elif asked and not reading.remarks and turn.folded and not turn.asks:
            unknown = turn.skips or "sais plus" in turn.folded or "souviens" in turn.folded or "longtemps" in turn.folded
            if unknown:
                reading.values["incident_when"] = {
                    "text": turn.text[:500],
                    "said": turn.text[:500],
                    "start": None,
                    "end": None,
                    "precision": "unknown",
                }

    def ask(self, dispatcher: CollectingDispatcher, slot: str, slots: dict[str, Any]) -> None:
        """Reads everything back before it is sent; Rasa asks for the other slots."""
        if slot == "confirmed":
            dispatcher.utter_message(response="utter_incident_summary", summary=summary(slots))


def summary(slots: dict[str, Any]) -> str:
    """The declaration in French, one line a value; values that were left out are not named."""
    lines = [
        ("Ce qui s’est passé", slots["incident_what"]),
        ("Quand", slots["incident_when"]["said"]),
        ("Où", slots["incident_where"]),
        ("Personnes concernées", slots.get("incident_people")),
        ("Témoins", slots.get("incident_witnesses")),
        ("Ce que je crains ou souhaite", slots.get("incident_wish")),
        ("Nom", slots["person_name"]),
        ("Téléphone", phone_as_said(slots["phone"])),
        ("E-mail", slots.get("email")),
        ("Être rappelé", "oui" if slots["callback"] == "yes" else "non"),
    ]
    return "\n".join(f"• {label} : {value}" for label, value in lines if value not in (None, SKIPPED))


class ActionIncidentEnd(Action):
    """After the form: sends the declaration, or does what the form ended for."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_incident_end"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says the number, or why there is none; raises nothing. A failure keeps every slot."""
        slots = tracker.slots
        if slots.get("form_outcome") is not None:
            return await end_form(dispatcher, tracker, domain, "incident_form")
        incident = Incident(conversation_id=tracker.sender_id, message_id=message_id(tracker), **content(slots))
        try:
            receipt = await submit_incident(incident)
        except FrontdeskError as error:
            logger.error("incident report failed conversation=%s error=%s", tracker.sender_id, error.code)
            return keep_and_say_failed(dispatcher, "incident_form")
        dispatcher.utter_message(response="utter_incident_submitted", number=receipt.number)
        return submitted(FORM_SLOTS["incident_form"])


def content(slots: dict[str, Any]) -> dict[str, Any]:
    """The slots as the front desk takes them (docs/webhooks.md)."""

    def given(name: str) -> Any:
        return None if slots.get(name) == SKIPPED else slots.get(name)

    commune, when = given("commune") or {}, slots["incident_when"]
    return {
        "what": slots["incident_what"],
        "when_text": when["said"][:500],
        "when_start": when["start"],
        "when_end": when["end"],
        "when_precision": when["precision"],
        "where_text": slots["incident_where"],
        "commune_code": commune.get("code"),
        "commune_name": commune.get("name"),
        "people_text": given("incident_people"),
        "witnesses_text": given("incident_witnesses"),
        "wish_text": given("incident_wish"),
        "name": slots["person_name"],
        "phone": slots["phone"],
        "email": given("email"),
        "callback": slots["callback"] == "yes",
    }

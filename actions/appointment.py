"""The appointment form: what it is about, where, when, who; a summary; the request to the front desk."""

import logging
import re
from typing import Any, ClassVar, Final

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import message_id
from actions.endings import FORM_SLOTS, end_form, keep_and_say_failed, submitted
from actions.forms import SKIPPED, FormDialogue, Reading, Turn, moment_value, phone_as_said, read_commune, read_contact, read_moments
from actions.frontdesk_client import Appointment, FrontdeskError, submit_appointment

WISHES: Final = 5  # moments sent to the front desk, at most
logger = logging.getLogger(__name__)

REASONS: Final = {
    "complaint": "déposer une plainte",
    "incident_report": "faire une main courante",
    "holiday_watch": "faire surveiller mon logement pendant une absence",
    "weapon_surrender": "remettre une arme",
    "other": "autre chose",
}
UNITS: Final = {"police": "un commissariat de police", "gendarmerie": "une brigade de gendarmerie", "any": "l’un ou l’autre"}
# The first pattern that fits names the reason; read on folded text.
_REASON_WORDS: Final = (
    ("incident_report", re.compile(r"\bmains? courantes?\b|\bmaincourante\b|renseignement judiciaire")),
    ("holiday_watch", re.compile(r"\b(vacances?|otv|tranquillite|surveill\w+ (ma|mon|la|notre) \w+|absence)\b")),
    ("weapon_surrender", re.compile(r"\b(armes?|fusils?|carabines?|pistolets?|revolvers?|munitions?|cartouches?|grenade)\b")),
    ("complaint", re.compile(r"\b(plaintes?|plinte|porter plaint\w*|deposer plaint\w*)\b")),
)
_UNIT_WORDS: Final = (
    (
        "any",
        re.compile(r"\b(l un ou l autre|peu importe|n importe|m est egal|les deux|indifferent|comme vous voulez|le plus (proche|pres))\b"),
    ),
    ("gendarmerie", re.compile(r"\b(gendarmeri\w+|gendarmes?|brigade|bta)\b")),
    ("police", re.compile(r"\b(police|policiers?|commissariats?|comico|hotel de police)\b")),
)
# "Je suis en fauteuil", not "on a volé mon fauteuil".
_NEEDS: Final = re.compile(
    r"\b(en fauteuil|mobilite reduite|bequilles|langue des signes|lsf|interpretes?|malentendante?s?|malvoyante?s?|"
    r"(suis|sommes) (\w+ )?(handicapee?s?|sourde?s?|aveugles?))\b"
)
LONGEST_NEED: Final = 200  # characters: in a longer message the word belongs to a story
_ANY_TIME: Final = re.compile(
    r"\b(n importe quand|quand vous (voulez|pouvez)|peu importe|le plus (tot|vite|rapidement) possible|asap|des que possible|"
    r"au plus (tot|vite)|tous les jours|m est egal)\b"
)


def _first(patterns: tuple[tuple[str, re.Pattern[str]], ...], folded: str) -> str | None:
    return next((value for value, pattern in patterns if pattern.search(folded)), None)


class ValidateAppointmentForm(FormDialogue):
    """Leads the appointment form."""

    form = "appointment_form"
    order = (
        "appointment_reason",
        "appointment_about",
        "commune",
        "appointment_unit",
        "appointment_wishes",
        "person_name",
        "phone",
        "email",
        "accessibility",
        "confirmed",
    )
    optional = frozenset({"appointment_about", "appointment_unit", "email", "accessibility"})
    free_text = frozenset({"appointment_about", "accessibility"})
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "appointment_reason": tuple(REASONS),
        "appointment_unit": tuple(UNITS),
        "confirmed": ("yes", "no"),
    }
    fields: ClassVar[dict[str, str]] = {
        "appointment_reason": r"\b(motif|raison|objet)\b",
        "commune": r"\b(ville|commune|code postal|lieu|endroit)\b",
        "appointment_unit": r"\b(unite|commissariat|brigade)\b",
        "appointment_wishes": r"\b(dates?|jours?|heures?|horaires?|creneaux?|moment|disponibilites?)\b",
        "phone": r"\b(telephone|tel|numero|portable|fixe)\b",
        "email": r"\b(e ?mails?|mel|courriel|adresse electronique)\b",
        "person_name": r"\b(nom|prenom|identite)\b",
        "accessibility": r"\b(accessibilite|handicap|fauteuil|interprete)\b",
    }
    editable: ClassVar[dict[str, str]] = {
        "appointment_reason": "Le motif",
        "commune": "La commune",
        "appointment_wishes": "Les jours et heures",
        "person_name": "Mon nom",
        "phone": "Mon téléphone",
        "email": "Mon e-mail",
    }
    stops_at_offences = True

    def read(self, turn: Turn) -> Reading:
        """Reason, unit, commune, wishes and contact, wherever they stand; free text only where it was asked for."""
        reading = Reading()
        reason = _first(_REASON_WORDS, turn.folded)
        if reason is not None and (turn.requested in (None, "appointment_reason") or turn.corrects):
            reading.values["appointment_reason"] = reason
        unit = _first(_UNIT_WORDS, turn.folded)
        if unit is not None and (turn.requested == "appointment_unit" or (unit != "any" and turn.slots.get("appointment_unit") is None)):
            reading.values["appointment_unit"] = unit
        self._read_need(turn, reading)
        read_commune(turn, reading)
        self._read_wishes(turn, reading)
        read_contact(turn, reading)
        if reading.values:
            self._no_text_beside_values(turn, reading)
            return reading
        if turn.requested == "appointment_reason" and not reading.remarks and not turn.skips and len(turn.folded.split()) > 2:
            # In the citizen's own words: "other", and the words are what it is about.
            reading.values |= {"appointment_reason": "other", "appointment_about": turn.text[:1000]}
        elif turn.requested in self.free_text and not turn.skips and not reading.remarks and turn.text:
            reading.values[turn.requested] = turn.text[: 1000 if turn.requested == "appointment_about" else 500]
        return reading

    def _no_text_beside_values(self, turn: Turn, reading: Reading) -> None:
        """An answer in one's own words that also names a day or a town is still the answer."""
        if turn.requested in self.free_text and turn.requested not in reading.values and not turn.corrects and len(turn.folded.split()) > 3:
            reading.values[turn.requested] = turn.text[:500]

    def _read_need(self, turn: Turn, reading: Reading) -> None:
        asked_for_words = turn.requested in self.free_text or len(turn.text) > LONGEST_NEED
        if turn.slots.get("accessibility") is None and not asked_for_words and _NEEDS.search(turn.folded):
            reading.values["accessibility"] = turn.text

    def _read_wishes(self, turn: Turn, reading: Reading) -> None:
        asked = turn.requested == "appointment_wishes"
        if not asked and turn.slots.get("appointment_wishes") is not None and not turn.corrects:
            return
        if turn.requested in ("appointment_about", "accessibility") and not turn.corrects:
            return  # a day told there belongs to what happened
        moments = read_moments(turn, reading, prefer="future")
        future = [moment for moment in moments if moment.end > turn.now]
        if future:
            said = [moment_value(moment) for moment in future[:WISHES]]
            reading.values["appointment_wishes"] = {"text": " ; ".join(value["said"] for value in said), "moments": said}
        elif moments and asked:
            reading.remarks.append(("utter_wish_past", {}))
        elif asked and _ANY_TIME.search(turn.folded):
            reading.values["appointment_wishes"] = {"text": turn.text[:500], "moments": []}

    def ask(self, dispatcher: CollectingDispatcher, slot: str, slots: dict[str, Any]) -> None:
        """Reads everything back before it is sent; Rasa asks for the other slots."""
        if slot == "confirmed":
            dispatcher.utter_message(response="utter_appointment_summary", summary=summary(slots))


def summary(slots: dict[str, Any]) -> str:
    """The request in French, one line a value; values that were left out are not named."""
    commune = slots["commune"]
    lines = [
        ("Motif", REASONS[slots["appointment_reason"]]),
        ("De quoi il s’agit", slots.get("appointment_about")),
        ("Commune", f"{commune['name']} ({commune['department_name']})"),
        ("Où", UNITS.get(slots.get("appointment_unit") or "any", UNITS["any"])),
        ("Quand", slots["appointment_wishes"]["text"]),
        ("Nom", slots["person_name"]),
        ("Téléphone", phone_as_said(slots["phone"])),
        ("E-mail", slots.get("email")),
        ("Besoin particulier", slots.get("accessibility")),
    ]
    return "\n".join(f"• {label} : {value}" for label, value in lines if value not in (None, SKIPPED))


class ActionAppointmentEnd(Action):
    """After the form: sends the request, or does what the form ended for."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_appointment_end"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Says the number, or why there is none; raises nothing. A failure keeps every slot."""
        slots = tracker.slots
        if slots.get("form_outcome") is not None:
            return await end_form(dispatcher, tracker, domain, "appointment_form")
        appointment = Appointment(conversation_id=tracker.sender_id, message_id=message_id(tracker), **content(slots))
        try:
            receipt = await submit_appointment(appointment)
        except FrontdeskError as error:
            logger.error("appointment failed conversation=%s error=%s", tracker.sender_id, error.code)
            return keep_and_say_failed(dispatcher, "appointment_form")
        dispatcher.utter_message(response="utter_appointment_submitted", number=receipt.number)
        return submitted(FORM_SLOTS["appointment_form"])


def content(slots: dict[str, Any]) -> dict[str, Any]:
    """The slots as the front desk takes them (docs/webhooks.md)."""

    def given(name: str) -> Any:
        return None if slots.get(name) == SKIPPED else slots.get(name)

    commune, wishes = slots["commune"], slots["appointment_wishes"]
    return {
        "reason": slots["appointment_reason"],
        "reason_text": given("appointment_about"),
        "commune_code": commune["code"],
        "commune_name": commune["name"],
        "postcode": commune["postcode"],
        "unit": given("appointment_unit") or "any",
        "wishes_text": wishes["text"][:500],
        "wishes": [{"start": m["start"], "end": m["end"], "text": m["text"][:200]} for m in wishes["moments"]],
        "name": slots["person_name"],
        "phone": slots["phone"],
        "email": given("email"),
        "accessibility": given("accessibility"),
    }

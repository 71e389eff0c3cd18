"""How a form is led: one turn of a dialogue that fills slots, whatever the citizen writes in the middle of it.

A form here is a Rasa form whose `validate_<form>` action does everything: it takes every value that the message holds, answers a question
and goes on, lets any value be corrected, skipped or questioned, and ends the form when the citizen leaves, wants a person, or tells of
something that a form must not handle. Why so, and not by rules: `docs/decisions/2026-11-25-forms.md`.

`form_outcome` says how it ended: None (everything is filled and confirmed) or one of the `OUTCOMES`.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import FALLBACK_INTENT, OFFENCES_AGAINST_PERSONS, message_language, ranked_topics
from spoken.contacts import email_suggestion, find_email, find_phone, phone_problem
from spoken.dates import Moment, describe, find_moments, impossible_date
from spoken.people import find_name
from spoken.places import Ambiguous, Commune, Found, commune_by_code, find_commune, find_place
from spoken.text import plain

PARIS: Final = ZoneInfo("Europe/Paris")
SKIPPED: Final = "skipped"  # the value of an optional slot that the citizen left out
TRIES: Final = 2  # answers to one question that were not understood, until a person is offered
LONGEST_CONTROL: Final = 120  # characters: "laissez tomber" inside a story is part of the story
SHORTEST_TALE: Final = 7  # words of a message in which the classifier may find an offence
OFFENCE_SHARE: Final = 0.6  # of the classifier's confidence that lies on offences against persons
COMMUNES_OFFERED: Final = 6

HUMAN: Final = "human"
LEFT: Final = "left"
OFFENCE: Final = "offence"
LANGUAGE: Final = "language"
OUTCOMES: Final = frozenset({HUMAN, LEFT, OFFENCE, LANGUAGE, "appointment", "incident", "front_door"})

# Patterns on folded text (`fold`), each line a family of ways to say it.
_CORRECTION: Final = re.compile(
    r"\b(non|plutot|en fait|pardon|erreur|tromp\w*|corrig\w*|chang\w*|modifi\w*|rectifi\w*|au lieu|"
    r"pas le bon|pas la bonne|mauvais\w*|faux|fausse)\b"
)
_QUESTION: Final = re.compile(
    r"^(et |mais |bonjour |euh |dites )*(pourquoi|comment|combien|est ce|c est quoi|qu est ce|quels?\b|quelles?\b|qui |quand est|"
    r"ou (est|sont|dois|puis|faut|je)|peut on|puis je|je peux|on peut|faut il|dois je|a quoi|ca sert|vous (pouvez|allez|gardez))"
)
_YES: Final = re.compile(
    r"^(oui|ouais|ouai|ok|okay|d accord|dacc?ord|exact\w*|correct|parfait|tout est (bon|juste)|confirme\w*|je confirme|valide\w*|"
    r"c est (bon|ca|bien ca|correct|juste|exact)|envoye[rz]?|vas y|allez y|bien sur|volontiers|si)\b"
)
_NO: Final = re.compile(r"^(non|nan|nn|pas du tout|surtout pas|c est faux|pas exactement|incorrect)\b")
_SKIP: Final = re.compile(
    r"^(non( merci| rien)?|nn|nan|no|aucun\w*|rien( de special| de particulier| a signaler)?|ras|neant|sans|personne|"
    r"passe[rz]?|suivant\w*|jsp|ignore|chais pas|sais pas|je (ne )?(sais|vois) pas( .{0,20})?|"
    r"pas d \w+|je n en ai pas|j en ai pas|j ai pas( d)? ?\w*|je prefere (ne )?pas.*)$"
)
# Words that tell of an offence against a person, whatever the classifier thinks: the net under it.
_OFFENCE_WORDS: Final = re.compile(
    r"\b(frapp\w+|gifl\w+|tabass\w+|cogn(e|er|es|ee|ent)\b|coups? de (pied|poing|couteau|tete)|roue\w* de coups|m a battu\w*|me bat\b|"
    r"me tape|m a tape|etrangl\w+|viol(e|es|ee|ees|er|ent|eur)?\b|attouch\w+|agress(e|es|ee|ees|er|ion|ions)\b|sequestr\w+|"
    r"menac\w* de (mort|me (tuer|frapper))|va me tuer|poignard\w*|couteau)"
)


def fold(text: str) -> str:
    """Lower case, accents folded, everything but letters and digits one space: what the patterns of the actions read."""
    return " ".join(re.findall(r"[a-z0-9]+", plain(text)))


def paris_now() -> datetime:
    """This moment where the citizens are."""
    return datetime.now(PARIS)


@dataclass
class Turn:
    """One message to a form. `answer` is a pressed button: `(slot, value)`; `requested` the slot that was asked for, None at the start."""

    text: str
    label: str
    ranking: list[tuple[str, float]]
    answer: tuple[str, str] | None
    language: str | None
    requested: str | None
    slots: dict[str, Any]
    now: datetime
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        self.folded = fold(self.text)

    @classmethod
    def of(cls, tracker: Tracker) -> "Turn":
        """The tracker's current message."""
        message = tracker.latest_message
        intent = message.get("intent") or {}
        answer = message.get("answer") or {}
        return cls(
            text=str(message.get("text") or "").strip(),
            label=str(intent.get("full_retrieval_intent_name") or intent.get("name")),
            ranking=ranked_topics(message),
            answer=(answer["slot"], answer["value"]) if answer else None,
            language=message_language(message),
            requested=tracker.slots.get("requested_slot") if tracker.active_loop_name else None,
            slots=dict(tracker.slots),
            now=paris_now(),
        )

    @property
    def pressed(self) -> bool:
        """Whether it is a button, not words."""
        return self.answer is not None

    @property
    def corrects(self) -> bool:
        """Whether it takes back something said before."""
        return bool(_CORRECTION.search(self.folded))

    @property
    def asks(self) -> bool:
        """Whether it is a question, not an answer."""
        return len(self.text) <= 300 and (self.text.rstrip().endswith("?") or bool(_QUESTION.match(self.folded)))

    @property
    def says_yes(self) -> bool:
        """Whether it agrees."""
        return len(self.folded) <= 60 and (self.label == "affirm" or bool(_YES.match(self.folded)))

    @property
    def says_no(self) -> bool:
        """Whether it disagrees."""
        return len(self.folded) <= 60 and (self.label == "deny" or bool(_NO.match(self.folded)))

    @property
    def skips(self) -> bool:
        """Whether it leaves the question out."""
        return self.label == "skip" or (len(self.folded) <= 40 and bool(_SKIP.match(self.folded)))


@dataclass
class Reading:
    """What a form takes from a message: values by slot, and what has to be said about them, as `(response, arguments)`."""

    values: dict[str, Any] = field(default_factory=dict)
    remarks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    why: bool = False  # it only asks why the question is asked
    asks_itself: bool = False  # a remark is the next question: the slot's own one would hide it


class FormDialogue(Action, ABC):
    """A `validate_<form>` action that leads the whole dialogue of one form."""

    form: ClassVar[str]
    order: ClassVar[tuple[str, ...]]  # as in domain.yml
    optional: ClassVar[frozenset[str]] = frozenset()
    free_text: ClassVar[frozenset[str]] = frozenset()  # slots that take the message as it is
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}  # slots with a fixed set of values
    fields: ClassVar[dict[str, str]] = {}  # pattern of the words that name a slot, for "je me suis trompé de ville"
    stops_at_offences: ClassVar[bool] = False

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return f"validate_{self.form}"

    @abstractmethod
    def read(self, turn: Turn) -> Reading:
        """Every value that the message holds for this form."""

    def next_slot(self, slots: dict[str, Any]) -> str | None:
        """The slot to ask for; None when nothing is missing."""
        return next((slot for slot in self.order if slots.get(slot) is None), None)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """One turn; always sets `requested_slot` (None ends the form) and never rejects, so that no other policy has to guess."""
        turn = Turn.of(tracker)
        starts = turn.requested is None
        outcome = self._outcome(turn)
        if outcome is not None:
            return _events({"form_outcome": outcome, "form_left": self.form, "form_tries": None, "requested_slot": None})
        reading = self._reading(turn)
        for response, arguments in reading.remarks:
            dispatcher.utter_message(response=response, **arguments)
        changed = dict(reading.values)
        tries: int | None = None
        if reading.why:
            self.why(dispatcher, self._asked_about(turn, domain))
        elif not changed and not reading.remarks and not starts:
            if not self._interlude(dispatcher, turn, domain):
                tries = int(turn.slots.get("form_tries") or 0) + 1
                self._retry(dispatcher, turn, tries)
        elif self._is_correction(turn, changed):
            dispatcher.utter_message(response="utter_form_corrected")
        elif changed and not starts and turn.requested not in changed and not reading.remarks:
            dispatcher.utter_message(response="utter_form_noted")
        slots = {**turn.slots, **changed}
        asked = self.next_slot(slots)
        if asked is not None and not reading.asks_itself:
            self.ask(dispatcher, asked, slots)
        changed |= {"form_outcome": None, "form_left": None, "form_tries": tries, "requested_slot": asked}
        return _events(changed)

    def ask(self, dispatcher: CollectingDispatcher, slot: str, slots: dict[str, Any]) -> None:
        """Asks for a slot. Here nothing: Rasa says `utter_ask_<slot>` where there is such a response."""

    def why(self, dispatcher: CollectingDispatcher, slot: str) -> None:
        """Says why a slot is asked for."""
        dispatcher.utter_message(response=f"utter_why_{slot}")

    def _asked_about(self, turn: Turn, domain: DomainDict) -> str:
        """The slot that a "why" is about: the one it names, else the one that was asked for."""
        named = [slot for slot in self.named_fields(turn.folded) if f"utter_why_{slot}" in domain.get("responses", {})]
        return named[0] if named else str(turn.requested)

    def _outcome(self, turn: Turn) -> str | None:
        """Why the form has to end now; None when it goes on."""
        if self.stops_at_offences and not turn.pressed and self._tells_offence(turn):
            return OFFENCE
        if turn.requested is None:
            return None  # the message that opened the form
        if turn.language is not None and turn.label == "other_language":
            return LANGUAGE
        if len(turn.text) > LONGEST_CONTROL:
            return None
        if turn.label == HUMAN:
            return HUMAN
        if turn.label == "cancel":
            return LEFT
        if turn.label in OUTCOMES and turn.label != self.form.removesuffix("_form") and turn.requested not in self.free_text:
            return turn.label
        return None

    def _tells_offence(self, turn: Turn) -> bool:
        if turn.asks or turn.requested in ("person_name", "phone", "email", "commune"):
            return False
        if _OFFENCE_WORDS.search(turn.folded):
            return True
        # A few words ("j'aimerais que ça s'arrête") say too little for the classifier.
        share = sum(confidence for topic, confidence in turn.ranking if topic in OFFENCES_AGAINST_PERSONS)
        return len(turn.folded.split()) >= SHORTEST_TALE and share >= OFFENCE_SHARE

    def _reading(self, turn: Turn) -> Reading:
        if turn.answer is not None:
            return self._pressed(turn, *turn.answer)
        if turn.requested == "confirmed":
            return self._read_confirmation(turn)
        if turn.requested is not None and turn.label == "why_asked":
            return Reading(why=True)
        if turn.requested is not None and self._only_a_question(turn):
            return Reading()
        reading = self.read(turn)
        requested = turn.requested
        if requested is not None and requested not in reading.values and not reading.values and turn.skips:
            if requested in self.optional:
                reading.values[requested] = SKIPPED
                reading.remarks = []
            else:
                reading.remarks = [(f"utter_needed_{requested}", {})]
        return reading

    def _only_a_question(self, turn: Turn) -> bool:
        """A question in the middle: answered, not taken for a value."""
        return turn.asks

    def _pressed(self, turn: Turn, slot: str, value: str) -> Reading:
        if slot == "edit" and value in self.order:
            return Reading({value: None, "confirmed": None})
        if slot == "commune":
            commune = commune_by_code(value)
            return Reading({"commune": commune_value(commune)}) if commune else Reading()
        if slot == "confirmed" and value == "no":
            return self._what_to_change(turn)
        if slot in self.choices and value in self.choices[slot]:
            return Reading({slot: value})
        if slot in self.optional and value == SKIPPED:
            return Reading({slot: SKIPPED})
        return Reading()

    def _read_confirmation(self, turn: Turn) -> Reading:
        if not turn.corrects and turn.says_yes:
            return Reading({"confirmed": "yes"})
        reading = self.read(turn)
        if reading.values or reading.remarks:
            return reading
        named = self.named_fields(turn.folded)
        if named:
            return Reading(dict.fromkeys(named))
        if turn.says_no or turn.corrects:
            return self._what_to_change(turn)
        return Reading()

    def _what_to_change(self, turn: Turn) -> Reading:
        return Reading(remarks=[("utter_form_edit", {"buttons": self.edit_buttons(turn.slots)})], asks_itself=True)

    def named_fields(self, folded: str) -> list[str]:
        """The slots whose name the citizen uses."""
        return [slot for slot, pattern in self.fields.items() if re.search(pattern, folded)]

    def edit_buttons(self, slots: dict[str, Any]) -> list[dict[str, str]]:
        """One button for each value that can be changed, at most six (docs/api.md)."""
        return [
            {"title": label, "payload": f'/inform{{"edit":"{slot}"}}'}
            for slot, label in self.editable.items()
            if slots.get(slot) is not None
        ][:6]

    editable: ClassVar[dict[str, str]] = {}

    def _is_correction(self, turn: Turn, changed: dict[str, Any]) -> bool:
        return any(slot != turn.requested and turn.slots.get(slot) is not None and value is not None for slot, value in changed.items())

    def _interlude(self, dispatcher: CollectingDispatcher, turn: Turn, domain: DomainDict) -> bool:
        """Answers what is no answer to the form: a question on a topic, a courtesy. False when it is nothing that is known."""
        responses = domain.get("responses", {})
        name = f"utter_{turn.label}"
        if turn.label.startswith("followup/"):
            name = f"utter_about_form_{turn.label.removeprefix('followup/')}"
        if turn.label in (FALLBACK_INTENT, "inform", "resume", "affirm", "deny", "skip") or name not in responses:
            return False
        dispatcher.utter_message(response=name)
        dispatcher.utter_message(response="utter_form_goes_on")
        return True

    def _retry(self, dispatcher: CollectingDispatcher, turn: Turn, tries: int) -> None:
        if tries >= TRIES:
            dispatcher.utter_message(response="utter_form_stuck")
        else:
            dispatcher.utter_message(response="utter_form_retry")


def _events(values: dict[str, Any]) -> list[dict[str, Any]]:
    # The slot to ask for comes last: Rasa reads the form's end from it.
    ordered = sorted(values.items(), key=lambda item: item[0] == "requested_slot")
    return [SlotSet(slot, value) for slot, value in ordered]


# --- what several forms read ------------------------------------------------------------------------------------------------


def read_contact(turn: Turn, reading: Reading) -> None:
    """Takes name, phone and e-mail from the message, wherever they were asked for; says what is wrong with one that was meant."""
    phone = find_phone(turn.text)
    if phone is not None:
        reading.values["phone"] = phone.e164
    elif turn.requested in ("phone", "confirmed") and (problem := phone_problem(turn.text)) is not None:
        reading.remarks.append((f"utter_phone_{problem}", {}))
    email = find_email(turn.text)
    if email is not None:
        reading.values["email"] = email.address
        if suggestion := email_suggestion(email.address):
            reading.remarks.append(("utter_email_suggestion", {"suggestion": suggestion}))
    elif turn.requested == "email" and not turn.skips and ("@" in turn.text or "arobase" in turn.folded):
        reading.remarks.append(("utter_email_invalid", {}))
    # "Oui c'est bon" is no name.
    name = find_name(turn.text, asked=turn.requested == "person_name" and not (turn.skips or turn.says_yes or turn.says_no))
    if name is not None:
        reading.values["person_name"] = name


def read_commune(turn: Turn, reading: Reading) -> None:
    """Takes the commune; asks which one when there are several."""
    if turn.requested != "commune" and turn.slots.get("commune") is not None and not turn.corrects:
        return
    near = (turn.slots.get("commune") or {}).get("department") if isinstance(turn.slots.get("commune"), dict) else None
    answer = find_commune(turn.text, near=near)
    if isinstance(answer, Found):
        reading.values["commune"] = commune_value(answer.commune)
    elif isinstance(answer, Ambiguous) and turn.requested == "commune":
        buttons = [
            {"title": f"{commune.name} ({commune.department_name})"[:80], "payload": f'/inform{{"commune":"{commune.code}"}}'}
            for commune in answer.communes[:COMMUNES_OFFERED]
        ]
        reading.remarks.append(("utter_which_commune", {"buttons": buttons}))


def commune_value(commune: Commune) -> dict[str, Any]:
    """A commune as a slot holds it."""
    return {
        "code": commune.code,
        "name": commune.name,
        "department": commune.department,
        "department_name": commune.department_name,
        "postcode": commune.postcodes[0] if len(commune.postcodes) == 1 else None,
    }


def moment_value(moment: Moment) -> dict[str, Any]:
    """A moment as a slot holds it; `said` is how it is read back."""
    return {
        "text": moment.text,
        "said": describe(moment),
        "start": moment.start.isoformat(),
        "end": moment.end.isoformat(),
        "precision": moment.precision,
    }


def read_moments(turn: Turn, reading: Reading, *, prefer: str) -> list[Moment]:
    """The message's moments; remarks on a date that does not exist."""
    wrong = impossible_date(turn.text)
    if wrong is not None:
        reading.remarks.append(("utter_impossible_date", {"date": wrong}))
    return find_moments(turn.text, turn.now, prefer="past" if prefer == "past" else "future")


def phone_as_said(e164: str) -> str:
    """A stored telephone as people write it: "06 12 34 56 78", or with the country in front."""
    phone = find_phone(e164)
    return e164 if phone is None else phone.national


def place_text(text: str) -> str | None:
    """The place that the text names, in its own words; None when it names none."""
    place = find_place(text)
    return None if place is None else place.text

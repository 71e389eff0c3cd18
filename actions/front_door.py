"""The front door: a few questions, then the one right way. The questions, the decision table and the outcomes are `data/front_door.yml`.

The table is read from top to bottom: the first rule whose conditions all hold decides. A question is asked only when the first rule that
is still possible needs it, so the order of the rules is the order of the questions.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import HUMAN_BUTTON
from actions.endings import FORM_SLOTS, end_form, submitted
from actions.forms import FormDialogue, Reading, Turn, fold
from actions.handoff import hand_over
from spoken.dates import find_moments

TABLE: Final = Path(__file__).resolve().parents[1] / "data" / "front_door.yml"
PREFIX: Final = "front_door_"
SURE: Final = 0.45  # of the classifier: from here on a recognised topic fills its answers
BUTTONS_LIMIT: Final = 8  # of one question
_AGE: Final = re.compile(r"\b(?:ai|a|de|age de|agee de) (\d{1,2}) ans\b")

Kind = Literal["urgence", "personne", "unite", "en_ligne", "rendez_vous", "main_courante"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerOption(_Strict):
    """One answer to a question: its button and the folded phrases that say it."""

    bouton: str = Field(min_length=1, max_length=40)
    dit: list[str] = Field(max_length=60)


class Question(_Strict):
    """One question, why it is asked, and its answers by name."""

    texte: str
    pourquoi: str
    reponses: dict[str, AnswerOption] = Field(min_length=2, max_length=7)


class Rule(_Strict):
    """`alors` (an outcome) holds when every condition of `si` (question -> answer) does."""

    si: dict[str, str] = Field(min_length=1)
    alors: str


class Outcome(_Strict):
    """Where a way ends: what kind of help it is, and the response that tells it."""

    genre: Kind
    reponse: str


class FrontDoor(_Strict):
    """The whole file; raises `ValidationError` when something in it names what does not exist."""

    questions: dict[str, Question]
    themes: dict[str, dict[str, str]]
    regles: list[Rule]
    issues: dict[str, Outcome]

    @model_validator(mode="after")
    def _names_exist(self) -> "FrontDoor":
        for place, conditions in [*((f"regle {rule.alors}", rule.si) for rule in self.regles), *self.themes.items()]:
            for question, answer in conditions.items():
                if question not in self.questions or answer not in self.questions[question].reponses:
                    raise ValueError(f"{place}: il n'y a pas de réponse « {answer} » à une question « {question} ».")
        if missing := {rule.alors for rule in self.regles} - self.issues.keys():
            raise ValueError(f"regles: ces issues n'existent pas : {', '.join(sorted(missing))}.")
        if unused := self.issues.keys() - {rule.alors for rule in self.regles}:
            raise ValueError(f"issues: aucune règle ne mène à : {', '.join(sorted(unused))}.")
        return self

    @classmethod
    def load(cls, path: Path = TABLE) -> "FrontDoor":
        """Reads the file; raises `OSError`, `yaml.YAMLError` or `ValidationError`."""
        return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

    def step(self, known: Mapping[str, str]) -> tuple[str | None, str | None]:
        """`(question, None)` that has to be asked next, or `(None, outcome)`; `(None, None)` when no rule fits, which the tests exclude."""
        for rule in self.regles:
            if any(question in known and known[question] != answer for question, answer in rule.si.items()):
                continue
            missing = next((question for question in rule.si if question not in known), None)
            return (missing, None) if missing else (None, rule.alors)
        return None, None

    def told(self, folded: str, topics: list[tuple[str, float]]) -> dict[str, str]:
        """The answers that a text gives by itself (`actions.forms.fold`ed) or by the topic recognised in it."""
        answers = dict(self.themes.get(topics[0][0], {})) if topics and topics[0][1] >= SURE else {}
        words = f" {folded} "
        for name, question in self.questions.items():
            for answer, option in question.reponses.items():
                if name not in answers and (folded == fold(option.bouton) or any(f" {phrase} " in words for phrase in option.dit)):
                    answers[name] = answer
        ages = [int(age) for age in _AGE.findall(folded)]
        if ages:
            answers["minor"] = "yes" if min(ages) < 18 else "no"
        return answers


@cache
def front_door() -> FrontDoor:
    """The table, read once."""
    return FrontDoor.load()


class ValidateFrontDoorForm(FormDialogue):
    """Leads the front door."""

    form = "front_door_form"
    order = FORM_SLOTS["front_door_form"]

    def next_slot(self, slots: dict[str, Any]) -> str | None:
        """The question that decides next."""
        question, _ = front_door().step(known(slots))
        return None if question is None else PREFIX + question

    def read(self, turn: Turn) -> Reading:
        """Whatever the text already says; nothing known is asked twice."""
        told = front_door().told(turn.folded, turn.ranking)
        for moment in find_moments(turn.text, turn.now, prefer="past")[:1]:
            if moment.start <= turn.now:
                told.setdefault("when", "day" if turn.now - moment.start < timedelta(hours=24) else "before")
        asked = (turn.requested or "").removeprefix(PREFIX)
        if asked and asked not in told and set(front_door().questions[asked].reponses) == {"yes", "no"} and (turn.says_yes or turn.says_no):
            told[asked] = "yes" if turn.says_yes else "no"
        if asked == "when" and asked not in told and turn.says_yes:
            told["when"] = "now"
        elif asked == "when" and asked not in told and turn.says_no:
            told["when"] = "before"
        if asked == "author" and asked not in told and (turn.says_yes or turn.says_no or turn.skips):
            told["author"] = "known" if turn.says_yes else "unknown"
        new = {
            PREFIX + name: answer
            for name, answer in told.items()
            if turn.slots.get(PREFIX + name) is None or name == asked or turn.corrects
        }
        return Reading(new)

    def ask(self, dispatcher: CollectingDispatcher, slot: str, slots: dict[str, Any]) -> None:
        """Asks with the words and the answers of the table."""
        question = front_door().questions[slot.removeprefix(PREFIX)]
        buttons = [{"title": option.bouton, "payload": f'/inform{{"{slot}":"{answer}"}}'} for answer, option in question.reponses.items()]
        dispatcher.utter_message(text=question.texte, buttons=[*buttons, HUMAN_BUTTON][:BUTTONS_LIMIT])

    def why(self, dispatcher: CollectingDispatcher, slot: str) -> None:
        """Says why the question is asked."""
        dispatcher.utter_message(text=front_door().questions[slot.removeprefix(PREFIX)].pourquoi)

    def _pressed(self, turn: Turn, slot: str, value: str) -> Reading:
        question = front_door().questions.get(slot.removeprefix(PREFIX))
        return Reading({slot: value} if question and value in question.reponses else {})


def known(slots: Mapping[str, Any]) -> dict[str, str]:
    """The answers so far, by question."""
    return {slot.removeprefix(PREFIX): slots[slot] for slot in FORM_SLOTS["front_door_form"] if slots.get(slot) is not None}


class ActionFrontDoorEnd(Action):
    """Says the outcome and does what belongs to it."""

    def name(self) -> str:
        """The action's name in `domain.yml`."""
        return "action_front_door_end"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        """Tells the right way; hands over where a person is the right way. Raises nothing."""
        if tracker.slots.get("form_outcome") is not None:
            return await end_form(dispatcher, tracker, domain, "front_door_form")
        _, name = front_door().step(known(tracker.slots))
        outcome = front_door().issues[name or "agent"]
        dispatcher.utter_message(response=outcome.reponse)
        events = submitted(FORM_SLOTS["front_door_form"])
        against_person = known(tracker.slots).get("what") == "person"
        if outcome.genre == "urgence" and against_person:
            await hand_over(dispatcher, tracker, domain, "sensitive", priority="urgent")
        elif outcome.genre == "personne":
            await hand_over(
                dispatcher, tracker, domain, "sensitive" if against_person else "asked", priority="high" if against_person else None
            )
        elif outcome.genre == "rendez_vous":
            events += [SlotSet("appointment_reason", "complaint"), FollowupAction("appointment_form")]
        elif outcome.genre == "main_courante":
            events.append(FollowupAction("incident_form"))
        return events

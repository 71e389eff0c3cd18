"""What the appointment form takes from a message by itself; the whole way is in tests/system/test_forms.py."""

from datetime import datetime

import pytest

from actions.appointment import LONGEST_NEED, ValidateAppointmentForm
from actions.forms import PARIS, Turn


def taken(text: str, requested: str | None = "phone", **slots: object) -> dict[str, object]:
    now = datetime(2026, 11, 26, 9, tzinfo=PARIS)
    turn = Turn(text=text, label="nlu_fallback", ranking=[], answer=None, language=None, requested=requested, slots=dict(slots), now=now)
    return ValidateAppointmentForm().read(turn).values


@pytest.mark.parametrize(
    "text", ["je suis en fauteuil roulant", "Je suis sourde.", "il me faudrait un interprète en arabe", "nous sommes tous deux malvoyants"]
)
def test_need_is_kept_wherever_it_is_said(text: str) -> None:
    assert taken(text)["accessibility"] == text
    assert "accessibility" not in taken(text, accessibility="un interprète"), "what was said before stays"


@pytest.mark.parametrize("text", ["on m'a volé mon fauteuil roulant", "mon voisin est handicapé", "une place handicapés", "06 12 34 56 78"])
def test_story_that_names_a_handicap_is_no_need(text: str) -> None:
    assert "accessibility" not in taken(text)


def test_need_is_not_cut_out_of_a_story_or_of_free_text() -> None:
    assert "accessibility" not in taken("je suis sourd " + "et voilà " * (LONGEST_NEED // 8))
    assert "accessibility" not in taken("je suis en fauteuil et on a garé une voiture devant chez moi", requested="appointment_about")

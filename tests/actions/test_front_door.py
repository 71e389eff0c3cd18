"""The front door's table: every path ends, none sends violence against a person to a self-service, nothing known is asked twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from actions.front_door import FrontDoor, front_door

ROOT = Path(__file__).resolve().parents[2]
LONGEST_WAY = 5  # questions: nobody in distress answers more
ALONE = {"en_ligne", "rendez_vous", "main_courante"}  # what a person does by themselves


def paths(known: dict[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    """Every way through the questions from what is known, with its outcome."""
    question, outcome = front_door().step(known)
    if question is None:
        assert outcome is not None, f"no rule fits {known}"
        yield known, outcome
        return
    assert question not in known
    for answer in front_door().questions[question].reponses:
        yield from paths({**known, question: answer})


PATHS = list(paths({}))


def test_every_path_ends_after_few_questions() -> None:
    assert len(PATHS) > 30
    assert max(len(known) for known, _ in PATHS) <= LONGEST_WAY


def test_every_outcome_is_reached() -> None:
    assert {outcome for _, outcome in PATHS} == set(front_door().issues)


def test_violence_never_ends_at_a_self_service() -> None:
    kinds = {front_door().issues[outcome].genre for known, outcome in PATHS if known.get("what") == "person"}
    assert kinds == {"urgence", "personne"}


def test_violence_in_progress_is_an_emergency_whatever_else_is_known() -> None:
    for online in ("yes", "no"):
        for minor in ("yes", "no"):
            assert front_door().step({"when": "now", "what": "person", "online": online, "minor": minor}) == (None, "emergency")


@pytest.mark.parametrize("start", [{"when": when} for when in ("now", "day", "before")])
def test_no_self_service_for_violence_from_any_start(start: dict[str, str]) -> None:
    for known, outcome in paths({**start, "what": "person"}):
        assert front_door().issues[outcome].genre not in ALONE, known


def test_known_author_never_leads_online_for_a_thing() -> None:
    for known, outcome in PATHS:
        if known.get("what") == "thing" and known.get("author") == "known":
            assert front_door().issues[outcome].genre != "en_ligne", known


def test_card_still_held_leads_to_perceval_and_only_then() -> None:
    assert {known["card"] for known, outcome in PATHS if outcome == "perceval"} == {"held"}


@pytest.mark.parametrize(
    ("text", "topics", "told"),
    [
        ("on m a vole mon velo dans la rue", [("vol_simple", 0.9)], {"what": "thing", "thing": "object", "online": "no"}),
        ("ma fille de 13 ans est harcelee sur snap", [], {"what": "person", "minor": "yes", "online": "yes"}),
        ("mon voisin m a menace", [("harcelement_menaces", 0.8)], {"what": "person", "author": "known"}),
        ("j ai toujours ma carte", [], {"card": "held"}),
        ("une personne de 45 ans", [], {"minor": "no"}),
        ("bonjour", [], {}),
        ("je ne suis pas sur", [("vol_simple", 0.2)], {}),
    ],
)
def test_told_fills_what_was_said(text: str, topics: list[tuple[str, float]], told: dict[str, str]) -> None:
    assert front_door().told(text, topics) == told


def test_told_and_topic_agree_with_the_questions() -> None:
    for topic, answers in front_door().themes.items():
        assert front_door().told("", [(topic, 0.9)]) == answers


@pytest.mark.parametrize(
    "change",
    [
        {"regles": [{"si": {"what": "nothing"}, "alors": "agent"}]},
        {"regles": [{"si": {"nowhere": "yes"}, "alors": "agent"}]},
        {"regles": [{"si": {"what": "person"}, "alors": "nowhere"}]},
        {"regles": [{"si": {"what": "person"}, "alors": "agent"}]},
        {"themes": {"vol_simple": {"what": "nothing"}}},
        {"more": 1},
    ],
)
def test_table_with_a_wrong_name_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / "data" / "front_door.yml").read_text())
    file = tmp_path / "front_door.yml"
    file.write_text(yaml.safe_dump(content | change, allow_unicode=True))
    with pytest.raises(ValidationError):
        FrontDoor.load(file)

"""Both layers of the reading for emergencies: what each adds, what happens without the second one, the soft line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from harness import Desk

from frontdesk import app, emergency_model, keys
from frontdesk.alarm import EmergencyReader
from frontdesk.emergency import Lexicon
from frontdesk.emergency_model import DOUBT, SOFT, URGENT, EmergencyModel, ModelError

CRY = "il a un couteau et il casse la porte"  # the lexicon knows it
CLUES = "on m'a volé mon vélo devant chez moi"  # no pattern names a danger, clues add up to one
QUIET = "quels sont les horaires de la brigade"


class Judge(EmergencyModel):
    """A second layer that says what it was told to; the real one is trained, and measured in docs/emergency.md."""

    def __init__(self, likelihood: float) -> None:
        self.likelihood = likelihood
        self.read: list[str] = []

    def probability(self, text: str) -> float:
        assert isinstance(text, str)
        self.read.append(text)
        if self.likelihood != self.likelihood:
            raise ModelError("not a number")
        return self.likelihood


def reader(lexicon: Lexicon, likelihood: float | None) -> EmergencyReader:
    return EmergencyReader(lexicon, None if likelihood is None else Judge(likelihood))


@pytest.mark.parametrize(
    ("text", "likelihood", "layer", "card"),
    [
        (CRY, None, "lexicon", True),
        (CRY, 0.9, "lexicon", True),
        (CRY, DOUBT, "lexicon", True),
        (CRY, DOUBT - 0.01, "soft", False),
        (CRY, float("nan"), "lexicon", True),
        (CLUES, None, "lexicon", True),
        (CLUES, SOFT, "lexicon", True),
        (CLUES, SOFT - 0.01, "soft", False),
        (CLUES, DOUBT, "soft", False),
        (CLUES, DOUBT - 0.01, None, False),
        (CLUES, float("nan"), "lexicon", True),
        (QUIET, URGENT, "model", True),
        (QUIET, SOFT, "soft", False),
        (QUIET, SOFT - 0.01, None, False),
        (QUIET, None, None, False),
        (QUIET, float("nan"), None, False),
        ("je vais me suicider ce soir", 0.0, "lexicon", True),
    ],
)
async def test_alarm_of_both_layers(lexicon: Lexicon, text: str, likelihood: float | None, layer: str | None, card: bool) -> None:
    both = reader(lexicon, likelihood)
    alarm = await both.read(text)
    assert alarm == both.read_now(text)
    assert (alarm.layer if alarm else None) == layer
    assert bool(alarm and alarm.match) == card
    both.close()


def test_alarm_without_model_file_says_what_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    alone = EmergencyReader.load(app.LEXICON, tmp_path / "emergency.npz")
    assert not alone.has_model
    assert "relais train" in caplog.text
    alarm = alone.read_now(CRY)
    assert alarm is not None
    assert alarm.match is not None


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04" + bytes(200)])
def test_alarm_with_a_damaged_model_file_reads_with_the_lexicon(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "emergency.npz"
    file.write_bytes(content)
    assert not EmergencyReader.load(app.LEXICON, file).has_model


def test_model_learns_saves_and_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path
    (root / "data" / "nlu").mkdir(parents=True)
    danger = "\n".join(f"      - au secours il me frappe dans la cuisine {n}" for n in range(30))
    calm = "\n".join(f"      - quels documents pour une plainte de l'an dernier {n}" for n in range(30))
    text = f"version: 1\nurgences:\n  fr:\n    coups: |\n{danger}\nsans_urgence:\n  fr:\n    papiers: |\n{calm}\n"
    emergency_model.examples_file(root).write_text(text, encoding="utf-8")
    assert emergency_model.train(root)
    assert not emergency_model.train(root), "nothing has changed"
    model = EmergencyModel.load(emergency_model.model_file(root))
    assert model.probability("au secours il me frappe") > model.probability("quels documents pour une plainte")
    assert model.probability("") == 0.0
    assert 0 <= model.probability("a" * 50_000) <= 1
    emergency_model.examples_file(root).write_text(text.replace("cuisine 1\n", "cave 1\n"), encoding="utf-8")
    assert emergency_model.train(root), "an example has changed"


def test_model_file_with_what_is_not_a_number_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test_model_learns_saves_and_reads_again(tmp_path, monkeypatch)
    file = emergency_model.model_file(tmp_path)
    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = next(name for name, array in arrays.items() if array.dtype == np.float32 and array.ndim)
    arrays[name] = arrays[name].copy()
    arrays[name].flat[0] = np.nan
    np.savez(file, **arrays)
    with pytest.raises(ModelError):
        EmergencyModel.load(file)


async def test_soft_line_is_said_once_and_the_answer_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.app[keys.EMERGENCIES], "_model", Judge(SOFT))
    citizen = await desk.citizen()
    for text in (QUIET, "et le dimanche"):
        await citizen.say(text)
        await citizen.answered(max(event["seq"] for event in await citizen.events() if event["author"] == "citizen"))
    events = await citizen.events()
    lines = [event for event in events if event["data"].get("kind") == "numbers"]
    assert len(lines) == 1
    assert lines[0]["seq"] == 2
    assert [phone["href"] for phone in lines[0]["data"]["phones"]] == ["tel:17", "sms:114"]
    assert "owner" not in [event["type"] for event in events]
    assert "urgent" not in json.dumps([event["type"] for event in events])


async def test_second_layer_alone_shows_the_card_and_queues(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.app[keys.EMERGENCIES], "_model", Judge(URGENT))
    citizen = await desk.citizen()
    await citizen.say(QUIET)
    events = await citizen.until(lambda seen: any(event["type"] == "queue" for event in seen))
    assert [event["data"]["owner"] for event in events if event["type"] == "owner"] == ["queue"]
    assert any(event["data"].get("kind") == "emergency" for event in events)


async def test_pressed_button_is_not_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge(1.0)
    monkeypatch.setattr(desk.app[keys.EMERGENCIES], "_model", judge)
    citizen = await desk.citizen()
    await citizen.say("Violence, menaces", payload="/front_door")
    assert judge.read == []

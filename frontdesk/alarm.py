"""Reads every message of a citizen for danger: first the lexicon's patterns, then the learned second layer.

The lexicon needs nothing and answers in microseconds to milliseconds. The second layer (`emergency_model.py`) needs its trained file;
without it the lexicon reads alone, which is logged and shown in `/metrics`.

The layers mend each other: the second one finds what no pattern foresees, and where it is sure that nothing is happening, a pattern's card
becomes one line with the same numbers. Never for suicide: there a wrong silence costs more than any card. Where no pattern names a danger
and only the lexicon's clues add up, the card needs the second layer's agreement.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from .emergency import Lexicon, Match
from .emergency_model import DOUBT, SOFT, URGENT, EmergencyModel, ModelError

log = logging.getLogger(__name__)

NEVER_DOUBTED = frozenset({"suicide"})

Layer = Literal["lexicon", "model", "soft"]


class Alarm(NamedTuple):
    """What a message tells of: `match` is the card to show, None when only the line with the numbers is due (`layer` is `soft`)."""

    match: Match | None
    layer: Layer


class EmergencyReader:
    """Both layers. `read` never raises for a text and never blocks the event loop."""

    def __init__(self, lexicon: Lexicon, model: EmergencyModel | None) -> None:
        self._lexicon = lexicon
        self._model = model
        # The sentence encoder is made for one thread at a time.
        self._thread = ThreadPoolExecutor(1, "emergency-model")

    @classmethod
    def load(cls, lexicon_file: Path, model_file: Path) -> EmergencyReader:
        """Both layers from their files. Raises when the lexicon can't be read; a missing or damaged model is left out, loudly."""
        lexicon = Lexicon.load(lexicon_file)
        try:
            return cls(lexicon, EmergencyModel.load(model_file))
        except ModelError as error:
            log.error("emergencies are read by the lexicon alone: %s. Run: relais train", error)
            return cls(lexicon, None)

    @property
    def has_model(self) -> bool:
        """Whether the second layer reads too."""
        return self._model is not None

    async def read(self, text: str) -> Alarm | None:
        """The danger that a text tells of, or None."""
        match = self._lexicon.match(text)
        if self._model is None:
            return None if match is None else Alarm(match, "lexicon")
        likelihood = await asyncio.get_running_loop().run_in_executor(self._thread, self._likelihood, text)
        return self._judge(match, likelihood)

    def read_now(self, text: str) -> Alarm | None:
        """The same without an event loop, for measurements and commands."""
        return self._judge(self._lexicon.match(text), self.likelihood(text))

    def likelihood(self, text: str) -> float | None:
        """How likely the second layer finds a present danger (0 to 1); None without it."""
        return None if self._model is None else self._likelihood(text)

    def _likelihood(self, text: str) -> float | None:
        if self._model is None:
            return None
        try:
            return self._model.probability(text)
        except ModelError:
            log.error("the emergency model gave no number: the lexicon alone has read a message")
            return None

    def _judge(self, match: Match | None, likelihood: float | None) -> Alarm | None:
        if match is not None and not match.named and likelihood is not None and likelihood < SOFT:
            # Clues alone ("volé", "devant chez moi") are not worth more than the second layer says.
            return Alarm(None, "soft") if likelihood >= DOUBT else None
        if match is not None:
            doubted = likelihood is not None and likelihood < DOUBT and match.category not in NEVER_DOUBTED
            return Alarm(None, "soft") if doubted else Alarm(match, "lexicon")
        if likelihood is None:
            return None
        general = self._lexicon.general()
        if likelihood >= URGENT and general is not None:
            return Alarm(general, "model")
        return Alarm(None, "soft") if likelihood >= SOFT else None

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

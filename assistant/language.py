"""Recognises messages that are not in French; the intent becomes `other_language`, and `language` its code.

Languages in another script are told by their letters. For the others lingua (Apache-2.0) compares letter sequences; only its exact mode
keeps French text-message style apart from English (docs/understanding.md has the figures), which costs some 200 MB of memory.
A message counts as foreign when French is next to impossible, so that a French sentence with English words in it stays French.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

if TYPE_CHECKING:
    from lingua import LanguageDetector

INTENT_NAME: Final = "other_language"
FRENCH: Final = "fr"
LONGEST_READ: Final = 500  # characters: more says nothing new about the language
FEWEST_WORDS: Final = 3  # below, only greetings and cries for help are known
FRENCH_AT_MOST: Final = 0.08  # probability of French in a foreign message
FOREIGN_AT_LEAST: Final = 0.4  # probability of the other language
LANGUAGES: Final = ("FRENCH", "ENGLISH", "SPANISH", "GERMAN", "ITALIAN", "PORTUGUESE", "POLISH", "ROMANIAN", "TURKISH", "DUTCH")

# One or two words are too few to compare; these are what people open with. None of them is French.
_OPENINGS: Final = {
    "en": (
        "hi there", "hello there", "hey there", "good morning", "good afternoon", "good evening", "help me", "please help", "help please",
        "english please", "in english", "speak english", "english", "stolen passport", "stolen phone", "lost passport", "need help",
        "thank you",
    ),
    "es": (
        "hola", "buenos dias", "buenas tardes", "buenas noches", "buenas", "ayuda", "ayudame", "ayuda por favor", "espanol", "en espanol",
        "gracias",
    ),
    "de": ("hallo", "guten tag", "guten morgen", "guten abend", "hilfe", "hilfe bitte", "deutsch", "auf deutsch", "danke"),
    "it": ("buongiorno", "buonasera", "aiuto", "aiutatemi", "italiano", "in italiano", "grazie"),
    "pt": ("ola", "bom dia", "boa tarde", "boa noite", "socorro", "ajuda", "portugues", "obrigado", "obrigada"),
    "pl": ("dzien dobry", "czesc", "pomocy", "pomoc", "po polsku", "dziekuje"),
    "ro": ("buna ziua", "buna", "ajutor", "romana", "multumesc"),
    "tr": ("merhaba", "iyi gunler", "imdat", "yardim", "yardim edin", "turkce"),
}  # fmt: skip
_BY_OPENING: Final = {words: code for code, openings in _OPENINGS.items() for words in openings}
_LETTERS: Final = {
    "ARABIC": "ar", "CYRILLIC": "ru", "CJK": "zh", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "GREEK": "el", "HEBREW": "he",
    "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "GEORGIAN": "ka", "ARMENIAN": "hy", "THAI": "th", "ETHIOPIC": "am",
}  # fmt: skip
_UKRAINIAN: Final = re.compile("[іїєґІЇЄҐ]")
_PERSIAN: Final = re.compile("[پچژگ]")


class LanguageRecogniser:
    """`recognise` says the ISO 639-1 code of a text's language."""

    def __init__(self) -> None:
        self._detector: LanguageDetector | None = None

    def recognise(self, text: str) -> str:
        """The code of the text's language; `fr` whenever it is not surely another one."""
        text = text[:LONGEST_READ]
        return self._by_script(text) or self._by_opening(text) or self._by_letters(text)

    @staticmethod
    def _by_script(text: str) -> str | None:
        letters = [unicodedata.name(c, "").split(" ", 1)[0] for c in text if c.isalpha()]
        foreign = [name for name in letters if name in _LETTERS]
        if len(foreign) * 2 <= len(letters) or not foreign:
            return None
        code = _LETTERS[max(set(foreign), key=foreign.count)]
        if code == "ru" and _UKRAINIAN.search(text):
            return "uk"
        return "fa" if code == "ar" and _PERSIAN.search(text) else code

    @staticmethod
    def _by_opening(text: str) -> str | None:
        decomposed = unicodedata.normalize("NFKD", text.lower().replace("ı", "i"))
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
        return _BY_OPENING.get(" ".join(re.findall(r"\w+", plain)))

    def _by_letters(self, text: str) -> str:
        if len(text.split()) < FEWEST_WORDS:
            return FRENCH
        values = self._loaded().compute_language_confidence_values(text)
        best = values[0]
        french = next(value.value for value in values if value.language.name == "FRENCH")
        if best.language.name == "FRENCH" or french > FRENCH_AT_MOST or best.value < FOREIGN_AT_LEAST:
            return FRENCH
        return best.language.iso_code_639_1.name.lower()

    def _loaded(self) -> LanguageDetector:
        if self._detector is None:
            from lingua import Language, LanguageDetectorBuilder

            builder = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES))
            self._detector = builder.with_preloaded_language_models().build()
        return self._detector


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class OtherLanguage(GraphComponent, IntentClassifier):
    """After the topics: sets the intent `other_language` for a message that is not French. The ranking of topics stays."""

    def __init__(self) -> None:
        """The models are loaded with the first message that needs them."""
        self._recogniser = LanguageRecogniser()

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> OtherLanguage:
        """A new component (called by Rasa)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Marks each foreign message in place."""
        for message in messages:
            code = self._recogniser.recognise(message.get(TEXT) or "")
            if code == FRENCH:
                continue
            message.set(INTENT, {"name": INTENT_NAME, "confidence": 0.99}, add_to_output=True)
            message.set("response_selector", None, add_to_output=True)
            message.set("language", code, add_to_output=True)
        return messages

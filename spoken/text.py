"""What the modules of this package share: one spelling for a text with the way back to its characters, tokens, numbers in words."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

MAX_TEXT: Final = 10_000  # characters; a citizen's message has at most 2,000

_TOKEN = re.compile(r"[0-9]+|[a-z]+|[^\sa-z0-9]")
_SPECIAL: Final = {
    **dict.fromkeys("’‘ʼ`´′＇", "'"),
    **dict.fromkeys("‐‑‒–—−", "-"),
    "œ": "oe",
    "Œ": "oe",
    "æ": "ae",
    "Æ": "ae",
    "ﬁ": "fi",
    "ﬂ": "fl",
}

_UNITS: Final = {
    "zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
}  # fmt: skip
_TENS: Final = {
    "vingt": 20, "vingts": 20, "vint": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60,
    "septante": 70, "huitante": 80, "octante": 80, "nonante": 90,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in lower case, without accents, with one kind of apostrophe, dash and space; `where` leads back to the original."""

    original: str
    text: str
    where: tuple[int, ...]  # offset in `original` of each character of `text`

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original of the non-empty span `start:end` of the folded text, combining accents included."""
        stop = self.where[end - 1] + 1
        while stop < len(self.original) and unicodedata.combining(self.original[stop]):
            stop += 1
        return self.where[start], stop


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a run of digits or one sign, in one spelling; `start:end` is its place in the original text."""

    text: str
    start: int
    end: int
    glued: bool  # nothing stands between it and the token before


def fold(text: str) -> Folded:
    """Folds a text. Raises ValueError above `MAX_TEXT` characters. Invisible characters (soft hyphen, joiners) are left out."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text has at most {MAX_TEXT} characters, this one has {len(text)}")
    out: list[str] = []
    where: list[int] = []
    for place, char in enumerate(text):
        folded = char.lower() if char.isascii() else _fold_char(char)
        out.append(folded)
        where.extend([place] * len(folded))
    return Folded(text, "".join(out), tuple(where))


def _fold_char(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char.isspace():
        return "\n" if char in "\x85\u2028\u2029" else " "
    if unicodedata.category(char) == "Cf":
        return ""
    # compatibility forms of letters and digits only: « m² » is not « m2 », « … » is not three full stops
    form: Literal["NFD", "NFKD"] = "NFKD" if char.isalpha() or char.isdecimal() else "NFD"
    decomposed = unicodedata.normalize(form, char.casefold())
    return "".join(part for part in decomposed if not unicodedata.combining(part))


def plain(text: str) -> str:
    """The folded text alone."""
    return fold(text).text


def tokens(text: str) -> list[Token]:
    """Words, runs of digits and single signs. Apostrophes, and hyphens between letters, only part words: they are left out."""
    folded = fold(text)
    found: list[Token] = []
    last_end = -1
    for match in _TOKEN.finditer(folded.text):
        start, end = match.span()
        sign = match.group()
        if sign == "'" or (sign == "-" and _letter(folded.text, start - 1) and _letter(folded.text, end)):
            last_end = end
            continue
        found.append(Token(sign, *folded.span(start, end), glued=start == last_end))
        last_end = end
    return found


def _letter(text: str, place: int) -> bool:
    return 0 <= place < len(text) and "a" <= text[place] <= "z"


def number_in_words(words: Sequence[str], i: int) -> tuple[int, int] | None:
    """The number from 0 to 99 said at `words[i]`, and the place after it: « vingt et un » -> 21. None when there is none."""
    word = _word(words, i)
    if word in _UNITS:
        value, j = _UNITS[word], i + 1
        if value == 4 and _word(words, j) in ("vingt", "vingts"):
            return _beyond_tens(words, 80, j + 1)
        if value == 10 and 7 <= _UNITS.get(_word(words, j), 0) <= 9:
            return 10 + _UNITS[words[j]], j + 1
        return value, j
    if word in _TENS:
        return _beyond_tens(words, _TENS[word], i + 1)
    return None


def _beyond_tens(words: Sequence[str], tens: int, i: int) -> tuple[int, int]:
    if _word(words, i) == "et" and _word(words, i + 1) in ("un", "une", "onze"):
        unit = _UNITS[words[i + 1]]
        if unit == 1 or tens == 60:
            return tens + unit, i + 2
    unit = _UNITS.get(_word(words, i), 0)
    if 1 <= unit <= 9 and not (unit == 1 and tens not in (80, 20)):
        return tens + unit, i + 1
    if 10 <= unit <= 16 and tens in (60, 80):
        if unit == 10 and 7 <= _UNITS.get(_word(words, i + 1), 0) <= 9:
            return tens + 10 + _UNITS[words[i + 1]], i + 2
        return tens + unit, i + 1
    return tens, i


def _word(words: Sequence[str], i: int) -> str:
    return words[i] if 0 <= i < len(words) else ""

"""Hours and parts of a day: « vers 23h », « entre 14 et 16h », « en fin d'après-midi », « minuit et quart ». Used by `dates` only."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from spoken import time_words as words
from spoken.text import number_in_words, tokens

Prefer = Literal["past", "future"]

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100

DAY: Final = 24 * 60  # minutes
_BEFORE_A_PART = frozenset("le la l les au en dans de du d a vers pendant tot plutot".split())
_BEFORE_A_DURATION = frozenset(
    "pendant durant attendu attend attente dure toutes chaque pres ilya depuis sous les quelques encore en par".split()
)
_DASHES = frozenset({"-", "/", "et", "a", "ou"})


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes from the midnight of a day, beyond 1440 on the next one. `part` is the part of the day when one was named."""

    start: int
    end: int
    nearly: bool = False
    part: str = ""
    habit: bool = False  # « le soir », « le matin »: no particular one

    def of_part(self, part: str) -> "Hours":
        """These clock hours within a part of the day: « 8h » in the evening is 20:00, « 2h » at night is after midnight."""
        return replace(self, start=_within(part, self.start), end=_within(part, self.end), part=part)


def _within(part: str, minutes: int) -> int:
    if part == "apresmidi":
        return minutes + 720 if minutes < 480 else minutes
    if part in ("soir", "soiree"):
        return minutes + 720 if 240 <= minutes < 720 else minutes + DAY if minutes < 240 else minutes
    if part == "nuit":
        return minutes + DAY if minutes < 480 else minutes + 720 if minutes < 720 else minutes
    return minutes


class HoursReader:
    """One text in words, read at one moment; the rules for hours. A rule begins at a word and gives what it read and the word after it."""

    def __init__(self, text: str, now: datetime, prefer: Prefer) -> None:
        self._text = text
        self._now = now
        self._today = now.date()
        self._past = prefer == "past"
        self._tokens = words.joined(tokens(text))
        self._words = [token.text for token in self._tokens]
        self._context: date | None = None  # the last day named, for « le lendemain »

    def _w(self, i: int) -> str:
        return self._words[i] if 0 <= i < len(self._words) else ""

    def _skip(self, i: int, allowed: frozenset[str] | set[str], most: int = 3) -> int:
        while most and self._w(i) in allowed:
            i, most = i + 1, most - 1
        return i

    def _number(self, i: int) -> tuple[int, int] | None:
        """A number in digits (at most four) or in words."""
        word = self._w(i)
        if word.isdecimal():
            return (int(word), i + 1) if len(word) <= 4 else None
        if word == "premier":
            return 1, i + 1
        return number_in_words(self._words, i)

    def _month(self, i: int, *, beside_number: bool) -> int:
        word = self._w(i)
        return words.MONTHS.get(word, 0) or (words.MONTH_SHORTS.get(word, 0) if beside_number else 0)

    def _year(self, i: int) -> tuple[int, int] | None:
        word = self._w(i)
        if len(word) == 4 and word.isdecimal() and FIRST_YEAR <= int(word) <= LAST_YEAR:
            return int(word), i + 1
        return None

    def _ends(self, i: int) -> bool:
        """Nothing follows, or what follows a day: a sign or a word of grammar, never the name of a thing."""
        word = self._w(i)
        if not word or word in words.AFTER_A_DAY or word in words.PARTS or word in words.EDGES:
            return True
        return (
            not word[0].isalnum() and word not in "/%€$+*=#@°-:."[: 11 if self._w(i + 1).isdecimal() and self._tokens[i + 1].glued else 9]
        )

    def _hours(self, i: int) -> tuple[Hours, int] | None:
        return self._clock_range(i) or self._part(i)

    def _part(self, i: int) -> tuple[Hours, int] | None:
        """« le matin », « en fin d'après-midi », « dans la soirée », « de nuit »."""
        j, determined, habit = i, False, False
        while self._w(j) in _BEFORE_A_PART:
            habit = habit or self._w(j) in ("le", "l", "les", "la")
            determined = True
            j += 1
            if j - i > 4:
                return None
        if "dans" in self._words[i:j] or "pendant" in self._words[i:j]:
            habit = False
        word = self._w(j)
        if word == "petitmatin":
            return Hours(300, 480, part="matin"), j + 1
        edge = words.EDGES.get(word, "")
        if edge:
            k = self._skip(j + 1, {"de", "d", "du", "la", "l", "le"}, 2)
            limits = words.EDGES_OF_PARTS.get(self._w(k), {}).get(edge)
            return (Hours(*limits, part=self._w(k)), k + 1) if limits else None
        if word not in words.PARTS:
            return None
        before = self._w(i - 1)
        if not determined and (
            before in ("un", "une", "bonne", "bon", "ma", "sa", "belle", "chaque", "mes") or self._w(j + 1) in ("chez", "entre")
        ):
            return None
        if not determined and self._w(j - 1) not in words.WEEKDAYS and i > 0 and not self._after_day(i):
            return None
        # « soirée » and « nuit » are things too: « la soirée de Paul », « une nuit d'hôtel »
        return Hours(*words.PARTS[word], part=word, habit=habit and word != "aube"), j + 1

    def _after_day(self, i: int) -> bool:
        before = self._w(i - 1)
        return (
            before in words.WEEKDAYS
            or before in ("hier", "avanthier", "demain", "apresdemain", "lendemain", "veille", ",")
            or before[:1].isdecimal()
        )

    def _clock_range(self, i: int) -> tuple[Hours, int] | None:
        """« entre 14h et 16h », « de 14 à 16h », « 14h-16h », « à partir de 18h », « avant midi », « vers 23h », « à 8h du soir »."""
        word = self._w(i)
        if word in ("entre", "de", "d"):
            found = self._two_clocks(self._skip(i + 1, {"les"}, 1))
            if found:
                return found
        if word in ("apartir", "apres"):
            j = self._skip(i + 1, {"les", "vers"}, 1)
            found = self._clock(j)
            return (Hours(found[0].start, max(DAY, found[0].start), found[0].nearly), found[1]) if found else None
        if word == "avant" or word == "jusqua":
            found = self._clock(self._skip(i + 1, {"les"}, 1))
            return (Hours(0, found[0].start), found[1]) if found and found[0].start else None
        two = self._two_clocks(i, dash=True)
        if two:
            return two
        j = self._skip(i, {"a", "vers", "environ", "genre", "pour"}, 3)
        nearly = any(word in ("vers", "environ", "genre") for word in self._words[i:j])
        found = self._clock(j)
        if found is None:
            if nearly and self._w(j).isdecimal() and len(self._w(j)) <= 2 and int(self._w(j)) <= 24 and self._ends(j + 1):
                return Hours(int(self._w(j)) * 60, int(self._w(j)) * 60, nearly=True), j + 1
            return None
        hours, j = found
        if self._is_duration(i, j):
            return None
        return replace(hours, nearly=hours.nearly or nearly), j

    def _is_duration(self, i: int, j: int) -> bool:
        """« pendant 2h », « 2h de route », « 2h plus tard », « 24h/24 »: an amount of time, no hour."""
        before, word, after = self._w(i - 1), self._w(j), self._w(j + 1)
        if before in _BEFORE_A_DURATION:
            return True
        if word in ("de", "d") and after not in ("matin", "apresmidi", "soir", "nuit", "le", "la") and after not in words.PARTS:
            return True
        return (word in ("plus", "trop") and after in ("tard", "tot")) or (
            word in ("/", "sur") and after.isdecimal() and self._clock(j + 1) is None
        )

    def _two_clocks(self, i: int, *, dash: bool = False) -> tuple[Hours, int] | None:
        first = self._clock(i, bare=True)
        if first is None:
            return None
        if self._w(first[1]) not in (("-", "/") if dash else _DASHES) or (self._w(first[1]) == "/" and self._w(first[1] - 1).isdecimal()):
            return None  # « 1/2 heure » is no range
        second = self._clock(self._skip(first[1] + 1, {"les", "vers"}, 1))
        if second is None or (dash and first[0].start >= second[0].start):
            return None
        start, end = first[0].start, second[0].start
        return Hours(start, end if end > start else end + DAY), second[1]

    def _clock(self, i: int, *, bare: bool = False) -> tuple[Hours, int] | None:
        """An hour of the clock: « 23h », « 23h30 », « 14:30 », « huit heures et demie du soir », « midi ». `bare` allows « 14 » alone."""
        word = self._w(i)
        if word in ("midi", "minuit"):
            before, before_that = self._w(i - 1), self._w(i - 2)
            if before == "du" and before_that != "heure" and not before_that.isdecimal():
                return None
            minutes, j = 720 if word == "midi" else DAY, i + 1
            extra = self._fraction(j)
            return (Hours(minutes + extra[0], minutes + extra[0]), extra[1]) if extra else (Hours(minutes, minutes), j)
        number = self._number(i)
        if number is None or number[0] > 24 or word == "premier" or self._decimal_before(i):
            return None
        hour, j = number
        if self._w(j) == "heure":
            j += 1
            found = self._minutes(j)
            if found is None:
                return None
            minutes, j = found
        elif self._w(j) == ":" and self._w(i).isdecimal() and self._tokens[j].glued and self._two_digits(j + 1):
            minutes, j = int(self._w(j + 1)), j + 2
            if minutes > 59 or (self._w(j) == ":" and self._two_digits(j + 1) and int(self._w(j + 1)) > 59):
                return None
            j += 2 if self._w(j) == ":" and self._two_digits(j + 1) else 0
        elif bare and self._w(i).isdecimal() and len(self._w(i)) <= 2:
            return Hours(hour * 60, hour * 60), j
        else:
            return None
        if hour * 60 + minutes > DAY:
            return None
        return self._qualified(hour * 60 + minutes, j)

    def _decimal_before(self, i: int) -> bool:
        return (
            i > 1
            and self._tokens[i].glued
            and self._w(i - 1) in (".", ":", ",", "/")
            and self._tokens[i - 1].glued
            and self._w(i - 2).isdecimal()
        )

    def _two_digits(self, i: int) -> bool:
        return len(self._w(i)) == 2 and self._w(i).isdecimal() and self._tokens[i].glued

    def _fraction(self, i: int) -> tuple[int, int] | None:
        if self._w(i) == "et" and self._w(i + 1) in ("demi", "demie", "demis"):
            return 30, i + 2
        if self._w(i) == "et" and self._w(i + 1) in ("quart", "quard"):
            return 15, i + 2
        if self._w(i) == "moins":
            j = self._skip(i + 1, {"le"}, 1)
            if self._w(j) == "quart":
                return -15, j + 1
            number = self._number(j)
            if number and 0 < number[0] < 60:
                return -number[0], number[1]
        return None

    def _minutes(self, j: int) -> tuple[int, int] | None:
        """Minutes after « h »: none is 0; None when they are impossible."""
        fraction = self._fraction(j)
        if fraction:
            return fraction
        word = self._w(j)
        loose = not word.isdecimal() or not self._tokens[j].glued
        if word.isdecimal() and len(word) <= 2 and not (loose and self._w(j + 1) in ("/", "-", "heure", "euros", "euro", "personnes")):
            if self._month(j + 1, beside_number=True):
                return 0, j
            if int(word) > 59:
                return None if self._tokens[j].glued else (0, j)
            if len(word) == 2 or self._tokens[j].glued or self._w(j + 1) == "minute":
                return int(word), j + 1 + (self._w(j + 1) == "minute")
            return 0, j
        number = number_in_words(self._words[j : j + 4], 0) if not word.isdecimal() else None
        if number and 2 <= number[0] < 60 and not self._month(j + number[1], beside_number=True):
            end = j + number[1]
            if number[0] % 5 == 0 or self._w(end) == "minute":
                return number[0], end + (self._w(end) == "minute")
        return 0, j

    def _qualified(self, minutes: int, j: int) -> tuple[Hours, int]:
        """« du matin », « de l'après-midi », « du soir », « environ », « pile » after an hour."""
        k = self._skip(j, {"du", "de", "d", "l", "la"}, 2)
        word = self._w(k)
        if k > j and word in ("matin", "apresmidi", "soir"):
            j = k + 1
            if word == "apresmidi":
                minutes += 720 if minutes < 720 else 0
            elif word == "soir":
                minutes += 720 if 240 <= minutes < 720 else 0
            elif 720 <= minutes < 780:
                minutes -= 720
        elif k == j and word in ("pm", "am") and minutes <= 720:
            minutes = minutes % 720 + (720 if word == "pm" else 0)
            j += 1
        nearly = self._w(j) == "environ"
        return Hours(minutes, minutes, nearly), j + nearly + (self._w(j) in ("pile", "precise", "precises"))

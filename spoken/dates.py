"""Moments that a citizen names: « hier soir vers 23h », « la nuit du 3 au 4 », « il y a trois semaines », « mardi en huit ».

The text is cut into words (`text`), each brought to one spelling (`time_words`), and read from left to right by the rules of `_Reader`.
Each rule looks at a bounded number of words, so the time is linear in the text. What is not understood gives no moment, never a guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from spoken import time_words as words
from spoken.days import FILLERS, DaysReader, Item
from spoken.hours import DAY, FIRST_YEAR, LAST_YEAR, Hours, Prefer

Precision = Literal["exact", "approximate", "period"]


MAX_DISTANCE: Final = {"minute": 5000, "heure": 1000, "jour": 1000, "semaine": 520, "mois": 240, "annee": 100}  # of « il y a … »
OPEN_DAYS: Final = 14  # length of « à partir de lundi », which names no end
RECENT: Final = timedelta(hours=3)  # « tout à l'heure »

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_NUMBERS = {
    1: "un", 2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six", 7: "sept", 8: "huit", 9: "neuf", 10: "dix",
    11: "onze", 12: "douze", 13: "treize", 14: "quatorze", 15: "quinze", 16: "seize",
}  # fmt: skip
_UNIT_NAMES = {
    "minute": ("une minute", "minutes"), "heure": ("une heure", "heures"), "jour": ("un jour", "jours"),
    "semaine": ("une semaine", "semaines"), "mois": ("un mois", "mois"), "annee": ("un an", "ans"),
}  # fmt: skip
_NBSP = "\u00a0"
_DETERMINERS = frozenset("le la l les ce cet cette".split())
_EXCEPT = frozenset("pas sauf hormis excepte hors jamais tout toute".split())


_LIST = frozenset({",", "et", "ou", "le", "la"})


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment or a stretch of time that a text names.

    `start` and `end` are aware, in the zone of the `now` that was given; `end` is exclusive, or equal to `start` for a point in time.
    `precision`: "exact" for a day or an hour, "approximate" when it was said or rounded so, "period" for a longer or vaguer stretch.
    `has_time`: an hour or a part of the day was named, so `start` and `end` are more than midnights. `span` and `text` are the place and
    the words in the text. `distance` is how far away it was said to be, in French (« il y a environ trois semaines »), or empty.
    """

    start: datetime
    end: datetime
    precision: Precision
    has_time: bool
    span: tuple[int, int]
    text: str
    distance: str = ""


def find_moments(text: str, now: datetime, *, prefer: Prefer) -> list[Moment]:
    """All moments of a text in order of appearance, not overlapping.

    `now` is aware, and its zone (Europe/Paris for a citizen there) is the zone of the answer. `prefer` says where a day without a year, a
    month or a week lies: "past" for what happened, "future" for a wish; what contradicts it (« hier » for a wish) is returned all the same.
    An hour that the clocks skip in spring is moved on by an hour, one that they repeat in autumn is the first. Raises ValueError for a
    `now` without zone and for a text of more than `text.MAX_TEXT` characters.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware: a moment without a zone is no moment")
    reader = _Reader(text, now, prefer)
    return [moment for item in reader.read() if not item.impossible for moment in reader.moments(item)]


def impossible_date(text: str) -> str | None:
    """The first piece of the text that is written like a date or an hour but is none (« 31 février », « 25h »), or None.

    Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    # The moment of reading changes nothing here: what is impossible is so in every year.
    reader = _Reader(text, datetime(2000, 1, 1, 12, tzinfo=UTC), "past")
    item = next((item for item in reader.read() if item.impossible), None)
    return text[slice(*reader.span(item))] if item else None


def describe(moment: Moment) -> str:
    """Says a moment back in French so that it cannot be taken for another: weekday, day, month, year, and the hour when there is one."""
    first = moment.start.date()
    if moment.start == moment.end:
        said = _describe_point(moment)
    elif moment.has_time:
        said = _describe_hours(moment)
    elif moment.end.time() != time.min:
        said = f"depuis le {_full(first)}"
    elif moment.start.time() != time.min:
        said = f"au plus tard le {_full(moment.end.date() - timedelta(days=1))}"
    else:
        said = _describe_days(moment, first, moment.end.date() - timedelta(days=1))
    return f"{moment.distance} ({said})" if moment.distance else said


def _describe_point(moment: Moment) -> str:
    day, at = moment.start.date(), moment.start.time()
    nearly = moment.precision == "approximate"
    if at == time.min:
        return f"dans la nuit {_night(day - timedelta(days=1))}, {'vers' if nearly else 'à'} minuit"
    return f"{_full(day)} {'vers' if nearly else 'à'} {_hour(at)}"


def _describe_hours(moment: Moment) -> str:
    day, last = moment.start.date(), moment.end.date()
    from_minute = moment.start.hour * 60 + moment.start.minute
    to_minute = moment.end.hour * 60 + moment.end.minute + (last - day).days * DAY
    named = {
        (360, 720): "dans la matinée",
        (720, 1080): "dans l’après-midi",
        (1080, 1440): "dans la soirée",
        (720, 840): "entre midi et 14 h".replace(" h", f"{_NBSP}h"),
    }
    if (from_minute, to_minute) == words.PARTS["nuit"]:
        return f"dans la nuit {_night(day)}"
    if (from_minute, to_minute) in named:
        return f"{_full(day)} {named[from_minute, to_minute]}"
    nearly = "environ " if moment.precision == "approximate" else ""
    if to_minute == DAY:
        return f"{_full(day)} à partir de {nearly}{_hour(moment.start.time())}"
    if from_minute == 0 and last == day:
        return f"{_full(day)} avant {_hour(moment.end.time())}"
    if last == day:
        return f"{_full(day)} entre {_hour(moment.start.time())} et {_hour(moment.end.time())}{' environ' if nearly else ''}"
    return f"entre le {_full(day)} à {_hour(moment.start.time())} et le {_full(last)} à {_hour(moment.end.time())}"


def _describe_days(moment: Moment, first: date, last: date) -> str:
    if first == last:
        if moment.distance:
            return f"vers le {_short(first)} {first.year}" if moment.precision == "approximate" else _full(first)
        return f"vers le {_full(first)}" if moment.precision == "approximate" else _full(first)
    if (first.day, first.month, last.day, last.month, first.year) == (1, 1, 31, 12, last.year):
        return f"en {first.year}"
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        return f"en {_MONTHS[first.month - 1]} {first.year}"
    start = "1er" if first.day == 1 else str(first.day)
    if first.year != last.year:
        start = f"{_short(first)} {first.year}"
    elif first.month != last.month:
        start = _short(first)
    return f"entre le {start} et le {_short(last)} {last.year}"


def _short(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]}"


def _full(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {_short(day)} {day.year}"


def _night(day: date) -> str:
    following = day + timedelta(days=1)
    start = f"{_WEEKDAYS[day.weekday()]} {'1er' if day.day == 1 else day.day}"
    if day.month != following.month:
        start += f" {_MONTHS[day.month - 1]}"
    if day.year != following.year:
        start += f" {day.year}"
    return f"du {start} au {_full(following)}"


def _hour(at: time) -> str:
    if at.hour == 12 and at.minute == 0:
        return "midi"
    return f"{at.hour}{_NBSP}h" + (f"{_NBSP}{at.minute:02}" if at.minute else "")


class _Reader(DaysReader):
    """Reads one text at one moment: the order of the rules, what is said relative to now, ranges, and hours apart from their day."""

    def read(self) -> list[Item]:
        """All items in order: what rules found, hours attached to their days."""
        items: list[Item] = []
        i = 0
        while i < len(self._words):
            item = self._item(i)
            if item is None:
                i += 1
                continue
            before = item.i
            if (
                self._w(item.i) in words.SEASONS
                or self._w(item.i) in words.WEEKDAYS
                or self._w(item.i) in words.UNITS
                or self._w(item.i) == "weekend"
            ):
                before = max(self._back(item.i), items[-1].j if items else 0)
            item = replace(item, i=before)
            if not item.nothing and not self._excepted(before):
                items.append(item)
                if item.is_day and not item.impossible:
                    self._context = item.first
            i = item.j
        return self._once_each(self._attach(items))

    def _once_each(self, items: list[Item]) -> list[Item]:
        """« hier, 24 novembre, à 19h » names one day twice: one item."""
        kept: list[Item] = []
        for item in items:
            before = kept[-1] if kept else None
            same = before and before.is_day and item.is_day and before.first == item.first
            if before and same and (not before.hours or not item.hours or before.hours == item.hours):
                if self._only(before.j, item.i, {",", "le", "(", "donc", "soit"}):
                    kept[-1] = replace(item, i=before.i, hours=item.hours or before.hours, nearly=before.nearly or item.nearly)
                    continue
            kept.append(item)
        return kept

    def _back(self, i: int) -> int:
        """The place of the determiner before word i, or i."""
        return i - 1 if self._w(i - 1) in _DETERMINERS else i

    def _excepted(self, i: int) -> bool:
        """« pas le lundi », « sauf le matin », « toute la nuit », « tous les soirs » of the past: no moment is meant.

        « pourquoi pas lundi » is a wish.
        """
        k = self._back(i) - 1
        if self._past and self._w(k) in ("tous", "toutes", "chaque"):
            return True
        return self._w(k) in _EXCEPT and self._w(k - 1) != "pourquoi"

    def span(self, item: Item) -> tuple[int, int]:
        return self._tokens[item.i].start, self._tokens[item.j - 1].end

    def moments(self, item: Item) -> Iterator[Moment]:
        """The moment of an item; none when it lies outside of the calendar, or when hours alone say nothing (« le soir » for the past)."""
        try:
            limits = self._limits(item)
        except OverflowError:
            return
        if limits is None:
            return
        start, end = limits
        nearly = item.nearly or bool(item.hours and item.hours.nearly)
        long = (end - start) > timedelta(days=1, hours=1) or item.instants is not None or item.last_hours is not None
        partial = item.hours is not None and start != end
        precision: Precision = "approximate" if nearly else "period" if (long or partial) and start != end else "exact"
        span = self.span(item)
        has_time = item.hours is not None or item.last_hours is not None or (item.instants is not None and not item.first)
        yield Moment(start, end, precision, has_time, span, self._text[slice(*span)], item.distance)

    def _limits(self, item: Item) -> tuple[datetime, datetime] | None:
        if item.instants:
            return item.instants
        first, stop, hours = item.first, item.stop, item.hours
        if first is None or stop is None:
            if hours is None or (hours.habit and self._past):
                return None
            first = self._day_of_hours(hours)
            stop = first + timedelta(days=1)
        if not FIRST_YEAR <= first.year <= stop.year <= LAST_YEAR:
            return None
        if item.last_hours or (hours and stop - first > timedelta(days=1)):
            start = self._at(first, hours.start if hours else 0)
            end = self._at(stop - timedelta(days=1), item.last_hours.end if item.last_hours else DAY)
        elif hours:
            start, end = self._at(first, hours.start), self._at(first, hours.end)
        else:
            start, end = self._at(first, 0), self._at(stop, 0)
        return (start, end) if start.astimezone(UTC) <= end.astimezone(UTC) else (start, start)

    def _day_of_hours(self, hours: Hours) -> date:
        """The day of hours named alone: the last time it was so late, or the next."""
        day = self._today
        if self._past:
            while self._at(day, hours.start) > self._now:
                day -= timedelta(days=1)
        else:
            while self._at(day, hours.start if hours.start == hours.end or hours.habit else hours.end - 1) < self._now:
                day += timedelta(days=1)
        return day

    def _at(self, day: date, minutes: int) -> datetime:
        wall = datetime.combine(day, time.min, tzinfo=self._now.tzinfo) + timedelta(minutes=minutes)
        # through UTC and back: an hour that the clocks skip becomes the hour after
        return wall.astimezone(UTC).astimezone(self._now.tzinfo)

    def _attach(self, items: list[Item]) -> list[Item]:
        """Gives hours that stand apart from their day to it: « samedi j'étais au parc, vers 15h », « le matin, jeudi ou vendredi »."""
        kept: list[Item] = []
        for place, item in enumerate(items):
            if not (item.hours and item.first is None and item.instants is None) or item.impossible:
                kept.append(item)
                continue
            following = items[place + 1] if place + 1 < len(items) else None
            before = kept[-1] if kept else None
            if (
                following
                and following.is_day
                and self._only(item.j, following.i, FILLERS)
                and (following.hours is None or following.hours.part)
            ):
                hours = item.hours.of_part(following.hours.part) if following.hours else item.hours
                items[place + 1] = replace(following, i=item.i, hours=hours)
                if self._w(item.j) == ",":
                    # « le matin, jeudi ou vendredi »
                    for ahead in range(place + 2, len(items)):
                        listed_too = (
                            self._only(items[ahead - 1].j, items[ahead].i, _LIST) and items[ahead].is_day and not items[ahead].hours
                        )
                        if not listed_too:
                            break
                        items[ahead] = replace(items[ahead], hours=hours)
            elif before and before.is_day and (before.hours is None or (before.hours.part and not item.hours.part)):
                hours = item.hours.of_part(before.hours.part) if before.hours else item.hours
                apart = item.i > before.j
                listed = kept[:-1]
                kept[-1] = replace(before, j=item.j, hours=hours)
                for back in range(len(listed) - 1, -1, -1):
                    # « jeudi ou vendredi, le matin »: the hours are those of each day
                    joined = self._only(listed[back].j, kept[back + 1].i, _LIST)
                    if not (apart and joined and listed[back].is_day and listed[back].hours is None):
                        break
                    kept[back] = replace(listed[back], hours=hours)
            elif before and before.is_day and before.hours and item.hours.part and self._only(before.j, item.i, FILLERS):
                kept[-1] = replace(before, j=item.j, hours=item.hours)  # « samedi soir, dans la nuit »
            elif following and following.is_day and following.hours is None and before is None:
                items[place + 1] = replace(following, i=item.i, hours=item.hours)
            elif before and before.is_day and before.hours and not item.hours.part:
                kept.append(replace(item, first=before.first, stop=before.stop))
            elif before is None or before.first is None or before.is_day:
                kept.append(item)
        return kept

    def _only(self, i: int, j: int, allowed: frozenset[str] | set[str]) -> bool:
        return j - i <= 4 and all(word in allowed for word in self._words[i:j])

    def _item(self, i: int) -> Item | None:
        word = self._w(i)
        # a rule is tried only at a word that can begin it: most words of a text begin none
        found = (
            self._relative(i)
            or self._instant(i)
            or (self._day_item(i) if self._this_part(i) else None)
            or self._night(i)
            or self._range(i)
            or self._hours_item(i)
            or self._period(i)
            or self._open(i)
            or self._day_item(i)
        )
        if found is None and word in ("vers", "environ"):
            return self._about(i)
        return found

    def _about(self, i: int) -> Item | None:
        """« vers le 3 novembre », « aux alentours de mardi »."""
        j = self._skip(i + 1, {"le", "la", "l"}, 1)
        found = self._day_item(j if self._w(j - 1) != "le" else j - 1) or self._period(j)
        return replace(found, i=i, nearly=True) if found and not found.nothing else None

    def _instant(self, i: int) -> Item | None:
        word = self._w(i)
        if word == "toutalheure":
            limits = (self._shifted(-RECENT), self._now) if self._past else (self._now, self._shifted(RECENT))
            return Item(i, i + 1, instants=limits, nearly=True)
        if word == "alinstant":
            return Item(i, i + 1, instants=(self._now, self._now), nearly=True)
        return None

    def _shifted(self, by: timedelta) -> datetime:
        return (self._now.astimezone(UTC) + by).astimezone(self._now.tzinfo)

    def _duration(self, i: int) -> tuple[float, float, str, int, bool] | None:
        """« 3 semaines », « deux ou trois jours », « une quinzaine », « un mois et demi »: least, most, unit, next word, rounded."""
        nearly = False
        while self._w(i) == "environ" or self._w(i) == "vers":
            i, nearly = i + 1, True
        if self._w(i) == "quelque" or self._w(i) == "quelques":
            unit = words.UNITS.get(self._w(i + 1), "")
            return (2, 7 if unit == "jour" else 6, unit, i + 2, True) if unit else None
        j = self._skip(i, {"une", "la", "les"}, 1)
        if self._w(j) in words.ROUND_NUMBERS:
            count = words.ROUND_NUMBERS[self._w(j)]
            j += 1
            if self._w(j) in ("de", "d") and self._w(j + 1) in words.UNITS:
                unit = words.UNITS[self._w(j + 1)]
                return (count, count, unit, j + 2, True)
            return count, count, "jour", j, True
        if self._w(i) in ("une", "un", "1") and self._w(i + 1) in ("demi", "demie") and self._w(i + 2) == "heure":
            return 0.5, 0.5, "heure", i + 3, nearly
        if self._w(i) in ("demi", "demie") and self._w(i + 1) == "heure":
            return 0.5, 0.5, "heure", i + 2, nearly
        number = self._number(i)
        if number is None:
            return None
        least, j = number
        most = least
        if self._w(j) in ("ou", "a", "-", "/") or self._number(j):
            second = self._number(j + 1 if self._w(j) in ("ou", "a", "-", "/") else j)
            if second and least < second[0] <= least + 10:
                most, j, nearly = second[0], second[1], True
        j = self._skip(j, {"petit", "petite", "petites", "bon", "bonne", "bonnes", "long", "longs"}, 1)
        unit = words.UNITS.get(self._w(j), "jour" if self._w(j) == "j" else "")
        if not unit or not 0 < least <= most <= MAX_DISTANCE[unit]:
            return None
        j += 1
        extra = 0.0
        if self._w(j) == "et" and self._w(j + 1) in ("demi", "demie"):
            extra, j = 0.5, j + 2
        elif unit == "heure" and self._w(j).isdecimal() and self._tokens[j].glued and int(self._w(j)[:3]) < 60:
            extra, j = int(self._w(j)) / 60, j + 1
        if self._w(j) == "environ":
            nearly, j = True, j + 1
        return least + extra, most + extra, unit, j, nearly

    def _relative(self, i: int) -> Item | None:
        word = self._w(i)
        if word == "ilya":
            j = self._skip(i + 1, {"a", "de", "maintenant", "quasi", "quasiment", "tout", "juste", "peine", "pres", "du"}, 2)
            return self._distance(i, j, -1)
        if word in ("voila", "voici"):
            return self._distance(i, i + 1, -1)
        if word == "dans":
            j = self._skip(i + 1, {"les", "le", "la", "un", "delai", "de", "moins"}, 3)
            if self._w(j) == "dans":
                return None
            return self._coming(i, j) or self._distance(i, i + 1, 1) or self._within(i, j)
        if word == "dici":
            return self._within(i, i + 1) or self._until_day(i, i + 1)
        if word == "sous":
            return self._within(i, self._skip(i + 1, {"un", "delai", "de", "les", "la", "une"}, 3)) or self._within(i, i + 1)
        if word == "depuis":
            return self._since(i)
        if word == "les" and not self._past:
            return self._coming(i, i + 1)
        if word in ("ces", "les", "dernier") and self._past:
            j = i + 1
            if self._w(j) in words.LAST and self._w(j + 1) in ("jour", "temps"):
                return Item(i, j + 2, first=self._today - timedelta(days=7), stop=self._today + timedelta(days=1), nearly=True)
            if self._w(j) == "jour" and self._w(j + 1) in words.LAST and word == "ces":
                return Item(i, j + 2, first=self._today - timedelta(days=7), stop=self._today + timedelta(days=1), nearly=True)
        return None

    def _coming(self, i: int, j: int) -> Item | None:
        """« dans la semaine », « dans le mois », « dans les jours qui viennent », « dans les prochains jours »."""
        word, after = self._w(j), self._w(j + 1)
        if self._w(j - 1) not in ("le", "la", "les"):
            return None
        if word in words.NEXT and after in ("jour", "semaine"):
            return self._stretch(i, j + 2, 7 if after == "jour" else 21)
        if word == "jour" and (after == "qui" or after in words.NEXT or after == "a"):
            return self._stretch(i, j + 2 + (after in ("qui", "a")), 7)
        if word == "semaine" and after not in words.LAST | words.NEXT and not self._past:
            return self._stretch(i, j + 1, 7)
        if word == "mois" and after not in words.LAST | words.NEXT and not self._past:
            return self._stretch(i, j + 1, 30)
        return None

    def _stretch(self, i: int, j: int, days: int) -> Item:
        stop = self._today + timedelta(days=days + 1)
        return Item(i, min(j, len(self._words)), first=self._today, stop=stop, instants=(self._now, self._at(stop, 0)))

    def _distance(self, i: int, j: int, sign: int) -> Item | None:
        found = self._duration(j)
        if found is None:
            return None
        least, most, unit, j, nearly = found
        if unit in ("minute", "heure"):
            far, near = (timedelta(minutes=value * (60 if unit == "heure" else 1)) for value in (most, least))
            limits = (self._shifted(-far), self._shifted(-near)) if sign < 0 else (self._shifted(near), self._shifted(far))
            return Item(i, j, instants=limits, nearly=True)
        days = [self._away(value, unit, sign) for value in (least, most)]
        if None in days:
            return None
        first, last = sorted(day for day in days if day)
        rounded = nearly or unit != "jour" or least > 6
        name = ""
        if least == most and rounded and least == int(least):
            singular, plural = _UNIT_NAMES[unit]
            amount = singular if least == 1 else f"{_NUMBERS.get(int(least), int(least))} {plural}"
            name = f"{'il y a' if sign < 0 else 'dans'} environ {amount}"
        return Item(i, j, first=first, stop=last + timedelta(days=1), nearly=rounded, distance=name)

    def _within(self, i: int, j: int) -> Item | None:
        """« d'ici une semaine », « sous quinzaine », « sous 48h », « dans les 24 heures »: from now until then."""
        found = self._duration(j)
        if found is None:
            return None
        _, most, unit, j, _ = found
        if unit in ("minute", "heure"):
            return Item(i, j, instants=(self._now, self._shifted(timedelta(minutes=most * (60 if unit == "heure" else 1)))))
        day = self._away(most, unit, 1)
        if day is None:
            return None
        return Item(i, j, first=self._today, stop=day + timedelta(days=1), instants=(self._now, self._at(day + timedelta(days=1), 0)))

    def _until_day(self, i: int, j: int) -> Item | None:
        found = self._days(self._skip(j, {"a", "au", "la", "le", "ce", "l"}, 2), after=j) or self._days(j)
        if found is None or found.stop is None or found.stop <= self._today:
            return None
        return replace(found, i=i, instants=(self._now, self._at(found.stop, 0)), hours=None)

    def _since(self, i: int) -> Item | None:
        j = self._skip(i + 1, {"a", "maintenant"}, 2)
        found = self._duration(j)
        clock = self._clock(j)
        if found and not (clock and (clock[1] > found[3] or clock[0].start >= 13 * 60)):
            _least, most, unit, j, _ = found
            if unit in ("minute", "heure"):
                return Item(i, j, instants=(self._shifted(-timedelta(minutes=most * (60 if unit == "heure" else 1))), self._now))
            first = self._away(most, unit, -1)
            if first is None:
                return None
            return Item(i, j, first=first, stop=self._today + timedelta(days=1), instants=(self._at(first, 0), self._now))
        j = self._skip(i + 1, {"le", "la", "l", "cette", "cet", "ce", "les"}, 1)
        days = self._days(i + 1) or self._days(j)
        if days and days.first and not days.impossible:
            days = self._with_hours(days)
            start = self._at(days.first or self._today, days.hours.start if days.hours else 0)
            first_day = None if days.hours else days.first
            if start.astimezone(UTC) <= self._now.astimezone(UTC):
                return replace(days, i=i, first=first_day, instants=(start, self._now), hours=None)
            return replace(days, i=i)
        hours = self._clock(i + 1) or self._clock(j)
        if hours and self._past:
            start = self._at(self._day_of_hours(hours[0]), hours[0].start)
            return Item(i, hours[1], instants=(start, self._now))
        return None

    def _hours_item(self, i: int) -> Item | None:
        bad = self._bad_clock(i)
        if bad:
            return bad
        found = self._hours(i)
        if found is None:
            return None
        hours, j = found
        dated = self._number_alone(j + 1) if hours.part and self._w(j) == "du" else None
        if dated:
            return replace(dated, i=i, hours=replace(hours, habit=False))
        # « 18h » and « en soirée » side by side: one says which
        k = self._skip(j, FILLERS, 3)
        other = self._part(k) if not hours.part else self._clock_range(k)
        if other and bool(other[0].part) != bool(hours.part):
            clock, part = (hours, other[0].part) if other[0].part else (other[0], hours.part)
            return Item(i, other[1], hours=replace(clock.of_part(part), part=""))
        return Item(i, j, hours=hours)

    def _range(self, i: int) -> Item | None:
        """« du 3 au 10 novembre », « entre lundi et mercredi », « entre hier 18h et ce matin 8h », « de mardi à jeudi »."""
        word = self._w(i)
        if word not in ("du", "entre", "de", "d"):
            return None
        start = self._skip(i + 1, {"le"}, 1)
        links = ("et", "a", "au") if word == "entre" else ("a", "au", "jusqua", "-")
        one = self._partial(start, bare=word == "du" or self._w(start - 1) == "le" or word == "de")
        if one is None:
            return self._range_of_points(i, i + 1, links)
        if self._w(one.j) in links:
            k = self._skip(one.j + 1, {"le", "au"}, 1)
            two = self._partial(k, bare=True)
            if two is None:
                return self._range_of_points(i, i + 1, links)
            if self._clock(k) and two.weekday is None and not two.month and not two.fixed:
                return None
            whole = bool(one.month or two.month or one.weekday is not None or one.fixed or two.fixed)
            if not whole and not (self._ends(two.j) and (word == "du" or self._w(start - 1) == "le")):
                return None
            if self._is_impossible(one) or self._is_impossible(two):
                return Item(i, two.j, impossible=True)
            days = self._two_days(one, two)
            if days is None:
                return None
            return Item(i, two.j, first=days[0], stop=days[1] + timedelta(days=1))
        return self._range_of_points(i, i + 1, links)

    def _range_of_points(self, i: int, j: int, links: tuple[str, ...]) -> Item | None:
        """A range whose ends carry hours, or parts of a day."""
        one = self._point(j)
        if one is None or self._w(one.j) not in links:
            return None
        two = self._point(one.j + 1)
        if two is None or two.first is None or one.first is None or two.stop is None:
            return None
        first, last = one.first, two.stop - timedelta(days=1)
        if last < first:
            return None
        hours = one.hours or Hours(0, DAY)
        last_hours = two.hours or Hours(0, DAY)
        if two.hours and two.hours.part and two.hours.start != two.hours.end and two.hours.part == "nuit":
            last_hours = Hours(two.hours.start, two.hours.end)
        if one.hours is None and two.hours is None:
            return Item(i, two.j, first=first, stop=two.stop)
        return Item(i, two.j, first=first, stop=two.stop, hours=hours, last_hours=last_hours)

    def _point(self, i: int) -> Item | None:
        for j in dict.fromkeys((i, self._skip(i, {"le", "la"}, 1))):
            found = self._days(j)
            if found and not found.impossible and not found.nothing and found.is_day:
                return self._with_hours(found)
        return None

    def _open(self, i: int) -> Item | None:
        """« à partir de lundi », « après le 12 », « avant vendredi », « jusqu'à vendredi »: what has one end only."""
        word = self._w(i)
        if word not in ("apartir", "apres", "avant", "jusqua"):
            return None
        found = self._days(i + 1) or self._days(self._skip(i + 1, {"le", "la", "l"}, 1)) or self._number_alone(i + 1)
        if found is None or found.impossible or found.nothing or found.first is None or found.stop is None:
            return found if found and found.impossible else None
        if word in ("apartir", "apres"):
            found = self._with_hours(found)
            if found.hours and found.is_day and word == "apartir":
                return replace(found, i=i, hours=replace(found.hours, end=max(DAY, found.hours.end), part=""))
            first = found.first if word == "apartir" else found.stop
            if first is None:
                return None
            if self._past and first <= self._today:
                return replace(found, i=i, first=first, stop=self._today, instants=(self._at(first, 0), self._now), hours=None)
            return replace(found, i=i, first=first, stop=first + timedelta(days=OPEN_DAYS), hours=None)
        if found.first is None or found.stop is None:
            return None
        stop = found.first if word == "avant" else found.stop
        if self._past or stop <= self._today:
            # nothing says when it began
            return replace(found, i=i, nothing=True)
        return replace(found, i=i, first=self._today, stop=stop, instants=(self._now, self._at(stop, 0)), hours=None)

    def _number_alone(self, i: int) -> Item | None:
        """« (à partir du) 3 »: the day after an expression that took its « du » in."""
        partial = self._partial(i, bare=True)
        day = self._resolve(partial) if partial and not partial.month and self._ends(partial.j) and partial.day else None
        return Item(i, partial.j, first=day, stop=day + timedelta(days=1)) if partial and day else None

"""Days and periods of days: « mardi 3 », « le premier mai », « la semaine dernière », « la nuit du 3 au 4 ». Used by `dates` only."""

import calendar
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from spoken import time_words as words
from spoken.hours import DAY, FIRST_YEAR, LAST_YEAR, Hours, HoursReader

FILLERS = frozenset({"a", "au", "en", "dans", "le", "la", "l", "les", "du", "de", "d", "des", ",", "(", "ce", "cet", "cette", "plutot"})
_BESIDE = FILLERS - {",", "("}  # a comma parts hours from the last day of a list: they may be those of each day
_LINKS = frozenset({"du", "de", "d", "des", "la", "l", "apartir"})


@dataclass(frozen=True, slots=True)
class Item:
    """What a rule read, from word `i` to before word `j`: days (`first` to before `stop`), hours, or two exact instants."""

    i: int
    j: int
    first: date | None = None
    stop: date | None = None
    hours: Hours | None = None
    last_hours: Hours | None = None  # hours of the last day of a range: « entre hier 18h et ce matin 8h »
    instants: tuple[datetime, datetime] | None = None
    nearly: bool = False
    distance: str = ""
    impossible: bool = False
    nothing: bool = False  # read, and found to name no moment

    @property
    def is_day(self) -> bool:
        """One day, to which hours can be attached."""
        return self.first is not None and self.stop == self.first + timedelta(days=1) and self.last_hours is None and self.instants is None


@dataclass(frozen=True, slots=True)
class Partial:
    """A day as it is written: any of its parts may be missing."""

    j: int
    day: int = 0
    month: int = 0
    year: int = 0
    weekday: int | None = None
    fixed: date | None = None


class DaysReader(HoursReader):
    """The rules for days, with the hours that stand beside them."""

    def _away(self, count: float, unit: str, sign: int) -> date | None:
        """The day so far away; months and years are those of the calendar."""
        if unit in ("jour", "semaine"):
            days = count * (7 if unit == "semaine" else 1)
            # « huit jours » is a week and « quinze jours » two, in French
            days = {8: 7, 15: 14}.get(int(days), days) if unit == "jour" else days
            return self._today + timedelta(days=sign * round(days))
        months = count * (12 if unit == "annee" else 1)
        whole = int(months)
        year, month = divmod(self._today.year * 12 + self._today.month - 1 + sign * whole, 12)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return None
        day = min(self._today.day, calendar.monthrange(year, month + 1)[1])
        return date(year, month + 1, day) + timedelta(days=sign * round((months - whole) * 30))

    def _bad_clock(self, i: int) -> Item | None:
        """« 25h », « 14h75 », « 26:10 »: written like an hour. « sous 48h » is an amount of time, « 72h » as well."""
        word = self._w(i)
        if not word.isdecimal() or len(word) > 2 or self._decimal_before(i):
            return None
        hour, after = int(word), self._w(i + 1)
        if after == "heure":
            minutes = self._w(i + 2)
            glued = minutes.isdecimal() and len(minutes) == 2 and self._tokens[i + 2].glued
            if glued and (int(minutes) > 59 or hour > 24 or hour * 60 + int(minutes) > DAY):
                return Item(i, i + 3, impossible=True)
            before = self._w(i - 1)
            if (
                hour > 24
                and self._tokens[i + 1].glued
                and hour not in (30, 35, 36, 39, 40, 48, 60, 72, 96)
                and not self._is_duration(i, i + 2)
            ):
                return Item(i, i + 2, impossible=True) if before not in ("dans", "en", "sous") else None
            if hour > 24 and before in ("a", "vers") and not self._is_duration(i, i + 2):
                return Item(i, i + 2, impossible=True)
        elif (
            after == ":"
            and self._tokens[i + 1].glued
            and self._two_digits(i + 2)
            and self._w(i - 1) in ("a", "vers", "entre", "apres", "avant", "")
        ):
            if (hour > 24 or int(self._w(i + 2)) > 59 or hour * 60 + int(self._w(i + 2)) > DAY) and self._w(i + 3) != ":":
                return Item(i, i + 3, impossible=True)
        return None

    def _day_item(self, i: int) -> Item | None:
        """A day with the hours that stand beside it."""
        found = self._days(i)
        if found is None or found.impossible or found.nothing:
            return found
        return self._with_hours(found)

    def _with_hours(self, day: Item) -> Item:
        """Adds « soir », « vers 23h », « entre 14h et 16h » when they follow the day, at most one part of the day and one hour."""
        if not day.is_day:
            return day
        part = day.hours.part if day.hours and day.hours.part else ""
        hours, j = day.hours, day.j
        for _ in range(2):
            for k in dict.fromkeys(self._skip(j, _BESIDE, most) for most in range(4)):
                found = (self._clock_range(k) if hours is None or hours.part else None) or (self._part(k) if not part else None)
                # « lundi, de 3 à 5 rue … » and « lundi 14 »: an hour only when it is written as one
                if found and not (found[0].part and hours is not None and hours.part):
                    break
            else:
                break
            new = found[0]
            if new.part:
                hours = hours.of_part(new.part) if hours else new
                part = new.part
            else:
                hours = new.of_part(part) if part else new
                if part:
                    hours = replace(hours, part="")
                    j = found[1]
                    break
            j = found[1]
        return replace(day, j=j, hours=replace(hours, habit=False) if hours else None)

    def _days(self, i: int, *, after: int | None = None) -> Item | None:
        """A day or a period of days at word i, without hours apart from those it implies (« cette nuit », « ce matin »)."""
        return self._this_part(i) or self._night(i) or self._period(i) or self._single(i)

    def _this_part(self, i: int) -> Item | None:
        """« ce matin », « cet aprem », « ce soir », « ce midi », « cette nuit », « la nuit dernière »."""
        word = self._w(i)
        if word in ("ce", "cet", "cette", "se", "c", "cett", "set"):
            part = self._w(i + 1)
            edge = ""
            if part in words.EDGES:
                k = self._skip(i + 2, {"de", "d", "du", "la", "l"}, 2)
                edge, part, j = words.EDGES[part], self._w(k), k + 1
            else:
                j = i + 2
            if part == "midi" and word in ("ce", "cet"):
                return Item(i, j, first=self._today, stop=self._today + timedelta(days=1), hours=Hours(720, 720, nearly=True, part="midi"))
            if part == "nuit" and word != "c":
                return self._tonight(i, j)
            if part in words.PARTS and part != "entremidi":
                limits = words.EDGES_OF_PARTS.get(part, {}).get(edge, words.PARTS[part])
                day = self._today
                if self._past and part in ("soir", "soiree") and self._now.hour < 6:
                    day -= timedelta(days=1)
                return Item(i, j, first=day, stop=day + timedelta(days=1), hours=Hours(*limits, part=part))
        return None

    def _tonight(self, i: int, j: int) -> Item:
        """The night that is now or was last, or the coming one for a wish."""
        day = self._today
        if (self._past and self._now.hour < 22) or self._now.hour < 6:
            day -= timedelta(days=1)
        return Item(i, j, first=day, stop=day + timedelta(days=1), hours=Hours(*words.PARTS["nuit"], part="nuit"))

    def _night(self, i: int) -> Item | None:
        """« la nuit dernière », « la nuit de samedi à dimanche », « dans la nuit du 3 au 4 novembre », « la nuit de vendredi »."""
        j = self._skip(i, {"dans", "la", "pendant", "durant", "une"}, 3)
        if self._w(j) != "nuit":
            return None
        night = Hours(*words.PARTS["nuit"], part="nuit")
        if self._w(j + 1) in words.LAST:
            day = self._today - timedelta(days=1 if self._now.hour >= 6 or not self._past else 2)
            item = Item(i, j + 2, first=day, stop=day + timedelta(days=1), hours=night)
            return self._with_hours(item)
        if self._w(j + 1) not in ("de", "du", "d"):
            return None
        k = j + 2
        one = self._partial(k, bare=True)
        if one is None:
            return None
        if self._w(one.j) in ("a", "au", "-"):
            two = self._partial(self._skip(one.j + 1, {"le", "au"}, 1), bare=True)
            if two:
                days = self._two_days(one, two)
                if days is None:
                    return Item(i, two.j, impossible=True) if self._is_impossible(one) or self._is_impossible(two) else None
                if days[1] - days[0] == timedelta(days=1):
                    item = Item(i, two.j, first=days[0], stop=days[1], hours=night)
                    return self._with_hours(item)
                return Item(i, two.j, first=days[0], stop=days[1] + timedelta(days=1))
        if one.day and not one.month and one.weekday is None and not self._ends(one.j):
            return None
        day_found = self._resolve(one)
        if day_found is None:
            return Item(i, one.j, impossible=True) if self._is_impossible(one) else None
        return self._with_hours(Item(i, one.j, first=day_found, stop=day_found + timedelta(days=1), hours=night))

    def _two_days(self, one: Partial, two: Partial) -> tuple[date, date] | None:
        """The two ends of a range: each says what the other leaves out."""
        if self._is_impossible(one) or self._is_impossible(two):
            return None
        if one.day and not one.month and two.month:
            month = two.month if one.day <= two.day else (two.month - 2) % 12 + 1
            year = two.year - (1 if two.year and month > two.month else 0)
            one = replace(one, month=month, year=year)
            if self._is_impossible(one):
                return None
        elif two.year and one.month and not one.year:
            one = replace(one, year=two.year - (1 if (one.month, one.day) > (two.month, two.day) else 0))
        if self._past:
            first = self._resolve(one)
            last = first and self._resolve(two, anchor=first, forward=True)
            if first and last and one.weekday is not None and not one.day and last > self._today:
                first, last = first - timedelta(days=7), last - timedelta(days=7)
        else:
            last = self._resolve(two)
            first = last and self._resolve(one, anchor=last, forward=False)
            if first and last and first < self._today and one.weekday is not None and not one.day:
                first, last = first + timedelta(days=7), last + timedelta(days=7)
        if not first or not last or last < first or last - first > timedelta(days=3660):
            return None
        return first, last

    def _single(self, i: int) -> Item | None:
        """One day: « hier », « lundi », « mardi 3 », « le 3 », « 3/11 », « premier mai », « à Noël », « le lendemain »."""
        word, before = self._w(i), self._w(i - 1)
        if word in ("lendemain", "veille") and self._context and before in ("le", "la", "des", "apartir"):
            day = self._context + timedelta(days=1 if word == "lendemain" else -1)
            return Item(i, i + 1, first=day, stop=day + timedelta(days=1))
        if word in ("lendemain", "veille") and before in ("le", "la", "des", "apartir"):
            hours = self._hours(i + 1)
            return Item(i, hours[1] if hours else i + 1, nothing=True)
        if word in words.WEEKDAYS and self._repeated(i) and not self._number(i + 1):
            return Item(i, i + 1, nothing=True)
        partial = self._partial(i)
        if partial is None:
            return None
        if self._named(i):
            return Item(i, partial.j, nothing=True)
        if self._is_impossible(partial):
            return Item(i, partial.j, impossible=True)
        found = self._resolve_said(i, partial)
        if found is None:
            return None
        day, j, nearly = found
        return Item(i, j, first=day, stop=day + timedelta(days=1), nearly=nearly)

    def _repeated(self, i: int) -> bool:
        """« un mardi », « tous les mardis », « chaque mardi »: no particular one; as a wish, the next one."""
        before, before_that = self._w(i - 1), self._w(i - 2)
        if before in ("un", "une"):
            return True
        habit = before in ("chaque", "les") or (before_that == "tous" and before == "les")
        return habit and self._past

    def _named(self, i: int) -> bool:
        """« rue du 8 mai », « place du 14 juillet », « né le 3 mai 1980 »: the name of a place, a date of birth."""
        k = i - 1
        while k > i - 4 and self._w(k) in _LINKS:
            k -= 1
        if k < i - 1 and self._w(k) in words.NAMED_AFTER_DAYS:
            return True
        k = i if self._w(i) == "le" else i - 1
        if self._w(k) != "le":
            return self._w(i - 1) in ("naissance",) or (self._w(i - 1) == ":" and self._w(i - 2) == "naissance")
        return self._w(k - 1) in ("ne", "nee", "nes", "nees")

    def _resolve_said(self, i: int, partial: Partial) -> tuple[date, int, bool] | None:
        """The day of a partial date with what is said after it (« dernier », « prochain », « en huit »), the next word, a doubt."""
        j = partial.j
        if partial.weekday is not None and not partial.day and not partial.fixed:
            week = self._week_named(j)
            if week:
                return week[0] + timedelta(days=partial.weekday), week[1], False
            if self._w(j) in words.LAST:
                return self._weekday(partial.weekday, forward=False), j + 1, False
            if self._w(j) in words.NEXT:
                return self._weekday(partial.weekday, forward=True), j + 1, False
            later = self._in_eight(j)
            if later:
                return self._weekday(partial.weekday, forward=True) + timedelta(days=later[0]), later[1], False
            if self._w(i - 1) in words.THIS and partial.weekday == self._today.weekday():
                return self._today, j, False
        day = self._resolve(partial)
        if day is None:
            return None
        if partial.fixed:
            later = self._in_eight(j)
            if later:
                return day + timedelta(days=later[0]), later[1], False
        doubt = partial.weekday is not None and bool(partial.day) and day.weekday() != partial.weekday
        if partial.day and not partial.month and self._w(j) in ("du", "de", "ce"):
            month = self._month_named(j)
            if month:
                if partial.day > calendar.monthrange(month[0].year, month[0].month)[1]:
                    return None
                return month[0].replace(day=partial.day), month[1], doubt
        if self._w(j) in words.LAST | words.NEXT and partial.day:
            j += 1
        return day, j, doubt

    def _in_eight(self, j: int) -> tuple[int, int] | None:
        """« en huit » is a week later, « en quinze » two."""
        if self._w(j) == "en" and self._w(j + 1) in ("huit", "8", "quinze", "15"):
            return (7 if self._w(j + 1) in ("huit", "8") else 14), j + 2
        return None

    def _week_named(self, j: int) -> tuple[date, int] | None:
        """The Monday of « (de) la semaine dernière » after a weekday."""
        k = self._skip(j, {"de", "la", "cette", ","}, 3)
        if self._w(k) != "semaine":
            return None
        monday = self._today - timedelta(days=self._today.weekday())
        if self._w(k + 1) in words.LAST:
            return monday - timedelta(days=7), k + 2
        if self._w(k + 1) in words.NEXT or self._w(k + 1) == "pro":
            return monday + timedelta(days=7), k + 2
        return (monday, k + 1) if self._w(k - 1) == "cette" else None

    def _month_named(self, j: int) -> tuple[date, int] | None:
        """The first day of « (du) mois dernier » after a day."""
        k = self._skip(j, {"du", "de", "ce", "le"}, 2)
        if self._w(k) != "mois":
            return None
        first = self._today.replace(day=1)
        if self._w(k + 1) in words.LAST:
            return (first - timedelta(days=1)).replace(day=1), k + 2
        if self._w(k + 1) in words.NEXT:
            return (first + timedelta(days=32)).replace(day=1), k + 2
        return (first, k + 1) if self._w(k - 1) == "ce" else None

    def _weekday(self, weekday: int, *, forward: bool, anchor: date | None = None, inclusive: bool = False) -> date:
        anchor = anchor or self._today
        days = (weekday - anchor.weekday()) % 7 if forward else (anchor.weekday() - weekday) % 7
        days = days or (0 if inclusive else 7)
        return anchor + timedelta(days=days if forward else -days)

    def _partial(self, i: int, *, bare: bool = False) -> Partial | None:
        """A written day at word i. `bare` allows a number alone (in a range); else a number alone needs « le » before it."""
        word = self._w(i)
        near = {"hier": -1, "avanthier": -2, "aujourdhui": 0, "demain": 1, "apresdemain": 2}
        if word in near and not (word == "demain" and self._w(i - 1) == "de"):
            return Partial(i + 1, fixed=self._today + timedelta(days=near[word]))
        if word in words.WEEKDAYS or (word in words.WEEKDAY_SHORTS and self._w(i + 1).isdecimal()):
            weekday = words.WEEKDAYS.get(word, words.WEEKDAY_SHORTS.get(word, 0))
            k = i + 1
            if self._w(k) == "." and word in words.WEEKDAY_SHORTS:
                k += 1
            dated = self._written(self._skip(k, {"le", "du"}, 1)) or self._numeric(self._skip(k, {"le"}, 1))
            if dated:
                return replace(dated, weekday=weekday)
            number = self._number(k)
            if number and 1 <= number[0] <= 31 and self._ends(number[1]) and self._w(number[1]) != "heure" and not self._clock_range(k):
                return Partial(number[1], day=number[0], weekday=weekday, month=self._shared_month(number[1]))
            if word in words.WEEKDAYS:
                return Partial(i + 1, weekday=weekday)
            return None
        found = self._numeric(i) or self._written(i)
        if found:
            return found
        if word in words.HOLIDAYS:
            if word in ("valentin", "sylvestre") and self._w(i - 1) not in ("saint", "st"):
                return None
            month, day = words.HOLIDAYS[word]
            year = self._year(i + 1)
            if word == "noel" and self._w(i - 1) not in (
                "a",
                "de",
                "pour",
                "depuis",
                "apres",
                "avant",
                "le",
                "apartir",
                "vers",
                "jour",
                "veille",
                "",
            ):
                return None
            return Partial(year[1] if year else i + 1, day=day, month=month, year=year[0] if year else 0)
        if word == "le" or (bare and self._number(i)):
            k = i + 1 if word == "le" else i
            number = self._number(k)
            if number is None or not 1 <= number[0] <= 31 or (number[1] == k + 1 and self._w(k) in ("un", "une", "deux")):
                return None
            if word == "le":
                return self._day_alone(i, number[0], number[1])
            return Partial(number[1], day=number[0])
        if word == "les" or word.isdecimal():
            # « les 3 et 4 novembre », « 3 ou 4 novembre »
            number = self._number(i + 1 if word == "les" else i)
            month = self._shared_month(number[1]) if number and 1 <= number[0] <= 31 else 0
            return Partial(number[1], day=number[0], month=month) if number and month else None
        return None

    def _day_alone(self, i: int, day: int, j: int) -> Partial | None:
        """« le 3 »: a day unless it is a police number, a house, a thing."""
        if day in (15, 17, 18) and self._w(i - 1) in words.CALLING and self._w(i - 2) != "est":
            return None
        if self._w(i - 1) in ("dans", "ligne", "bus", "numero", "sur", "tram", "par", "vers") and self._w(i - 1) != "vers":
            return None
        if self._w(j) == "heure" or not (self._ends(j) or self._month_named(j)) or (self._w(j) == "e" and self._tokens[j].glued):
            return None
        return Partial(j, day=day, month=self._shared_month(j))

    def _shared_month(self, j: int) -> int:
        """The month that a list names once: « le 3, le 4 et le 5 novembre »."""
        for _ in range(6):
            if self._w(j) not in (",", "et", "ou"):
                return 0
            number = self._number(self._skip(j + 1, {"le", "et", "ou", *words.WEEKDAYS}, 3))
            if number is None:
                return 0
            month = self._month(number[1], beside_number=True)
            if month:
                return month
            j = number[1]
        return 0

    def _written(self, i: int) -> Partial | None:
        """« 3 novembre 2026 », « le premier mai », « 1er mai », « vingt et un oct. »."""
        j = i + 1 if self._w(i) == "le" else i
        number = self._number(j)
        if number is None or number[0] > 99:
            return None
        day, k = number
        if self._w(k) in ("er", "e", "eme") and self._tokens[k].glued:
            k += 1
        short = self._w(k) in words.MONTH_SHORTS
        month = self._month(k, beside_number=True)
        if not month or (self._w(k) == "mars" and self._w(k + 1) in ("euros", "barres")) or self._glued_before(j):
            return None
        k += 1
        dotted = k + 1 if short and self._w(k) == "." else k
        year = self._year(self._skip(dotted, {"de", "l", "annee"}, 3)) or self._year(dotted)
        if year:
            return Partial(year[1], day=day or -1, month=month, year=year[0])
        return Partial(k, day=day or -1, month=month)

    def _glued_before(self, i: int) -> bool:
        """A sign and digits hang before the number: a part of something longer, a phone number or an amount."""
        return i > 1 and self._tokens[i].glued and self._w(i - 1) in (".", "-", "/", ",", ":") and self._w(i - 2).isdecimal()

    def _numeric(self, i: int) -> Partial | None:
        """« 3/11 », « 03.11.2026 », « 3-11-26 », « 2026-11-03 »."""
        start = i + 1 if self._w(i) == "le" else i
        parts, j, signs = [self._w(start)], start + 1, []
        if not parts[0].isdecimal() or self._glued_before(start):
            return None
        while len(parts) < 4 and self._w(j) in ("/", ".", "-") and self._w(j + 1).isdecimal():
            loose = not (self._tokens[j].glued and self._tokens[j + 1].glued)
            if loose and self._w(j) != "/":
                break
            signs.append(self._w(j))
            parts.append(self._w(j + 1))
            j += 2
        if not 2 <= len(parts) <= 3 or len(set(signs)) > 1 or any(len(part) > 4 for part in parts):
            return None
        if self._w(j) in ("/", "-") and self._w(j + 1).isdecimal() and self._tokens[j].glued:
            return None
        if len(parts) == 3 and len(parts[0]) == 4:
            year, month, day = (int(part) for part in parts)
        else:
            if len(parts[0]) > 2 or len(parts[1]) > 2 or (len(parts) == 3 and len(parts[2]) not in (2, 4)):
                return None
            day, month = int(parts[0]), int(parts[1])
            year = 0
            if len(parts) == 3:
                year = int(parts[2])
                if len(parts[2]) == 2:
                    year += 2000 if year < 70 else 1900
        if len(parts) == 2:
            anchored = (
                start > i or self._w(i - 1) in ("le", "du", "au", "depuis", "avant", "apres", "vers") or self._w(i - 1) in words.WEEKDAYS
            )
            if signs[0] in (".", "-") and not anchored:
                return None
            if not anchored and (
                day == month == 7 or (day, month) == (1, 2) or day == 24 or month > 12 or day > 31 or not day or not month
            ):
                return None
            if not self._ends(j) and not self._clock(j) and not (anchored and not self._w(j).isdecimal()):
                return None
        return Partial(j, day=day or -1, month=month or -1, year=year)

    @staticmethod
    def _is_impossible(partial: Partial) -> bool:
        if partial.fixed or (partial.weekday is not None and not partial.day):
            return False
        if not partial.month:
            return not 1 <= partial.day <= 31
        if not 1 <= partial.month <= 12 or partial.day < 1 or (partial.year and not FIRST_YEAR <= partial.year <= LAST_YEAR):
            return True
        return (
            partial.day > calendar.monthrange(partial.year or 2024, partial.month)[1]
        )  # 2024: a leap year, for 29 February without a year

    def _resolve(self, partial: Partial, *, anchor: date | None = None, forward: bool | None = None) -> date | None:
        """The day of a possible partial date: the nearest one on the preferred side, or on the given side of an anchor, which counts."""
        if partial.fixed:
            return partial.fixed
        inclusive = anchor is not None
        anchor = anchor or self._today
        forward = (not self._past) if forward is None else forward
        if partial.weekday is not None and not partial.day:
            return self._weekday(partial.weekday, forward=forward, anchor=anchor, inclusive=inclusive)
        if partial.year:
            return date(partial.year, partial.month, partial.day)
        step = 1 if forward else -1
        # a leap day comes within eight years, a 31st within two months; the months are counted from year 0
        month_index = anchor.year * 12 + (partial.month or anchor.month) - 1
        stride = 12 if partial.month else 1
        found: list[date] = []
        for turn in range(-1, 10):
            year, month = divmod(month_index + step * stride * turn, 12)
            if not FIRST_YEAR <= year <= LAST_YEAR or partial.day > calendar.monthrange(year, month + 1)[1]:
                continue
            day = date(year, month + 1, partial.day)
            if (day >= anchor) if forward else (day <= anchor):
                found.append(day)
        if not found:
            return None
        nearest = min(found, key=lambda day: abs((day - anchor).days))
        if partial.weekday is not None and not partial.month:
            # « mardi 3 »: the weekday says which month, among the next three
            near = sorted(found, key=lambda day: abs((day - anchor).days))[:3]
            return next((day for day in near if day.weekday() == partial.weekday), nearest)
        return nearest

    def _period(self, i: int) -> Item | None:
        """« la semaine dernière », « le mois prochain », « début novembre », « cet été », « ce week-end », « en 2025 »."""
        word = self._w(i)
        if word in words.EDGES or word == "courant":
            return self._edge(i)
        if word in ("semaine", "mois", "annee", "weekend"):
            return self._unit(i)
        if word in words.SEASONS:
            return self._season(i)
        if word in words.MONTHS:
            return self._whole_month(i)
        if word in ("en", "annee", "depuis", "l") and self._year(i + 1) and word == "en" and self._ends(i + 2):
            year = int(self._w(i + 1))
            return Item(i, i + 2, first=date(year, 1, 1), stop=date(year + 1, 1, 1))
        return None

    def _edge(self, i: int) -> Item | None:
        edge = words.EDGES[self._w(i)]
        j = self._skip(i + 1, {"de", "d", "du", "la", "l", "le", "cette", "cet", "ce"}, 2)
        inner = self._unit(j, loose=True) if self._w(j) in ("semaine", "mois", "annee", "weekend") else None
        inner = inner or (self._whole_month(j, loose=True) if self._w(j) in words.MONTHS or self._w(j) in words.MONTH_SHORTS else None)
        inner = inner or (self._season(j, loose=True) if self._w(j) in words.SEASONS else None)
        if inner is None or inner.first is None or inner.stop is None:
            return None
        first, stop = inner.first, inner.stop
        if edge == "courant":
            return replace(inner, i=i)
        days = (stop - first).days
        if 28 <= days <= 31:
            limits = {"debut": (first, first + timedelta(days=10)), "milieu": (first + timedelta(days=9), first + timedelta(days=20))}
            first, stop = limits.get(edge, (first + timedelta(days=20), stop))
        else:
            third = max(1, round(days / 3))
            limits = {
                "debut": (first, first + timedelta(days=third)),
                "milieu": (first + timedelta(days=third), stop - timedelta(days=third)),
            }
            first, stop = limits.get(edge, (stop - timedelta(days=third), stop))
        return replace(inner, i=i, first=first, stop=stop)

    def _unit(self, i: int, *, loose: bool = False) -> Item | None:
        """A week, a month, a year, a week-end, last, next or this one. `loose`: « le mois » alone is this month (« début du mois »)."""
        word, before, after = self._w(i), self._w(i - 1), self._w(i + 1)
        if word == "mois" and after in ("de", "d") and self._w(i + 2) in words.MONTHS:
            month = self._whole_month(i + 2, loose=True)
            return month and replace(month, i=i)
        this = before in words.THIS or before == "se"
        if after in words.LAST or (after == "d" and self._w(i + 2) == "avant" and word != "semaine"):
            turn, j = -1, i + (2 if after in words.LAST else 3)
        elif after == "d" and self._w(i + 2) == "avant":
            turn, j = -1, i + 3
        elif after in words.NEXT or (after == "qui" and self._w(i + 2) in ("vient", "arrive")):
            turn, j = 1, i + (2 if after in words.NEXT else 3)
        elif this or loose:
            turn, j = 0, i + 1
        elif word == "weekend" and before in ("le", "du", "au", "pour", "") and (not self._past or before in ("le", "ce")):
            turn, j = 0, i + 1
        else:
            return None
        if before in ("un", "une") or self._w(i - 1) == "pas":
            return None
        if word == "semaine":
            monday = self._today + timedelta(days=7 * turn - self._today.weekday())
            k = self._skip(j, {",", "le"}, 2)
            if self._w(k) in words.WEEKDAYS and not self._number(k + 1):
                day = monday + timedelta(days=words.WEEKDAYS[self._w(k)])
                return Item(i, k + 1, first=day, stop=day + timedelta(days=1))
            return Item(i, j, first=monday, stop=monday + timedelta(days=7))
        if word == "weekend":
            return self._weekend(i, j, turn)
        if word == "mois":
            index = self._today.year * 12 + self._today.month - 1 + turn
            return Item(i, j, first=_month_start(index), stop=_month_start(index + 1))
        year = self._today.year + turn
        return Item(i, j, first=date(year, 1, 1), stop=date(year + 1, 1, 1))

    def _weekend(self, i: int, j: int, turn: int) -> Item:
        weekday = self._today.weekday()
        saturday = self._today + timedelta(days=5 - weekday)
        if turn == -1 or (turn == 0 and self._past and weekday < 5):
            saturday -= timedelta(days=7)
        elif turn == 1 and weekday >= 5:
            saturday += timedelta(days=7)
        return Item(i, j, first=saturday, stop=saturday + timedelta(days=2))

    def _season(self, i: int, *, loose: bool = False) -> Item | None:
        word, before, after = self._w(i), self._w(i - 1), self._w(i + 1)
        year = self._year(i + 1)
        turn = -1 if after in words.LAST else 1 if after in words.NEXT else 0
        named = before in words.THIS or turn or (loose and before in ("l", "d", "le", "de", "du")) or (year and before in ("l", "le"))
        if not named or (word == "ete" and before in ("a", "ai", "avoir")):
            return None
        month, day = words.SEASONS[word]
        starts = [date(number, month, day) for number in range(self._today.year - 2, self._today.year + 3)]
        if year:
            start = date(year[0], month, day)
        elif turn == -1:
            start = max(start for start in starts if _season_end(start) <= self._today)
        elif turn == 1:
            start = min(start for start in starts if start > self._today)
        elif self._past:
            start = max(start for start in starts if start <= self._today)
        else:
            start = min(start for start in starts if _season_end(start) > self._today)
        return Item(i, year[1] if year else i + 1 + bool(turn), first=start, stop=_season_end(start))

    def _whole_month(self, i: int, *, loose: bool = False) -> Item | None:
        """A month without a day. Alone it may be a name or another word, so something must say that it is a month."""
        month, before, after = self._month(i, beside_number=True), self._w(i - 1), self._w(i + 1)
        year = self._year(i + 1)
        said = before in ("en", "depuis", "mois", "courant", "vers") or (before in ("de", "d") and self._w(i - 2) in ("mois", "courant"))
        said = said or (self._w(i - 1) == "" and (not after or after in words.LAST | words.NEXT))
        if not (loose or said or year or after in words.LAST | words.NEXT):
            return None
        if self._named(i):
            return Item(i, i + 1, nothing=True)
        if year:
            index, j = year[0] * 12 + month - 1, year[1]
        else:
            this = self._today.year * 12 + self._today.month - 1
            index = self._today.year * 12 + month - 1
            last, following = after in words.LAST, after in words.NEXT
            if (last and index >= this) or (self._past and not following and index > this):
                index -= 12
            elif (following and index <= this) or (not self._past and not last and index < this):
                index += 12
            j = i + 1 + (last or following)
        return Item(i, j, first=_month_start(index), stop=_month_start(index + 1))


def _month_start(index: int) -> date:
    year, month = divmod(index, 12)
    return date(year, month + 1, 1)


def _season_end(start: date) -> date:
    """Three months on: winter begun in December ends in March."""
    return _month_start(start.year * 12 + start.month + 2).replace(day=start.day)

"""Moments: a table of sentences, every day of some years in many spellings, impossible dates, clocks that change, any text at all."""

import calendar
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spoken.dates import Moment, describe, find_moments, impossible_date
from spoken.text import MAX_TEXT

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)  # a Wednesday
TABLE = Path(__file__).with_name("moments.tsv")
ROWS = [tuple(line.split("\t")) for line in TABLE.read_text().splitlines() if not line.startswith("#")]
NBSP = "\u00a0"


def _said(moment: Moment) -> str:
    limits = f"{moment.start:%Y-%m-%d %H:%M} .. {moment.end:%Y-%m-%d %H:%M}"
    return f"{limits} {moment.precision}{' hours' if moment.has_time else ''}"


def _one(text: str, prefer: Any = "past", now: datetime = NOW) -> Moment:
    moments = find_moments(text, now, prefer=prefer)
    assert len(moments) == 1, moments
    return moments[0]


@pytest.mark.parametrize(("prefer", "text", "expected"), ROWS)
def test_moments_find_table(prefer: Any, text: str, expected: str) -> None:
    assert ("; ".join(_said(moment) for moment in find_moments(text, NOW, prefer=prefer)) or "none") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hier vers 23h", "mardi 24 novembre 2026 vers 23 h"),
        ("hier à 23h05", "mardi 24 novembre 2026 à 23 h 05"),
        ("la nuit de samedi à dimanche", "dans la nuit du samedi 21 au dimanche 22 novembre 2026"),
        ("la nuit du 31 octobre au 1er novembre", "dans la nuit du samedi 31 octobre au dimanche 1er novembre 2026"),
        ("la nuit du 31/12/2025 au 1/1/2026", "dans la nuit du mercredi 31 décembre 2025 au jeudi 1er janvier 2026"),
        ("du 3 au 10 novembre", "entre le 3 et le 10 novembre 2026"),
        ("du 28 octobre au 3 novembre", "entre le 28 octobre et le 3 novembre 2026"),
        ("du 28/12/2025 au 3/1/2026", "entre le 28 décembre 2025 et le 3 janvier 2026"),
        ("il y a trois semaines", "il y a environ trois semaines (vers le 4 novembre 2026)"),
        ("il y a 2 jours", "lundi 23 novembre 2026"),
        ("le premier mai", "vendredi 1er mai 2026"),
        ("hier à minuit", "dans la nuit du mardi 24 au mercredi 25 novembre 2026, à minuit"),
        ("hier midi", "mardi 24 novembre 2026 à midi"),
        ("samedi matin", "samedi 21 novembre 2026 dans la matinée"),
        ("hier entre 14h et 16h", "mardi 24 novembre 2026 entre 14 h et 16 h"),
        ("hier après 17h", "mardi 24 novembre 2026 à partir de 17 h"),
        ("hier avant 9h", "mardi 24 novembre 2026 avant 9 h"),
        ("depuis lundi", "depuis le lundi 23 novembre 2026"),
        ("entre hier 18h et ce matin 8h", "entre le mardi 24 novembre 2026 à 18 h et le mercredi 25 novembre 2026 à 8 h"),
        ("en octobre", "en octobre 2026"),
        ("en 2025", "en 2025"),
        ("vers le 3 novembre", "vers le mardi 3 novembre 2026"),
        ("lundi 3 novembre", "vers le mardi 3 novembre 2026"),  # it was a Tuesday: the number counts, and the doubt is said
    ],
)
def test_moment_describe(text: str, expected: str) -> None:
    assert describe(_one(text)).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sous quinzaine", "au plus tard le mercredi 9 décembre 2026"),
        ("dans 15 jours", "dans environ quinze jours (vers le 9 décembre 2026)"),
        ("ce week-end", "entre le 28 et le 29 novembre 2026"),
    ],
)
def test_moment_describe_wish(text: str, expected: str) -> None:
    assert describe(_one(text, "future")) == expected


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("le 31 février", "le 31 février"),
        ("c'était le 31/11 au soir", "le 31/11"),
        ("32 novembre", "32 novembre"),
        ("trente et un avril", "trente et un avril"),
        ("le 29 février 2026", "le 29 février 2026"),
        ("vers 25h", "25h"),
        ("à 14h75", "14h75"),
        ("à 26:10", "26:10"),
        ("le 12/13/2026", "le 12/13/2026"),
        ("du 28 au 31 novembre", "du 28 au 31 novembre"),
        ("0 novembre", "0 novembre"),
    ],
)
def test_date_impossible_is_told_and_not_invented(text: str, piece: str) -> None:
    assert impossible_date(text) == piece
    assert [moment for moment in find_moments(text, NOW, prefer="past") if moment.text in piece] == []


@pytest.mark.parametrize(
    "text",
    ["hier", "29 février", "29/02/2024", "sous 48h", "24h/24", "je cours 72h par mois", "06 12 34 56 78", "le 17", "", "30 € et 31 %"],
)
def test_date_possible_is_not_told(text: str) -> None:
    assert impossible_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "12 rue de la Paix", "au 3 place du marché", "rue du 8 mai 1945", "avenue du 11 novembre", "j'ai perdu 30 euros",
        "20 € en espèces", "06 12 34 56 78", "06.12.34.56.78", "+33 6 12 34 56 78", "AB-123-CD", "123 ABC 44", "j'ai fait le 17",
        "appelez le 112", "le 114 par SMS", "le 3018", "il a 15 ans", "mes enfants de 3 et 5 ans", "ligne 13", "le bus 4",
        "au 3e étage", "né le 3 mai 1985", "un mardi", "tous les jours", "n'importe quand", "pendant les vacances", "2h de route",
        "pendant 2h", "bonne soirée", "toute la nuit", "FR76 3000 6000 0112 3456 7890 189", "le 93", "Marie Avril", "la marine",
        "j'ai été volé", "mais non", "le 1 % restant", "3,5 km",
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefer", ["past", "future"])
def test_moments_find_nothing(text: str, prefer: Any) -> None:
    assert find_moments(text, NOW, prefer=prefer) == []


def test_moments_span_points_to_the_words() -> None:
    text = "Bonjour, c’était mardi soir ; j’ai rappelé le 3 décembre à 14h."
    assert [text[slice(*moment.span)] for moment in find_moments(text, NOW, prefer="future")] == ["mardi soir", "le 3 décembre à 14h"]


def test_moments_find_naive_now_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        find_moments("hier", datetime(2026, 11, 25), prefer="past")  # noqa: DTZ001  the point of the test


def test_moments_find_text_too_long_refused() -> None:
    with pytest.raises(ValueError, match="characters"):
        find_moments("a" * (MAX_TEXT + 1), NOW, prefer="past")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("29/03/2026 à 1h59", "2026-03-29 00:59"),
        ("29/03/2026 à 2h30", "2026-03-29 01:30"),  # skipped: half past three in summer time
        ("29/03/2026 à 3h30", "2026-03-29 01:30"),
        ("25/10/2026 à 2h30", "2026-10-25 00:30"),  # twice: the first, in summer time
        ("25/10/2026 à 3h30", "2026-10-25 02:30"),
    ],
)
def test_moment_on_the_day_the_clocks_change(text: str, utc: str) -> None:
    assert f"{_one(text).start.astimezone(UTC):%Y-%m-%d %H:%M}" == utc


def test_moment_hours_ago_over_a_clock_change() -> None:
    now = datetime(2026, 10, 25, 4, 0, tzinfo=PARIS)  # 03:00 UTC; two hours before, it was still summer time
    assert _one("il y a 3h", now=now).start.astimezone(UTC) == datetime(2026, 10, 25, 0, 0, tzinfo=UTC)


def test_day_of_a_clock_change_has_its_25_hours() -> None:
    day = _one("25/10/2026")
    assert day.precision == "exact"
    assert day.end.astimezone(UTC) - day.start.astimezone(UTC) == timedelta(hours=25)


WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
SHORTS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
IN_WORDS = (
    "premier", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze",
    "seize", "dix-sept", "dix-huit", "dix-neuf", "vingt", "vingt et un", "vingt-deux", "vingt-trois", "vingt-quatre", "vingt-cinq",
    "vingt-six", "vingt-sept", "vingt-huit", "vingt-neuf", "trente", "trente et un",
)  # fmt: skip


FORMS = (
    "le {d:%d/%m/%Y} à {h}h{m:02}", "{h}h{m:02} le {d:%d/%m/%Y}", "le {d:%d/%m/%Y} vers {h}:{m:02}", "{d:%d/%m/%Y}, {h} h {m:02}",
    "le {d:%d/%m/%Y} a {h} heures {m:02}",
)  # fmt: skip


def _spellings(day: date) -> list[str]:
    month, short, weekday = MONTHS[day.month - 1], SHORTS[day.month - 1], WEEKDAYS[day.weekday()]
    number = "1er" if day.day == 1 else str(day.day)
    return [
        f"{day:%d/%m/%Y}", f"{day.day}/{day.month}/{day.year}", f"{day:%d.%m.%Y}", f"{day:%d-%m-%y}", f"{day:%Y-%m-%d}", f"{day:%d/%m/%y}",
        f"le {number} {month} {day.year}", f"{day.day} {month} {day.year}", f"{weekday} {number} {month} {day.year}",
        f"le {weekday} {day:%d/%m/%Y}", f"{number} {short} {day.year}", f"le {IN_WORDS[day.day - 1]} {month} {day.year}",
        f"{weekday.upper()} {number} {month.upper()} {day.year}",
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    day=st.dates(date(1970, 1, 1), date(2069, 12, 31)),
    prefer=st.sampled_from(["past", "future"]),
    around=st.sampled_from(["{}", "c'était {} je crois", "({})", "{}."]),
)
@example(day=date(2024, 2, 29), prefer="past", around="{}")
def test_day_found_in_every_spelling(day: date, prefer: Any, around: str) -> None:
    for spelling in _spellings(day):
        moment = _one(around.format(spelling), prefer)
        assert (moment.start.date(), moment.end.date()) == (day, day + timedelta(days=1)), spelling
        assert moment.precision == "exact"
        assert f"{day.year}" in describe(moment)


@settings(max_examples=150, deadline=None)
@given(
    day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    form=st.sampled_from(
        [
            "le {d:%d/%m/%Y} à {h}h{m:02}",
            "{h}h{m:02} le {d:%d/%m/%Y}",
            "le {d:%d/%m/%Y} vers {h}:{m:02}",
            "{d:%d/%m/%Y}, {h} h {m:02}",
            "le {d:%d/%m/%Y} a {h} heures {m:02}",
        ]
    ),
)
def test_hour_found_with_its_day(day: date, hour: int, minute: int, form: str) -> None:
    moment = _one(form.format(d=day, h=hour, m=minute))
    wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)
    assert moment.start == moment.end
    assert moment.start.astimezone(UTC) == wall.astimezone(UTC)
    assert moment.precision == ("approximate" if "vers" in form else "exact")


@settings(max_examples=200, deadline=None)
@given(day=st.dates(date(2000, 3, 1), date(2050, 1, 1)), number=st.integers(1, 31), month=st.integers(1, 12))
def test_day_without_year_lies_on_the_preferred_side(day: date, number: int, month: int) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)
    text = f"le {number} {MONTHS[month - 1]}"
    if number > calendar.monthrange(2024, month)[1]:
        assert impossible_date(text) == text
        return
    for prefer in ("past", "future"):
        found = _one(text, prefer, now).start.date()
        assert (found.day, found.month) == (number, month)
        assert found <= day if prefer == "past" else found >= day
        assert abs((found - day).days) < 366 * (9 if (number, month) == (29, 2) else 1)


@settings(max_examples=200, deadline=None)
@given(day=st.dates(date(2000, 1, 10), date(2050, 1, 1)), weekday=st.integers(0, 6))
def test_weekday_is_within_a_week(day: date, weekday: int) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)
    past, future = (_one(WEEKDAYS[weekday], prefer, now).start.date() for prefer in ("past", "future"))
    assert past.weekday() == future.weekday() == weekday
    assert 1 <= (day - past).days <= 7
    assert 1 <= (future - day).days <= 7


_WORDS = st.sampled_from(
    "hier demain le la du au de à entre et 3 17 31 0 99 2026 h : / - . , novembre février lundi mardi dernier prochain en huit nuit matin "
    "soir vers depuis il y a dans jours semaines mois sous quinzaine midi minuit fin début mi cet été noël avant après jusqu'à premier 25h "
    "14h75 week-end lendemain les un rue appelé".split()
)
_NOWS = st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1))  # noqa: DTZ001  the zone comes later
_TEXTS = st.one_of(st.text(max_size=2000), st.lists(_WORDS, max_size=60).map(" ".join), st.lists(_WORDS, max_size=40).map("".join))


@settings(max_examples=400, deadline=None)
@given(text=_TEXTS, prefer=st.sampled_from(["past", "future"]), now=_NOWS)
def test_moments_find_any_text(text: str, prefer: Any, now: datetime) -> None:
    after = 0
    for moment in find_moments(text, now.replace(tzinfo=PARIS), prefer=prefer):
        start, end = moment.span
        assert after <= start < end <= len(text)
        after = end
        assert moment.text == text[start:end]
        assert moment.start.astimezone(UTC) <= moment.end.astimezone(UTC)
        assert moment.start.tzinfo is PARIS
        assert moment.end.tzinfo is PARIS
        assert describe(moment)
    piece = impossible_date(text)
    assert piece is None or piece in text


@pytest.mark.parametrize(
    "piece",
    [
        "le 3 et ",
        "1/1/1/",
        "entre ",
        "il y a ",
        "du 3 au ",
        "9",
        "9 ",
        "a",
        "lundi ",
        "nuit de ",
        "le ",
        ",",
        "vingt et ",
        "(",
        "-",
        "h",
        "é",
    ],
)
def test_moments_find_hostile_text_in_linear_time(piece: str) -> None:
    calls = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    def cost(length: int) -> int:
        """Calls of functions: the same on a slow and on a fast machine."""
        nonlocal calls
        calls = 0
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            find_moments((piece * length)[:length], NOW, prefer="past")
        finally:
            sys.setprofile(before)
        return calls

    # eight times the text: a quadratic reader makes sixty-four times as many
    assert cost(8000) < 12 * cost(1000)

"""Ways to reach or to recognise somebody: phone numbers, e-mail addresses, number plates, and the numbers that are none of these.

Phone numbers are judged by `phonenumbers` (Google's metadata), e-mail addresses by `email-validator`, without a network.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType
from rapidfuzz.distance import OSA

from spoken.text import Folded, Token, fold, number_in_words, tokens

PhoneProblem = Literal["too_short", "too_long", "invalid"]

# Regions that dial ten digits with a leading 0, in the order in which they are tried; the others need their « + ».
REGIONS: Final = ("FR", "RE", "GP", "MQ", "GF", "YT", "PM")
NATIONAL_DIGITS: Final = 10
MAX_DIGITS: Final = 15  # of an international number, ITU-T E.164
MAX_EMAIL: Final = 254  # characters, RFC 5321

_PERSONAL = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
_BETWEEN_DIGITS = frozenset(" \t\n.-/()_,")


@dataclass(frozen=True, slots=True)
class Phone:
    """A person's phone number: `e164` (« +33612345678 »), `national` as its country writes it, `span` in the text."""

    e164: str
    national: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Email:
    """A well-formed e-mail address, its domain in lower case, and its `span` in the text."""

    address: str
    span: tuple[int, int]


# ---------------------------------------------------------------------------------------------------------------- phones


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits written or said together."""

    digits: str
    start: int
    end: int
    plus: bool  # a « + » stands before it


def find_phone(text: str) -> Phone | None:
    """The first valid number of a person in a text, in digits or in words (« zéro six douze … »), or None.

    French numbers need their 0 (unless the text is nothing else), others their « + » or « 00 ». Emergency, short and surcharged numbers are
    nobody's. Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    return next(find_phones(text), None)


def find_phones(text: str) -> Iterator[Phone]:
    """All of them, in order. Raises as `find_phone`."""
    for run in _runs(text):
        i = 0
        while i < len(run):
            found = _phone_at(run, i)
            if found is None and i == 0 and _is_all(text, run):
                found = _without_zero(run)
            if found is None:
                i += 1
                continue
            phone, i = found
            yield phone


def phone_problem(text: str) -> PhoneProblem | None:
    """What is wrong with what looks like a phone number, or None when one is valid or nothing looks like one.

    Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    if find_phone(text):
        return None
    for run in _runs(text):
        digits = "".join(group.digits for group in run)
        alone = _is_all(text, run)
        international = run[0].plus or digits.startswith("00")
        if not alone and not (len(digits) >= 6 and (international or digits.startswith("0"))):
            continue
        if len(digits) < 2 or _is_date(run):
            continue
        if international:
            return _international_problem(digits if run[0].plus else digits[2:])
        expected = NATIONAL_DIGITS - (not digits.startswith("0"))
        if len(digits) != expected:
            return "too_short" if len(digits) < expected else "too_long"
        return "invalid"
    return None


def _international_problem(digits: str) -> PhoneProblem:
    try:
        reason = phonenumbers.is_possible_number_with_reason(phonenumbers.parse("+" + digits))
    except NumberParseException as error:
        if error.error_type in (NumberParseException.TOO_SHORT_NSN, NumberParseException.TOO_SHORT_AFTER_IDD):
            return "too_short"
        return "too_long" if error.error_type == NumberParseException.TOO_LONG else "invalid"
    if reason in (phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return "too_short"
    return "too_long" if reason == phonenumbers.ValidationResult.TOO_LONG else "invalid"


def _is_date(run: list[_Group]) -> bool:
    lengths = [len(group.digits) for group in run]
    return len(run) >= 3 and lengths[0] <= 2 and lengths[1] <= 2 and lengths[2] == 4


def _is_all(text: str, run: list[_Group]) -> bool:
    """Nothing but the number stands in the text."""
    return not any(char.isalnum() for char in text[: run[0].start] + text[run[-1].end :])


def _runs(text: str) -> Iterator[list[_Group]]:
    """Digits that follow each other with nothing but separators between them. Account, card and social security numbers are left out."""
    taken = [span for found in (find_ibans(text), find_cards(text), find_social_security_numbers(text)) for span in found]
    run: list[_Group] = []
    for group in _groups(text):
        if any(start < group.end and group.start < end for start, end in taken):
            continue
        gap = text[run[-1].end : group.start] if run else ""
        if run and (group.plus or len(gap) > 4 or not _BETWEEN_DIGITS.issuperset(gap.replace("\u00a0", " ").replace("\u202f", " "))):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def _groups(text: str) -> Iterator[_Group]:
    read = tokens(text)
    words = [token.text for token in read]
    i = 0
    while i < len(read):
        plus = words[i - 1] in ("+", "plus") if i else False
        if words[i].isdecimal():
            zero = i > 0 and words[i - 1] == "o" and read[i].glued  # « O6 » for « 06 »
            if not (_letters_before(read, i) and not zero):
                start = read[i - 1].start if zero or plus else read[i].start
                yield _Group(("0" if zero else "") + words[i], start, read[i].end, plus)
            i += 1
            continue
        number = number_in_words(words[i : i + 4], 0)
        if number is None or (words[i] in ("un", "une") and not _said_beside(words, i)):
            i += 1
            continue
        value, length = number
        yield _Group(str(value), read[i - plus].start, read[i + length - 1].end, plus)
        i += length


def _letters_before(read: list[Token], i: int) -> bool:
    return i > 0 and read[i].glued and read[i - 1].text.isalpha()


def _said_beside(words: list[str], i: int) -> bool:
    """« un » is a digit when another number stands beside it."""
    return any(number_in_words(words, place) is not None for place in (i - 1, i + 1) if 0 <= place < len(words))


def _phone_at(run: list[_Group], i: int) -> tuple[Phone, int] | None:
    """The phone that begins with group i, and the group after it."""
    first = run[i]
    if not (first.plus or first.digits.startswith("0")):
        return None
    digits, best = "", None
    international = first.plus
    for j in range(i, len(run)):
        if j > i and run[j].plus:
            break
        digits += run[j].digits
        if len(digits) > MAX_DIGITS + 4:
            break
        if not international and digits.startswith("00"):
            international = True
        if international:
            bare = digits if first.plus else digits[2:]
            phone = _valid("+" + bare, None) if 7 <= len(bare) <= MAX_DIGITS else None
        else:
            phone = _national(digits) if len(digits) == NATIONAL_DIGITS and _written_alike(run[i : j + 1]) else None
        if phone:
            if not international and len(run) == j + 2 and len(run[j + 1].digits) == 1:
                return None  # one digit too many
            best = _phone(phone, first.start, run[j].end), j + 1
        if not international and len(digits) >= NATIONAL_DIGITS:
            break
    return best


def _written_alike(groups: list[_Group]) -> bool:
    """Two digits a group, or larger groups with one kind of separator: « 06/12/2026 14 » is a date and an hour."""
    return len(groups) <= 2 or all(len(group.digits) <= 2 for group in groups) or not _is_date(groups)


def _without_zero(run: list[_Group]) -> tuple[Phone, int] | None:
    digits = "".join(group.digits for group in run)
    phone = _national("0" + digits) if len(digits) == NATIONAL_DIGITS - 1 and digits[0] in "67" else None
    return (_phone(phone, run[0].start, run[-1].end), len(run)) if phone else None


def _national(digits: str) -> phonenumbers.PhoneNumber | None:
    return next((phone for region in REGIONS if (phone := _valid(digits, region))), None)


def _valid(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        phone = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(phone) or phonenumbers.number_type(phone) not in _PERSONAL:
        return None
    return phone


def _phone(phone: phonenumbers.PhoneNumber, start: int, end: int) -> Phone:
    form = phonenumbers.PhoneNumberFormat
    return Phone(phonenumbers.format_number(phone, form.E164), phonenumbers.format_number(phone, form.NATIONAL), (start, end))


# ---------------------------------------------------------------------------------------------------------------- e-mail

_AT = re.compile(r"@|\(at\)|\[at\]|\barob+as+e?\b|\baroba[zs]e\b|\ba commercial\b")
_LOCAL_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._%+'-&=")
_DOMAIN_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")
_SAID = {
    "point": ".", "pt": ".", "dot": ".", "tiret": "-", "moins": "-", "underscore": "_", "souligne": "_", "undescore": "_",
    "tiret du 6": "-", "tiret du six": "-", "tiret du 8": "_", "tiret du huit": "_", "tiret du bas": "_", "tiret bas": "_",
}  # fmt: skip
_SAID_BEFORE = re.compile(r"(?:^|(?<=\s))(" + "|".join(sorted(_SAID, key=len, reverse=True)) + r")\s{1,3}$")
_SAID_AFTER = re.compile(r"\s{1,3}(" + "|".join(sorted(_SAID, key=len, reverse=True)) + r")\s{1,3}")
_LONGEST_SAID = max(len(said) for said in _SAID) + 8
_TOP_DOMAINS = frozenset("fr com net org eu be ch lu re info gouv bzh io me uk de es it".split())
_USUAL_DOMAINS = (
    "gmail.com", "orange.fr", "hotmail.fr", "hotmail.com", "yahoo.fr", "yahoo.com", "outlook.fr", "outlook.com", "live.fr", "free.fr",
    "laposte.net", "sfr.fr", "wanadoo.fr", "icloud.com", "bbox.fr", "neuf.fr", "numericable.fr", "protonmail.com", "gmx.fr", "msn.com",
)  # fmt: skip
_REAL_DOMAINS = frozenset(
    "hotmail.de orange.com free.com live.com mail.com email.com ymail.com proton.me pm.me gmx.com gmx.net hotmail.be "
    "yahoo.be outlook.be live.be hotmail.it hotmail.es me.com aol.com aol.fr".split()
)
_MIN_FUZZY = 7  # letters of a domain that may be a mistyped one


def find_email(text: str) -> Email | None:
    """The first well-formed e-mail address of a text, or None: written, spaced out (« a @ exemple. fr ») or said (« arobase », « point »).

    Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    return next(find_emails(text), None)


def find_emails(text: str) -> Iterator[Email]:
    """All of them, in order. Raises as `find_email`."""
    folded = fold(text)
    after = 0
    for match in _AT.finditer(folded.text):
        if match.start() < after:
            continue
        local, start = _local_part(folded, match.start(), after)
        domain, end = _domain(folded, match.end(), said=match.group() != "@")
        if not local or "." not in domain or len(local) + len(domain) >= MAX_EMAIL:
            continue
        try:
            address = validate_email(f"{local}@{domain}", check_deliverability=False).normalized
        except EmailNotValidError:
            continue
        after = end
        yield Email(address, folded.span(start, end))


def _local_part(folded: Folded, at: int, floor: int) -> tuple[str, int]:
    """What stands before the « @ », and where it begins in the folded text."""
    text, pieces, i = folded.text, "", at
    while i - 1 >= floor and text[i - 1] in " \t" and at - i < 4:
        i -= 1
    while len(pieces) <= 64:
        start = i
        while start - 1 >= floor and text[start - 1] in _LOCAL_CHARS and i - start <= 64:
            start -= 1
        piece = folded.original[slice(*folded.span(start, i))] if start < i else ""
        if not piece:
            break
        pieces, first = piece.strip("'") + pieces, start
        said = _SAID_BEFORE.search(text, max(floor, start - _LONGEST_SAID), start)
        spaced = start - 1 >= floor and text[start - 1] == " " and text[max(floor, start - 3) : start] in (" . ", " - ")
        if said:
            pieces, i = _SAID[said.group(1)] + pieces, said.start()
        elif spaced:
            pieces, i = text[start - 2] + pieces, start - 2
        else:
            return pieces.lstrip(".-'"), first + (len(piece) - len(piece.lstrip(".-'")))
        while i - 1 >= floor and text[i - 1] == " ":
            i -= 1
    return pieces.lstrip(".-_"), i


def _domain(folded: Folded, at: int, *, said: bool) -> tuple[str, int]:
    """What stands after the « @ », in lower case, and where it ends in the folded text."""
    text, i = folded.text, at
    while i < len(text) and text[i] in " \t" and i - at < 3:
        i += 1
    domain, end = "", i
    while len(domain) < MAX_EMAIL:
        stop = i
        while stop < len(text) and text[stop] in _DOMAIN_CHARS and stop - i < MAX_EMAIL:
            stop += 1
        if stop == i:
            break
        domain, end = domain + text[i:stop], stop
        spoken = _SAID_AFTER.match(text, stop) if said or "." not in domain else None
        if spoken:
            domain, i = domain + _SAID[spoken.group(1)], spoken.end()
            continue
        if text[stop : stop + 3] == " . " and "." not in domain:
            domain, i = domain + ".", stop + 3
            continue
        if text[stop : stop + 2] == " ." and text[stop + 2 : stop + 3] not in ("", " ", "."):
            i = stop + 1
            continue
        # « exemple. fr » goes on, « exemple.fr. Merci » does not
        if domain.endswith(".") and text[stop : stop + 1] == " " and _next_word(text, stop + 1) in _TOP_DOMAINS and "." not in domain[:-1]:
            i = stop + 1
            continue
        break
    kept = domain.rstrip(".-")
    # signs taken off the end were written in the text, one character each
    return kept, max(end - (len(domain) - len(kept)), at)


def _next_word(text: str, i: int) -> str:
    match = re.compile(r"[a-z]{2,4}\b").match(text, i)
    return match.group() if match else ""


def email_suggestion(address: str) -> str | None:
    """The address with the usual domain that its domain is probably a typing error of (gmial.com -> gmail.com), or None."""
    local, _, domain = address.strip().rpartition("@")
    domain = domain.lower()
    if not local or domain in _USUAL_DOMAINS or domain in _REAL_DOMAINS or len(domain) > 64:
        return None
    name = domain.partition(".")[0]
    for usual in _USUAL_DOMAINS:
        # « gmail.fr », « orange.con »: the name is right, its ending is not
        if name == usual.partition(".")[0] and len(name) >= 4 and OSA.distance(domain, usual) <= 3:
            return f"{local}@{_nearest(domain, name)}"
    if len(domain) < _MIN_FUZZY:
        return None
    best = _nearest(domain, None)
    return f"{local}@{best}" if OSA.distance(domain, best) <= (1 if len(domain) < 9 else 2) else None


def _nearest(domain: str, name: str | None) -> str:
    candidates = [usual for usual in _USUAL_DOMAINS if name is None or usual.partition(".")[0] == name]
    return min(candidates, key=lambda usual: OSA.distance(domain, usual))


# ---------------------------------------------------------------------------------------------------------------- plates

# Registration marks since 2009 (SIV): I, O and U are not used, nor the pair SS (arrêté du 9 février 2009).
_SIV = re.compile(r"(?<![a-z0-9])([a-hj-np-tv-z]{2})([ .-]{0,3})([0-9]{3})([ .-]{0,3})([a-hj-np-tv-z]{2})(?![a-z0-9])")
_FNI = re.compile(
    r"(?<![a-z0-9])([0-9]{1,4})([ .-]{0,3})([a-hj-np-z]{2,3})([ .-]{0,3})(2[ab]|97[1-8]|0[1-9]|[1-8][0-9]|9[0-5])(?![a-z0-9])"
)
_NOT_LETTERS_OF_A_PLATE = frozenset(
    "de la le en et me te se ne je ce ca sa ta ma es as na st ste dr mr ap av km kg cm mm ml mg kw kva mn min hz gb mb tb mhz hs px "
    "rue bis ter que des les ans kms mes tes ses nes par sur est sept mars avr mai dec fev jan jul a an ha cv".split()
)
_PLATE_WORDS = re.compile(r"plaque|immatricul|imatricul|voiture|vehicule|moto|scooter|camion|numero")


def find_plates(text: str) -> list[str]:
    """Number plates of a text in order, each once: « AB-123-CD » (since 2009) or « 123 ABC 44 » (before).

    Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    return list(dict.fromkeys(plate for plate, _ in plates_with_spans(text)))


def plates_with_spans(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Each plate as `find_plates` writes it with its place in the text. Raises as `find_plates`."""
    folded = fold(text)
    found: list[tuple[str, tuple[int, int]]] = []
    for match in _SIV.finditer(folded.text):
        first, _, digits, _, last = match.groups()
        if "ss" not in (first, last) and digits != "000" and _is_plate(folded, match, (first, last)):
            found.append((f"{first}-{digits}-{last}".upper(), folded.span(*match.span())))
    taken = [span for _, span in found]
    for match in _FNI.finditer(folded.text):
        digits, _, letters, _, department = match.groups()
        span = folded.span(*match.span())
        if int(digits) and _is_plate(folded, match, (letters,)) and not any(start < span[1] and span[0] < end for start, end in taken):
            found.append((f"{digits} {letters} {department}".upper(), span))
    return sorted(found, key=lambda plate: plate[1])


def _is_plate(folded: Folded, match: re.Match[str], letters: Iterable[str]) -> bool:
    """Whether it is a plate and no amount (« de 100 km »): its letters are no words, or something says that it is one."""
    words = [group for group in letters if group in _NOT_LETTERS_OF_A_PLATE]
    start, end = folded.span(*match.span())
    alone = not any(char.isalnum() for char in folded.original[:start] + folded.original[end:])
    if not words or (alone and len(set(letters)) == 2):
        return True
    if _PLATE_WORDS.search(folded.text, max(0, match.start() - 60), match.start()):
        return True
    written = folded.original[start:end]
    return written.isupper() and " " not in written


# ------------------------------------------------------------------------------- numbers that are neither phones nor plates

_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,30}(?![a-z0-9])")
_CARD = re.compile(r"(?<![0-9a-z])[0-9](?:[ .-]?[0-9]){12,18}(?![0-9])")
_NIR = re.compile(
    r"(?<![0-9a-z])[1-478][ .-]?[0-9]{2}[ .-]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ .-]?(?:[0-9]{2}|2[ab])[ .-]?[0-9]{3}[ .-]?[0-9]{3}"
    r"(?:[ ./-]{0,3}(?:cle )?[0-9]{2})?(?![0-9])"
)


def find_ibans(text: str) -> list[tuple[int, int]]:
    """Places of international account numbers, checked by their key (ISO 13616, remainder 97)."""
    folded = fold(text)
    found = []
    for match in _IBAN.finditer(folded.text):
        # what follows may be words: the longest beginning that has a right key is the number
        pieces = match.group()
        for end in _ends_of_groups(pieces):
            compact = re.sub(r"[ -]", "", pieces[:end])
            if 15 <= len(compact) <= 34 and _remainder_97(compact) == 1:
                found.append(folded.span(match.start(), match.start() + end))
                break
    return found


def _ends_of_groups(pieces: str) -> Iterator[int]:
    yield len(pieces)
    for match in reversed(list(re.finditer(r"[ -]", pieces))):
        yield match.start()


def _remainder_97(compact: str) -> int:
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97


def find_cards(text: str) -> list[tuple[int, int]]:
    """Places of payment card numbers: 13 to 19 digits with a right key (Luhn, ISO/IEC 7812)."""
    folded = fold(text)
    found = []
    for match in _CARD.finditer(folded.text):
        digits = [int(char) for char in match.group() if char.isdecimal()]
        doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
        # a card begins with 2 to 6: this keeps two phone numbers in a row from being one
        if digits[0] in (2, 3, 4, 5, 6) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0:
            found.append(folded.span(*match.span()))
    return found


def find_social_security_numbers(text: str) -> list[tuple[int, int]]:
    """Places of French social security numbers (NIR: 13 digits, with or without their key of 2)."""
    folded = fold(text)
    return [folded.span(*match.span()) for match in _NIR.finditer(folded.text)]

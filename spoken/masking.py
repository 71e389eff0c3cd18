"""Hides what says who somebody is, before a citizen's text is shown to editors as a suggestion.

When in doubt it hides: a word too many costs an editor nothing. It finds what is written in the usual ways and cannot know a name that
nothing announces, so a masked text is still treated as personal; it is only no longer somebody's address book.
"""

import re
from collections.abc import Iterator
from typing import Final

from spoken.contacts import find_cards, find_emails, find_ibans, find_phones, find_social_security_numbers, plates_with_spans
from spoken.text import Folded, fold

PHONE: Final = "[téléphone]"
EMAIL: Final = "[e-mail]"
PLATE: Final = "[plaque]"
IBAN: Final = "[iban]"
CARD: Final = "[carte]"
NAME: Final = "[nom]"
ADDRESS: Final = "[adresse]"
DATE: Final = "[date]"
LINK: Final = "[lien]"
NUMBER: Final = "[numéro]"
TOKENS: Final = (PHONE, EMAIL, PLATE, IBAN, CARD, NAME, ADDRESS, DATE, LINK, NUMBER)

_TOKEN = re.compile("|".join(re.escape(token) for token in TOKENS))
_LINK = re.compile(r"(?:https?://|www\.)[^\s\[\]<>]{1,2000}")
_PERSONAL_LINK = re.compile(
    r"//[^/\s]{0,200}@|[?#=]|/(?:u|user|users|profile|profil|in|add|p|t)/|/@|[0-9]{4}|"
    r"facebook|instagram|snapchat|tiktok|twitter|linkedin|//t\.me|//wa\.me"
)
_HANDLE = re.compile(r"(?<![\w@])@[a-z0-9_][a-z0-9_.]{1,40}")
_LONG_NUMBER = re.compile(r"(?<![a-z0-9])[0-9](?:[ .\-/_()]{0,2}[0-9]){4,40}(?![0-9])|[0-9]{5,}")
_DATE_OR_TIME = re.compile(r"[0-3]?[0-9][/.-][01]?[0-9](?:[/.-](?:19|20)?[0-9]{2})?|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]")
_BIRTH = re.compile(
    r"\b(?:nee?s? (?:le )?|date (?:et lieu )?de naissance\W{0,3}(?:est )?(?:le )?|ddn\W{0,3})"
    r"([0-3]?[0-9](?:er)?[ /.-]{1,3}(?:[01]?[0-9]|[a-z]{3,9}\.?)(?:[ /.-]{1,3}[0-9]{2,4})?|(?:en )?(?:19|20)[0-9]{2})"
)
_STREET = (
    r"(?:rue|avenue|av|ave|boulevard|bd|bld|bvd|place|pl|square|impasse|imp|allees?|chemin|che|quai|cours|route|rte|passage|esplanade|"
    r"rond[ -]point|faubourg|fbg|ruelle|residence|lotissement|hameau|lieu[ -]dit|sentier|cite|villa|voie|montee|cour)"
)
_ADDRESS = re.compile(
    r"(?<![a-z0-9])(?:n° ?|no )?[0-9]{1,4} ?(?:bis|ter|quater|[a-d])?(?: ?[,/-] ?[0-9]{1,4})?,? {1,3}(?:de la |du |de l'|de )?"
    + _STREET
    + r"\b\.?(?: {1,2}(?!(?:a|au|vers|hier|quand|je|j|il|elle|on|et|ou|mais|pendant|avec|pour|ce|depuis|sans|apres|avant|est)\b)"
    r"[a-z0-9'.-]{1,30}){1,7}"
)
_HOME = re.compile(
    r"\b(?:j'? ?habite|domicilie|demeurant|mon adresse(?: est| c'est)?|adresse)\W{1,3}(?:au |a |est |le )?(?=[0-9a-z])"
    + _STREET
    + r"\b[^,.;!?\n\[\]]{1,60}"
)
_NAMED = re.compile(
    r"\b(?:je m ?'? ?appel+e|je me nom+e|(?:il|elle) s ?'? ?appel+e|s ?'? ?appel+e|nomm?ee?|prenomm?ee?|signe ?:?|moi c'? ?est|"
    r"mon nom(?: complet| de famille)?(?: c'? ?est| est)?|mon prenom(?: c'? ?est| est)?|(?:pre)?nom(?: et prenom)? ?:|"
    r"monsieur|madame|mademoiselle|mr|mme|mlle|maitre|docteur|dr)\.?:? {1,3}|\bm\. ?"
)
_RELATION = re.compile(
    r"\b(?:mon|ma|ton|ta|son|sa|notre|votre|leur|un|une|le|la) (?:ex[ -])?(?:voisine?|mari|femme|copine?|copain|amie?|compagne|"
    r"compagnon|conjointe?|fils|fille|frere|soeur|pere|mere|oncle|tante|cousine?|collegue|patronn?e?|proprietaire|locataire|enfant|"
    r"beau[ -]pere|belle[ -]mere|ex|petit[ -]ami|petite[ -]amie|gendarme|policier|agent)s? (?:s ?'? ?appelle )?"
)
_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
_NO_NAME = frozenset(
    "je j tu il elle on nous vous ils elles est a as ai ont sont etait qui que qu et ou mais donc car pas plus le la les l un une des "
    "de du d ce cette ces mon ma mes ton ta tes son sa ses notre votre leur dans sur sous avec sans pour par chez en au aux y ne n se "
    "s me m te si tres trop bien mal quand comment pourquoi le maire president agent bonjour merci monsieur madame".split()
)
_ELIDED = frozenset("m j n s c t qu y".split())
_PARTICLES = frozenset("de du des d la le l von van el al ben da di del".split())


def mask(text: str) -> str:
    """The text with tokens (« [téléphone] », « [nom] », …) in place of what says who somebody is. Masking a masked text changes nothing.

    Hidden: phone numbers, e-mail addresses, plates, account and card numbers, social security numbers, dates of birth, names after « je
    m'appelle », « Mme », « mon voisin » …, addresses with a number, postcodes, personal links, and any number of five digits or more.
    Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    # What a token hides may have parted two halves of something: again until nothing is found. Each turn hides at least one character.
    for _ in range(len(text) + 1):
        masked = _once(text)
        if masked == text:
            break
        text = masked
    return text


def _once(text: str) -> str:
    folded = fold(text)
    kept = [match.span() for match in _TOKEN.finditer(text)]
    found: list[tuple[int, int, str]] = []
    for start, end, token in _all(text, folded):
        if start < end and not any(start < other_end and other_start < end for other_start, other_end in kept):
            found.append((start, end, token))
            kept.append((start, end))
    out, place = [], 0
    for start, end, token in sorted(found):
        out.append(text[place:start])
        out.append(token)
        place = end
    return "".join([*out, text[place:]])


def _all(text: str, folded: Folded) -> Iterator[tuple[int, int, str]]:
    """What is to be hidden; where two overlap, the first that is told counts."""
    for match in _LINK.finditer(folded.text):
        if _PERSONAL_LINK.search(match.group()):
            yield *folded.span(*match.span()), LINK
    for email in find_emails(text):
        yield *email.span, EMAIL
    for span in find_ibans(text):
        yield *span, IBAN
    for span in find_social_security_numbers(text):
        yield *span, NUMBER
    for span in find_cards(text):
        yield *span, CARD
    for phone in find_phones(text):
        yield *phone.span, PHONE
    for _, span in plates_with_spans(text):
        yield *span, PLATE
    for match in _BIRTH.finditer(folded.text):
        yield *folded.span(*match.span(1)), DATE
    for pattern in (_ADDRESS, _HOME):
        for match in pattern.finditer(folded.text):
            yield *folded.span(*match.span()), ADDRESS
    for match in _HANDLE.finditer(folded.text):
        yield *folded.span(*match.span()), LINK
    yield from _names(text, folded)
    for match in _LONG_NUMBER.finditer(folded.text):
        if not _DATE_OR_TIME.fullmatch(match.group()):
            yield *folded.span(*match.span()), NUMBER


def _names(text: str, folded: Folded) -> Iterator[tuple[int, int, str]]:
    for match in _NAMED.finditer(folded.text):
        span = _name_at(text, folded, match.end(), capital=False)
        if span:
            yield *span, NAME
    for match in _RELATION.finditer(folded.text):
        span = _name_at(text, folded, match.end(), capital=True)
        if span:
            yield *span, NAME


def _name_at(text: str, folded: Folded, start: int, *, capital: bool) -> tuple[int, int] | None:
    """The place of one to four words of a name. `capital`: its words begin with one, for « mon voisin joue » has none."""
    end = at = start
    words = 0
    while words < 4:
        match = _WORD.match(folded.text, at)
        if match is None:
            break
        word, written = match.group(), text[folded.where[match.start()]]
        particle = word in _PARTICLES
        if word.partition("'")[0] in _ELIDED and "'" in word:
            break
        if (word in _NO_NAME and not particle) or (words == 0 and particle and not written.isupper()):
            break
        if not written.isupper() and not particle and (capital or words >= 2):
            break
        words += 1
        if not particle or written.isupper():
            end = match.end()
        at = match.end()
        if folded.text[at : at + 1] == "." and len(word) == 1:
            at = end = at + 1
        if folded.text[at : at + 1] != " ":
            break
        at += 1
    return folded.span(start, end) if end > start else None

"""Names of people as a citizen gives them: « je m'appelle marie durand », « DURAND Marie », « Mme d'Arc »."""

import re
from typing import Final

from spoken.text import fold

MAX_NAME: Final = 80  # characters
MAX_WORDS: Final = 6

_PARTICLES = frozenset("de du des d la le l von van der den el al ben bin da dos di del della y ter".split())
_SAID = re.compile(
    r"\b(?:je m ?'? ?appel+e?s?|je me nom+e|je me prenom+e|m ?'? ?appel+e|"
    r"m(?:on|es) (?:nom|nom complet|nom de famille|nom et prenom|nom et mon prenom|prenom et nom|nom prenom|nom prenoms|"
    r"prenom|identite)s?(?: et (?:mon )?(?:pre)?nom)?(?: (?:c'? ?est|est|sont))?|"
    r"(?:pre)?nom(?: et (?:pre)?nom)? ?:|au nom de|moi c'? ?est|ici c'? ?est)\s{0,3}:?\s{0,3}"
)
_IT_IS = re.compile(r"^\W{0,3}(?:(?:bonjour|bonsoir|salut|oui|alors|euh)\W{1,3}){0,2}(?:c'? ?est|ici)\s{1,3}")
_TITLE = re.compile(r"\b(?:monsieur|madame|mademoiselle|mme|mlle|mr)\.?\s{1,3}|\bm\.\s{1,3}")
_NAME_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*'?")
_AFTER_A_NAME = frozenset(
    "et ou j je il elle on nous vous qui que mon ma mes mais pour a au aux en dans depuis ne nee habite habitant vis suis ai est "
    "etais merci svp stp bonjour bonsoir votre telephone tel numero mail email adresse avec voila par chez sur demeurant joignable "
    "age".split()
)
# Words of which no name is made: with one of them an answer is a sentence.
_NO_NAME = frozenset(
    "oui non ok d'accord daccord merci bonjour bonsoir salut je j tu il elle on nous vous ils elles c'est est suis ai a as sont ont "
    "etait pas plus rien aucun aucune personne moi toi lui pourquoi comment quand ou quoi qui quel quelle que est-ce peux veux "
    "voudrais pouvez svp stp si mais et donc car parce avec sans pour dans sur sous chez mon ma mes ton ta tes son sa ses notre votre "
    "leur un une les des ce cette ces nom prenom anonyme rendez-vous rdv plainte voiture telephone police gendarmerie commissariat "
    "agent voisin vol perdu hier demain aujourd'hui sais dire faire fait quelqu'un j'ai j'habite n'est l'ai aide urgence urgent stop "
    "annuler retour attends monsieur madame mademoiselle mme mlle mr vouloir pouvoir savoir jamais toujours encore tres trop bien mal "
    "bon bonne ca parfait correct exact juste vrai faux note grave important normal possible fini tout compris "
    "peut-etre le la l'heure sais-tu n'importe qu'est-ce d'abord".split()
)


def find_name(text: str, *, asked: bool) -> str | None:
    """The name of the writer, written as names are (« Marie Durand », « Jean-Pierre d'Arc », « Durand Marie »), or None.

    It is found after « je m'appelle », « mon nom est », « c'est », « Mme » …; when it was `asked` for, a bare name is one too. Sentences,
    questions, digits are no names; what is longer than `MAX_NAME` characters or `MAX_WORDS` words is refused. The order of first and last
    name is kept. Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    folded = fold(text)
    said = list(_SAID.finditer(folded.text))
    for match in said:
        if "?" in folded.text[match.end() : match.end() + MAX_NAME]:
            continue
        name = _name_from(text, folded.text, folded.where, match.end(), lower_case=True)
        if name:
            return name
    for pattern in (_TITLE, _IT_IS):
        found = pattern.search(folded.text)
        if found and "?" not in text:
            name = _name_from(text, folded.text, folded.where, found.end(), lower_case=asked)
            if name:
                return name
    if not asked or said or "?" in text or any(char.isdecimal() for char in text):
        return None
    bare = folded.text.replace(",", " ").strip(' \t\n.,;:!"«»()')
    if not bare or len(bare) > MAX_NAME:
        return None
    # « Durand, Marie » is one name
    spaced = folded.text.replace(",", " ")
    name = _name_from(text, spaced, folded.where, spaced.index(bare), lower_case=True)
    # a bare answer is a name as a whole or not at all
    return name if name and _length(bare) == _length(fold(name).text) else None


def _length(text: str) -> int:
    return sum(char.isalpha() for char in text)


def _name_from(original: str, text: str, where: tuple[int, ...], start: int, *, lower_case: bool) -> str | None:
    """The name that begins at `start`: words of letters up to a word that belongs to no name. None when a word of a sentence comes."""
    kept: list[str] = []
    end = start
    capitals = 0
    for _ in range(MAX_WORDS + 1):
        match = _NAME_WORD.match(text, end)
        if match is None:
            break
        word = match.group().strip("'")
        written = original[where[match.start()] : where[match.end() - 1] + 1]
        if word in _AFTER_A_NAME or (kept and word in _NO_NAME - _PARTICLES):
            break
        if not kept and word in _NO_NAME:
            # « Le Goff », « La Fontaine » begin with an article, a capital says so
            if not (word in _PARTICLES and written[0].isupper()):
                return None
        if not lower_case and kept and not written[0].isupper() and word not in _PARTICLES:
            break
        kept.append(written.strip("'’"))
        capitals += written[0].isupper()
        end = match.end()
        after = (
            re.compile(r"(?: {1,3}|\.? {1,2}(?=[a-z]\b))").match(text, end) if len(word) > 1 else re.compile(r"\.? {1,3}").match(text, end)
        )
        if after is None:
            break
        end = after.end()
    while kept and fold(kept[-1]).text in _PARTICLES:
        kept.pop()
    if not kept or len(kept) > MAX_WORDS or (not lower_case and not capitals):
        return None
    following = text[end : end + 1]
    if following.isdecimal() or not any(len(word) > 1 for word in kept):
        return None
    name = _written(kept)
    return name if 2 <= len(name) <= MAX_NAME else None


def _written(words: list[str]) -> str:
    """The words with capitals made right: « marie DURAND » and « jean-pierre d'arc » become « Marie Durand », « Jean-Pierre d'Arc »."""
    mixed = any(not word.isupper() and not word.islower() for word in words if len(word) > 1)
    out = []
    for place, word in enumerate(words):
        if mixed and word[0].isupper() and not word.isupper():
            out.append(word)  # « McDonald », « Le Goff »: as the person writes it
        elif fold(word).text in _PARTICLES and place > 0 and not (mixed and word[0].isupper()):
            out.append(word.lower())
        else:
            out.append("".join(_capitalised(piece) for piece in re.split(r"([-'’])", word)))
    joined = " ".join(out)
    return re.sub(r"\b([DL])(['’])(?=\w)", lambda match: ("d" if match[1] == "D" and match.start() > 0 else match[1]) + match[2], joined)


def _capitalised(piece: str) -> str:
    return piece[:1].upper() + piece[1:].lower()

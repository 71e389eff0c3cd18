"""The emergency lexicon: reads a citizen's message and says at once whether it tells of a danger.

It depends on neither Rasa nor the queue nor the network. The words are data (``data/emergency.yml``), owned by the
editors; ``docs/emergency.md`` explains the notation to them. The decision is in
``docs/decisions/2026-11-23-emergency-lexicon.md``.

How it reads: the text is folded (case, accents, doubled letters, apostrophes, SMS spellings) into words and sentence
ends. All patterns together are one bit-parallel automaton (extended Shift-And): each word costs the same few integer
operations whatever the text is, so reading is linear in the text and no input can make it slow.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_FILE_BYTES = 512 * 1024
MAX_STATES = 40_000  # of the automaton: bounds memory and the time of one word
MAX_ROWS_PER_PATTERN = 64  # a pattern with alternatives of several words is written out into rows
MAX_ELEMENTS = 24  # words, groups and gaps of one pattern
MAX_ERRORS_TOLD = 5
GAPS = {"..": 3, "...": 6}  # how many arbitrary words a gap may hold, at most
FUZZY_LETTERS = 6  # words at least this long (doubled letters counted once) may have one wrong letter
PLURAL_LETTERS = 4  # a final « s » counts only in words this short: « dans », « gens »
MAX_WORD_LETTERS = 40  # longer runs of letters are no words: they are not compared with the lexicon

# What every card offers, whatever the danger (docs/api.md; the 114 is reached in writing only).
ALWAYS_OFFERED = ("17", "112", "114")
WRITTEN_ONLY = frozenset({"114"})

SENTENCE_END = ""  # the token between two sentences; only « ^ » and « $ » in a pattern read it, no gap does
_TOKEN = re.compile(r"[^\W_]+'?|\.{2,}|\.(?=\s|$)|[!?;\n]")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´′＇", "'"))
_ELISIONS = {
    "j": "je", "m": "me", "t": "te", "s": "se", "n": "ne", "d": "de", "l": "le", "c": "ce", "qu": "que",
    "jusqu": "jusque", "lorsqu": "lorsque", "puisqu": "puisque",
}  # fmt: skip


class LexiconError(ValueError):
    """The lexicon file cannot be used. The message names the file, the line and the place, in French, for editors."""


class Match(NamedTuple):
    """A message that tells of a danger.

    ``category`` is the id in the lexicon, ``text`` the sentence to say, ``card`` the emergency card in the shape
    ``cards`` of docs/api.md (kind, title, text, phones, links). The card is a fresh dict: the caller may change it. ``named`` is false when
    no pattern names the danger and only the clues of ``indices`` add up to one.
    """

    category: str
    text: str
    card: dict[str, Any]
    named: bool = True


class Hit(NamedTuple):
    """One pattern that was found, for the editors: why did this card appear (or not)?"""

    category: str
    pattern: str
    last_word: int
    shown: bool
    named: bool


# ---------------------------------------------------------------------------------------------------------- the file


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


_Pattern = Annotated[str, StringConstraints(min_length=2, max_length=600)]
_Short = Annotated[str, StringConstraints(min_length=1, max_length=120)]
_Long = Annotated[str, StringConstraints(min_length=1, max_length=600)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
_Patterns = Annotated[list[_Pattern], Field(max_length=1000)]
_Words = Annotated[list[_Short], Field(min_length=1, max_length=300)]


class _Phone(_Strict):
    label: _Short
    number: Annotated[str, StringConstraints(pattern=r"^[0-9 ]{2,16}$")]
    href: Annotated[str, StringConstraints(pattern=r"^(tel|sms):[0-9]{2,12}$")]
    note: _Short | None = None


class _Link(_Strict):
    title: _Short
    url: Annotated[str, StringConstraints(pattern=r"^https://\S{3,300}$")]


class _Card(_Strict):
    phrase: _Long
    titre: _Short
    texte: _Long
    telephones: Annotated[list[_Short], Field(min_length=1, max_length=8)]
    liens: Annotated[list[_Link], Field(max_length=4)] = []


class _Category(_Strict):
    id: _Id
    label: _Short
    carte: _Card
    toujours: _Patterns = []
    sauf_au_passe: _Patterns = []


class _Clues(_Strict):
    """Two kinds of clues that make an alarm together: what is dangerous, and that it happens now."""

    categorie: _Id
    danger: Annotated[_Patterns, Field(min_length=1)]
    moment: Annotated[_Patterns, Field(min_length=1)]


class _File(_Strict):
    version: Literal["1"]
    telephones: Annotated[dict[_Short, _Phone], Field(min_length=1, max_length=40)]
    ecritures: Annotated[dict[_Short, _Words], Field(max_length=500)] = {}
    jamais_corriges: Annotated[list[_Short], Field(max_length=2000)] = []
    listes: Annotated[dict[_Id, _Words], Field(max_length=100)] = {}
    effacer: _Patterns = []
    recit: _Patterns = []
    maintenant: _Patterns = []
    indices: _Clues | None = None
    categories: Annotated[list[_Category], Field(min_length=1, max_length=60)]


class _BadYaml(ValueError):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


class _BadPattern(ValueError):
    def __init__(self, where: tuple[str | int, ...], why: str) -> None:
        super().__init__(why)
        self.where = where
        self.why = why


# ----------------------------------------------------------------------------------------------------- folding words


def _fold(word: str) -> str:
    """One spelling for a word in lower case without accents: doubled letters count once, a plural « s » is dropped."""
    out: list[str] = []
    for char in word:
        if not (out and out[-1] == char and char.isalpha()):
            out.append(char)
    if len(out) > PLURAL_LETTERS and out[-1] == "s":
        out.pop()
    return "".join(out)


def _plain(text: str) -> str:
    """Lower case, no accents, one kind of apostrophe."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_APOSTROPHES))
    text = "".join(char for char in text if not unicodedata.combining(char))
    return text.translate(_APOSTROPHES).replace("œ", "oe").replace("æ", "ae")


def _words(text: str) -> list[str]:
    """Folded words and sentence ends. Dots of suspense join, they do not end a sentence."""
    words: list[str] = []
    for token in _TOKEN.findall(_plain(text)):
        if token[0] == "." and len(token) > 1:
            continue
        if token in ".!?;\n":
            if words and words[-1] != SENTENCE_END:
                words.append(SENTENCE_END)
        elif token.endswith("'"):
            words.append(_ELISIONS.get(token[:-1], _fold(token[:-1])))
        else:
            words.append(_fold(token))
    return words


class _Spelling:
    """Rewrites SMS spellings, one or two words at a time: ``qq1`` -> ``quelque un``, ``il ma`` -> ``il me a``."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self._one: dict[str, list[str]] = {}
        self._two: dict[tuple[str, str], list[str]] = {}
        for target, spellings in table.items():
            target_words = _words(target)
            for place, spelling in enumerate(spellings):
                source = _words(spelling)
                where = ("ecritures", target, place)
                if not target_words or len(source) not in (1, 2):
                    raise _BadPattern(where, f"« {spelling} » doit être un mot ou deux")
                known = self._one.get(source[0]) if len(source) == 1 else self._two.get((source[0], source[1]))
                if known is not None and known != target_words:
                    raise _BadPattern(where, f"« {spelling} » est déjà écrit pour « {' '.join(known)} »")
                if len(source) == 1:
                    self._one[source[0]] = target_words
                else:
                    self._two[source[0], source[1]] = target_words
        for target in table:
            kept = tuple(_words(target))
            if len(kept) == 1 and self._one.get(kept[0], [kept[0]]) != [kept[0]]:
                other = " ".join(self._one[kept[0]])
                raise _BadPattern(("ecritures", target), f"« {target} » est remplacé ailleurs par « {other} »")
        # what is written may itself be rewritten: « ils m'ont » -> « il me ont »
        self._two = {pair: self._once(words) for pair, words in self._two.items()}
        self._one = {word: self._once(words) for word, words in self._one.items()}

    def _once(self, words: list[str]) -> list[str]:
        return [written for word in words for written in (self._one.get(word, [word]) if len(words) > 1 else [word])]

    def read(self, text: str) -> list[str]:
        words = _words(text)
        out: list[str] = []
        i = 0
        while i < len(words):
            pair = self._two.get((words[i], words[i + 1])) if i + 1 < len(words) else None
            if pair is not None:
                out.extend(pair)
                i += 2
            else:
                out.extend(self._one.get(words[i], (words[i],)))
                i += 1
        return out


# ---------------------------------------------------------------------------------------------------------- patterns


@dataclass(frozen=True)
class _Element:
    """One state of the automaton: the words that lead into it (``None``: any word), and whether it may be skipped."""

    words: frozenset[str] | None
    optional: bool = False


class _Parser:
    """Turns the editors' notation into rows of elements."""

    _PIECE = re.compile(r"\(([^()]*)\)(\?)?|<([a-z0-9_]+)>(\?)?|(\.{2,})|([^\s()<>?|]+)(\?)?|(\S)")

    def __init__(self, spelling: _Spelling, lists: dict[str, list[str]]) -> None:
        self._spelling = spelling
        self._lists = lists
        self.used: set[str] = set()

    def rows(self, pattern: str, where: tuple[str | int, ...]) -> list[tuple[_Element, ...]]:
        """All rows of a pattern; raises ``_BadPattern`` with a sentence for the editor."""
        pieces = [self._piece(match, where) for match in self._PIECE.finditer(pattern)]
        if len(pieces) > MAX_ELEMENTS:
            raise _BadPattern(where, f"plus de {MAX_ELEMENTS} éléments")
        rows: list[tuple[_Element, ...]] = [()]
        for choices in pieces:
            rows = [row + choice for row in rows for choice in choices]
            if len(rows) > MAX_ROWS_PER_PATTERN:
                raise _BadPattern(where, f"trop de combinaisons (plus de {MAX_ROWS_PER_PATTERN}) : à couper en deux")
        for row in rows:
            if not row or row[0].optional or row[-1].optional:
                raise _BadPattern(where, "un motif commence et finit par un mot obligatoire")
            if len(row) > 3 * MAX_ELEMENTS:
                raise _BadPattern(where, "motif trop long")
        return rows

    def _piece(self, match: re.Match[str], where: tuple[str | int, ...]) -> list[tuple[_Element, ...]]:
        group, group_optional, name, name_optional, gap, word, word_optional, stray = match.groups()
        if stray:
            raise _BadPattern(where, f"signe inattendu « {stray} »")
        if gap:
            if gap not in GAPS:
                raise _BadPattern(where, f"« {gap} » : écrivez « .. » ou « ... »")
            return [(_Element(None, optional=True),) * GAPS[gap]]
        items: Sequence[str]
        if name:
            items = self._named(f"<{name}>", where)
        elif word is not None and word in ("^", "$"):
            return [(_Element(frozenset({SENTENCE_END})),)]
        else:
            items = [one for item in (group.split("|") if group is not None else [word]) for one in self._named(item, where)]
        optional = bool(group_optional or name_optional or word_optional)
        # items that differ in their first word only (« essaie de », « tente de ») share a row
        by_rest: dict[tuple[str, ...], set[str]] = {}
        for item in items:
            words = self._item(item, where)
            by_rest.setdefault(tuple(words[1:]), set()).add(words[0])
        if by_rest.keys() == {()}:
            return [(_Element(frozenset(by_rest[()]), optional=optional),)]
        choices = [(_Element(frozenset(heads)), *(_Element(frozenset({word})) for word in rest)) for rest, heads in by_rest.items()]
        return [*choices, ()] if optional else choices

    def _named(self, item: str, where: tuple[str | int, ...]) -> Sequence[str]:
        """The words of the list when the item is ``<name>``, else the item itself."""
        item = item.strip()
        if not (item.startswith("<") and item.endswith(">")):
            return [item]
        if item[1:-1] not in self._lists:
            raise _BadPattern(where, f"la liste {item} n'existe pas")
        self.used.add(item[1:-1])
        return self._lists[item[1:-1]]

    def _item(self, item: str, where: tuple[str | int, ...]) -> list[str]:
        words: list[str] = []
        for part in item.split():
            if part in ("^", "$"):
                words.append(SENTENCE_END)
                continue
            stem = part.endswith("*")
            read = self._spelling.read(part.removesuffix("*"))
            if not read or SENTENCE_END in read or "*" in part.removesuffix("*"):
                raise _BadPattern(where, f"« {part} » ne se lit pas comme un mot")
            if stem and len(read[-1]) < 3:
                raise _BadPattern(where, f"« {part} » : au moins trois lettres avant l'astérisque")
            words.extend([*read[:-1], read[-1] + "*"] if stem else read)
        if not words:
            raise _BadPattern(where, "un choix vide")
        return words


def _without_one_letter(word: str) -> Iterator[str]:
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]


def _one_edit_apart(a: str, b: str) -> bool:
    """True when one insertion, deletion, substitution or swap of neighbours makes ``b`` of ``a`` (or none)."""
    if a == b:
        return True
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (len(a) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:])
    return a[1:] == b or a == b[1:]


class _Automaton:
    """Every row in one integer: bit i is set while element i of the concatenated rows has just been read.

    Extended Shift-And after Navarro and Raffinot: a run of optional elements is passed over by one subtraction.
    """

    def __init__(self, rows: Iterable[tuple[_Element, ...]], never_corrected: frozenset[str]) -> None:
        self.first = self._final = self._optional = self._before = self._block_end = self._any = 0
        self.row_at: dict[int, int] = {}  # final bit -> row number
        self.rows = list(rows)
        self._exact: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        bit = 0
        for number, row in enumerate(self.rows):
            self.first |= 1 << bit
            for i, element in enumerate(row):
                mask = 1 << bit
                if element.words is None:
                    self._any |= mask
                for word in element.words or ():
                    table, key = (self._stems, word[:-1]) if word.endswith("*") else (self._exact, word)
                    table[key] = table.get(key, 0) | mask
                if element.optional:
                    self._optional |= mask
                    if not row[i - 1].optional:
                        self._before |= mask >> 1
                    if not row[i + 1].optional:
                        self._block_end |= mask
                bit += 1
            self._final |= 1 << (bit - 1)
            self.row_at[bit - 1] = number
        self.states = bit
        self._stem_lengths = sorted({len(stem) for stem in self._stems})
        self._never_corrected = never_corrected
        # one letter missing -> the words it may come from, by first letter: the first letter is rarely mistyped
        self._near: dict[str, set[str]] = {}
        self._near_stems: dict[str, set[str]] = {}
        self._near_stem_lengths: dict[str, set[int]] = {}
        for word in self._exact:
            if len(word) >= FUZZY_LETTERS:
                for key in (word, *_without_one_letter(word)):
                    self._near.setdefault(key, set()).add(word)
        for stem in self._stems:
            if len(stem) >= FUZZY_LETTERS:
                self._near_stem_lengths.setdefault(stem[0], set()).add(len(stem))
                for key in (stem, *_without_one_letter(stem)):
                    self._near_stems.setdefault(key, set()).add(stem)

    def mask(self, word: str) -> int:
        """The states that this word may lead into."""
        if word == SENTENCE_END:
            return self._exact.get(word, 0)
        if len(word) > MAX_WORD_LETTERS:
            return self._any
        mask = self._exact.get(word, 0)
        for length in self._stem_lengths:
            if length > len(word):
                break
            mask |= self._stems.get(word[:length], 0)
        if not mask and len(word) >= FUZZY_LETTERS - 1 and word not in self._never_corrected:
            mask = self._nearly(word)
            if word[0] in "cdjlmnst" and word[1] in "aehiouy":  # « douvrir »: the apostrophe was forgotten
                mask |= self._exact.get(word[1:], 0)
        return mask | self._any

    def _nearly(self, word: str) -> int:
        mask = 0
        for key in (word, *_without_one_letter(word)):
            for known in self._near.get(key, ()):
                if known[0] == word[0] and _one_edit_apart(word, known):
                    mask |= self._exact[known]
        for length in self._near_stem_lengths.get(word[0], ()):
            for head in (word[: length - 1], word[:length], word[: length + 1]):
                for key in (head, *_without_one_letter(head)):
                    for stem in self._near_stems.get(key, ()):
                        if stem[0] == word[0] and len(stem) == length and _one_edit_apart(head, stem):
                            mask |= self._stems[stem]
        return mask

    def step(self, state: int, mask: int) -> int:
        state = ((state << 1) | self.first) & mask
        block = state | self._block_end
        return state | (self._optional & (~(block - self._before) ^ block))

    def found(self, state: int) -> Iterator[int]:
        """Numbers of the rows that end at this word."""
        hits = state & self._final
        while hits:
            low = hits & -hits
            yield self.row_at[low.bit_length() - 1]
            hits ^= low

    def start_of(self, row: int, masks: Sequence[int], end: int, last_bit: int) -> int:
        """Where the shortest reading of ``row`` that ends at word ``end`` begins (masks: one for each word)."""
        elements = self.rows[row]
        bit = last_bit
        reached = {end + 1}  # positions before which the rest of the row has been read
        for element in reversed(elements):
            step = {p - 1 for p in reached if p > 0 and masks[p - 1] >> bit & 1}
            reached = reached | step if element.optional else step
            bit -= 1
        return max(reached)


# ----------------------------------------------------------------------------------------------------------- lexicon


@dataclass
class _Sentence:
    """What was found in one sentence; ranks are numbers of categories, in the file's order (first wins)."""

    told: bool = False
    now: bool = False
    danger: str = ""
    moment: bool = False
    always: list[tuple[int, str, int]] = field(default_factory=list)
    unless_told: list[tuple[int, str, int]] = field(default_factory=list)

    def hits(self) -> Iterator[tuple[int, str, int, bool, bool]]:
        for hit in self.always:
            yield (*hit, True, True)
        for hit in self.unless_told:
            yield (*hit, self.now or not self.told, True)


_TOLD, _NOW, _DANGER, _MOMENT = -1, -2, -3, -4


class Lexicon:
    """The emergency lexicon, loaded once and only read afterwards (safe to share between tasks)."""

    def __init__(self, data: _File) -> None:
        self._categories = data.categories
        self._phones = data.telephones
        _check_cards(data)
        self._spelling = _Spelling(data.ecritures)
        parser = _Parser(self._spelling, data.listes)
        never = frozenset(word for entry in data.jamais_corriges for word in self._spelling.read(entry))

        erased = [row for i, p in enumerate(data.effacer) for row in parser.rows(p, ("effacer", i))]
        self._erase = _Automaton(erased, never)
        self._erase_last_bit = {row: bit for bit, row in self._erase.row_at.items()}

        rows: list[tuple[_Element, ...]] = []
        self._meaning: list[tuple[int, bool, str]] = []  # of each row: category's number, whether always, pattern

        def add(rank: int, always: bool, pattern: str, where: tuple[str | int, ...]) -> None:
            for row in parser.rows(pattern, where):
                rows.append(row)
                self._meaning.append((rank, always, pattern))

        for i, pattern in enumerate(data.recit):
            add(_TOLD, True, pattern, ("recit", i))
        for i, pattern in enumerate(data.maintenant):
            add(_NOW, True, pattern, ("maintenant", i))
        self._clue_rank: int | None = None
        if data.indices is not None:
            ranks = {category.id: rank for rank, category in enumerate(data.categories)}
            if data.indices.categorie not in ranks:
                raise _BadPattern(("indices", "categorie"), f"la catégorie « {data.indices.categorie} » n'existe pas")
            self._clue_rank = ranks[data.indices.categorie]
            for i, pattern in enumerate(data.indices.danger):
                add(_DANGER, True, pattern, ("indices", "danger", i))
            for i, pattern in enumerate(data.indices.moment):
                add(_MOMENT, True, pattern, ("indices", "moment", i))
        for rank, category in enumerate(data.categories):
            for i, pattern in enumerate(category.toujours):
                add(rank, True, pattern, ("categories", rank, "toujours", i))
            for i, pattern in enumerate(category.sauf_au_passe):
                add(rank, False, pattern, ("categories", rank, "sauf_au_passe", i))
        self._read = _Automaton(rows, never)
        unused = sorted(set(data.listes) - parser.used)
        if unused:
            raise _BadPattern(("listes", unused[0]), f"la liste <{unused[0]}> ne sert nulle part")
        if self._read.states + self._erase.states > MAX_STATES:
            raise _BadPattern((), f"le lexique est trop grand (plus de {MAX_STATES} mots de motifs)")

    @classmethod
    def load(cls, path: Path | str) -> "Lexicon":
        """Reads the lexicon file. ``LexiconError`` names the file, the line and the place of what is wrong."""
        path = Path(path)
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise LexiconError(f"{path} : fichier illisible ({error.strerror})") from error
        if len(raw) > MAX_FILE_BYTES:
            raise LexiconError(f"{path} : plus de {MAX_FILE_BYTES // 1024} Kio")
        try:
            text = raw.decode("utf-8")
            node = _compose(text)
            data = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  (BaseLoader builds text, lists and dicts only: « on » stays a word)
        except UnicodeDecodeError as error:
            raise LexiconError(f"{path} : le fichier n'est pas en UTF-8") from error
        except _BadYaml as error:
            raise LexiconError(f"{path}, ligne {error.line} : {error.why}") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise LexiconError(f"{path}, ligne {line} : YAML mal formé ({error.problem})") from error
        except yaml.YAMLError as error:
            raise LexiconError(f"{path} : YAML mal formé ({error})") from error
        try:
            return cls(_File.model_validate(data))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[:MAX_ERRORS_TOLD]
            sentences = [_told(path, node, one["loc"], _IN_FRENCH.get(one["type"], one["msg"])) for one in found]
            raise LexiconError("\n".join(sentences)) from error
        except _BadPattern as error:
            raise LexiconError(_told(path, node, error.where, error.why)) from error

    @property
    def categories(self) -> dict[str, str]:
        """Label of each category by id, most pressing first."""
        return {category.id: category.label for category in self._categories}

    def match(self, text: str) -> Match | None:
        """The most pressing danger that the text tells of (the file's order decides), or None."""
        shown = [(not named, rank) for rank, _, _, shows, named in self._hits(text) if shows]
        if not shown:
            return None
        by_clues, rank = min(shown)
        return self._answer(self._categories[rank])._replace(named=not by_clues)

    def general(self) -> Match | None:
        """The card of the general danger (`indices.categorie`), for a danger that no pattern names; None when the file has no such card."""
        return None if self._clue_rank is None else self._answer(self._categories[self._clue_rank])

    def explain(self, text: str) -> list[Hit]:
        """Every pattern found in the text, with whether it counts: for editors who ask why a card appears or not."""
        return [Hit(self._categories[rank].id, pattern, at, shown, named) for rank, pattern, at, shown, named in self._hits(text)]

    def _answer(self, category: _Category) -> Match:
        card = category.carte
        return Match(
            category.id,
            card.phrase,
            {
                "kind": "emergency",
                "title": card.titre,
                "text": card.texte,
                "phones": [self._phones[key].model_dump(exclude_none=True) for key in card.telephones],
                "links": [link.model_dump() for link in card.liens],
            },
        )

    def _hits(self, text: str) -> Iterator[tuple[int, str, int, bool, bool]]:
        words = self._erased([SENTENCE_END, *self._spelling.read(text), SENTENCE_END])
        masks: dict[str, int] = {}
        state = 0
        sentence = _Sentence()
        danger, moment = "", False
        for at, word in enumerate(words):
            if word not in masks:
                masks[word] = self._read.mask(word)
            state = self._read.step(state, masks[word])
            for row in self._read.found(state):
                rank, always, pattern = self._meaning[row]
                if rank == _TOLD:
                    sentence.told = True
                elif rank == _NOW:
                    sentence.now = sentence.moment = True
                elif rank == _DANGER:
                    sentence.danger = pattern
                elif rank == _MOMENT:
                    sentence.moment = True
                else:
                    (sentence.always if always else sentence.unless_told).append((rank, pattern, at))
            if word == SENTENCE_END:
                yield from sentence.hits()
                if sentence.now or not sentence.told:
                    danger = danger or sentence.danger
                    moment = moment or sentence.moment
                sentence = _Sentence()
        if danger and moment and self._clue_rank is not None:
            yield self._clue_rank, danger, len(words) - 1, True, False

    def _erased(self, words: list[str]) -> list[str]:
        """The words without figures of speech; each erased word becomes one that no pattern knows."""
        known: dict[str, int] = {}
        for word in words:
            if word not in known:
                known[word] = self._erase.mask(word)
        masks = [known[word] for word in words]
        out = words
        state = 0
        for end, mask in enumerate(masks):
            state = self._erase.step(state, mask)
            for row in self._erase.found(state):
                if out is words:
                    out = list(words)
                start = self._erase.start_of(row, masks, end, self._erase_last_bit[row])
                for at in range(start, end + 1):
                    if out[at] != SENTENCE_END:
                        out[at] = "-"
        return out


# ------------------------------------------------------------------------------------------------------------ errors


_IN_FRENCH = {
    "missing": "ce champ manque",
    "extra_forbidden": "champ inconnu (faute de frappe ?)",
    "string_type": "un texte est attendu ici",
    "string_too_short": "texte trop court",
    "string_too_long": "texte trop long",
    "string_pattern_mismatch": "forme inattendue",
    "list_type": "une liste est attendue ici",
    "dict_type": "un bloc « nom : valeur » est attendu ici",
    "model_type": "un bloc « nom : valeur » est attendu ici",
    "too_short": "liste trop courte",
    "too_long": "liste trop longue",
    "literal_error": "valeur inattendue",
}


def _check_cards(data: _File) -> None:
    for key, phone in data.telephones.items():
        if phone.number.replace(" ", "") in WRITTEN_ONLY and not phone.href.startswith("sms:"):
            raise _BadPattern(("telephones", key), f"le {phone.number} ne s'appelle pas : href doit commencer par sms:")
    seen: set[str] = set()
    for i, category in enumerate(data.categories):
        if category.id in seen:
            raise _BadPattern(("categories", i), f"la catégorie « {category.id} » existe déjà")
        seen.add(category.id)
        phones = category.carte.telephones
        for key in phones:
            if key not in data.telephones:
                raise _BadPattern(("categories", i, "carte", "telephones"), f"le téléphone « {key} » n'existe pas")
        missing = [key for key in ALWAYS_OFFERED if key not in phones]
        if missing:
            raise _BadPattern(("categories", i, "carte", "telephones"), f"il manque le {', le '.join(missing)}")
        if not category.toujours and not category.sauf_au_passe:
            raise _BadPattern(("categories", i), f"la catégorie « {category.id} » n'a aucun motif")


def _compose(text: str) -> yaml.Node | None:
    """The YAML tree, for line numbers; refuses references and keys written twice (a later one would hide the first)."""
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise _BadYaml(line, "références YAML (*) interdites ici")
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    stack = [root] if root is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if key.value in keys:
                    raise _BadYaml(key.start_mark.line + 1, f"« {key.value} » deux fois")
                keys.add(key.value)
                stack.append(value)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)
    return root


def _told(path: Path, node: yaml.Node | None, where: tuple[str | int, ...], why: str) -> str:
    """The sentence for the editor: file, line, category, what is wrong."""
    category = ""
    line = 1
    for step in where:
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
        else:
            child = None
        if child is None:
            break
        node = child
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode) and where[0] == "categories" and not category:
            name = next((value.value for key, value in node.value if key.value == "id"), "")
            category = f", catégorie « {name} »" if name else ""
    place = ".".join(str(step) for step in where) or "fichier"
    return f"{path}, ligne {line}{category} ({place}) : {why}"

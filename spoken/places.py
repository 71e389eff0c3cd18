"""Communes and places that a citizen names: « à Nantes », « 44 000 », « paris XVe », « 12 bis rue de la Paix », « devant le Leclerc ».

Communes, their postcodes and their populations are in `communes.tsv.gz`, made by `scripts/communes.py` from the npm package
@etalab/decoupage-administratif. The file is read at the first question and kept.
"""

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from spoken.text import Token, tokens

DATA: Final = Path(__file__).with_name("communes.tsv.gz")
MAX_CHOICES: Final = 6
MAX_FUZZY_LOOKUPS: Final = 12  # a message; each compares with all communes
WELL_KNOWN: Final = 20_000  # people; such a name needs no « à » before it
LISTED_BESIDE: Final = 10_000  # people: « Aix » offers Aix-en-Provence beside the communes that are called just so

_LONGEST_NAME = 9  # words
_PART_OF_A_WORD = 10  # score of « Nantes » in « Nantes-centre »
_DOMINANT = 50_000  # people; with thirty times as many as the next, it is the one that is meant
_SPELLINGS = {"saint": "st", "sainte": "ste", "saintes": "stes", "saints": "sts", "pce": "provence", "s": "sur"}
_ROMAN = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10,
    "xi": 11, "xii": 12, "xiii": 13, "xiv": 14, "xv": 15, "xvi": 16, "xvii": 17, "xviii": 18, "xix": 19, "xx": 20,
}  # fmt: skip
_WITH_DISTRICTS = {"paris": ("751", 20), "lyon": ("6938", 9), "marseille": ("132", 16)}

# Words that people write every day and that are communes too: these need more than an « à » before them.
_ORDINARY = frozenset(
    "son y ligne contre fille mere faux pere place ecole rue etais parce grand eu appelle vue change viens aucun vers bus cours ville "
    "chasse gars vieux force simple bonne jardin lire frais rouge bras hommes sens moyen celle parent mars by armes quarante pleure "
    "courant maire vitre avion salon mer charge loue long jure monte chemin bois carnet port barre bar this sache corps lance routier "
    "nuits sure suisse aime signes py portes vert ri camarade campagne bu feux pont dun ramasse aube murs monnaie mont our marie "
    "tendu borne montagne saurais marques boulot don vire aire gene sos avril die rancon linge bourg riviere plan croix ballon "
    "publier still many fosse maisons cesse bains bourre toussaint pince pierres flat seuil irai bidon chance marches sauve job "
    "champs angoisse baby marre real louer messe chateau marin jury lue four ondes geste us sers drap creuse came piano ballons boue "
    "cagnotte jumeaux ventouse celles puits premieres espere pis treve precieux maillot cloue hours couches engins conte chatte "
    "herisson mare coinces collegien sales plaisir lent peintre rang serez chapeau basses lisses villes buisson pleurs cheville "
    "planches pin beaux poses doux ris ames mousse trans bats tesson romans porta very francs plainte bons ars plaintes vol bord "
    "cause pied table moi nouveau ete gap ham hem his fa sy ur apt dry cry job lay lee lux mer mus noe ore ors rai rom sai sem sor "
    "sus ver vif eve bey buc die dry dye ens eps err tours orange sens vienne nice croix muret falaise plan pages arc angles ange "
    "anges bouchon cendre coin courses crise ennui fleur fleury grace haine hier janvier juillet juin lit loin lumiere midi neuf nord "
    "sud est ouest ouvert paix pain petit point porte presse prix quai recours reste route sable secours soir sol somme sort source "
    "tard telephone temps terre tete train travail vent vente verite veste vie voiture sur sous dans avec chez".split()
)
_ORDINARY_PHRASES = frozenset(
    {
        "la garde", "la salle", "la machine", "la reunion", "la table", "la chambre", "entre deux", "la marche", "la force", "le passage",
        "le quartier", "la creche", "le parc", "la riviere", "la chaussee", "le chemin", "le port", "le titre", "la grange", "la chaise",
        "la terrasse", "le fosse", "les marches", "la barre", "la tour", "le bois", "la vallee", "la tombe", "le perron", "le syndicat",
        "les places", "la tache", "la chaudiere", "la place", "la ville", "le village", "la poste", "la paix", "la rue", "l hopital",
        "l union", "la mer", "le lit", "la porte", "le plan", "le temple", "la chapelle", "le bar", "la femme", "la foret", "l homme",
    }
)  # fmt: skip
_STRONG = frozenset("a habite habitons habitent vis vivons reside residons commune ville mairie brigade commissariat gendarmerie".split())
_WEAK = frozenset("sur de d vers pres en dans cote entre depuis pour secteur".split())
_LINKS = frozenset("de du des d la le les l".split())
_ASIDE = frozenset(
    "a au aux en sur de d du la le l commune ville c est je suis j habite vis mon ma ici dans pres svp stp merci bonjour oui donc euh et "
    "france departement departements code postal cp ou on se trouve situe vers cote habitons reside ca s passe s est bonsoir".split()
)
_STREETS = frozenset(
    "rue avenue av ave boulevard bd bld bvd bvd place pl square impasse imp allee allees chemin che quai pont cours route rte passage "
    "esplanade rond faubourg fbg ruelle residence lotissement hameau lieu sentier cite villa voie montee cour porte".split()
)
_TITLES = frozenset("m mr monsieur mme madame mlle mademoiselle dr docteur maitre".split())
_NOT_AFTER_POSTCODE = frozenset("euros euro eur km kms metres m fois personnes francs e h heures".split())


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, or an arrondissement of Paris, Lyon or Marseille.

    `code` is INSEE's, `department` and `department_name` its department or overseas collectivity, `population` in people (0: unknown).
    """

    code: str
    name: str
    postcodes: tuple[str, ...]
    department: str
    department_name: str
    population: int


@dataclass(frozen=True, slots=True)
class Found:
    """The commune that was named."""

    commune: Commune


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two to `MAX_CHOICES` communes that it may be, most populous first."""

    communes: tuple[Commune, ...]


CommuneAnswer = Found | Ambiguous | None


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it was written: its words, their `span` in the text, and its commune when one was found without doubt."""

    text: str
    span: tuple[int, int]
    commune: Commune | None


# ---------------------------------------------------------------------------------------------------------------- the data


def key(name: str) -> str:
    """The spelling that a name is looked up by: words without case, accents, hyphens and apostrophes, « st » for « saint »."""
    return " ".join(_key_words(tokens(name)))


def _key_words(read: Iterable[Token]) -> list[str]:
    return [_SPELLINGS.get(token.text, token.text) for token in read if token.text.isalnum()]


class _Communes:
    """The data file, indexed by name; the rest of a line is read when its commune is asked for. Places are line numbers, by population."""

    def __init__(self, path: Path) -> None:
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        self.departments = dict(line.split("\t")[1:] for line in lines if line.startswith("D"))
        self.department_keys = {key(name): code for code, name in self.departments.items()}
        self._lines = [line for line in lines if line.startswith("C")]
        self.by_key: dict[str, tuple[int, ...]] = {}
        for place, line in enumerate(self._lines):
            for spelling in line.split("\t", 2)[1].split("|"):
                self.by_key[spelling] = (*self.by_key.get(spelling, ()), place)
        self._larger: list[tuple[str, int]] = []
        for place in range(len(self._lines)):
            if self.population(place) < LISTED_BESIDE:
                break
            if not self.city(place):
                self._larger.append((self._row(place)[1].partition("|")[0], place))

    def _row(self, place: int) -> list[str]:
        return self._lines[place].split("\t")

    @cached_property
    def _by_postcode(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, line in enumerate(self._lines):
            for postcode in line.split("\t", 5)[4].split("|"):
                found.setdefault(postcode, []).append(place)
        return found

    @cached_property
    def _by_code(self) -> dict[str, int]:
        return {line.split("\t", 3)[2]: place for place, line in enumerate(self._lines)}

    def population(self, place: int) -> int:
        return int(self._row(place)[6])

    def department(self, place: int) -> str:
        return self._row(place)[5]

    def city(self, place: int) -> str:
        """The code of the city of an arrondissement, empty for a commune."""
        return self._row(place)[7]

    def with_code(self, code: str) -> int | None:
        return self._by_code.get(code)

    def commune(self, place: int) -> Commune:
        _, _, code, name, postcodes, department, population, _ = self._row(place)
        return Commune(
            code, name, tuple(postcodes.split("|")) if postcodes else (), department, self.departments[department], int(population)
        )

    def beside(self, spelling: str) -> list[int]:
        """Larger communes whose names begin with these words."""
        return [place for name, place in self._larger if name.startswith(spelling + " ")]

    def beginning(self, spelling: str) -> list[int]:
        """All communes whose names begin with these words."""
        return [place for name, places in self.by_key.items() if name.startswith(spelling + " ") for place in places]

    def at_postcode(self, postcode: str) -> list[int]:
        """The communes of a postcode; the arrondissement instead of its whole city."""
        places = self._by_postcode.get(postcode, [])
        return [place for place in places if self.city(place)] or places


@cache
def _communes() -> _Communes:
    return _Communes(DATA)


@lru_cache(maxsize=512)
def _nearest(spelling: str) -> tuple[str, ...]:
    """The known spellings that are fewest typing errors away, none when they are too many; a name cut short is nearest."""
    letters = len(spelling)
    allowed = 0 if letters < 5 else 1 if letters < 8 else 2 if letters < 14 else 3
    if not allowed:
        return ()
    data = _communes()
    found = process.extract(spelling, data.by_key.keys(), scorer=OSA.distance, score_cutoff=allowed, limit=40)
    kept = [(name, distance) for name, distance, _ in found if name[0] == spelling[0]]
    if not kept:
        return ()
    cut_short = tuple(name for name, _ in kept if name.startswith(spelling))
    best = min(distance for _, distance in kept)
    return cut_short or tuple(name for name, distance in kept if distance == best)


# ---------------------------------------------------------------------------------------------------------------- communes


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Words `i` to before `j` that may name communes."""

    i: int
    j: int
    places: tuple[int, ...]
    score: int


def find_commune(text: str, *, near: str | None = None) -> CommuneAnswer:
    """The commune that a text names: by name (with typing errors), postcode, arrondissement, or both; None when it names none.

    `near` is the code of a department (« 44 », « 2A », « 974 ») that decides between communes of one name. An everyday word that is a
    commune too (« Contre », « Vue ») counts only with « à » and a capital, or when the text is nothing else. Raises ValueError for a text
    of more than `text.MAX_TEXT` characters.
    """
    return _Sentence(text).commune(near)


class _Sentence:
    """One text, cut into words for communes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.signs = [token.text for token in self.tokens]
        self.read = [token for token in self.tokens if token.text.isalnum()]
        self.words = _key_words(self.read)
        # a sign before word i ends whatever name was begun
        self.parted = self._parted()
        self.streets = list(self._street_names())

    def _parted(self) -> list[bool]:
        parted, sign = [], False
        for token in self.tokens:
            if token.text.isalnum():
                parted.append(sign)
                sign = False
            elif token.text not in "-'’/":
                sign = True
        return parted

    def _street_names(self) -> Iterator[tuple[int, int]]:
        """The words of names of streets, from the kind (« rue ») to before what cannot belong to it."""
        i = 0
        while i < len(self.words):
            if self.words[i] in _STREETS and (i == 0 or self.words[i - 1] not in ("sur",)):
                j = i + 1
                while (
                    j < len(self.words)
                    and j - i <= 8
                    and not self.parted[j]
                    and self.words[j] not in ("a", "au", "aux", "sur", "et", "dans")
                ):
                    if self.words[j].isdecimal() and len(self.words[j]) == 5:
                        break
                    j += 1
                if j > i + 1:
                    yield i, j
                i = j
            else:
                i += 1

    def commune(self, near: str | None) -> CommuneAnswer:
        data = _communes()
        coded = self._postcode()
        candidates = sorted(self._candidates(), key=lambda candidate: (-candidate.score, candidate.i))
        if coded:
            postcode_places, department = coded
            for candidate in candidates or self._candidates(loose=True):
                both = [place for place in candidate.places if place in postcode_places]
                if both:
                    return self._answer(both, near)
            for candidate in self._candidates(loose=True):
                both = [place for place in candidate.places if place in postcode_places]
                if both:
                    return self._answer(both, near)
            strong = [candidate for candidate in candidates if candidate.score >= 60]
            if not strong:
                return self._answer(postcode_places, near)
            same = [place for place in strong[0].places if data.department(place) == department]
            return self._answer(same or postcode_places, near)
        if not candidates:
            return None
        best = candidates[0]
        named = self._department_named(best)
        if named:
            same = [place for place in best.places if data.department(place) == named]
            if not same:
                # « montreuil 62 » is Montreuil-sur-Mer
                spelling = " ".join(self.words[best.i : best.j])
                same = [place for place in data.beginning(spelling) if data.department(place) == named]
            if same:
                return self._answer(same, near)
        return self._answer(best.places, near)

    def _answer(self, places: Iterable[int], near: str | None) -> CommuneAnswer:
        data = _communes()
        ordered = sorted(set(places), key=lambda place: place)
        if near:
            ordered = [place for place in ordered if data.department(place) == near] or ordered
        if not ordered:
            return None
        first = data.population(ordered[0])
        if len(ordered) == 1 or (first >= _DOMINANT and first >= 30 * data.population(ordered[1])):
            return Found(data.commune(ordered[0]))
        return Ambiguous(tuple(data.commune(place) for place in ordered[:MAX_CHOICES]))

    # what a text gives

    def _postcode(self) -> tuple[list[int], str] | None:
        """The communes of the first postcode, « 44000 » or « 44 000 », and its department."""
        data = _communes()
        for i, word in enumerate(self.words):
            code, j = word, i + 1
            if len(word) == 2 and j < len(self.words) and len(self.words[j]) == 3 and not self.parted[j]:
                code, j = word + self.words[j], j + 1
            if len(code) != 5 or not code.isdecimal():
                continue
            if (j < len(self.words) and self.words[j] in _NOT_AFTER_POSTCODE) or self.text[self.read[j - 1].end :].lstrip().startswith("€"):
                continue
            before, after = self.words[i - 1] if i else "", self.words[j] if j < len(self.words) else ""
            if (before.isdecimal() and not self.parted[i]) or (after.isdecimal() and j < len(self.words) and not self.parted[j]):
                continue  # a part of a longer number
            if {"dossier", "numero", "reference", "ref", "num"} & set(self.words[max(0, i - 4) : i]) and "postal" not in self.words[:i]:
                continue
            places = data.at_postcode(code)
            if places:
                return places, data.department(places[0])
        return None

    def _department_named(self, candidate: _Candidate) -> str | None:
        """The department said after a commune: « Saint-Denis 93 », « Saint-Denis (Seine-Saint-Denis) », « Saint-Denis de la Réunion »."""
        data = _communes()
        for start in range(candidate.j, min(candidate.j + 5, len(self.words))):
            word = (
                self.words[start].upper().lstrip("0")
                if self.words[start].isdecimal() and len(self.words[start]) == 3
                else self.words[start].upper()
            )
            if word in data.departments and (
                start == candidate.j or self.parted[start] or self.words[start - 1] in ("le", "departement", "dans")
            ):
                return word
            for length in (4, 3, 2, 1):
                name = " ".join(self.words[start : start + length])
                if name in data.department_keys:
                    return data.department_keys[name]
                if "la " + name in data.department_keys:
                    return data.department_keys["la " + name]
        return None

    def _candidates(self, *, loose: bool = False) -> Iterator[_Candidate]:
        """Names of communes that the text gives evidence for. `loose` asks for none, when a postcode already names the communes."""
        taken = self._departments_spans()
        covered = 0
        lookups = 0
        i = 0
        while i < len(self.words):
            best: _Candidate | None = None
            for length in range(min(_LONGEST_NAME, len(self.words) - i), 0, -1):
                j = i + length
                if any(self.parted[i + 1 : j]) or any(start <= i and j <= end for start, end in taken):
                    continue
                places, end = self._named(i, j)
                if not places:
                    continue
                score = 50 if loose else self._score(i, end, places)
                if score:
                    best = _Candidate(i, end, places, score)
                    break
            if (
                (best is None or best.score <= _PART_OF_A_WORD)
                and not loose
                and lookups < MAX_FUZZY_LOOKUPS
                and i >= covered
                and not any(s <= i < e for s, e in taken)
            ):
                misspelt, count = self._misspelt(i)
                best = misspelt or best
                lookups += count
            if best:
                yield best
                covered = best.j
                i = best.j
            else:
                i += 1

    def _departments_spans(self) -> list[tuple[int, int]]:
        """Names of departments of several words: « Seine-Saint-Denis » names no commune."""
        data = _communes()
        found = []
        for i in range(len(self.words)):
            for length in (4, 3, 2):
                name = " ".join(self.words[i : i + length])
                if i + length <= len(self.words) and name in data.department_keys and name not in data.by_key:
                    found.append((i, i + length))
                    break
        return found

    def _named(self, i: int, j: int) -> tuple[tuple[int, ...], int]:
        """The communes called by words i to j, and the word after the name (an arrondissement may follow)."""
        data = _communes()
        words = self.words[i:j]
        spelling = " ".join(words)
        if spelling in _WITH_DISTRICTS:
            district = self._district(spelling, j)
            if district:
                return (district[0],), district[1]
        found = list(data.by_key.get(spelling, ()))
        first, rest = words[0], " ".join(words[1:])
        if not found and rest:
            # « au Mans », « du Havre », « aux Lilas », « des Ulis »
            article = {"au": "le", "du": "le", "aux": "les", "des": "les"}.get(first)
            found = list(data.by_key.get(f"{article} {rest}", ())) if article else []
        if not found and (len(spelling) >= 4 and first not in _LINKS):
            # « Havre », « Rochelle »: a large town without its article
            found = [
                place
                for article in ("le", "la", "les", "l")
                for place in data.by_key.get(f"{article} {spelling}", ())
                if data.population(place) >= LISTED_BESIDE
            ]
        if found:
            largest = max(data.population(place) for place in found)
            beside = [place for place in data.beside(spelling) if data.population(place) * 3 > largest]
            found += [place for place in beside if place not in found]
        elif len(spelling) >= 3 and words[-1] not in _LINKS and self._all_of(i, j):
            found = data.beside(spelling) or data.beginning(spelling)
        return tuple(found), j

    def _district(self, city: str, j: int) -> tuple[int, int] | None:
        """The arrondissement said after or before a city: « paris 15 », « Paris XVe », « lyon 3eme », « 15e arrondissement de Paris »."""
        data = _communes()
        prefix, count = _WITH_DISTRICTS[city]
        k = j
        while k < len(self.words) and k - j < 3 and self.words[k] in ("le", "dans", ","):
            k += 1
        number, end = self._ordinal(k)
        if not number and j >= 2:
            back = j - 2
            while back >= 0 and j - back < 6 and self.words[back] in ("de", "d", "a", "arrondissement", "arr", "e", "eme", "ieme", "er"):
                back -= 1
            if back < j - 2 and back >= 0:
                number = self._ordinal(back)[0]
                end = j
        if not 1 <= number <= count:
            return None
        place = data.with_code(f"{prefix}{number:02}" if prefix != "6938" else f"{prefix}{number}")
        return None if place is None else (place, end)

    def _ordinal(self, k: int) -> tuple[int, int]:
        if not 0 <= k < len(self.words):
            return 0, k
        word, j = self.words[k], k + 1
        roman = _ROMAN.get(word) or _ROMAN.get(re.sub(r"(e|er|eme|ieme)$", "", word))
        number = int(word) if word.isdecimal() and len(word) <= 2 else roman or 0
        while j < len(self.words) and self.words[j] in ("e", "eme", "er", "ieme", "arrondissement", "arr"):
            j += 1
        return number, j

    def _misspelt(self, i: int) -> tuple[_Candidate | None, int]:
        """A mistyped name at word i: only where something says that a name stands there. Also how many lookups it took."""
        lookups = 0
        rest = len(self.words) - i
        for length in range(min(5, rest), 0, -1):
            j = i + length
            if any(self.parted[i + 1 : j]) or self.words[i] in _LINKS - {"la", "le", "les", "l"} or self.words[j - 1] in _LINKS:
                continue
            spelling = " ".join(self.words[i:j])
            if any(char.isdecimal() for char in spelling):
                continue
            alone = self._all_of(i, j)
            before = self.words[i - 1] if i else ""
            capital = self._capital(i, j)
            if not alone and not (before in _STRONG | {"sur"} and (capital or length == 1) and not self._in_street(i)):
                continue
            if all(word in _ORDINARY or word in _THINGS or word in _ASIDE for word in self.words[i:j]):
                continue
            lookups += 1
            data = _communes()
            places = [
                place for name in _nearest(spelling) for place in data.by_key[name] if data.population(place) >= (500 if alone else 2000)
            ]
            if places:
                top = max(data.population(place) for place in places)
                # a typing error is likelier in the name of a large town than the right name of a hamlet
                kept = tuple(place for place in places if data.population(place) * 10 >= top)
                return _Candidate(i, j, kept, 70 if alone else 45), lookups
            if lookups >= 4:
                break
        return None, lookups

    def _score(self, i: int, j: int, places: tuple[int, ...]) -> int:
        """How much speaks for words i to j being a commune; 0 is too little."""
        data = _communes()
        if self._all_of(i, j):
            return 100
        largest = max(data.population(place) for place in places)
        spelling = " ".join(self.words[i:j])
        if i and self.words[i - 1] in _TITLES:
            return 0
        if i > 1 and self.words[i - 2] == "gare" and spelling == "lyon":
            return 0  # the Gare de Lyon is in Paris
        if self._hyphenated(i, j):
            return _PART_OF_A_WORD if largest >= WELL_KNOWN else 0
        ordinary = spelling in _ORDINARY or spelling in _ORDINARY_PHRASES or len(spelling) <= 2
        capital = self._capital(i, j)
        before = self.words[i - 1] if i and not self.parted[i] else ""
        joined = self.words[i] in ("au", "aux", "du", "des")
        strong, weak = before in _STRONG or (joined and self.words[i] in ("au", "aux")), before in _WEAK or joined
        coded = i > 0 and self.words[i - 1].isdecimal() and len(self.words[i - 1]) in (3, 5)
        if self._in_street(i):
            street = next((start, end) for start, end in self.streets if start <= i < end)
            last = j >= street[1] and self.words[i - 1] not in _LINKS and i > street[0] + 1
            if not (last and (capital or largest >= WELL_KNOWN) and largest >= 2000):
                return 0
            return 30
        if ordinary:
            known = largest >= WELL_KNOWN and (strong or (weak and capital))
            return 40 if known or (capital and strong) else 0
        size = min(9, len(str(largest)))
        if coded or strong:
            return 60 + size + 5 * (j - i) if capital or coded or largest >= 300 or j - i > 1 else 0
        if weak:
            enough = (capital and (largest >= 200 or j - i > 1)) or largest >= WELL_KNOWN or (largest >= 3000 and before == "sur")
            return 40 + size + 5 * (j - i) if enough else 0
        if capital and i > 0 and (largest >= 1000 or j - i > 1):
            return 30 + size + 5 * (j - i)
        if self.parted[i] and capital:
            return 30 + size
        if largest >= WELL_KNOWN and len(spelling) >= 4:
            return 20 + size + 5 * (j - i)
        return 25 + 5 * (j - i) if j - i >= 3 else 0

    def _hyphenated(self, i: int, j: int) -> bool:
        """Whether a hyphen joins the name to a word before or after it."""
        after, before = self.read[j - 1].end, self.read[i].start - 1
        follows = self.text[after : after + 1] == "-" and self.text[after + 1 : after + 2].isalpha()
        return follows or (before > 0 and self.text[before] == "-" and self.text[before - 1].isalpha())

    def _capital(self, i: int, j: int) -> bool:
        """Whether the name is written as one, with a capital, in a text that is not all capitals."""
        if self.text.isupper():
            return False
        return any(self.text[token.start].isupper() for token in self.read[i:j] if token.text not in _LINKS)

    def _in_street(self, i: int) -> bool:
        return any(start <= i < end for start, end in self.streets)

    def _all_of(self, i: int, j: int) -> bool:
        """Whether nothing else of weight stands in the text: small words, numbers, the name of a department."""
        outside = self.words[:i] + self.words[j:]
        if len(outside) > 8:
            return False
        data = _communes()
        if all(word in _ASIDE or (word.isdecimal() and len(word) in (2, 3, 5)) for word in outside):
            return self.words[i] not in ("a",) or j - i > 1
        after = " ".join(self.words[j:])
        return all(word in _ASIDE for word in self.words[:i]) and (after in data.department_keys or "la " + after in data.department_keys)


# ------------------------------------------------------------------------------------------------------------------ places

_NUMBER_SUFFIXES = frozenset({"bis", "ter", "quater", "b", "t"})
_NOT_IN_A_NAME = frozenset(
    "a au aux vers hier quand je j il elle on ils nous mais pendant avec pour ce cette qui que qu alors puis parce car est etait "
    "etais sont ont ai avait avons lundi mardi mercredi jeudi vendredi samedi dimanche ou et m me mon ma mes depuis sans apres avant "
    "vers".split()
)
_BEFORE_A_PLACE = (
    ("a", "cote", "de"), ("a", "cote", "du"), ("en", "face", "de"), ("en", "face", "du"), ("pres", "de"), ("pres", "du"),
    ("au", "niveau", "de"),
    ("au", "niveau", "du"), ("devant",), ("derriere",), ("dans",), ("sur",), ("a",), ("au",), ("aux",), ("vers",), ("chez",), ("sous",),
)  # fmt: skip
_THINGS = frozenset(
    "gare mairie ecole college lycee creche universite fac bus metro tram tramway train ter rer tgv parking supermarche magasin "
    "centre commercial boulangerie pharmacie banque bar cafe restaurant boite discotheque cinema hopital clinique commissariat "
    "gendarmerie eglise stade piscine gymnase parc jardin plage foret cave garage immeuble hall appartement maison domicile travail "
    "bureau entreprise chantier station arret aeroport peage autoroute peripherique rocade marche tabac poste hotel camping "
    "bibliotheque mediatheque salle escalier leclerc carrefour auchan lidl intermarche monoprix franprix ikea decathlon fnac aldi "
    "casino mcdo mcdonald kebab quai pont tunnel voiture ascenseur cimetiere port laverie distributeur".split()
)  # fmt: skip
_TRANSPORT = frozenset("bus ligne metro tram tramway rer ter train tgv car".split())
_HOMES = (
    ("chez", "moi"), ("chez", "nous"), ("chez", "mes", "parents"), ("chez", "ma", "mere"), ("chez", "mon", "pere"),
    ("a", "mon", "domicile"),
    ("a", "la", "maison"), ("a", "domicile"), ("mon", "domicile"),
    ("sur", "mon", "lieu", "de", "travail"),
    ("a", "mon", "travail"),
    ("au", "travail"), ("au", "bureau"), ("dans", "mon", "appartement"), ("dans", "ma", "rue"), ("dans", "mon", "immeuble"),
    ("sur", "internet"),
    ("en", "ligne"), ("dans", "la", "rue"),
)  # fmt: skip
_ROADS = frozenset("and")  # autoroute, nationale, départementale


def find_place(text: str) -> Place | None:
    """The first place of a text: an address, a road, a transport line, a landmark, a home; else the name of its commune; else None.

    Raises ValueError for a text of more than `text.MAX_TEXT` characters.
    """
    sentence = _Sentence(text)
    answer = sentence.commune(None)
    commune = answer.commune if isinstance(answer, Found) else None
    found = next(_places(sentence), None)
    if found is None:
        best = max(sentence._candidates(), key=lambda candidate: candidate.score, default=None)
        if best is None:
            return None
        found = best.i, best.j
    i, j = found
    # the commune belongs to the place when it follows at once: « 12 rue de la Paix, 44000 Nantes »
    for candidate in sentence._candidates():
        between = sentence.words[j : candidate.i]
        if (
            commune
            and candidate.i >= j
            and len(between) <= 3
            and all(word in ("a", "au", "sur", "de", "d") or word.isdecimal() for word in between)
        ):
            j = candidate.j
            break
    span = sentence.read[i].start, sentence.read[j - 1].end
    return Place(text[slice(*span)], span, commune)


def _places(sentence: _Sentence) -> Iterator[tuple[int, int]]:
    """Words of places in order: from word, to before word."""
    words = sentence.words
    for i in range(len(words)):
        found = _address(sentence, i) or _road(sentence, i) or _home(words, i) or _landmark(sentence, i)
        if found:
            yield found


def _address(sentence: _Sentence, i: int) -> tuple[int, int] | None:
    """« 12 bis rue de la Paix », « place de la mairie », from the number or the kind of street."""
    words, j = sentence.words, i
    if words[i].isdecimal() and len(words[i]) <= 4:
        j = i + 1
        while j < len(words) and j - i <= 2 and (words[j] in _NUMBER_SUFFIXES):
            j += 1
    if (
        j >= len(words)
        or words[j] not in _STREETS
        or (j > i and sentence.parted[j] and "," not in sentence.text[sentence.read[j - 1].end : sentence.read[j].start])
    ):
        return None
    if (
        words[j] in ("cours", "cour", "porte", "lieu", "passage", "pont", "cite", "rond", "place")
        and j == i
        and not (j + 1 < len(words) and words[j + 1] in _LINKS | {"st"})
    ):
        return None
    end = _name_end(sentence, j + 1, 8)
    return (i, end) if end > j + 1 else None


def _name_end(sentence: _Sentence, start: int, most: int) -> int:
    """The word after a name that begins at word `start`; links (« de la ») belong to it only when something follows them."""
    words, end = sentence.words, start
    for j in range(start, min(start + most, len(words))):
        if (
            sentence.parted[j]
            or words[j] in _NOT_IN_A_NAME
            or (j > start and words[j].isdecimal() and len(words[j]) != 4 and words[j - 1] not in _LINKS)
        ):
            break
        if words[j] in _LINKS:
            continue
        # after a word of a name, a word without link and in lower case begins something else, unless the whole text is in lower case
        end = j + 1
    return end


def _road(sentence: _Sentence, i: int) -> tuple[int, int] | None:
    """« A7 », « l'A 7 », « N20 », « D906 », with « sur » before it."""
    words = sentence.words
    if i + 1 < len(words) and words[i] in _ROADS and words[i + 1].isdecimal() and len(words[i + 1]) <= 4:
        glued = sentence.read[i].end == sentence.read[i + 1].start
        said = i > 0 and words[i - 1] in ("l", "la", "autoroute", "nationale", "departementale", "route", "sur")
        if glued or said:
            start = i
            while start > 0 and i - start < 3 and words[start - 1] in ("l", "la", "sur", "autoroute", "nationale", "departementale"):
                start -= 1
            return start, i + 2
    return None


def _home(words: list[str], i: int) -> tuple[int, int] | None:
    return next(((i, i + len(home)) for home in _HOMES if tuple(words[i : i + len(home)]) == home), None)


def _landmark(sentence: _Sentence, i: int) -> tuple[int, int] | None:
    """« devant le Leclerc », « gare de Lyon », « dans le bus 4 », « ligne 13 »."""
    words = sentence.words
    if words[i] in _TRANSPORT and i + 1 < len(words) and not sentence.parted[i + 1]:
        after = words[i + 1]
        if after == "ligne" and i + 2 < len(words) and words[i + 2].isdecimal():
            return i, i + 3
        if (after.isdecimal() and len(after) <= 3) or (
            words[i] in ("rer", "ligne", "tram", "bus") and len(after) == 1 and after not in "aly"
        ):
            return i, i + 2
    for before in _BEFORE_A_PLACE:
        if tuple(words[i : i + len(before)]) != before:
            continue
        j = i + len(before)
        while (
            j < len(words) and j - i <= 5 and words[j] in _LINKS | {"mon", "ma", "un", "une", "ce", "cette", "notre", "son", "sa", "leur"}
        ):
            j += 1
        if j >= len(words) or any(sentence.parted[i + 1 : j + 1]):
            return None
        if words[j] in _THINGS:
            return i, _thing_end(sentence, j)
        if words[i] == "chez" and sentence.text[sentence.read[j].start].isupper():
            return i, j + 1
        return None
    if (
        words[i] in ("gare", "station", "mairie", "aeroport", "lycee", "college", "stade", "arret")
        and i + 2 < len(words)
        and words[i + 1] in _LINKS
    ):
        return i, _thing_end(sentence, i)
    return None


def _thing_end(sentence: _Sentence, j: int) -> int:
    """The word after a landmark, with its name: « gare de Lyon », « bus 4 », « centre commercial Atlantis »."""
    words, end = sentence.words, j + 1
    if end < len(words) and not sentence.parted[end] and words[end] in _THINGS:
        end += 1
    if end < len(words) and not sentence.parted[end] and words[j] in _TRANSPORT and words[end].isdecimal():
        return end + 1
    k = end
    while k < len(words) and k - end < 3 and not sentence.parted[k] and words[k] in _LINKS:
        k += 1
    capitals = k
    while (
        capitals < len(words)
        and capitals - k < 4
        and not sentence.parted[capitals]
        and sentence.text[sentence.read[capitals].start].isupper()
    ):
        capitals += 1
    if capitals > k:
        return capitals
    if k > end and k < len(words) and not sentence.parted[k] and words[k] in _THINGS | {"routiere", "nord", "sud", "village", "quartier"}:
        return k + 1
    return end


def commune_by_code(code: str) -> Commune | None:
    """The commune with an INSEE code ("44109"); None when there is none."""
    place = _communes().with_code(code)
    return None if place is None else _communes().commune(place)

"""`relais content check`: what the editors should look at in the examples and answers of `data/`. docs/content.md tells them how.

`load` reads the files with their line numbers, `check` judges them; neither writes anything. An error is something that must not go
live (a citizen would be told something wrong or nothing at all, or the examples contradict each other); everything else is a note.
"""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from rapidfuzz import process
from rapidfuzz.distance import Indel

from frontdesk.environment import OperatorError

EXAMPLES_WANTED = 150  # of a topic; below it a note
EXAMPLES_NEEDED = 40  # of a topic; below it an error: measured, a topic with so few is understood four times in five at best
EXAMPLE_LIMIT = 500  # characters
ANSWER_LIMIT = 600  # characters
LABEL_LIMIT = 40  # characters: a button of the page
EXPIRES_SOON = timedelta(days=60)
FILE_LIMIT = 5 * 1024 * 1024  # bytes
EXAMPLES_LIMIT = 50_000  # of all files; the comparison grows with the square

# Two examples say nearly the same when the letters of their words, sorted so that word order does not count, agree at least this
# much (Indel similarity: twice the common letters by the letters of both). Chosen on the first 2,481 examples: at 0.85 nearly every
# pair is one that an editor would merge (« je souhaite porter plainte », « je souaite porter plainte »), at 0.80 half of them are not.
NEARLY_SAME = 0.85
# The same when one word was changed, added or left out, in examples of at least this many words: shorter ones differ by their only
# telling word (« vol de vélo », « vol de sac »).
ONE_WORD_FROM = 5

TOPIC_PREFIX = "faq/"
ANSWER_PREFIX = "utter_"
_POLITE = frozenset("bonjour bonsoir salut merci svp stp madame monsieur".split())
_PLEASE = re.compile(r"\bs['’ ]?il (?:vous|te) plait\b")
_PAYLOAD = re.compile(r"/([A-Za-z0-9_]+(?:/[A-Za-z0-9_]+)?)(?:\{.*\})?")
_CHECKED = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_TEXT_TAG = "tag:yaml.org,2002:str"
_BRACKETS = re.compile(r"[\[\]{}]")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where PyYAML has its C library

Level = Literal["error", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing to look at: `what` is wrong and what `todo`, in French; `line` counts from 1, `file` is relative to the root."""

    level: Level
    code: str
    file: str
    line: int
    what: str
    todo: str


@dataclass(frozen=True)
class Example:
    """One training example of an intent; `intent` is the full label (`faq/plainte_depot`, `greet`)."""

    intent: str
    text: str
    file: str
    line: int


@dataclass(frozen=True)
class Entry:
    """A value anywhere inside a response, with its place: `key` is the name before it, `is_text` false for a bare number or date."""

    key: str
    value: str
    line: int
    is_text: bool


@dataclass(frozen=True)
class Answer:
    """One variation of a response."""

    name: str
    file: str
    line: int
    text: Entry | None
    metadata: dict[str, Entry]
    entries: tuple[Entry, ...]

    @property
    def topic(self) -> str | None:
        """The full label of the topic that it answers, or None for what else the service says."""
        label = self.name.removeprefix(ANSWER_PREFIX)
        return label if label.startswith(TOPIC_PREFIX) else None


@dataclass(frozen=True)
class Content:
    """All examples and answers of an installation; `intents` are the names in `domain.yml`, `malformed` what could not be read."""

    examples: tuple[Example, ...]
    answers: tuple[Answer, ...]
    intents: frozenset[str]
    malformed: tuple[Finding, ...] = field(default=())

    @property
    def topics(self) -> dict[str, tuple[str, int]]:
        """The topics with the place to look at: their first example, else their answer."""
        places: dict[str, tuple[str, int]] = {}
        for example in self.examples:
            if example.intent.startswith(TOPIC_PREFIX):
                places.setdefault(example.intent, (example.file, example.line))
        for answer in self.answers:
            if answer.topic is not None:
                places.setdefault(answer.topic, (answer.file, answer.line))
        return places


# ---------------------------------------------------------------------------------------------------------- reading


def load(root: Path) -> Content:
    """Reads `domain.yml` and the examples and responses of every YAML file under `data/`, in the order of their paths.

    Raises `OperatorError` with file and line when a file is no valid YAML, is not UTF-8, cannot be read or is too big.
    """
    data = root / "data"
    if not data.is_dir():
        raise OperatorError(f"Le dossier {data} n’existe pas : lancez la commande dans un dossier de Relais.")
    reader = _Reader()
    for path in sorted(path for suffix in ("*.yml", "*.yaml") for path in data.rglob(suffix)):
        reader.read(_compose(path, path.relative_to(root).as_posix()), path.relative_to(root).as_posix())
    if len(reader.examples) > EXAMPLES_LIMIT:
        raise OperatorError(f"Il y a {len(reader.examples)} exemples, la comparaison en accepte {EXAMPLES_LIMIT} : retirez-en.")
    domain = root / "domain.yml"
    intents = _intent_names(_compose(domain, domain.name)) if domain.exists() else frozenset()
    return Content(tuple(reader.examples), tuple(reader.answers), intents, tuple(reader.malformed))


def _compose(path: Path, name: str) -> yaml.Node | None:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise OperatorError(f"{name} dépasse {FILE_LIMIT // 1024 // 1024} Mio : coupez le fichier.")
        node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise OperatorError(f"{name} n’est pas lisible ({error.strerror}) : vérifiez les droits.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise OperatorError(f"{name}, ligne {line} : le fichier doit être en UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise OperatorError(
            f"{name}, ligne {line} : le YAML n’est pas valable ({error.problem}). Vérifiez retraits et guillemets."
        ) from error
    except yaml.YAMLError as error:
        raise OperatorError(f"{name} : le YAML n’est pas valable ({error}).") from error
    return node


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Name, key and value of a mapping; nothing for anything else."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key, value


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, _, value in _pairs(node) if key == name), None)


def _intent_names(domain: yaml.Node | None) -> frozenset[str]:
    names: set[str] = set()
    for item in _items(_child(domain, "intents")):
        if isinstance(item, yaml.ScalarNode):
            names.add(item.value)
        names.update(name for name, _, _ in _pairs(item))
    return frozenset(names)


class _Reader:
    """Collects what the files hold; what has an unknown form becomes a finding instead of being passed over."""

    def __init__(self) -> None:
        self.examples: list[Example] = []
        self.answers: list[Answer] = []
        self.malformed: list[Finding] = []
        self._responses: dict[str, str] = {}

    def read(self, root: yaml.Node | None, file: str) -> None:
        for item in _items(_child(root, "nlu")):
            intent = _child(item, "intent")
            if isinstance(intent, yaml.ScalarNode):  # else a synonym or lookup table
                self._intent(intent.value, _child(item, "examples"), file, _line(item))
        for name, key, value in _pairs(_child(root, "responses")):
            self._response(name, value, file, _line(key))

    def _intent(self, intent: str, examples: yaml.Node | None, file: str, line: int) -> None:
        if not isinstance(examples, yaml.ScalarNode) or examples.style != "|":
            self._bad(
                file, line, f"les exemples de {intent} ne sont pas sous la forme « examples: | »", "reprenez la forme des autres fichiers"
            )
            return
        # The text of a block begins on the line after its « | ».
        for number, raw in enumerate(examples.value.split("\n"), start=_line(examples) + 1):
            text = raw.strip()
            if text.startswith("- ") and text[2:].strip():
                self.examples.append(Example(intent, text[2:].strip(), file, number))
            elif text:
                self._bad(
                    file, number, f"la ligne « {_short(text)} » n’est pas un exemple", "commencez-la par « - » et une espace, ou retirez-la"
                )

    def _response(self, name: str, variations: yaml.Node, file: str, line: int) -> None:
        if name in self._responses:
            self._bad(file, line, f"la réponse {name} est déjà écrite ({self._responses[name]})", "gardez une seule des deux")
            return
        self._responses[name] = f"{file}:{line}"
        if not _items(variations):
            self._bad(file, line, f"la réponse {name} est vide", "écrivez son texte, ou retirez-la")
        for variation in _items(variations):
            entries = tuple(_entries(variation))
            metadata = {key: _entry(key, value) for key, _, value in _pairs(_child(variation, "metadata"))}
            text = _child(variation, "text")
            self.answers.append(Answer(name, file, line, _entry("text", text) if text else None, metadata, entries))

    def _bad(self, file: str, line: int, what: str, todo: str) -> None:
        self.malformed.append(Finding("error", "malformed", file, line, what, todo))


def _entry(key: str, node: yaml.Node) -> Entry:
    value = node.value if isinstance(node, yaml.ScalarNode) else ""
    return Entry(key, value, _line(node), node.tag == _TEXT_TAG)


def _entries(node: yaml.Node, key: str = "") -> Iterator[Entry]:
    """Every plain value below `node`, whatever the depth."""
    if isinstance(node, yaml.ScalarNode):
        yield _entry(key, node)
    for name, _, value in _pairs(node):
        yield from _entries(value, name)
    for item in _items(node):
        yield from _entries(item, key)


# --------------------------------------------------------------------------------------------------------- checking


def check(content: Content, today: date) -> list[Finding]:
    """Everything to look at, errors first, then by file and line. `today` decides what has expired."""
    findings = [
        *content.malformed,
        *_check_topics(content),
        *_check_examples(content.examples),
        *_check_resemblance(content.examples),
        *_check_answers(content, today),
    ]
    return sorted(findings, key=lambda one: (one.level, one.file, one.line, one.code))


def _check_topics(content: Content) -> Iterator[Finding]:
    counts: dict[str, set[str]] = defaultdict(set)
    for example in content.examples:
        counts[example.intent].add(example.text)
    answered = {answer.topic for answer in content.answers}
    for topic, (file, line) in content.topics.items():
        count = len(counts[topic])
        if topic not in answered:
            yield Finding(
                "error",
                "no_answer",
                file,
                line,
                f"le thème {topic} n’a pas de réponse",
                f"écrivez {ANSWER_PREFIX}{topic} dans data/responses/",
            )
        if not count:
            yield Finding(
                "error",
                "no_examples",
                file,
                line,
                f"le thème {topic} n’a aucun exemple",
                "écrivez-en dans data/nlu/, ou retirez la réponse",
            )
        elif count < EXAMPLES_WANTED:
            few: Level = "error" if count < EXAMPLES_NEEDED else "note"
            plural = "s" * (count > 1)
            todo = f"il en faut {EXAMPLES_WANTED} ({EXAMPLES_NEEDED} au strict minimum), de personnes et de situations différentes"
            yield Finding(few, "few_examples", file, line, f"le thème {topic} n’a que {count} exemple{plural} différent{plural}", todo)


def _check_examples(examples: Sequence[Example]) -> Iterator[Finding]:
    for one in examples:
        if bracket := _BRACKETS.search(one.text):
            what = f"l’exemple « {_short(one.text)} » contient « {bracket.group()} », que Rasa lit comme une annotation"
            yield Finding("error", "brackets", one.file, one.line, what, "retirez crochets et accolades")
        if len(one.text) > EXAMPLE_LIMIT:
            what = f"l’exemple « {_short(one.text)} » a {len(one.text)} caractères"
            yield Finding(
                "error", "long_example", one.file, one.line, what, f"raccourcissez-le à {EXAMPLE_LIMIT} caractères ou coupez-le en deux"
            )


def _check_answers(content: Content, today: date) -> Iterator[Finding]:
    topics = content.topics
    answered = {answer.topic for answer in content.answers}
    known = content.intents | {example.intent for example in content.examples}
    for answer in content.answers:
        file, name = answer.file, answer.name
        if answer.text is None or not answer.text.value.strip():
            yield Finding(
                "error", "no_text", file, answer.line, f"la réponse {name} n’a pas de texte", "écrivez d’abord ce qu’il faut faire"
            )
        elif (size := len(answer.text.value.strip())) > ANSWER_LIMIT:
            what = f"la réponse {name} a {size} caractères"
            todo = f"raccourcissez-la à {ANSWER_LIMIT} : la suite va derrière un lien officiel"
            yield Finding("error", "long_answer", file, answer.text.line, what, todo)
        if answer.topic is not None:
            yield from _check_metadata(answer)
        yield from _check_dates(answer, today)
        for entry in answer.entries:
            yield from _check_entry(answer, entry, topics, answered, known)


def _check_metadata(answer: Answer) -> Iterator[Finding]:
    for key, meaning in (
        ("label", f"le nom du thème sur un bouton, {LABEL_LIMIT} caractères au plus"),
        ("source", "la page officielle d’où viennent les faits"),
        ("checked", 'le jour où la source a été lue, comme "2026-11-23"'),
        ("expires", 'le jour où il faudra la relire, comme "2027-05-23"'),
    ):
        if key not in answer.metadata or not answer.metadata[key].value.strip():
            what = f"la réponse {answer.name} n’a pas de « {key} » dans metadata"
            yield Finding("error", "no_metadata", answer.file, answer.line, what, f"ajoutez {meaning}")
    label = answer.metadata.get("label")
    if label is not None and len(label.value) > LABEL_LIMIT:
        what = f"le nom « {_short(label.value)} » a {len(label.value)} caractères"
        yield Finding("note", "long_label", answer.file, label.line, what, f"raccourcissez-le à {LABEL_LIMIT}")


def _check_dates(answer: Answer, today: date) -> Iterator[Finding]:
    checked, expires = answer.metadata.get("checked"), answer.metadata.get("expires")
    if checked is not None and checked.value:
        read = _day(checked.value if len(checked.value) > 7 else f"{checked.value}-01") if _CHECKED.fullmatch(checked.value) else None
        if read is None:
            what = f"la date « {_short(checked.value)} » de « checked » n’est pas valable"
            yield Finding("error", "bad_date", answer.file, checked.line, what, "écrivez année-mois-jour ou année-mois")
        elif read > today:
            what = f"« checked » est dans le futur ({_french(read)}) pour {answer.name}"
            yield Finding("error", "bad_date", answer.file, checked.line, what, "écrivez le jour où la source a vraiment été lue")
    if expires is not None and expires.value:
        until = _day(expires.value)
        todo = "relisez la source, corrigez le texte s’il le faut, puis changez « checked » et « expires »"
        if until is None:
            what = f"la date « {_short(expires.value)} » de « expires » n’est pas valable"
            yield Finding("error", "bad_date", answer.file, expires.line, what, "écrivez année-mois-jour")
        elif until < today:
            what = f"la réponse {answer.name} était à relire avant le {_french(until)}"
            yield Finding("error", "expired", answer.file, expires.line, what, todo)
        elif until <= today + EXPIRES_SOON:
            what = f"la réponse {answer.name} sera à relire le {_french(until)}"
            yield Finding("note", "expires_soon", answer.file, expires.line, what, todo)


def _check_entry(
    answer: Answer, entry: Entry, topics: dict[str, tuple[str, int]], answered: set[str | None], known: frozenset[str]
) -> Iterator[Finding]:
    file, line, value = answer.file, entry.line, entry.value.strip()
    if not entry.is_text and entry.key in (
        "text",
        "title",
        "label",
        "number",
        "href",
        "url",
        "note",
        "source",
        "checked",
        "expires",
        "payload",
    ):
        if value and value != "null":
            what = f"« {entry.key}: {_short(value)} » est lu comme un nombre ou une date"
            yield Finding("error", "not_text", file, line, what, f'mettez des guillemets : {entry.key}: "{_short(value)}"')
    if entry.key == "url" and not re.match(r"https://[^\s/]+\.", value):
        what = f"le lien « {_short(value)} » ne commence pas par https://"
        yield Finding("error", "link_not_https", file, line, what, "donnez l’adresse complète et sûre de la page officielle")
    if entry.key == "href" and re.sub(r"\D", "", value) == "114" and not value.startswith("sms:"):
        yield Finding(
            "error", "call_114", file, line, f"« {value} » ferait appeler le 114, qui ne répond qu’à l’écrit", 'écrivez href: "sms:114"'
        )
    if entry.key == "payload":
        target = _PAYLOAD.fullmatch(value)
        intent = target.group(1) if target else ""
        if not target:
            what = f"le bouton mène à « {_short(value)} », qui n’est pas une commande"
            yield Finding("error", "bad_payload", file, line, what, "écrivez par exemple /faq/plainte_depot ou /human")
        elif intent.startswith(TOPIC_PREFIX) and (intent not in topics or intent not in answered):
            what = f"le bouton mène au thème {intent}, qui n’existe pas ou n’a pas de réponse"
            yield Finding("error", "bad_payload", file, line, what, "corrigez le nom du thème, ou écrivez sa réponse")
        elif not intent.startswith(TOPIC_PREFIX) and intent not in known:
            what = f"le bouton mène à /{intent}, que l’assistant ne connaît pas"
            yield Finding("error", "bad_payload", file, line, what, "corrigez le nom, ou ajoutez-le dans domain.yml")


def _day(text: str) -> date | None:
    # date.fromisoformat also takes forms that nobody here writes (20270523, 2027-W21-7).
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _french(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:79]}…"


# ------------------------------------------------------------------------------------------------------ resemblance


def words(text: str, *, politeness: bool = False) -> tuple[str, ...]:
    """The words that count when examples are compared, sorted: without case, accents and punctuation, and without `politeness`.

    A text of politeness only keeps it; a text without letters and digits is its own only word.
    """
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    folded = "".join(letter for letter in plain if not unicodedata.combining(letter))
    every = re.findall(r"[^\W_]+", folded) or [text.strip()]
    rest = [word for word in re.findall(r"[^\W_]+", _PLEASE.sub(" ", folded)) if word not in _POLITE]
    return tuple(sorted(every if politeness else rest or every))


def _check_resemblance(examples: Sequence[Example]) -> Iterator[Finding]:
    """Exact duplicates, near-duplicates inside a topic, collisions between intents: one finding for the later of two, with its nearest."""
    exact: dict[tuple[str, str], Example] = {}
    distinct: list[Example] = []
    for one in examples:
        first = exact.setdefault((one.intent, one.text), one)
        if first is one:
            distinct.append(one)
        else:
            what = f"l’exemple « {_short(one.text)} » est déjà à la ligne {_place(first, one)}"
            yield Finding("error", "duplicate", one.file, one.line, what, "retirez l’un des deux")
    # In small talk the greeting is the message: « merci à vous » is not « bonsoir à vous ».
    bags = [words(one.text, politeness=not one.intent.startswith(TOPIC_PREFIX)) for one in distinct]
    # By the later example: whether the text is the same, the similarity, minus the index of the earlier. The nearest is the greatest.
    inside: dict[int, tuple[bool, float, int]] = {}
    between: dict[int, tuple[bool, float, int]] = {}
    for earlier, later, similarity, one_word in _similar_pairs(bags):
        one, other = distinct[later], distinct[earlier]
        rank = (one.text == other.text, similarity, -earlier)
        if one.intent == other.intent:
            if one.intent.startswith(TOPIC_PREFIX):  # small talk is short and alike by nature
                inside[later] = max(rank, inside.get(later, rank))
        elif not one_word or similarity >= NEARLY_SAME:  # two topics may well differ by one word: « volé », « perdu »
            between[later] = max(rank, between.get(later, rank))
    for later, (_, similarity, minus_earlier) in inside.items():
        one, other = distinct[later], distinct[-minus_earlier]
        what = f"l’exemple « {_short(one.text)} » dit {_how_near(similarity)} que « {_short(other.text)} » (ligne {_place(other, one)})"
        todo = "remplacez-le par une autre façon de le dire : une autre personne, une autre situation"
        yield Finding("note", "near_duplicate", one.file, one.line, what, todo)
    for later, (same, similarity, minus_earlier) in between.items():
        one, other = distinct[later], distinct[-minus_earlier]
        what = (
            f"l’exemple « {_short(one.text)} » de {one.intent} dit {_how_near(similarity)} que « {_short(other.text)} » "
            f"de {other.intent} (ligne {_place(other, one)})"
        )
        todo = "gardez-le dans un seul thème" if same else "vérifiez que chacun est dans le bon thème, ou rendez la différence plus claire"
        yield Finding("error" if same else "note", "collision", one.file, one.line, what, todo)


def _how_near(similarity: float) -> str:
    return "la même chose" if similarity == 1 else f"presque la même chose ({min(round(100 * similarity), 99)} %)"


def _place(other: Example, seen_from: Example) -> str:
    return str(other.line) if other.file == seen_from.file else f"{other.line} de {other.file}"


def _similar_pairs(bags: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int, float, bool]]:
    """Earlier index, later index, similarity, and whether the pair was found as a change of one word (a pair may come twice)."""
    texts = [" ".join(bag) for bag in bags]
    for earlier, later, similarity in _alike(texts):
        yield earlier, later, similarity, False
    for earlier, later in _one_word_apart(bags):
        yield earlier, later, float(Indel.normalized_similarity(texts[earlier], texts[later])), True


def _alike(texts: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    # Texts that agree to s have lengths that differ by at most (2 - s) / s, so each is compared with its neighbours in length only.
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    by_length = [texts[at] for at in order]
    lengths = [len(text) for text in by_length]
    cutoff = NEARLY_SAME - 0.001  # rapidfuzz rounds its own cutoff and would lose pairs that agree to exactly 0.85
    for place, text in enumerate(by_length):
        end = bisect.bisect_right(lengths, int(len(text) * (2 - NEARLY_SAME) / NEARLY_SAME) + 1)
        near = process.extract(text, by_length[place + 1 : end], scorer=Indel.normalized_similarity, score_cutoff=cutoff, limit=None)
        for _, similarity, offset in near:
            if similarity >= NEARLY_SAME - 1e-9:
                earlier, later = sorted((order[place], order[place + 1 + offset]))
                yield earlier, later, float(similarity)


def _one_word_apart(bags: Sequence[tuple[str, ...]]) -> set[tuple[int, int]]:
    """Pairs of which at least one has `ONE_WORD_FROM` words and that are equal when at most one word of each is left out."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for at, bag in enumerate(bags):
        if len(bag) >= ONE_WORD_FROM - 1:
            groups[bag].append(at)
        if len(bag) >= ONE_WORD_FROM:
            for shorter in {bag[:left_out] + bag[left_out + 1 :] for left_out in range(len(bag))}:
                groups[shorter].append(at)
    return {(min(pair), max(pair)) for group in groups.values() for pair in itertools.combinations(group, 2)}


# -------------------------------------------------------------------------------------------------------- reporting

_TITLES = {"error": "Erreurs, à corriger avant la mise en ligne", "note": "Remarques, à regarder"}


def as_json(content: Content, findings: Iterable[Finding]) -> dict[str, Any]:
    """The report as a JSON-ready dict; `level` is `error` or `note`, `code` never changes its meaning (docs/content.md)."""
    every = list(findings)
    return {
        "topics": len(content.topics),
        "examples": len(content.examples),
        "answers": len(content.answers),
        "errors": sum(one.level == "error" for one in every),
        "notes": sum(one.level == "note" for one in every),
        "codes": dict(sorted(Counter(one.code for one in every).items())),
        "findings": [asdict(one) for one in every],
    }


def as_text(content: Content, findings: Iterable[Finding]) -> str:
    """The report as an editor reads it: a line for each finding and one for what to do, then the counts."""
    every = list(findings)
    lines: list[str] = []
    for level, title in _TITLES.items():
        told = [one for one in every if one.level == level]
        if told:
            lines += [f"{title} ({len(told)})", ""]
            for one in told:
                lines += [f"{one.file}:{one.line} : {one.what}.", f"    → {one.todo[0].upper()}{one.todo[1:]}."]
            lines.append("")
    report = as_json(content, every)
    lines.append(f"{report['topics']} thèmes, {report['examples']} exemples, {report['answers']} réponses lus.")
    lines.append(f"Erreurs : {report['errors']}. Remarques : {report['notes']}.")
    return "\n".join(lines)

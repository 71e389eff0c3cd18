"""The intent classifier: sparse features of characters and words, a linear support vector machine, and abstention.

It works on full labels (`faq/plainte_depot`, `human`): a topic is a class of its own, and Rasa's `utter_faq` action finds the answer in
the `response_selector` property set here, so that neither DIET nor a response selector is needed. docs/benchmarks.md compares it with
Rasa's stock pipeline, docs/understanding.md tells how it was chosen.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from assistant.labels import parse_data_for

RANKING_LENGTH: Final = 10
OUT_OF_SCOPE: Final = "out_of_scope"
_LONGEST_TEXT: Final = 2000  # code points; the channel refuses more, training examples are shorter
_ARRAYS: Final = "classifier.npz"
_TERMS: Final = "terms.json"
_APOSTROPHES: Final = re.compile("['’‘ʼ`´]")
_NOT_WORD: Final = re.compile(r"[^\w?!]+")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):
    """Sets `intent`, `intent_ranking` and, for a topic, `response_selector`; sets `nlu_fallback` when it is not sure.

    `intent_ranking` always holds the likeliest full labels with their probability, also when it abstains: the fallback action offers them.
    Deterministic: the same data give the same model, the same text the same answer.
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """An untrained classifier; until it is trained every message is `nlu_fallback`."""
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._vectorizers: list[Any] = []
        self._labels: list[str] = []
        self._weights: Any = None  # features x labels
        self._offsets: Any = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Defaults; `config.yml` may set each. docs/understanding.md tells how they were chosen, with the figures.

        regularisation: C of the support vector machine.
        sharpness: how distances become probabilities; the value whose probabilities fit held-out examples best (log loss).
        threshold: probability of the likeliest label below which the message is `nlu_fallback` (0-1).
        margin: the likeliest label must lead the next one by this much (0-1), else `nlu_fallback`.
        refusal: what `threshold` is for `out_of_scope`. A wrong refusal sends somebody away; being unsure still offers topics and a person.
        """
        return {"regularisation": 1.0, "sharpness": 5.0, "threshold": 0.55, "margin": 0.1, "refusal": 0.6}

    # `normalise` and `_new_vectorizers` belong to the class because Rasa's training cache hashes the source of the class only.
    @staticmethod
    def normalise(text: str) -> str:
        """Lower case, accents folded, apostrophes opened (`j'ai` -> `j ai`), runs of other signs turned into one space."""
        opened = _APOSTROPHES.sub(" ", text[:_LONGEST_TEXT].lower()).replace("œ", "oe").replace("æ", "ae")
        folded = "".join(c for c in unicodedata.normalize("NFKD", opened) if not unicodedata.combining(c))
        return _NOT_WORD.sub(" ", folded).strip()

    @staticmethod
    def _new_vectorizers() -> list[Any]:
        # Imported here: validating data loads this module too and needs no scikit-learn.
        from sklearn.feature_extraction.text import TfidfVectorizer

        common: dict[str, Any] = {"lowercase": False, "sublinear_tf": True, "dtype": np.float32}
        return [
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common),
            TfidfVectorizer(analyzer="word", token_pattern=r"\w+", ngram_range=(1, 2), **common),
        ]

    @staticmethod
    def required_packages() -> list[str]:
        """What Rasa checks for before training."""
        return ["sklearn"]

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TopicClassifier:
        """A new untrained component (called by Rasa)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from every example that has an intent and a text, and stores the result as a resource of the model."""
        from scipy.sparse import hstack
        from sklearn.svm import LinearSVC

        # Sorted: the order of the files on a disk must not change the model.
        pairs = sorted(
            {(self.normalise(m.get(TEXT)), m.get_full_intent()) for m in training_data.intent_examples if m.get(INTENT) and m.get(TEXT)}
        )
        if len({label for _, label in pairs}) < 2:
            raise ValueError("The classifier needs examples of at least two intents.")
        texts, labels = zip(*pairs, strict=True)
        self._vectorizers = self._new_vectorizers()
        features = hstack([v.fit_transform(texts) for v in self._vectorizers], format="csr")
        # A linear support vector machine, one label against the rest: on 90 topics it learns in 6 s where logistic regression takes 100,
        # and ranks as well (docs/understanding.md). No class weights: `out_of_scope` is wide, and weakening it answers what it should not.
        model = LinearSVC(C=self._config["regularisation"], random_state=0)
        model.fit(features, np.array(labels))
        self._labels = [str(label) for label in model.classes_]
        # With two labels scikit-learn keeps one row of weights, for the second label.
        weights, offsets = model.coef_, model.intercept_
        self._weights = np.vstack([-weights, weights] if len(self._labels) == 2 else [weights]).T.astype(np.float32)
        self._offsets = np.concatenate([-offsets, offsets] if len(self._labels) == 2 else [offsets])
        self._persist()
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Later components do not exist, so the training data pass unchanged."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Classifies each message in place."""
        for message in messages:
            ranking = self.rank(message.get(TEXT) or "")
            for key, value in parse_data_for(self._decide(ranking), ranking).items():
                message.set(key, value, add_to_output=True)
        return messages

    def rank(self, text: str) -> list[dict[str, Any]]:
        """The likeliest full labels of a text and their probability, best first, at most `RANKING_LENGTH`; none when nothing is known."""
        normalised = self.normalise(text)
        if self._weights is None or not normalised:
            return []
        from scipy.sparse import hstack

        features = hstack([v.transform([normalised]) for v in self._vectorizers], format="csr")
        if features.nnz == 0:
            return []
        # Distances from the label's border into probabilities that can be compared with the thresholds.
        scores = self._config["sharpness"] * (features @ self._weights + self._offsets)[0]
        grown = np.exp(scores - scores.max())
        probabilities = grown / grown.sum()
        best = np.argsort(-probabilities, kind="stable")[:RANKING_LENGTH]
        return [{"name": self._labels[i], "confidence": round(float(probabilities[i]), 4)} for i in best]

    def _decide(self, ranking: list[dict[str, Any]]) -> dict[str, Any]:
        unsure = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": round(1 - ranking[0]["confidence"], 4) if ranking else 1.0}
        if not ranking:
            return unsure
        floor = self._config["refusal" if ranking[0]["name"] == OUT_OF_SCOPE else "threshold"]
        if ranking[0]["confidence"] < floor:
            return unsure
        if len(ranking) > 1 and ranking[0]["confidence"] - ranking[1]["confidence"] < self._config["margin"]:
            return unsure
        return dict(ranking[0])

    def _persist(self) -> None:
        # Plain arrays and JSON: loading them can't run code (a model comes over the network in a larger set-up), unlike pickle, and takes
        # 50 ms instead of skops' 4 s, most of which is the import of all of scikit-learn.
        with self._model_storage.write_to(self._resource) as directory:
            weights = [vectorizer.idf_.astype(np.float32) for vectorizer in self._vectorizers]
            arrays = {"weights": self._weights, "offsets": self._offsets, "idf_0": weights[0], "idf_1": weights[1]}
            np.savez(directory / _ARRAYS, **arrays)
            terms = {"labels": self._labels, "terms": [list(v.get_feature_names_out()) for v in self._vectorizers]}
            (directory / _TERMS).write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> TopicClassifier:
        """The trained component (called by Rasa); raises when the model lacks its files."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            stored = json.loads((directory / _TERMS).read_text(encoding="utf-8"))
            with np.load(directory / _ARRAYS, allow_pickle=False) as arrays:
                component._labels = stored["labels"]
                component._weights, component._offsets = arrays["weights"], arrays["offsets"]
                component._vectorizers = component._new_vectorizers()
                for number, (vectorizer, terms) in enumerate(zip(component._vectorizers, stored["terms"], strict=True)):
                    vectorizer.vocabulary = terms
                    vectorizer.idf_ = arrays[f"idf_{number}"]
        return component

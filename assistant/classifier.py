"""The intent classifier inside Rasa: the topic model (assistant/topic_model.py), abstention, skills, several topics in one message.

It works on full labels (`faq/plainte_depot`, `human`): a topic is a class of its own, and Rasa's `utter_faq` action finds the answer in
the `response_selector` property set here, so that neither DIET nor a response selector is needed. docs/benchmarks.md compares it with
Rasa's stock pipeline, docs/understanding.md tells how it was chosen.
"""

from __future__ import annotations

import re
from typing import Any, Final

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
from assistant.topic_model import LONGEST_TEXT, TopicModel, normalise

RANKING_LENGTH: Final = 10
OUT_OF_SCOPE: Final = "out_of_scope"
SEVERAL_TOPICS: Final = "several_topics"
SHORTEST_PART: Final = 3  # words of a part that asks something of its own
MOST_PARTS: Final = 6  # a text of more parts is a story
# Where one question ends and the next begins, and what makes a part a question or a wish.
_PARTS: Final = re.compile(
    r"[?!.;\n]+\s*"
    r"|,?\s+(?:et|puis|ou) (?=(?:aussi|sinon|comment|combien|ou|où|quand|quels?|quelles?|est[- ]ce|puis[- ]je|peut[- ]on|"
    r"(?:je|on) (?:veux|voudrais|peux|peut|dois|doit)|j'aimerais|dois[- ]je|faut[- ]il|qui|pourquoi|que faire|c'est quoi)\b)"
    r"|,?\s+(?:et aussi|et sinon|autre question|deuxième question|par ailleurs|aussi je voudrais|sinon)\s*[:,]?\s+",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"\b(comment|combien|ou (?:est|sont|faut|puis|dois|peut|je|aller|porter|declarer|faire)|quand|quels?|quelles?|est ce|qu est ce|"
    r"puis je|peut on|dois je|faut il|qui (?:contacter|appeler|prevenir|peut|doit)|a qui|pourquoi|c est quoi|"
    r"(?:je|on) (?:veux|voudrais|souhaite|cherche|peux|peut|dois|doit)|que faire|j aimerais)\b"
)


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
        self._model: TopicModel | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Defaults; `config.yml` may set each. docs/understanding.md tells how they were chosen, with the figures.

        threshold: probability of the likeliest label below which the message is `nlu_fallback` (0-1).
        margin: the likeliest label must lead the next one by this much (0-1), else `nlu_fallback`.
        refusal: what `threshold` is for `out_of_scope`. A wrong refusal sends somebody away; being unsure still offers topics and a person.
        skills: intents that start something here, each with the topic that tells about it. "Je veux prendre rendez-vous" and "comment
            prendre rendez-vous" are one label in the ranking (the topic, with the probability of both); the likelier one is acted on.
        several: probability from which a part of a message counts as a topic of its own (`several_topics`).
        """
        return {
            "threshold": 0.55,
            "margin": 0.1,
            "refusal": 0.6,
            "skills": {},
            "several": 0.75,
        }

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
        """Learns from every example that has an intent and a text, and stores the result as a resource of the model.

        `assistant/train.py` calls Rasa with one example of each label only and then puts the model of all of them in this one's place.
        """
        examples = [(m.get(TEXT), m.get_full_intent()) for m in training_data.intent_examples if m.get(INTENT) and m.get(TEXT)]
        self._model = TopicModel.fit(examples)
        with self._model_storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Later components do not exist, so the training data pass unchanged."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Classifies each message in place."""
        for message in messages:
            text = message.get(TEXT) or ""
            probabilities = self._probabilities(text)
            ranking = self._ranking(probabilities)
            several = self._several(text)
            decision = {"name": SEVERAL_TOPICS, "confidence": ranking[0]["confidence"]} if several else self._decide(ranking, probabilities)
            data = parse_data_for(decision, ranking)
            data["topics"] = several
            for key, value in data.items():
                message.set(key, value, add_to_output=True)
        return messages

    def rank(self, text: str) -> list[dict[str, Any]]:
        """The likeliest full labels of a text and their probability, best first, at most `RANKING_LENGTH`; none when nothing is known."""
        return self._ranking(self._probabilities(text))

    def _probabilities(self, text: str) -> dict[str, float]:
        return {} if self._model is None else self._model.probabilities(text)

    def _ranking(self, probabilities: dict[str, float]) -> list[dict[str, Any]]:
        merged: dict[str, float] = {}
        for label, probability in probabilities.items():
            name = self._config["skills"].get(label, label)
            merged[name] = merged.get(name, 0.0) + probability
        best = sorted(merged.items(), key=lambda item: -item[1])[:RANKING_LENGTH]
        return [{"name": name, "confidence": round(probability, 4)} for name, probability in best]

    def _decide(self, ranking: list[dict[str, Any]], probabilities: dict[str, float]) -> dict[str, Any]:
        unsure = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": round(1 - ranking[0]["confidence"], 4) if ranking else 1.0}
        if not ranking:
            return unsure
        best = ranking[0]
        floor = self._config["refusal" if best["name"] == OUT_OF_SCOPE else "threshold"]
        if best["confidence"] < floor:
            return unsure
        if len(ranking) > 1 and best["confidence"] - ranking[1]["confidence"] < self._config["margin"]:
            return unsure
        acts = [skill for skill, topic in self._config["skills"].items() if topic == best["name"]]
        name = max([best["name"], *acts], key=lambda label: probabilities.get(label, 0.0))
        return {"name": name, "confidence": best["confidence"]}

    def _several(self, text: str) -> list[str]:
        """The topics of a message that asks two or more different things; empty for any other message.

        Each part has to be a question or a wish of its own and sure of its topic: a story touches many topics and asks one thing.
        """
        parts = [part for part in _PARTS.split(text[:LONGEST_TEXT]) if part and len(part.split()) >= SHORTEST_PART]
        if not 2 <= len(parts) <= MOST_PARTS:
            return []
        topics: list[str] = []
        for part in parts:
            if not _ASKS.search(normalise(part)):
                continue
            ranking = self.rank(part)
            if ranking and ranking[0]["name"].startswith("faq/") and ranking[0]["confidence"] >= self._config["several"]:
                topics.append(ranking[0]["name"].removeprefix("faq/"))
        topics = list(dict.fromkeys(topics))
        return topics if len(topics) > 1 else []

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> TopicClassifier:
        """The trained component (called by Rasa); raises when the model lacks its files."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._model = TopicModel.load(directory)
        return component

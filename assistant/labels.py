"""Full labels (`faq/plainte_depot`, `human`) and the parse data that Rasa's rules and its retrieval action read.

Used by the classifier for what people type and by the channel for what a pressed button carries, so that both act alike.
"""

from typing import Any, Final

SEPARATOR: Final = "/"


def parse_data_for(decision: dict[str, Any], ranking: list[dict[str, Any]]) -> dict[str, Any]:
    """Rasa's parse data for a decided full label (`{"name", "confidence"}`) and the ranking behind it.

    For a topic the intent is the retrieval intent (`faq`) and `response_selector` names the answer. Who reads it in Rasa 3.6.21:
    `ActionRetrieveResponse` (core/actions/action.py) takes `[<intent>]["response"]["utter_action"]`, and
    `MessageProcessor._update_full_retrieval_intent` takes `["all_retrieval_intents"]` and `[<intent>]["response"]["intent_response_key"]`.
    """
    label, confidence = decision["name"], decision["confidence"]
    intent, _, topic = label.partition(SEPARATOR)
    data: dict[str, Any] = {"intent": {"name": intent, "confidence": confidence}, "intent_ranking": ranking, "entities": []}
    if topic:
        data["intent"]["full_retrieval_intent_name"] = label
        response = {"confidence": confidence, "intent_response_key": label, "utter_action": f"utter_{label}", "responses": []}
        data["response_selector"] = {"all_retrieval_intents": [intent], intent: {"response": response, "ranking": []}}
    return data


def full_label(parse_data: dict[str, Any]) -> str | None:
    """The full label of a parsed message (`faq/plainte_depot`, `human`, `nlu_fallback`); None when it has no intent."""
    intent = parse_data.get("intent") or {}
    return intent.get("full_retrieval_intent_name") or intent.get("name")

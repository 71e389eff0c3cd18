"""One turn of a conversation: Rasa's own processor, with errors that are seen and a tracker that is saved only when the turn succeeded."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Final

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecutionRejected, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from assistant.labels import full_label, parse_data_for
from assistant.tracker_store import RelaisTrackerStore

logger = logging.getLogger(__name__)

CHANNEL: Final = "relais"
NOT_UNDERSTOOD_ACTION: Final = "action_fallback"
ACTION_SECONDS: Final = 15.0  # an action that takes longer counts as failed; Rasa itself would wait for 300
LOCK_POLL_SECONDS: Final = 0.05  # Rasa's default of one second would be felt
# Rasa's built-in intents are no buttons of ours.
_BUILT_IN: Final = frozenset({"restart", "back", "session_start", "nlu_fallback"})


class ActionFailed(Exception):
    """A custom action or the action server failed; nothing of the turn was saved."""


class NoAnswer(Exception):
    """The dialogue ended without a word for the citizen; nothing of the turn was saved."""


class UnknownPayload(Exception):
    """The payload names an intent or topic that the loaded model does not have."""


class _Turn(MessageProcessor):
    """The loaded processor for one turn: the tracker store itself instead of one that hides errors, and actions that may fail aloud."""

    def __init__(self, processor: MessageProcessor, store: RelaisTrackerStore) -> None:
        # Shares the loaded model; loading it again is what the base class would do.
        self.__dict__.update(processor.__dict__)
        self.tracker_store = store

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        # As in rasa 3.6.21, except that Rasa logs any exception of an action and goes on as if it had worked.
        working_copy = tracker.copy()
        working_copy.update_with_events(prediction.events, self.domain)
        try:
            events = await asyncio.wait_for(action.run(output_channel, nlg, working_copy, self.domain), ACTION_SECONDS)
        except ActionExecutionRejection:
            tracker.update(ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence))
            return self.should_predict_another_action(action.name())
        except Exception as error:
            # Only the type: the text may quote what the action was sent.
            logger.error("Action %s failed: %s", action.name(), type(error).__name__)
            raise ActionFailed(action.name()) from error
        self._log_action_on_tracker(tracker, action, events, prediction)
        if any(isinstance(event, UserUttered) for event in events):
            await self.run_action_extract_slots(output_channel, tracker)
        await self.execute_side_effects(events, tracker, output_channel)
        return self.should_predict_another_action(action.name())

    def parse_data(self, text: str, payload: str | None) -> dict[str, Any] | None:
        """Parse data of a pressed button; None when the text has to be understood."""
        if payload is None:
            return None
        label, _, answer = payload.removeprefix("/").partition("{")
        intent, _, topic = label.partition("/")
        known = intent in self.domain.intents and intent not in _BUILT_IN
        retrieval = intent in self.domain.retrieval_intents
        if not known or retrieval != bool(topic) or (topic and f"utter_{label}" not in self.domain.responses):
            raise UnknownPayload(payload)
        decision = {"name": label, "confidence": 1.0}
        return {"text": text, **parse_data_for(decision, [decision]), "answer": _pressed_answer(answer)}

    async def understand(self, message: UserMessage, tracker: DialogueStateTracker) -> dict[str, Any]:
        """Parse data of typed text. An apostrophe in front keeps Rasa from reading `/restart` as a command; the classifier ignores it."""
        quoted = UserMessage(f"'{message.text}", sender_id=message.sender_id) if message.text.startswith("/") else message
        return {**await self.parse_message(quoted, tracker), "text": message.text}


def _pressed_answer(answer: str) -> dict[str, str]:
    """`"commune":"44109"}` as `{"slot": "commune", "value": "44109"}`; the channel has checked its form. Empty without an answer."""
    if not answer:
        return {}
    ((slot, value),) = json.loads("{" + answer).items()
    return {"slot": slot, "value": value}


def store_of(agent: Agent) -> RelaisTrackerStore:
    """The agent's own tracker store; Rasa wraps it into one that falls back to memory when the database fails, which would lose turns."""
    store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
    if not isinstance(store, RelaisTrackerStore):
        raise TypeError("endpoints.yml: tracker_store must be assistant.tracker_store.RelaisTrackerStore")
    return store


async def take_turn(agent: Agent, conversation_id: str, message_id: str, text: str, payload: str | None) -> dict[str, Any]:
    """Answers one message, or reads the answer from the tracker when this message was answered before.

    Returns `{"replayed", "intent", "understood", "messages"}` of docs/assistant.md. Raises `ActionFailed`, `NoAnswer`, `UnknownPayload`
    (nothing saved, can be asked again) and whatever the database raises.
    """
    store = store_of(agent)
    async with agent.lock_store.lock(conversation_id, wait_time_in_seconds=LOCK_POLL_SECONDS):
        known = await store.find_message(conversation_id, message_id)
        if known is not None:
            return {"replayed": True, **_answer(known)}
        turn = _Turn(agent.processor, store)
        output = CollectingOutputChannel()
        parse_data = turn.parse_data(text, payload)
        tracker = await turn.fetch_tracker_and_update_session(conversation_id, output)
        message = UserMessage(text, output, conversation_id, parse_data, CHANNEL, message_id)
        if parse_data is None:
            message.parse_data = await turn.understand(message, tracker)
        before = len(tracker.events)
        await turn._handle_message_with_tracker(message, tracker)
        await turn.run_action_extract_slots(output, tracker)
        await turn._run_prediction_loop(output, tracker)
        answer = _answer([event.as_dict() for event in list(tracker.events)[before:]])
        if not answer["messages"]:
            raise NoAnswer(conversation_id)
        if tracker.latest_action_name != ACTION_LISTEN_NAME:
            logger.warning("A turn was cut off after %s predictions", turn.max_number_of_predictions)
        await store.save(tracker)
        return {"replayed": False, **answer}


async def add_transcript(agent: Agent, conversation_id: str, message_id: str, turns: list[tuple[str, str]]) -> bool:
    """Appends what `("agent" | "citizen", text)` said to the tracker; True when this transcript had been added before.

    Neither kind of event is a state for the policies: the next message is understood as after any other answer.
    """
    store = store_of(agent)
    async with agent.lock_store.lock(conversation_id, wait_time_in_seconds=LOCK_POLL_SECONDS):
        if await store.find_message(conversation_id, message_id) is not None:
            return True
        turn = _Turn(agent.processor, store)
        tracker = await turn.fetch_tracker_and_update_session(conversation_id, CollectingOutputChannel())
        for i, (author, text) in enumerate(turns):
            mark = {"message_id": message_id} if i == 0 else {}
            event: Event
            if author == "citizen":
                event = UserUttered(
                    text,
                    parse_data={"text": text},
                    input_channel=CHANNEL,
                    message_id=mark.get("message_id"),
                    metadata={"to": "agent"},
                    use_text_for_featurization=False,
                )
            else:
                event = BotUttered(text, metadata={"author": "agent", **mark})
            tracker.update(event, turn.domain)
        await store.save(tracker)
        return False


def _answer(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What a turn's events answer, and whether it was understood; new and replayed answers both come from here, so they cannot differ."""
    user = next((e for e in events if e["event"] == "user"), None)
    parsed = (user or {}).get("parse_data") or {}
    intent = {"name": full_label(parsed), "confidence": (parsed.get("intent") or {}).get("confidence", 0.0)}
    understood = not any(e["event"] == "action" and e["name"] == NOT_UNDERSTOOD_ACTION for e in events)
    messages: list[dict[str, Any]] = []
    for event in events:
        if event["event"] != "bot":
            continue
        data = event.get("data") or {}
        custom = data.get("custom") or {}
        message = {
            "text": event.get("text") or "",
            "buttons": [{"title": b["title"], "payload": b["payload"]} for b in data.get("buttons") or []],
            "links": custom.get("links") or [],
            "phones": custom.get("phones") or [],
            "cards": custom.get("cards") or [],
        }
        if message["text"] or message["cards"] or not messages:
            messages.append(message)
        else:  # an attachment without a word belongs to what was said just before
            for key in ("buttons", "links", "phones", "cards"):
                messages[-1][key] += message[key]
    return {"intent": intent, "understood": understood, "messages": [m for m in messages if any(m.values())]}

"""Builds the tracker that Rasa 3.6 sends to an action, event by event, in the shapes seen on the wire."""

from typing import Any

from rasa_sdk.interfaces import Tracker

DOMAIN: dict[str, Any] = {
    "responses": {
        "utter_faq/plainte_depot": [{"text": "…", "metadata": {"label": "Porter plainte : où, comment, avec quoi"}}],
        "utter_faq/vol_simple": [{"text": "…", "metadata": {"label": "Vol (sac, vélo, objets)"}}],
        "utter_faq/hameconnage": [{"text": "…", "metadata": {"label": "Hameçonnage (mail/SMS frauduleux)"}}],
        "utter_faq/tapage_nuisances": [{"text": "…", "metadata": {"label": "Tapage, bruit, voisinage"}}],
        "utter_faq/violences_conjugales": [{"text": "…", "metadata": {"label": "Violences conjugales"}}],
        "utter_faq/sans_titre": [{"text": "…"}],
    }
}


class Dialogue:
    """One conversation; the last `says` is the current message."""

    def __init__(self, conversation_id: str = "conv-1", slots: dict[str, Any] | None = None) -> None:
        self.conversation_id = conversation_id
        self.slots = {"session_started_metadata": None, "requested_slot": None} | (slots or {})
        self.events: list[dict[str, Any]] = [
            {"event": "action", "name": "action_session_start"},
            {"event": "session_started"},
            {"event": "action", "name": "action_listen"},
        ]

    def says(self, text: str, intent: str, **ranking: float) -> "Dialogue":
        """The citizen writes; `ranking` gives topics (`vol_simple=0.4`) and other intents (`_greet=0.2`)."""
        names = {name[1:] if name.startswith("_") else f"faq/{name}": confidence for name, confidence in ranking.items()}
        parse_data = {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "intent_ranking": [{"name": name, "confidence": confidence} for name, confidence in names.items()],
            "entities": [],
        }
        number = sum(event["event"] == "user" for event in self.events) + 1
        self.events.append({"event": "user", "text": text, "parse_data": parse_data, "message_id": f"m-{number}", "metadata": {}})
        return self

    def answers(self, response: str, **metadata: Any) -> "Dialogue":
        """The assistant speaks a response whose own `metadata:` is given."""
        self.events += [
            {"event": "action", "name": response},
            {
                "event": "bot",
                "text": "…",
                "data": {"buttons": [{"title": "Parler à une personne", "payload": "/human"}]},
                "metadata": {"utter_action": response, "metadata": metadata},
            },
            {"event": "action", "name": "action_listen"},
        ]
        return self

    def tracker(self) -> Tracker:
        """The tracker at the moment when an action is called."""
        latest = next(event for event in reversed(self.events) if event["event"] == "user")
        return Tracker(self.conversation_id, self.slots, latest["parse_data"], self.events, False, None, {}, "action_listen")

"""action_handoff and action_affirm against a front desk that checks signature and body as the real one does."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from dialogue import DOMAIN, Dialogue
from rasa_sdk.executor import CollectingDispatcher
from standardwebhooks import Webhook, WebhookVerificationError

from actions import frontdesk_client
from actions.handoff import ActionAffirm, ActionHandoff
from frontdesk.schemas import HandoffWebhook

OLD_SECRET = "whsec_b2xkLXNlY3JldC1vZi10aGUtaGFuZG9mZg=="
NEW_SECRET = "whsec_bmV3LXNlY3JldC1vZi10aGUtaGFuZG9mZg=="
STRANGER = "whsec_c3RyYW5nZXIncy1zZWNyZXQtb2Ytbm90aGluZw=="


class FakeFrontdesk:
    """Answers like `POST /api/v1/webhooks/handoff`; `trouble` lists what the next calls answer instead."""

    def __init__(self) -> None:
        self.secrets = [NEW_SECRET, OLD_SECRET]
        self.trouble: list[int | str] = []
        self.calls = 0
        self.ids: list[str] = []
        self.accepted: dict[str, dict[str, Any]] = {}
        self.released = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        self.ids.append(request.headers["webhook-id"])
        trouble = self.trouble.pop(0) if self.trouble else None
        if trouble == "silence":
            await self.released.wait()
        if trouble == "not json":
            return web.Response(status=202, text="merci")
        if isinstance(trouble, int):
            return web.json_response({"error": {"code": "internal", "message": "…", "details": {}}}, status=trouble)
        body = await request.read()
        if not any(self.signed_with(secret, body, request) for secret in self.secrets):
            return web.json_response({"error": {"code": "bad_signature", "message": "…", "details": {}}}, status=401)
        event = json.loads(body)
        HandoffWebhook.model_validate(event)
        known = request.headers["webhook-id"] in self.accepted
        self.accepted.setdefault(request.headers["webhook-id"], event)
        return web.json_response({"handoff_id": 7, "place": 3}, status=200 if known else 202)

    def signed_with(self, secret: str, body: bytes, request: web.Request) -> bool:
        try:
            Webhook(secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return False
        return True

    @property
    def only(self) -> dict[str, Any]:
        """The data of the one accepted handoff."""
        (event,) = self.accepted.values()
        data: dict[str, Any] = event["data"]
        return data


@pytest.fixture
async def frontdesk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeFrontdesk]:
    fake = FakeFrontdesk()
    app = web.Application()
    app.router.add_post("/api/v1/webhooks/handoff", fake.handle)
    server = TestServer(app)
    await server.start_server()
    monkeypatch.setenv("RELAIS_FRONTDESK_URL", str(server.make_url("/")))
    monkeypatch.setenv("RELAIS_WEBHOOK_SECRETS", f"{NEW_SECRET} {OLD_SECRET}")
    monkeypatch.setattr(frontdesk_client, "PAUSES", (0.0, 0.0))
    yield fake
    fake.released.set()
    await server.close()


async def spoken(action: ActionHandoff | ActionAffirm, dialogue: Dialogue) -> dict[str, Any]:
    dispatcher = CollectingDispatcher()
    assert await action.run(dispatcher, dialogue.tracker(), DOMAIN) == []
    (message,) = dispatcher.messages
    assert message["text"] is None, "the words belong to data/responses"
    return message


def asks() -> Dialogue:
    dialogue = Dialogue().says("on m'a volé mon vélo", "faq").answers("utter_faq/vol_simple", label="Vol")
    return dialogue.says("je veux parler à quelqu'un", "human")


async def test_handoff_asked_queues_and_says_the_place(frontdesk: FakeFrontdesk) -> None:
    message = await spoken(ActionHandoff(), asks())
    assert (message["response"], message["place"]) == ("utter_handoff_queued", 3)
    assert frontdesk.calls == 1
    assert frontdesk.only == {
        "conversation_id": "conv-1",
        "message_id": "m-2",
        "reason": "asked",
        "priority": "normal",
        "skills": [],
        "language": "fr",
        "summary": "Sujets abordés : Vol (sac, vélo, objets).\nMessages de la personne : 2.\n"
        "Derniers messages :\n« on m'a volé mon vélo »\n« je veux parler à quelqu'un »",
        "slots": {},
    }


async def test_handoff_body_names_its_type_and_time(frontdesk: FakeFrontdesk) -> None:
    await spoken(ActionHandoff(), asks())
    (event,) = frontdesk.accepted.values()
    assert event["type"] == "handoff.requested"
    assert event["timestamp"].endswith("Z")


async def test_handoff_same_message_twice_is_one_handoff(frontdesk: FakeFrontdesk) -> None:
    first = await spoken(ActionHandoff(), asks())
    again = await spoken(ActionHandoff(), asks())
    assert (again["response"], again["place"]) == (first["response"], first["place"])
    assert frontdesk.calls == 2
    assert len(frontdesk.accepted) == 1


@pytest.mark.parametrize("other", [lambda: Dialogue("conv-2").says("une personne", "human"), lambda: asks().says("vite", "human")])
async def test_handoff_other_conversation_or_message_is_another_handoff(frontdesk: FakeFrontdesk, other: Callable[[], Dialogue]) -> None:
    await spoken(ActionHandoff(), asks())
    await spoken(ActionHandoff(), other())
    assert len(frontdesk.accepted) == 2


async def test_handoff_sends_filled_slots_only(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue(slots={"commune": "Rennes", "date": None}).says("un agent", "human")
    await spoken(ActionHandoff(), dialogue)
    assert frontdesk.only["slots"] == {"commune": "Rennes"}


async def test_handoff_after_violence_topic_is_high(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue().says("mon mari me frappe", "faq").answers("utter_faq/violences_conjugales")
    await spoken(ActionHandoff(), dialogue.says("une personne", "human"))
    assert (frontdesk.only["reason"], frontdesk.only["priority"]) == ("asked", "high")


async def test_handoff_after_violence_was_the_best_guess_is_high(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue().says("il recommence", "nlu_fallback", violences_conjugales=0.3, vol_simple=0.1)
    await spoken(ActionHandoff(), dialogue.answers("utter_fallback_topics").says("une personne", "human"))
    assert frontdesk.only["priority"] == "high"


async def test_handoff_summary_is_short_whatever_was_written(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue()
    for _ in range(50):
        dialogue.says("mot " * 500, "faq").answers("utter_faq/vol_simple")
    dialogue.says("merci", "thanks").answers("utter_thanks")
    await spoken(ActionHandoff(), dialogue.says("une\n\npersonne", "human"))
    summary = frontdesk.only["summary"]
    assert len(summary) < 1500
    assert "Messages de la personne : 52." in summary
    assert "« une personne »" in summary
    assert summary.count("Vol (sac, vélo, objets)") == 1
    assert "merci" not in summary


async def test_handoff_signed_with_older_valid_secret_is_taken(frontdesk: FakeFrontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_WEBHOOK_SECRETS", OLD_SECRET)
    assert (await spoken(ActionHandoff(), asks()))["response"] == "utter_handoff_queued"


async def test_handoff_wrong_secret_is_told_and_not_repeated(frontdesk: FakeFrontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_WEBHOOK_SECRETS", f"{STRANGER} {NEW_SECRET}")
    assert (await spoken(ActionHandoff(), asks()))["response"] == "utter_handoff_failed"
    assert frontdesk.calls == 1
    assert not frontdesk.accepted


@pytest.mark.parametrize("trouble", [500, 503, 429, "silence"])
async def test_handoff_passing_trouble_is_tried_again_under_the_same_id(
    frontdesk: FakeFrontdesk, monkeypatch: pytest.MonkeyPatch, trouble: int | str
) -> None:
    monkeypatch.setattr(frontdesk_client, "ATTEMPT_TIMEOUT", 0.3)
    frontdesk.trouble = [trouble]
    assert (await spoken(ActionHandoff(), asks()))["response"] == "utter_handoff_queued"
    assert frontdesk.calls == 2
    assert len(set(frontdesk.ids)) == 1


@pytest.mark.parametrize(
    ("trouble", "calls", "code"),
    [
        ([500, 500, 500], 3, "status_500"),
        (["silence"] * 3, 3, "TimeoutError"),
        ([404], 1, "status_404"),
        ([302], 1, "status_302"),
        (["not json"], 1, "bad_answer"),
    ],
)
async def test_handoff_lasting_trouble_is_told_honestly(
    frontdesk: FakeFrontdesk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: list[int | str],
    calls: int,
    code: str,
) -> None:
    monkeypatch.setattr(frontdesk_client, "ATTEMPT_TIMEOUT", 0.1)
    frontdesk.trouble = trouble
    assert (await spoken(ActionHandoff(), asks()))["response"] == "utter_handoff_failed"
    assert frontdesk.calls == calls
    assert code in caplog.text


async def test_handoff_frontdesk_down_is_told_honestly(frontdesk: FakeFrontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_FRONTDESK_URL", f"http://127.0.0.1:{unused_port()}")
    assert (await spoken(ActionHandoff(), asks()))["response"] == "utter_handoff_failed"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("RELAIS_WEBHOOK_SECRETS", "", "no_secret"),
        ("RELAIS_WEBHOOK_SECRETS", "whsec_a", "bad_secret"),
        ("RELAIS_PORT", "http", "not_configured"),
    ],
)
async def test_handoff_bad_settings_are_told_honestly(
    frontdesk: FakeFrontdesk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: str,
    code: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert (await spoken(ActionHandoff(), asks()))["response"] == "utter_handoff_failed"
    assert frontdesk.calls == 0
    assert code in caplog.text


async def test_handoff_url_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAIS_FRONTDESK_URL", raising=False)
    monkeypatch.setenv("RELAIS_PORT", "9090")
    settings = frontdesk_client.FrontdeskSettings()
    assert settings.webhook_url("handoff") == "http://127.0.0.1:9090/api/v1/webhooks/handoff"


@pytest.mark.parametrize("trouble", [[], [404]])
async def test_handoff_logs_ids_and_never_words(
    frontdesk: FakeFrontdesk, caplog: pytest.LogCaptureFixture, trouble: list[int | str]
) -> None:
    caplog.set_level(logging.DEBUG)
    frontdesk.trouble = trouble
    await spoken(ActionHandoff(), asks())
    assert "conversation=conv-1 message=m-2" in caplog.text
    for word in ("vélo", "quelqu'un", "Vol (sac", NEW_SECRET):
        assert word not in caplog.text


async def test_affirm_after_the_offer_of_a_person_hands_over(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue().says("blabla", "nlu_fallback").answers("utter_fallback_topics")
    dialogue.says("blablabla", "nlu_fallback").answers("utter_fallback_person", offers="person")
    message = await spoken(ActionAffirm(), dialogue.says("oui", "affirm"))
    assert message["response"] == "utter_handoff_queued"
    assert frontdesk.only["reason"] == "not_understood"
    assert "Messages non compris d’affilée : 2." in frontdesk.only["summary"]


async def test_affirm_to_an_offer_after_violence_is_sensitive(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue().says("il me frappe", "faq").answers("utter_faq/violences_conjugales", offers="person")
    await spoken(ActionAffirm(), dialogue.says("oui", "affirm"))
    assert (frontdesk.only["reason"], frontdesk.only["priority"]) == ("sensitive", "high")


async def test_affirm_to_the_offer_of_small_talk_is_asked(frontdesk: FakeFrontdesk) -> None:
    dialogue = Dialogue().says("tu es un robot ?", "bot_challenge").answers("utter_bot_challenge", offers="person")
    await spoken(ActionAffirm(), dialogue.says("oui", "affirm"))
    assert (frontdesk.only["reason"], frontdesk.only["priority"]) == ("asked", "normal")


@pytest.mark.parametrize(
    "dialogue",
    [
        Dialogue(),
        Dialogue().says("porter plainte", "faq").answers("utter_faq/plainte_depot"),
        Dialogue()
        .says("tu es un robot ?", "bot_challenge")
        .answers("utter_bot_challenge", offers="person")
        .says("merci", "thanks")
        .answers("utter_thanks"),
    ],
    ids=["nothing said yet", "a button is no question", "an older question"],
)
async def test_affirm_without_an_open_offer_queues_nobody(frontdesk: FakeFrontdesk, dialogue: Dialogue) -> None:
    message = await spoken(ActionAffirm(), dialogue.says("ok", "affirm"))
    assert message["response"] == "utter_affirm_no_question"
    assert frontdesk.calls == 0

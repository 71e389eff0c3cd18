"""The channel over HTTP, against a real assistant process (docs/assistant.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import pytest
from assistant_process import RASA_TOKEN, TOKEN, ActionServer, Assistant

ANSWER_KEYS = {"text", "buttons", "links", "phones", "cards"}


@pytest.fixture(scope="module")
def shared() -> dict[str, Assistant]:
    return {}


@pytest.fixture
async def assistant(start_assistant: Callable[..., Assistant], actions: ActionServer, shared: dict[str, Assistant]) -> Assistant:
    """One process for the whole module; each test's action server takes the same port."""
    if "it" not in shared:
        shared["it"] = start_assistant(actions.port)
        await shared["it"].start()
    return shared["it"]


async def test_message_topic_is_answered_with_everything_the_response_carries(assistant: Assistant, conversation: str) -> None:
    status, answer = await assistant.say(conversation, "m1", "on m a vole mon velo")
    assert status == 200
    assert answer["conversation_id"] == conversation
    assert answer["message_id"] == "m1"
    assert answer["replayed"] is False
    assert answer["understood"] is True
    assert answer["intent"]["name"] == "faq/vol"
    assert 0.6 <= answer["intent"]["confidence"] <= 1
    [message] = answer["messages"]
    assert set(message) == ANSWER_KEYS
    assert message["text"] == "En cas de vol, portez plainte.\n\nGardez les factures."
    assert message["buttons"] == [{"title": "Parler à une personne", "payload": "/human"}]
    assert message["links"] == [{"title": "Un site", "url": "https://example.org/"}]
    assert message["phones"] == [{"label": "Police", "number": "17", "href": "tel:17", "note": "gratuit"}]
    assert message["cards"][0]["kind"] == "emergency"


async def test_message_replayed_is_answered_alike_and_acts_once(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    _, first = await assistant.say(conversation, "m1", "je veux parler à une personne")
    await assistant.say(conversation, "m2", "bonjour")
    status, again = await assistant.say(conversation, "m1", "je veux parler à une personne")
    assert status == 200
    assert again == {**first, "replayed": True}
    assert [call["message"] for call in actions.calls] == ["m1"]
    assert actions.calls[0]["sender"] == conversation


async def test_message_twice_at_once_acts_once(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    answers = await asyncio.gather(*(assistant.say(conversation, "m1", "un agent s'il vous plaît") for _ in range(5)))
    assert [status for status, _ in answers] == [200] * 5
    assert sorted(answer["replayed"] for _, answer in answers) == [False, True, True, True, True]
    assert len(actions.calls) == 1


async def test_messages_at_once_are_worked_off_in_order(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    actions.gate = asyncio.Event()
    first = asyncio.create_task(assistant.say(conversation, "m1", "note xylophone 1", "/note"))
    await actions.wait_for_calls(1)
    second = asyncio.create_task(assistant.say(conversation, "m2", "note xylophone 2", "/note"))
    other = f"{conversation}x"
    assert (await assistant.say(other, "m1", "bonjour"))[0] == 200  # another conversation does not wait
    assert not second.done()
    actions.gate.set()
    assert (await first)[1]["messages"][0]["text"] == "avant : None"
    assert (await second)[1]["messages"][0]["text"] == "avant : note xylophone 1"


async def test_message_with_failing_action_is_502_and_can_be_asked_again(
    assistant: Assistant, actions: ActionServer, conversation: str
) -> None:
    actions.fail = True
    status, answer = await assistant.say(conversation, "m1", "je veux parler à une personne")
    assert (status, answer["error"]["code"]) == (502, "action_failed")
    actions.fail = False
    status, answer = await assistant.say(conversation, "m1", "je veux parler à une personne")
    assert (status, answer["replayed"]) == (200, False)
    assert [m["text"] for m in answer["messages"]] == ["Je transmets."]
    users = [e for e in actions.calls[-1]["tracker"]["events"] if e["event"] == "user"]
    assert len(users) == 1  # nothing of the failed turn was left


async def test_message_without_answer_is_502(assistant: Assistant, conversation: str) -> None:
    status, answer = await assistant.say(conversation, "m1", "zzz", "/silent")
    assert (status, answer["error"]["code"]) == (502, "no_answer")


@pytest.mark.parametrize("text", ["/restart", "/greet", "/faq/vol", "//", "/"])
async def test_typed_text_is_never_a_command(assistant: Assistant, actions: ActionServer, conversation: str, text: str) -> None:
    await assistant.say(conversation, "m0", "note xylophone", "/note")
    status, answer = await assistant.say(conversation, "m1", text)
    assert status == 200
    assert answer["intent"]["confidence"] < 1 or answer["intent"]["name"] == "nlu_fallback"
    status, answer = await assistant.say(conversation, "m2", "encore", "/note")
    assert answer["messages"][0]["text"] == "avant : note xylophone"  # the conversation was not restarted
    said = [e["text"] for e in actions.calls[-1]["tracker"]["events"] if e["event"] == "user"]
    assert said == ["note xylophone", text, "encore"]


@pytest.mark.parametrize(("payload", "intent"), [("/human", "human"), ("/faq/bruit", "faq/bruit"), ("/greet", "greet")])
async def test_payload_acts(assistant: Assistant, conversation: str, payload: str, intent: str) -> None:
    status, answer = await assistant.say(conversation, "m1", "Un bouton", payload)
    assert status == 200
    assert answer["intent"] == {"name": intent, "confidence": 1.0}


@pytest.mark.parametrize(
    "payload", ["/restart", "/session_start", "/nlu_fallback", "/unknown", "/faq", "/faq/unknown", "/greet/x", "greet", "/greet{}", "", 5]
)
async def test_payload_unknown_is_refused(assistant: Assistant, conversation: str, payload: object) -> None:
    body = {"conversation_id": conversation, "message_id": "m1", "text": "x", "payload": payload}
    status, answer = await assistant.call("message", body)
    assert (status, answer["error"]["code"]) == (400, "bad_request")


async def test_message_not_understood_keeps_the_ranking_for_the_action(
    assistant: Assistant, actions: ActionServer, conversation: str
) -> None:
    status, answer = await assistant.say(conversation, "m1", "quel temps fera-t-il demain ?")
    assert (status, answer["intent"]["name"], answer["understood"]) == (200, "nlu_fallback", False)
    latest = actions.calls[-1]["tracker"]["latest_message"]
    assert latest["message_id"] == "m1"
    assert len(latest["intent_ranking"]) >= 3
    assert all(set(entry) == {"name", "confidence"} for entry in latest["intent_ranking"])


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", RASA_TOKEN])
@pytest.mark.parametrize("path", ["message", "transcript"])
async def test_call_without_the_token_is_refused(assistant: Assistant, conversation: str, path: str, token: str | None) -> None:
    status, answer = await assistant.call(path, {"conversation_id": conversation, "message_id": "m1", "text": "bonjour"}, token=token)
    assert (status, answer["error"]["code"]) == (401, "unauthorized")


BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b'{"conversation_id": "c", "message_id": "m"}',
    b'{"conversation_id": "c", "message_id": "m", "text": "  "}',
    b'{"conversation_id": "c", "message_id": "m", "text": "\\ud800"}',
    b'{"conversation_id": "c d", "message_id": "m", "text": "a"}',
    b'{"conversation_id": "c", "message_id": 3, "text": "a"}',
    b'{"conversation_id": "c", "message_id": "m", "text": "a", "locale": "de"}',
    b'{"conversation_id": "' + b"c" * 65 + b'", "message_id": "m", "text": "a"}',
    b'{"conversation_id": "c", "message_id": "m", "text": "' + b"a" * 2001 + b'"}',
    b'{"conversation_id": "c", "message_id": "m", "text": "a", "x": "' + b"a" * 70_000 + b'"}',
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_message_bad_body_is_refused(assistant: Assistant, body: bytes) -> None:
    status, answer = await assistant.call("message", body)
    assert (status, answer["error"]["code"]) == (400, "bad_request")


async def test_message_of_2000_characters_is_answered(assistant: Assistant, conversation: str) -> None:
    assert (await assistant.say(conversation, "m1", ("on m’a volé mon vélo é " * 100)[:2000].strip()))[0] == 200


async def test_transcript_is_added_once_and_the_dialogue_goes_on(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    await assistant.say(conversation, "m1", "note xylophone", "/note")
    turns = [
        {"author": "agent", "text": "Bonjour, agent Martin."},
        {"author": "citizen", "text": "zut alors"},
        {"author": "agent", "text": "Bien."},
    ]
    body = {"conversation_id": conversation, "message_id": "t1", "turns": turns}
    assert await assistant.call("transcript", body) == (200, {"replayed": False})
    assert await assistant.call("transcript", body) == (200, {"replayed": True})
    status, answer = await assistant.say(conversation, "m2", "mon voisin fait du bruit")
    assert (status, answer["messages"][0]["text"]) == (200, "Pour le bruit, parlez d’abord au voisin.")
    await assistant.say(conversation, "m3", "encore", "/note")
    events = [e for e in actions.calls[-1]["tracker"]["events"] if e["event"] in ("user", "bot")]
    assert [e["text"] for e in events if e["text"]] == [
        "note xylophone", "avant : None", "Bonjour, agent Martin.", "zut alors", "Bien.",
        "mon voisin fait du bruit", "Pour le bruit, parlez d’abord au voisin.", "encore",
    ]  # fmt: skip
    assert (await assistant.say(conversation, "m1", "note xylophone", "/note"))[1]["messages"] == [
        {"text": "avant : None", "buttons": [], "links": [], "phones": [], "cards": []}
    ]


async def test_transcript_of_a_new_conversation(assistant: Assistant, conversation: str) -> None:
    body = {"conversation_id": conversation, "message_id": "t1", "turns": [{"author": "citizen", "text": "Bonsoir"}]}
    assert await assistant.call("transcript", body) == (200, {"replayed": False})
    status, answer = await assistant.say(conversation, "m1", "on m'a volé mon vélo")
    assert (status, answer["intent"]["name"]) == (200, "faq/vol")


@pytest.mark.parametrize(
    "turns", [None, "x", [{"author": "robot", "text": "a"}], [{"author": "agent"}], [{"author": "agent", "text": "a"}] * 201]
)
async def test_transcript_bad_body_is_refused(assistant: Assistant, conversation: str, turns: object) -> None:
    status, answer = await assistant.call("transcript", {"conversation_id": conversation, "message_id": "t1", "turns": turns})
    assert (status, answer["error"]["code"]) == (400, "bad_request")


async def test_erase_forgets_the_conversation(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    await assistant.say(conversation, "m1", "note xylophone", "/note")
    assert await assistant.call(f"conversation/{conversation}", b"", method="DELETE") == (200, {"erased": True})
    assert await assistant.call(f"conversation/{conversation}", b"", method="DELETE") == (200, {"erased": False})
    _, answer = await assistant.say(conversation, "m1", "note xylophone", "/note")
    assert answer["replayed"] is False
    assert answer["messages"][0]["text"] == "avant : None"


async def test_long_conversation_keeps_slots_and_old_answers(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    _, first = await assistant.say(conversation, "m0", "note xylophone", "/note")
    for i in range(1, 60):
        assert (await assistant.say(conversation, f"m{i}", "bonjour", "/greet"))[0] == 200
    _, answer = await assistant.say(conversation, "m60", "fin", "/note")
    assert answer["messages"][0]["text"] == "avant : note xylophone"
    assert sum(e["event"] == "user" for e in actions.calls[-1]["tracker"]["events"]) <= 41  # the cost of a turn is bounded
    assert (await assistant.say(conversation, "m0", "note xylophone", "/note"))[1] == {**first, "replayed": True}


async def test_rasa_api_needs_its_token(assistant: Assistant, conversation: str) -> None:
    async with aiohttp.ClientSession() as session:
        address = f"{assistant.base}/conversations/{conversation}/tracker"
        async with session.get(address) as answer:
            assert answer.status == 401
        async with session.get(address, params={"token": RASA_TOKEN}) as answer:
            assert answer.status == 200


async def test_log_holds_nothing_that_was_written(assistant: Assistant, actions: ActionServer, conversation: str) -> None:
    await assistant.say(conversation, "m1", "mon secret est rutabaga")
    actions.fail = True
    await assistant.say(conversation, "m2", "rutabaga encore une personne", "/human")
    log = assistant.log()
    assert conversation in log
    assert "rutabaga" not in log


async def test_killed_and_restarted_it_answers_from_the_tracker(
    start_assistant: Callable[..., Assistant], actions: ActionServer, conversation: str
) -> None:
    assistant = start_assistant(actions.port)
    await assistant.start()
    _, first = await assistant.say(conversation, "m1", "note xylophone", "/note")
    actions.gate = asyncio.Event()
    lost = asyncio.create_task(assistant.say(conversation, "m2", "je veux parler à une personne"))
    await actions.wait_for_calls(2)
    assistant.kill()  # in the middle of an action
    with pytest.raises(aiohttp.ClientError):
        await lost
    actions.gate.set()
    await assistant.start()
    assert (await assistant.say(conversation, "m1", "note xylophone", "/note"))[1] == {**first, "replayed": True}
    status, answer = await assistant.say(conversation, "m2", "je veux parler à une personne")
    assert (status, answer["replayed"], len(answer["messages"])) == (200, False, 1)
    _, answer = await assistant.say(conversation, "m3", "encore", "/note")
    assert answer["messages"][0]["text"] == "avant : note xylophone"

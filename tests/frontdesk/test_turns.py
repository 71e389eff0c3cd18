"""Nothing lost, nothing doubled, nothing out of order, never silent: what the assistant owes, whatever happens to it."""

import asyncio
from typing import Any

import pytest
from conftest import StartDesk
from fake_assistant import FakeAssistant, Step, fails, says, sends, waits
from harness import BOTH_DATABASES, Desk, by, handoff, owners, texts
from sqlalchemy import select

from frontdesk import keys
from frontdesk.models import Turn
from frontdesk.turns import BUTTONS_LIMIT, GIVEN_UP, UNAVAILABLE

HUMAN = [{"title": "Parler à une personne", "payload": "/human"}]
FIRST, SECOND, THIRD = "Où porter plainte ?", "Et en ligne ?", "Merci, quels horaires ?"


def replies(events: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(event["data"]["reply_to"], event["data"]["text"]) for event in by(events, "assistant")]


async def statuses(desk: Desk) -> list[tuple[str, int, str]]:
    async with desk.app[keys.READS]() as session:
        return [(turn.kind, turn.seq, turn.status) for turn in await session.scalars(select(Turn).order_by(Turn.id))]


@BOTH_DATABASES
async def test_answers_come_in_order_when_the_first_is_slow(desk: Desk, assistant: FakeAssistant) -> None:
    go = asyncio.Event()
    assistant.script[FIRST] = [waits(go)]
    citizen = await desk.citizen()
    seqs = [await citizen.say(text) for text in (FIRST, SECOND, THIRD)]
    await assistant.until_asked(1)
    assert len(assistant.asked) == 1  # the others wait for their turn
    go.set()
    events = await citizen.answered(*seqs)
    assert replies(events) == [(1, f"Réponse à : {FIRST}"), (2, f"Réponse à : {SECOND}"), (3, f"Réponse à : {THIRD}")]


async def test_slow_conversation_does_not_hold_up_another(desk: Desk, assistant: FakeAssistant) -> None:
    go = asyncio.Event()
    assistant.script[FIRST] = [waits(go)]
    slow, quick = await desk.citizen(), await desk.citizen()
    seq = await slow.say(FIRST)
    await assistant.until_asked(1)
    await quick.answered(await quick.say(SECOND))
    go.set()
    await slow.answered(seq)


@BOTH_DATABASES
async def test_assistant_fails_twice_then_answers(desk: Desk, assistant: FakeAssistant) -> None:
    assistant.script[FIRST] = [fails(), fails(502, "action_failed")]
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say(FIRST))
    assert replies(events) == [(1, f"Réponse à : {FIRST}")]
    assert len(events) == 2
    assert [asked["message_id"] for asked in assistant.asked] == [f"{citizen.id}-1"] * 3


BAD_ANSWERS: dict[str, Step] = {
    "not JSON": sends(b"<html>"),
    "not an object": sends([]),
    "no messages": sends({}),
    "messages null": sends({"messages": None}),
    "empty answer": sends({"messages": []}),
    "blank": says({"text": ""}),
    "message no object": sends({"messages": ["x"]}),
    "button without payload": says({"text": "x", "buttons": [{"title": "x"}]}),
    "links no list": says({"text": "x", "links": {"a": 1}}),
    "text no string": says({"text": {"a": 1}}),
    "error no object": sends({"error": "x"}, 500),
    "error without code": sends({"error": {}}, 500),
    "error not JSON": sends(b"oops", 500),
    "error code no code": fails(500, "Mon nom est Durand " * 10),
    "too large": sends(b'"' + b"x" * 300_000 + b'"'),
}


@pytest.mark.parametrize("bad", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
async def test_answer_that_makes_no_sense_is_asked_again(desk: Desk, assistant: FakeAssistant, bad: Step) -> None:
    assistant.script[FIRST] = [bad]
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say(FIRST))
    assert replies(events) == [(1, f"Réponse à : {FIRST}")]
    assert len(events) == 2


async def test_long_answer_arrives_whole(desk: Desk, assistant: FakeAssistant) -> None:
    long = "é" * 40_000  # as JSON 240 kB: more than one TCP segment and one read
    assistant.script[FIRST] = [says({"text": long})]
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say(FIRST))
    assert replies(events) == [(1, long)]
    assert len(assistant.asked) == 1


async def test_at_most_so_many_buttons_each_once(desk: Desk, assistant: FakeAssistant) -> None:
    buttons = [{"title": f"Sujet {number}", "payload": f"/faq/sujet_{number % 8}"} for number in range(10)]
    assistant.script[FIRST] = [says({"text": "x", "buttons": buttons})]
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say(FIRST))
    shown = [button["payload"] for button in events[1]["data"]["buttons"]]
    assert shown == [f"/faq/sujet_{number}" for number in range(BUTTONS_LIMIT)]


@BOTH_DATABASES
async def test_outage_is_told_once_and_the_answer_comes_once_later(start_desk: StartDesk, assistant: FakeAssistant) -> None:
    desk = await start_desk(assistant_patience=0.15)
    await assistant.stop()
    citizen = await desk.citizen()
    seq = await citizen.say(FIRST)
    events = await citizen.until(lambda events: bool(by(events, "system")))
    assert [event["data"] for event in by(events, "system")] == [
        {"text": UNAVAILABLE, "kind": "assistant_unavailable", "reply_to": seq, "buttons": HUMAN}
    ]
    assert (await citizen.now())["typing"] == []  # what was told isn't belied by typing
    await assistant.start()
    await citizen.answered(seq)
    events = await citizen.answered(await citizen.say(SECOND))
    assert len(by(events, "system")) == 1
    assert replies(events) == [(1, f"Réponse à : {FIRST}"), (4, f"Réponse à : {SECOND}")]


async def test_no_model_is_an_outage(start_desk: StartDesk, assistant: FakeAssistant) -> None:
    desk = await start_desk(assistant_patience=0.15, assistant_give_up=0.05)
    assistant.script[FIRST] = [fails(503, "no_model")] * 8
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say(FIRST))
    assert owners(events) == []  # however long: a model being loaded is no reason to give up
    assert len(events) <= 3


@BOTH_DATABASES
async def test_slow_answer_is_announced_and_then_given_once(start_desk: StartDesk, assistant: FakeAssistant) -> None:
    desk = await start_desk(assistant_patience=0.1)
    go = asyncio.Event()
    assistant.script[FIRST] = [waits(go)]
    citizen = await desk.citizen()
    seq = await citizen.say(FIRST)
    await citizen.until(lambda events: bool(by(events, "system")))
    go.set()
    events = await citizen.answered(seq)
    assert [event["author"] for event in events] == ["citizen", "system", "assistant"]
    assert len(assistant.asked) == 1


async def test_timeout_is_asked_again_with_the_same_id(start_desk: StartDesk, assistant: FakeAssistant) -> None:
    desk = await start_desk(assistant_timeout=0.3, assistant_patience=60)
    assistant.script[FIRST] = [waits(asyncio.Event())]
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say(FIRST))
    assert len(events) == 2
    assert [asked["message_id"] for asked in assistant.asked] == [f"{citizen.id}-1"] * 2


async def test_person_during_the_outage(start_desk: StartDesk, assistant: FakeAssistant) -> None:
    desk = await start_desk(assistant_patience=0.1)
    await assistant.stop()
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.say(FIRST)
    await citizen.until(lambda events: bool(by(events, "system")))
    await citizen.say("Parler à une personne", payload="/human")
    await citizen.owned_by("queue")
    assert (await agent.claim(citizen)).status == 200
    await agent.say(citizen, "Bonjour")
    await assistant.start()
    assert await statuses(desk) == [("message", 1, "cancelled")]
    events = await citizen.events()
    assert by(events, "assistant") == []  # the person answers, not the assistant too
    assert texts(by(events, "agent")) == ["Bonjour"]


@BOTH_DATABASES
async def test_errors_for_too_long_go_to_the_queue(start_desk: StartDesk, assistant: FakeAssistant) -> None:
    desk = await start_desk(assistant_give_up=0.2, assistant_patience=0.05)
    assistant.script[FIRST] = [fails()] * 1000
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.say(FIRST)
    events = await citizen.owned_by("queue")
    assert texts(by(events, "system")) == [UNAVAILABLE, GIVEN_UP]
    waiting = (await agent.queue())["waiting"]
    assert [(item["reason"], item["summary"]) for item in waiting] == [("assistant_unavailable", FIRST)]


@BOTH_DATABASES
async def test_restart_takes_up_what_was_pending(desk: Desk, assistant: FakeAssistant) -> None:
    await assistant.stop()
    first, second = await desk.citizen(), await desk.citizen()
    seqs = [await first.say(FIRST), await first.say(SECOND)]
    other = await second.say(THIRD)
    await desk.restart()
    await assistant.start()
    assert replies(await first.answered(*seqs)) == [(1, f"Réponse à : {FIRST}"), (2, f"Réponse à : {SECOND}")]
    assert replies(await second.answered(other)) == [(1, f"Réponse à : {THIRD}")]
    assert len(assistant.asked) == 3


@BOTH_DATABASES
async def test_stop_while_the_assistant_answers(desk: Desk, assistant: FakeAssistant) -> None:
    """Rasa acts, the front desk is gone before it hears of it: asked again with the same id, answered once."""
    go = asyncio.Event()
    assistant.script[FIRST] = [waits(go)]
    citizen = await desk.citizen()
    seqs = [await citizen.say(FIRST), await citizen.say(SECOND)]
    await assistant.until_asked(1)
    await desk.restart()
    events = await citizen.answered(*seqs)
    assert replies(events) == [(1, f"Réponse à : {FIRST}"), (2, f"Réponse à : {SECOND}")]
    assert [asked["message_id"][-2:] for asked in assistant.asked] == ["-1", "-1", "-2"]


@BOTH_DATABASES
async def test_restart_does_not_answer_twice(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()
    await citizen.answered(await citizen.say(FIRST))
    await desk.restart()
    await citizen.answered(await citizen.say(SECOND))
    assert len(by(await citizen.events(), "assistant")) == 2
    assert len(assistant.asked) == 2


@BOTH_DATABASES
async def test_answer_after_a_handoff_is_discarded(desk: Desk, assistant: FakeAssistant) -> None:
    go = asyncio.Event()
    assistant.script[FIRST] = [waits(go)]
    citizen = await desk.citizen()
    await citizen.say(FIRST)
    await assistant.until_asked(1)
    await citizen.call("POST", "/handoff")
    go.set()
    await citizen.call("DELETE", "/handoff")
    events = await citizen.answered(await citizen.say(SECOND))
    assert [text for _, text in replies(events)] == [f"Réponse à : {SECOND}"]
    assert await statuses(desk) == [("message", 1, "cancelled"), ("transcript", 4, "done"), ("message", 7, "done")]


@BOTH_DATABASES
async def test_answer_of_the_turn_that_asked_for_a_person_is_kept(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()

    async def hand_over(body: dict[str, Any]) -> None:
        data = handoff(citizen, message_id=body["message_id"], summary="Veut parler à quelqu’un.")
        answer = await desk.webhook(data, webhook_id="handoff-1")
        assert answer.status == 202

    assistant.script[FIRST] = [hand_over, says({"text": "Je vous passe un agent."})]
    seqs = [await citizen.say(FIRST), await citizen.say(SECOND)]
    events = await citizen.answered(seqs[0])
    assert replies(events) == [(1, "Je vous passe un agent.")]
    # The message behind it belongs to the agent now.
    assert await statuses(desk) == [("message", 1, "done"), ("message", 2, "cancelled")]
    assert owners(events) == ["queue"]


async def test_messages_are_for_the_agent_while_an_agent_has_it(desk: Desk, assistant: FakeAssistant) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.call("POST", "/handoff")
    await citizen.say(FIRST)
    await agent.claim(citizen)
    await citizen.say(SECOND)
    assert await statuses(desk) == []
    assert assistant.asked == []


@BOTH_DATABASES
async def test_transcript_is_told_when_the_conversation_comes_back(desk: Desk, assistant: FakeAssistant) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.answered(await citizen.say("Bonjour"))
    await citizen.call("POST", "/handoff")
    await citizen.say(FIRST)
    await agent.claim(citizen)
    await agent.say(citizen, "À Lyon, au 40 rue…")
    await citizen.say(SECOND)
    await agent.close(citizen, back=True)
    await citizen.answered(await citizen.say(THIRD))
    assert [told["turns"] for told in assistant.told] == [
        [
            {"author": "citizen", "text": FIRST},
            {"author": "agent", "text": "À Lyon, au 40 rue…"},
            {"author": "citizen", "text": SECOND},
        ]
    ]
    assert [asked["text"] for asked in assistant.asked] == ["Bonjour", THIRD]
    events = await citizen.events()
    assert owners(events) == ["queue", "agent", "assistant"]


@BOTH_DATABASES
async def test_second_transcript_starts_where_the_first_ended(desk: Desk, assistant: FakeAssistant) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    for text in (FIRST, SECOND):
        await citizen.call("POST", "/handoff")
        await agent.claim(citizen)
        await citizen.say(text)
        await agent.close(citizen, back=True)
    await citizen.answered(await citizen.say(THIRD))
    assert [told["turns"] for told in assistant.told] == [[{"author": "citizen", "text": FIRST}], [{"author": "citizen", "text": SECOND}]]
    assert len({told["message_id"] for told in assistant.told}) == 2


@BOTH_DATABASES
async def test_transcript_leaves_out_what_the_assistant_itself_was_asked(desk: Desk, assistant: FakeAssistant) -> None:
    """The citizen leaves the queue before the assistant's own answer "I hand you over" has arrived."""
    citizen = await desk.citizen()
    go = asyncio.Event()

    async def hand_over(body: dict[str, Any]) -> None:
        await desk.webhook(handoff(citizen, message_id=body["message_id"]), webhook_id="handoff-1")

    assistant.script[FIRST] = [hand_over, waits(go)]
    await citizen.say(FIRST)
    await citizen.owned_by("queue")
    await citizen.say(SECOND)
    await citizen.call("DELETE", "/handoff")
    go.set()
    await citizen.answered(1, await citizen.say(THIRD))
    assert [told["turns"] for told in assistant.told] == [[{"author": "citizen", "text": SECOND}]]


async def test_transcript_waits_for_the_assistant_too(desk: Desk, assistant: FakeAssistant) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await assistant.stop()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    await agent.say(citizen, "Bonjour")
    await agent.close(citizen, back=True)
    seq = await citizen.say(FIRST)
    await desk.restart()
    await assistant.start()
    await citizen.answered(seq)
    assert [told["turns"] for told in assistant.told] == [[{"author": "agent", "text": "Bonjour"}]]


async def test_closed_conversation_opens_again_with_the_assistant(desk: Desk, assistant: FakeAssistant) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    assert (await agent.close(citizen, back=False, outcome="redirected")).body == {"owner": "assistant"}
    events = await citizen.events()
    assert events[-1]["type"] == "closed"
    assert events[-1]["data"] == {"outcome": "redirected"}
    await citizen.answered(await citizen.say(FIRST))


EMERGENCY = "Au secours, mon mari me frappe"


@BOTH_DATABASES
async def test_emergency_card_at_once_while_the_assistant_is_down(desk: Desk, assistant: FakeAssistant) -> None:
    await assistant.stop()
    citizen, agent = await desk.citizen(), await desk.agent()
    seq = await citizen.say(EMERGENCY)
    events = await citizen.events()  # not waited for: it stands there when the message is acknowledged
    assert [event["type"] for event in events] == ["message", "urgent", "message", "owner", "queue"]
    card = events[2]["data"]
    assert (card["kind"], card["reply_to"]) == ("emergency", seq)
    assert {"17", "112", "114"} <= {phone["number"] for phone in card["cards"][0]["phones"]}
    assert card["buttons"] == [{"title": "Revenir à l’assistant", "payload": "/assistant"}]
    item = (await agent.queue())["waiting"][0]
    assert (item["reason"], item["priority"], item["urgent"], item["conversation_id"]) == ("emergency", "urgent", True, citizen.id)
    assert (await citizen.now())["urgent"] is True
    assert await statuses(desk) == []  # the assistant must not guess over the card


@BOTH_DATABASES
async def test_emergency_goes_before_who_waits_and_makes_one_s_own_waiting_urgent(desk: Desk) -> None:
    agent = await desk.agent()
    first, second = await desk.citizen(), await desk.citizen()
    await first.call("POST", "/handoff")
    await second.call("POST", "/handoff")
    await second.say(EMERGENCY)
    assert [item["conversation_id"] for item in (await agent.queue())["waiting"]] == [second.id, first.id]
    assert (await second.now())["queue"] == {"place": 1, "waiting": 2}
    assert (await first.now())["queue"] == {"place": 2, "waiting": 2}


async def test_emergency_while_an_agent_has_it(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    await citizen.say(EMERGENCY)
    assert (await citizen.now())["owner"] == "agent"
    assert "buttons" not in by(await citizen.events(), "system")[-1]["data"]
    assert (await agent.queue())["mine"][0]["urgent"] is True


async def test_emergency_resent_shows_one_card(desk: Desk) -> None:
    citizen = await desk.citizen()
    for _ in range(2):
        await citizen.post({"client_id": "one", "text": EMERGENCY})
    assert len(by(await citizen.events(), "system")) == 1


async def test_after_an_emergency_back_to_the_assistant(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()
    await citizen.say(EMERGENCY)
    await citizen.say("Revenir à l’assistant", payload="/assistant")
    await citizen.answered(await citizen.say(FIRST))
    assert assistant.told[0]["turns"][0] == {"author": "citizen", "text": EMERGENCY}

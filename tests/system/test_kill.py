"""`kill -9` of every process at every moment that matters; the process manager starts it again and the promises hold."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import aiohttp
import pytest
from people import LIMIT, Agent, Citizen, answers, check_promises, owners, system
from product import LEASE, PROCESSES, Product

QUESTIONS = (
    "comment porter plainte ?",
    "c'est quoi une main courante",
    "on m'a volé mon vélo dans la cour",
    "mes voisins font du bruit toutes les nuits",
    "j'ai reçu un mail de la police qui me réclame de l'argent",
    "quels sont les horaires du commissariat",
)
WANTS_A_PERSON = "je voudrais parler à une vraie personne"


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)  # between two looks at processes, which tell nobody what they do


def understood(product: Product, citizen: Citizen) -> int:
    """How many messages of the citizen the assistant's own tracker holds."""
    with closing(sqlite3.connect(f"file:{product.directory}/var/tracker.db?mode=ro", uri=True)) as tracker:
        rows = tracker.execute("select data from tracker_event where conversation_id = ?", (citizen.id,))
        return sum(json.loads(data)["event"] == "user" for (data,) in rows)


async def finished(product: Product, citizen: Citizen) -> None:
    """Waits until everything that was said has its answer, then checks the promises."""
    owed = set(citizen.said.values())
    events = await citizen.until(lambda found: all(answers(found, seq) for seq in owed))
    check_promises(citizen, events)
    check_promises(citizen, await citizen.events())
    assert understood(product, citizen) == len(owed), "the assistant acted twice on one message"


@pytest.mark.parametrize("name", PROCESSES)
async def test_kill_right_after_the_acknowledgement(product: Product, citizen: Citizen, name: str) -> None:
    await citizen.answered(await citizen.say(QUESTIONS[0]))
    cursor = (await citizen.read())["cursor"]
    seq = await citizen.say(QUESTIONS[1], client_id="once")
    product.kill(name)
    assert await citizen.say(QUESTIONS[1], client_id="once") == seq
    later = await citizen.say(QUESTIONS[2])
    await finished(product, citizen)
    news = await citizen.events(cursor)
    assert [event["seq"] for event in news] == list(range(cursor + 1, cursor + 1 + len(news)))
    assert {event["data"]["reply_to"] for event in news if event["author"] == "assistant"} == {seq, later}


@pytest.mark.parametrize("name", ["assistant", "frontdesk"])
async def test_kill_while_the_assistant_thinks(product: Product, citizen: Citizen, name: str) -> None:
    with product.held("assistant"):
        await citizen.say(QUESTIONS[3])
        await citizen.until_now(lambda now: "assistant" in now["typing"])
        product.kill(name)
    await finished(product, citizen)


async def test_kill_of_the_front_desk_between_the_answer_and_its_storage(product: Product, citizen: Citizen) -> None:
    with product.held("assistant"):
        await citizen.say(QUESTIONS[3])
        await citizen.until_now(lambda now: "assistant" in now["typing"])
        product.signal("frontdesk", signal.SIGSTOP)
    # The assistant answers and remembers that it did; the front desk will never hear of it.
    await until(lambda: understood(product, citizen) == 1)
    product.kill("frontdesk")
    await finished(product, citizen)


@pytest.mark.parametrize("name", ["actions", "assistant", "frontdesk"])
async def test_kill_during_the_handoff_action(product: Product, citizen: Citizen, agent: Agent, name: str) -> None:
    with product.held("actions"):
        calls = product.callers(product.actions_port)
        seq = await citizen.say(WANTS_A_PERSON)
        await until(lambda: product.callers(product.actions_port) > calls)
        product.kill(name)
        if name != "actions":
            await until(lambda: product.pids(name))
    if name == "frontdesk":
        product.wait_ready()
    events = await citizen.until(lambda found: answers(found, seq) and owners(found))
    check_promises(citizen, events)
    assert owners(await citizen.events()) == ["queue"]
    waiting = [item for item in (await agent.queue())["waiting"] if item["conversation_id"] == citizen.id]
    assert [item["reason"] for item in waiting] == ["asked"]
    assert await citizen.handoff("DELETE") == "assistant"


async def test_kill_of_the_front_desk_cuts_a_live_socket_that_comes_back(
    product: Product, citizen: Citizen, http: aiohttp.ClientSession
) -> None:
    address = f"{product.base}/api/v1/conversations/{citizen.id}/live"
    first = await citizen.say(QUESTIONS[0])
    await citizen.answered(first)
    async with http.ws_connect(address) as live:
        await live.send_json({"type": "auth", "token": citizen.token, "after": 0})
        frame = await live.receive_json(timeout=10)
        cursor = frame["cursor"]
        assert cursor == len(await citizen.events())
        await live.send_json({"type": "message", "client_id": "lost-acknowledgement", "text": QUESTIONS[1]})
        product.kill("frontdesk")
    # Whether it was stored before the end is not known: the client sends it again and gets one number.
    seq = await citizen.say(QUESTIONS[1], client_id="lost-acknowledgement")
    await citizen.answered(seq)
    async with http.ws_connect(address) as live:
        await live.send_json({"type": "auth", "token": citizen.token, "after": cursor})
        frame = await live.receive_json(timeout=10)
        assert [event["seq"] for event in frame["events"]] == list(range(cursor + 1, frame["cursor"] + 1))
    await finished(product, citizen)


async def test_while_rasa_is_down_the_citizen_is_told_and_can_reach_a_person(
    product: Product, http: aiohttp.ClientSession, agent: Agent
) -> None:
    waiting, leaving, alarmed = [await Citizen.new(http, product) for _ in range(3)]
    with product.held("assistant"):
        owed = [await waiting.say(QUESTIONS[0]), await waiting.say(QUESTIONS[1])]
        told = system(await waiting.until(lambda found: system(found, "assistant_unavailable")), "assistant_unavailable")[0]
        assert told["data"]["reply_to"] == owed[0]
        assert "/human" in [button["payload"] for button in told["data"]["buttons"]]

        started = time.monotonic()
        await alarmed.say("au secours, quelqu'un force ma porte")
        card = system(await alarmed.until(lambda found: system(found, "emergency")), "emergency")[0]
        assert time.monotonic() - started < 2
        assert {phone["number"] for phone in card["data"]["cards"][0]["phones"]} >= {"17", "112"}

        cancelled = await leaving.say(QUESTIONS[2])
        assert await leaving.handoff() == "queue"
        await agent.post(leaving.id, "claim")
        await agent.post(leaving.id, "messages", client_id="hello", text="Bonjour, je vous lis.")
        said = await leaving.until(lambda found: [event for event in found if event["author"] == "agent"])
        assert owners(said) == ["queue", "agent"]
    # Rasa is back: what is owed comes, each apology once, and what a person took over stays theirs.
    await finished(product, waiting)
    apologies = [event["data"]["reply_to"] for event in system(await waiting.events(), "assistant_unavailable")]
    assert len(set(apologies)) == len(apologies)
    assert apologies[0] == owed[0]
    check_promises(leaving, await leaving.events(), unanswered=frozenset({cancelled}))
    await agent.close(leaving)
    assert await alarmed.handoff("DELETE") == "assistant"


async def test_while_rasa_dies_again_and_again_the_citizen_is_told(product: Product, citizen: Citizen) -> None:
    product.kill("assistant")
    seq = await citizen.say(QUESTIONS[4])

    async def keep_killing() -> None:
        while True:
            if product.pids("assistant"):
                product.kill("assistant")
            await asyncio.sleep(0.1)  # between two looks

    killing = asyncio.create_task(keep_killing())
    told = await citizen.until(lambda found: system(found, "assistant_unavailable"))
    killing.cancel()
    assert not answers(told, seq)
    await finished(product, citizen)


async def test_a_claim_survives_the_front_desk_and_the_console_reconnects(
    product: Product, citizen: Citizen, agent: Agent, http: aiohttp.ClientSession
) -> None:
    await citizen.handoff()
    await agent.post(citizen.id, "claim")
    async with http.ws_connect(f"{agent.url}/live") as live:
        assert citizen.id in [item["conversation_id"] for item in (await live.receive_json(timeout=10))["mine"]]
        with product.held("frontdesk"):
            await asyncio.sleep(LEASE + 0.5)  # longer than the claim lasts: nobody could renew it
            product.kill("frontdesk")
    await until(lambda: product.pids("frontdesk"))
    product.wait_ready()
    async with http.ws_connect(f"{agent.url}/live") as live:
        assert citizen.id in [item["conversation_id"] for item in (await live.receive_json(timeout=10))["mine"]]
        await live.send_json({"type": "renew"})
        while (frame := await live.receive_json(timeout=10))["type"] != "renewed":
            pass
        assert citizen.id in frame["mine"]
    await agent.post(citizen.id, "messages", client_id="after", text="Me revoilà.")
    assert owners(await citizen.events()) == ["queue", "agent"]
    await agent.close(citizen)


async def test_an_agent_who_vanishes_gives_the_conversation_back_to_the_head_of_the_queue(
    product: Product, http: aiohttp.ClientSession, agent: Agent
) -> None:
    lost, other = [await Citizen.new(http, product) for _ in range(2)]
    await lost.handoff()
    await agent.post(lost.id, "claim")
    await other.handoff()
    claimed = time.monotonic()
    events = await lost.until(lambda found: owners(found)[-1:] == ["queue"] and len(owners(found)) == 3)
    took = time.monotonic() - claimed
    assert LEASE * 0.5 < took < LEASE + 4
    assert events[-1]["seq"] == len(events)
    waiting = [item["conversation_id"] for item in (await agent.queue())["waiting"]]
    assert waiting.index(lost.id) < waiting.index(other.id)
    assert (await lost.until_now(lambda now: now["queue"]))["queue"]["place"] == 1
    for citizen in (lost, other):
        assert await citizen.handoff("DELETE") == "assistant"


@pytest.mark.parametrize("seed", [2026])
async def test_any_kills_at_any_moment_keep_the_promises(product: Product, http: aiohttp.ClientSession, seed: int) -> None:
    """20 conversations of 4 messages, each process killed twice in between, in an order and at moments that only the seed knows."""
    chance = random.Random(seed)  # noqa: S311  # a schedule, not a secret
    product.wait_ready()
    citizens = [await Citizen.new(http, product) for _ in range(20)]

    async def talk(citizen: Citizen, pauses: list[float], questions: list[str]) -> None:
        for pause, question in zip(pauses, questions, strict=True):
            await asyncio.sleep(pause)  # a person's pace: part of the schedule
            client_id = f"m{len(citizen.said)}"
            await citizen.say(question, client_id=client_id)
            await citizen.say(question, client_id=client_id)  # as after a lost acknowledgement

    async def kill() -> None:
        victims = [*PROCESSES, *PROCESSES]
        chance.shuffle(victims)
        for name in victims:
            await asyncio.sleep(chance.uniform(0.1, 2.5))  # the schedule
            await until(lambda name=name: product.pids(name))
            product.kill(name)

    plans = [([chance.uniform(0, 3) for _ in range(4)], chance.sample(QUESTIONS, 4)) for _ in citizens]
    await asyncio.gather(kill(), *(talk(citizen, *plan) for citizen, plan in zip(citizens, plans, strict=True)))
    await asyncio.gather(*(finished(product, citizen) for citizen in citizens))

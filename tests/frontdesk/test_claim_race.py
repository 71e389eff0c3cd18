"""Two agents can't get the same citizen. The same race without the guard must show two winners: so the test sees the race."""

import asyncio
from collections import Counter

import pytest
import sqlalchemy
from harness import BOTH_DATABASES, Citizen, Desk, owners

from frontdesk import queue

TRIES = 10  # of each agent, at the same moment

pytestmark = BOTH_DATABASES


async def race(desk: Desk) -> tuple[Citizen, Counter[str]]:
    """Two agents claim one conversation many times at once: who was told that they have it."""
    agents = [await desk.agent("Marie D."), await desk.agent("Jean P.")]
    citizen = await desk.citizen()
    await citizen.call("POST", "/handoff")
    answers = await asyncio.gather(*(agent.claim(citizen) for _ in range(TRIES) for agent in agents))
    assert {answer.status for answer in answers} <= {200, 409}
    return citizen, Counter(answer.body["handoff"]["agent_name"] for answer in answers if answer.status == 200)


async def test_claim_race_has_one_winner(desk: Desk) -> None:
    citizen, winners = await race(desk)
    assert len(winners) == 1
    assert winners.total() == TRIES  # the winner is told so each time, the other never
    (name,) = winners
    assert (await citizen.now())["agent_name"] == name
    assert owners(await citizen.events()) == ["queue", "agent"]


async def test_claim_race_without_the_guard_has_two_winners(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "claimable", sqlalchemy.true)
    citizen, winners = await race(desk)
    assert len(winners) == 2
    assert owners(await citizen.events()).count("agent") > 1


async def test_claims_of_many_conversations_at_once_never_overlap(desk: Desk) -> None:
    agents = [await desk.agent("Marie D."), await desk.agent("Jean P.")]
    citizens = [await desk.citizen() for _ in range(10)]
    for citizen in citizens:
        await citizen.call("POST", "/handoff")
    await asyncio.gather(*(agent.claim(citizen) for citizen in citizens for agent in agents))
    mine = [{item["conversation_id"] for item in (await agent.queue())["mine"]} for agent in agents]
    assert not mine[0] & mine[1]
    assert mine[0] | mine[1] == {citizen.id for citizen in citizens}

"""Runs inside Rasa's environment: exercises the tracker store on the database of its first argument; prints one line of JSON a check."""

import asyncio
import json
import sys

from assistant.light import leave_out_tensorflow

leave_out_tensorflow()

from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, BotUttered, SessionStarted, SlotSet, UserUttered  # noqa: E402
from rasa.shared.core.slots import TextSlot  # noqa: E402

from assistant import tracker_store  # noqa: E402
from assistant.tracker_store import RelaisTrackerStore, TrackerConflict  # noqa: E402


def _domain() -> Domain:
    return Domain.from_yaml("slots:\n  name:\n    type: text\n    influence_conversation: false\n    mappings:\n    - type: custom\n")


def _turn(tracker, number: int) -> None:
    for event in (
        UserUttered(f"texte {number} 'é\U0001f600", {"name": "greet"}, message_id=f"m{number}"),
        ActionExecuted("utter_greet"),
        BotUttered(f"réponse {number}"),
        ActionExecuted("action_listen"),
    ):
        tracker.update(event)


def _report(name: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"check": name, **facts}) + "\n")


async def _main(url: str) -> None:
    store = RelaisTrackerStore(_domain(), host=url)
    assert isinstance(next(iter(store.domain.slots)), TextSlot)

    tracker = await store.get_or_create_tracker("a", append_action_listen=False)
    exists_empty = await store.exists("a")
    for event in (ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")):
        tracker.update(event)
    _turn(tracker, 1)
    await store.save(tracker)
    other = RelaisTrackerStore(_domain(), host=url)
    read = await other.retrieve("a")
    _report(
        "roundtrip",
        exists_empty=exists_empty,
        events=len(read.events),
        same=[e.as_dict() for e in read.events] == [e.as_dict() for e in tracker.events],
        cached=(await store.retrieve("a")) is tracker,
    )

    # Two processes hold the same version; the second to save loses, and nothing of it is written.
    mine, theirs = await store.retrieve("a"), await other.retrieve("a")
    _turn(mine, 2)
    _turn(theirs, 3)
    await store.save(mine)
    try:
        await other.save(theirs)
        conflict = False
    except TrackerConflict:
        conflict = True
    fresh = await other.retrieve("a")
    _report("conflict", raised=conflict, turns=[e.message_id for e in fresh.events if isinstance(e, UserUttered)])

    # The first to write a new conversation wins too.
    one, two = await store.get_or_create_tracker("n"), await other.get_or_create_tracker("n")
    _turn(one, 1)
    _turn(two, 1)
    results = await asyncio.gather(store.save(one), other.save(two), return_exceptions=True)
    _report(
        "first_save", conflicts=[type(r).__name__ for r in results].count("TrackerConflict"), events=len((await store.retrieve("n")).events)
    )

    # A stale cache is seen: `store` has the conversation cached, `other` writes to it.
    fresh = await other.retrieve("a")
    _turn(fresh, 4)
    await other.save(fresh)
    seen = await store.retrieve("a")
    _report("stale_cache", turns=[e.message_id for e in seen.events if isinstance(e, UserUttered)])

    # The same message id can't be stored twice in a conversation.
    _turn(seen, 4)
    try:
        await store.save(seen)
        doubled = True
    except TrackerConflict:
        doubled = False
    _report(
        "message_id",
        doubled=doubled,
        turn=[e["event"] for e in await store.find_message("a", "m4")],
        unknown=await store.find_message("a", "x"),
    )

    # A turn that failed leaves nothing behind.
    lost = await store.retrieve("a")
    _turn(lost, 9)
    again = await store.retrieve("a")
    _report("failed_turn", turns=[e.message_id for e in again.events if isinstance(e, UserUttered)])

    # Long conversations: the window is bounded, slots survive it, and the stored conversation is whole.
    tracker = await store.get_or_create_tracker("long")
    tracker.update(SlotSet("name", "Zoé"))
    sizes = []
    for number in range(100):
        _turn(tracker, number)
        await store.save(tracker)
        tracker = await store.retrieve("long")
        sizes.append(len(tracker.events))
    reread = await RelaisTrackerStore(_domain(), host=url).retrieve("long")
    full = await store.retrieve_full_tracker("long")
    _report(
        "long",
        largest=max(sizes),
        limit=4 * (tracker_store.WINDOW_TURNS + tracker_store.WINDOW_SLACK) + 6,
        slot=tracker.get_slot("name"),
        slot_reread=reread.get_slot("name"),
        latest=reread.latest_message.text,
        turns=sum(isinstance(e, UserUttered) for e in full.events),
        first_turn=len(await store.find_message("long", "m0")),
    )

    # The cache is bounded.
    tracker_store.CACHED_CONVERSATIONS = 5
    for number in range(20):
        tracker = await store.get_or_create_tracker(f"k{number}")
        _turn(tracker, 1)
        await store.save(tracker)
    _report("cache", size=len(store._cache), keys=len(list(await store.keys())))

    erased = [await store.erase("long"), await store.erase("long")]
    _report("erase", erased=erased, left=await store.find_message("long", "m0"), tracker=await store.retrieve("long") is None)


asyncio.run(_main(sys.argv[1]))

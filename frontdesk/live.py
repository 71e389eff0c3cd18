"""Wakes those who wait for news. The database is the truth; a wake-up is only a hint to read it again from one's cursor."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from aiohttp import web

TYPING_SECONDS = 6.0
Typist = Literal["agent", "citizen"]


class OpenSockets(set[web.WebSocketResponse]):
    """The sockets of this process, closed when it stops."""


class Subscription:
    """Set by a wake-up; whoever holds it clears it by waiting, then reads the database."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.is_socket = False  # a citizen's live socket: there may only be a few for each conversation
        self.in_queue = False  # also wants to hear when the queue moves

    def wake(self) -> None:
        self._event.set()

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - a time limit is part of what a long poll is
        """Waits for a wake-up; False when `timeout` seconds passed without one."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), timeout)
        woken = self._event.is_set()
        self._event.clear()
        return woken


class Hub:
    """The subscriptions of this process."""

    def __init__(self) -> None:
        self._conversations: dict[str, set[Subscription]] = defaultdict(set)
        self._consoles: set[Subscription] = set()
        self._typing: dict[tuple[str, Typist], float] = {}

    @contextmanager
    def follow(self, conversation_id: str) -> Iterator[Subscription]:
        """News of one conversation, for a citizen's client."""
        subscription = Subscription()
        self._conversations[conversation_id].add(subscription)
        try:
            yield subscription
        finally:
            self.unfollow(conversation_id, subscription)

    def add_follower(self, conversation_id: str, subscription: Subscription) -> None:
        """Lets a console's own subscription hear of one more conversation."""
        self._conversations[conversation_id].add(subscription)

    def unfollow(self, conversation_id: str, subscription: Subscription) -> None:
        followers = self._conversations.get(conversation_id)
        if followers is not None:
            followers.discard(subscription)
            if not followers:
                del self._conversations[conversation_id]

    @contextmanager
    def console(self) -> Iterator[Subscription]:
        """News of the queue, for an agent's console."""
        subscription = Subscription()
        self._consoles.add(subscription)
        try:
            yield subscription
        finally:
            self._consoles.discard(subscription)

    @property
    def consoles(self) -> int:
        """How many consoles are connected to this process."""
        return len(self._consoles)

    @property
    def followers(self) -> int:
        return sum(len(followers) for followers in self._conversations.values())

    def sockets_of(self, conversation_id: str) -> int:
        """Live sockets of the citizen, without long polls and the consoles that watch."""
        return sum(follower.is_socket for follower in self._conversations.get(conversation_id, ()))

    def wake(self, conversation_id: str) -> None:
        """Something happened in this conversation."""
        for subscription in self._conversations.get(conversation_id, ()):
            subscription.wake()

    def wake_queue(self) -> None:
        """The queue changed: consoles read it again, and those who wait look at their place."""
        for console in self._consoles:
            console.wake()
        for followers in self._conversations.values():
            for subscription in followers:
                if subscription.in_queue:
                    subscription.wake()

    def types(self, conversation_id: str, who: Typist) -> None:
        """Somebody is typing: shown for six seconds unless it is said again."""
        moment = time.monotonic()
        if self._typing.get((conversation_id, who), 0) > moment + TYPING_SECONDS - 1:
            return  # said less than a second ago: however fast it is said, the work stays the same
        self._typing = {key: until for key, until in self._typing.items() if until > moment}
        self._typing[conversation_id, who] = moment + TYPING_SECONDS
        self.wake(conversation_id)
        asyncio.get_running_loop().call_later(TYPING_SECONDS + 0.1, self.wake, conversation_id)

    def typed(self, conversation_id: str, who: Typist) -> None:
        """What was being typed has been sent."""
        self._typing.pop((conversation_id, who), None)

    def typing(self, conversation_id: str) -> list[Typist]:
        moment = time.monotonic()
        typists: tuple[Typist, ...] = ("agent", "citizen")
        return [who for who in typists if self._typing.get((conversation_id, who), 0) > moment]

"""The citizen's API: `docs/api.md`, "Citizen"."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiohttp import WSMsgType, web

from .. import conversations, keys, metrics
from ..errors import BadRequest, NotFound, NoToken, ServiceError, TooManySockets
from ..live import Subscription
from ..openapi import documented
from ..schemas import CitizenMessage, Created, Events, Owner, Stored
from ..security import parse_json
from .requests import check_origin, client_address, parse, validate, whole_number
from .sockets import cursor, live_socket, sending

routes = web.RouteTableDef()

LONGEST_WAIT = 25
SOCKETS_PER_CONVERSATION = 3
FIRST_FRAME_SECONDS = 10


def _id(request: web.Request) -> str:
    return request.match_info["conversation_id"]


async def _authenticated(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NoToken
    await conversations.authenticate(request.app[keys.READS], _id(request), token.strip())
    return _id(request)


@routes.post("/api/v1/conversations", name="conversations")
@documented("Opens a conversation.", answers={201: Created}, errors=("rate_limited",))
async def create(request: web.Request) -> web.Response:
    request.app[keys.NEW_CONVERSATIONS].check(client_address(request))
    conversation_id, token = await conversations.create(request.app[keys.SESSIONS])
    return web.json_response({"conversation_id": conversation_id, "token": token, "cursor": 0}, status=201)


async def _post(app: web.Application, conversation_id: str, message: CitizenMessage) -> conversations.Posted:
    app[keys.NEW_MESSAGES].check(conversation_id)
    # A pressed button says nothing of its own.
    alarm = await app[keys.EMERGENCIES].read(message.text) if message.payload is None else None
    posted = await conversations.post_citizen_message(
        app[keys.SESSIONS],
        app[keys.HUB],
        conversation_id,
        client_id=message.client_id,
        text=message.text,
        payload=message.payload,
        alarm=alarm,
    )
    if posted.created:
        if alarm is not None:
            metrics.ALARMS.labels(alarm.layer).inc()
        metrics.MESSAGES.labels("citizen").inc()
        if posted.turn:
            app[keys.TURNS].wake(conversation_id)
        app[keys.HUB].wake(conversation_id)
        if posted.queue_changed:
            app[keys.HUB].wake_queue()
    return posted


@routes.post("/api/v1/conversations/{conversation_id}/messages", name="messages")
@documented(
    "Stores a citizen's message; the same `client_id` again gives the same `seq` with 200.",
    body=CitizenMessage,
    answers={202: Stored, 200: Stored},
    auth="token",
    errors=("text_empty", "text_too_long", "rate_limited"),
)
async def post_message(request: web.Request) -> web.Response:
    conversation_id = await _authenticated(request)
    posted = await _post(request.app, conversation_id, await parse(request, CitizenMessage))
    return web.json_response({"seq": posted.seq}, status=202 if posted.created else 200)


async def _news(app: web.Application, conversation_id: str, after: int) -> dict[str, Any]:
    events = await conversations.events_after(app[keys.READS], conversation_id, after)
    now = await conversations.read_now(app[keys.READS], app[keys.HUB], conversation_id)
    return {"events": events, "cursor": events[-1]["seq"] if events else after, "now": now}


@routes.get("/api/v1/conversations/{conversation_id}/events", name="events")
@documented(
    "The events after a number; waits up to 25 seconds for one.",
    query={"after": "the cursor: the last number that is known", "wait": "seconds to wait, 0 to 25"},
    answers={200: Events},
    auth="token",
    errors=("bad_request",),
)
async def events(request: web.Request) -> web.Response:
    conversation_id = await _authenticated(request)
    after = whole_number(request, "after", 0, 2**31 - 1)
    until = time.monotonic() + whole_number(request, "wait", 0, LONGEST_WAIT)
    with request.app[keys.HUB].follow(conversation_id) as subscription:
        while True:
            news = await _news(request.app, conversation_id, after)
            left = until - time.monotonic()
            if news["events"] or left <= 0:
                return web.json_response(news)
            await subscription.wait(left)


@routes.post("/api/v1/conversations/{conversation_id}/handoff", name="request-person")
@documented("Asks for a person, without the assistant.", answers={202: Owner}, auth="token", errors=("rate_limited",))
async def ask_for_person(request: web.Request) -> web.Response:
    conversation_id = await _authenticated(request)
    request.app[keys.NEW_MESSAGES].check(conversation_id)
    owner = await conversations.ask_for_person(request.app[keys.SESSIONS], request.app[keys.HUB], conversation_id)
    request.app[keys.HUB].wake(conversation_id)
    request.app[keys.HUB].wake_queue()
    return web.json_response({"owner": owner}, status=202)


@routes.delete("/api/v1/conversations/{conversation_id}/handoff", name="leave-queue")
@documented("Leaves the queue, back to the assistant.", answers={200: Owner}, auth="token", errors=("not_waiting",))
async def leave_queue(request: web.Request) -> web.Response:
    conversation_id = await _authenticated(request)
    owner = await conversations.leave_queue(request.app[keys.SESSIONS], conversation_id)
    request.app[keys.TURNS].wake(conversation_id)
    request.app[keys.HUB].wake(conversation_id)
    request.app[keys.HUB].wake_queue()
    return web.json_response({"owner": owner})


@routes.post("/api/v1/conversations/{conversation_id}/typing", name="citizen-typing")
@documented("The citizen is typing.", answers={204: None}, auth="token")
async def typing(request: web.Request) -> web.Response:
    request.app[keys.HUB].types(await _authenticated(request), "citizen")
    return web.Response(status=204)


@routes.get("/api/v1/conversations/{conversation_id}/live", name="citizen-live")
@documented("The same events over a WebSocket; the token is in the first frame.", answers={101: None}, errors=("bad_origin",))
async def live(request: web.Request) -> web.StreamResponse:
    check_origin(request, required=True)
    async with live_socket(request) as socket:
        await _live(request, socket)
    return socket


async def _live(request: web.Request, socket: web.WebSocketResponse) -> None:
    app, conversation_id = request.app, _id(request)
    try:
        frame = parse_json(await socket.receive_str(timeout=FIRST_FRAME_SECONDS))
        if frame["type"] != "auth":
            raise NoToken
        after = cursor(frame)
        await conversations.authenticate(app[keys.READS], conversation_id, str(frame["token"]))
    except (TimeoutError, TypeError, ValueError, KeyError, AttributeError, ServiceError):
        await socket.close(code=4401, message=b"auth")
        return
    if app[keys.HUB].sockets_of(conversation_id) >= SOCKETS_PER_CONVERSATION:
        await socket.send_json({"type": "error", "client_id": None, **TooManySockets().body()})
        await socket.close(code=4429, message=b"too many sockets")
        return
    with app[keys.HUB].follow(conversation_id) as subscription:
        subscription.is_socket = True
        sender = asyncio.create_task(sending(socket, _send_news(app, socket, conversation_id, after, subscription)))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await _receive(app, socket, conversation_id, message.data)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)


async def _send_news(
    app: web.Application, socket: web.WebSocketResponse, conversation_id: str, after: int, subscription: Subscription
) -> None:
    told: dict[str, Any] | None = None
    while not socket.closed:
        news = await _news(app, conversation_id, after)
        subscription.in_queue = news["now"]["owner"] == "queue"
        if news["events"] or told is None:
            await socket.send_json({"type": "events", **news})
        elif news["now"] != told:
            await socket.send_json({"type": "now", "now": news["now"]})
        after, told = news["cursor"], news["now"]
        if len(news["events"]) < conversations.EVENTS_PER_READ:
            await subscription.wait(3600)


async def _receive(app: web.Application, socket: web.WebSocketResponse, conversation_id: str, raw: str) -> None:
    client_id = None
    try:
        try:
            frame = parse_json(raw)
            kind = frame["type"]
            client_id = frame.get("client_id")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BadRequest from None
        if kind == "message":
            posted = await _post(app, conversation_id, validate(frame, CitizenMessage))
            await socket.send_json({"type": "ack", "client_id": client_id, "seq": posted.seq})
        elif kind == "typing":
            app[keys.HUB].types(conversation_id, "citizen")
        elif kind == "ping":
            await socket.send_json({"type": "pong"})
        else:
            raise BadRequest
    except NotFound:
        await socket.close(code=4401, message=b"gone")
    except ServiceError as error:
        known = client_id if isinstance(client_id, str) and len(client_id) <= 64 else None
        await socket.send_json({"type": "error", "client_id": known, **error.body()})

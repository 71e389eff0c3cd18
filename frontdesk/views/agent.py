"""The agents' API: `docs/api.md`, "Agent"."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import WSMsgType, web

from .. import agents, appointments, conversations, incidents, keys, metrics, queue
from ..db import Sessions
from ..errors import BadCsrfToken, BadRequest, NotFound, NotYours, ServiceError
from ..live import Subscription
from ..models import Agent
from ..openapi import documented
from ..schemas import (
    AgentMessage,
    Claimed,
    Close,
    Lease,
    Owner,
    QueueOut,
    SessionOut,
    SignIn,
    Stored,
    Transcript,
)
from ..security import parse_json, same
from .requests import check_origin, client_address, parse, whole_number
from .sockets import cursor, live_socket, sending

routes = web.RouteTableDef()

COOKIE = "relais_agent"
IDLE_SECONDS = 60  # a console that says nothing for so long isn't there any more (it renews every 10 s)


def _lease(app: web.Application) -> timedelta:
    return timedelta(seconds=app[keys.SETTINGS].lease_seconds)


async def _signed_in(request: web.Request) -> Agent:
    """The agent who asks; a write must carry the session's CSRF token. Raises `NotSignedIn` or `BadCsrfToken`."""
    agent, csrf_token = await agents.by_cookie(request.app[keys.READS], request.cookies.get(COOKIE))
    if request.method not in ("GET", "HEAD"):
        check_origin(request, required=True)
        if not same(request.headers.get("X-CSRF-Token", ""), csrf_token):
            raise BadCsrfToken
        request.app[keys.AGENT_WRITES].check(str(agent.id))
    return agent


def _session_out(agent: Agent, csrf_token: str) -> dict[str, Any]:
    shown = {"id": str(agent.id), "name": agent.name, "email": agent.email, "role": agent.role}
    return {"agent": shown, "csrf_token": csrf_token}


async def _submissions(reads: Sessions, conversation_id: str) -> list[dict[str, Any]]:
    """Everything that was submitted in a conversation, in its newest version."""
    async with reads() as session:
        return await appointments.of_conversation(session, conversation_id) + await incidents.of_conversation(session, conversation_id)


def _changed(request: web.Request) -> str:
    conversation_id = request.match_info["conversation_id"]
    request.app[keys.HUB].wake(conversation_id)
    request.app[keys.HUB].wake_queue()
    return conversation_id


@routes.post("/api/v1/agent/session", name="open-session")
@documented(
    "Signs an agent in: sets the session cookie.",
    body=SignIn,
    answers={200: SessionOut},
    errors=("bad_credentials", "locked_out", "rate_limited", "bad_origin"),
)
async def sign_in(request: web.Request) -> web.Response:
    check_origin(request, required=True)
    request.app[keys.SIGN_INS].check(client_address(request))
    body = await parse(request, SignIn)
    agent, cookie, csrf_token = await agents.sign_in(request.app[keys.SESSIONS], body.email, body.password)
    response = web.json_response(_session_out(agent, csrf_token))
    response.set_cookie(
        COOKIE,
        cookie,
        path="/api/v1/agent",
        httponly=True,
        samesite="Strict",
        secure=request.app[keys.SETTINGS].secure_cookies,
        max_age=int(agents.SESSION_LIFE.total_seconds()),
    )
    return response


@routes.get("/api/v1/agent/session", name="session")
@documented("The session's agent and CSRF token.", answers={200: SessionOut}, auth="cookie")
async def session(request: web.Request) -> web.Response:
    agent, csrf_token = await agents.by_cookie(request.app[keys.READS], request.cookies.get(COOKIE))
    return web.json_response(_session_out(agent, csrf_token))


@routes.delete("/api/v1/agent/session", name="close-session")
@documented("Signs out.", answers={204: None}, auth="csrf")
async def sign_out(request: web.Request) -> web.Response:
    await _signed_in(request)
    await agents.sign_out(request.app[keys.SESSIONS], request.cookies.get(COOKIE, ""))
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/api/v1/agent")
    return response


@routes.get("/api/v1/agent/queue", name="queue")
@documented("Who waits, in order, and the agent's own conversations.", answers={200: QueueOut}, auth="cookie")
async def get_queue(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    return web.json_response(await queue.overview(request.app[keys.READS], agent))


@routes.get("/api/v1/agent/conversations/{conversation_id}", name="transcript")
@documented(
    "The transcript of a conversation that waits or is one's own; each reading is audited.",
    query={"after": "the cursor: the last number that is known"},
    answers={200: Transcript},
    auth="cookie",
    errors=("not_yours", "not_found", "bad_request"),
)
async def transcript(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    conversation_id = request.match_info["conversation_id"]
    after = whole_number(request, "after", 0, 2**31 - 1)
    conversation, handoff = await queue.read_transcript(request.app[keys.SESSIONS], conversation_id, agent)
    events: list[dict[str, Any]] = []
    while page := await conversations.events_after(request.app[keys.READS], conversation_id, after):
        events += page
        after = page[-1]["seq"]
    return web.json_response(
        {
            "conversation": {
                "id": conversation.id,
                "created_at": conversations.iso(conversation.created_at),
                "closed_at": conversations.iso(conversation.closed_at) if conversation.closed_at else None,
            },
            "handoff": handoff,
            "submissions": await _submissions(request.app[keys.READS], conversation_id),
            "events": events,
            "cursor": after,
            "now": await conversations.read_now(request.app[keys.READS], request.app[keys.HUB], conversation_id),
        }
    )


@routes.post("/api/v1/agent/conversations/{conversation_id}/claim", name="claim")
@documented(
    "Takes a waiting conversation.",
    answers={200: Claimed},
    auth="csrf",
    errors=("already_claimed", "not_queued", "not_found"),
)
async def claim(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    sessions = request.app[keys.SESSIONS]
    handoff = await queue.claim(sessions, request.match_info["conversation_id"], agent, _lease(request.app))
    _changed(request)
    async with request.app[keys.READS]() as session:
        return web.json_response({"handoff": await queue.handoff_out(session, handoff)})


@routes.post("/api/v1/agent/conversations/{conversation_id}/messages", name="agent-messages")
@documented(
    "Answers the citizen; the same `client_id` again gives the same `seq` with 200.",
    body=AgentMessage,
    answers={202: Stored, 200: Stored},
    auth="csrf",
    errors=("not_owner", "text_empty", "text_too_long", "not_found"),
)
async def post_message(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    message = await parse(request, AgentMessage)
    posted = await conversations.post_agent_message(
        request.app[keys.SESSIONS],
        request.app[keys.HUB],
        request.match_info["conversation_id"],
        agent,
        client_id=message.client_id,
        text=message.text,
        lease=_lease(request.app),
    )
    if posted.created:
        metrics.MESSAGES.labels("agent").inc()
        _changed(request)
    return web.json_response({"seq": posted.seq}, status=202 if posted.created else 200)


@routes.post("/api/v1/agent/conversations/{conversation_id}/typing", name="agent-typing")
@documented("The agent is typing.", answers={204: None}, auth="csrf", errors=("not_owner", "not_found"))
async def typing(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    conversation_id = request.match_info["conversation_id"]
    await queue.renew(request.app[keys.SESSIONS], conversation_id, agent, _lease(request.app))
    request.app[keys.HUB].types(conversation_id, "agent")
    return web.Response(status=204)


@routes.post("/api/v1/agent/conversations/{conversation_id}/lease", name="renew")
@documented("Renews the claim.", answers={200: Lease}, auth="csrf", errors=("not_owner", "not_found"))
async def renew(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    conversation_id = request.match_info["conversation_id"]
    expires = await queue.renew(request.app[keys.SESSIONS], conversation_id, agent, _lease(request.app))
    return web.json_response({"lease_expires_at": conversations.iso(expires)})


@routes.post("/api/v1/agent/conversations/{conversation_id}/release", name="release")
@documented("Puts the conversation back to the head of the queue.", answers={200: Owner}, auth="csrf", errors=("not_owner", "not_found"))
async def release(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    await queue.release(request.app[keys.SESSIONS], request.match_info["conversation_id"], agent)
    _changed(request)
    return web.json_response({"owner": "queue"})


@routes.post("/api/v1/agent/conversations/{conversation_id}/close", name="close")
@documented(
    "Ends the agent's part, or gives the conversation back to the assistant.",
    body=Close,
    answers={200: Owner},
    auth="csrf",
    errors=("not_owner", "not_found"),
)
async def close(request: web.Request) -> web.Response:
    agent = await _signed_in(request)
    body = await parse(request, Close)
    owner = await queue.close(
        request.app[keys.SESSIONS],
        request.match_info["conversation_id"],
        agent,
        outcome=body.outcome,
        return_to_assistant=body.return_to_assistant,
        note=body.note,
    )
    request.app[keys.TURNS].wake(_changed(request))
    return web.json_response({"owner": owner})


@routes.get("/api/v1/agent/live", name="agent-live")
@documented("The queue and one watched conversation over a WebSocket.", answers={101: None}, auth="cookie", errors=("bad_origin",))
async def live(request: web.Request) -> web.StreamResponse:
    check_origin(request, required=True)
    agent = await _signed_in(request)
    async with live_socket(request) as socket:
        with request.app[keys.HUB].console() as subscription:
            await Console(request.app, socket, agent, request.cookies[COOKIE], subscription).run()
    return socket


def _check_id(conversation_id: Any) -> None:
    """Raises `BadRequest` for what is no id, `NotFound` for what can't be one."""
    if not isinstance(conversation_id, str):
        raise BadRequest
    if "\x00" in conversation_id:
        raise NotFound


@dataclass
class Console:
    """One connected console: pushes the queue and the conversation that it watches."""

    app: web.Application
    socket: web.WebSocketResponse
    agent: Agent
    cookie: str
    subscription: Subscription
    watched: str | None = None
    after: int = 0
    told: dict[str, Any] | None = None

    async def run(self) -> None:
        sender = asyncio.create_task(sending(self.socket, self._send()))
        try:
            while True:
                message = await self.socket.receive(timeout=IDLE_SECONDS)
                if message.type is not WSMsgType.TEXT:
                    break
                await self._receive(message.data)
        except TimeoutError:
            await self.socket.close(code=4408, message=b"idle")
        finally:
            self._stop_watching()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self) -> None:
        shown: dict[str, Any] | None = None
        while not self.socket.closed:
            queue_now = await queue.overview(self.app[keys.READS], self.agent)
            comparable = {name: [{**item, "lease_expires_at": None} for item in items] for name, items in queue_now.items()}
            if comparable != shown:
                await self.socket.send_json({"type": "queue", **queue_now})
                shown = comparable
            if self.watched is not None and await self._send_watched(self.watched):
                continue
            await self.subscription.wait(3600)

    async def _send_watched(self, conversation_id: str) -> bool:
        """Sends what is new in the watched conversation; True when there is more.

        Whether the agent may read it is looked up each time: a claim may be lost to somebody else while it is watched.
        """
        after = self.after
        events = await conversations.events_after(self.app[keys.READS], conversation_id, after)
        now = await conversations.read_now(self.app[keys.READS], self.app[keys.HUB], conversation_id)
        news: dict[str, Any] = {"events": events}
        if any(event["type"] == "submission" for event in events):
            news["submissions"] = await _submissions(self.app[keys.READS], conversation_id)
        allowed = await queue.may_read(self.app[keys.READS], conversation_id, self.agent)  # last: what was read before is covered
        if (self.watched, self.after) != (conversation_id, after):
            return True
        if not allowed:
            self._stop_watching()
            await self.socket.send_json({"type": "error", "conversation_id": conversation_id, **NotYours().body()})
            return True
        frame = {"conversation_id": conversation_id, "now": now}
        if events or self.told is None:
            self.after = events[-1]["seq"] if events else self.after
            await self.socket.send_json({"type": "events", **frame, **news, "cursor": self.after})
        elif now != self.told:
            await self.socket.send_json({"type": "now", **frame})
        self.told = now
        return len(events) == conversations.EVENTS_PER_READ

    def _stop_watching(self) -> None:
        if self.watched is not None:
            self.app[keys.HUB].unfollow(self.watched, self.subscription)
        self.watched, self.told = None, None

    async def _receive(self, raw: str) -> None:
        about = None
        try:
            try:
                frame = parse_json(raw)
                kind = frame["type"]
                about = frame.get("conversation_id")
            except (ValueError, TypeError, KeyError, AttributeError):
                raise BadRequest from None
            # A session that was ended elsewhere, or an account that was closed, ends here too.
            await agents.by_cookie(self.app[keys.READS], self.cookie)
            if kind == "renew":
                lease = _lease(self.app)
                mine = await queue.renew_all(self.app[keys.SESSIONS], self.agent, lease)
                await self.socket.send_json({"type": "renewed", "lease_seconds": lease.total_seconds(), "mine": mine})
            elif kind == "watch":
                await self._watch(about, cursor(frame))
            elif kind == "typing":
                await self._typing(about)
            else:
                raise BadRequest
        except ServiceError as error:
            known = {"conversation_id": about} if isinstance(about, str) and len(about) <= 64 else {}
            await self.socket.send_json({"type": "error", **known, **error.body()})
            if error.status == 401:
                await self.socket.close(code=4401, message=b"session")

    async def _watch(self, conversation_id: Any, after: int) -> None:
        self._stop_watching()
        if conversation_id is None:
            return
        _check_id(conversation_id)
        await queue.read_transcript(self.app[keys.SESSIONS], conversation_id, self.agent)
        self.watched, self.after, self.told = conversation_id, after, None
        self.app[keys.HUB].add_follower(conversation_id, self.subscription)
        self.subscription.wake()

    async def _typing(self, conversation_id: Any) -> None:
        _check_id(conversation_id)
        await queue.renew(self.app[keys.SESSIONS], conversation_id, self.agent, _lease(self.app))
        self.app[keys.HUB].types(conversation_id, "agent")

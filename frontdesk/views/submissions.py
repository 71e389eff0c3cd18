"""The webhooks of the two forms, appointments and incident reports: `docs/webhooks.md`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .. import appointments, conversations, incidents, keys, submissions
from ..db import Sessions
from ..errors import BadRequest
from ..metrics import SUBMISSIONS
from ..models import Conversation, WebhookReceipt, now
from ..openapi import documented
from ..schemas import AppointmentWebhook, ConversationData, IncidentWebhook, SubmissionTaken
from ..security import verify_webhook
from ..submissions import PREFIXES, Kind, Stored
from .requests import WEBHOOK_ID_USED, validate

log = logging.getLogger(__name__)
routes = web.RouteTableDef()

D = TypeVar("D", bound=ConversationData)
Store = Callable[[AsyncSession, Conversation, D], Awaitable[Stored]]


@routes.post("/api/v1/webhooks/appointment", name="appointment-webhook")
@documented(
    "Takes an appointment that a citizen asks for (Standard Webhooks); the same `webhook-id` again gives the same answer with 200.",
    body=AppointmentWebhook,
    answers={202: SubmissionTaken, 200: SubmissionTaken},
    auth="webhook",
    errors=("not_found",),
)
async def appointment_webhook(request: web.Request) -> web.Response:
    webhook_id, body = await _verified(request)
    return await _answer(request, webhook_id, "appointment", validate(body, AppointmentWebhook).data, appointments.store)


@routes.post("/api/v1/webhooks/incident", name="incident-webhook")
@documented(
    "Takes an incident report, or a new version of one (Standard Webhooks); the same `webhook-id` again gives the same answer with 200.",
    body=IncidentWebhook,
    answers={202: SubmissionTaken, 200: SubmissionTaken},
    auth="webhook",
    errors=("not_found",),
)
async def incident_webhook(request: web.Request) -> web.Response:
    webhook_id, body = await _verified(request)
    return await _answer(request, webhook_id, "incident", validate(body, IncidentWebhook).data, incidents.store)


async def _verified(request: web.Request) -> tuple[str, Any]:
    return verify_webhook(request.app[keys.SETTINGS].signing_secrets, request.headers, await request.read())


async def _answer(request: web.Request, webhook_id: str, kind: Kind, data: D, store: Store[D]) -> web.Response:
    sessions = request.app[keys.SESSIONS]
    try:
        answer, created = await _take(sessions, webhook_id, kind, data, store)
    except IntegrityError:
        # The same webhook came twice at the same moment: the other one is stored now.
        answer, created = await _take(sessions, webhook_id, kind, data, store)
    if created:
        SUBMISSIONS.labels(kind).inc()
        log.info("%s %s version %s of %s stored", kind, answer["number"], answer["version"], data.conversation_id)
        request.app[keys.HUB].wake(data.conversation_id)
        request.app[keys.HUB].wake_queue()
    return web.json_response(answer, status=202 if created else 200)


async def _take(sessions: Sessions, webhook_id: str, kind: Kind, data: D, store: Store[D]) -> tuple[dict[str, Any], bool]:
    """Stores, numbers, queues and tells in one transaction: `(answer, whether it is new)`."""
    async with sessions.begin() as session:
        conversation = await conversations.lock(session, data.conversation_id)
        receipt = await session.get(WebhookReceipt, webhook_id)
        if receipt is not None:
            if not receipt.answer.get("number", "").startswith(PREFIXES[kind]):
                raise BadRequest(WEBHOOK_ID_USED)
            return receipt.answer, False
        stored = await store(session, conversation, data)
        handoff, place = await submissions.hand_over(session, conversation, stored, data.answered_seq)
        answer = {"number": stored.number, "version": stored.version, "handoff_id": str(handoff.id), "place": place}
        session.add(WebhookReceipt(webhook_id=webhook_id, received_at=now(), answer=answer))
        return answer, True

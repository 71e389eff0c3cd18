"""The handoff webhook: `docs/webhooks.md`."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.exc import IntegrityError

from .. import conversations, keys, queue
from ..db import Sessions
from ..errors import BadRequest
from ..models import WebhookReceipt, now
from ..openapi import documented
from ..schemas import HandoffData, HandoffTaken, HandoffWebhook
from ..security import verify_webhook
from .requests import WEBHOOK_ID_USED, validate

routes = web.RouteTableDef()


@routes.post("/api/v1/webhooks/handoff", name="handoff-webhook")
@documented(
    "Asks for a person (Standard Webhooks); the same `webhook-id` again gives the same answer with 200.",
    body=HandoffWebhook,
    answers={202: HandoffTaken, 200: HandoffTaken},
    auth="webhook",
    errors=("not_found",),
)
async def handoff_webhook(request: web.Request) -> web.Response:
    raw = await request.read()
    webhook_id, body = verify_webhook(request.app[keys.SETTINGS].signing_secrets, request.headers, raw)
    data = validate(body, HandoffWebhook).data
    sessions = request.app[keys.SESSIONS]
    try:
        answer, created = await _take(sessions, webhook_id, data)
    except IntegrityError:
        # The same webhook came twice at the same moment: the other one is stored now.
        answer, created = await _take(sessions, webhook_id, data)
    if created:
        request.app[keys.HUB].wake(data.conversation_id)
        request.app[keys.HUB].wake_queue()
    return web.json_response(answer, status=202 if created else 200)


async def _take(sessions: Sessions, webhook_id: str, data: HandoffData) -> tuple[dict[str, Any], bool]:
    async with sessions.begin() as session:
        conversation = await conversations.lock(session, data.conversation_id)
        receipt = await session.get(WebhookReceipt, webhook_id)
        if receipt is not None:
            if "number" in receipt.answer:  # of an appointment or an incident report
                raise BadRequest(WEBHOOK_ID_USED)
            return receipt.answer, False
        handoff, place = await queue.enqueue(
            session,
            conversation,
            reason=data.reason,
            rank=queue.RANKS[data.priority],
            skills=data.skills,
            language=data.language,
            territory=data.territory,
            summary=data.summary,
            slots=data.slots,
            answered_seq=data.answered_seq,
        )
        answer = {"handoff_id": str(handoff.id), "place": place}
        session.add(WebhookReceipt(webhook_id=webhook_id, received_at=now(), answer=answer))
        return answer, True

"""For operators: is it alive, is it ready, what does it do."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from .. import keys, metrics, queue
from ..assistant_client import answers
from ..openapi import describe, documented
from ..schemas import Health, Readiness

routes = web.RouteTableDef()


@routes.get("/healthz", name="healthz")
@documented("The process lives.", answers={200: Health})
async def healthz(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _database(app: web.Application) -> bool:
    try:
        async with app[keys.READS]() as session:
            await session.execute(text("select 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True


@routes.get("/readyz", name="readyz")
@documented("Every part answers, or which one doesn't.", answers={200: Readiness, 503: Readiness})
async def readyz(request: web.Request) -> web.Response:
    app = request.app
    actions = urlsplit(app[keys.SETTINGS].actions_url)
    checks = await asyncio.gather(
        _database(app),
        app[keys.ASSISTANT].healthy(),
        answers(app[keys.HTTP], f"{actions.scheme}://{actions.netloc}/health"),
    )
    parts = {name: "ok" if up else "unavailable" for name, up in zip(("database", "assistant", "actions"), checks, strict=True)}
    ready = all(checks)
    return web.json_response({"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503)


@routes.get("/metrics", name="metrics")
async def get_metrics(request: web.Request) -> web.Response:
    app = request.app
    metrics.WAITING.set(await queue.waiting_count(app[keys.READS]))
    metrics.CONSOLES.set(app[keys.HUB].consoles)
    metrics.LIVE.set(app[keys.HUB].followers)
    metrics.WORKING.set(app[keys.TURNS].busy)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@routes.get("/api/openapi.json", name="openapi")
async def openapi(request: web.Request) -> web.Response:
    return web.json_response(describe(request.app))

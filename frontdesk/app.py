"""Puts the front desk together: resources as `cleanup_ctx`, routes, middleware."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import aiohttp
from aiohttp import WSCloseCode, web
from sqlalchemy.exc import SQLAlchemyError

from . import db, keys, metrics, queue
from .alarm import EmergencyReader
from .assistant_client import AssistantClient
from .emergency_model import model_file
from .errors import ServiceError
from .live import Hub, OpenSockets
from .middleware import errors, measure, security_headers
from .security import RateLimit
from .settings import ROOT, Settings
from .turns import TurnWorker
from .views import agent, citizen, handoff, operations, pages, submissions

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
LEASE_CHECK_SECONDS = 1.0
LEXICON = ROOT / "data" / "emergency.yml"
EMERGENCY_MODEL = model_file()


def create_app(settings: Settings) -> web.Application:
    """The application. Raises when the emergency lexicon or a setting can't be read: better no start than a silent gap."""
    app = web.Application(middlewares=[measure, errors], client_max_size=BODY_LIMIT)
    app[keys.SETTINGS] = settings
    app[keys.EMERGENCIES] = EmergencyReader.load(LEXICON, EMERGENCY_MODEL)
    metrics.EMERGENCY_MODEL.set(app[keys.EMERGENCIES].has_model)
    app[keys.HUB] = Hub()
    app[keys.SOCKETS] = OpenSockets()
    app[keys.NEW_CONVERSATIONS] = RateLimit(settings.conversations_per_minute, 60)
    app[keys.NEW_MESSAGES] = RateLimit(settings.messages_per_minute, 60)
    app[keys.AGENT_WRITES] = RateLimit(600, 60)
    app[keys.SIGN_INS] = RateLimit(60, 60)
    app.cleanup_ctx.extend([_emergencies, _database, _assistant, _leases])
    app.on_shutdown.append(_close_sockets)
    app.on_response_prepare.append(security_headers)
    for routes in (citizen.routes, handoff.routes, submissions.routes, agent.routes, operations.routes, pages.routes):
        app.add_routes(routes)
    return app


async def _emergencies(app: web.Application) -> AsyncIterator[None]:
    yield
    app[keys.EMERGENCIES].close()


async def _database(app: web.Application) -> AsyncIterator[None]:
    engine = db.create_engine(app[keys.SETTINGS].database_url)
    app[keys.SESSIONS] = db.create_sessions(engine)
    app[keys.READS] = db.create_sessions(engine, read_only=True)
    yield
    await engine.dispose()


async def _assistant(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS]
    async with aiohttp.ClientSession() as http:
        app[keys.HTTP] = http
        app[keys.ASSISTANT] = AssistantClient(
            http, settings.assistant_url, settings.channel_token.get_secret_value(), settings.assistant_timeout
        )
        app[keys.TURNS] = TurnWorker(settings, app[keys.SESSIONS], app[keys.READS], app[keys.ASSISTANT], app[keys.HUB])
        await app[keys.TURNS].start()
        yield
        await app[keys.TURNS].stop()


async def _leases(app: web.Application) -> AsyncIterator[None]:
    await queue.grace_leases(app[keys.SESSIONS], timedelta(seconds=app[keys.SETTINGS].lease_seconds))
    task = asyncio.create_task(_watch_leases(app))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _watch_leases(app: web.Application) -> None:
    while True:
        try:
            for conversation_id in await queue.expire_leases(app[keys.SESSIONS]):
                metrics.LEASES_LOST.inc()
                log.warning("claim of %s not renewed, back to the queue", conversation_id)
                app[keys.HUB].wake(conversation_id)
                app[keys.HUB].wake_queue()
        except (SQLAlchemyError, OSError, ServiceError) as error:
            # The database may be away for a moment (asyncpg then raises OSError), a conversation erased meanwhile; claims must go on
            # being watched.
            log.error("claims could not be checked: %s", type(error).__name__)
        await asyncio.sleep(LEASE_CHECK_SECONDS)


async def _close_sockets(app: web.Application) -> None:
    sockets = app[keys.SOCKETS].copy()
    await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart") for socket in sockets), return_exceptions=True)

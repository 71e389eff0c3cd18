"""What the two live sockets share."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSCloseCode, web

from .. import keys
from ..errors import BadRequest

log = logging.getLogger(__name__)

FRAME_LIMIT = 64 * 1024


@asynccontextmanager
async def live_socket(request: web.Request) -> AsyncIterator[web.WebSocketResponse]:
    """A socket that is closed when the process stops, and with 1011 when something fails: its client comes back with its cursor."""
    socket = web.WebSocketResponse(heartbeat=20, max_msg_size=FRAME_LIMIT)
    await socket.prepare(request)
    request.app[keys.SOCKETS].add(socket)
    try:
        yield socket
    except ConnectionError:
        log.debug("the client of a live socket went away")
    except Exception as error:
        await _fail(socket, error)
    finally:
        request.app[keys.SOCKETS].discard(socket)


async def sending(socket: web.WebSocketResponse, frames: Coroutine[Any, Any, None]) -> None:
    """Runs what sends to a socket; when that fails, nobody would notice the silence, so the socket is closed."""
    try:
        await frames
    except ConnectionError:
        log.debug("the client of a live socket went away")  # who receives sees it too
    except Exception as error:
        await _fail(socket, error)


async def _fail(socket: web.WebSocketResponse, error: Exception) -> None:
    # The type alone: a database error may quote what somebody wrote.
    log.error("live socket stopped on %s", type(error).__qualname__)
    await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"internal")


def cursor(frame: dict[str, Any]) -> int:
    """The `after` of a frame: the last number that the client knows. Raises `BadRequest`."""
    after = frame.get("after", 0)
    if type(after) is not int or not 0 <= after < 2**31:
        raise BadRequest(fields={"after": "0-2147483647"})
    return after

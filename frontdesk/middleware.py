"""Around every request: errors in one shape, security headers, metrics."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from .errors import BodyTooLarge, InternalError, MethodNotAllowed, NotFound, ServiceError
from .metrics import REQUEST_SECONDS, REQUESTS

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def route_name(request: web.Request) -> str:
    """The route's pattern, never the address itself: that one holds ids."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Maps `ServiceError` to its JSON; what nobody foresaw gets an id, a log line and a plain 500."""
    try:
        if "\x00" in request.path:  # in no id; PostgreSQL refuses it as a parameter
            raise NotFound
        return await handler(request)
    except ServiceError as error:
        return error_response(error)
    except web.HTTPNotFound:
        return error_response(NotFound())
    except web.HTTPMethodNotAllowed as error:
        response = error_response(MethodNotAllowed())
        response.headers["Allow"] = error.headers.get("Allow", "")
        return response
    except web.HTTPRequestEntityTooLarge:
        return error_response(BodyTooLarge(limit=request.client_max_size))
    except web.HTTPException:
        raise
    except ConnectionResetError:
        raise  # the client went away: nobody reads an answer
    except Exception as error:
        error_id = secrets.token_hex(6)
        # No exc_info: a database error quotes its parameters, and those may be what somebody wrote. The place is enough.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
        log.error("error %s on %s: %s at %s", error_id, route_name(request), type(error).__qualname__, where)
        return error_response(InternalError(error_id=error_id))


def error_response(error: ServiceError) -> web.Response:
    response = web.json_response(error.body(), status=error.status)
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts and times requests by route."""
    started = time.monotonic()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        route = route_name(request)
        REQUESTS.labels(route, request.method, status).inc()
        if not route.endswith(("/live", "/events")):
            REQUEST_SECONDS.labels(route).observe(time.monotonic() - started)


async def security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What each answer carries; pages add their own Content-Security-Policy before."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")

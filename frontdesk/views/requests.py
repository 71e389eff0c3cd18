"""What the views share: reading a request, checking where it comes from."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel, ValidationError

from .. import keys
from ..errors import BadOrigin, BadRequest
from ..security import parse_json

M = TypeVar("M", bound=BaseModel)
WEBHOOK_ID_USED = "Ce webhook-id a déjà servi à un autre webhook : prenez-en un nouveau."


async def parse(request: web.Request, model: type[M]) -> M:
    """The request's JSON body as `model`. Raises `BadRequest` naming the fields, never repeating their values."""
    if not request.can_read_body:
        return validate({}, model)
    try:
        body = parse_json(await request.read())
    except ValueError:
        raise BadRequest("Le corps de la demande n’est pas du JSON.") from None
    return validate(body, model)


def validate(body: Any, model: type[M]) -> M:
    """`body` as `model`. Raises `BadRequest`."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        fields = {".".join(str(part) for part in item["loc"]) or "body": item["type"] for item in error.errors()}
        raise BadRequest(fields=fields) from None


def whole_number(request: web.Request, name: str, default: int, most: int) -> int:
    """A query parameter from 0 to `most`. Raises `BadRequest`."""
    raw = request.query.get(name, str(default))
    if not (raw.isascii() and raw.isdigit()) or len(raw) > 10 or int(raw) > most:
        raise BadRequest(fields={name: f"0-{most}"})
    return int(raw)


def check_origin(request: web.Request, *, required: bool) -> None:
    """Raises `BadOrigin` when a browser sends the request from another site. Clients that aren't browsers send none."""
    origin = request.headers.get("Origin")
    if origin is None:
        if required and request.headers.get("Sec-Fetch-Site") not in (None, "same-origin"):
            raise BadOrigin
        return
    if origin in request.app[keys.SETTINGS].origins:
        return
    if urlsplit(origin).netloc != request.host:
        raise BadOrigin


def client_address(request: web.Request) -> str:
    """The address to count rates by. The forwarded one is believed only when a proxy of ours sets it."""
    if request.app[keys.SETTINGS].trust_forwarded:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded[:64]
    return request.remote or "unknown"

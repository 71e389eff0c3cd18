"""The input channel: the HTTP calls of docs/assistant.md, their checks and their errors."""

from __future__ import annotations

import hmac
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

import ujson
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from assistant.turns import CHANNEL, ActionFailed, NoAnswer, UnknownPayload, add_transcript, store_of, take_turn

logger = logging.getLogger(__name__)

LONGEST_TEXT: Final = 2000  # code points
LONGEST_PAYLOAD: Final = 200
LONGEST_TRANSCRIPT: Final = 200  # turns
MESSAGE_BYTES: Final = 64 * 1024
TRANSCRIPT_BYTES: Final = 4 * 1024 * 1024  # 200 turns of 2,000 code points, escaped
SHORTEST_TOKEN: Final = 16

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PAYLOAD: Final = re.compile(r'/[a-z][a-z0-9_]*(/[a-z0-9_]+|\{"[a-z_]{1,40}":"[A-Za-z0-9_]{1,40}"\})?')

Handler = Callable[..., Awaitable[HTTPResponse]]


class _Refused(Exception):
    """A call that is answered with an error of docs/assistant.md."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class RelaisInput(InputChannel):
    """Speaks with the front desk only, over loopback or a private network, with a bearer token."""

    def __init__(self, token: str) -> None:
        """`token` is the channel's secret, at least `SHORTEST_TOKEN` characters."""
        if len(token) < SHORTEST_TOKEN:
            raise ValueError(f"credentials.yml: the channel's token needs at least {SHORTEST_TOKEN} characters (RELAIS_CHANNEL_TOKEN).")
        self._authorization = f"Bearer {token}".encode()

    @classmethod
    def name(cls) -> str:
        """Its name in Rasa and in the addresses: `/webhooks/relais/…`."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> RelaisInput:
        """The channel of `credentials.yml`; raises when the token is missing or still an unset variable."""
        token = str((credentials or {}).get("token") or "")
        return cls("" if token.startswith("${") else token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes. Rasa's own handler is not used: it hides errors."""
        routes = Blueprint(f"{CHANNEL}_webhook")

        @routes.listener("before_server_start")
        async def limit_bodies(app: Any, _loop: Any) -> None:
            app.config.REQUEST_MAX_SIZE = TRANSCRIPT_BYTES

        @routes.get("/health", name="health")
        async def health(request: Request) -> HTTPResponse:
            agent = _loaded(request)
            if agent is None:
                return _error(503, "no_model", "No model is loaded.")
            return response.json({"status": "ok", "model": agent.model_id})

        @routes.post("/message", name="message")
        @self._guarded
        async def message(request: Request, agent: Agent) -> HTTPResponse:
            body = _json_object(request, MESSAGE_BYTES)
            conversation_id, message_id = _id(body, "conversation_id"), _id(body, "message_id")
            text, payload = _text(body.get("text"), "text"), _payload(body.get("payload"))
            if body.get("locale", "fr") != "fr":
                raise _bad("locale: only fr")
            started = time.perf_counter()
            result = await take_turn(agent, conversation_id, message_id, text, payload)
            milliseconds = round((time.perf_counter() - started) * 1000)
            logger.info("turn conversation=%s message=%s replayed=%s ms=%s", conversation_id, message_id, result["replayed"], milliseconds)
            return response.json({"conversation_id": conversation_id, "message_id": message_id, **result})

        @routes.post("/transcript", name="transcript")
        @self._guarded
        async def transcript(request: Request, agent: Agent) -> HTTPResponse:
            body = _json_object(request, TRANSCRIPT_BYTES)
            conversation_id, message_id = _id(body, "conversation_id"), _id(body, "message_id")
            turns = body.get("turns")
            if not isinstance(turns, list) or len(turns) > LONGEST_TRANSCRIPT:
                raise _bad(f"turns: a list of at most {LONGEST_TRANSCRIPT}")
            said = [_said(turn) for turn in turns]
            return response.json({"replayed": await add_transcript(agent, conversation_id, message_id, said)})

        @routes.delete("/conversation/<conversation_id:str>", name="erase")
        @self._guarded
        async def erase(request: Request, agent: Agent, conversation_id: str) -> HTTPResponse:
            if not _ID.fullmatch(conversation_id):
                raise _bad("conversation_id: 1-64 characters A-Z a-z 0-9 _ -")
            async with agent.lock_store.lock(conversation_id):
                erased = await store_of(agent).erase(conversation_id)
            return response.json({"erased": erased})

        return routes

    def _guarded(self, handler: Handler) -> Handler:
        """Checks the token before anything else and turns every failure into an error of docs/assistant.md."""

        @wraps(handler)
        async def checked(request: Request, **parameters: Any) -> HTTPResponse:
            try:
                given = request.headers.get("authorization", "").encode()
                if not hmac.compare_digest(given, self._authorization):
                    raise _Refused(401, "unauthorized", "A valid bearer token is needed.")
                agent = _loaded(request)
                if agent is None:
                    raise _Refused(503, "no_model", "No model is loaded.")
                return await handler(request, agent=agent, **parameters)
            except _Refused as refused:
                return _error(refused.status, refused.code, refused.message)
            except UnknownPayload:
                return _error(400, "bad_request", "payload: not a known intent or topic")
            except ActionFailed:
                return _error(502, "action_failed", "The action server did not answer. Nothing was saved; ask again.")
            except NoAnswer:
                return _error(502, "no_answer", "The dialogue had no answer. Nothing was saved.")
            except Exception as error:
                number = uuid.uuid4().hex
                # Types and places only: exception texts may quote what was written.
                logger.error("error=%s type=%s at=%s", number, type(error).__name__, _places(error))
                return _error(500, "internal", f"Internal error {number}.")

        return checked


def _loaded(request: Request) -> Agent | None:
    agent = getattr(request.app.ctx, "agent", None)
    return agent if agent is not None and agent.is_ready() else None


def _error(status: int, code: str, message: str) -> HTTPResponse:
    return response.json({"error": {"code": code, "message": message}}, status=status)


def _places(error: BaseException) -> str:
    trace, places = error.__traceback__, []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-8:])


def _bad(message: str) -> _Refused:
    return _Refused(400, "bad_request", message)


def _json_object(request: Request, most_bytes: int) -> dict[str, Any]:
    if len(request.body) > most_bytes:
        raise _bad(f"body: at most {most_bytes} bytes")
    try:
        body = ujson.loads(request.body)
    except ValueError as error:
        raise _bad("body: not JSON") from error
    if not isinstance(body, dict):
        raise _bad("body: not a JSON object")
    return body


def _id(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _bad(f"{key}: 1-64 characters A-Z a-z 0-9 _ -")
    return value


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_TEXT:
        raise _bad(f"{key}: 1-{LONGEST_TEXT} characters")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise _bad(f"{key}: not valid Unicode")
    return value.strip()


def _payload(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_PAYLOAD or not _PAYLOAD.fullmatch(value):
        raise _bad('payload: /intent, /faq/topic or /inform{"slot":"value"}')
    return value


def _said(turn: Any) -> tuple[str, str]:
    if not isinstance(turn, dict) or turn.get("author") not in ("agent", "citizen"):
        raise _bad("turns: author is agent or citizen")
    return turn["author"], _text(turn.get("text"), "turns.text")

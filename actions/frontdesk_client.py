"""The actions' client of the front desk: the handoff webhook of `docs/api.md`, signed as Standard Webhooks ask."""

import asyncio
import hashlib
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final, Literal

import aiohttp
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from standardwebhooks import Webhook

ATTEMPT_TIMEOUT: Final = 2.5  # seconds for one attempt
PAUSES: Final = (0.2, 0.6)  # seconds before the second and the third attempt; all three end within 9 s
MAX_ANSWER: Final = 64 * 1024  # bytes

logger = logging.getLogger(__name__)


class FrontdeskError(Exception):
    """The front desk could not be told. `code` says why in one word and holds nothing personal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FrontdeskSettings(BaseSettings):
    """Read when a call is made, so that importing the actions needs no environment."""

    model_config = SettingsConfigDict(env_prefix="RELAIS_", extra="ignore", frozen=True)

    port: int = Field(default=8080, ge=1, le=65535, description="Port of the front desk.")
    frontdesk_url: str = Field(default="", description="Base address of the front desk; by default this port on loopback.")
    webhook_secrets: SecretStr = Field(default=SecretStr(""), description="whsec_… values, separated by spaces; the first one signs.")

    @property
    def handoff_url(self) -> str:
        """Address of the handoff webhook."""
        base = self.frontdesk_url or f"http://127.0.0.1:{self.port}"
        return base.rstrip("/") + "/api/v1/webhooks/handoff"

    def signer(self) -> Webhook:
        """Raises `FrontdeskError` when there is no usable secret."""
        secrets = self.webhook_secrets.get_secret_value().split()
        if not secrets:
            raise FrontdeskError("no_secret")
        try:
            return Webhook(secrets[0])
        except ValueError:  # not base64; the library's text would show a part of the secret
            raise FrontdeskError("bad_secret") from None


class Handoff(BaseModel):
    """What an agent needs to know: the `data` of the webhook's body."""

    conversation_id: str
    message_id: str
    reason: Literal["asked", "not_understood", "sensitive"]
    priority: Literal["high", "normal"]
    skills: list[str] = []
    language: str = "fr"
    territory: str | None = None
    summary: str
    slots: dict[str, Any] = {}


class Ticket(BaseModel):
    """The front desk's answer. `place` is the place in the queue, counted from 1."""

    handoff_id: int
    place: int = Field(ge=0)


def webhook_id(handoff: Handoff) -> str:
    """The same for the same message of the same conversation: a turn that is worked off twice makes one handoff."""
    digest = hashlib.sha256(f"{handoff.conversation_id}\n{handoff.message_id}".encode()).hexdigest()
    return f"handoff_{digest[:40]}"


async def request_handoff(handoff: Handoff) -> Ticket:
    """Asks the front desk to queue the conversation; raises `FrontdeskError` after at most three attempts.

    Network errors, timeouts, 429 and 5xx are tried again; any other answer is final.
    """
    try:
        settings = FrontdeskSettings()
    except ValidationError:
        raise FrontdeskError("not_configured") from None
    signer = settings.signer()
    event = {"type": "handoff.requested", "timestamp": _iso(datetime.now(UTC)), "data": handoff.model_dump()}
    body = json.dumps(event, ensure_ascii=False)
    identity = webhook_id(handoff)
    started = time.monotonic()
    failure = "unreachable"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT)) as session:
        for pause in (0.0, *PAUSES):
            await asyncio.sleep(pause)
            try:
                async with session.post(
                    settings.handoff_url,
                    data=body.encode(),
                    headers=_headers(signer, identity, body),
                    allow_redirects=False,
                ) as response:
                    status, answer = response.status, await response.content.read(MAX_ANSWER)
            except (aiohttp.ClientError, TimeoutError) as error:
                failure = type(error).__name__
                continue
            if status in (200, 202):
                return _ticket(answer, handoff, started)
            failure = f"status_{status}"
            if status != 429 and status < 500:
                break
    raise FrontdeskError(failure)


def _headers(signer: Webhook, identity: str, body: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign(msg_id=identity, timestamp=now, data=body),
    }


def _ticket(answer: bytes, handoff: Handoff, started: float) -> Ticket:
    try:
        ticket = Ticket.model_validate_json(answer)
    except ValidationError:
        raise FrontdeskError("bad_answer") from None
    logger.info(
        "handoff queued conversation=%s message=%s reason=%s priority=%s place=%d ms=%d",
        handoff.conversation_id,
        handoff.message_id,
        handoff.reason,
        handoff.priority,
        ticket.place,
        (time.monotonic() - started) * 1000,
    )
    return ticket


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

"""The actions' client of the front desk: the webhooks of `docs/webhooks.md`, signed as Standard Webhooks ask."""

import asyncio
import hashlib
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

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

    def webhook_url(self, name: str) -> str:
        """Address of one of the front desk's webhooks (docs/webhooks.md)."""
        base = self.frontdesk_url or f"http://127.0.0.1:{self.port}"
        return f"{base.rstrip('/')}/api/v1/webhooks/{name}"

    def signer(self) -> Webhook:
        """Raises `FrontdeskError` when there is no usable secret."""
        secrets = self.webhook_secrets.get_secret_value().split()
        if not secrets:
            raise FrontdeskError("no_secret")
        try:
            return Webhook(secrets[0])
        except ValueError:  # not base64; the library's text would show a part of the secret
            raise FrontdeskError("bad_secret") from None


class Event(BaseModel):
    """What every webhook's `data` names: the conversation, and the message in whose turn it is sent."""

    conversation_id: str
    message_id: str


class Handoff(Event):
    """What an agent needs to know."""

    reason: Literal["asked", "not_understood", "sensitive", "language"]
    priority: Literal["urgent", "high", "normal"]
    skills: list[str] = []
    language: str = "fr"
    territory: str | None = None
    summary: str
    slots: dict[str, Any] = {}


class Wish(BaseModel):
    """A moment that suits the citizen; `start` and `end` in ISO 8601 with a time zone."""

    start: str
    end: str
    text: str


class Appointment(Event):
    """A request for an appointment (docs/webhooks.md)."""

    reason: Literal["complaint", "incident_report", "holiday_watch", "weapon_surrender", "other"]
    reason_text: str | None
    commune_code: str | None
    commune_name: str | None
    postcode: str | None
    unit: Literal["police", "gendarmerie", "any"]
    wishes_text: str
    wishes: list[Wish]
    name: str
    phone: str
    email: str | None
    accessibility: str | None


class Incident(Event):
    """An incident report (docs/webhooks.md)."""

    what: str
    when_text: str
    when_start: str | None
    when_end: str | None
    when_precision: Literal["exact", "approximate", "period", "unknown"]
    where_text: str
    commune_code: str | None
    commune_name: str | None
    people_text: str | None
    witnesses_text: str | None
    wish_text: str | None
    name: str
    phone: str
    email: str | None
    callback: bool


class Ticket(BaseModel):
    """The front desk's answer to a handoff. `place` is the place in the queue, counted from 1."""

    handoff_id: int
    place: int = Field(ge=0)


class Receipt(BaseModel):
    """The front desk's answer to a submission: its number, for the citizen to keep."""

    number: str
    version: int
    place: int = Field(ge=0)


Answer = TypeVar("Answer", bound=BaseModel)


def webhook_id(kind: str, event: Event) -> str:
    """The same for the same message of the same conversation: a turn that is worked off twice acts once."""
    digest = hashlib.sha256(f"{event.conversation_id}\n{event.message_id}".encode()).hexdigest()
    return f"{kind}_{digest[:40]}"


async def request_handoff(handoff: Handoff) -> Ticket:
    """Asks the front desk to queue the conversation; raises `FrontdeskError` after at most three attempts."""
    return await _send("handoff", "handoff.requested", handoff, Ticket)


async def submit_appointment(appointment: Appointment) -> Receipt:
    """Hands a request for an appointment in; raises `FrontdeskError` after at most three attempts."""
    return await _send("appointment", "appointment.requested", appointment, Receipt)


async def submit_incident(incident: Incident) -> Receipt:
    """Hands an incident report in; raises `FrontdeskError` after at most three attempts."""
    return await _send("incident", "incident.reported", incident, Receipt)


async def _send(name: str, kind: str, data: Event, expected: type[Answer]) -> Answer:
    """Network errors, timeouts, 429 and 5xx are tried again; any other answer is final."""
    try:
        settings = FrontdeskSettings()
    except ValidationError:
        raise FrontdeskError("not_configured") from None
    signer = settings.signer()
    event = {"type": kind, "timestamp": _iso(datetime.now(UTC)), "data": data.model_dump(exclude_none=True)}
    body = json.dumps(event, ensure_ascii=False)
    identity = webhook_id(name, data)
    started = time.monotonic()
    failure = "unreachable"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT)) as session:
        for pause in (0.0, *PAUSES):
            await asyncio.sleep(pause)
            try:
                async with session.post(
                    settings.webhook_url(name),
                    data=body.encode(),
                    headers=_headers(signer, identity, body),
                    allow_redirects=False,
                ) as response:
                    status, answer = response.status, await response.content.read(MAX_ANSWER)
            except (aiohttp.ClientError, TimeoutError) as error:
                failure = type(error).__name__
                continue
            if status in (200, 202):
                try:
                    parsed = expected.model_validate_json(answer)
                except ValidationError:
                    raise FrontdeskError("bad_answer") from None
                milliseconds = (time.monotonic() - started) * 1000
                logger.info("%s taken conversation=%s message=%s ms=%d", kind, data.conversation_id, data.message_id, milliseconds)
                return parsed
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


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

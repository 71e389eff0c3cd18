"""What comes in and goes out over HTTP. Limits stand here; `docs/api.md` tells them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from .errors import TextEmpty, TextTooLong

TEXT_LIMIT = 2000


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds NUL, which PostgreSQL can't store")
    return value


NoNul = AfterValidator(_without_nul)
ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Payload = Annotated[str, StringConstraints(pattern=r"^/[^\s]", max_length=200)]
Outcome = Literal["answered", "redirected", "appointment", "emergency_services", "citizen_left", "other"]


class Incoming(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Text(Incoming):
    """A text that somebody typed, 1 to 2,000 characters after trimming."""

    text: str

    @field_validator("text")
    @classmethod
    def _length(cls, value: str) -> str:
        # The database can't store NUL (PostgreSQL) nor lone surrogates; neither can be typed.
        value = value.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
        if not value:
            raise TextEmpty
        if len(value) > TEXT_LIMIT:
            raise TextTooLong(limit=TEXT_LIMIT, length=len(value))
        return value


class CitizenMessage(Text):
    client_id: ClientId
    payload: Payload | None = None


class AgentMessage(Text):
    client_id: ClientId


class SignIn(Incoming):
    email: Annotated[str, StringConstraints(min_length=3, max_length=254, strip_whitespace=True, to_lower=True), NoNul]
    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Close(Incoming):
    outcome: Outcome
    return_to_assistant: bool = False
    note: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True), NoNul] | None = None


class HandoffData(Incoming):
    conversation_id: Annotated[str, StringConstraints(min_length=1, max_length=64), NoNul]
    message_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    priority: Literal["urgent", "high", "normal"] = "normal"
    skills: Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=20)] = []
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] = "fr"
    territory: Annotated[str, StringConstraints(max_length=64), NoNul] | None = None
    summary: Annotated[str, StringConstraints(max_length=4000), NoNul] = ""
    slots: Annotated[dict[str, Any], Field(max_length=100)] = {}


class HandoffWebhook(Incoming):
    type: Literal["handoff.requested"]
    timestamp: Annotated[str, StringConstraints(max_length=40)]
    data: HandoffData


# --- what goes out -----------------------------------------------------------------------------------------------


class Button(BaseModel):
    title: str
    payload: str


class Link(BaseModel):
    title: str
    url: str


class Phone(BaseModel):
    label: str
    number: str
    href: str | None = None
    note: str | None = None


class Card(BaseModel):
    kind: str
    title: str
    text: str
    phones: list[Phone] = []
    links: list[Link] = []


class EventOut(BaseModel):
    """One event; `docs/api.md` tells what `data` holds for each type."""

    seq: int
    type: Literal["message", "owner", "queue", "urgent", "closed"]
    author: Literal["citizen", "assistant", "agent", "system"]
    at: str
    data: dict[str, Any]


class QueuePlace(BaseModel):
    place: int
    waiting: int


class Now(BaseModel):
    """What is true at this moment; nothing of it is stored."""

    owner: Literal["assistant", "queue", "agent"]
    urgent: bool
    queue: QueuePlace | None
    typing: list[Literal["assistant", "agent", "citizen"]]
    agent_name: str | None


class Created(BaseModel):
    conversation_id: str
    token: str
    cursor: int


class Stored(BaseModel):
    seq: int


class Events(BaseModel):
    events: list[EventOut]
    cursor: int
    now: Now


class Owner(BaseModel):
    owner: Literal["assistant", "queue", "agent"]


class AgentOut(BaseModel):
    id: str
    name: str
    email: str
    role: Literal["agent", "supervisor"]


class SessionOut(BaseModel):
    agent: AgentOut
    csrf_token: str


class HandoffOut(BaseModel):
    conversation_id: str
    handoff_id: str
    status: Literal["waiting", "claimed", "closed", "cancelled"]
    reason: str
    priority: Literal["urgent", "high", "normal"]
    urgent: bool
    language: str
    summary: str
    slots: dict[str, Any]
    waiting_since: str
    agent_name: str | None
    last_text_at: str | None
    last_seq: int
    unread: int
    lease_expires_at: str | None


class QueueOut(BaseModel):
    waiting: list[HandoffOut]
    mine: list[HandoffOut]


class ConversationOut(BaseModel):
    id: str
    created_at: str
    closed_at: str | None


class Transcript(BaseModel):
    conversation: ConversationOut
    handoff: HandoffOut | None
    events: list[EventOut]
    cursor: int
    now: Now


class Claimed(BaseModel):
    handoff: HandoffOut


class Lease(BaseModel):
    lease_expires_at: str


class HandoffTaken(BaseModel):
    handoff_id: str
    place: int


class ErrorDetail(BaseModel):
    code: str
    message: str
    details: dict[str, Any]


class ErrorOut(BaseModel):
    """The one shape of an error."""

    error: ErrorDetail


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    status: Literal["ok", "unavailable"]
    parts: dict[str, str]

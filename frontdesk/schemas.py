"""What comes in and goes out over HTTP. Limits stand here; `docs/api.md` tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .errors import TextEmpty, TextTooLong

TEXT_LIMIT = 2000


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds NUL, which PostgreSQL can't store")
    return value


NoNul = AfterValidator(_without_nul)
ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Payload = Annotated[str, StringConstraints(pattern=r"^/[^\s]", max_length=200)]
Timestamp = Annotated[str, StringConstraints(max_length=40)]
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


class ConversationData(Incoming):
    """What a webhook says of a conversation in whose turn the assistant calls."""

    conversation_id: Annotated[str, StringConstraints(min_length=1, max_length=64), NoNul]
    message_id: Annotated[str, StringConstraints(max_length=64)] | None = None

    @property
    def answered_seq(self) -> int | None:
        """The message in whose turn the assistant asks: its own answer is still to come. Ids are `<conversation>-<seq>`."""
        prefix, _, seq = (self.message_id or "").rpartition("-")
        return int(seq) if prefix == self.conversation_id and seq.isascii() and seq.isdigit() and len(seq) < 10 else None


class HandoffData(ConversationData):
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    priority: Literal["urgent", "high", "normal"] = "normal"
    skills: Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=20)] = []
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] = "fr"
    territory: Annotated[str, StringConstraints(max_length=64), NoNul] | None = None
    summary: Annotated[str, StringConstraints(max_length=4000), NoNul] = ""
    slots: Annotated[dict[str, Any], Field(max_length=100)] = {}


class HandoffWebhook(Incoming):
    type: Literal["handoff.requested"]
    timestamp: Timestamp
    data: HandoffData


# --- appointments and incident reports ---------------------------------------------------------------------------


def _moment(value: str) -> str:
    """ISO 8601 with an offset in whole minutes, told again in one form; the offset is kept: it says which clock people mean."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("not_a_time", "not ISO 8601") from None
    offset = moment.utcoffset()
    if offset is None:
        raise PydanticCustomError("no_time_zone", "has no time zone")
    if offset.total_seconds() % 60:
        raise PydanticCustomError("not_a_time", "an offset of seconds")
    return moment.isoformat(timespec="seconds")


def _phone(value: str) -> str:
    """A number that can exist and that calls nobody dearly: an agent is going to dial it."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("not_a_phone_number", "not E.164") from None
    expensive = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) in expensive:
        raise PydanticCustomError("not_a_phone_number", "no number of a person")
    return value


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise PydanticCustomError("not_an_email", "not an e-mail address") from None


def _not_before(start: str | None, end: str) -> str:
    """`end`. Raises when it lies before `start`."""
    if start is not None and datetime.fromisoformat(end) < datetime.fromisoformat(start):
        raise PydanticCustomError("ends_before_start", "ends before it starts")
    return end


Moment = Annotated[str, StringConstraints(max_length=40), AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{1,14}$"), AfterValidator(_phone)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
CommuneCode = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{2}|2[AB])[0-9]{3}$")]
Text100 = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True), NoNul]
Text200 = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), NoNul]
Text500 = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), NoNul]
Text1000 = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True), NoNul]
AppointmentReason = Literal["complaint", "incident_report", "holiday_watch", "weapon_surrender", "other"]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), NoNul]


class Wish(Incoming):
    """One time that would suit: from `start` to `end`, and how the citizen said it."""

    start: Moment
    end: Moment
    text: Text200 | None = None

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: str, known: ValidationInfo) -> str:
        return _not_before(known.data.get("start"), end)


class AppointmentFields(Incoming):
    """What a citizen says of the appointment that they ask for."""

    reason: AppointmentReason
    reason_text: Text1000 | None = None
    commune_code: CommuneCode | None = None
    commune_name: Text100 | None = None
    postcode: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")] | None = None
    unit: Literal["police", "gendarmerie", "any"]
    wishes_text: Text500 | None = None
    wishes: Annotated[list[Wish], Field(max_length=5)] = []
    name: PersonName
    phone: PhoneNumber
    email: Email | None = None
    accessibility: Text500 | None = None


class IncidentFields(Incoming):
    """What a citizen reports: a statement that nobody has checked yet."""

    what: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), NoNul]
    when_text: Text500 | None = None
    when_start: Moment | None = None
    when_end: Moment | None = None
    when_precision: Literal["exact", "approximate", "period", "unknown"]
    where_text: Text500 | None = None
    commune_code: CommuneCode | None = None
    commune_name: Text100 | None = None
    people_text: Text1000 | None = None
    witnesses_text: Text1000 | None = None
    wish_text: Text1000 | None = None
    name: PersonName
    phone: PhoneNumber | None = None
    email: Email | None = Field(default=None, validate_default=True)
    callback: bool

    @field_validator("when_end")
    @classmethod
    def _after_start(cls, end: str | None, known: ValidationInfo) -> str | None:
        return None if end is None else _not_before(known.data.get("when_start"), end)

    @field_validator("email")
    @classmethod
    def _reachable(cls, email: str | None, known: ValidationInfo) -> str | None:
        if email is None and known.data.get("phone", "") is None:
            raise PydanticCustomError("phone_or_email", "neither a phone number nor an e-mail address")
        return email


class AppointmentData(AppointmentFields, ConversationData):
    pass


class IncidentData(IncidentFields, ConversationData):
    corrects: Annotated[str, StringConstraints(pattern=r"^MC-[0-9]{4}-[0-9]{6,9}$")] | None = None


class AppointmentWebhook(Incoming):
    type: Literal["appointment.requested"]
    timestamp: Timestamp
    data: AppointmentData


class IncidentWebhook(Incoming):
    type: Literal["incident.reported"]
    timestamp: Timestamp
    data: IncidentData


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
    type: Literal["message", "owner", "queue", "urgent", "closed", "submission"]
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


class AppointmentOut(BaseModel):
    """An appointment that was asked for; times of `data` have the offset of the place."""

    kind: Literal["appointment"]
    number: str
    version: int
    versions: int
    at: str
    data: AppointmentFields


class IncidentOut(BaseModel):
    """The newest version of an incident report. `intact` is false when what is stored isn't what was reported any more."""

    kind: Literal["incident"]
    number: str
    version: int
    versions: int
    at: str
    intact: bool
    data: IncidentFields


class Transcript(BaseModel):
    conversation: ConversationOut
    handoff: HandoffOut | None
    submissions: list[Annotated[AppointmentOut | IncidentOut, Field(discriminator="kind")]]
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


class SubmissionTaken(HandoffTaken):
    number: str
    version: int


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

"""All reads and writes of appointments that citizens ask for. Nothing here confirms one: an agent or the unit does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from . import conversations, submissions
from .models import Appointment, Conversation, now
from .schemas import AppointmentData, AppointmentFields
from .submissions import Stored

REASONS = {
    "complaint": "déposer une plainte",
    "incident_report": "faire une main courante",
    "holiday_watch": "opération tranquillité vacances",
    "weapon_surrender": "remettre une arme",
    "other": "autre",
}
UNITS = {"police": "police", "gendarmerie": "gendarmerie", "any": "police ou gendarmerie"}


async def store(session: AsyncSession, conversation: Conversation, data: AppointmentData) -> Stored:
    """Stores what a citizen asks for in a locked conversation, under a new number."""
    moment = now()
    number = await submissions.next_number(session, "appointment", moment)
    content = data.model_dump(include=set(AppointmentFields.model_fields))
    session.add(Appointment(number=number, conversation_id=conversation.id, created_at=moment, content=content))
    return Stored("appointment", number, 1, _summary(number, data))


def _summary(number: str, data: AppointmentFields) -> str:
    wishes = [f"{wish.text} ({told})" if wish.text else told for wish in data.wishes if (told := submissions.period(wish.start, wish.end))]
    return submissions.summary(
        f"Demande de rendez-vous {number}",
        [
            ("Motif", REASONS[data.reason]),
            ("Objet", data.reason_text),
            ("Commune", submissions.place(data.commune_name, data.postcode, data.commune_code)),
            ("Service", UNITS[data.unit]),
            ("Souhaits", data.wishes_text),
            *(("Créneau possible", wish) for wish in wishes),
            ("Nom", data.name),
            ("Téléphone", submissions.phone(data.phone)),
            ("Adresse e-mail", data.email),
            ("Besoin particulier", data.accessibility),
        ],
    )


async def of_conversation(session: AsyncSession, conversation_id: str) -> list[dict[str, Any]]:
    """The appointments asked for in a conversation, the oldest first; see `schemas.AppointmentOut`."""
    found = await session.scalars(
        select(Appointment).where(Appointment.conversation_id == conversation_id).order_by(Appointment.created_at, Appointment.number)
    )
    return [
        {
            "kind": "appointment",
            "number": one.number,
            "version": 1,
            "versions": 1,
            "at": conversations.iso(one.created_at),
            "data": one.content,
        }
        for one in found
    ]

"""What citizens wrote and the assistant did not understand, as suggestions for the editors: masked, and without a word of who wrote it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import aliased

from spoken.masking import mask
from spoken.text import fold

from .db import Sessions
from .models import Event

READ_LIMIT = 5_000  # newest answers that are looked at
TOPIC_PAYLOAD = "/faq/"


@dataclass
class Suggestion:
    """One masked message (`spoken.masking.mask`), how often it was written alike, and how often which topic was chosen next."""

    text: str
    times: int = 0
    chosen: Counter[str] = field(default_factory=Counter)


async def suggestions(reads: Sessions, limit: int) -> list[Suggestion]:
    """At most `limit` suggestions, the most frequent first, then the newest.

    Looks at the `READ_LIMIT` newest answers that said that a message was not understood. A topic counts as chosen when the citizen's next
    message was its button.
    """
    message, answer, following = aliased(Event), aliased(Event), aliased(Event)
    next_seq = (
        select(following.seq)
        .where(following.conversation_id == answer.conversation_id, following.seq > answer.seq)
        .where(following.type == "message", following.author == "citizen")
        .order_by(following.seq)
        .limit(1)
        .correlate(answer)
        .scalar_subquery()
    )
    chosen = aliased(Event)
    query = (
        select(message.data, chosen.data)
        .select_from(answer)
        .join(message, (message.conversation_id == answer.conversation_id) & (message.seq == answer.data["reply_to"].as_integer()))
        .outerjoin(chosen, (chosen.conversation_id == answer.conversation_id) & (chosen.seq == next_seq))
        .where(answer.type == "message", answer.author == "assistant", answer.data["understood"].as_boolean().is_(False))
        .order_by(answer.at.desc())
        .limit(READ_LIMIT)
    )
    async with reads() as session:
        rows = (await session.execute(query)).all()
    found: dict[str, Suggestion] = {}
    for said, then in rows:
        text = " ".join(mask(said["text"]).split())
        suggestion = found.setdefault(fold(text).text, Suggestion(text))
        suggestion.times += 1
        payload = (then or {}).get("payload") or ""
        if payload.startswith(TOPIC_PAYLOAD):
            suggestion.chosen[payload.removeprefix(TOPIC_PAYLOAD)] += 1
    return sorted(found.values(), key=lambda one: -one.times)[:limit]

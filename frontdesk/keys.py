"""What hangs on the application, by typed key."""

from __future__ import annotations

from aiohttp import ClientSession, web

from .alarm import EmergencyReader
from .assistant_client import AssistantClient
from .db import Sessions
from .live import Hub, OpenSockets
from .security import RateLimit
from .settings import Settings
from .turns import TurnWorker

SETTINGS = web.AppKey("settings", Settings)
SESSIONS = web.AppKey("sessions", Sessions)
READS = web.AppKey("reads", Sessions)
EMERGENCIES = web.AppKey("emergencies", EmergencyReader)
HUB = web.AppKey("hub", Hub)
HTTP = web.AppKey("http", ClientSession)
ASSISTANT = web.AppKey("assistant", AssistantClient)
TURNS = web.AppKey("turns", TurnWorker)
NEW_CONVERSATIONS = web.AppKey("new_conversations", RateLimit)
NEW_MESSAGES = web.AppKey("new_messages", RateLimit)
AGENT_WRITES = web.AppKey("agent_writes", RateLimit)
SIGN_INS = web.AppKey("sign_ins", RateLimit)
SOCKETS = web.AppKey("sockets", OpenSockets)

"""What `/metrics` tells, in Prometheus' format. Names carry their units."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("relais_http_requests", "HTTP requests.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram("relais_http_request_seconds", "Time to answer, long polls and sockets left out.", ["route"])
MESSAGES = Counter("relais_messages", "Messages stored.", ["author"])
TURNS = Counter(
    "relais_turns", "Ends of attempts at an answer: answered, not_understood, cancelled, given_up or an error's code.", ["result"]
)
ASSISTANT_SECONDS = Histogram("relais_assistant_seconds", "Time the assistant took to answer one message.")
EMERGENCIES = Counter("relais_emergencies", "Emergency cards shown.", ["category"])
ALARMS = Counter("relais_alarms", "Messages that told of a danger, by what read it (soft: a line, no card).", ["layer"])
EMERGENCY_MODEL = Gauge("relais_emergency_model", "1 when the second layer reads for emergencies, 0 when the lexicon is alone.")
HANDOFFS = Counter("relais_handoffs", "Handoffs by their reason.", ["reason"])
SUBMISSIONS = Counter("relais_submissions", "Appointments asked for, incident reports and corrections of them.", ["kind"])
LEASES_LOST = Counter("relais_leases_lost", "Claims that were not renewed.")
WAITING = Gauge("relais_queue_waiting", "Conversations that wait for an agent.")
CONSOLES = Gauge("relais_consoles", "Connected agents' consoles.")
LIVE = Gauge("relais_live_followers", "Citizens' clients that follow a conversation.")
WORKING = Gauge("relais_turns_working", "Conversations the assistant is being asked about.")

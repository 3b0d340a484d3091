"""What is counted while the desk runs; nothing in it tells who somebody is."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CONVERSATIONS = Counter("ieum_conversations", "Conversations opened.", ["channel"])
ANSWERS = Counter("ieum_answers", "Messages of the desk, by the type of their card.", ["card"])
CASES = Counter("ieum_cases", "Cases put before the counsellors.", ["urgency"])
REMINDERS = Counter("ieum_reminders", "Reminders sent.")
GIVEN_UP = Counter("ieum_messages_given_up", "Messages that Rasa failed at again and again.")
TURN_SECONDS = Histogram(
    "ieum_turn_seconds",
    "From asking Rasa to its answer.",
    buckets=(0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
)
REQUESTS = Counter("ieum_http_requests", "Calls, by route and status.", ["route", "status"])
STAGE_SECONDS = Histogram(
    "ieum_stage_seconds",
    "What the gateway does to a message beside asking Rasa.",
    ["stage"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
)
VERDICTS = Counter("ieum_verdicts", "Verdicts told, by outcome.", ["outcome"])
ERRORS = Counter("ieum_errors", "Faults of our own, by kind.", ["kind"])
WAITING = Gauge(
    "ieum_messages_waiting", "Messages without an answer.", multiprocess_mode="mostrecent"
)
SOCKETS = Gauge("ieum_sockets", "Windows that listen.", multiprocess_mode="livesum")
RESTARTS = Gauge(
    "ieum_process_restarts",
    "Starts of a process after its first, since the desk began.",
    ["part"],
    multiprocess_mode="mostrecent",
)
REFUSED = Counter("ieum_refused", "Calls and connections turned away.", ["why"])

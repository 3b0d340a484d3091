"""What is counted while the desk runs; nothing in it tells who somebody is."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

CONVERSATIONS = Counter("ieum_conversations", "Conversations opened.", ["channel"])
ANSWERS = Counter("ieum_answers", "Messages of the desk, by the type of their card.", ["card"])
CASES = Counter("ieum_cases", "Cases put before the counsellors.", ["urgency"])
GIVEN_UP = Counter("ieum_messages_given_up", "Messages that Rasa failed at again and again.")
TURN_SECONDS = Histogram(
    "ieum_turn_seconds",
    "From asking Rasa to its answer.",
    buckets=(0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
)
REQUESTS = Counter("ieum_http_requests", "Calls, by route and status.", ["route", "status"])
REFUSED = Counter("ieum_refused", "Calls and connections turned away.", ["why"])

"""What may become of a message under load, as locust counts it."""

ANSWERED = "answered"
TOLD_TO_WAIT = "told to wait"
TURNED_AWAY = "turned away"

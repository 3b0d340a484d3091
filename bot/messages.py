"""The words that gateway, doors and storage share: messages, conversations, Rasa's answers."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

import msgspec

from knowledge.schema import Signal

Role = Literal["desk", "applicant", "counsellor", "system"]
Urgency = Literal["low", "normal", "high", "emergency"]
CaseStatus = Literal["queued", "assigned", "closed"]
Consent = Literal["asked", "given", "refused"]


class Choice(msgspec.Struct, frozen=True):
    """A button: what it says, and what is sent when it is pressed."""

    label: str
    value: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message as everybody sees it.

    `text` is complete without the card.  `created_at` is UTC, ISO 8601.  An
    applicant's message has the `choice` that was pressed, if one was, and the
    `key` by which their client knows it again.
    """

    id: str
    role: Role
    language: str
    created_at: str
    text: str
    choices: list[Choice]
    card: dict[str, Any] | None
    choice: str | msgspec.UnsetType = msgspec.UNSET
    key: str | msgspec.UnsetType = msgspec.UNSET


class Utterance(msgspec.Struct, frozen=True):
    """A message as Rasa's actions give it, before the gateway has stored it."""

    text: str
    language: str
    choices: list[Choice] = []
    card: dict[str, Any] | None = None


class KnownFact(msgspec.Struct, frozen=True):
    """What the applicant told: the wire value, the words it came in, who said it."""

    value: bool | int | float | str | None
    words: str | None = None
    by: str = "applicant"


class Triage(msgspec.Struct, frozen=True):
    urgency: Urgency = "normal"
    reasons: list[str] = []


class Reminder(msgspec.Struct, frozen=True):
    """What the person wants to be reminded of: `text` is said on the day `on` (ISO 8601, Seoul).

    `about` names the day that it is about, `day`; `before` is how long before
    that it is said.  The two are its name within a conversation.
    """

    about: str
    before: str
    day: str
    on: str
    what: str
    text: str
    language: str
    choices: list[Choice] = []


class State(msgspec.Struct, frozen=True):
    """Where the dialogue stands after a turn, as the actions tell it.

    It goes to them with the next message.  `asked` is the fact whose question
    is open, `misses` how often it was not understood, `told` what has been said
    once and need not be said again (a verdict, a warning).  `signals` are what
    showed in the conversation (knowledge/triage.py); `consent` is whether what
    was told may be passed on to a counsellor.
    """

    language: str | None = None
    language_chosen: bool = False
    facts: dict[str, KnownFact] = {}
    services: list[str] = []
    triage: Triage = Triage()
    handoff: str | None = None
    asked: str | None = None
    misses: int = 0
    told: dict[str, str] = {}
    reminders: list[Reminder] = []
    signals: list[Signal] = []
    consent: Consent | None = None

    @property
    def wants_counsellor(self) -> bool:
        """Whether a person should look at this conversation."""
        return self.handoff == "requested" or self.triage.urgency in ("high", "emergency")


class Turn(msgspec.Struct, frozen=True):
    """What the desk answers to one message of the applicant."""

    messages: list[Utterance]
    state: State


class Case(msgspec.Struct, frozen=True):
    """A conversation put before the counsellors."""

    id: str
    status: CaseStatus
    urgency: Urgency


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One applicant's conversation.

    `language_chosen` tells an explicit choice, which wins over what is
    detected.  `origin` is the website it came from, or the id of the chat.
    `owner` is the counsellor who answers in it; None is the desk.  `case` is the
    open case, else the one closed last.
    """

    id: str
    token_hash: str
    language: str
    language_chosen: bool
    channel: str
    origin: str | None
    created_at: str
    state: State
    owner: str | None = None
    owner_changes: int = 0
    case: Case | None = None


def now() -> str:
    """This moment as messages carry it."""
    return as_text(datetime.now(timezone.utc))


def exactly_now() -> str:
    """This moment to the microsecond, UTC, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def as_text(moment: datetime) -> str:
    """A moment of UTC as messages carry it; its order is the order of time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

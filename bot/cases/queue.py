"""The queue of cases: in which order, and what a person who waits is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, Protocol

import msgspec
import sqlalchemy as sa
from babel.dates import format_timedelta

from bot.messages import CaseStatus, State, Urgency, as_text
from bot.store import cases, conversations, messages
from knowledge.assessment import assess
from knowledge.base import KnowledgeBase
from knowledge.catalogue import Catalogue
from knowledge.facts import decode_value
from knowledge.periods import SEOUL, seoul_today
from knowledge.triage import Situation, graver, level_of, nearest_date, priority, triage

RECENT = timedelta(days=14)
FEWEST = 5  # cases, below which a usual wait says nothing
SHORTEST = timedelta(minutes=5)  # nobody is promised less


class Hours(Protocol):
    """When counsellors are there."""

    def opens(self, moment: datetime) -> datetime | None:
        """When they are there again, after `moment` (UTC); None where they are there then."""


class AlwaysOpen:
    """Hours that are not known: nothing is said of them."""

    def opens(self, moment: datetime) -> datetime | None:
        return None


class QueueFilter(msgspec.Struct, frozen=True):
    """Which cases to list; None does not filter.  `mine` are those this counsellor has."""

    status: CaseStatus | None = None
    language: str | None = None
    service: str | None = None
    urgency: Urgency | None = None
    mine: bool = False


class QueueEntry(msgspec.Struct, frozen=True):
    """A case as the queue shows it: nothing in it tells who somebody is.

    `raised` are the ids of the triage rules that hold today, the gravest
    first; the texts are `triage.<id>` of the catalogue.  `waiting_since` is when
    the person last began to wait for a counsellor; `unread` counts what they
    wrote to the counsellor since the counsellor's last message.
    """

    case: str
    conversation: str
    status: CaseStatus
    urgency: Urgency
    raised: list[str]
    priority: int
    owner: str | None
    counsellor: str | None
    language: str
    channel: str
    services: list[str]
    consent: str | None
    created_at: str
    waiting_since: str
    last_message_at: str
    unread: int


class Place(NamedTuple):
    """Where a case stands, how long the wait was lately, when counsellors are there again."""

    position: int
    usually: timedelta | None
    opens: datetime | None

    def in_words(self, words: Catalogue) -> str:
        """What the person is told: what is known, and nothing that is not."""
        lines = [words.phrase("case.position", position=self.position)]
        if self.opens is not None:
            opens = words.moment(self.opens.astimezone(SEOUL))
            lines.append(words.phrase("case.opens", when=opens))
        elif self.usually is not None:
            wait = format_timedelta(
                max(self.usually, SHORTEST), threshold=1.2, locale=words.written_in
            )
            lines.append(words.phrase("case.usually", wait=wait))
        lines.append(words.phrase("handoff.expected"))
        return "\n".join(lines)


class Queue:
    """The open cases, ranked as of now."""

    def __init__(self, base: KnowledgeBase, hours: Hours | None = None) -> None:
        self._base = base
        self._hours = hours or AlwaysOpen()

    def entries(
        self, db: Any, now: datetime, *, closed: bool = False, only: str | None = None
    ) -> list[QueueEntry]:
        """All open cases (or all closed ones, newest first), what comes first first;
        or `only` one case.
        """
        asked = sa.select(cases, *_CONVERSATION).join(
            conversations, conversations.c.id == cases.c.conversation
        )
        is_closed = cases.c.status == "closed"
        if only is not None:
            asked = asked.where(cases.c.id == only)
        rows = db.execute(
            asked.where(is_closed if closed else ~is_closed).order_by(*_FIRST_COME)
        ).all()
        spoken = _spoken(db, [row.conversation for row in rows])
        found = [self._entry(row, spoken[row.conversation], now) for row in rows]
        if closed:
            return sorted(found, key=lambda e: e.last_message_at, reverse=True)
        return sorted(found, key=lambda e: -e.priority)  # and of equals, who came first

    def place(self, db: Any, case_id: str) -> Place:
        """The place of a queued case among those that nobody has taken yet."""
        now = datetime.now(timezone.utc)
        queued = [e.case for e in self.entries(db, now) if e.status == "queued"]
        position = queued.index(case_id) + 1 if case_id in queued else 1
        return Place(position, _usual_wait(db, now), self._hours.opens(now))

    def situation(self, state: State) -> Situation:
        """What the triage looks at."""
        today = seoul_today()
        known = self._base.facts
        facts = {
            name: decode_value(known[name], fact.value, today)
            for name, fact in state.facts.items()
            if name in known
        }
        services = [self._base.services[s] for s in state.services if s in self._base.services]
        return Situation(facts, [assess(s, facts, today) for s in services], state.signals)

    def _entry(self, row: Any, spoken: tuple[str, int], now: datetime) -> QueueEntry:
        state = msgspec.json.decode(row.state, type=State)
        situation, today = self.situation(state), seoul_today()
        held = triage(self._base, situation, today)
        level = graver(level_of(held) if held else row.urgency, row.urgency)
        raised = [rule.id for rule in held] or msgspec.json.decode(row.reasons)
        waited = now - _moment(row.queued_at)
        last_message_at, unread = spoken
        return QueueEntry(
            case=row.id,
            conversation=row.conversation,
            status=row.status,
            urgency=level,
            raised=raised,
            priority=priority(level, waited, nearest_date(situation, today), today),
            owner=row.owner,
            counsellor=row.counsellor,
            language=row.language,
            channel=row.channel,
            services=state.services,
            consent=state.consent,
            created_at=row.created_at,
            waiting_since=as_text(_moment(row.queued_at)),
            last_message_at=last_message_at,
            unread=unread,
        )


_FIRST_COME = (cases.c.queued_at, cases.c.id)
_CONVERSATION = [
    conversations.c.state,
    conversations.c.owner,
    conversations.c.language,
    conversations.c.channel,
]


def _spoken(db: Any, conversation_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """When the last message came, and how many the counsellor has not answered."""
    found: dict[str, tuple[str, int]] = {}
    for start in range(0, len(conversation_ids), 500):
        some = conversation_ids[start : start + 500]
        own = sa.select(messages.c.conversation, sa.func.max(messages.c.seq).label("seq"))
        own = own.where(messages.c.role == "counsellor").group_by(messages.c.conversation)
        last_own = own.subquery()
        unread = sa.and_(
            messages.c.to_counsellor.is_(True),
            messages.c.seq > sa.func.coalesce(last_own.c.seq, 0),
        )
        asked = (
            sa.select(
                messages.c.conversation,
                sa.func.max(messages.c.created_at),
                sa.func.sum(sa.case((unread, 1), else_=0)),
            )
            .outerjoin(last_own, last_own.c.conversation == messages.c.conversation)
            .where(messages.c.conversation.in_(some))
            .group_by(messages.c.conversation)
        )
        found |= {row[0]: (row[1], int(row[2])) for row in db.execute(asked)}
    return found


def _usual_wait(db: Any, now: datetime) -> timedelta | None:
    """The median time from the queue to a counsellor, of late; None where too few tell."""
    asked = sa.select(cases.c.queued_at, cases.c.taken_at)
    asked = asked.where(cases.c.taken_at >= as_text(now - RECENT))
    waits = [_moment(taken) - _moment(queued) for queued, taken in db.execute(asked)]
    return sorted(waits)[len(waits) // 2] if len(waits) >= FEWEST else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

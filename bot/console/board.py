"""Figures for leads: who waits, how fast they were answered, how it ended, what the base lacks.

Figures alone: nothing here tells who somebody is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from statistics import median
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from bot.cases.queue import QueueEntry
from bot.messages import as_text
from bot.store import Store, cases, conversations, messages

PERIOD = timedelta(days=30)
MOST_QUESTIONS = 50
Mask = Callable[[str], str]


class Unanswered(NamedTuple):
    """A question to which the desk had no answer, personal numbers hidden; `reason` is why."""

    asked_at: str
    language: str
    reason: str
    text: str


class Row(NamedTuple):
    """A case as figures: days and lengths of time in minutes."""

    day: str
    urgency: str
    language: str
    channel: str
    status: str
    outcome: str
    minutes_to_take: int | None
    minutes_to_answer: int | None


class Figures(NamedTuple):
    """What the board shows; times are medians, None where nothing was measured."""

    since: datetime
    opened: int
    to_take: timedelta | None
    to_answer: timedelta | None
    slowest_tenth: timedelta | None
    outcomes: list[tuple[str, int]]
    languages: list[tuple[str, int]]
    lacking: list[tuple[str, int]]


class Board:
    """Reads the figures from the store."""

    def __init__(self, store: Store) -> None:
        self._run = store._run

    async def rows(self) -> list[Row]:
        """Every case of the period, the newest first."""
        since = as_text(_now() - PERIOD)

        def work(db: Any) -> list[Row]:
            asked = sa.select(cases, conversations.c.language, conversations.c.channel)
            asked = asked.join(conversations, conversations.c.id == cases.c.conversation)
            asked = asked.where(cases.c.created_at >= since).order_by(cases.c.created_at.desc())
            return [
                Row(
                    row.created_at[:10],
                    row.urgency,
                    row.language,
                    row.channel,
                    row.status,
                    row.outcome or "",
                    _minutes(row.queued_at, row.taken_at),
                    _minutes(row.created_at, row.answered_at),
                )
                for row in db.execute(asked)
            ]

        return await self._run(work)

    async def figures(self) -> Figures:
        rows = await self.rows()
        answered = sorted(r.minutes_to_answer for r in rows if r.minutes_to_answer is not None)
        taken = [r.minutes_to_take for r in rows if r.minutes_to_take is not None]
        lacking = await self._lacking()
        return Figures(
            since=_now() - PERIOD,
            opened=len(rows),
            to_take=_median(taken),
            to_answer=_median(answered),
            slowest_tenth=(
                timedelta(minutes=answered[len(answered) * 9 // 10]) if answered else None
            ),
            outcomes=Counter(r.outcome for r in rows if r.outcome).most_common(),
            languages=Counter(r.language for r in rows).most_common(),
            lacking=Counter(u.reason for u in lacking).most_common(),
        )

    async def unanswered(self, mask: Mask) -> list[Unanswered]:
        """The newest questions that the base could not answer."""
        found = await self._lacking()
        return [u._replace(text=mask(u.text)) for u in found[:MOST_QUESTIONS]]

    async def _lacking(self) -> list[Unanswered]:
        since = as_text(_now() - PERIOD)

        def work(db: Any) -> list[Unanswered]:
            said = messages.alias("said")
            asked = sa.select(said.c.created_at, said.c.language, said.c.text, messages.c.card)
            asked = asked.join(said, said.c.id == messages.c.reply_to)
            asked = asked.where(
                messages.c.card.is_not(None),
                messages.c.created_at >= since,
                said.c.choice.is_(None),
                # The answers that can tell of a lack; the cards are read below.
                sa.or_(
                    messages.c.card.like('%"out_of_scope"%'),
                    messages.c.card.like('%"items":[]%'),
                ),
            )
            found = []
            for at, language, text, card in db.execute(asked.order_by(messages.c.seq.desc())):
                if reason := _lack(msgspec.json.decode(card)):
                    found.append(Unanswered(at, language, reason, text))
            return found

        return await self._run(work)


def waiting_by_urgency(entries: list[QueueEntry]) -> Counter[str]:
    """How many wait, by urgency."""
    return Counter(entry.urgency for entry in entries if entry.status == "queued")


def _lack(card: dict[str, Any]) -> str | None:
    """Why a card answers nothing: `not_covered`, or `nothing` was found."""
    if card.get("type") == "out_of_scope" and card.get("reason") == "not_covered":
        return "not_covered"
    return "nothing" if card.get("type") == "answer" and not card.get("items") else None


def _median(minutes: list[int]) -> timedelta | None:
    return timedelta(minutes=median(minutes)) if minutes else None


def _minutes(start: str, end: str | None) -> int | None:
    if end is None:
        return None
    return max(0, int((_moment(end) - _moment(start)).total_seconds() // 60))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _now() -> datetime:
    return datetime.now(timezone.utc)

"""A case as a counsellor opens it: everything written down, as data.

What the desk knows is put into the reader's language from the records; what
people wrote stays in their words.  Personal numbers are masked.  Until the
person has agreed to it, facts, verdicts and what was said to the desk are
withheld, except where life is in danger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa

from bot.cases import audit
from bot.cases.queue import Queue, QueueEntry
from bot.messages import Choice, Conversation
from bot.personal_numbers import SIGNS
from bot.store import cases, messages, metadata
from knowledge.assessment import assess, missing_across
from knowledge.base import KnowledgeBase
from knowledge.cards import Card, Cards
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today

Mask = Callable[[str], str]

case_notes = sa.Table(
    "case_notes",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("case", sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("author", sa.String(64), nullable=False),
    sa.Column("created_at", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)


class Raised(msgspec.Struct, frozen=True):
    """A triage rule that holds, and why in the reader's language."""

    rule: str
    level: str
    why: str


class CaseFact(msgspec.Struct, frozen=True):
    """A fact: its name and value in the reader's language, the wire `value`, who said it
    (`applicant` or `counsellor`) and in which words, which are never translated.
    """

    fact: str
    label: str
    value: bool | int | float | str | None
    shown: str
    words: str | None
    by: str
    kind: str


class OpenQuestion(msgspec.Struct, frozen=True):
    """What can still change a verdict: not asked yet, or asked and not known (`unsure`)."""

    fact: str
    label: str
    question: str
    find_out: str
    unsure: bool


class Answered(msgspec.Struct, frozen=True):
    """What the desk told: the message, the kind of card, the service, and its sources."""

    message: str
    created_at: str
    card: str
    service: str | None
    title: str | None
    citations: list[dict[str, Any]]


class CaseMessage(msgspec.Struct, frozen=True):
    """A message, masked.  `masked` says that something is; `author` is a counsellor's id;
    `to_counsellor` tells what the person wrote to the counsellor from what they told the desk.
    """

    id: str
    role: str
    language: str
    created_at: str
    text: str
    choices: list[Choice]
    card: dict[str, Any] | None
    to_counsellor: bool
    author: str | None
    masked: bool


class Note(msgspec.Struct, frozen=True):
    """An internal note; the person never sees it."""

    id: str
    author: str
    created_at: str
    text: str


class CaseFile(msgspec.Struct, frozen=True):
    """A case with everything.  `verdicts` are verdict cards in the reader's language.

    `withheld`: the person has not agreed yet that what they told the desk is
    passed on.  `earlier` are the other cases of the conversation.
    """

    entry: QueueEntry
    raised: list[Raised]
    withheld: bool
    facts: list[CaseFact]
    verdicts: list[Card]
    questions: list[OpenQuestion]
    answered: list[Answered]
    messages: list[CaseMessage]
    notes: list[Note]
    history: list[audit.Entry]
    outcome: str | None
    settled: str | None
    taken_at: str | None
    answered_at: str | None
    closed_at: str | None
    earlier: list[str]


class CaseFiles:
    """Puts cases together; `mask` hides personal numbers in a text."""

    def __init__(self, base: KnowledgeBase, queue: Queue, mask: Mask) -> None:
        self._base = base
        self._queue = queue
        self._mask = mask

    def file(
        self, db: Any, entry: QueueEntry, conversation: Conversation, language: str
    ) -> CaseFile:
        """The case of a queue entry for a reader of `language`."""
        cards = Cards(self._base, language)
        withheld = entry.urgency != "emergency" and conversation.state.consent != "given"
        row = db.execute(sa.select(cases).filter_by(id=entry.case)).one()
        of_conversation = sa.select(cases.c.id).filter_by(conversation=conversation.id)
        others = of_conversation.where(cases.c.id != entry.case).order_by(cases.c.created_at)
        said = self.messages(db, conversation, withheld=withheld)
        notes = sa.select(case_notes).filter_by(case=entry.case).order_by("seq")
        return CaseFile(
            entry=entry,
            raised=self._raised(entry, cards),
            withheld=withheld,
            facts=[
                f for f in self._facts(conversation, cards) if f.by != "applicant" or not withheld
            ],
            verdicts=[] if withheld else [cards.verdict(v) for v in self._verdicts(conversation)],
            questions=[] if withheld else self._questions(conversation, cards),
            answered=[answer for m in said if (answer := _answered(m, cards))],
            messages=said,
            notes=[Note(n.id, n.author, n.created_at, n.text) for n in db.execute(notes)],
            history=audit.entries(db, case=entry.case),
            outcome=row.outcome,
            settled=row.settled,
            taken_at=row.taken_at,
            answered_at=row.answered_at,
            closed_at=row.closed_at,
            earlier=list(db.execute(others).scalars()),
        )

    def messages(
        self, db: Any, conversation: Conversation, after: str | None = None, *, withheld: bool
    ) -> list[CaseMessage]:
        """The messages that may be shown, after the message `after`."""
        here = messages.c.conversation == conversation.id
        asked = sa.select(messages).where(here).order_by(messages.c.seq)
        if after is not None:
            seq = sa.select(messages.c.seq).where(here, messages.c.id == after)
            asked = asked.where(messages.c.seq > (db.execute(seq).scalar() or 0))
        if withheld:
            to_us = messages.c.to_counsellor.is_(True)
            asked = asked.where(to_us | messages.c.role.in_(("counsellor", "system")))
        return [self._message(row) for row in db.execute(asked)]

    def _message(self, row: Any) -> CaseMessage:
        text = self._mask(row.text) if row.role == "applicant" else row.text
        return CaseMessage(
            id=row.id,
            role=row.role,
            language=row.language,
            created_at=row.created_at,
            text=text,
            choices=msgspec.json.decode(row.choices, type=list[Choice]),
            card=msgspec.json.decode(row.card) if row.card else None,
            to_counsellor=row.to_counsellor,
            author=row.author,
            masked=any(sign in text for sign in SIGNS.values()),
        )

    def _raised(self, entry: QueueEntry, cards: Cards) -> list[Raised]:
        rules = {rule.id: rule for rule in self._base.triage}
        return [
            Raised(name, rules[name].level, cards.catalogue.text(f"triage.{name}", rules[name].why))
            for name in entry.raised
            if name in rules
        ]

    def _facts(self, conversation: Conversation, cards: Cards) -> list[CaseFact]:
        today = seoul_today()
        return [
            CaseFact(
                fact=name,
                label=cards.catalogue.text(f"fact.{name}.label", fact.label),
                value=told.value,
                shown=cards.value(fact, told.value, today),
                words=self._mask(told.words) if told.words else None,
                by=told.by,
                kind=fact.kind,
            )
            for name, told in conversation.state.facts.items()
            if (fact := self._base.facts.get(name)) is not None
        ]

    def _verdicts(self, conversation: Conversation) -> list[Any]:
        today, known = seoul_today(), self._base.facts
        state = conversation.state
        raw = {name: fact.value for name, fact in state.facts.items() if name in known}
        facts = decode_facts(raw, known, today)
        services = [self._base.services[s] for s in state.services if s in self._base.services]
        return [assess(service, facts, today) for service in services]

    def _questions(self, conversation: Conversation, cards: Cards) -> list[OpenQuestion]:
        verdicts = self._verdicts(conversation)
        unsure = {name: True for verdict in verdicts for name in verdict.unsure}
        missing = dict.fromkeys(missing_across(verdicts), False)
        return [
            OpenQuestion(
                fact=name,
                label=cards.catalogue.text(f"fact.{name}.label", fact.label),
                question=cards.catalogue.text(f"fact.{name}.question", fact.question),
                find_out=cards.catalogue.text(f"fact.{name}.find_out", fact.find_out),
                unsure=is_unsure,
            )
            for name, is_unsure in {**missing, **unsure}.items()
            if (fact := self._base.facts.get(name)) is not None
        ]


def _answered(message: CaseMessage, cards: Cards) -> Answered | None:
    card = message.card
    if message.role != "desk" or card is None or card.get("type") not in ("answer", "verdict"):
        return None
    service = cards.base.services.get(card.get("service") or "")
    parts = [card, *card.get("items", ()), *card.get("requirements", ())]
    cited = {(c["source"], c["section"]): c for p in parts for c in p.get("citations", ())}
    return Answered(
        message=message.id,
        created_at=message.created_at,
        card=card["type"],
        service=card.get("service"),
        title=cards.title(service) if service else None,
        citations=list(cited.values()),
    )

"""What a counsellor does: each call is one transaction, logged, and told to who listens."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from bot.cases import audit, ownership
from bot.cases.case import CaseFile, CaseFiles, CaseMessage, Mask, case_notes
from bot.cases.ownership import (
    Counsellor,
    NoSuchCase,
    Outcome,
    Row,
)
from bot.cases.queue import Queue, QueueEntry, QueueFilter
from bot.conversations import Desk
from bot.events import EVERY_CASE, Event
from bot.messages import Choice, Conversation, KnownFact, Message, State, Triage, Utterance, now
from bot.store import add_utterances, cases, conversations, message_of, messages
from knowledge.base import KnowledgeBase, conditions
from knowledge.cards import Cards
from knowledge.catalogue import Catalogue
from knowledge.facts import decode_value, encode_value
from knowledge.periods import seoul_today
from knowledge.schema import Condition, Item
from knowledge.triage import level_of, triage
from knowledge.wording import Wording

T = TypeVar("T")


class Cases:
    """All cases.  `mask` hides personal numbers in what counsellors read."""

    def __init__(self, desk: Desk, base: KnowledgeBase, queue: Queue, mask: Mask) -> None:
        self._desk = desk
        self._base = base
        self._queue = queue
        self._files = CaseFiles(base, queue, mask)
        self._run = desk.store._run

    # Reading

    async def queue(self, me: Counsellor, wanted: QueueFilter | None = None) -> list[QueueEntry]:
        """The cases this counsellor may see, what comes first first; not logged."""
        wanted = wanted or QueueFilter()
        moment = datetime.now(timezone.utc)
        closed = wanted.status == "closed"
        found = await self._run(lambda db: self._queue.entries(db, moment, closed=closed))
        return [e for e in found if _may_see(me, e) and _is_wanted(me, e, wanted)]

    async def open(self, case_id: str, me: Counsellor, language: str) -> CaseFile:
        """A case with everything, for a reader of `language`; NoSuchCase, NotAllowed.  Logged."""

        def work(db: Any) -> CaseFile:
            case = ownership.seen_by(db, case_id, me)
            entry = self._entry(db, case)
            audit.write(db, me.id, "view", case_id)
            return self._files.file(db, entry, case.conversation, language)

        return await self._run(work)

    async def messages(
        self, case_id: str, me: Counsellor, after: str | None = None
    ) -> list[CaseMessage]:
        """What was said after the message `after`, for a page that shows the case already."""

        def work(db: Any) -> list[CaseMessage]:
            case = ownership.seen_by(db, case_id, me)
            entry = self._entry(db, case)
            withheld = entry.urgency != "emergency" and entry.consent != "given"
            return self._files.messages(db, case.conversation, after, withheld=withheld)

        return await self._run(work)

    @contextlib.asynccontextmanager
    async def follow(self) -> AsyncIterator[asyncio.Queue[Event]]:
        """A `CaseChange` for whatever happens to any case from now on: then read it again."""
        async with self._desk.subscribe(EVERY_CASE) as changes:
            yield changes

    async def reveal(self, case_id: str, me: Counsellor, message_id: str) -> str:
        """The text of one of the shown messages with its personal numbers.  Logged."""

        def work(db: Any) -> str:
            case = ownership.seen_by(db, case_id, me)
            shown = self._files.messages(
                db, case.conversation, withheld=self._is_withheld(db, case)
            )
            if message_id not in {message.id for message in shown}:
                raise NoSuchCase(message_id)
            asked = sa.select(messages.c.text).filter_by(id=message_id)
            audit.write(db, me.id, "reveal", case_id, message_id)
            return str(db.execute(asked).scalar_one())

        stored = await self._run(work)
        return await self._desk.original(message_id) or stored

    async def audit(
        self,
        *,
        case: str | None = None,
        actor: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[audit.Entry]:
        """The audit log, newest first; who may read it is the caller's to say."""
        return await self._run(
            lambda db: audit.entries(db, case=case, actor=actor, before=before, limit=limit)
        )

    async def log(self, actor: str, action: str, subject: str | None = None) -> None:
        """Add to the audit log what has no case: a login, an export, a new counsellor."""
        await self._run(lambda db: audit.write(db, actor, action, None, subject))

    # Whose it is

    async def take(self, case_id: str, me: Counsellor) -> None:
        """From now on this counsellor answers, and the desk is silent.

        Taken where somebody else was quicker, NotOpen where the case is closed.
        """
        await self._do(
            case_id, lambda db: ownership.take(db, case_id, me, self._greeting(db, case_id))
        )

    async def reopen(self, case_id: str, me: Counsellor) -> None:
        """A closed case is this counsellor's again; NotOpen where it is not closed, or a newer
        one of the same conversation is open.
        """
        await self._do(
            case_id, lambda db: ownership.reopen(db, case_id, me, self._greeting(db, case_id))
        )

    async def transfer(self, case_id: str, me: Counsellor, to: str, note: str) -> None:
        """Give it to the counsellor `to`, with an internal note."""

        def work(db: Any) -> list[Message]:
            told = self._notice(ownership.find(db, case_id), "case.transferred", "assigned")
            _add_note(db, case_id, me, note)
            return ownership.transfer(db, case_id, me, to, told)

        await self._do(case_id, work)

    async def release(
        self, case_id: str, me: Counsellor, note: str = "", *, seen: str | None = None
    ) -> None:
        """Back into the queue; the desk answers until somebody takes it."""

        def work(db: Any) -> list[Message]:
            case = ownership.held_by(db, case_id, me, or_lead=True)
            told = self._notice(case, "case.released", "queued")
            _add_note(db, case_id, me, note)
            return ownership.leave(db, case, me, "release", told=told, seen=seen, status="queued")

        await self._do(case_id, work, resumes=True)

    async def hand_back(
        self, case_id: str, me: Counsellor, settled: str, *, seen: str | None = None
    ) -> None:
        """The desk goes on, with the facts as they were corrected, and tells what was settled.

        `settled` is said to the person as it stands: write it in their language.
        """

        def work(db: Any) -> list[Message]:
            case = ownership.held_by(db, case_id, me, or_lead=True)
            told = self._handed_back(case, settled)
            return self._close(db, case, me, "handed_back", told, seen, settled)

        await self._do(case_id, work, resumes=True)

    async def close(
        self, case_id: str, me: Counsellor, outcome: Outcome, *, seen: str | None = None
    ) -> None:
        """The case is closed; whatever the person writes next, the desk answers."""

        def work(db: Any) -> list[Message]:
            case = ownership.held_by(db, case_id, me, or_lead=True)
            told = self._notice(case, "case.closed", "closed")
            return self._close(db, case, me, outcome, told, seen)

        await self._do(case_id, work, resumes=True)

    # Talking and writing down

    async def write(
        self,
        case_id: str,
        me: Counsellor,
        text: str,
        *,
        language: str | None = None,
        card: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> Message:
        """Say something to the person; NotYours unless this counsellor has the case.

        `language` is that of the text (the person's where it is not given).  What
        is sent twice with one `key` is said once.
        """
        return await self._say(
            case_id,
            me,
            lambda words: Utterance(text, language or words.written_in, card=card),
            key,
            "write",
        )

    async def insert_record(
        self, case_id: str, me: Counsellor, service: str, item: str, *, key: str | None = None
    ) -> Message:
        """Say a statement of the base, in the person's language, with its sources.

        `item` is the id of an item or requirement of `service`; LookupError where there is none.
        """
        owner = self._base.services[service]
        found = [i for i in _statements(owner) if i.id == item]
        if not found:
            raise LookupError(f"{service} has no item {item!r}")

        def say(words: Catalogue) -> Utterance:
            cards = Cards(self._base, words.language)
            card = cards.answer(owner, [(owner, found[0])], 1.0, seoul_today())
            return Utterance(Wording(cards.catalogue).of(card), words.written_in, card=card)

        return await self._say(case_id, me, say, key, "insert")

    async def note(self, case_id: str, me: Counsellor, text: str) -> None:
        """Keep an internal note with the case."""

        def work(db: Any) -> list[Message]:
            ownership.seen_by(db, case_id, me)
            _add_note(db, case_id, me, text)
            return []

        await self._do(case_id, work)

    async def correct(self, case_id: str, me: Counsellor, fact: str, value: object) -> None:
        """Put a fact right; `value` is as on the wire, None for "not known".

        ValueError says what was expected, KeyError that there is no such fact.
        The verdicts and the urgency follow.
        """
        typed = encode_value(decode_value(self._base.facts[fact], value, seoul_today()))

        def work(db: Any) -> list[Message]:
            case = ownership.held_by(db, case_id, me)
            state = case.conversation.state
            facts = {**state.facts, fact: KnownFact(typed, None, "counsellor")}
            state = msgspec.structs.replace(state, facts=facts)
            held = triage(self._base, self._queue.situation(state), seoul_today())
            level, reasons = level_of(held), [rule.id for rule in held]
            state = msgspec.structs.replace(state, triage=Triage(level, reasons))
            _set_state(db, case.conversation, state)
            raised = {"urgency": level, "reasons": msgspec.json.encode(reasons).decode()}
            db.execute(sa.update(cases).where(cases.c.id == case_id).values(raised))
            audit.write(db, me.id, "correct", case_id, fact)
            return []

        await self._do(case_id, work)

    # The ground

    async def _do(
        self, case_id: str, work: Callable[[Any], list[Message]], *, resumes: bool = False
    ) -> list[Message]:
        """Do it, whatever becomes of the caller, and tell who listens."""

        def with_conversation(db: Any) -> tuple[str, list[Message]]:
            said = work(db)
            of = sa.select(cases.c.conversation).filter_by(id=case_id)
            return str(db.execute(of).scalar_one()), said

        async def through() -> list[Message]:
            conversation_id, said = await self._run(with_conversation)
            self._desk.tell(conversation_id, said, case_id)
            if resumes:
                self._desk.resume(conversation_id)
            return said

        return await self._desk.shielded(through())

    async def _say(
        self,
        case_id: str,
        me: Counsellor,
        say: Callable[[Catalogue], Utterance],
        key: str | None,
        action: str,
    ) -> Message:
        known: list[Message] = []

        def work(db: Any) -> list[Message]:
            case = ownership.held_by(db, case_id, me)
            here = {"conversation": case.conversation.id, "key": key and f"counsellor:{key}"}
            if key and (said := db.execute(sa.select(messages).filter_by(**here)).first()):
                known.append(message_of(said))
                return []
            utterance = say(Catalogue.of(case.conversation.language))
            added = add_utterances(
                db, case.conversation.id, [utterance], "counsellor", author=me.id, key=here["key"]
            )
            first = sa.and_(cases.c.id == case_id, cases.c.answered_at.is_(None))
            db.execute(sa.update(cases).where(first).values(answered_at=now()))
            audit.write(db, me.id, action, case_id, added[0].id)
            return added

        return (await self._do(case_id, work) or known)[0]

    def _close(
        self,
        db: Any,
        case: Row,
        me: Counsellor,
        outcome: Outcome,
        told: Utterance,
        seen: str | None,
        settled: str | None = None,
    ) -> list[Message]:
        return ownership.leave(
            db,
            case,
            me,
            "close" if settled is None else "hand_back",
            told=told,
            seen=seen,
            state=_afterwards(case.conversation.state, self._base),
            subject=outcome,
            status="closed",
            closed_at=now(),
            outcome=outcome,
            settled=settled,
        )

    def _entry(self, db: Any, case: Row) -> QueueEntry:
        moment = datetime.now(timezone.utc)
        entries = self._queue.entries(db, moment, closed=case.status == "closed", only=case.id)
        return entries[0]

    def _is_withheld(self, db: Any, case: Row) -> bool:
        entry = self._entry(db, case)
        return entry.urgency != "emergency" and entry.consent != "given"

    def _greeting(self, db: Any, case_id: str) -> Utterance:
        """That a counsellor is there; where it is still open, whether they may read all."""
        case = ownership.find(db, case_id)
        told = self._notice(case, "case.taken", "assigned")
        state = case.conversation.state
        if state.triage.urgency == "emergency" or state.consent in ("given", "refused"):
            return told
        words = Catalogue.of(case.conversation.language)
        return msgspec.structs.replace(
            told,
            text=f"{told.text}\n\n{words.phrase('consent.question')}",
            choices=[
                Choice(words.phrase("consent.yes"), "consent:given"),
                Choice(words.phrase("consent.no"), "consent:refused"),
            ],
        )

    def _notice(self, case: Row, phrase: str, status: str) -> Utterance:
        """A sentence with the handoff card, in the person's language."""
        cards = Cards(self._base, case.conversation.language)
        text = cards.catalogue.phrase(phrase)
        card = cards.handoff(status) | {"case_id": case.id, "expected": text}
        return Utterance(text, cards.catalogue.written_in, card=card)

    def _handed_back(self, case: Row, settled: str) -> Utterance:
        """What was settled, and the facts that the desk goes on with."""
        cards = Cards(self._base, case.conversation.language)
        words, today = cards.catalogue, seoul_today()
        lines = [words.phrase("case.handed_back"), settled.strip()]
        corrected = [
            (words.text(f"fact.{name}.label", fact.label), cards.value(fact, told.value, today))
            for name, told in case.conversation.state.facts.items()
            if told.by == "counsellor" and (fact := self._base.facts.get(name))
        ]
        if corrected:
            facts = "; ".join(f"{label}: {value}" for label, value in corrected)
            lines.append(words.phrase("case.corrected", facts=facts))
        card = cards.handoff("closed") | {"case_id": case.id, "expected": lines[0]}
        choice = {"label": words.phrase("go_on"), "value": "act:check"}
        choices = msgspec.convert(
            [choice] if case.conversation.state.services else [], type=list[Choice]
        )
        return Utterance("\n\n".join(filter(None, lines)), words.written_in, choices, card)


def _afterwards(state: State, base: KnowledgeBase) -> State:
    """Where the dialogue goes on: with the facts, and with nothing held against anybody.

    Verdicts are told anew, since the facts may have changed; warnings are not.
    """
    told = {name: mark for name, mark in state.told.items() if name not in base.services}
    return msgspec.structs.replace(state, handoff=None, asked=None, misses=0, signals=[], told=told)


def _set_state(db: Any, conversation: Conversation, state: State) -> None:
    here = conversations.c.id == conversation.id
    text = msgspec.json.encode(state).decode()
    db.execute(sa.update(conversations).where(here).values(state=text))


def _add_note(db: Any, case_id: str, me: Counsellor, text: str) -> None:
    if not text.strip():
        return
    note = {"id": uuid.uuid4().hex, "case": case_id, "author": me.id, "created_at": now()}
    db.execute(sa.insert(case_notes), note | {"text": text.strip()})
    audit.write(db, me.id, "note", case_id, note["id"])


def _may_see(me: Counsellor, entry: QueueEntry) -> bool:
    return me.role == "lead" or entry.status == "queued" or entry.counsellor == me.id


def _is_wanted(me: Counsellor, entry: QueueEntry, wanted: QueueFilter) -> bool:
    return (
        wanted.status in (None, entry.status)
        and wanted.language in (None, entry.language)
        and wanted.urgency in (None, entry.urgency)
        and (wanted.service is None or wanted.service in entry.services)
        and (not wanted.mine or entry.owner == me.id)
    )


def _statements(service: Any) -> list[Item | Condition]:
    return [*service.items, *conditions(service.requires)]

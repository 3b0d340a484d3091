"""Who answers a conversation: the desk or one counsellor, and how that changes.

The owner stands in the conversation's row.  Each change is one conditional
update of it, in one transaction with what the person is told and the line in
the audit log, so that after a crash either all of it holds or nothing.  While a
conversation has an owner no message in it waits for the desk; an answer that
the desk was still thinking of is refused by `bot.store` (`owner_changes`).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sa

from bot.cases import audit
from bot.messages import CaseStatus, Conversation, Message, State, Utterance, now
from bot.store import add_utterances, cases, conversation_of, conversations, locked, messages

Role = Literal["counsellor", "lead"]
Outcome = Literal["answered", "referred", "appointment", "unreachable", "handed_back", "other"]


class Counsellor(msgspec.Struct, frozen=True):
    """Who acts.  A `lead` sees and moves every case, a `counsellor` the queue and their own."""

    id: str
    role: Role = "counsellor"


class NoSuchCase(LookupError):
    """There is no case of this id, or it was erased with its conversation."""


class NotAllowed(PermissionError):
    """This counsellor's role does not reach this case."""


class Taken(Exception):
    """Somebody else has the conversation: `by`."""

    def __init__(self, by: str) -> None:
        super().__init__(f"the case is with counsellor {by}")
        self.by = by


class NotYours(Exception):
    """Only who has taken the case can do this."""


class NotOpen(Exception):
    """The case is closed; or, where it is to be reopened, one of the conversation is open."""


class Row(NamedTuple):
    """A case with the conversation it is about, both locked until the transaction ends."""

    id: str
    status: CaseStatus
    counsellor: str | None
    conversation: Conversation


def find(db: Any, case_id: str) -> Row:
    """The case, its conversation locked; NoSuchCase."""
    of = sa.select(cases.c.conversation).filter_by(id=case_id)
    conversation_id = db.execute(of).scalar()
    conversation = conversation_id and locked(db, conversation_id)
    row = db.execute(sa.select(cases).filter_by(id=case_id)).first()
    if row is None or not conversation:
        raise NoSuchCase(case_id)
    return Row(row.id, row.status, row.counsellor, conversation)


def seen_by(db: Any, case_id: str, me: Counsellor) -> Row:
    """The case, where this counsellor may see it; NotAllowed."""
    case = find(db, case_id)
    if me.role != "lead" and case.status != "queued" and case.counsellor != me.id:
        raise NotAllowed(case_id)
    return case


def held_by(db: Any, case_id: str, me: Counsellor, *, or_lead: bool = False) -> Row:
    """The case, where this counsellor has it; NotOpen, NotYours."""
    case = seen_by(db, case_id, me)
    if case.status == "closed":
        raise NotOpen(case_id)
    owner = case.conversation.owner
    if owner is None or (owner != me.id and not (or_lead and me.role == "lead")):
        raise NotYours(case_id)
    return case


def take(db: Any, case_id: str, me: Counsellor, greeting: Utterance) -> list[Message]:
    """The case is this counsellor's from now on; who has it already is told nothing new."""
    case = find(db, case_id)
    if case.status == "closed":
        raise NotOpen(case_id)
    if case.conversation.owner == me.id:
        return []
    return _give(db, case, me, "take", greeting)


def reopen(db: Any, case_id: str, me: Counsellor, greeting: Utterance) -> list[Message]:
    """A closed case is open again, and this counsellor's."""
    case = seen_by(db, case_id, me)
    newest = case.conversation.case
    if newest is None or newest.status != "closed":
        raise NotOpen(case_id)
    _set(db, case, closed_at=None, outcome=None, settled=None)
    return _give(db, case, me, "reopen", greeting)


def transfer(db: Any, case_id: str, me: Counsellor, to: str, told: Utterance) -> list[Message]:
    """The case is `to`'s from now on, without the desk between."""
    case = held_by(db, case_id, me, or_lead=True)
    if case.conversation.owner == to:
        return []
    _change_owner(db, case, case.conversation.owner, to)
    _set(db, case, counsellor=to, taken_at=now())
    added = add_utterances(db, case.conversation.id, [told], "system")
    audit.write(db, me.id, "transfer", case_id, to)
    return added


def leave(
    db: Any,
    case: Row,
    me: Counsellor,
    action: str,
    *,
    told: Utterance,
    seen: str | None,
    state: State | None = None,
    subject: str | None = None,
    **values: object,
) -> list[Message]:
    """The desk answers again, also what the person wrote after the message `seen`."""
    _change_owner(db, case, case.conversation.owner, None)
    if state is not None:
        here = conversations.c.id == case.conversation.id
        text = msgspec.json.encode(state).decode()
        db.execute(sa.update(conversations).where(here).values(state=text))
    _set(db, case, **values)
    if seen is not None:
        _back_to_desk(db, case, seen)
    added = add_utterances(db, case.conversation.id, [told], "system")
    audit.write(db, me.id, action, case.id, subject)
    return added


def _give(db: Any, case: Row, me: Counsellor, action: str, greeting: Utterance) -> list[Message]:
    _change_owner(db, case, None, me.id)
    _set(db, case, status="assigned", counsellor=me.id, taken_at=now())
    waiting = sa.and_(
        messages.c.conversation == case.conversation.id, messages.c.answered.is_(False)
    )
    db.execute(sa.update(messages).where(waiting).values(answered=True, to_counsellor=True))
    added = add_utterances(db, case.conversation.id, [greeting], "system")
    audit.write(db, me.id, action, case.id)
    return added


def _change_owner(db: Any, case: Row, before: str | None, after: str | None) -> None:
    """The one atomic update: of two at once the second finds another owner."""
    # `==` with None is IS NULL.
    here = sa.and_(conversations.c.id == case.conversation.id, conversations.c.owner == before)
    change = {"owner": after, "owner_changes": conversations.c.owner_changes + 1}
    if not db.execute(sa.update(conversations).where(here).values(change)).rowcount:
        now_there = conversation_of(db, case.conversation.id)
        raise Taken((now_there and now_there.owner) or "nobody")


def _back_to_desk(db: Any, case: Row, seen: str) -> None:
    here = messages.c.conversation == case.conversation.id
    last = sa.select(messages.c.seq).where(here, messages.c.id == seen).scalar_subquery()
    unseen = sa.and_(here, messages.c.to_counsellor.is_(True), messages.c.seq > last)
    db.execute(sa.update(messages).where(unseen).values(answered=False, to_counsellor=False))


def _set(db: Any, case: Row, **values: object) -> None:
    db.execute(sa.update(cases).where(cases.c.id == case.id).values(**values))

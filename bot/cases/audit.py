"""The audit log: who saw and changed which case, and when.

It holds ids and the names of actions, and nothing about anybody: it outlives
the conversations it tells of, which are erased.  The database refuses to change
or delete an entry (see the migration 0005), and each entry is sealed with the
one before it, so that a log changed behind the database's back is noticed.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa

from bot.messages import now
from bot.store import metadata

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(20), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("case", sa.String(64), index=True),
    sa.Column("subject", sa.String(64)),
    sa.Column("previous", sa.String(64), nullable=False, unique=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)
_ONE_AT_A_TIME = 0x1E0  # the number of PostgreSQL's advisory lock


class Entry(msgspec.Struct, frozen=True):
    """One line: `actor` is a counsellor's id or `desk`; `subject` what it was done to or with:
    the id of a message, a fact, a note, a record, another counsellor, an outcome.
    """

    seq: int
    at: str
    actor: str
    action: str
    case: str | None
    subject: str | None


def write(
    db: Any, actor: str, action: str, case: str | None = None, subject: str | None = None
) -> None:
    """Add an entry, in the transaction that does what it tells; best as the last thing in it."""
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    last = db.execute(sa.select(audit).order_by(audit.c.seq.desc()).limit(1)).first()
    entry = Entry((last.seq if last else 0) + 1, now(), actor, action, case, subject)
    previous = last.hash if last else ""
    row = msgspec.structs.asdict(entry) | {"previous": previous, "hash": _seal(previous, entry)}
    db.execute(sa.insert(audit), row)


def entries(
    db: Any,
    *,
    case: str | None = None,
    actor: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Entry]:
    """The entries of one case, of one actor or of all, newest first; older than `before`."""
    asked = sa.select(*_FIELDS).order_by(audit.c.seq.desc()).limit(limit)
    if case is not None:
        asked = asked.where(audit.c.case == case)
    if actor is not None:
        asked = asked.where(audit.c.actor == actor)
    if before is not None:
        asked = asked.where(audit.c.seq < before)
    return [Entry(*row) for row in db.execute(asked)]


def broken_at(db: Any) -> int | None:
    """The first entry that is not as it was written, by its number; None where all are."""
    previous = ""
    for number, row in enumerate(db.execute(sa.select(audit).order_by(audit.c.seq)), start=1):
        entry = Entry(*(getattr(row, field) for field in Entry.__struct_fields__))
        sealed = row.previous == previous and row.hash == _seal(previous, entry)
        if entry.seq != number or not sealed:
            return number
        previous = row.hash
    return None


def seal_of(db: Any) -> str:
    """The number and the hash of the last entry, which stand for the whole log up to it."""
    last = db.execute(sa.select(audit).order_by(audit.c.seq.desc()).limit(1)).first()
    return f"{last.seq}:{last.hash}" if last else "0:"


def holds(db: Any, seal: str) -> bool:
    """Whether the log is, up to there, the one that a seal was made of."""
    number, _, sealed = seal.partition(":")
    if not number.isdecimal():
        return False
    if number == "0":
        return sealed == ""
    asked = sa.select(audit.c.hash).where(audit.c.seq == int(number))
    return bool(db.execute(asked).scalar() == sealed)


_FIELDS = [audit.c[field] for field in Entry.__struct_fields__]


def _seal(previous: str, entry: Entry) -> str:
    return hashlib.sha256(previous.encode() + msgspec.json.encode(entry)).hexdigest()

"""Conversations, messages and cases in SQL.

Every method is one transaction, run in a thread of its own: with SQLite one
thread writes at a time anyway, so that calls keep the order they came in.  In
PostgreSQL who writes in a conversation holds its row, so that its messages are
numbered in the order in which they can be read, whichever gateway writes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import alembic.command
import alembic.config
import msgspec
import sqlalchemy as sa

from bot import encryption
from bot.messages import (
    Case,
    Choice,
    Conversation,
    Message,
    Reminder,
    Role,
    State,
    Utterance,
    exactly_now,
    now,
)
from knowledge.catalogue import LANGUAGES, Catalogue

T = TypeVar("T")
MOST_WAITING = 20
REMINDERS_AT_ONCE = 100  # in one transaction
MIGRATIONS = Path(__file__).parent / "migrations"
_CONNECTIONS = 8  # of one gateway to PostgreSQL
# A database that hangs is an error after a while, not a desk that hangs with it.
_PATIENCE = {
    "connect_timeout": 5,
    "options": "-c statement_timeout=20s -c idle_in_transaction_session_timeout=60s",
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_MIGRATING = 7265002  # the number of the lock is only ours

metadata = sa.MetaData()
conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("language_chosen", sa.Boolean, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("origin", sa.String(255)),
    sa.Column("created_at", sa.String(20), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # The counsellor who answers here; nobody: the desk.  Each change of owner is counted.
    sa.Column("owner", sa.String(64)),
    sa.Column("owner_changes", sa.Integer, nullable=False, server_default="0"),
    sa.Index("conversations_by_origin", "channel", "origin"),
)
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("conversation", sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("created_at", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("choices", sa.Text, nullable=False),
    sa.Column("card", sa.Text),
    # Of an applicant's message: the button's value, the client's key, whether it was answered.
    sa.Column("choice", sa.String(255)),
    sa.Column("key", sa.String(128)),
    sa.Column("answered", sa.Boolean, nullable=False),
    # Of an applicant's message: whether it went to the counsellor, and not to the desk.
    sa.Column("to_counsellor", sa.Boolean, nullable=False, server_default=sa.false()),
    # Of a desk message: the applicant's message it answers.
    sa.Column("reply_to", sa.String(64)),
    # Of a counsellor's message: whose it is.
    sa.Column("author", sa.String(64)),
    sa.UniqueConstraint("conversation", "key", name="one_message_a_key"),
    sa.Index("messages_in_order", "conversation", "seq"),
    sa.Index("messages_waiting", "answered", "conversation"),
    sa.Index("messages_by_question", "reply_to"),
    sqlite_autoincrement=True,
)
cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("conversation", sa.ForeignKey("conversations.id", ondelete="CASCADE"), index=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("urgency", sa.String(16), nullable=False),
    sa.Column("created_at", sa.String(20), nullable=False),
    sa.Column("reasons", sa.Text, nullable=False, server_default="[]"),  # ids of triage rules
    # To the microsecond: of two who ask in one second, one was first.
    sa.Column("queued_at", sa.String(32), nullable=False, server_default=""),
    sa.Column("taken_at", sa.String(20)),
    sa.Column("answered_at", sa.String(20)),
    sa.Column("closed_at", sa.String(20)),
    sa.Column("counsellor", sa.String(64)),  # who has it, or had it last
    sa.Column("outcome", sa.String(32)),
    sa.Column("settled", sa.Text),
    sa.Index(
        "one_open_case",
        "conversation",
        unique=True,
        sqlite_where=sa.text("status <> 'closed'"),
        postgresql_where=sa.text("status <> 'closed'"),
    ),
)


reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column(
        "conversation", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    # What day it is about and how long before: its name within the conversation.
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("due_on", sa.String(10), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("sent_at", sa.String(20)),
    sa.PrimaryKeyConstraint("conversation", "name", "day"),
    sa.Index("reminders_due", "sent_at", "due_on"),
)
# What was written where a message shows a mask, under lock (bot/masking.py).
originals = sa.Table(
    "originals",
    metadata,
    sa.Column("message", sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("locked", sa.Text, nullable=False),
)


class TooManyWaiting(Exception):
    """So many messages of this conversation have no answer yet that no more are taken."""


class WrongKey(Exception):
    """The database cannot be read with this key, or needs one."""


class Erased(LookupError):
    """The conversation was erased while something was said in it."""


class Waiting(msgspec.Struct, frozen=True):
    """A message of the applicant that has no answer yet."""

    id: str
    text: str
    choice: str | None


class Said(msgspec.Struct, frozen=True):
    """An applicant's message as it was stored, whether it is `new`, and the conversation then.

    `waiting` are the messages without an answer then, this one included.
    """

    message: Message
    new: bool
    conversation: Conversation
    waiting: list[Waiting]


class Overtaken(Exception):
    """The answer is no longer wanted: a counsellor has taken over, or it was given already."""


class Store:
    """The database; `await Store.open(...)` brings its tables up to date first."""

    def __init__(self, database: str, key: str | None = None) -> None:
        self._engine = engine_of(database, key)
        threads = 1 if self._engine.dialect.name == "sqlite" else _CONNECTIONS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")

    @classmethod
    async def open(cls, database: str, key: str | None = None) -> Store:
        """The store at this SQLAlchemy address; with a `key`, a SQLite file is encrypted."""
        store = cls(database, key)
        try:
            await store._in_thread(lambda: migrate(store._engine))
        except sa.exc.DatabaseError as error:
            if "not a database" in str(error):
                raise WrongKey(
                    "The database is encrypted, and not with this key. Set DATABASE_ENCRYPTED=true "
                    "and put the DATABASE_KEY it was made with into secrets.json (a backup has it)."
                ) from None
            raise
        return store

    @property
    def engine(self) -> Any:
        """SQLAlchemy's engine, for work on the database as a whole (bot/backup.py)."""
        return self._engine

    async def close(self) -> None:
        await self._in_thread(self._engine.dispose)
        self._threads.shutdown()

    async def ping(self) -> None:
        """Raise what the database raises, if it does not answer."""
        await self._run(lambda db: db.execute(sa.select(conversations.c.id).limit(1)).first())

    async def add_conversation(
        self, conversation: Conversation, greeting: Sequence[Utterance]
    ) -> list[Message]:
        def work(db: Any) -> list[Message]:
            row = msgspec.structs.asdict(conversation)
            del row["case"]
            db.execute(sa.insert(conversations), row | {"state": _json(conversation.state)})
            return add_utterances(db, conversation.id, greeting)

        return await self._run(work)

    async def conversation(self, conversation_id: str) -> Conversation | None:
        return await self._run(lambda db: _conversation(db, conversations.c.id == conversation_id))

    async def find_conversation(self, channel: str, origin: str) -> Conversation | None:
        """The conversation of one chat of a channel in which something was said last."""
        here = sa.and_(conversations.c.channel == channel, conversations.c.origin == origin)
        newest = sa.select(messages.c.conversation).join(conversations).where(here)
        newest = newest.order_by(messages.c.seq.desc()).limit(1).scalar_subquery()
        return await self._run(lambda db: _conversation(db, conversations.c.id == newest))

    async def add_said(
        self,
        conversation: Conversation,
        text: str,
        *,
        message_id: str | None = None,
        choice: str | None = None,
        key: str | None = None,
        answered: bool = False,
        original: str | None = None,
    ) -> Said:
        """An applicant's message, once a `key`; it goes to who owns the conversation now.

        The text of a pressed button is the label it was shown with.  `original`
        is what was written, locked, where the text is a mask of it.
        TooManyWaiting, Erased where it is not stored.
        """

        def work(db: Any) -> Said:
            now_here = locked(db, conversation.id)
            if now_here is None:
                raise Erased
            if key is not None:
                here = sa.and_(messages.c.conversation == conversation.id, messages.c.key == key)
                if known := db.execute(sa.select(messages).where(here)).first():
                    waiting = _waiting(db, conversation.id)
                    return Said(message_of(known), False, now_here, waiting)
            waiting = _waiting(db, conversation.id)
            if len(waiting) >= MOST_WAITING:
                raise TooManyWaiting
            owned = now_here.owner is not None
            label = _label(db, now_here, choice) if choice else None
            row = _row(conversation.id, "applicant", now_here.language, label or text)
            row |= {"choice": choice, "key": key, "answered": answered or owned}
            row |= {"id": message_id or row["id"]}
            db.execute(sa.insert(messages), row | {"to_counsellor": owned})
            if original is not None:
                db.execute(sa.insert(originals), {"message": row["id"], "locked": original})
            if owned and choice:
                _heed(db, now_here, choice)
            if not row["answered"]:
                waiting.append(Waiting(row["id"], row["text"], choice))
            return Said(message_of(row), True, now_here, waiting)

        return await self._run(work)

    async def waiting(self, conversation_id: str) -> tuple[Conversation | None, list[Waiting]]:
        """A conversation, and the messages in it without an answer, in the order they came."""

        def work(db: Any) -> tuple[Conversation | None, list[Waiting]]:
            here = conversations.c.id == conversation_id
            return _conversation(db, here), _waiting(db, conversation_id)

        return await self._run(work)

    async def count_waiting(self) -> int:
        """How many messages have no answer yet."""
        asked = sa.select(sa.func.count()).where(messages.c.answered.is_(False))
        return await self._run(lambda db: int(db.execute(asked).scalar_one()))

    async def conversations_waiting(self) -> list[str]:
        """The conversations in which a message has no answer yet, longest waiting first."""

        def work(db: Any) -> list[str]:
            asked = sa.select(messages.c.conversation).where(messages.c.answered.is_(False))
            asked = asked.group_by(messages.c.conversation).order_by(sa.func.min(messages.c.seq))
            return list(db.execute(asked).scalars())

        return await self._run(work)

    async def add_answer(
        self,
        conversation: Conversation,
        message_id: str,
        utterances: Sequence[Utterance],
        state: State,
        language: str,
        language_chosen: bool,
        with_case: Callable[[Any, Case], Sequence[Utterance]] | None = None,
    ) -> list[Message]:
        """The desk's answer and where the dialogue stands now; the message no longer waits.

        `conversation` is as the question found it: Overtaken, with nothing
        stored, where it has changed hands since, or another gateway has
        answered.  `with_case` puts the case into the answer where the state
        asks for a counsellor.
        """

        def work(db: Any) -> list[Message]:
            here = sa.and_(
                conversations.c.id == conversation.id,
                conversations.c.owner.is_(None),
                conversations.c.owner_changes == conversation.owner_changes,
            )
            changed = {
                "state": _json(state),
                "language": language,
                "language_chosen": language_chosen,
            }
            said = sa.and_(messages.c.id == message_id, messages.c.answered.is_(False))
            updates = (
                sa.update(conversations).where(here).values(changed),
                sa.update(messages).where(said).values(answered=True),
            )
            if not all(db.execute(update).rowcount for update in updates):
                raise Overtaken  # and undo what was done
            if state.reminders != conversation.state.reminders:
                _keep_reminders(db, conversation.id, state.reminders)
            told = utterances
            if with_case and (case := _raise_case(db, conversation.id, state)):
                told = with_case(db, case)
            return add_utterances(db, conversation.id, told, reply_to=message_id)

        return await self._run(work)

    async def add_notice(
        self, conversation_id: str, notice: Utterance, role: Role, *, reply_to: str, closes: bool
    ) -> list[Message]:
        """A sentence that is not Rasa's; none where this message was told something already,
        or went to a counsellor.

        `closes` says that no answer is to come any more: then it is always said.
        """

        def work(db: Any) -> list[Message]:
            locked(db, conversation_id)
            asked = sa.select(messages.c.answered, messages.c.to_counsellor)
            said = db.execute(asked.filter_by(id=reply_to)).first()
            if said is None or said.to_counsellor:
                return []
            told = db.execute(sa.select(messages.c.seq).filter_by(reply_to=reply_to)).first()
            if told and not closes:
                return []
            if closes:
                if said.answered:
                    return []  # another gateway was faster
                here = messages.c.id == reply_to
                db.execute(sa.update(messages).where(here).values(answered=True))
            return add_utterances(db, conversation_id, [notice], role, reply_to)

        return await self._run(work)

    async def replies(self, message_id: str) -> list[Message]:
        """What was said to one message of the applicant, in order."""

        def work(db: Any) -> list[Message]:
            asked = sa.select(messages).filter_by(reply_to=message_id).order_by("seq")
            return [message_of(row) for row in db.execute(asked)]

        return await self._run(work)

    async def messages(self, conversation_id: str, after: str | None = None) -> list[Message]:
        """All messages, or those after the message `after` where that one exists here."""

        def work(db: Any) -> list[Message]:
            asked = sa.select(messages).filter_by(conversation=conversation_id).order_by("seq")
            if after is not None:
                seq = sa.select(messages.c.seq).filter_by(conversation=conversation_id, id=after)
                asked = asked.where(messages.c.seq > (db.execute(seq).scalar() or 0))
            return [message_of(row) for row in db.execute(asked)]

        return await self._run(work)

    async def originals(self, message_ids: Sequence[str]) -> dict[str, str]:
        """The locked originals of those messages that have one."""

        def work(db: Any) -> dict[str, str]:
            found: dict[str, str] = {}
            for start in range(0, len(message_ids), 500):
                some = message_ids[start : start + 500]
                asked = sa.select(originals).where(originals.c.message.in_(some))
                found |= dict(db.execute(asked).all())
            return found

        return await self._run(work)

    async def send_reminders(self, today: str) -> list[tuple[str, Message]]:
        """Say what is due by `today` (ISO 8601), each once: (conversation, message)."""

        def work(db: Any) -> list[tuple[str, Message]]:
            due = sa.and_(reminders.c.sent_at.is_(None), reminders.c.due_on <= today)
            # While a counsellor speaks with somebody, the desk says nothing.
            ours = sa.select(conversations.c.id).where(conversations.c.owner.is_(None))
            asked = sa.select(reminders).where(due, reminders.c.conversation.in_(ours))
            sent = []
            for row in db.execute(asked.limit(REMINDERS_AT_ONCE)).all():
                here = sa.and_(
                    *(reminders.c[key] == row[key] for key in ("conversation", "name", "day"))
                )
                # Of two gateways that find it, one says it.
                mine = sa.update(reminders).where(here, due).values(sent_at=now())
                if db.execute(mine).rowcount:
                    reminder = msgspec.json.decode(row.content, type=Reminder)
                    sent.append((row.conversation, _add_reminder(db, row.conversation, reminder)))
            return sent

        return await self._run(work)

    async def messages_by_id(self, ids: Sequence[str]) -> list[tuple[str, Message]]:
        """These messages in their order, each with its conversation."""
        return await self._found(messages.c.id.in_(ids))

    async def messages_since(
        self, conversation_ids: Sequence[str], moment: str
    ) -> list[tuple[str, Message]]:
        """What was said in these conversations from a moment on, each with its conversation."""
        here = messages.c.conversation.in_(conversation_ids)
        return await self._found(sa.and_(here, messages.c.created_at >= moment))

    async def erase(self, conversation_id: str) -> None:
        """Everything stored about a conversation, from the files themselves too."""
        await self._run(lambda db: _delete(db, conversations.c.id == conversation_id))
        await self._in_thread(self._empty_log)

    async def erase_before(self, day: str) -> int:
        """Erase the conversations in which nothing was said since `day`; how many there were.

        Of one whose person waits for a reminder, everything but the reminder.
        """

        def work(db: Any) -> int:
            asked = sa.select(messages.c.conversation).group_by(messages.c.conversation)
            asked = asked.having(sa.func.max(messages.c.created_at) < day)
            old = list(db.execute(asked).scalars())
            for start in range(0, len(old), 500):
                some = old[start : start + 500]
                waiting = sa.select(reminders.c.conversation).distinct()
                waiting = waiting.where(reminders.c.sent_at.is_(None))
                waiting = waiting.where(reminders.c.conversation.in_(some))
                kept = set(db.execute(waiting).scalars())
                for conversation_id in kept:
                    _forget_all_but_reminders(db, conversation_id)
                _delete(db, conversations.c.id.in_([c for c in some if c not in kept]))
            return len(old)

        erased = await self._run(work)
        if erased:
            await self._in_thread(self._empty_log)
        return erased

    def _empty_log(self) -> None:
        """SQLite's write-ahead log holds pages as they were before they were erased."""
        if self._engine.dialect.name == "sqlite":
            with contextlib.closing(self._engine.raw_connection()) as outside_transactions:
                outside_transactions.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _found(self, here: Any) -> list[tuple[str, Message]]:
        asked = sa.select(messages).where(here).order_by("seq")
        return await self._run(
            lambda db: [(row.conversation, message_of(row)) for row in db.execute(asked)]
        )

    async def _run(self, work: Callable[[Any], T]) -> T:
        def transaction() -> T:
            with self._engine.begin() as db:
                return work(db)

        return await self._in_thread(transaction)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def migrate(engine: Any, revision: str = "head") -> None:
    """Bring the tables up to date, or to a known revision."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # gateways that start at once wait for each other
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)


def engine_of(url: str, key: str | None = None) -> Any:
    """SQLAlchemy's engine for this address, set up as the store wants it."""
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url,
            future=True,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=_CONNECTIONS,
            connect_args=_PATIENCE,
        )
    file = sa.engine.make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    # SQLAlchemy's own choice for SQLite files opens a new connection for every transaction.
    kept = {"poolclass": sa.pool.QueuePool, "connect_args": {"check_same_thread": False}}
    if key and file:
        encryption.encrypt_where_plain(Path(file), key)
        kept["module"] = encryption.SQLITE
    # Errors name the statement, and not the words it was to store.
    engine = sa.create_engine(url, future=True, hide_parameters=True, **kept)

    @sa.event.listens_for(engine, "connect")  # type: ignore[untyped-decorator,unused-ignore]
    def prepare(connection: Any, _: Any) -> None:
        if key and file:
            encryption.unlock(connection, key)
        # WAL: readers do not wait for the writer.  NORMAL is safe with it against crashes.
        # What is deleted is overwritten, not only given up.
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.isolation_level = None  # the driver would begin only at the first write

    @sa.event.listens_for(engine, "begin")  # type: ignore[untyped-decorator,unused-ignore]
    def begin(connection: Any) -> None:
        # What a transaction has read still holds when it writes, whatever other processes do.
        # One that says it only reads (bot/backup.py) keeps nobody from writing.
        reads = connection.get_execution_options().get("only_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _row(conversation_id: str, role: Role, language: str, text: str) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "conversation": conversation_id,
        "role": role,
        "language": language,
        "created_at": now(),
        "text": text,
        "choices": "[]",
        "card": None,
        "choice": None,
        "key": None,
        "answered": True,
        "to_counsellor": False,
        "reply_to": None,
        "author": None,
    }


def add_utterances(
    db: Any,
    conversation_id: str,
    utterances: Sequence[Utterance],
    role: Role = "desk",
    reply_to: str | None = None,
    **more: object,
) -> list[Message]:
    """Store what is said in a conversation; `more` are columns of `messages`."""
    rows = []
    for said in utterances:
        row = _row(conversation_id, role, said.language, said.text)
        card = None if said.card is None else _json(said.card)
        row |= {"choices": _json(said.choices), "card": card, "reply_to": reply_to}
        rows.append(row | more)
    if rows:
        db.execute(sa.insert(messages), rows)
    return [message_of(row) for row in rows]


def message_of(row: Any) -> Message:
    """A message as everybody sees it, from its row."""
    values = row if isinstance(row, dict) else row._mapping
    return Message(
        id=values["id"],
        role=values["role"],
        language=values["language"],
        created_at=values["created_at"],
        text=values["text"],
        choices=msgspec.json.decode(values["choices"], type=list[Choice]),
        card=msgspec.json.decode(values["card"]) if values["card"] else None,
        choice=values["choice"] or msgspec.UNSET,
        key=values["key"] or msgspec.UNSET,
    )


def _label(db: Any, conversation: Conversation, value: str) -> str | None:
    """What the newest button with this value said; of a command, what it means."""
    asked = sa.select(messages.c.choices).filter_by(conversation=conversation.id)
    asked = asked.where(messages.c.choices != "[]").order_by(messages.c.seq.desc())
    for shown in db.execute(asked.limit(50)).scalars():
        for choice in msgspec.json.decode(shown, type=list[Choice]):
            if choice.value == value:
                return choice.label
    phrase = _COMMANDS.get(value)
    return phrase and Catalogue.of(conversation.language).phrase(phrase)


# What people can press or send without having been shown a button for it.
_COMMANDS = {"act:human": "talk.human", "act:restart": "talk.restart"}


def conversation_of(db: Any, conversation_id: str) -> Conversation | None:
    return _conversation(db, conversations.c.id == conversation_id)


def locked(db: Any, conversation_id: str) -> Conversation | None:
    """The conversation, which nobody else changes until the transaction ends."""
    here = conversations.c.id == conversation_id
    # SQLite has no FOR UPDATE, and needs none: its transactions stand in line.
    db.execute(sa.select(conversations.c.id).where(here).with_for_update())
    return conversation_of(db, conversation_id)


def _conversation(db: Any, here: Any) -> Conversation | None:
    row = db.execute(sa.select(conversations).where(here)).first()
    if row is None:
        return None
    values = dict(row._mapping)
    values["state"] = msgspec.json.decode(values["state"], type=State)
    return Conversation(**values, case=_newest_case(db, values["id"]))


def _waiting(db: Any, conversation_id: str) -> list[Waiting]:
    asked = sa.select(messages.c.id, messages.c.text, messages.c.choice)
    here = sa.and_(messages.c.conversation == conversation_id, messages.c.answered.is_(False))
    return [Waiting(*row) for row in db.execute(asked.where(here).order_by(messages.c.seq))]


def _heed(db: Any, conversation: Conversation, choice: str) -> None:
    """What a button changes by itself, also while a counsellor answers."""
    kind, _, value = choice.partition(":")
    changed: dict[str, object] = {}
    if kind == "consent" and value in ("given", "refused"):
        changed["state"] = _json(msgspec.structs.replace(conversation.state, consent=value))
    elif kind == "language" and value in LANGUAGES:
        changed |= {"language": value, "language_chosen": True}
    if changed:
        here = conversations.c.id == conversation.id
        db.execute(sa.update(conversations).where(here).values(changed))


def _newest_case(db: Any, conversation_id: str) -> Case | None:
    """The open case of a conversation, else the one that was closed last."""
    asked = sa.select(cases.c.id, cases.c.status, cases.c.urgency)
    asked = asked.filter_by(conversation=conversation_id)
    closed_last = (cases.c.status == "closed", cases.c.closed_at.desc())
    row = db.execute(asked.order_by(*closed_last).limit(1)).first()
    return Case(*row) if row else None


def _keep_reminders(db: Any, conversation_id: str, wanted: Sequence[Reminder]) -> None:
    """The conversation's reminders are these from now on; one that was sent stays sent."""
    mine = reminders.c.conversation == conversation_id
    rows = {(f"{r.about} {r.before}", r.day): r for r in wanted}
    known = set()
    for row in db.execute(
        sa.select(reminders.c.name, reminders.c.day, reminders.c.sent_at).where(mine)
    ):
        here = sa.and_(mine, reminders.c.name == row.name, reminders.c.day == row.day)
        if (reminder := rows.get((row.name, row.day))) is not None:
            known.add((row.name, row.day))
            values = {"due_on": reminder.on, "content": _json(reminder)}
            db.execute(sa.update(reminders).where(here).values(values))
        elif row.sent_at is None:
            db.execute(sa.delete(reminders).where(here))
    for (name, day), reminder in rows.items():
        if (name, day) not in known:
            row = {"conversation": conversation_id, "name": name, "day": day}
            row |= {"due_on": reminder.on, "content": _json(reminder)}
            db.execute(sa.insert(reminders), row)


def _add_reminder(db: Any, conversation_id: str, reminder: Reminder) -> Message:
    card: dict[str, Any] = {
        "type": "notice",
        "service": None,
        "about": "reminder",
        "changed": [],
        "citations": [],
    }
    said = Utterance(reminder.text, reminder.language, reminder.choices, card)
    return add_utterances(db, conversation_id, [said])[0]


def _forget_all_but_reminders(db: Any, conversation_id: str) -> None:
    here = conversations.c.id == conversation_id
    conversation = _conversation(db, here)
    if conversation is None:
        return
    state = conversation.state
    left = State(state.language, state.language_chosen, reminders=state.reminders)
    db.execute(sa.update(conversations).where(here).values(state=_json(left)))
    for table in (messages, cases):
        db.execute(sa.delete(table).where(table.c.conversation == conversation_id))


def _open_case(db: Any, conversation_id: str) -> Case | None:
    newest = _newest_case(db, conversation_id)
    return newest if newest and newest.status != "closed" else None


def _raise_case(db: Any, conversation_id: str, state: State) -> Case | None:
    """The open case of a conversation, brought up to date; made where the state asks for one.

    What a counsellor has dealt with already raises no second case by itself.
    """
    urgency, reasons = state.triage.urgency, state.triage.reasons
    known = _open_case(db, conversation_id)
    if known is not None:
        values = {"urgency": urgency, "reasons": _json(reasons)}
        db.execute(sa.update(cases).where(cases.c.id == known.id).values(values))
        return Case(known.id, known.status, urgency)
    if state.handoff != "requested":
        asked = sa.select(cases.c.reasons).filter_by(conversation=conversation_id)
        settled = {r for row in db.execute(asked).scalars() for r in msgspec.json.decode(row)}
        if not state.wants_counsellor or settled.issuperset(reasons[:1]):
            return None
    case = Case(uuid.uuid4().hex, "queued", urgency)
    row = msgspec.structs.asdict(case) | {"conversation": conversation_id}
    row |= {"created_at": now(), "queued_at": exactly_now(), "reasons": _json(reasons)}
    db.execute(sa.insert(cases), row)
    return case


def _delete(db: Any, here: Any) -> None:
    # Cases and messages go with it (ON DELETE CASCADE).
    db.execute(sa.delete(conversations).where(here))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

"""Conversations, messages and cases in SQL.

Every method is one transaction, run in a thread of its own: with SQLite one
thread writes at a time anyway, so that calls keep the order they came in.  In
PostgreSQL who writes in a conversation holds its row, so that its messages are
numbered in the order in which they can be read, whichever gateway writes them.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import alembic.command
import alembic.config
import msgspec
import sqlalchemy as sa

from bot.messages import Case, Choice, Conversation, Message, Role, State, Urgency, Utterance, now

T = TypeVar("T")
MOST_WAITING = 20
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
    # Of a desk message: the applicant's message it answers.
    sa.Column("reply_to", sa.String(64)),
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
)


class TooManyWaiting(Exception):
    """So many messages of this conversation have no answer yet that no more are taken."""


class Erased(LookupError):
    """The conversation was erased while something was said in it."""


class Waiting(msgspec.Struct, frozen=True):
    """A message of the applicant that has no answer yet."""

    id: str
    text: str
    choice: str | None


class Store:
    """The database; `await Store.open(...)` brings its tables up to date first."""

    def __init__(self, database: str) -> None:
        self._engine = _engine(database)
        threads = 1 if self._engine.dialect.name == "sqlite" else _CONNECTIONS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")

    @classmethod
    async def open(cls, database: str) -> Store:
        """The store at this SQLAlchemy address."""
        store = cls(database)
        await store._in_thread(lambda: migrate(store._engine))
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
            return _add_utterances(db, conversation.id, greeting)

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
        choice: str | None = None,
        key: str | None = None,
        answered: bool = False,
    ) -> tuple[Message, bool]:
        """An applicant's message, and whether it is new: a `key` is stored once.

        The text of a pressed button is the label it was shown with.
        TooManyWaiting, Erased where it is not stored.
        """

        def work(db: Any) -> tuple[Message, bool]:
            _hold(db, conversation.id)
            if key is not None:
                here = sa.and_(messages.c.conversation == conversation.id, messages.c.key == key)
                if known := db.execute(sa.select(messages).where(here)).first():
                    return _message(known), False
            if _conversation(db, conversations.c.id == conversation.id) is None:
                raise Erased
            if len(_waiting(db, conversation.id)) >= MOST_WAITING:
                raise TooManyWaiting
            label = _label(db, conversation.id, choice) if choice else None
            row = _row(conversation.id, "applicant", conversation.language, label or text)
            row |= {"choice": choice, "key": key, "answered": answered}
            db.execute(sa.insert(messages), row)
            return _message(row), True

        return await self._run(work)

    async def waiting(self, conversation_id: str) -> tuple[Conversation | None, list[Waiting]]:
        """A conversation, and the messages in it without an answer, in the order they came."""

        def work(db: Any) -> tuple[Conversation | None, list[Waiting]]:
            here = conversations.c.id == conversation_id
            return _conversation(db, here), _waiting(db, conversation_id)

        return await self._run(work)

    async def conversations_waiting(self) -> list[str]:
        """The conversations in which a message has no answer yet, longest waiting first."""

        def work(db: Any) -> list[str]:
            asked = sa.select(messages.c.conversation).where(messages.c.answered.is_(False))
            asked = asked.group_by(messages.c.conversation).order_by(sa.func.min(messages.c.seq))
            return list(db.execute(asked).scalars())

        return await self._run(work)

    async def add_answer(
        self,
        conversation_id: str,
        message_id: str,
        utterances: Sequence[Utterance],
        state: State,
        language: str,
        language_chosen: bool,
    ) -> list[Message]:
        """The desk's answer and where the dialogue stands now; the message no longer waits.

        Nothing is stored, and nothing returned, where the message has its
        answer already: another gateway was faster, or it was erased.
        """

        def work(db: Any) -> list[Message]:
            _hold(db, conversation_id)
            said = sa.and_(messages.c.id == message_id, messages.c.answered.is_(False))
            if not db.execute(sa.update(messages).where(said).values(answered=True)).rowcount:
                return []
            here = conversations.c.id == conversation_id
            changed = {
                "state": _json(state),
                "language": language,
                "language_chosen": language_chosen,
            }
            db.execute(sa.update(conversations).where(here).values(changed))
            return _add_utterances(db, conversation_id, utterances, reply_to=message_id)

        return await self._run(work)

    async def add_notice(
        self, conversation_id: str, notice: Utterance, role: Role, *, reply_to: str, closes: bool
    ) -> list[Message]:
        """A sentence that is not Rasa's; none where this message was told something already.

        `closes` says that no answer is to come any more: then it is always said.
        """

        def work(db: Any) -> list[Message]:
            _hold(db, conversation_id)
            told = db.execute(sa.select(messages.c.seq).filter_by(reply_to=reply_to)).first()
            if told and not closes:
                return []
            if closes:
                said = sa.and_(messages.c.id == reply_to, messages.c.role == "applicant")
                if db.execute(sa.select(messages.c.answered).where(said)).scalar():
                    return []  # another gateway was faster
                db.execute(sa.update(messages).where(said).values(answered=True))
            return _add_utterances(db, conversation_id, [notice], role, reply_to)

        return await self._run(work)

    async def replies(self, message_id: str) -> list[Message]:
        """What was said to one message of the applicant, in order."""

        def work(db: Any) -> list[Message]:
            asked = sa.select(messages).filter_by(reply_to=message_id).order_by("seq")
            return [_message(row) for row in db.execute(asked)]

        return await self._run(work)

    async def messages(self, conversation_id: str, after: str | None = None) -> list[Message]:
        """All messages, or those after the message `after` where that one exists here."""

        def work(db: Any) -> list[Message]:
            asked = sa.select(messages).filter_by(conversation=conversation_id).order_by("seq")
            if after is not None:
                seq = sa.select(messages.c.seq).filter_by(conversation=conversation_id, id=after)
                asked = asked.where(messages.c.seq > (db.execute(seq).scalar() or 0))
            return [_message(row) for row in db.execute(asked)]

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

    async def raise_case(self, conversation_id: str, urgency: Urgency) -> Case:
        """The open case of a conversation, made where there is none; the urgency is brought up."""

        def work(db: Any) -> Case:
            _hold(db, conversation_id)
            known = _open_case(db, conversation_id)
            if known is None:
                known = Case(uuid.uuid4().hex, "queued", urgency)
                row = msgspec.structs.asdict(known)
                row |= {"conversation": conversation_id, "created_at": now()}
                db.execute(sa.insert(cases), row)
            elif known.urgency != urgency:
                here = cases.c.id == known.id
                db.execute(sa.update(cases).where(here).values(urgency=urgency))
            return Case(known.id, known.status, urgency)

        return await self._run(work)

    async def erase(self, conversation_id: str) -> None:
        """Everything stored about a conversation."""
        await self._run(lambda db: _delete(db, conversations.c.id == conversation_id))

    async def erase_before(self, day: str) -> int:
        """Erase the conversations in which nothing was said since `day`; how many there were."""

        def work(db: Any) -> int:
            asked = sa.select(messages.c.conversation).group_by(messages.c.conversation)
            asked = asked.having(sa.func.max(messages.c.created_at) < day)
            old = list(db.execute(asked).scalars())
            for start in range(0, len(old), 500):
                _delete(db, conversations.c.id.in_(old[start : start + 500]))
            return len(old)

        return await self._run(work)

    async def _found(self, here: Any) -> list[tuple[str, Message]]:
        asked = sa.select(messages).where(here).order_by("seq")
        return await self._run(
            lambda db: [(row.conversation, _message(row)) for row in db.execute(asked)]
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


def _engine(url: str) -> Any:
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url, future=True, pool_pre_ping=True, pool_size=_CONNECTIONS, connect_args=_PATIENCE
        )
    file = sa.engine.make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    # SQLAlchemy's own choice for SQLite files opens a new connection for every transaction.
    kept = {"poolclass": sa.pool.QueuePool, "connect_args": {"check_same_thread": False}}
    engine = sa.create_engine(url, future=True, **kept)

    @sa.event.listens_for(engine, "connect")  # type: ignore[untyped-decorator,unused-ignore]
    def prepare(connection: Any, _: Any) -> None:
        # WAL: readers do not wait for the writer.  NORMAL is safe with it against crashes.
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _hold(db: Any, conversation_id: str) -> None:
    """Let nobody else write in a conversation until this transaction ends.  SQLite lets nobody."""
    here = conversations.c.id == conversation_id
    db.execute(sa.select(conversations.c.id).where(here).with_for_update()).first()


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
        "reply_to": None,
    }


def _add_utterances(
    db: Any,
    conversation_id: str,
    utterances: Sequence[Utterance],
    role: Role = "desk",
    reply_to: str | None = None,
) -> list[Message]:
    rows = []
    for said in utterances:
        row = _row(conversation_id, role, said.language, said.text)
        card = None if said.card is None else _json(said.card)
        rows.append(row | {"choices": _json(said.choices), "card": card, "reply_to": reply_to})
    if rows:
        db.execute(sa.insert(messages), rows)
    return [_message(row) for row in rows]


def _message(row: Any) -> Message:
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


def _label(db: Any, conversation_id: str, value: str) -> str | None:
    """What the newest button with this value said."""
    asked = sa.select(messages.c.choices).filter_by(conversation=conversation_id)
    asked = asked.where(messages.c.choices != "[]").order_by(messages.c.seq.desc())
    for shown in db.execute(asked.limit(50)).scalars():
        for choice in msgspec.json.decode(shown, type=list[Choice]):
            if choice.value == value:
                return choice.label
    return None


def _conversation(db: Any, here: Any) -> Conversation | None:
    row = db.execute(sa.select(conversations).where(here)).first()
    if row is None:
        return None
    values = dict(row._mapping)
    values["state"] = msgspec.json.decode(values["state"], type=State)
    return Conversation(**values, case=_open_case(db, values["id"]))


def _waiting(db: Any, conversation_id: str) -> list[Waiting]:
    asked = sa.select(messages.c.id, messages.c.text, messages.c.choice)
    here = sa.and_(messages.c.conversation == conversation_id, messages.c.answered.is_(False))
    return [Waiting(*row) for row in db.execute(asked.where(here).order_by(messages.c.seq))]


def _open_case(db: Any, conversation_id: str) -> Case | None:
    asked = sa.select(cases.c.id, cases.c.status, cases.c.urgency)
    asked = asked.filter_by(conversation=conversation_id).where(cases.c.status != "closed")
    row = db.execute(asked).first()
    return Case(*row) if row else None


def _delete(db: Any, here: Any) -> None:
    # Cases and messages go with it (ON DELETE CASCADE).
    db.execute(sa.delete(conversations).where(here))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

"""Links by which a conversation on the website goes on in Telegram: short-lived, good once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from bot.messages import as_text, now
from bot.store import Store, metadata
from bot.store import messages as all_messages
from bot.telegram.chats import telegram_chats

telegram_links = sa.Table(
    "telegram_links",
    metadata,
    # Only a hash: who reads the database cannot take over a conversation.
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column(
        "conversation", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("expires_at", sa.String(20), nullable=False),
    sa.Index("telegram_links_by_age", "expires_at"),
)
LIVES = timedelta(minutes=15)
PREFIX = "web-"
"""What the parameter of /start begins with; with the token it is 36 of at most 64 characters."""


class Links:
    """The links that are open, in the store's database."""

    def __init__(self, store: Store) -> None:
        self._run = store._run

    async def make(self, conversation_id: str) -> tuple[str, str]:
        """A new parameter for /start, and until when it is good."""
        token = PREFIX + secrets.token_urlsafe(24)
        until = as_text(datetime.now(timezone.utc) + LIVES)

        def work(db: Any) -> None:
            db.execute(sa.delete(telegram_links).where(telegram_links.c.expires_at < now()))
            row = {"token_hash": _hash(token), "conversation": conversation_id}
            db.execute(sa.insert(telegram_links), row | {"expires_at": until})

        await self._run(work)
        return token, until

    async def conversation(self, token: str) -> str | None:
        """The conversation that a link leads to; None for one that is used, over or unknown."""
        return await self._run(lambda db: _conversation(db, token))

    async def use(self, token: str, chat_id: int) -> tuple[str, str | None] | None:
        """The chat holds the link's conversation from now on: that, and the one it held before.

        Of the conversation the chat has been shown all but the desk's last
        message, which may be a question to be answered here.
        """

        def work(db: Any) -> tuple[str, str | None] | None:
            conversation = _conversation(db, token)
            taken = sa.delete(telegram_links).where(telegram_links.c.token_hash == _hash(token))
            if conversation is None or not db.execute(taken).rowcount:
                return None
            chats = telegram_chats.c
            before = db.execute(sa.select(chats.conversation).where(chats.chat == chat_id)).scalar()
            ours = sa.or_(chats.chat == chat_id, chats.conversation == conversation)
            db.execute(sa.delete(telegram_chats).where(ours))
            row = {"chat": chat_id, "conversation": conversation}
            row["delivered"] = _before_the_last(db, conversation)
            db.execute(sa.insert(telegram_chats), row)
            return conversation, before if before != conversation else None

        return await self._run(work)


def _conversation(db: Any, token: str) -> str | None:
    here = telegram_links.c.token_hash == _hash(token)
    asked = sa.select(telegram_links.c.conversation).where(here)
    found: str | None = db.execute(asked.where(telegram_links.c.expires_at >= now())).scalar()
    return found


def _before_the_last(db: Any, conversation: str) -> str | None:
    """The message before the last one that was not the person's."""
    columns = all_messages.c
    said = sa.select(columns.seq).where(columns.conversation == conversation)
    last = db.execute(
        said.where(columns.role != "applicant").order_by(columns.seq.desc()).limit(1)
    ).scalar()
    earlier = sa.select(columns.id).where(columns.conversation == conversation)
    earlier = earlier.where(columns.seq < (last or 0)).order_by(columns.seq.desc()).limit(1)
    found: str | None = db.execute(earlier).scalar()
    return found


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Which conversation a chat holds, what of it has reached the chat, and who has blocked the bot."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from bot.messages import now
from bot.store import Store, metadata

telegram_chats = sa.Table(
    "telegram_chats",
    metadata,
    sa.Column("chat", sa.BigInteger, primary_key=True, autoincrement=False),
    # A chat is forgotten with its conversation.
    sa.Column(
        "conversation",
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    # The last message of the conversation that the chat was shown.
    sa.Column("delivered", sa.String(64)),
    sa.Column("blocked_at", sa.String(20)),
)


class Chat(msgspec.Struct, frozen=True):
    """A private chat, by Telegram's number."""

    id: int
    conversation: str
    delivered: str | None
    blocked_at: str | None


class Chats:
    """The chats of this bot, in the store's database."""

    def __init__(self, store: Store) -> None:
        self._run = store._run

    async def get(self, chat_id: int) -> Chat | None:
        return await self._one(telegram_chats.c.chat == chat_id)

    async def of_conversation(self, conversation_id: str) -> Chat | None:
        return await self._one(telegram_chats.c.conversation == conversation_id)

    async def all(self) -> list[Chat]:
        """Every chat that has not blocked the bot."""

        def work(db: Any) -> list[Chat]:
            here = telegram_chats.c.blocked_at.is_(None)
            return [Chat(*row) for row in db.execute(sa.select(telegram_chats).where(here))]

        return await self._run(work)

    async def add(self, chat_id: int, conversation_id: str) -> Chat:
        """The chat holds this conversation from now on, and no other."""

        def work(db: Any) -> Chat:
            chat = Chat(chat_id, conversation_id, None, None)
            db.execute(sa.delete(telegram_chats).where(telegram_chats.c.chat == chat_id))
            row = {"chat": chat_id, "conversation": conversation_id}
            db.execute(sa.insert(telegram_chats), row)
            return chat

        return await self._run(work)

    async def delivered(self, chat_id: int, message_id: str) -> None:
        await self._set(chat_id, delivered=message_id)

    async def blocked(self, chat_id: int, blocked: bool = True) -> None:
        await self._set(chat_id, blocked_at=now() if blocked else None)

    async def _one(self, here: Any) -> Chat | None:
        def work(db: Any) -> Chat | None:
            row = db.execute(sa.select(telegram_chats).where(here)).first()
            return Chat(*row) if row else None

        return await self._run(work)

    async def _set(self, chat_id: int, **values: Any) -> None:
        changed = sa.update(telegram_chats).where(telegram_chats.c.chat == chat_id).values(values)
        await self._run(lambda db: db.execute(changed))

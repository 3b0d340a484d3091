"""Buttons under messages: short tokens that stand for choices.

A keyboard is good for one turn, so that an old button cannot answer a new
question; a lasting one, which only shows more of its message, stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from bot.messages import Choice
from bot.store import Store, metadata

telegram_keyboards = sa.Table(
    "telegram_keyboards",
    metadata,
    sa.Column("token", sa.String(32), primary_key=True),
    sa.Column("chat", sa.ForeignKey("telegram_chats.chat", ondelete="CASCADE"), nullable=False),
    # Telegram's number of the message it hangs under; null until that is sent.
    sa.Column("message", sa.BigInteger),
    sa.Column("choices", sa.Text, nullable=False),
    # The update that answered the question or moved past it; null while it can be answered.
    sa.Column("used_by", sa.BigInteger),
    sa.Column("lasting", sa.Boolean, nullable=False, default=False),
    sa.Index("telegram_keyboards_of_chat", "chat", "used_by"),
)
USED = "used"
"""The callback data of a button that only shows what was chosen."""


class Buttons:
    """The keyboards of this bot, in the store's database."""

    def __init__(self, store: Store) -> None:
        self._run = store._run

    async def add(
        self, chat_id: int, choices: Sequence[Choice], lasting: bool = False
    ) -> list[str]:
        """Callback data for a new keyboard, one for each choice, far below Telegram's 64 bytes."""
        token = secrets.token_urlsafe(12)
        row = {
            "token": token,
            "chat": chat_id,
            "choices": msgspec.json.encode(choices).decode(),
            "lasting": lasting,
        }
        await self._run(lambda db: db.execute(sa.insert(telegram_keyboards), row))
        return [f"{token}:{place}" for place in range(len(choices))]

    async def shown(self, data: str, message: int) -> None:
        """The keyboard that `data` is from hangs under this message."""
        here = telegram_keyboards.c.token == data.partition(":")[0]
        changed = sa.update(telegram_keyboards).where(here).values(message=message)
        await self._run(lambda db: db.execute(changed))

    async def lasting(self, chat_id: int, message: int) -> list[tuple[str, str]]:
        """The labels and callback data of the lasting buttons under a message."""
        keyboards = telegram_keyboards.c
        here = sa.and_(keyboards.chat == chat_id, keyboards.message == message, keyboards.lasting)
        asked = sa.select(keyboards.token, keyboards.choices).where(here)

        def work(db: Any) -> list[tuple[str, str]]:
            return [
                (choice.label, f"{row.token}:{place}")
                for row in db.execute(asked)
                for place, choice in enumerate(_choices(row))
            ]

        return await self._run(work)

    async def tapped(self, chat_id: int, data: str, update_id: int) -> Choice | None:
        """What the button stands for; None for one that is closed, foreign or unknown.

        The update that closed a keyboard may still read it: it is handled
        again where the desk was stopped in the middle of it.
        """
        token, _, place = data.partition(":")

        def work(db: Any) -> Choice | None:
            here = sa.and_(
                telegram_keyboards.c.token == token, telegram_keyboards.c.chat == chat_id
            )
            row = db.execute(sa.select(telegram_keyboards).where(here)).first()
            if row is None or row.used_by not in (None, update_id) or not place.isdecimal():
                return None
            choices = _choices(row)
            return choices[int(place)] if int(place) < len(choices) else None

        return await self._run(work)

    async def close(self, chat_id: int, update_id: int) -> list[int]:
        """No button of this chat answers any more; the messages that still show one."""

        def work(db: Any) -> list[int]:
            mine = sa.and_(
                telegram_keyboards.c.chat == chat_id, telegram_keyboards.c.lasting.is_(False)
            )
            used = telegram_keyboards.c.used_by
            db.execute(
                sa.delete(telegram_keyboards).where(mine, used.is_not(None), used != update_id)
            )
            db.execute(sa.update(telegram_keyboards).where(mine).values(used_by=update_id))
            closed = sa.select(telegram_keyboards.c.message).where(mine)
            return [message for message in db.execute(closed).scalars() if message is not None]

        return await self._run(work)


def _choices(row: Any) -> list[Choice]:
    return msgspec.json.decode(row.choices, type=list[Choice])

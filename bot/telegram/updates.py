"""Updates: kept before Telegram is told that they arrived, handled once, in order in each chat."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta, timezone
from typing import Any
from weakref import WeakValueDictionary

import sqlalchemy as sa
from telegram import Bot, Update
from telegram.ext import BaseUpdateProcessor

from bot.masking import Masking
from bot.messages import now
from bot.store import Store, metadata

telegram_updates = sa.Table(
    "telegram_updates",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("received_at", sa.String(20), nullable=False),
    # The update as it came, under lock; null as soon as it is handled.
    sa.Column("content", sa.Text),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("telegram_updates_by_age", "received_at"),
)
# Telegram sends an update again for 24 hours at most.
REMEMBERED = timedelta(days=7)
TRIES = 3
AT_ONCE = 256
log = logging.getLogger(__name__)


class Inbox(asyncio.Queue[object]):
    """The queue between Telegram and the handlers, for polling and webhook alike.

    What is put is stored first; an update that was put before is dropped.
    """

    def __init__(self, store: Store, masking: Masking) -> None:
        super().__init__()
        self._store_run = store._run
        self._masking = masking

    async def put(self, item: object) -> None:
        if not isinstance(item, Update) or await self._keep(item):
            await super().put(item)

    async def recover(self, bot: Bot) -> int:
        """Queue what was taken but not handled before the last stop; how many there were.

        An update that was there at three stops is left out: it may be their cause.
        """

        def work(db: Any) -> list[str]:
            kept = telegram_updates.c.content.is_not(None)
            tried = telegram_updates.c.tries
            db.execute(sa.update(telegram_updates).where(kept).values(tries=tried + 1))
            db.execute(sa.update(telegram_updates).where(kept, tried > TRIES).values(content=None))
            asked = sa.select(telegram_updates.c.content).where(kept)
            return list(db.execute(asked.order_by(telegram_updates.c.id)).scalars())

        contents = await self._store_run(work)
        for locked in contents:
            # A desk before this one kept them open.
            content = self._masking.unlock(locked) or locked
            await super().put(Update.de_json(json.loads(content), bot))
        return len(contents)

    async def done(self, update: Update) -> None:
        """The update is handled: its id stays, its content goes."""
        here = telegram_updates.c.id == update.update_id
        changed = sa.update(telegram_updates).where(here).values(content=None)
        await self._store_run(lambda db: db.execute(changed))

    async def _keep(self, update: Update) -> bool:
        """Store the update; False where it came before."""
        row = {
            "id": update.update_id,
            "received_at": now(),
            "content": self._masking.lock(update.to_json()),
            "tries": 0,
        }
        old = (datetime.now(timezone.utc) - REMEMBERED).strftime("%Y-%m-%dT%H:%M:%SZ")

        def work(db: Any) -> None:
            received, content = telegram_updates.c.received_at, telegram_updates.c.content
            db.execute(sa.delete(telegram_updates).where(received < old, content.is_(None)))
            db.execute(sa.insert(telegram_updates), row)

        while True:
            try:
                await self._store_run(work)
            except sa.exc.IntegrityError:
                return False
            except sa.exc.SQLAlchemyError as error:
                # Not dropped: polling would count it as taken, a webhook is sent again.
                log.error("The database does not take Telegram's updates, trying again: %s", error)
                await asyncio.sleep(1)
            else:
                return True


class OneAtATime(BaseUpdateProcessor):
    """Many chats at once, but the updates of one chat one after the other."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(AT_ONCE)
        self._inbox = inbox
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        if not isinstance(update, Update):
            await coroutine
            return
        chat = update.effective_chat.id if update.effective_chat else 0
        lock = self._locks.setdefault(chat, asyncio.Lock())
        async with lock:
            await coroutine
            await self._inbox.done(update)

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

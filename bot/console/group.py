"""Tells a Telegram group of counsellors that somebody waits.

Nothing about the person goes there: how urgent it is, what it is about, which
language, and where the case is to be seen by who is signed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from aiohttp import web
from telegram import Bot
from telegram.error import RetryAfter, TelegramError

from bot.cases.counsel import Cases
from bot.cases.ownership import Counsellor
from bot.cases.queue import QueueEntry
from bot.console.visit import ROOT, Reader
from bot.messages import now
from bot.settings import Settings
from bot.store import Store, metadata
from knowledge.base import KnowledgeBase
from knowledge.cards import Cards

logger = logging.getLogger(__name__)

LANGUAGE = "ko"  # of the group
LOOK_EVERY = 60.0  # seconds, for what could not be told when it came
EVERYBODY = Counsellor("group", "lead")  # who sees the whole queue

announced = sa.Table(
    "announced_cases",
    metadata,
    sa.Column("case", sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    # A case is told when it comes, and once more when it becomes an emergency.
    sa.Column("emergency", sa.Boolean, primary_key=True),
    sa.Column("at", sa.String(20), nullable=False),
)


class CounsellorsGroup:
    """`settings.counsellors_chat`, told by the desk's own bot."""

    def __init__(self, settings: Settings, base: KnowledgeBase, store: Store, cases: Cases) -> None:
        # httpx logs the address of every call at INFO, and the address holds the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._chat = settings.counsellors_chat
        self._address = settings.public_url or settings.address
        self._bot = Bot(
            settings.telegram_token, base_url=f"{settings.telegram_api.rstrip('/')}/bot"
        )
        self._cases, self._run = cases, store._run
        self._reader, self._cards = Reader(LANGUAGE), Cards(base, LANGUAGE)

    def add_to(self, gateway: web.Application) -> None:
        """Start and stop with the gateway."""
        gateway.cleanup_ctx.append(self._while_running)

    async def tell(self) -> float:
        """Tell of every waiting case the group does not know of; the seconds until the next look.

        Telegram takes about one message a second.
        """
        for entry in await self._cases.queue(EVERYBODY):
            if entry.status == "queued" and await self._claim(entry):
                try:
                    await self._bot.send_message(self._chat, self._text(entry))
                except TelegramError as error:
                    await self._forget(entry)
                    if isinstance(error, RetryAfter):
                        return _seconds(error)
                    logger.warning("the counsellors' group could not be told: %s", error)
                    return LOOK_EVERY
        return LOOK_EVERY

    async def _while_running(self, gateway: web.Application) -> AsyncIterator[None]:
        telling = asyncio.create_task(self._go_on())
        yield
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await self._bot.shutdown()

    async def _go_on(self) -> None:
        async with self._cases.follow() as changes:
            while True:
                pause = LOOK_EVERY
                try:
                    pause = await self.tell()
                except Exception:
                    logger.exception("the counsellors' group is told later")
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changes.get(), pause)

    async def _claim(self, entry: QueueEntry) -> bool:
        """Whether this process is the one to tell it: of several gateways one is."""
        row = {"case": entry.case, "emergency": entry.urgency == "emergency", "at": now()}

        def work(db: Any) -> bool:
            if db.execute(sa.select(announced).where(_same(row))).first():
                return False
            db.execute(sa.insert(announced), row)
            return True

        try:
            return await self._run(work)
        except sa.exc.IntegrityError:  # the other gateway was quicker, or the case is erased
            return False

    async def _forget(self, entry: QueueEntry) -> None:
        row = {"case": entry.case, "emergency": entry.urgency == "emergency"}
        await self._run(lambda db: db.execute(sa.delete(announced).where(_same(row))))

    def _text(self, entry: QueueEntry) -> str:
        say, base = self._reader.say, self._cards.base
        titles = [self._cards.title(base.services[s]) for s in entry.services if s in base.services]
        return say(
            "group.new",
            urgency=say(f"urgency.{entry.urgency}"),
            title=", ".join(titles) or say("case.no_service"),
            language=self._reader.catalogue.language_name(entry.language),
            address=f"{self._address}{ROOT}/cases/{entry.case}",
        )


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def _same(row: dict[str, Any]) -> Any:
    return sa.and_(announced.c.case == row["case"], announced.c.emergency == row["emergency"])

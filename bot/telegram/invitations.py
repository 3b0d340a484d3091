"""Addresses by which a conversation on the website goes on in Telegram.

Every gateway gives them, also where another one has the door to Telegram.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from aiohttp import web
from telegram import Bot
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.api import TELEGRAM_LINK
from bot.settings import Settings
from bot.store import Store
from bot.telegram.links import Links


class Invitations:
    """What the API gives to who wants to go on in Telegram."""

    def __init__(self, settings: Settings, store: Store) -> None:
        # httpx logs the address of every call at INFO, and the address holds the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._bot = Bot(
            settings.telegram_token, base_url=f"{settings.telegram_api.rstrip('/')}/bot"
        )
        self._links = Links(store)

    def add_to(self, app: web.Application) -> None:
        app[TELEGRAM_LINK] = self.link
        app.cleanup_ctx.append(self._until_closed)

    async def link(self, conversation_id: str) -> tuple[str, str] | None:
        """An address that goes on with the conversation in Telegram, and until when it is good.

        None as long as Telegram has not told the bot's name.
        """
        try:
            await self._bot.initialize()  # asks for the name, once
        except TelegramError:
            return None
        token, until = await self._links.make(conversation_id)
        return create_deep_linked_url(self._bot.username, token), until

    async def _until_closed(self, app: web.Application) -> AsyncIterator[None]:
        yield
        await self._bot.shutdown()

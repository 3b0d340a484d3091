"""The Telegram door: opens with the gateway, by long polling or by webhook, closes with it."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot.conversations import Desk
from bot.settings import Settings
from bot.telegram.buttons import Buttons
from bot.telegram.chats import Chats
from bot.telegram.delivery import Delivery
from bot.telegram.flood import ChatPace
from bot.telegram.handlers import Handlers
from bot.telegram.menu import offer_commands
from bot.telegram.updates import Inbox, OneAtATime
from knowledge.base import KnowledgeBase

WEBHOOK = "/telegram/webhook"
"""The webhook's path: without the token, which would end up in logs."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
LONGEST_PAUSE = 60.0  # seconds between tries to reach Telegram when the desk starts
LONGEST_STOP = 8.0  # seconds that a stop waits for what is being handled
log = logging.getLogger(__name__)


class TelegramDoor:
    """`secret` is what Telegram shows at the webhook.  Telegram may be out of reach: the rest
    of the desk starts all the same, and the door opens when Telegram answers.
    """

    def __init__(
        self,
        settings: Settings,
        secret: str,
        desk: Desk,
        base: KnowledgeBase,
        pace: ChatPace | None = None,
    ) -> None:
        # httpx logs the address of every call at INFO, and the address holds the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._settings = settings
        self._secret = secret
        self._inbox = Inbox(desk.store, desk.masking)
        builder = (
            ApplicationBuilder()
            .token(settings.telegram_token)
            .base_url(f"{settings.telegram_api.rstrip('/')}/bot")
            .rate_limiter(pace or ChatPace())
            .concurrent_updates(OneAtATime(self._inbox))
            .update_queue(self._inbox)
            .job_queue(None)
        )
        self._application: Application[Any, Any, Any, Any, Any, Any] = builder.build()
        self._chats = Chats(desk.store)
        buttons = Buttons(desk.store)
        self._delivery = Delivery(self._application.bot, desk, self._chats, buttons)
        group = settings.counsellors_chat
        handlers = Handlers(desk, base, self._chats, buttons, self._delivery, group)
        handlers.register(self._application)
        self._opening: asyncio.Task[None] | None = None

    def add_to(self, app: web.Application) -> None:
        """The door opens and closes with `app`, and the webhook is one of its routes."""
        if self._settings.telegram_mode == "webhook":
            app.router.add_post(WEBHOOK, self._receive)
        app.cleanup_ctx.append(self._run)

    async def start(self) -> None:
        """Take up what was left; return at once, while the door opens in the background."""
        left = await self._inbox.recover(self._application.bot)
        if left:
            log.info("Telegram: %d updates were left from before the stop", left)
        self._opening = asyncio.create_task(self._open())

    async def stop(self) -> None:
        """Finish what is being handled, for a few seconds; the rest is taken up at the start."""
        if self._opening:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self._delivery.stop_trying()
        try:
            await asyncio.wait_for(self._close(), LONGEST_STOP)
        except asyncio.TimeoutError:
            log.warning("Telegram: an answer takes too long for the stop, it follows at the start")

    async def _run(self, app: web.Application) -> AsyncIterator[None]:
        await self.start()
        yield
        await self.stop()

    async def _open(self) -> None:
        application, settings = self._application, self._settings
        try:
            await _until_reached(application.initialize)
            await application.start()
            for chat in await self._chats.all():
                self._delivery.listen(chat.id, chat.conversation)
            if settings.telegram_mode == "webhook":
                await _until_reached(self._set_webhook)
            elif application.updater:
                await application.updater.start_polling(
                    allowed_updates=KINDS, bootstrap_retries=-1, error_callback=_polling_failed
                )
            log.info("Telegram: @%s, by %s", application.bot.username, settings.telegram_mode)
            await _until_reached(lambda: offer_commands(self._application.bot))
        except InvalidToken:
            # Told without the error itself, whose words hold the token.
            log.error(
                "Telegram does not know the bot of TELEGRAM_TOKEN. Ask @BotFather for its token, "
                "set it and start again. Until then the desk runs without Telegram."
            )
        except Exception:
            # Nobody awaits this task before the stop: it must not end without a word.
            log.exception("The Telegram door could not be opened. The desk runs without it.")

    async def _close(self) -> None:
        application = self._application
        if application.updater and application.updater.running:
            await application.updater.stop()
        if application.running:
            await application.stop()
        await self._delivery.stop()
        await application.shutdown()

    async def _set_webhook(self) -> None:
        await self._application.bot.set_webhook(
            self._settings.public_url + WEBHOOK, secret_token=self._secret, allowed_updates=KINDS
        )

    async def _receive(self, request: web.Request) -> web.Response:
        """One update from Telegram: kept, then acknowledged, then handled."""
        shown = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(shown, self._secret.encode()):
            return web.Response(status=403, text="This address takes updates from Telegram only.")
        try:
            update = Update.de_json(json.loads(await request.read()), self._application.bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            return web.Response(status=400, text="This is not an update of the Bot API.")
        await self._inbox.put(update)
        return web.Response()


async def _until_reached(call: Callable[[], Awaitable[None]]) -> None:
    """Repeat `call` while Telegram cannot be reached; InvalidToken where it does not know us."""
    pause = 1.0
    while True:
        try:
            await call()
        except InvalidToken:
            raise
        except TelegramError as error:
            log.warning(
                "Telegram cannot be reached or refuses (%s). Next try in %d s.", error, pause
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            return


def _polling_failed(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.error(
            "Another program is asking Telegram for this bot's messages. One bot token belongs to "
            "one desk: stop the other program, or give one of them a bot of its own."
        )
    else:
        log.warning("Telegram does not answer (%s). It is asked again.", error)

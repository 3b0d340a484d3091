"""From the desk to the chats: what a conversation holds and its chat has not shown yet is sent.

Each chat remembers the last message it was shown, so that nothing is lost or
said twice when Telegram is away, the desk is restarted, or a counsellor writes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from weakref import WeakValueDictionary

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from bot.conversations import Desk
from bot.events import Event
from bot.messages import Choice, Message
from bot.telegram.buttons import USED, Buttons
from bot.telegram.chats import Chats
from bot.telegram.render import numbered, parts, rows
from bot.telegram.verdict import headline, in_short
from knowledge.catalogue import Catalogue

# Seconds between tries while Telegram cannot be reached; about four minutes in all.
PAUSES = (1, 2, 4, 8, 15, 30, 60, 60, 60)
MOST_BUTTONS = 100  # Telegram's limit under one message
TYPING_EVERY = 4.0  # seconds; Telegram shows "typing" for five
PLAIN = LinkPreviewOptions(is_disabled=True)
log = logging.getLogger(__name__)


class Delivery:
    """Sends to chats.  `listen` follows a conversation until `stop`."""

    def __init__(self, bot: Bot, desk: Desk, chats: Chats, buttons: Buttons) -> None:
        self._bot = bot
        self._desk = desk
        self._chats = chats
        self._buttons = buttons
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._listeners: dict[int, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    async def deliver(self, chat_id: int) -> None:
        """Send what the chat has not been shown yet, in order.

        Stops, to go on at the next occasion, where Telegram stays out of reach
        or the person has blocked the bot, which is written down.
        """
        async with self._locks.setdefault(chat_id, asyncio.Lock()):
            chat = await self._chats.get(chat_id)
            if chat is None or chat.blocked_at:
                return
            for message in await self._desk.store.messages(chat.conversation, chat.delivered):
                try:
                    if message.role != "applicant":
                        await self._show(chat_id, message)
                except Forbidden:
                    await self._chats.blocked(chat_id)
                    return
                except BadRequest as error:
                    # Never to be taken, so it must not hold up what comes after it.
                    log.error("Telegram refuses message %s: %s", message.id, error)
                except TelegramError as error:
                    log.error("message %s is kept, Telegram is away: %s", message.id, error)
                    return
                await self._chats.delivered(chat_id, message.id)

    async def say(
        self,
        chat_id: int,
        text: str,
        choices: Sequence[Choice] = (),
        bold: str = "",
        heading: str = "",
        lasting: Sequence[Choice] = (),
    ) -> None:
        """Send a text, in parts where it is long, buttons under the last one, `lasting` ones below.

        `bold` is a line of it; `heading` stands above.

        TelegramError where it cannot be sent.
        """
        choices = choices[:MOST_BUTTONS]
        text, labels = numbered(text, [choice.label for choice in choices])
        *before, last = parts(text, bold=bold, heading=heading) or [""]
        for part in before:
            await self._send_part(chat_id, part)
        if not last:
            return
        keyboard, tokens = [], []
        for buttons, said, stays in (
            (choices, labels, False),
            (lasting, [choice.label for choice in lasting], True),
        ):
            if buttons:
                data = await self._buttons.add(chat_id, buttons, stays)
                keyboard += _keyboard(said, data)
                tokens.append(data[0])
        markup = InlineKeyboardMarkup(keyboard) if keyboard else None
        message_id = await self._send_part(chat_id, last, markup)
        for token in tokens:
            await self._buttons.shown(token, message_id)

    async def ask_consent(
        self, chat_id: int, text: str, buttons: Sequence[tuple[str, str]]
    ) -> None:
        """Ask with buttons (label, callback data) that belong to no conversation."""
        labels, data = zip(*buttons, strict=True)
        (part,) = parts(text)
        await self._send_part(chat_id, part, InlineKeyboardMarkup(_keyboard(labels, data)))

    async def close_buttons(
        self, chat_id: int, update_id: int, tapped: tuple[int, str] | None = None
    ) -> None:
        """No button shown so far answers any more; `tapped` (message, label) shows its choice."""
        message_id, label = tapped or (0, "")
        for shown in await self._buttons.close(chat_id, update_id):
            if shown != message_id:
                await self.mark(chat_id, shown)
        if tapped:
            await self.mark(chat_id, message_id, label)

    async def mark(self, chat_id: int, message_id: int, label: str = "") -> None:
        """Take the buttons from a message but those that last; a chosen `label` stays, as a mark
        that does nothing.
        """
        mark = [[InlineKeyboardButton(f"✓ {label}", callback_data=USED)]] if label else []
        if lasting := await self._buttons.lasting(chat_id, message_id):
            labels, data = zip(*lasting, strict=True)
            mark += _keyboard(labels, data)
        # A message may be deleted, too old to be edited, or marked already: nothing is lost.
        with contextlib.suppress(TelegramError):
            await self._bot.edit_message_reply_markup(
                chat_id, message_id, reply_markup=InlineKeyboardMarkup(mark)
            )

    @contextlib.asynccontextmanager
    async def typing(self, chat_id: int) -> AsyncIterator[None]:
        """Show "typing" as long as this lasts."""
        task = asyncio.create_task(self._type(chat_id))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def listen(self, chat_id: int, conversation_id: str) -> None:
        """From now on, deliver what the desk or a counsellor says in the chat's conversation."""
        earlier = self._listeners.pop(chat_id, None)
        if earlier:
            earlier.cancel()
        follow = self._follow(chat_id, conversation_id)
        self._listeners[chat_id] = asyncio.create_task(follow)

    def stop_trying(self) -> None:
        """Try no longer where Telegram is away; what is unsent is sent after the next start."""
        self._stopping.set()

    async def stop(self) -> None:
        """End all listening, after what is just being sent: else it would be sent again."""
        for lock in list(self._locks.values()):
            async with lock:
                pass
        tasks = list(self._listeners.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, chat_id: int, conversation_id: str) -> None:
        async with self._desk.subscribe(conversation_id) as events:
            event: Event | None = None  # at first: what was said before anybody listened
            while event != "erased":
                if event in (None, "behind") or (
                    isinstance(event, Message) and event.role != "applicant"
                ):
                    try:
                        await self.deliver(chat_id)
                    except Exception:
                        # The database, perhaps. What is unsent goes with the next message.
                        log.exception("conversation %s could not be delivered", conversation_id)
                event = await events.get()

    async def _show(self, chat_id: int, message: Message) -> None:
        heading = ""
        if message.role == "counsellor":
            heading = Catalogue.of(message.language).phrase("telegram.counsellor")
        short = in_short(message)
        text, lasting = (short.text, short.buttons) if short else (message.text, [])
        bold = short.headline if short else headline(message)
        await self.say(chat_id, text, message.choices, bold, heading, lasting)

    async def _send_part(
        self, chat_id: int, part: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> int:
        """Send one message, again while Telegram is out of reach; its number."""
        for pause in (*PAUSES, None):
            try:
                sent = await self._bot.send_message(
                    chat_id,
                    part,
                    parse_mode=ParseMode.HTML,
                    link_preview_options=PLAIN,
                    reply_markup=keyboard,
                )
                return sent.message_id
            except BadRequest:
                raise
            except NetworkError:
                # One that arrived although its answer was lost comes twice. Better than never.
                if pause is None or await self._stops_within(pause):
                    raise
        raise AssertionError("the last try either returns or raises")

    async def _stops_within(self, seconds: float) -> bool:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _type(self, chat_id: int) -> None:
        with contextlib.suppress(TelegramError):
            while True:
                await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
                await asyncio.sleep(TYPING_EVERY)


def _keyboard(labels: Sequence[str], data: Sequence[str]) -> list[list[InlineKeyboardButton]]:
    return [
        [InlineKeyboardButton(labels[place], callback_data=data[place]) for place in row]
        for row in rows(labels)
    ]

"""What the door does with each kind of update: words, buttons, commands, files, groups."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from babel import Locale
from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatMemberStatus
from telegram.error import Forbidden, TelegramError
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.conversations import Desk, supported_language
from bot.messages import Choice, Conversation, KnownFact
from bot.store import TooManyWaiting
from bot.telegram.buttons import USED, Buttons
from bot.telegram.chats import Chats
from bot.telegram.delivery import Delivery
from bot.telegram.kinds import answer_to
from knowledge.base import KnowledgeBase
from knowledge.catalogue import LANGUAGES, Catalogue
from knowledge.schema import Fact

COMMANDS = ("start", "language", "facts", "human", "restart", "delete", "help")
"""The commands in the order of the menu; `telegram.command.<name>` describes each."""
CHANNEL = "telegram"
# Choices that the door itself understands; the desk never sees them.
DELETE = Choice("telegram.delete_yes", "door:delete")
KEEP = Choice("telegram.delete_no", "door:keep")
log = logging.getLogger(__name__)


class Handlers:
    """Turns updates into what the desk is told.

    The bot stays in the group of `counsellors_chat`, in silence; no other group has it.
    """

    def __init__(
        self,
        desk: Desk,
        base: KnowledgeBase,
        chats: Chats,
        buttons: Buttons,
        delivery: Delivery,
        counsellors_chat: str = "",
    ) -> None:
        self._desk = desk
        self._base = base
        self._chats = chats
        self._buttons = buttons
        self._delivery = delivery
        self._counsellors_chat = counsellors_chat
        self._album: dict[int, str] = {}

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        private = filters.ChatType.PRIVATE
        written = private & filters.UpdateType.MESSAGE
        application.add_handler(ChatMemberHandler(self._membership))
        application.add_handler(MessageHandler(~private, self._decline_group))
        for command in COMMANDS:
            handler: Callable[..., Coroutine[Any, Any, None]] = getattr(self, f"_{command}")
            application.add_handler(CommandHandler(command, handler, filters=written))
        application.add_handler(MessageHandler(written & filters.TEXT, self._words))
        application.add_handler(MessageHandler(written, self._other))
        edited = private & filters.UpdateType.EDITED_MESSAGE & filters.TEXT
        application.add_handler(MessageHandler(edited, self._edited))
        application.add_handler(CallbackQueryHandler(self._tap))
        application.add_error_handler(self._failed)

    # Words, buttons, files

    async def _words(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Also commands the door does not know: "/documents" is a good question to the desk."""
        message = _message(update)
        await self._turn(update, await self._conversation(update), text=message.text or "")

    async def _tap(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None or query.message is None or update.effective_chat is None:
            return
        chat_id, shown = update.effective_chat.id, query.message.message_id
        choice = await self._buttons.tapped(chat_id, query.data or "", update.update_id)
        chat = await self._chats.get(chat_id)
        if choice is None or chat is None:
            phrase = (await self._catalogue(update)).phrase("telegram.button_used")
            await _answer(query, phrase)
            if query.data != USED:
                await self._delivery.mark(chat_id, shown)
            return
        await _answer(query)
        tapped = (shown, choice.label)
        conversation = await self._conversation(update)
        if choice.value == DELETE.value:
            await self._erase(update, conversation)
        elif choice.value == KEEP.value:
            await self._delivery.close_buttons(chat_id, update.update_id, tapped)
            await self._reply(update, "telegram.kept")
        else:
            await self._turn(update, conversation, choice=choice.value, tapped=tapped)

    async def _other(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A photo, a voice message, ...: a kind sentence, and its caption as a message."""
        message = _message(update)
        phrase = answer_to(message)
        if phrase is None or self._seen_album(message):
            return
        await self._reply(update, phrase)
        if message.caption:
            await self._turn(update, await self._conversation(update), text=message.caption)

    async def _edited(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._reply(update, "telegram.edited")

    # Commands

    async def _start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """`/start ja`, from a link on a poster, greets in that language."""
        known = await self._chats.get(_chat_id(update))
        payload = context.args[0] if context.args else ""
        await self._conversation(update, reads=supported_language(payload))
        if known:
            await self._reply(update, "telegram.welcome_back")

    async def _language(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        conversation = await self._conversation(update)
        wanted = supported_language(context.args[0]) if context.args else None
        if wanted:
            await self._turn(update, conversation, choice=f"language:{wanted}")
            return
        choices = [Choice(_own_name(code), f"language:{code}") for code in LANGUAGES]
        await self._ask(update, "telegram.choose_language", choices)

    async def _facts(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        conversation = await self._conversation(update)
        words = await self._catalogue(update)
        lines = [
            words.phrase(
                "telegram.fact",
                label=words.text(f"fact.{fact_id}.label", self._base.facts[fact_id].label),
                words=_in_words(self._base.facts[fact_id], known, words),
            )
            for fact_id, known in conversation.state.facts.items()
            if fact_id in self._base.facts
        ]
        if not lines:
            await self._reply(update, "telegram.no_facts")
            return
        text = "\n".join([words.phrase("telegram.facts"), *lines])
        correct = words.phrase("telegram.correct_facts")
        await self._delivery.say(_chat_id(update), f"{text}\n\n{correct}")

    async def _human(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._turn(update, await self._conversation(update), choice="act:human")

    async def _restart(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._turn(update, await self._conversation(update), choice="act:restart")

    async def _delete(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        if await self._chats.get(_chat_id(update)) is None:
            await self._reply(update, "telegram.nothing_to_delete")
            return
        words = await self._catalogue(update)
        choices = [Choice(words.phrase(c.label), c.value) for c in (DELETE, KEEP)]
        await self._ask(update, "telegram.delete_question", choices)

    async def _help(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._reply(update, "telegram.help")

    # Who may talk here

    async def _membership(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The bot was blocked, unblocked, added to a group, removed from one."""
        change = update.my_chat_member
        if change is None:
            return
        status = change.new_chat_member.status
        if change.chat.type == change.chat.PRIVATE:
            gone = status == ChatMemberStatus.BANNED
            await self._chats.blocked(change.chat.id, gone)
            if not gone:
                await self._delivery.deliver(change.chat.id)
        elif status in (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR):
            await self._decline_group(update, context)

    async def _decline_group(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Say why not, and leave: in a group everybody would read what one person tells."""
        chat = update.effective_chat
        if chat and self._counsellors_chat in (str(chat.id), f"@{chat.username}"):
            return
        words = await self._catalogue(update)
        text = words.phrase("telegram.group", address=context.bot.link)
        chat_id = _chat_id(update)
        # The bot may be muted there, or gone already.
        with contextlib.suppress(TelegramError):
            await context.bot.send_message(chat_id, text)
        with contextlib.suppress(TelegramError):
            await context.bot.leave_chat(chat_id)

    async def _failed(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Nobody is left without a word, and the log has no words of theirs."""
        error = context.error
        if not isinstance(update, Update) or update.effective_chat is None:
            log.error("Telegram: %r", error)
        elif isinstance(error, Forbidden):
            await self._chats.blocked(update.effective_chat.id)
        elif isinstance(error, TelegramError):
            log.error("update %s: Telegram: %s", update.update_id, error)
        else:
            log.error("update %s could not be handled", update.update_id, exc_info=error)
            with contextlib.suppress(TelegramError):
                await self._reply(update, "telegram.trouble")

    # The ground

    async def _turn(
        self,
        update: Update,
        conversation: Conversation,
        text: str | None = None,
        *,
        choice: str | None = None,
        tapped: tuple[int, str] | None = None,
    ) -> None:
        """Tell the desk, and the chat its answer. An update that comes again is told once."""
        chat_id = _chat_id(update)
        async with self._delivery.typing(chat_id):
            await self._delivery.close_buttons(chat_id, update.update_id, tapped)
            try:
                key = f"telegram:{update.update_id}"
                await self._desk.say(conversation, text, choice=choice, key=key)
            except TooManyWaiting:
                await self._reply(update, "telegram.slow_down")
        await self._delivery.deliver(chat_id)

    async def _conversation(self, update: Update, reads: str | None = None) -> Conversation:
        """The chat's conversation, opened and greeted where there is none."""
        chat_id = _chat_id(update)
        chat = await self._chats.get(chat_id)
        if chat is not None:
            if chat.blocked_at:
                await self._chats.blocked(chat_id, False)
            found = await self._desk.store.conversation(chat.conversation)
            if found is not None:
                return found
        # Found where the desk was stopped between opening it and writing the chat down.
        conversation = await self._desk.find(CHANNEL, str(chat_id))
        if conversation is None:
            conversation, _, _ = await self._desk.open(
                reads=reads or _language_of(update), origin=str(chat_id), channel=CHANNEL
            )
        await self._chats.add(chat_id, conversation.id)
        self._delivery.listen(chat_id, conversation.id)
        await self._delivery.deliver(chat_id)
        return conversation

    async def _erase(self, update: Update, conversation: Conversation) -> None:
        chat_id = _chat_id(update)
        await self._delivery.close_buttons(chat_id, update.update_id)
        await self._desk.erase(conversation)
        text = Catalogue.of(conversation.language).phrase("telegram.deleted")
        await self._delivery.say(chat_id, text)

    async def _ask(self, update: Update, phrase: str, choices: list[Choice]) -> None:
        """A question of the door itself; as with the desk's, older buttons are closed."""
        chat_id = _chat_id(update)
        await self._delivery.close_buttons(chat_id, update.update_id)
        await self._delivery.say(chat_id, (await self._catalogue(update)).phrase(phrase), choices)

    async def _reply(self, update: Update, phrase: str) -> None:
        text = (await self._catalogue(update)).phrase(phrase)
        await self._delivery.say(_chat_id(update), text)

    async def _catalogue(self, update: Update) -> Catalogue:
        """Of the conversation's language, else of the language Telegram runs in."""
        chat = await self._chats.get(_chat_id(update))
        conversation = chat and await self._desk.store.conversation(chat.conversation)
        language = conversation.language if conversation else _language_of(update)
        return Catalogue.of(language or "en")

    def _seen_album(self, message: Message) -> bool:
        """Whether this is one more picture of an album that has been answered."""
        album = message.media_group_id
        seen = album is not None and self._album.get(message.chat.id) == album
        if album is not None:
            self._album[message.chat.id] = album
        return seen


async def _answer(query: CallbackQuery, text: str | None = None) -> None:
    """Every tap is answered, or the button goes on spinning; too late is no harm."""
    with contextlib.suppress(TelegramError):
        await query.answer(text, show_alert=bool(text))


def _chat_id(update: Update) -> int:
    chat = update.effective_chat
    if chat is None:
        raise ValueError(f"update {update.update_id} belongs to no chat")
    return chat.id


def _message(update: Update) -> Message:
    message = update.effective_message
    if message is None:
        raise ValueError(f"update {update.update_id} holds no message")
    return message


def _language_of(update: Update) -> str | None:
    user = update.effective_user
    return supported_language(user.language_code) if user else None


def _in_words(fact: Fact, known: KnownFact, words: Catalogue) -> str:
    """A fact as the person would say it; for a button, what stood on it."""
    if known.value is None:
        return words.phrase("unsure")
    if isinstance(known.value, bool):
        return words.phrase("yes" if known.value else "no")
    for choice in fact.choices:
        if choice.value == known.value:
            return words.text(f"fact.{fact.id}.{choice.value}", choice.label)
    return known.words or str(known.value)


def _own_name(code: str) -> str:
    """The language as its speakers write it: 日本語, Tiếng Việt."""
    locale = Locale.parse({"tl": "fil"}.get(code, code))
    name = locale.get_language_name(locale.language) or code
    return name[0].upper() + name[1:]

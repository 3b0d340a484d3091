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
from bot.messages import Choice, Conversation
from bot.store import TooManyWaiting
from bot.telegram.buttons import USED, Buttons
from bot.telegram.chats import Chats
from bot.telegram.delivery import Delivery
from bot.telegram.kinds import answer_to
from bot.telegram.links import PREFIX, Links
from bot.telegram.menu import COMMANDS, offer_commands_in
from bot.telegram.verdict import part, wanted
from knowledge.base import KnowledgeBase
from knowledge.cards import Cards
from knowledge.catalogue import LANGUAGES, Catalogue
from knowledge.periods import seoul_today

CHANNEL = "telegram"
# Choices that the door itself understands; the desk never sees them.
DELETE = Choice("telegram.delete_yes", "door:delete")
KEEP = Choice("telegram.delete_no", "door:keep")
# Callback data of the consent to go on with a website's conversation: the link's own token is
# what stands for it, since the chat may hold no conversation yet.
CONTINUE, STAY = "go:", "stay"
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
        self._links = Links(desk.store)
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
        """Also commands the door does not know: "/fees" is a good question to the desk."""
        message = _message(update)
        await self._turn(update, await self._conversation(update), text=message.text or "")

    async def _tap(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if query is None or query.message is None or update.effective_chat is None:
            return
        chat_id, shown = update.effective_chat.id, query.message.message_id
        if query.data == STAY or (query.data or "").startswith(CONTINUE):
            await self._consent(update, query)
            return
        choice = await self._buttons.tapped(chat_id, query.data or "", update.update_id)
        chat = await self._chats.get(chat_id)
        if choice is None or chat is None:
            phrase = (await self._catalogue(update)).phrase("telegram.button_used")
            await _answer(query, phrase)
            if query.data != USED:
                await self._delivery.mark(chat_id, shown)
            return
        await _answer(query)
        if more := wanted(choice.value):
            await self._show_part(update, *more)
            return
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
        """`/start ja`, from a link on a poster, greets in that language; a link from the website
        goes on with the conversation there.
        """
        known = await self._chats.get(_chat_id(update))
        payload = context.args[0] if context.args else ""
        if payload.startswith(PREFIX) and await self._offer_to_continue(update, payload):
            return
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
        cards = Cards(self._base, conversation.language)
        words = cards.catalogue
        told = [self._base.facts[f] for f in conversation.state.facts if f in self._base.facts]
        if not told:
            await self._reply(update, "telegram.no_facts")
            return
        lines, choices = [words.phrase("telegram.facts")], []
        for fact in told:
            label = words.text(f"fact.{fact.id}.label", fact.label)
            value = conversation.state.facts[fact.id].value
            said = cards.value(fact, value, seoul_today())
            lines.append(words.phrase("telegram.fact", label=label, words=said))
            choices.append(Choice(label, f"ask:{fact.id}"))
        lines += ["", words.phrase("telegram.correct_facts")]
        chat_id = _chat_id(update)
        await self._delivery.close_buttons(chat_id, update.update_id)
        await self._delivery.say(chat_id, "\n".join(lines), choices)

    async def _documents(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._command(update, "act:documents")

    async def _remind(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Alone, it shows the reminders; with words it is a message like any other."""
        if context.args:
            await self._words(update, context)
        else:
            await self._command(update, "act:remind")

    async def _human(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._command(update, "act:human")

    async def _restart(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        await self._command(update, "act:restart")

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

    # A conversation that began on the website

    async def _offer_to_continue(self, update: Update, token: str) -> bool:
        """Ask before anything of the website's conversation is shown; False for an old link."""
        chat_id = _chat_id(update)
        conversation_id = await self._links.conversation(token)
        conversation = conversation_id and await self._desk.store.conversation(conversation_id)
        if not conversation:
            await self._reply(update, "telegram.link_over")
            return False
        words = Catalogue.of(conversation.language)
        chat = await self._chats.get(chat_id)
        text = words.phrase("telegram.continue_question")
        if chat and chat.conversation != conversation.id:
            text = f"{text} {words.phrase('telegram.continue_replaces')}"
        buttons = [("telegram.continue_yes", CONTINUE + token), ("telegram.continue_no", STAY)]
        labelled = [(words.phrase(phrase), data) for phrase, data in buttons]
        await self._delivery.ask_consent(chat_id, text, labelled)
        return True

    async def _consent(self, update: Update, query: CallbackQuery) -> None:
        """Go on here, or leave the website's conversation where it is."""
        chat_id, data = _chat_id(update), query.data or ""
        message_id = query.message.message_id if query.message else 0
        used = None if data == STAY else await self._links.use(data.removeprefix(CONTINUE), chat_id)
        if data != STAY and used is None:
            await _answer(query, (await self._catalogue(update)).phrase("telegram.link_over"))
            await self._delivery.mark(chat_id, message_id)
            return
        await _answer(query)
        words = await self._catalogue(update)
        chosen = "telegram.continue_no" if used is None else "telegram.continue_yes"
        await self._delivery.mark(chat_id, message_id, words.phrase(chosen))
        if used is None:
            await self._reply(update, "telegram.stayed")
            return
        conversation_id, before = used
        if before and (old := await self._desk.store.conversation(before)):
            await self._desk.erase(old)
        await self._reply(update, "telegram.continued")
        await self._delivery.deliver(chat_id)
        self._delivery.listen(chat_id, conversation_id)

    # The ground

    async def _command(self, update: Update, choice: str) -> None:
        """A command that stands for a button; it is kept as it was written."""
        text = _message(update).text
        await self._turn(update, await self._conversation(update), text, choice=choice)

    async def _show_part(self, update: Update, message_id: str, name: str) -> None:
        conversation = await self._conversation(update)
        said = await self._desk.store.messages(conversation.id)
        verdict = next((message for message in said if message.id == message_id), None)
        if verdict:
            text = part(verdict, name)
            await self._delivery.say(_chat_id(update), text, bold=text.partition("\n")[0])

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
        now = await self._desk.store.conversation(conversation.id)
        if now and now.language != conversation.language:
            with contextlib.suppress(TelegramError):  # the menu is a help, no more
                await offer_commands_in(now.language, update.get_bot(), chat_id)

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


def _own_name(code: str) -> str:
    """The language as its speakers write it: 日本語, Tiếng Việt."""
    locale = Locale.parse({"tl": "fil"}.get(code, code))
    name = locale.get_language_name(locale.language) or code
    return name[0].upper() + name[1:]

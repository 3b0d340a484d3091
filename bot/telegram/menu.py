"""The menu of commands: in Telegram's language, then in the one a person has chosen here."""

from __future__ import annotations

from telegram import Bot, BotCommand, BotCommandScopeChat

from knowledge.catalogue import ANSWERED, Catalogue

COMMANDS = (
    *("start", "language", "facts", "documents", "remind"),
    *("human", "restart", "delete", "help"),
)
"""The commands in the order of the menu; `telegram.command.<name>` describes each."""


async def offer_commands(bot: Bot) -> None:
    """The menu in every language the desk answers in; English for the others."""
    for language in ANSWERED:
        code = None if language == "en" else language
        await bot.set_my_commands(_menu(language), language_code=code)


async def offer_commands_in(language: str, bot: Bot, chat_id: int) -> None:
    """The menu of one chat, in the language chosen there, whatever Telegram runs in."""
    await bot.set_my_commands(_menu(language), scope=BotCommandScopeChat(chat_id))


def _menu(language: str) -> list[BotCommand]:
    words = Catalogue.of(language)
    return [BotCommand(name, words.phrase(f"telegram.command.{name}")) for name in COMMANDS]

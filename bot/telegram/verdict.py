"""A verdict on a small screen: the decision in short, all the rest one tap away."""

from __future__ import annotations

from bot.messages import Choice, Message
from knowledge.catalogue import Catalogue
from knowledge.wording import PARTS, Wording

ONE_SCREEN = 700  # characters; what is no longer is shown whole
EVERYTHING = "everything"
_MORE = "more:"


def in_short(message: Message) -> tuple[str, list[Choice]] | None:
    """The text and the buttons that give the rest; None for what is to be shown as it is.

    What stands in the message before the card's own text stays there.
    """
    card = message.card or {}
    if card.get("type") != "verdict":
        return None
    words = Catalogue.of(message.language)
    try:
        whole = Wording(words).of(card)
    except KeyError:
        return None  # a card of an earlier version; its text is complete
    if len(whole) <= ONE_SCREEN or not message.text.endswith(whole):
        return None
    before = message.text.removesuffix(whole)
    buttons = [
        Choice(words.phrase(f"telegram.part.{name}"), f"{_MORE}{message.id}:{name}")
        for name in (*PARTS, "sources", EVERYTHING)
        if name == EVERYTHING or Wording(words).part(card, name)
    ]
    return f"{before}{Wording(words).brief(card)}", buttons


def wanted(choice: str) -> tuple[str, str] | None:
    """The message and the part that a button asks for; None for a button of another kind."""
    message, _, name = choice.removeprefix(_MORE).partition(":")
    return (message, name) if choice.startswith(_MORE) else None


def part(message: Message, name: str) -> str:
    """One part of a verdict, with its sources."""
    wording = Wording(Catalogue.of(message.language))
    card = message.card or {}
    return wording.of(card) if name == EVERYTHING else wording.part(card, name)

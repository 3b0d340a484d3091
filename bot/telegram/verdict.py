"""A verdict on a small screen: the decision in short, all the rest one tap away."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from bot.messages import Choice, Message
from knowledge.catalogue import Catalogue
from knowledge.wording import PARTS, Wording

ONE_SCREEN = 700  # characters; what is no longer is shown whole
EVERYTHING = "everything"
_MORE = "more:"


class Short(NamedTuple):
    """A verdict in short, with the buttons that give the rest."""

    text: str
    headline: str
    buttons: list[Choice]


def in_short(message: Message) -> Short | None:
    """What a small screen shows first; None for what is to be shown as it is.

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
    brief = Wording(words).brief(card)
    return Short(before + brief, brief.splitlines()[0], buttons)


def headline(message: Message) -> str:
    """The line that is to be seen first: of a verdict and of an urgent card, their own first."""
    card = message.card or {}
    if card.get("type") not in ("verdict", "urgent"):
        return ""
    lines = message.text.splitlines()
    with contextlib.suppress(KeyError):  # a card of an earlier version
        own = Wording(Catalogue.of(message.language)).of(card).splitlines()[0]
        return own if own in lines else lines[0]
    return lines[0]


def wanted(choice: str) -> tuple[str, str] | None:
    """The message and the part that a button asks for; None for a button of another kind."""
    message, _, name = choice.removeprefix(_MORE).partition(":")
    return (message, name) if choice.startswith(_MORE) else None


def part(message: Message, name: str) -> str:
    """One part of a verdict, with its sources."""
    wording = Wording(Catalogue.of(message.language))
    card = message.card or {}
    return wording.of(card) if name == EVERYTHING else wording.part(card, name)

"""Talks to the actions as Rasa would, with messages whose reading is given: no model needed."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.desk_actions import (
    Advise,
    Choose,
    Decline,
    DeskAction,
    Explain,
    HandOver,
    HelpNow,
    StartOver,
    Talk,
)

ACTIONS: dict[str, DeskAction] = {
    "choose": Choose(),
    "why": Explain(),
    "human": HandOver(),
    "emergency": HelpNow(),
    "out_of_scope": Decline(),
    "start_over": StartOver(),
    "thanks": Talk(),
    "complain": Talk(),
}


class Conversation:
    """Keeps the state from turn to turn, as the gateway does."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def hear(
        self,
        text: str = "",
        act: str = "inform",
        *,
        service: str | None = None,
        sure: float = 0.9,
        act_sure: float = 0.9,
        others: tuple[tuple[str, float], ...] = (),
        items: tuple[tuple[str, str], ...] = (),
        passages: tuple[dict[str, Any], ...] = (),
        language: str = "en",
        choice: str | None = None,
        reminder: str | None = None,
        date_of: dict[str, str] | None = None,
        yearless: dict[str, dict[str, str]] | None = None,
        **facts: object,
    ) -> list[dict[str, Any]]:
        """The replies to one message.

        `facts` are entities with a role; one called `bare` is a (kind, value)
        that says not of what, and one called `about_...` is only likely.
        `date_of` are facts told as dates, `yearless` such as have two readings: the day last
        `past` and the next one, `future`; `value` is one of them.
        """
        entities = [
            {"entity": "x", "role": role, "value": value, "start": 0, "end": len(text)}
            for role, value in facts.items()
            if role != "bare" and not role.startswith("about_")
        ]
        entities += [
            {"entity": "x", "about": role.removeprefix("about_"), "value": value}
            for role, value in facts.items()
            if role.startswith("about_")
        ]
        if "bare" in facts:
            kind, value = facts["bare"]  # type: ignore[misc]
            entities.append({"entity": kind, "value": value, "start": 0, "end": len(text)})
        entities += [
            {"entity": "date", "role": role, "value": value, "start": 0, "end": 0}
            for role, value in (date_of or {}).items()
        ]
        entities += [
            {"entity": "date", "role": role, **readings}
            for role, readings in (yearless or {}).items()
        ]
        if choice is not None:
            act, entities = "choose", [{"entity": "choice", "value": choice}]
        ranked = [(service, sure), *others] if service else list(others)
        message = {
            "text": text,
            "intent": {"name": act, "confidence": act_sure},
            "entities": entities,
            "language": language,
            "services": [{"id": name, "score": score} for name, score in ranked],
            "items": [{"service": s, "id": i, "score": 0.9} for s, i in items],
            "passages": list(passages),
            "language_sure": True,
            "reminder": reminder,
            "metadata": {"language": None, "state": self.state},
        }
        tracker = Tracker("someone", {}, message, [], False, None, {}, None)
        dispatcher = CollectingDispatcher()
        action = ACTIONS.get(act) or Advise()
        asyncio.run(action.run(dispatcher, tracker, {}))
        (utterance,) = dispatcher.messages
        self.state = utterance["custom"]["state"]
        messages: list[dict[str, Any]] = utterance["custom"]["messages"]
        return messages


def types(messages: list[dict[str, Any]]) -> list[str | None]:
    return [message["card"] and message["card"]["type"] for message in messages]


def text(messages: list[dict[str, Any]]) -> str:
    return "\n".join(message["text"] for message in messages)

"""How the desk reads a message: Rasa's pipeline and the desk's actions, in this process."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import yaml
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import desk_actions
from actions.desk_actions import DeskAction
from evaluation.messages import WRITTEN_ON, EvaluationMessage
from knowledge.base import NOT_OURS
from nlu.graph_runs import speed_up_graph_runs

_RULES = Path(__file__).parents[1] / "nlu" / "data" / "rules.yml"


class Reading(NamedTuple):
    """What was read, and the seconds that Rasa's pipeline took for it.

    `services` are (id, probability), what is not ours among them; `facts` are
    wire values by fact id, as the desk wrote them down; `cards` are the types
    of the cards it answered with.
    """

    act: str
    language: str | None
    services: list[tuple[str, float]]
    facts: dict[str, Any]
    urgent: bool
    cards: list[str]
    seconds: float

    @property
    def not_ours(self) -> float:
        """The probability that no service is meant."""
        return sum(p for service, p in self.services if service in NOT_OURS)

    @property
    def meant(self) -> list[str]:
        """The services alone, the likeliest first."""
        return [service for service, _ in self.services if service not in NOT_OURS]


class Reader:
    """Reads messages one by one; the first few warm it up."""

    def __init__(self, model: Path) -> None:
        speed_up_graph_runs()  # as the desk runs it
        self._agent = Agent.load(str(model))
        self._actions = _actions()
        gc.freeze()

    def read(self, message: EvaluationMessage) -> Reading:
        state = {"asked": message.asked, "language": message.lang if message.asked else None}
        # "Two weeks ago" is counted from the day on which the messages were written.
        with (
            patch("nlu.facts.seoul_today", lambda: WRITTEN_ON),
            patch("actions.turn.seoul_today", lambda: WRITTEN_ON),
        ):
            return asyncio.run(self._read(message.text, state))

    async def _read(self, text: str, state: dict[str, Any]) -> Reading:
        metadata = {"state": state, "language": None}
        assert self._agent.processor is not None
        start = time.perf_counter()
        parsed = await self._agent.processor.parse_message(UserMessage(text, metadata=metadata))
        seconds = time.perf_counter() - start
        parsed["metadata"] = metadata
        tracker = Tracker("evaluation", {}, parsed, [], False, None, {}, None)
        dispatcher = CollectingDispatcher()
        act = parsed["intent"]["name"] or "out_of_scope"
        await self._actions[act].run(dispatcher, tracker, {})
        told = dispatcher.messages[0]["custom"]
        cards = [message["card"]["type"] for message in told["messages"] if message["card"]]
        after = told["state"]
        return Reading(
            act=act,
            language=parsed.get("language"),
            services=[(s["id"], s["score"]) for s in parsed.get("services") or []],
            facts={name: fact["value"] for name, fact in after["facts"].items()},
            urgent="urgent" in cards or after["triage"]["urgency"] in ("high", "emergency"),
            cards=cards,
            seconds=seconds,
        )


def _actions() -> dict[str, DeskAction]:
    """The action that replies to each act, as Rasa's rules say."""
    by_name = {
        action.name(): action
        for kind in vars(desk_actions).values()
        if isinstance(kind, type) and issubclass(kind, DeskAction) and kind is not DeskAction
        for action in [kind()]
    }
    rules = yaml.safe_load(_RULES.read_text("utf-8"))["rules"]
    return {rule["steps"][0]["intent"]: by_name[rule["steps"][1]["action"]] for rule in rules}

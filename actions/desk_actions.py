"""Rasa's custom actions, one a kind of reply.  `nlu/data/rules.yml` says which act calls which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import advising, handing_over, reminding, talking
from actions.turn import Turn


class DeskAction(Action, ABC):
    """Opens a turn, lets `reply` fill it, and sends it."""

    @abstractmethod
    def reply(self, turn: Turn) -> None:
        """Put what the desk says into the turn."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        if turn.heard.reminder is not None:
            reminding.remind(turn)
        else:
            if turn.heard.tells_of_danger:  # "hello, he beats me"
                advising.advise(turn)
            else:
                self.reply(turn)
            handing_over.offer(turn)
            reminding.offer(turn)
        reminding.renew(turn)
        turn.send(dispatcher)
        return []


class Advise(DeskAction):
    def name(self) -> str:
        return "action_advise"

    def reply(self, turn: Turn) -> None:
        advising.advise(turn)


class Choose(DeskAction):
    def name(self) -> str:
        return "action_choose"

    def reply(self, turn: Turn) -> None:
        talking.choose(turn)


class Explain(DeskAction):
    def name(self) -> str:
        return "action_explain"

    def reply(self, turn: Turn) -> None:
        talking.explain(turn)


class StartOver(DeskAction):
    def name(self) -> str:
        return "action_start_over"

    def reply(self, turn: Turn) -> None:
        talking.start_over(turn)


class HandOver(DeskAction):
    def name(self) -> str:
        return "action_hand_over"

    def reply(self, turn: Turn) -> None:
        handing_over.ask_for_person(turn)


class HelpNow(DeskAction):
    def name(self) -> str:
        return "action_help_now"

    def reply(self, turn: Turn) -> None:
        talking.help_now(turn)


class SwitchLanguage(DeskAction):
    def name(self) -> str:
        return "action_switch_language"

    def reply(self, turn: Turn) -> None:
        talking.switch_language(turn)


class Decline(DeskAction):
    def name(self) -> str:
        return "action_decline"

    def reply(self, turn: Turn) -> None:
        talking.refuse(turn)


class Talk(DeskAction):
    def name(self) -> str:
        return "action_talk"

    def reply(self, turn: Turn) -> None:
        talking.talk(turn)


class TellErasure(DeskAction):
    def name(self) -> str:
        return "action_tell_erasure"

    def reply(self, turn: Turn) -> None:
        talking.tell_erasure(turn)

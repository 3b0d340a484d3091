"""A desk with a scripted Rasa behind it, and a Bot API before it; all between is the real thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.conversations import Desk
from bot.masking import Masking
from bot.rasa import Rasa
from bot.server import make_app
from bot.settings import Settings
from bot.store import Store
from bot.telegram.chats import Chats
from bot.telegram.door import TelegramDoor
from bot.telegram.flood import ChatPace
from bot.telegram.invitations import Invitations
from knowledge.assessment import assess
from knowledge.base import KnowledgeBase
from knowledge.cards import Cards
from knowledge.catalogue import Catalogue
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from knowledge.wording import Wording
from tests.bot.fake_rasa import TOKEN, FakeRasa
from tests.telegram_double.server import BotApi

SECRET = "s3cret-of-the-webhook"
RATE = 20.0  # messages a second in a chat, so that the tests need not wait for Telegram's one
BASE = KnowledgeBase.load()


class ScriptedRasa(FakeRasa):
    """Answers as `answers` said for a text or choice; echoes others."""

    def __init__(self) -> None:
        super().__init__()
        self.script: dict[str, Any] = {}

    def answers(self, to: str, *messages: dict[str, Any], **state: Any) -> None:
        self.script[to] = [{"messages": list(messages), "state": state}]

    def answer(self, body: dict[str, Any]) -> Any:
        said = body["choice"] or body["message"]
        echo = {"messages": [says(f"You said: {said}")], "state": {"language": "en"}}
        return self.script.get(said, [echo])

    def told(self) -> list[str]:
        """Texts and choices, in the order they came."""
        return [body["choice"] or body["message"] for body in self.heard]


def says(text: str, *choices: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An utterance; choices as (label, value)."""
    buttons = [{"label": label, "value": value} for label, value in choices]
    return {"text": text, "language": "en", "choices": buttons, "card": None, **more}


def phrase(name: str, language: str = "ja", /, **values: object) -> str:
    return Catalogue.of(language).phrase(name, **values)


class RunningDoor:
    """Gateway, desk and door, started and stopped as a process would."""

    def __init__(self, settings: Settings, rasa: ScriptedRasa, api: BotApi) -> None:
        self.settings = settings
        self.api = api
        self.url = ""
        self._rasa = rasa
        self._stack: list[Callable[[], Any]] = []

    async def start(self) -> None:
        store = await Store.open(self.settings.database)
        rasa = Rasa([self._rasa.url], TOKEN, [self._rasa.url])
        self.desk = Desk(store, rasa, Masking("key"))
        self.door = TelegramDoor(self.settings, SECRET, self.desk, BASE, pace=ChatPace(1 / RATE))
        app = make_app(self.settings, self.desk, BASE)
        self.door.add_to(app)
        Invitations(self.settings, store).add_to(app)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.api.reach["desk.example"] = self.url
        self._stack = [
            runner.cleanup,
            rasa.close,
            store.close,
        ]

    async def stop(self) -> None:
        while self._stack:
            await self._stack.pop(0)()

    @property
    def chats(self) -> Chats:
        return Chats(self.desk.store)

    async def restart(self) -> None:
        await self.stop()
        await self.start()


def verdict(service: str, language: str, **facts: object) -> dict[str, Any]:
    """A verdict as the desk says it."""
    today = seoul_today()
    typed = decode_facts(facts, BASE.facts, today)
    card = Cards(BASE, language).verdict(assess(BASE.services[service], typed, today))
    text = Wording(Catalogue.of(language)).of(card)
    return says(text, card=card, language=language)

"""A gateway with the console on it, a scripted Rasa behind it, and people who have written."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import ClientSession, CookieJar, web
from yarl import URL

from bot.cases.counsel import Cases
from bot.cases.queue import Queue
from bot.console.accounts import Account, Accounts
from bot.console.door import add_console
from bot.conversations import Desk
from bot.masking import Masking
from bot.messages import Conversation
from bot.opening import Opening
from bot.personal_numbers import mask
from bot.rasa import Rasa
from bot.server import make_app
from bot.settings import Settings
from bot.store import Store
from bot.telegram.door import TelegramDoor
from knowledge.base import KnowledgeBase
from knowledge.cards import Cards
from tests.bot.fake_rasa import TOKEN, FakeRasa

BASE = KnowledgeBase.load()
PASSWORD = "a quiet long sentence"
F5 = "permanent_residence.f5_2"


class ScriptedRasa(FakeRasa):
    """Answers as `script` says for a text; echoes others."""

    def __init__(self) -> None:
        super().__init__()
        self.script: dict[str, Any] = {}

    def answer(self, body: dict[str, Any]) -> Any:
        said = body["choice"] or body["message"]
        state = body.get("state") or {}
        return self.script.get(said) or [{"messages": [_says(f"you said {said}")], "state": state}]


class RunningConsole:
    """The gateway, started and stopped as a process would be."""

    def __init__(self, settings: Settings, rasa: ScriptedRasa) -> None:
        self.settings, self.rasa = settings, rasa
        self.url = ""

    async def start(self) -> None:
        self.store = await Store.open(self.settings.database)
        self._way = Rasa([self.rasa.url], TOKEN, [self.rasa.url])
        queue = Queue(BASE, Opening(self.settings.opening_hours))
        self.desk = Desk(self.store, self._way, Masking("key"), queue=queue)
        self.cases = Cases(self.desk, BASE, queue, mask)
        self.accounts = Accounts(self.store)
        app = make_app(self.settings, self.desk, BASE)
        add_console(app, self.settings, BASE, self.store, self.cases)
        if self.settings.telegram_token:
            TelegramDoor(self.settings, "secret", self.desk, BASE).add_to(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._way.close()
        await self.store.close()

    async def counsellor(self, login: str, **more: Any) -> Account:
        names = {"minji": "김민지", "jun": "박준", "linh": "Nguyễn Linh"}
        return await self.accounts.add(login, names.get(login, login), PASSWORD, **more)

    async def person(
        self,
        text: str,
        *,
        language: str = "vi",
        channel: str = "web",
        danger: str | None = None,
        consent: str | None = "given",
        facts: dict[str, Any] | None = None,
        services: tuple[str, ...] = (F5,),
        card: dict[str, Any] | None = None,
        signals: tuple[str, ...] = ("asked_for_person",),
    ) -> tuple[Conversation, str]:
        """Somebody who has written `text` and asked for a person; with their token."""
        known = {**(facts or {}), **({"danger": danger} if danger else {})}
        told = {name: {"value": value, "words": text[:24]} for name, value in known.items()}
        handoff = Cards(BASE, language).handoff()
        says = [_says(text=card["headline"], card=card, language=language)] if card else []
        handed = _says(text=handoff["expected"], card=handoff, language=language)
        urgency = "emergency" if danger in ("violence", "self_harm") else "normal"
        state = {
            "language": language,
            "language_chosen": True,
            "facts": told,
            "services": list(services),
            "handoff": "requested",
            "triage": {"urgency": urgency, "reasons": []},
            "signals": list(signals),
            "consent": consent,
        }
        self.rasa.script[mask(text)] = [{"messages": [*says, handed], "state": state}]
        conversation, token, _ = await self.desk.open(language, channel=channel)
        await self.desk.say(conversation, text)
        return conversation, token

    async def case_of(self, conversation: Conversation) -> str:
        found = await self.store.conversation(conversation.id)
        assert found is not None
        assert found.case is not None
        return found.case.id


class Browser:
    """What a counsellor's browser does, without its looks."""

    def __init__(self, console: RunningConsole) -> None:
        self.console = console
        self.session = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.csrf = ""

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def sign_in(self, login: str, password: str = PASSWORD) -> int:
        return (await self.post("/sign-in", login=login, password=password))[0]

    async def get(self, path: str, **options: Any) -> tuple[int, str]:
        url = URL(f"{self.console.url}/console{path}")
        async with self.session.get(url, **options) as answer:
            text = await answer.text(errors="replace")
            if found := re.search(r'name="csrf" value="(\w+)"', text):
                self.csrf = found[1]
            return answer.status, text

    async def post(self, path: str, headers: Any = None, **fields: str) -> tuple[int, str]:
        """Send a form of the newest page; redirects are followed."""
        url = f"{self.console.url}/console{path}"
        fields = {"csrf": self.csrf, **fields}
        async with self.session.post(url, data=fields, headers=headers) as answer:
            text = await answer.text()
            if found := re.search(r'name="csrf" value="(\w+)"', text):
                self.csrf = found[1]
            return answer.status, text


def _says(text: str, card: dict[str, Any] | None = None, language: str = "en") -> dict[str, Any]:
    return {"text": text, "language": language, "choices": [], "card": card}

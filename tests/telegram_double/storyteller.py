"""Somebody who plays a written dialogue in a Telegram chat, as others play it over the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec

from bot.messages import Message
from bot.store import Store
from bot.telegram.chats import Chats
from bot.telegram.render import numbered
from bot.telegram.verdict import EVERYTHING, in_short
from knowledge.catalogue import Catalogue
from tests.stories.player import Json, cards
from tests.telegram_double.person import Person, Sent

T = TypeVar("T")
COMMANDS = ("restart", "human", "documents", "remind")
PATIENCE = 600.0  # seconds, on a machine that does much else


class Storyteller:
    """Runs in a thread of its own; the chat and the store live in `loop`.

    `unseen` lists words of the desk's replies that the chat was not shown.
    With `unfolds` all of a verdict is asked for as soon as it comes in short.
    """

    def __init__(
        self,
        chat: Person,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        unfolds: bool = True,
    ) -> None:
        self.transcript: list[str] = []
        self.asked: list[str] = []
        self.unseen: list[str] = []
        self._chat = chat
        self._store = store
        self._loop = loop
        self._unfolds = unfolds
        self._replies: list[Message] = []

    def say(self, text: str) -> list[Json]:
        return self._await(self._does(lambda: self._chat.sends(text)))

    def choose(self, value: str, in_words: str | None = None) -> list[Json]:
        """Tap the button of this value; a language or an act has a command, a fact is asked for
        again from /facts, and so is corrected where its answer is on no button.
        """
        kind, _, name = value.partition(":")
        if button := self._button(value):
            return self._await(self._does(lambda: self._chat.taps(button)))
        if kind == "language":
            return self.say(f"/language {name}")
        if kind == "act" and name in COMMANDS:
            return self.say(f"/{name}")
        if kind == "ask":
            return self._await(self._from_facts(name))
        assert kind == "fact" and in_words, f"there is no button for {value}"
        return self._correct(name.partition("=")[0], in_words)

    def unfold(self, button: str) -> None:
        """Tap a button that shows more of a verdict."""
        self._await(self._unfold(button))

    def state(self) -> Json:
        return self._await(self._state())

    async def _does(self, what: Callable[[], object]) -> list[Json]:
        """What the desk replies to something done in the chat, once the chat was shown it."""
        seen, said_before = len(self._chat.lines), len(await self._messages())
        what()
        await self._until_delivered(said_before)
        messages = await self._messages()
        self._replies = [m for m in messages[said_before:] if m.role != "applicant"]
        if said_before == 0:  # the greeting came first
            place = next(n for n, m in enumerate(messages) if m.role == "applicant")
            self._replies = messages[place + 1 :]
        for reply in self._replies if self._unfolds else ():
            if in_short(reply):
                words = Catalogue.of(reply.language)
                await self._unfold(words.phrase(f"telegram.part.{EVERYTHING}"), reply.text)
        if self._unfolds:
            self._look_for(self._replies, self._chat.lines[seen:])
        replies: list[Json] = [msgspec.to_builtins(reply) for reply in self._replies]
        self.asked += [c["fact"] for c in cards(replies) if c["type"] == "question"]
        self.transcript = [self._chat.transcript()]
        return replies

    async def _until_delivered(self, before: int) -> None:
        for _ in range(int(PATIENCE / 0.1)):
            messages = await self._messages()
            chat = await Chats(self._store).get(self._chat.id)
            new = messages[before:]
            answered = any(m.role == "applicant" for m in new) and new[-1].role != "applicant"
            if answered and chat and chat.delivered == messages[-1].id:
                _, waiting = await self._store.waiting(chat.conversation)
                if not waiting:
                    return
            await asyncio.sleep(0.1)
        raise AssertionError(f"no answer came:\n{self._chat.transcript()}")

    async def _unfold(self, button: str, whole: str = "") -> None:
        """Tap, and wait for what comes: for the last words of the `whole` where that is known."""
        before = len(self._chat.heard)
        self._chat.taps(button)
        last_words = whole.splitlines()[-1:]

        def came() -> bool:
            return any(sent.text.splitlines()[-1:] == last_words for sent in new())

        def new() -> list[Sent]:
            return self._chat.heard[before:]

        await self._chat.api.until(
            lambda: came() if whole else bool(new()), seconds=PATIENCE, why=button
        )

    def _correct(self, fact: str, in_words: str) -> list[Json]:
        """From the list of what was understood to the question, and its new answer."""
        asked = list(self.asked)
        self._await(self._from_facts(fact))
        replies = self.say(in_words)
        self.asked = asked  # that question was wanted
        return replies

    async def _from_facts(self, fact: str) -> list[Json]:
        before = len(self._chat.heard)
        self._chat.sends("/facts")
        listed = await self._chat.hears_more(before, seconds=PATIENCE)
        facts = list((await self._conversation()).state.facts)
        button = list(listed.buttons)[facts.index(fact)]
        return await self._does(lambda: self._chat.taps(button, on=listed))

    def _button(self, value: str) -> str | None:
        """What the button of this value says in the chat: long labels become numbers."""
        for reply in reversed(self._replies):
            for choice, shown in zip(
                reply.choices,
                numbered("", [choice.label for choice in reply.choices])[1],
                strict=True,
            ):
                if choice.value == value:
                    return shown
        return None

    def _look_for(self, replies: list[Message], lines: list[Sent | str]) -> None:
        shown = _plain("".join(line.text for line in lines if isinstance(line, Sent)))
        for reply in replies:
            for line in reply.text.splitlines():
                if _plain(line.removeprefix("• ")) not in shown:
                    self.unseen.append(line)

    async def _state(self) -> Json:
        conversation = await self._conversation()
        return {
            "id": conversation.id,
            "language": conversation.language,
            "facts": msgspec.to_builtins(conversation.state.facts),
            "triage": {"urgency": conversation.state.triage.urgency},
            "messages": msgspec.to_builtins(await self._messages()),
        }

    async def _conversation(self) -> Any:
        chat = await Chats(self._store).get(self._chat.id)
        return chat and await self._store.conversation(chat.conversation)

    async def _messages(self) -> list[Message]:
        chat = await Chats(self._store).get(self._chat.id)
        return await self._store.messages(chat.conversation) if chat else []

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _plain(text: str) -> str:
    return "".join(text.split())

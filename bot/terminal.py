"""The desk in a terminal: the same API that the widget uses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from string import ascii_lowercase
from typing import Any

import aiohttp
import msgspec
from rich.console import Console
from rich.text import Text

from bot.messages import Message

LETTERS = ascii_lowercase
TIMEOUT = aiohttp.ClientTimeout(total=60)


class NoDesk(Exception):
    """No desk answers at the address, or it refuses; the message says what to do."""


class _Opened(msgspec.Struct):
    id: str
    token: str
    messages: list[Message]


class _Messages(msgspec.Struct):
    messages: list[Message]


class TerminalConversation:
    """One conversation with the running desk at `address`."""

    def __init__(self, session: aiohttp.ClientSession, opened: _Opened) -> None:
        self._session, self._path = session, f"/v1/conversations/{opened.id}"
        self._headers = {"Authorization": f"Bearer {opened.token}"}
        self.greeting = opened.messages

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, address: str, language: str | None) -> AsyncIterator[TerminalConversation]:
        """A new conversation, erased at the end."""
        async with aiohttp.ClientSession(address, timeout=TIMEOUT) as session:
            wanted = {"language": language} if language else {}
            answer = await _call(session, "POST", "/v1/conversations", json=wanted)
            conversation = cls(session, msgspec.json.decode(answer, type=_Opened))
            try:
                yield conversation
            finally:
                with contextlib.suppress(NoDesk):
                    await _call(
                        session, "DELETE", conversation._path, headers=conversation._headers
                    )

    async def say(self, text: str | None = None, choice: str | None = None) -> list[Message]:
        """What the desk says to it, also where that takes longer."""
        body = {"text": text} if choice is None else {"choice": choice}
        path = f"{self._path}/messages"
        answer = await _call(self._session, "POST", path, json=body, headers=self._headers)
        return msgspec.json.decode(answer, type=_Messages).messages

    async def next(self, after: Message) -> list[Message]:
        """What comes after a message, waiting a while for it."""
        path = f"{self._path}?after={after.id}&wait=25"
        answer = await _call(self._session, "GET", path, headers=self._headers)
        return msgspec.json.decode(answer, type=_Messages).messages


async def chat(address: str, language: str | None, console: Console) -> None:
    """Talk until the person ends it (Ctrl-D, or `/quit`)."""
    async with TerminalConversation.open(address, language) as conversation:
        console.print("[dim]A letter presses a button; /quit ends.[/dim]")
        said = conversation.greeting
        while True:
            choices = [choice for message in said for choice in message.choices]
            _show(said, console)
            try:
                line = (await asyncio.to_thread(console.input, "[bold]> [/bold]")).strip()
            except EOFError:
                return
            if line == "/quit":
                return
            pressed = LETTERS.find(line.lower()) if len(line) == 1 else -1
            if 0 <= pressed < len(choices):
                said = await conversation.say(choice=choices[pressed].value)
            else:
                said = await conversation.say(line)
            while said and said[-1].role == "system":
                _show(said, console)
                said = await conversation.next(said[-1]) or said[-1:]


async def ask(address: str, question: str, language: str | None, console: Console) -> None:
    """One question, one answer."""
    async with TerminalConversation.open(address, language) as conversation:
        said = await conversation.say(question)
        while said and said[-1].role == "system":
            said = await conversation.next(said[-1]) or said
        _show(said, console)


def _show(messages: list[Message], console: Console) -> None:
    letter = iter(LETTERS)
    for message in messages:
        console.print(Text(f"\n{message.text}"))
        for choice, name in zip(message.choices, letter, strict=False):
            console.print(Text(f"  ({name}) {choice.label}"))


async def _call(session: aiohttp.ClientSession, method: str, path: str, **sent: Any) -> bytes:
    try:
        async with session.request(method, path, **sent) as response:
            body = await response.read()
    except (aiohttp.ClientError, asyncio.TimeoutError) as error:
        raise NoDesk(
            "No desk answers here. Start it in another terminal with `ieum run`, and try again."
        ) from error
    if response.status >= 400:
        raise NoDesk(str(msgspec.json.decode(body).get("title", response.reason)))
    return body

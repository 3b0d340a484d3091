"""The way to Rasa (nlu/gateway_channel.py is its other end): a message in, a turn out."""

from __future__ import annotations

import asyncio
import random

import aiohttp
import msgspec

from bot.messages import State, Turn

TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=3)
# Waits between attempts, in seconds: enough to bridge a hiccup, short enough to tell a person.
BACKOFF = (0.1, 0.2, 0.4, 0.8)


class RasaAway(Exception):
    """Rasa cannot be reached at all."""


class RasaFailed(Exception):
    """Rasa was reached and gave no usable answer."""


class Rasa:
    """Rasa and its action server, as the gateway sees them."""

    def __init__(self, rasa_url: str, rasa_token: str, actions_url: str) -> None:
        self._url = f"{rasa_url}/webhooks/gateway/message"
        self._health = {"rasa": f"{rasa_url}/", "actions": f"{actions_url}/health"}
        self._headers = {"Authorization": f"Bearer {rasa_token}"}
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        self._away = False

    async def close(self) -> None:
        await self._session.close()

    async def turn(
        self,
        sender: str,
        message_id: str,
        *,
        message: str | None,
        choice: str | None,
        language: str | None,
        state: State,
    ) -> Turn:
        """What the desk says to one message (or pressed button); RasaAway or RasaFailed."""
        body: dict[str, object] = {
            "sender": sender,
            "id": message_id,
            "message": message,
            "choice": choice,
            "language": language,
            "state": msgspec.to_builtins(state),
        }
        # While Rasa is known to be away one attempt is enough: nobody waits for nothing.
        for wait in () if self._away else BACKOFF:
            try:
                return await self._post(body)
            except RasaAway:
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))
        return await self._post(body)

    async def away(self) -> list[str]:
        """Which of `rasa` and `actions` do not answer."""
        answers = await asyncio.gather(*map(self._answers, self._health.values()))
        return [name for name, up in zip(self._health, answers, strict=True) if not up]

    async def _post(self, body: dict[str, object]) -> Turn:
        try:
            async with self._session.post(self._url, json=body, headers=self._headers) as response:
                answer = await response.read()
        except asyncio.TimeoutError as error:
            raise RasaFailed("no answer in time") from error
        except aiohttp.ClientError as error:
            self._away = True
            raise RasaAway(str(error)) from error
        self._away = False
        if response.status != 200:
            raise RasaFailed(f"status {response.status}")
        try:
            turns = msgspec.json.decode(answer, type=list[Turn])
        except msgspec.DecodeError as error:
            raise RasaFailed(f"an answer that is none: {error}") from error
        if not turns:
            # Rasa logs a failing action server and goes on without a word.
            raise RasaFailed("nothing was said")
        return Turn([said for turn in turns for said in turn.messages], turns[-1].state)

    async def _answers(self, url: str) -> bool:
        try:
            async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status < 500
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return False

"""The way to Rasa (nlu/gateway_channel.py is its other end): a message in, a turn out.

There may be several workers.  Rasa keeps nothing, so each can answer any
message, and one that failed is asked again, or its neighbour is.  A worker that
failed several times in a row rests for a moment before it is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import msgspec
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_after_delay
from tenacity import wait_random_exponential as jittered

from bot.messages import State, Turn

ANSWERS_WITHIN = aiohttp.ClientTimeout(total=8, sock_connect=2)  # one worker, one attempt
ATTEMPTS = 5
LONGEST = 12.0  # seconds, after which no further attempt begins
FAILURES, REST = 3, 2.0  # failures in a row, and the seconds that a worker rests after them
AT_ONCE = 8  # messages at one worker; it computes on one core, and the rest waits here


class RasaAway(Exception):
    """Rasa cannot be reached at all."""


class RasaFailed(Exception):
    """Rasa was reached and gave no usable answer."""


class RasaSlow(RasaFailed):
    """Rasa gave no answer in time."""


class Worker:
    """One process of Rasa."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0  # messages it is just answering


class Rasa:
    """Rasa's workers and their action servers, as the gateway sees them."""

    def __init__(self, rasa_urls: Sequence[str], rasa_token: str, actions_urls: Sequence[str]):
        self._workers = [Worker(url) for url in rasa_urls]
        self._health = {
            "rasa": [f"{url}/webhooks/gateway/health" for url in rasa_urls],
            "actions": [f"{url}/health" for url in actions_urls],
        }
        self._headers = {"Authorization": f"Bearer {rasa_token}"}
        self._session = aiohttp.ClientSession(
            timeout=ANSWERS_WITHIN, connector=aiohttp.TCPConnector(limit=0)
        )
        self._at_once = asyncio.Semaphore(AT_ONCE * len(self._workers))
        self._breakers = AsyncCircuitBreakerFactory(
            FAILURES, REST, exclude=[asyncio.CancelledError, (RasaFailed, _is_not_slow)]
        )

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
        tried: list[Worker] = []

        def another_may_help(error: BaseException) -> bool:
            untried = len(set(tried)) < len(self._workers)
            return isinstance(error, RasaAway) or (isinstance(error, RasaFailed) and untried)

        async for attempt in AsyncRetrying(
            retry=retry_if_exception(another_may_help),
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(LONGEST),
            wait=jittered(multiplier=0.1, max=1),
            reraise=True,
        ):
            with attempt:
                async with self._at_once:
                    return await self._ask(self._choose(tried), body)
        raise AssertionError("the last attempt returns or raises")

    async def away(self) -> list[str]:
        """Which of `rasa` and `actions` do not answer: no process of theirs."""
        up = await asyncio.gather(*map(self._any_answers, self._health.values()))
        return [name for name, answers in zip(self._health, up, strict=True) if not answers]

    def _choose(self, tried: list[Worker]) -> Worker:
        """The least busy worker, rather one that this message was not yet given to."""
        worker = min(self._workers, key=lambda worker: (worker in tried, worker.asked))
        tried.append(worker)
        return worker

    async def _ask(self, worker: Worker, body: dict[str, object]) -> Turn:
        worker.asked += 1
        try:
            async with await self._breakers.get_breaker(worker.url):
                return await self._post(f"{worker.url}/webhooks/gateway/message", body)
        except OpenedState:
            raise RasaAway("it failed just now and rests for a moment") from None
        finally:
            worker.asked -= 1

    async def _post(self, url: str, body: dict[str, object]) -> Turn:
        try:
            async with self._session.post(url, json=body, headers=self._headers) as response:
                answer = await response.read()
        except aiohttp.ServerTimeoutError as error:
            raise RasaAway(str(error)) from error
        except asyncio.TimeoutError as error:
            raise RasaSlow("no answer in time") from error
        except aiohttp.ClientError as error:
            raise RasaAway(str(error)) from error
        if response.status == 503:
            raise RasaAway("its action servers do not answer")
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

    async def _any_answers(self, urls: Sequence[str]) -> bool:
        return any(await asyncio.gather(*map(self._answers, urls)))

    async def _answers(self, url: str) -> bool:
        # Whoever has taken Rasa's port for himself answers too, but not to our token.
        asked = self._session.get(
            url, headers=self._headers, timeout=aiohttp.ClientTimeout(total=2)
        )
        try:
            async with asked as response:
                return response.status == 200
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return False


def _is_not_slow(error: BaseException) -> bool:
    """A failure at one message says nothing about the next one; slowness does."""
    return not isinstance(error, RasaSlow)

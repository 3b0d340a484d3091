"""One message a second in a chat; patience after a 429, but not for ever."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest
from telegram.error import RetryAfter

from bot.telegram.flood import TRIES, ChatPace

INTERVAL = 0.1


async def send(pace: ChatPace, chat: int, log: list[tuple[int, float]], *errors: Exception) -> Any:
    left = list(errors)

    async def call() -> bool:
        log.append((chat, time.monotonic()))
        if left:
            raise left.pop(0)
        return True

    return await pace.process_request(call, (), {}, "sendMessage", {"chat_id": chat}, None)


async def test_messages_of_a_chat_are_spaced_and_keep_their_order() -> None:
    pace, log = ChatPace(INTERVAL), list[tuple[int, float]]()
    await asyncio.gather(*(send(pace, 1, log) for _ in range(4)), send(pace, 2, log))
    times = [at for chat, at in log if chat == 1]
    assert all(b - a >= INTERVAL * 0.9 for a, b in itertools.pairwise(times))
    assert next(at for chat, at in log if chat == 2) - times[0] < INTERVAL * 0.9


async def test_other_calls_are_not_spaced() -> None:
    pace = ChatPace(INTERVAL)
    start = time.monotonic()

    async def call() -> bool:
        return True

    for _ in range(5):
        await pace.process_request(call, (), {}, "sendChatAction", {"chat_id": 1}, None)
    assert time.monotonic() - start < INTERVAL


async def test_a_pause_that_telegram_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds > 0:
            pauses.append(seconds)

    monkeypatch.setattr("bot.telegram.flood.asyncio.sleep", sleep)
    assert await send(ChatPace(0), 1, [], RetryAfter(3), RetryAfter(7))
    assert pauses == [3.0, 7.0]
    pauses.clear()
    with pytest.raises(RetryAfter):
        await send(ChatPace(0), 1, [], *[RetryAfter(2)] * TRIES)
    assert len(pauses) == TRIES - 1
    pauses.clear()
    with pytest.raises(RetryAfter):
        await send(ChatPace(0), 1, [], RetryAfter(3600))
    assert pauses == []


async def test_all_chats_together_are_spaced_too() -> None:
    pace, log = ChatPace(0, overall=INTERVAL), list[tuple[int, float]]()
    began = time.monotonic()
    await asyncio.gather(*(send(pace, chat, log) for chat in range(4)))
    times = sorted(at for _, at in log)
    # Each not before its place in the queue; a busy machine may be late with one.
    assert all(at - began >= place * INTERVAL * 0.99 for place, at in enumerate(times))

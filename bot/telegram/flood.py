"""Telegram's flood limits: one message a second in a chat, thirty in all, and patience where it
says wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

# The library's own limiter knows no pace for private chats and needs one more package.
MESSAGES = frozenset({"sendMessage"})
TRIES = 5
# A pause longer than this is no burst but a ban: the message waits for the next occasion.
LONGEST_PAUSE = 60.0
MANY_CHATS = 10_000


class ChatPace(BaseRateLimiter[None]):
    """Sends the messages of each chat one by one, `interval` seconds apart, those of all chats
    `overall` seconds apart; again after a 429.

    Raises the last RetryAfter after five tries, or at once where the pause is
    longer than a minute.
    """

    def __init__(self, interval: float = 1.0, overall: float = 1 / 30) -> None:
        self._interval = interval
        self._overall = overall
        self._turn = 0.0
        self._locks: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._free: dict[object, float] = {}

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Any:
        if endpoint not in MESSAGES:
            return await self._insist(callback, args, kwargs)
        chat = data.get("chat_id")
        async with self._locks.setdefault(chat, asyncio.Lock()):
            await asyncio.sleep(self._free.get(chat, 0.0) - time.monotonic())
            # Each takes the next free place in the queue of all chats, and waits for it.
            self._turn = max(self._turn + self._overall, time.monotonic())
            await asyncio.sleep(self._turn - time.monotonic())
            try:
                return await self._insist(callback, args, kwargs)
            finally:
                # From the answer on, which is later than Telegram's own count.
                self._free[chat] = time.monotonic() + self._interval
                self._forget()

    async def _insist(
        self, callback: Callable[..., Coroutine[Any, Any, Any]], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        for tried in range(1, TRIES + 1):
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as told:
                pause = _seconds(told)
                if tried == TRIES or pause > LONGEST_PAUSE:
                    raise
                await asyncio.sleep(pause)

    def _forget(self) -> None:
        """Chats that may be written to at once need not be remembered."""
        if len(self._free) > MANY_CHATS:
            now = time.monotonic()
            self._free = {chat: free for chat, free in self._free.items() if free > now}


def _seconds(told: RetryAfter) -> float:
    pause = told.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)

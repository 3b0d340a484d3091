"""One answer at a time in each conversation, also where several gateways answer.

The lock only keeps gateways from doing the same work, and in order: that no
message is answered twice is the database's to hold (`Store.add_answer`).  So
Redis may go away, or a gateway be stopped for longer than its lock lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakValueDictionary

import redis.asyncio as redis
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from redis.exceptions import LockError, RedisError

logger = logging.getLogger(__name__)

LASTS = 9.0  # seconds that the lock of a gateway that died outlives it
ASK_AGAIN = 0.05  # seconds, while another gateway answers
MOST_UNSURE = 1000
REST = 5.0  # seconds in which a Redis that failed is not asked


class ConversationLocks:
    """`async with locks.hold(conversation):` – within this process, and through Redis if given."""

    def __init__(self, shared: redis.Redis[bytes] | None = None) -> None:
        self._shared = shared
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unsure: dict[str, str] = {}  # tokens that Redis did not answer to
        self._breakers = AsyncCircuitBreakerFactory(default_threshold=1, default_ttl=REST)

    @contextlib.asynccontextmanager
    async def hold(self, conversation_id: str) -> AsyncIterator[bool]:
        """Wait for the conversation, and keep it for as long as this lasts.

        Gives whether it was free: who had to wait may find that others changed it.
        """
        here = self._here.get(conversation_id)
        if here is None:
            here = self._here[conversation_id] = asyncio.Lock()
        free_here = not here.locked()
        async with here:
            lock, free = await self._take(conversation_id)
            keeping = asyncio.create_task(_keep(lock)) if lock else None
            try:
                yield free and free_here
            finally:
                if lock and keeping:
                    keeping.cancel()
                    with contextlib.suppress(LockError, RedisError):
                        await lock.release()

    async def _take(self, conversation_id: str) -> tuple[Any | None, bool]:
        """The lock in Redis, None where there is no Redis or it does not answer; if it was free."""
        if self._shared is None:
            return None, True
        lock = self._shared.lock(f"ieum:answering:{conversation_id}", LASTS, sleep=ASK_AGAIN)
        token = uuid.uuid4().hex
        try:
            async with await self._breakers.get_breaker("redis"):
                if mine := self._unsure.pop(conversation_id, None):
                    await _give_up(lock, mine)
                free = bool(await lock.acquire(blocking=False, token=token))
                if not free:
                    await lock.acquire(token=token)
        except OpenedState:
            return None, True
        except RedisError as error:
            logger.warning("Redis does not lock, the desk goes on without: %s", error)
            if len(self._unsure) < MOST_UNSURE:
                self._unsure[conversation_id] = token
            return None, True
        return lock, free


async def _give_up(lock: Any, token: str) -> None:
    """A Redis that hung may carry out afterwards what it was asked, and hold us up with it."""
    lock.local.token = token.encode()
    with contextlib.suppress(LockError):
        await lock.release()


async def _keep(lock: Any) -> None:
    """A long turn keeps its lock; one that is lost is missed by nobody but the log."""
    while True:
        await asyncio.sleep(LASTS / 3)
        try:
            await lock.reacquire()
        except (LockError, RedisError) as error:
            logger.warning("a conversation's lock in Redis was lost: %s", error)
            return

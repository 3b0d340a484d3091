"""The Redis that gateways share, and what only one of them does at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import redis.asyncio as redis
from aiohttp import web
from redis.exceptions import LockError, RedisError

logger = logging.getLogger(__name__)

ANSWERS_WITHIN = 2.0  # seconds; more than that is an error
LASTS = 15.0  # seconds after which another gateway takes the place of one that died
TRY_AGAIN = 2.0  # seconds


class Door(Protocol):
    """What is opened and closed, as bot/telegram/door.py."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def connect(url: str) -> redis.Redis[bytes]:
    """A Redis that may be away: whoever asks it gets a RedisError within some seconds."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=ANSWERS_WITHIN,
        socket_timeout=ANSWERS_WITHIN,
        health_check_interval=10,
    )


def at_one_gateway(
    shared: redis.Redis[bytes], name: str, make: Callable[[], Door]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """An application's context in which the door is open at one gateway, whichever is alive."""

    async def run(_: web.Application) -> AsyncIterator[None]:
        opening = asyncio.create_task(_open_when_free(shared, name, make))
        yield
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)

    return run


async def _open_when_free(shared: redis.Redis[bytes], name: str, make: Callable[[], Door]) -> None:
    while True:
        lock = shared.lock(f"ieum:{name}", LASTS, blocking=False)
        with contextlib.suppress(RedisError):
            if await lock.acquire():
                await _open_while_held(lock, name, make())
        await asyncio.sleep(TRY_AGAIN)


async def _open_while_held(lock: Any, name: str, door: Door) -> None:
    logger.info("%s: this gateway has the door", name)
    await door.start()
    try:
        while True:
            await asyncio.sleep(LASTS / 5)
            await _prolong(lock)
    except (LockError, RedisError) as error:
        logger.warning("%s: this gateway gives the door up: %s", name, error)
    finally:
        await door.stop()
        with contextlib.suppress(LockError, RedisError):
            await lock.release()


async def _prolong(lock: Any) -> None:
    """Keep the lock; a Redis that is away for a moment takes the door from nobody."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LASTS / 2
    while True:
        try:
            await lock.reacquire()
            return
        except LockError:
            raise
        except RedisError:
            if loop.time() > until:
                raise
            await asyncio.sleep(0.5)

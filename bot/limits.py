"""How much is taken at a time: so many calls a minute, so many connections at once."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterator

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

logger = logging.getLogger(__name__)


def shared_counts(redis_url: str) -> Storage:
    """Where calls are counted: in Redis for all gateways, or in this process alone."""
    if not redis_url:
        return MemoryStorage()
    storage = storage_from_string(f"async+{redis_url}", key_prefix="ieum", wrap_exceptions=True)
    assert isinstance(storage, Storage)
    return storage


class Rate:
    """So many calls a minute of each key, in a window that slides.  `name` tells rates apart."""

    def __init__(self, name: str, per_minute: int, counts: Storage) -> None:
        self._name = name
        self._most = RateLimitItemPerMinute(per_minute)
        self._shared = SlidingWindowCounterRateLimiter(counts)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def take(self, key: str) -> float:
        """Take one; 0, or the seconds until there is one to take."""
        try:
            return await self._take(self._shared, key)
        except StorageError:
            # Nobody is turned away because Redis is; each gateway counts for itself then.
            logger.warning("Redis does not answer: this gateway counts calls for itself")
            return await self._take(self._own, key)

    async def _take(self, window: SlidingWindowCounterRateLimiter, key: str) -> float:
        if await window.hit(self._most, self._name, key):
            return 0.0
        free_again, _ = await window.get_window_stats(self._most, self._name, key)
        return max(free_again - time.time(), 0.1)


class Full(Exception):
    """All places are taken."""


class Places:
    """So many at once for each key, and for all keys together."""

    def __init__(self, of_one: int, of_all: int) -> None:
        self._of_one, self._of_all = of_one, of_all
        self._taken: Counter[str] = Counter()

    @contextlib.contextmanager
    def take(self, key: str) -> Iterator[None]:
        """A place while the context lasts; Full where there is none."""
        if self._taken[key] >= self._of_one or self._taken.total() >= self._of_all:
            if not self._taken[key]:
                del self._taken[key]
            raise Full
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]

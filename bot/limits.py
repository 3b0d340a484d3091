"""Rate limits: so many calls a minute from one address or in one conversation."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_BUCKETS = 10_000


class Rate:
    """A token bucket for each key: it holds a minute's worth and fills up evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> float:
        """Take one; 0, or the seconds until there is one to take."""
        now = self._clock()
        left = self._left(key, now)
        if left < 1:
            return (1 - left) / self._per_second
        if len(self._buckets) >= MOST_BUCKETS:
            # A full bucket is as good as none.
            self._buckets = {
                k: bucket for k, bucket in self._buckets.items() if self._left(k, now) < self._size
            }
        self._buckets[key] = (left - 1, now)
        return 0.0

    def _left(self, key: str, now: float) -> float:
        left, then = self._buckets.get(key, (self._size, now))
        return min(self._size, left + (now - then) * self._per_second)

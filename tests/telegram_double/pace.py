"""Telegram's flood limits: so many messages a second, and a few at once."""

from __future__ import annotations

import math
import time


class Credit:
    """Fills up by `rate` a second, to `burst` messages at most; full at first."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._left = float(burst)
        self._counted = time.monotonic()

    def wait(self) -> int:
        """Whole seconds until another message is taken; 0 where it is taken now."""
        now = time.monotonic()
        self._left = min(self.burst, self._left + (now - self._counted) * self.rate)
        self._counted = now
        return math.ceil((1 - self._left) / self.rate) if self._left < 1 else 0

    def take(self) -> None:
        self._left -= 1

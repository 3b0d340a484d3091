"""What a score is worth: the share of hits with this score that were right.

The curves are data, `base/calibration.yml`, fitted by `python -m tests.bench.calibration`.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

from knowledge.base import BASE
from knowledge.schema import Record, from_yaml


class Curve(Record, frozen=True):
    """A rising line from a score to a probability, by its corners, and level beyond them."""

    corners: tuple[tuple[float, float], ...]

    def __call__(self, score: float) -> float:
        after = bisect_right(self.corners, (score, 1.0))
        if after in (0, len(self.corners)):
            return self.corners[max(after - 1, 0)][1]
        (left, low), (right, high) = self.corners[after - 1 : after + 1]
        return low + (high - low) * (score - left) / (right - left)


class Calibration(Record, frozen=True):
    """Curves to the probability that the right service was found.

    `answer` is of the router's probability, `statement` of a statement's score
    in search where the router has had its say, `passage` where only text and
    query are compared.  `made` tells from what.
    """

    made: str
    answer: Curve
    statement: Curve
    passage: Curve


@lru_cache(maxsize=1)
def load_calibration(path: Path = BASE / "calibration.yml") -> Calibration:
    """The curves of the base."""
    calibration: Calibration = from_yaml(path.read_bytes(), Calibration)
    return calibration

"""A piece of a message that says something typed: what it is, and where it stands."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

Wire: TypeAlias = bool | int | float | str


class Mention(NamedTuple):
    """`value` in wire form at `start:end` of the message.

    `role` is the fact it is about, where the words make that clear.  `about`
    is the fact it is probably about: to be confirmed, never assumed ("almost
    two years").  Dates without a year have two readings: the day last past
    (`past`) and the next one (`future`); `value` is the nearer.  A date told by
    its distance ("two weeks ago") keeps it as `period`.
    """

    kind: str
    value: Wire
    start: int
    end: int
    role: str | None = None
    about: str | None = None
    past: str | None = None
    future: str | None = None
    precision: str = "day"
    period: str | None = None


def without_overlaps(mentions: list[Mention]) -> list[Mention]:
    """The mentions in order; of two that share letters the longer stays, then the earlier found."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: m.start - m.end):
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)

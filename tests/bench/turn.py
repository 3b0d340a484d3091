"""The desk beside a plain `rasa init` bot, in the same run: turns, start-up, memory.

Both run with their math threads pinned.  A turn of ours goes through gateway,
Rasa, action server and knowledge and is stored in SQL; the plain bot answers
from its own process with Rasa's default pipeline and policies.  The two are
asked in turn, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.bench.plain import PlainBot
from tests.bench.report import Figure, percentile, show
from tests.desk import Desk
from tests.stories.player import Api, Person

ROUNDS = 25  # conversations, one turn at a time
AT_ONCE = 8
SLICES, SLICE = 4, 8.0  # of the parallel part; seconds of each
# A conversation as people hold it: an opening of their own, then answers that many give alike.
# {n} makes a message one that was never seen before, so that nothing about it is remembered.
OURS = [
    "I am {n} years old and have an F-6 visa. Can I get permanent residence?",
    "We are married and live together",
    "3 years",
    "why do you ask?",
]
PLAIN = [
    "hello, I am {n} years old, can we talk?",
    "I am feeling very sad today",
    "yes",
    "are you a bot?",
]
Say = Callable[[str], object]
numbers = itertools.count(2)


def main(rounds: int = ROUNDS, slice_seconds: float = SLICE) -> None:
    """Turns at 1 and at 8 in parallel, turns a second, start-up and memory, each as a ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = Desk(folder / "desk")
        with PlainBot(folder) as plain:
            began = time.monotonic()
            with desk:
                started = time.monotonic() - began
                figures = [*one_at_a_time(desk, plain, rounds)]
                figures += in_parallel(desk, plain, slice_seconds)
                figures.append(
                    Figure("start-up", started, plain.started_in, most=0.5, unit="s"),
                )
                memory = megabytes(desk.pid), megabytes(plain.pid)
                figures.append(Figure("memory, all processes", *memory, most=1.5, unit="MB"))
    show(f"Beside a plain bot ({rounds * len(OURS)} turns each)", "rasa init", figures)


def one_at_a_time(desk: Desk, plain: PlainBot, rounds: int) -> Iterator[Figure]:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        mine, other, number = talker(desk), plain_talker(plain), next(numbers)
        for words, plain_words in zip(OURS, PLAIN, strict=True):
            ours.append(milliseconds(mine, words.format(n=number)))
            theirs.append(milliseconds(other, plain_words.format(n=number)))
    bars = {50: 0.8, 95: None}
    for share, most in bars.items():
        pair = percentile(ours, share), percentile(theirs, share)
        yield Figure(f"turn p{share}, 1 at a time", *pair, most=most, unit="ms")
    new = percentile(ours[::4], 50), percentile(theirs[::4], 50)
    yield Figure("openings never seen before, p50", *new, unit="ms")


def in_parallel(desk: Desk, plain: PlainBot, seconds: float) -> Iterator[Figure]:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(SLICES):
        ours += crowd(lambda: talker(desk), OURS, seconds)
        theirs += crowd(lambda: plain_talker(plain), PLAIN, seconds)
    for share in (50, 95):
        pair = percentile(ours, share), percentile(theirs, share)
        yield Figure(f"turn p{share}, {AT_ONCE} in parallel", *pair, unit="ms")
    rates = len(ours) / (SLICES * seconds), len(theirs) / (SLICES * seconds)
    yield Figure(f"turns a second, {AT_ONCE} in parallel", *rates, least=1.5)


def crowd(open_one: Callable[[], Say], dialogue: list[str], seconds: float) -> list[float]:
    """The milliseconds of each turn of AT_ONCE people who talk for so long."""
    until = time.monotonic() + seconds

    def talk(_: int) -> list[float]:
        times = []
        while time.monotonic() < until:
            say, number = open_one(), next(numbers)
            for words in dialogue:
                times.append(milliseconds(say, words.format(n=number)))
        return times

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [took for times in pool.map(talk, range(AT_ONCE)) for took in times]


def talker(desk: Desk) -> Say:
    return Person(Api(desk.url)).say


def plain_talker(plain: PlainBot) -> Say:
    sender = f"p{next(numbers)}"
    return lambda text: plain.say(sender, text)


def megabytes(pid: int) -> float:
    """The memory of a process and all below it; what they share is counted once (PSS)."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_full_info().pss for member in family) / 1e6


def milliseconds(call: Say, text: str) -> float:
    start = time.perf_counter()
    call(text)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()

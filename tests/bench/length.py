"""A long conversation: its first turns beside its last ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.report import Figure, percentile, show
from tests.bench.turn import milliseconds
from tests.desk import Desk
from tests.stories.player import Api, Person

TURNS = 400
COMPARED = 20  # turns at each end: one alone is a matter of chance
SAID = [
    "what documents do I need for permanent residence?",
    "how much is the fee for F-5?",
    "why do you ask?",
    "where do I hand it in?",
]


def main(turns: int = TURNS) -> None:
    """The time of a turn at the beginning and at the end of one conversation."""
    with tempfile.TemporaryDirectory() as folder, Desk(Path(folder) / "desk") as desk:
        api = Api(desk.url)
        for warm in (Person(api), Person(api)):  # a first turn is as fast as any other
            for words in SAID:
                warm.say(words)
        person = Person(api)
        times = [milliseconds(person.say, SAID[turn % len(SAID)]) for turn in range(turns)]
    first, last = times[:COMPARED], times[-COMPARED:]
    ends = percentile(last, 50), percentile(first, 50)
    show(
        f"One conversation of {turns} turns (plain Rasa: 27 times, measured before)",
        "its beginning",
        [Figure(f"turn p50, the last {COMPARED}", *ends, most=1.5, unit="ms")],
    )


if __name__ == "__main__":
    main()

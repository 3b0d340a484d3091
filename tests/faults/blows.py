"""What happens to four people, each at another step of a conversation, when a process is hit.

What they then have on their screens is compared with the same conversation of
somebody whom nothing befell: every word answered, once, in order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tests.faults.patient import PatientApi
from tests.stories.player import Person

DIALOGUE = [
    "I have an F-6 visa. Can I get permanent residence?",
    "We are married and live together",
    "3 years",
    "why do you ask?",
]


class Blow(NamedTuple):
    """`recover` is what an operator's machine does by itself, if anything, after `lasts` seconds.

    `is_felt` says whether people wait so long that they should be told.
    """

    name: str
    strike: Callable[[], None]
    recover: Callable[[], None] | None = None
    lasts: float = 0.0
    is_felt: bool = False


def transcript(person: Person) -> list[str]:
    """Everything said after the greeting, without the desk's requests for patience."""
    messages = person.state()["messages"][1:]
    return [f"{m['role']}: {m['text']}" for m in messages if m["role"] != "system"]


def undisturbed(url: str) -> list[str]:
    person = Person(PatientApi(url))
    for words in DIALOGUE:
        person.say(words)
    return transcript(person)


def survive(url: str, blow: Blow, expected: list[str]) -> None:
    """Four people, at step 1 to 4, say their next words as the blow falls; all end the same."""
    people = [Person(PatientApi(url)) for _ in DIALOGUE]
    for step, person in enumerate(people):
        for words in DIALOGUE[:step]:
            person.say(words)
    underway = threading.Barrier(len(people) + 1)

    def say(step: int) -> None:
        underway.wait()
        people[step].say(DIALOGUE[step])

    with ThreadPoolExecutor(len(people)) as pool:
        saying = [pool.submit(say, step) for step in range(len(people))]
        underway.wait()
        time.sleep(0.01)  # into the middle of their turns
        blow.strike()
        try:
            if blow.recover:
                time.sleep(blow.lasts)
        finally:
            if blow.recover:
                blow.recover()
        for said in saying:
            said.result()
    for step, person in enumerate(people):
        roles = [m["role"] for m in person.state()["messages"]]
        if blow.is_felt:
            assert "system" in roles, f"{blow.name}: at step {step + 1} nobody was told to wait"
        for words in DIALOGUE[step + 1 :]:
            person.say(words)
        assert transcript(person) == expected, f"{blow.name} at step {step + 1}"

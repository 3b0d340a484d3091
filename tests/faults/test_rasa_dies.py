"""Rasa is killed in the middle of a conversation: nothing is lost and nothing asked twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.stories.player import Api, Json, Person, cards

LATE = 120  # seconds for Rasa to be started again by the supervisor


@pytest.mark.parametrize("program", ["rasa", "actions"])
def test_what_was_said_meanwhile_is_answered_afterwards(desk: Desk, program: str) -> None:
    person = Person(Api(desk.url))
    person.say("I have an F-6 visa. Can I get permanent residence?")
    first = person.asked[-1]
    assert first == "marriage"

    desk.kill(program)
    replies = person.say("We are married and live together")
    said_honestly = [r for r in replies if r["role"] == "system"]
    answered = _wait_for_answer(person)

    assert said_honestly or replies, "silence"
    assert person.state()["facts"]["marriage"]["value"] == "intact"
    questions = [c["fact"] for c in cards(answered) if c["type"] == "question"]
    assert questions, "the conversation goes on with the next question"
    everything = [c["fact"] for c in cards(person.state()["messages"]) if c["type"] == "question"]
    assert len(everything) == len(set(everything)), f"asked twice: {everything}"
    desk.wait_until_ready()


def test_a_desk_that_is_stopped_whole_remembers_after_the_start(tmp_path: Path) -> None:
    with Desk(tmp_path / "var") as running:
        person = Person(Api(running.url))
        person.say("I have an F-6 visa and live with my Korean husband. Permanent residence?")
    with Desk(tmp_path / "var", PORT=str(running.port)) as running:
        replies = person.say("3 years in Korea")
        facts = person.state()["facts"]
    assert facts["status"]["value"] == "F-6"
    assert facts["residence"]["value"] == "P3Y"
    asked = [c["fact"] for c in cards(replies) if c["type"] == "question"]
    assert set(asked).isdisjoint({"status", "residence"})


def _wait_for_answer(person: Person) -> list[Json]:
    """The desk's messages after the person's last one, once there are any."""
    until = time.monotonic() + LATE
    while time.monotonic() < until:
        messages = person.state()["messages"]
        last = max(n for n, m in enumerate(messages) if m["role"] == "applicant")
        answers = [m for m in messages[last + 1 :] if m["role"] == "desk"]
        if answers:
            return answers
        time.sleep(0.5)
    raise AssertionError("the message was not answered after the restart")

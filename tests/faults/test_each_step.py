"""Each process is killed or stopped while people are at each step of a conversation."""

from __future__ import annotations

import signal
import time
import urllib.error

import pytest

from tests.desk import Desk
from tests.faults.blows import Blow, survive, undisturbed
from tests.faults.patient import PatientApi
from tests.stories.player import Api, Person, cards

pytestmark = pytest.mark.timeout(600)
LONGER_THAN_PATIENCE = 5.0  # seconds


@pytest.fixture(scope="module")
def expected(desk: Desk) -> list[str]:
    return undisturbed(desk.url)


@pytest.mark.parametrize("program", ["gateway", "actions"])
def test_killed(desk: Desk, program: str, expected: list[str]) -> None:
    survive(desk.url, Blow(f"{program} killed", lambda: desk.kill(program)), expected)
    desk.wait_until_ready()


@pytest.mark.parametrize("program", ["gateway", "actions", "rasa"])
def test_stopped_for_a_while(desk: Desk, program: str, expected: list[str]) -> None:
    blow = Blow(
        f"{program} stopped",
        lambda: desk.signal(program, signal.SIGSTOP),
        lambda: desk.signal(program, signal.SIGCONT),
        lasts=LONGER_THAN_PATIENCE,
        is_felt=program != "gateway",
    )
    survive(desk.url, blow, expected)
    desk.wait_until_ready()


def test_the_disk_is_full(desk: Desk, expected: list[str]) -> None:
    """Nothing is taken that cannot be kept, and that is said; then all goes on."""
    person = Person(PatientApi(desk.url))
    person.say("I have an F-6 visa. Can I get permanent residence?")
    impatient = Api(desk.url)
    path = f"/v1/conversations/{person.id}/messages"
    desk.fill_disk("gateway")
    try:
        with pytest.raises(urllib.error.HTTPError) as refused:
            impatient.call("POST", path, {"text": "We are married"}, person.token)
        assert refused.value.code == 503
        assert b"not-stored" in refused.value.read()
        assert len(person.state()["messages"]) > 1  # it can still be read
    finally:
        desk.fill_disk("gateway", full=False)
    survive(
        desk.url,
        Blow(
            "disk full",
            lambda: desk.fill_disk("gateway"),
            lambda: desk.fill_disk("gateway", full=False),
            lasts=1.0,
        ),
        expected,
    )
    answered = person.say("We are married and live together")
    assert [c["type"] for c in cards(answered)]
    texts = [m["text"] for m in person.state()["messages"]]
    assert "We are married" not in texts, "it was refused, and stored nevertheless"


def test_nobody_is_left_waiting_after_all_that(desk: Desk) -> None:
    began = time.monotonic()
    while desk.readiness()["status"] != "ready":
        assert time.monotonic() - began < 120
        time.sleep(0.2)

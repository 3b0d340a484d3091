"""A handover and back on the whole desk, while its processes are killed around it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.cases.case import CaseFile
from bot.cases.counsel import Cases
from bot.cases.ownership import Counsellor
from bot.cases.queue import Queue
from bot.conversations import Desk as Conversations
from bot.masking import Masking
from bot.personal_numbers import mask
from bot.rasa import Rasa
from bot.store import Store
from knowledge.base import KnowledgeBase
from tests.desk import Desk
from tests.stories.player import Api, Json, Person, cards

KIM = Counsellor("kim")
F5 = "permanent_residence.f5_2"
LATE = 400  # seconds for a process to be started again by the supervisor, and to answer


class Console:
    """A counsellor at work on the desk's database, in a process beside the gateway."""

    def __init__(self, desk: Desk) -> None:
        self._database = desk.settings().database
        self._base = KnowledgeBase.load()

    def do(self, work: Callable[[Cases], Awaitable[Any]]) -> Any:
        async def through() -> Any:
            store, way = Store(self._database), Rasa(["http://127.0.0.1:1"], "", [])
            queue = Queue(self._base)
            try:
                return await work(
                    Cases(Conversations(store, way, Masking("")), self._base, queue, mask)
                )
            finally:
                await way.close()
                await store.close()

        return asyncio.run(through())


def test_the_desk_goes_on_with_what_the_counsellor_put_right(desk: Desk) -> None:
    person, console = Person(Api(desk.url)), Console(desk)
    person.say("I have an F-6 visa and live with my Korean husband. Permanent residence?")
    person.say("3 years in Korea")
    assert person.state()["facts"]["residence"]["value"] == "P3Y"
    [handoff] = [m for m in person.say("I want to talk to a person") if m["card"]]
    case = handoff["card"]["case_id"]
    assert (handoff["card"]["type"], handoff["card"]["status"]) == ("handoff", "queued")
    assert _triage(person) == ("normal", case, "queued")

    assert _file(console, case).facts == [], "not before the person agrees"
    [thanks] = person.say("yes")
    assert "counsellor can read" in thanks["text"]
    file = _file(console, case)
    assert {"asked_for_person"} <= {r.rule for r in file.raised}
    told = next(f for f in file.facts if f.fact == "residence")
    assert (told.by, told.shown) == ("applicant", "3년")
    assert told.words == "3 years"
    assert file.verdicts[0]["service"] == F5

    console.do(lambda cases: cases.take(case, KIM))
    assert _triage(person) == ("normal", case, "assigned")
    assert person.say("Or is it only one year?") == [], "the desk keeps silent"
    console.do(lambda cases: cases.correct(case, KIM, "residence", "P1Y"))
    console.do(lambda cases: cases.hand_back(case, KIM, "You came in 2025, so it is one year."))
    assert _triage(person) == ("normal", case, "closed")
    settled = person.state()["messages"][-1]
    assert settled["role"] == "system"
    assert "1 year" in settled["text"]
    replies = person.choose(settled["choices"][0]["value"])
    state = person.state()
    assert state["facts"]["residence"]["value"] == "P1Y"
    assert state["facts"]["residence"]["by"] == "counsellor"
    assert replies, "the desk goes on"
    asked = [card["fact"] for card in cards(replies) if card["type"] == "question"]
    assert "residence" not in asked


def test_where_life_is_in_danger_contacts_come_first_and_nobody_is_asked(desk: Desk) -> None:
    person, console = Person(Api(desk.url)), Console(desk)
    replies = person.say("My husband hits me and threatens to kill me. Please help.")
    assert [card["type"] for card in cards(replies)] == ["urgent", "handoff"]
    assert all(not reply["choices"] for reply in replies)
    case = cards(replies)[-1]["case_id"]
    file = _file(console, case)
    assert not file.withheld
    assert file.entry.urgency == "emergency"
    assert any("kill me" in message.text for message in file.messages)


def test_a_counsellor_is_offered_where_the_desk_does_not_come_further(desk: Desk) -> None:
    person = Person(Api(desk.url))
    replies = person.say("This is useless, you do not help me at all!")
    assert any(c["value"] == "act:human" for reply in replies for c in reply["choices"])
    assert _triage(person)[1] is None, "it is only offered"
    person.choose("act:human")
    assert _triage(person)[2] == "queued"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("program", ["rasa", "actions", "gateway"])
def test_a_handover_outlives_each_process(desk: Desk, program: str) -> None:
    desk.wait_until_ready()
    person, console = Person(Api(desk.url)), Console(desk)
    person.say("I have an F-6 visa. Can I get permanent residence?")

    _kill(desk, program)  # while a counsellor is asked for
    _until(lambda: _tried(lambda: person.choose("act:human")))
    _until(lambda: _triage(person)[2] == "queued")
    case = _triage(person)[1]

    _kill(desk, program)  # while a message waits for the desk, or is being answered
    _until(lambda: _tried(lambda: person.say("Is anybody there?")))
    console.do(lambda cases: cases.take(case, KIM))
    _until(lambda: _triage(person)[2] == "assigned")

    _kill(desk, program)  # while a counsellor has the conversation
    _until(lambda: _tried(lambda: person.say("I write this to the counsellor")))
    console.do(lambda cases: cases.write(case, KIM, "I read it.", key="form"))
    console.do(lambda cases: cases.correct(case, KIM, "marriage", "divorced"))

    _kill(desk, program)  # while it is handed back
    console.do(lambda cases: cases.hand_back(case, KIM, "You are divorced."))
    _until(lambda: _tried(lambda: person.say("What papers do I need?")))
    _until(lambda: person.state()["messages"][-1]["role"] == "desk")

    state = person.state()
    assert state["facts"]["marriage"] == {"value": "divorced", "words": None, "by": "counsellor"}
    said = [(message["role"], message["text"]) for message in state["messages"]]
    assert said.count(("counsellor", "I read it.")) == 1
    for text in ("I write this to the counsellor", "What papers do I need?"):
        assert said.count(("applicant", text)) >= 1
    _nobody_spoke_over_the_counsellor(state["messages"])
    desk.wait_until_ready()


def _kill(desk: Desk, program: str) -> None:
    with contextlib.suppress(ProcessLookupError):  # not started again since the last time
        desk.kill(program)


def _nobody_spoke_over_the_counsellor(messages: list[Json]) -> None:
    owned = False
    for message in messages:
        card = message["card"] or {}
        if message["role"] == "system" and card.get("type") == "handoff":
            owned = card["status"] == "assigned"
        assert message["role"] != "desk" or not owned, message["text"]
        assert message["role"] != "counsellor" or owned, message["text"]


def _file(console: Console, case: str) -> CaseFile:
    found: CaseFile = console.do(lambda cases: cases.open(case, KIM, "ko"))
    return found


def _triage(person: Person) -> tuple[str, str, str]:
    triage = person.state()["triage"]
    return triage["urgency"], triage["case_id"], triage["case_status"]


def _tried(work: Callable[[], Any]) -> bool:
    """Whether it went through; not while the gateway is away."""
    try:
        work()
    except OSError:
        return False
    return True


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LATE
    while True:
        try:
            if holds():
                return
        except OSError:
            pass  # the gateway is away
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.3)

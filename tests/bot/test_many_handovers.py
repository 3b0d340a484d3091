"""Fifty people and five counsellors at once: no message is lost, doubled or misrouted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestClient

from bot.cases.counsel import Cases
from bot.cases.ownership import Counsellor, NotAllowed, NotOpen, NotYours, Taken
from bot.cases.queue import QueueEntry
from bot.conversations import Desk
from bot.store import messages
from tests.bot.fake_rasa import FakeRasa, turn
from tests.bot.test_api import Opened, opened
from tests.bot.test_conversations import eventually
from tests.bot.test_socket import listening

PEOPLE, COUNSELLORS, MESSAGES = 50, 5, 8
LEAD = Counsellor("lead", "lead")
OVERTAKEN = (Taken, NotOpen, NotAllowed, NotYours)


class ThinkingRasa(FakeRasa):
    """Thinks about each message for a different while."""

    async def _message(self, request: web.Request) -> web.Response:
        await asyncio.sleep(random.uniform(0, 0.05))
        return await super()._message(request)

    def answer(self, body: dict[str, Any]) -> Any:
        state = body["state"]
        if "human" in body["message"]:
            handoff = {"type": "handoff", "expected": "soon"}
            return turn(f"re: {body['message']}", handoff, **state | {"handoff": "requested"})
        return turn(f"re: {body['message']}", **state)


@pytest_asyncio.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    rasa = ThinkingRasa()
    await rasa.start()
    yield rasa
    await rasa.stop()


class Person:
    """Writes over a socket without waiting for answers, and notes what comes back."""

    def __init__(self, conversation: Opened, number: int) -> None:
        self.id: str = conversation.opened["id"]
        self.said = [f"message {n} of person {number}" for n in range(MESSAGES)]
        for n in (1, random.randrange(2, MESSAGES)):
            self.said[n] = f"human {self.said[n]}"
        self.read: list[dict[str, Any]] = []
        self._conversation = conversation

    async def talk(self) -> None:
        self._socket, _ = await listening(self._conversation)
        self._reading = asyncio.create_task(self._listen())
        for text in self.said:
            await self._socket.send_json({"text": text, "key": text.replace(" ", "-")})
            await asyncio.sleep(random.uniform(0, 0.4))

    async def leave(self) -> None:
        await self._socket.close()
        await self._reading

    async def _listen(self) -> None:
        async for frame in self._socket:
            event = frame.json()
            assert event["type"] in ("message", "typing"), event
            if event["type"] == "message":
                self.read.append(event["message"])


class AtWork:
    """A counsellor who takes what comes, answers each message once, and gives cases away again."""

    def __init__(self, cases: Cases, me: Counsellor, corrected: dict[str, str]) -> None:
        self.me = me
        self.taken = 0
        self.lost = 0
        self._cases = cases
        self._corrected = corrected

    async def work(self, colleagues: Sequence[str], closing: asyncio.Event) -> None:
        """Until nobody has anything open any more once `closing` is set."""
        while await self._cases.queue(LEAD) or not closing.is_set():
            entries = await self._cases.queue(self.me)
            random.shuffle(entries)
            for entry in entries:
                try:
                    if entry.owner == self.me.id:
                        await self._see_to(entry, colleagues, closing.is_set())
                    elif entry.status == "queued":
                        await self._cases.take(entry.case, self.me)
                        self.taken += 1
                except OVERTAKEN:
                    self.lost += 1
            await asyncio.sleep(0.01)

    async def _see_to(self, entry: QueueEntry, colleagues: Sequence[str], closing: bool) -> None:
        said = await self._cases.messages(entry.case, self.me)
        answered = {message.text for message in said if message.role == "counsellor"}
        for message in said:
            reply = f"re: {message.text}"
            if message.to_counsellor and reply not in answered:
                await self._cases.write(entry.case, self.me, reply)
        if random.random() < 0.5:
            years = f"P{random.randrange(1, 40)}Y"
            await self._cases.correct(entry.case, self.me, "residence", years)
            self._corrected[entry.conversation] = years
        way = random.choice(("keep", "keep", "close", "hand back", "release", "transfer"))
        case, seen = entry.case, said[-1].id
        if closing or way == "close":
            await self._cases.close(case, self.me, "answered", seen=seen)
        elif way == "hand back":
            await self._cases.hand_back(case, self.me, "All is well.", seen=seen)
        elif way == "release":
            await self._cases.release(case, self.me, seen=seen)
        elif way == "transfer":
            await self._cases.transfer(case, self.me, random.choice(colleagues), "please")


@pytest.mark.timeout(600)
async def test_no_message_is_lost_doubled_or_misrouted(
    client: TestClient[Any, Any], desk: Desk, cases: Cases
) -> None:
    people = [Person(await opened(client), number) for number in range(PEOPLE)]
    names = [f"c{n}" for n in range(COUNSELLORS)]
    corrected: dict[str, str] = {}
    counsellors = [AtWork(cases, Counsellor(name), corrected) for name in names]
    closing = asyncio.Event()
    working = [asyncio.create_task(c.work(names, closing)) for c in counsellors]
    await asyncio.gather(*(person.talk() for person in people))
    await eventually(lambda: _is_answered(desk), within=120)
    closing.set()
    await asyncio.gather(*working)
    await eventually(lambda: _is_answered(desk), within=120)

    went_to = Counter[str]()
    for person in people:
        rows = await _rows(desk, person.id)
        await eventually(lambda person=person, rows=rows: _has_read(person, rows))
        await person.leave()
        _each_message_went_to_one_side(rows, person.said, went_to)
        _one_of_the_two_was_silent(rows)
        assert Counter(m["id"] for m in person.read) == Counter(row.id for row in rows[1:])
        found = await desk.store.conversation(person.id)
        assert found is not None
        assert found.owner is None
        if person.id in corrected:
            assert found.state.facts["residence"].value == corrected[person.id]
    assert min(went_to["desk"], went_to["counsellor"]) > PEOPLE, f"it proves little: {went_to}"
    assert sum(c.taken for c in counsellors) >= PEOPLE
    assert sum(c.lost for c in counsellors) > 0, "nobody ever met anybody"


def _each_message_went_to_one_side(rows: list[Any], said: list[str], went_to: Counter[str]) -> None:
    """Each message is there once, in order, and was answered once, by whom it was for."""
    theirs = [row for row in rows if row.role == "applicant"]
    assert [row.text for row in theirs] == said
    answers = Counter((row.role, row.text) for row in rows)
    for row in theirs:
        assert row.answered
        side, other = ("counsellor", "desk") if row.to_counsellor else ("desk", "counsellor")
        assert answers[side, f"re: {row.text}"] == 1, f"{side} on {row.text!r}"
        assert answers[other, f"re: {row.text}"] == 0, f"{other} on {row.text!r}"
        went_to[side] += 1


def _one_of_the_two_was_silent(rows: list[Any]) -> None:
    """What the person was told of the owner is told in the order in which it was true."""
    owned = False
    for row in rows:
        if row.role == "system":
            owned = '"status":"assigned"' in row.card
        assert row.role != "desk" or not owned, f"the desk spoke over a counsellor: {row.text!r}"
        assert row.role != "counsellor" or owned, f"a counsellor without the case: {row.text!r}"
    assert not owned


async def _rows(desk: Desk, conversation_id: str) -> list[Any]:
    asked = sa.select(messages).filter_by(conversation=conversation_id).order_by("seq")
    rows: list[Any] = await desk.store._run(lambda db: db.execute(asked).all())
    return rows


async def _has_read(person: Person, rows: list[Any]) -> bool:
    return len(person.read) >= len(rows) - 1  # the greeting came with the opening


async def _is_answered(desk: Desk) -> bool:
    return not await desk.store.conversations_waiting()

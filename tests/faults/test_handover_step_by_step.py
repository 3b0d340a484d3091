"""The gateway is killed (-9) at every statement of every step of a handover.

Each step of a handover is done by a process that kills itself before its n-th
statement to the database, for every n, and right after each commit.  Then the
next process takes up what was left and who was at it tries again, as people
do.  Whatever n was: one owner, every message on one side, nothing said twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import sqlalchemy as sa

from bot.cases import audit
from bot.cases.counsel import Cases
from bot.cases.ownership import Counsellor, NotAllowed, NotOpen, NotYours, Taken
from bot.cases.queue import Queue
from bot.conversations import Desk
from bot.masking import Masking
from bot.messages import Conversation
from bot.personal_numbers import mask
from bot.rasa import Rasa
from bot.store import Store, cases, conversations, messages
from knowledge.base import KnowledgeBase
from tests.bot.fake_rasa import TOKEN, FakeRasa, turn
from tests.bot.test_conversations import eventually

KIM, LEE = Counsellor("kim"), Counsellor("lee")
DONE_ALREADY = (NotAllowed, NotOpen, NotYours, Taken)
FORK = multiprocessing.get_context("fork")
MOST = 200  # statements in a step; more means that it never came to its end


class Scene(NamedTuple):
    """A desk with one conversation in it, and the case of it where there is one."""

    desk: Desk
    cases: Cases
    conversation: Conversation
    case: str

    async def say(self, text: str) -> None:
        await self.desk.say(self.conversation, text, key=text.replace(" ", "-"))

    async def last(self) -> str:
        return (await self.desk.store.messages(self.conversation.id))[-1].id


Step = Callable[[Scene], Awaitable[Any]]


async def ask(scene: Scene) -> None:
    await scene.say("human")


async def take(scene: Scene) -> None:
    await scene.cases.take(scene.case, KIM)


async def write_to_counsellor(scene: Scene) -> None:
    await scene.say("hello counsellor")


async def write(scene: Scene) -> None:
    await scene.cases.write(scene.case, KIM, "hello person", key="form")


async def correct(scene: Scene) -> None:
    await scene.cases.correct(scene.case, KIM, "residence", "P3Y")


async def transfer(scene: Scene) -> None:
    await scene.cases.transfer(scene.case, KIM, "lee", "over to you")


async def release(scene: Scene) -> None:
    await scene.cases.release(scene.case, LEE, "lunch")


async def retake(scene: Scene) -> None:
    await scene.cases.take(scene.case, LEE)


async def write_late(scene: Scene) -> None:
    await scene.say("and the fee?")


async def hand_back(scene: Scene) -> None:
    """While a message has come that the counsellor did not see."""
    found = await scene.desk.store.messages(scene.conversation.id)
    seen = next(m.id for m in reversed(found) if m.role == "system")
    await scene.cases.hand_back(scene.case, LEE, "All is settled.", seen=seen)


async def go_on(scene: Scene) -> None:
    await scene.say("and now?")


async def reopen(scene: Scene) -> None:
    await scene.cases.reopen(scene.case, LEE)


async def close(scene: Scene) -> None:
    await scene.cases.close(scene.case, LEE, "answered")


STEPS: list[Step] = [
    ask, take, write_to_counsellor, write, correct, transfer, release,
    retake, write_late, hand_back, go_on, reopen, close,
]  # fmt: skip
DONE_ONCE = {"take": 2, "write": 1, "transfer": 1, "release": 1, "hand_back": 1, "reopen": 1}
"""How often the audit log tells of each action at the end."""


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return KnowledgeBase.load()


@pytest.fixture(scope="module")
def rasa() -> Iterator[str]:
    """A Rasa in a process of its own, which goes on from the state it is given."""
    fake = FakeRasa()

    def answer(body: dict[str, Any]) -> Any:
        state = body["state"]
        if body["message"] == "human":
            card = {"type": "handoff", "expected": "soon"}
            return turn("re: human", card, **state | {"handoff": "requested"})
        return turn(f"re: {body['message']}", **state)

    async def forever() -> None:
        fake.answer = answer  # type: ignore[method-assign]
        await fake.start()
        await asyncio.Event().wait()

    process = FORK.Process(target=lambda: asyncio.run(forever()), daemon=True)
    process.start()
    yield fake.url
    process.kill()
    process.join()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, base: KnowledgeBase, rasa: str) -> list[Path]:
    """The database as it is before each step."""
    folder, found = tmp_path_factory.mktemp("steps"), []
    running = folder / "running.db"

    async def prepare() -> None:
        await (await Store.open(f"sqlite:///{running}")).close()
        async with _scene(running, base, rasa) as scene:
            await scene.desk.open("en")

    asyncio.run(prepare())
    for number, step in enumerate(STEPS):
        found.append(folder / f"before-{number}.db")
        shutil.copy(running, found[-1])
        asyncio.run(_do(step, running, base, rasa))
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(len(STEPS)), ids=lambda n: STEPS[n].__name__)
def test_killed_at_every_statement(
    number: int, before: list[Path], base: KnowledgeBase, rasa: str, tmp_path: Path
) -> None:
    died = 0
    for statement in range(1, MOST):
        database = tmp_path / f"{statement}.db"
        shutil.copy(before[number], database)
        if not _killed_at(statement, STEPS[number], database, base, rasa):
            break
        died += 1
        asyncio.run(_finish(number, database, base, rasa))
        _all_is_well(database, base, number)
    assert died >= 3, "the step was hardly ever interrupted"
    assert died < MOST - 1


def _killed_at(statement: int, step: Step, database: Path, base: KnowledgeBase, rasa: str) -> bool:
    """Whether a process that does `step` got as far as its n-th statement, where it dies."""
    process = FORK.Process(target=lambda: asyncio.run(_do(step, database, base, rasa, statement)))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


async def _do(
    step: Step, database: Path, base: KnowledgeBase, rasa: str, dies_at: int | None = None
) -> None:
    async with _scene(database, base, rasa) as scene:
        if dies_at is not None:
            _die_at(scene.desk.store._engine, dies_at)
        await step(scene)
        await eventually(lambda: _is_answered(scene), within=60)


async def _finish(number: int, database: Path, base: KnowledgeBase, rasa: str) -> None:
    """The next process: what was left is taken up, and the step tried once more; then the rest."""
    async with _scene(database, base, rasa) as scene, scene.desk:
        for step in STEPS[number:]:
            with contextlib.suppress(*DONE_ALREADY):
                await step(scene._replace(case=await _case_of(scene.desk.store)))
            await eventually(lambda: _is_answered(scene), within=60)


def _die_at(engine: Any, number: int) -> None:
    left = number

    def count(*_: Any, **__: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for event in ("before_cursor_execute", "commit", "checkin"):  # the last is after the commit
        sa.event.listen(engine, event, count)


def _all_is_well(database: Path, base: KnowledgeBase, number: int) -> None:
    engine = sa.create_engine(f"sqlite:///{database}", future=True)
    with engine.connect() as db:
        [conversation] = db.execute(sa.select(conversations))
        [case] = db.execute(sa.select(cases))
        said = db.execute(sa.select(messages).order_by("seq")).all()
        log = Counter(entry.action for entry in audit.entries(db, limit=1000))
        assert audit.broken_at(db) is None
    engine.dispose()
    assert (case.status, conversation.owner) == ("closed", None)
    for action, times in DONE_ONCE.items():
        assert log[action] == times, log
    texts = Counter(row.text for row in said)
    assert texts["hello person"] == 1
    to_counsellor = {row.text for row in said if row.to_counsellor}
    assert to_counsellor == {"hello counsellor"}
    for row in said:
        if row.role == "applicant":
            assert texts[row.text] == 1, f"{row.text!r} is there twice"
            assert texts[f"re: {row.text}"] == (0 if row.to_counsellor else 1), row.text
            assert row.answered
    statuses = [msgspec.json.decode(row.card)["status"] for row in said if row.role == "system"]
    assert statuses == [
        "assigned",
        "assigned",
        "queued",
        "assigned",
        "closed",
        "assigned",
        "closed",
    ]
    facts = msgspec.json.decode(conversation.state)["facts"]
    assert facts["residence"] == {"value": "P3Y", "words": None, "by": "counsellor"}


async def _is_answered(scene: Scene) -> bool:
    return not await scene.desk.store.conversations_waiting()


@contextlib.asynccontextmanager
async def _scene(database: Path, base: KnowledgeBase, rasa: str) -> Any:
    store = Store(f"sqlite:///{database}")
    way, queue = Rasa([rasa], TOKEN, [rasa]), Queue(base)
    desk = Desk(store, way, Masking("key"), queue=queue)
    [conversation] = await store._run(
        lambda db: db.execute(sa.select(conversations.c.id)).scalars().all()
    ) or [None]
    found = conversation and await store.conversation(conversation)
    try:
        yield Scene(desk, Cases(desk, base, queue, mask), found, await _case_of(store))
    finally:
        await desk.__aexit__()
        await way.close()
        await store.close()


async def _case_of(store: Store) -> str:
    ids = await store._run(lambda db: db.execute(sa.select(cases.c.id)).scalars().all())
    return ids[0] if ids else ""

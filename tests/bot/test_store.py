"""The database: its tables, and that erasing reaches Rasa's."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import bot.telegram.door  # its tables belong to the same database
from bot.conversations import Desk
from bot.messages import State, Utterance
from bot.settings import Settings
from bot.store import Store, metadata, migrate

ON_BOTH_DATABASES = True
assert bot.telegram.door


def test_migrations_make_the_tables_the_code_expects(settings: Settings) -> None:
    engine = sa.create_engine(settings.database, future=True)
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        ours = {"include_name": lambda name, *_: name != "sqlite_sequence"}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_erasing_works_before_rasa_ever_ran(desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    await desk.erase(conversation)
    assert await desk.store.conversation(conversation.id) is None


async def test_one_key_sent_many_times_at_once_is_stored_once(store: Store, desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    stored = await asyncio.gather(
        *(store.add_said(conversation, "hello", key="k") for _ in range(10))
    )
    assert len({message.id for message, _ in stored}) == 1
    assert [new for _, new in stored].count(True) == 1


async def test_a_case_is_opened_once_and_its_urgency_kept_up(store: Store, desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    first = await store.raise_case(conversation.id, "high")
    second = await store.raise_case(conversation.id, "emergency")
    assert first.id == second.id
    found = await store.conversation(conversation.id)
    assert found is not None
    assert found.case == second
    assert second.urgency == "emergency"


async def test_a_chats_newest_conversation_is_found(desk: Desk) -> None:
    await desk.open(channel="telegram", origin="17")
    newest, _, _ = await desk.open(channel="telegram", origin="17")
    await desk.open(channel="telegram", origin="18")
    found = await desk.find("telegram", "17")
    assert found is not None
    assert found.id == newest.id
    assert await desk.find("web", "17") is None


async def test_an_answer_that_comes_second_is_not_stored(store: Store, desk: Desk) -> None:
    """A gateway that was stopped in the middle of a turn goes on when another has answered."""
    conversation, _, _ = await desk.open()
    said, _ = await store.add_said(conversation, "hello")
    answer = [Utterance("hello to you", "en")]
    given = conversation.id, said.id, answer, State(), "en", False
    first, second = await asyncio.gather(store.add_answer(*given), store.add_answer(*given))
    assert sorted(len(answers) for answers in (first, second)) == [0, 1]
    assert len(await store.replies(said.id)) == 1
    assert (
        await store.add_notice(conversation.id, answer[0], "desk", reply_to=said.id, closes=True)
        == []
    )


async def test_an_answer_to_what_was_erased_is_not_stored(store: Store, desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    said, _ = await store.add_said(conversation, "hello")
    await store.erase(conversation.id)
    assert await store.add_answer(conversation.id, said.id, [], State(), "en", False) == []


async def test_what_many_write_at_once_can_be_read_in_the_order_of_its_numbers(
    store: Store, desk: Desk
) -> None:
    """Who has read up to a message never finds a new one before it."""
    conversation, _, _ = await desk.open()
    done = asyncio.Event()
    seen: list[str] = []

    async def read() -> None:
        while not done.is_set():
            new = await store.messages(conversation.id, seen[-1] if seen else None)
            seen.extend(message.id for message in new)

    reading = asyncio.create_task(read())
    for _ in range(5):
        await asyncio.gather(
            *(store.add_said(conversation, "hello", answered=True) for _ in range(8))
        )
    done.set()
    await reading
    seen.extend(m.id for m in await store.messages(conversation.id, seen[-1]))
    assert seen == [message.id for message in await store.messages(conversation.id)]

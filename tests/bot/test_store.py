"""The database: its tables, and that erasing reaches Rasa's."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import bot.telegram.door  # its tables belong to the same database
from bot.conversations import Desk
from bot.messages import State, Utterance
from bot.settings import Settings
from bot.store import Overtaken, Store, metadata, migrate

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
    assert len({said.message.id for said in stored}) == 1
    assert [said.new for said in stored].count(True) == 1


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
    said = (await store.add_said(conversation, "hello")).message
    answer = [Utterance("hello to you", "en")]
    given = conversation, said.id, answer, State(), "en", False
    both = await asyncio.gather(
        store.add_answer(*given), store.add_answer(*given), return_exceptions=True
    )
    assert [type(one) for one in both if isinstance(one, BaseException)] == [Overtaken]
    assert len(await store.replies(said.id)) == 1
    assert (
        await store.add_notice(conversation.id, answer[0], "desk", reply_to=said.id, closes=True)
        == []
    )


async def test_an_answer_to_what_was_erased_is_not_stored(store: Store, desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    said = (await store.add_said(conversation, "hello")).message
    await store.erase(conversation.id)
    with pytest.raises(Overtaken):
        await store.add_answer(conversation, said.id, [], State(), "en", False)


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

"""The database: its tables, and that erasing reaches Rasa's."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import bot.telegram.door  # its tables belong to the same database
from bot.conversations import Desk
from bot.settings import Settings
from bot.store import Store, metadata, migrate

assert bot.telegram.door


def test_migrations_make_the_tables_the_code_expects(settings: Settings) -> None:
    engine = sa.create_engine(f"{settings.database}-fresh", future=True)
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        ours = {"include_name": lambda name, *_: name != "sqlite_sequence"}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []


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

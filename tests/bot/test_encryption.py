"""A database on disk that tells nothing without its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.messages import Conversation, State, Utterance, now
from bot.store import Store, WrongKey

WORDS = "zanzibar marmalade"


async def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'ieum.db'}"
    await _keep_words(database, "key")
    store = await Store.open(database, "key")
    [kept] = await store.messages("c1")
    await store.close()
    assert kept.text == WORDS
    for content in _files(tmp_path):
        assert WORDS.encode() not in content
        assert b"SQLite format" not in content
    for wrong in ("other", None):
        with pytest.raises(WrongKey, match="DATABASE_KEY"):
            await Store.open(database, wrong)


async def test_a_database_in_the_open_is_encrypted_with_all_it_holds(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'ieum.db'}"
    await _keep_words(database, None)
    store = await Store.open(database, "key")
    [kept] = await store.messages("c1")
    assert kept.text == WORDS
    await store.erase("c1")
    assert await store.messages("c1") == []
    await store.close()
    assert all(WORDS.encode() not in content for content in _files(tmp_path))


async def _keep_words(database: str, key: str | None) -> None:
    store = await Store.open(database, key)
    conversation = Conversation(
        id="c1",
        token_hash="",
        language="en",
        language_chosen=False,
        channel="web",
        origin=None,
        created_at=now(),
        state=State(),
    )
    await store.add_conversation(conversation, [Utterance(WORDS, "en")])
    await store.close()


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]

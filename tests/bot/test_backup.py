"""Backup and restore while the desk runs, between databases, and from every older schema."""

from __future__ import annotations

import asyncio
import gzip
import io
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bot.backup import BackupError, _revisions, back_up, check, restore
from bot.cases import audit
from bot.cli import main
from bot.conversations import Desk
from bot.masking import Masking
from bot.messages import State, Utterance
from bot.rasa import Rasa
from bot.settings import Settings
from bot.store import Store, migrate
from knowledge.cutting import Passage
from knowledge.passages import Embedded, Passages
from tests.servers import Postgres

ON_BOTH_DATABASES = True
TODAY = date(2026, 11, 22)


def backup_of(settings: Settings) -> io.BytesIO:
    file = io.BytesIO()
    back_up(settings, file)
    file.seek(0)
    return file


def add_document(settings: Settings, name: str) -> None:
    vectors = np.eye(8, dtype=np.float32)[:1]
    document = Embedded(name, name, None, [Passage("We open at ten.", ("Hours",), None)], vectors)
    Passages(settings.index_folder, "test", settings.database_url).add([document], TODAY)


async def test_what_is_restored_is_what_was_saved(
    desk: Desk, store: Store, settings: Settings
) -> None:
    async with desk:
        conversation, token, _ = await desk.open("ja")
        await desk.say(conversation, "永住権", key="k1")
        add_document(settings, "hours.txt")
        before = await store.messages(conversation.id)
        kept = backup_of(settings)
        # What comes after the backup goes, and what was lost comes back.
        later, _, _ = await desk.open()
        await desk.say(later, "afterwards")
        await desk.erase(conversation)
        add_document(settings, "later.txt")
        rows = restore(settings, kept)
        assert rows["messages"] == len(before)
        assert await store.messages(conversation.id) == before
        assert await store.conversation(later.id) is None
        again = await desk.authenticate(conversation.id, token)
        # The running desk goes on where the backup ended.
        assert again is not None
        [answer] = await desk.say(again, "and now?")
        assert answer.text == "you said and now?"
        assert (await store.messages(conversation.id))[-1].text == answer.text
    passages = Passages(settings.index_folder, "test", settings.database_url)
    assert [listed.name for listed in passages.documents()] == ["hours.txt"]
    [found] = passages.search("open", np.eye(8, dtype=np.float32)[0], 5)
    assert found.meaning == pytest.approx(1)
    add_document(settings, "later.txt")


async def test_a_backup_sees_one_moment_while_people_write(
    desk: Desk, store: Store, settings: Settings
) -> None:
    """No answer without its message, no message without its conversation."""
    async with desk:
        talking = True

        async def talk() -> None:
            while talking:
                conversation, _, _ = await desk.open()
                await desk.say(conversation, "hello")

        talkers = [asyncio.create_task(talk()) for _ in range(4)]
        for _ in range(5):
            file = await asyncio.to_thread(backup_of, settings)
            rows = [line for line in gzip.decompress(file.read()).splitlines() if b'"row"' in line]
            text = b"\n".join(rows).decode()
            assert text.count('"role":"applicant"') == text.count("you said hello") + text.count(
                '"answered":false'
            )
        talking = False
        await asyncio.gather(*talkers)


async def test_a_desk_moves_from_sqlite_to_postgresql(
    desk: Desk, settings: Settings, postgres: Postgres, tmp_path: Path
) -> None:
    conversation, _, _ = await desk.open("vi")
    add_document(settings, "hours.txt")
    url = postgres.fresh()
    wide = Settings(var_dir=str(tmp_path / "wide"), database_url=url)
    (tmp_path / "wide").mkdir()
    restore(wide, backup_of(settings))
    store = await Store.open(url)
    assert await store.conversation(conversation.id) == await desk.store.conversation(
        conversation.id
    )
    await store.close()
    assert [d.name for d in Passages(wide.index_folder, "test", url).documents()] == ["hours.txt"]


@pytest.mark.parametrize("revision", _revisions())
async def test_every_schema_is_brought_forward_with_what_it_holds(
    settings: Settings, revision: str
) -> None:
    engine = Store(settings.database).engine
    migrate(engine, revision)
    fill(engine)
    engine.dispose()
    store = await Store.open(settings.database)
    await holds_what_was_filled_in(store)
    await store.close()


@pytest.mark.parametrize("revision", _revisions())
async def test_a_backup_of_every_schema_can_be_restored(
    settings: Settings, store: Store, tmp_path: Path, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Settings(var_dir=str(tmp_path / "old"))
    engine = Store(old.database).engine
    migrate(engine, revision)
    fill(engine)
    engine.dispose()
    with monkeypatch.context() as patched:  # as that version would have made it
        patched.setattr("bot.backup.migrate", lambda engine: None)
        kept = backup_of(old)
    restore(settings, kept)
    await holds_what_was_filled_in(store)


async def test_the_audit_log_is_added_to_and_never_replaced(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    """What was seen after the backup was seen, also after a restore."""
    await _log(store, "c-1", "c-2")
    kept = backup_of(settings)
    await _log(store, "c-3")
    seal = await store._run(audit.seal_of)
    restore(settings, kept)
    assert await store._run(audit.seal_of) == seal
    # A new machine gets the whole log, sealed as it was, and goes on with it.
    moved = Settings(var_dir=str(tmp_path / "moved"))
    restore(moved, backup_of(settings))
    there = await Store.open(moved.database)
    assert await there._run(audit.seal_of) == seal
    await _log(there, "elsewhere")
    assert await there._run(audit.broken_at) is None
    await there.close()
    # Two logs that went on apart cannot be one.
    await _log(store, "here")
    with pytest.raises(BackupError, match="entry 4"):
        restore(settings, backup_of(moved))


async def _log(store: Store, *cases: str) -> None:
    for case in cases:
        await store._run(lambda db, case=case: audit.write(db, "somebody", "view", case))


async def test_an_encrypted_desk_is_saved_and_restored_with_what_was_hidden(
    tmp_path: Path,
) -> None:
    settings = Settings(var_dir=str(tmp_path), database_encrypted=True)
    masking = Masking("key")
    way = Rasa(["http://127.0.0.1:1"], "", [])
    store = await Store.open(settings.database, settings.database_key)
    desk = Desk(store, way, masking)
    conversation, _, _ = await desk.open()
    said = await desk.hear(conversation, "my passport is M73912846")
    kept = backup_of(settings)
    assert b"M73912846" not in gzip.decompress(kept.getvalue())
    await desk.erase(conversation)
    restore(settings, kept)
    assert await desk.original(said.id) == "my passport is M73912846"
    assert not (tmp_path / "ieum.db").read_bytes().startswith(b"SQLite format 3")
    await desk.__aexit__()
    await way.close()
    await store.close()


@pytest.mark.parametrize("harm", ["cut off", "changed", "other", "empty"])
async def test_a_damaged_backup_changes_nothing(
    desk: Desk, store: Store, settings: Settings, harm: str
) -> None:
    conversation, _, _ = await desk.open()
    whole = backup_of(settings).read()
    plain = gzip.decompress(whole)
    broken = {
        "cut off": whole[: len(whole) // 2],
        "changed": gzip.compress(plain.replace(b'"language":"en"', b'"language":"ko"')),
        "other": gzip.compress(b'{"hello": "world"}\n'),
        "empty": b"",
    }[harm]
    later, _, _ = await desk.open()
    with pytest.raises(BackupError):
        restore(settings, io.BytesIO(broken))
    assert await store.conversation(later.id) is not None
    assert await store.conversation(conversation.id) is not None


async def test_the_commands(desk: Desk, settings: Settings, tmp_path: Path) -> None:
    conversation, _, _ = await desk.open()
    environment = {"VAR_DIR": settings.var_dir, "DATABASE_URL": settings.database_url}
    file = tmp_path / "desk.backup"

    def ieum(*said: str) -> Any:
        return CliRunner(env=environment).invoke(main, said)

    saved = ieum("backup", str(file))
    assert saved.exit_code == 0, saved.output
    assert "1 conversations, 1 messages" in saved.output
    assert file.stat().st_mode & 0o777 == 0o600
    await desk.erase(conversation)
    assert "which is whole" in ieum("restore", "--check", str(file)).output
    assert await desk.store.conversation(conversation.id) is None
    assert ieum("restore", str(file)).exit_code == 1  # not confirmed
    assert ieum("restore", "--yes", str(file)).exit_code == 0
    assert await desk.store.conversation(conversation.id) is not None
    file.write_bytes(b"no backup")
    refused = ieum("restore", "--yes", str(file))
    assert refused.exit_code == 1
    assert "Nothing was restored" in refused.output
    piped = io.BytesIO(ieum("backup", "-").stdout_bytes)
    assert check(piped)[1]["conversations"] == 1


def fill(engine: Any) -> None:
    """One conversation with a question, its answer and a case, in whatever tables there are."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    values = {
        "conversations": {
            "id": "c1",
            "token_hash": "h",
            "language": "ko",
            "language_chosen": True,
            "channel": "web",
            "created_at": "2026-11-22T00:00:00Z",
            "state": '{"facts":{"status":{"value":"F-6"}}}',
        },
        "messages": {
            "id": "m1",
            "conversation": "c1",
            "role": "applicant",
            "language": "ko",
            "created_at": "2026-11-22T00:00:00Z",
            "text": "영주권",
            "choices": "[]",
            "answered": False,
        },
        "cases": {
            "id": "a1",
            "conversation": "c1",
            "status": "queued",
            "urgency": "high",
            "created_at": "2026-11-22T00:00:00Z",
        },
    }
    with engine.begin() as db:
        for name, row in values.items():
            table = metadata.tables[name]
            # Columns that later versions have added, and want filled.
            wanted = {
                column.name: column.type.python_type()
                for column in table.columns
                if not column.nullable and not column.primary_key and not column.server_default
            }
            db.execute(sa.insert(table), wanted | row)


async def holds_what_was_filled_in(store: Store) -> None:
    conversation, [waiting] = await store.waiting("c1")
    assert conversation is not None
    assert conversation.state.facts["status"].value == "F-6"
    assert conversation.case is not None
    assert conversation.case.urgency == "high"
    assert waiting.text == "영주권"
    answers = await store.add_answer(
        conversation, "m1", [Utterance("네", "ko")], State(), "ko", True
    )
    assert [m.text for m in await store.messages("c1")] == ["영주권", answers[0].text]

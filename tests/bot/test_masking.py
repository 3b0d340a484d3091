"""Personal numbers: hidden from everybody but the person who wrote them, and opened by one key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient

from bot.conversations import LONGEST_TEXT, Desk
from bot.masking import Masking
from tests.bot.fake_rasa import FakeRasa
from tests.bot.test_api import opened

Client = TestClient[Any, Any]
WRITTEN = "My number is 900101-5123456, passport M12345678, call 010-1234-5678"
SHOWN = "My number is 🆔•••, passport 🛂•••, call 📞•••"


async def test_rasa_reads_the_mask_and_the_person_what_they_wrote(
    client: Client, rasa: FakeRasa, desk: Desk
) -> None:
    conversation = await opened(client)
    [answer] = await conversation.say(WRITTEN)
    assert rasa.heard[0]["message"] == SHOWN
    assert answer["text"] == f"you said {SHOWN}"
    own = (await conversation.read())["messages"][1]
    assert own["text"] == WRITTEN
    stored = await desk.store.messages(conversation.opened["id"])
    assert stored[1].text == SHOWN, "what a console shows"


async def test_the_socket_shows_the_person_what_they_wrote(client: Client) -> None:
    conversation = await opened(client)
    async with client.ws_connect(f"{conversation.path}/socket") as socket:
        await socket.send_json({"token": conversation.opened["token"]})
        assert (await socket.receive_json())["type"] == "ready"
        await socket.send_json({"text": WRITTEN})
        echoed = (await socket.receive_json())["message"]
    assert (echoed["role"], echoed["text"]) == ("applicant", WRITTEN)
    async with client.ws_connect(f"{conversation.path}/socket") as socket:
        greeting = conversation.opened["messages"][0]["id"]
        await socket.send_json({"token": conversation.opened["token"], "after": greeting})
        assert (await socket.receive_json())["message"]["text"] == WRITTEN


async def test_a_button_hides_them_too(client: Client, rasa: FakeRasa) -> None:
    await (await opened(client)).say(choice="fact:residence=010-1234-5678")
    assert rasa.heard[0]["choice"] == "fact:residence=📞•••"


async def test_a_counsellor_may_ask_for_what_was_written(client: Client, desk: Desk) -> None:
    conversation = await opened(client)
    await conversation.say(WRITTEN)
    await conversation.say("nothing to hide")
    said = await desk.store.messages(conversation.opened["id"])
    hidden, plain = (m for m in said if m.role == "applicant")
    assert await desk.original(hidden.id) == WRITTEN
    assert await desk.original(plain.id) is None


async def test_too_long_a_message_is_whole_for_the_person_alone(client: Client, desk: Desk) -> None:
    conversation = await opened(client)
    text = "가" * LONGEST_TEXT + " M12345678"
    await conversation.say(text)
    assert (await conversation.read())["messages"][1]["text"] == text
    stored = (await desk.store.messages(conversation.opened["id"]))[1].text
    assert stored == "가" * LONGEST_TEXT + "…"


def test_another_key_opens_nothing() -> None:
    shown, locked = Masking("one").hide(WRITTEN, LONGEST_TEXT)
    assert shown == SHOWN
    assert locked is not None
    assert "900101" not in locked
    assert Masking("one").unlock(locked) == WRITTEN
    assert Masking("two").unlock(locked) is None


async def test_erasing_takes_originals_with_it(client: Client, desk: Desk, tmp_path: Path) -> None:
    conversation = await opened(client)
    await conversation.say(WRITTEN + " zanzibar")
    message = (await desk.store.messages(conversation.opened["id"]))[1]
    files = _database(tmp_path)
    assert b"zanzibar" in files
    assert b"900101" not in files
    await client.delete(conversation.path, headers=conversation.headers)
    files = _database(tmp_path)
    for trace in ("zanzibar", conversation.opened["id"], message.id):
        assert trace.encode() not in files


def _database(folder: Path) -> bytes:
    """All that SQLite has in its files, the write-ahead log included."""
    return b"".join(path.read_bytes() for path in folder.glob("ieum.db*"))

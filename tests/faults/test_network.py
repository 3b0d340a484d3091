"""Slow and broken connections: to Rasa, from browsers, from Telegram."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from bot import conversations
from bot.conversations import Desk
from bot.masking import Masking
from bot.messages import State
from bot.rasa import FAILURES, Rasa, RasaAway
from bot.store import Store
from tests.bot.fake_rasa import TOKEN, FakeRasa
from tests.bot.test_conversations import eventually
from tests.faults.proxy import Proxy
from tests.stories.player import Api, Person


@pytest_asyncio.fixture
async def rasa() -> AsyncIterator[FakeRasa]:
    fake = FakeRasa()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture
async def proxy(rasa: FakeRasa) -> AsyncIterator[Proxy]:
    async with Proxy(rasa.url) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def echo_desk(
    proxy: Proxy, rasa: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(conversations, "RETRY_EVERY", 0.05)
    monkeypatch.setattr(conversations, "PATIENCE", 0.5)
    store = await Store.open(f"sqlite:///{tmp_path / 'ieum.db'}")
    way = Rasa([proxy.url], TOKEN, [rasa.url])
    async with Desk(store, way, Masking("key")) as desk:
        yield desk
    await way.close()
    await store.close()


async def test_who_waits_long_is_told_so_and_answered_once(echo_desk: Desk, proxy: Proxy) -> None:
    conversation, _, _ = await echo_desk.open()
    proxy.delay = 1.5
    async with echo_desk.subscribe(conversation.id) as events:
        [notice] = await echo_desk.say(conversation, "hello")
        assert notice.role == "system"
        proxy.delay = 0
        told = []
        while "you said hello" not in told:
            event = await asyncio.wait_for(events.get(), 20)
            told.append(getattr(event, "text", event))
    assert [m.role for m in await echo_desk.store.messages(conversation.id)][1:] == [
        "applicant",
        "system",
        "desk",
    ]


@pytest.mark.parametrize("cut_after", [0, 10, 200])
async def test_an_answer_that_is_cut_off_is_fetched_again(
    echo_desk: Desk, proxy: Proxy, rasa: FakeRasa, cut_after: int
) -> None:
    conversation, _, _ = await echo_desk.open()
    proxy.cut_after, proxy.cuts = cut_after, 2
    answers = await echo_desk.say(conversation, "hello")
    assert [m.text for m in answers] == ["you said hello"]
    assert len(rasa.heard) == 3
    assert len(await echo_desk.store.messages(conversation.id)) == 3


async def test_a_worker_that_fails_rests_and_its_neighbour_answers(rasa: FakeRasa) -> None:
    dead = FakeRasa()  # its port is free: every connection is refused
    way = Rasa([dead.url, rasa.url], TOKEN, [rasa.url])
    said = {"message": "hello", "choice": None, "language": None, "state": State()}
    for _ in range(2 * FAILURES):
        turn = await way.turn("c", "m", **said)  # type: ignore[arg-type]
        assert turn.messages[0].text == "you said hello"
    began = time.monotonic()
    await rasa.stop()
    with pytest.raises(RasaAway):
        await way.turn("c", "m", **said)  # type: ignore[arg-type]
    assert time.monotonic() - began < 10, "nobody waits for nothing"
    await dead.start()  # it rests no more after a while
    await eventually(lambda: _answers(way), within=20)
    await way.close()
    await dead.stop()


async def _answers(way: Rasa) -> bool:
    try:
        await way.turn("c", "m", message="hello", choice=None, language=None, state=State())
    except RasaAway:
        return False
    return True


def test_a_message_cut_in_the_middle_is_not_taken(desk_url: str) -> None:
    person = Person(Api(desk_url))
    body = json.dumps({"text": "What papers do I need for F-5?", "key": "cut"}).encode()
    head = _head(person, len(body))
    for sent in (head[:40], head, head + body[:20]):
        with _connection(desk_url) as connection:
            connection.sendall(sent)
            # RST instead of FIN: the cable is pulled.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert len(person.state()["messages"]) == 1


def test_a_message_whose_answer_cannot_be_told_is_answered_once(desk_url: str) -> None:
    person = Person(Api(desk_url))
    body = json.dumps({"text": "What papers do I need for F-5?", "key": "cut"}).encode()
    for _ in range(3):  # sent, cut off, sent again
        with _connection(desk_url) as connection:
            connection.sendall(_head(person, len(body)) + body)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    path = f"{desk_url}/v1/conversations/{person.id}/messages"
    request = urllib.request.Request(path, body, method="POST")
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", f"Bearer {person.token}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        replies = json.load(answer)["messages"]
    assert [m["id"] for m in replies] == [m["id"] for m in person.state()["messages"][2:]]
    assert [m["role"] for m in person.state()["messages"]].count("applicant") == 1


def _connection(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def _head(person: Person, length: int) -> bytes:
    return (
        f"POST /v1/conversations/{person.id}/messages HTTP/1.1\r\n"
        f"Host: desk\r\nAuthorization: Bearer {person.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()

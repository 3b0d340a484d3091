"""Two gateways with one PostgreSQL and one Redis: they answer as one desk."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot import conversations, events, locks, shared
from bot.conversations import Desk
from bot.masking import Masking
from bot.messages import Conversation, Message
from bot.rasa import Rasa
from bot.shared import at_one_gateway, connect
from bot.store import Store
from tests.bot.fake_rasa import TOKEN, FakeRasa
from tests.bot.test_conversations import eventually
from tests.servers import Postgres, Redis


@pytest_asyncio.fixture
async def redis() -> AsyncIterator[Redis]:
    with Redis() as server:
        yield server


@pytest_asyncio.fixture
async def desks(
    postgres: Postgres, redis: Redis, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Desk, Desk]]:
    monkeypatch.setattr(conversations, "LEFT_BEHIND", 0.2)
    monkeypatch.setattr(events, "LOOK_AGAIN", 0.2)
    monkeypatch.setattr(locks, "REST", 0.2)
    url = postgres.fresh()
    async with contextlib.AsyncExitStack() as stack:
        both = []
        for _ in range(2):
            store = await Store.open(url)
            stack.push_async_callback(store.close)
            way = Rasa([rasa.url], TOKEN, [rasa.url])
            stack.push_async_callback(way.close)
            client = connect(redis.url)
            stack.push_async_callback(client.close)
            both.append(
                await stack.enter_async_context(Desk(store, way, Masking("key"), shared=client))
            )
        yield both[0], both[1]
    postgres.drop(url)


async def heard(queue: asyncio.Queue[Any], text: str, within: float = 20) -> Message:
    """The message with this text, waited for."""

    async def wait() -> Message:
        while True:
            event = await queue.get()
            if isinstance(event, Message) and event.text == text:
                return event

    return await asyncio.wait_for(wait(), within)


async def test_who_listens_at_one_gateway_hears_what_is_said_at_the_other(
    desks: tuple[Desk, Desk],
) -> None:
    here, there = desks
    conversation, _, _ = await here.open()
    async with here.subscribe(conversation.id) as queue:
        await there.say(conversation, "hello")
        assert (await heard(queue, "hello")).role == "applicant"
        await heard(queue, "you said hello")
        await there.erase(conversation)
        while await asyncio.wait_for(queue.get(), 20) != "erased":
            pass


async def test_no_word_goes_through_redis(desks: tuple[Desk, Desk], redis: Redis) -> None:
    here, there = desks
    conversation, _, _ = await here.open()
    async with here.subscribe(conversation.id) as queue:
        await there.say(conversation, "my secret")
        await heard(queue, "you said my secret")
    async with connect(redis.url) as client:
        assert [key async for key in client.scan_iter()] == [b"ieum:events"]
        stream = str(await client.xrange("ieum:events"))
    assert conversation.id in stream
    assert "secret" not in stream


async def test_a_message_sent_to_both_is_answered_once(
    desks: tuple[Desk, Desk], rasa: FakeRasa
) -> None:
    here, there = desks
    conversation, _, _ = await here.open()
    rasa.pause = 0.3
    for number in range(3):
        await asyncio.gather(
            *(desk.say(conversation, f"hello {number}", key=f"k{number}") for desk in desks)
        )
    said = [m.text for m in await there.store.messages(conversation.id)][1:]
    assert said == [
        text for number in range(3) for text in (f"hello {number}", f"you said hello {number}")
    ]
    assert len(rasa.heard) == 3


async def test_a_burst_through_both_is_answered_in_order(
    desks: tuple[Desk, Desk], rasa: FakeRasa
) -> None:
    conversation, _, _ = await desks[0].open()
    rasa.pause = 0.02
    for number in range(8):
        await desks[number % 2].hear(conversation, f"m{number}")

    async def all_answered() -> bool:
        return not await desks[0].store.conversations_waiting()

    await eventually(all_answered)
    assert [body["message"] for body in rasa.heard] == [f"m{number}" for number in range(8)]


async def test_what_a_dead_gateway_left_is_answered_by_the_other(
    desks: tuple[Desk, Desk], redis: Redis, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LASTS", 1.0)
    here, there = desks
    conversation, _, _ = await here.open()
    async with there.subscribe(conversation.id) as queue:
        async with connect(redis.url) as client:  # what is left of it: the message and its lock
            await client.lock(f"ieum:answering:{conversation.id}", 1.0).acquire()
            await here.store.add_said(conversation, "my stay ends tomorrow")
        await heard(queue, "you said my stay ends tomorrow")
    assert len(rasa.heard) == 1


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_while_redis_is_away_people_are_answered_all_the_same(
    desks: tuple[Desk, Desk], redis: Redis, rasa: FakeRasa, blow: signal.Signals
) -> None:
    here, there = desks
    conversation, _, _ = await here.open()
    async with here.subscribe(conversation.id) as queue:
        await there.say(conversation, "before")
        await heard(queue, "you said before")
        redis.signal(blow)
        await there.say(conversation, "meanwhile")
        await heard(queue, "you said meanwhile")
        if blow is signal.SIGSTOP:
            redis.signal(signal.SIGCONT)
        else:
            redis.start()
        await there.say(conversation, "after")
        await heard(queue, "you said after")
    assert [body["message"] for body in rasa.heard] == ["before", "meanwhile", "after"]
    await _nothing_twice(there, conversation)


async def test_a_door_is_open_at_one_gateway_and_another_takes_its_place(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LASTS", 2.0)
    monkeypatch.setattr(shared, "TRY_AGAIN", 0.1)
    seen: list[str] = []

    class Door:
        def __init__(self, name: str) -> None:
            self.name = name

        async def start(self) -> None:
            seen.append(f"{self.name} opens")

        async def stop(self) -> None:
            seen.append(f"{self.name} closes")

    async with connect(redis.url) as client:
        app = web.Application()
        first = at_one_gateway(client, "telegram", lambda: Door("first"))(app)
        second = at_one_gateway(client, "telegram", lambda: Door("second"))(app)
        await first.__anext__()
        await eventually(lambda: _is(seen, ["first opens"]))
        await second.__anext__()
        await asyncio.gather(anext(first, None))
        await eventually(lambda: _is(seen, ["first opens", "first closes", "second opens"]))
        await asyncio.gather(anext(second, None))
    assert seen[-1] == "second closes"


async def _is(seen: list[str], wanted: list[str]) -> bool:
    return seen == wanted


async def _nothing_twice(desk: Desk, conversation: Conversation) -> None:
    said = [m.text for m in await desk.store.messages(conversation.id)]
    assert len(said) == len(set(said))

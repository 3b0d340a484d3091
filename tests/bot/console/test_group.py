"""What the counsellors' Telegram group is told, and what it is not."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from bot.cases.counsel import Cases
from bot.console.group import CounsellorsGroup
from tests.bot.console.running import BASE, RunningConsole
from tests.telegram_double.person import Group
from tests.telegram_double.server import BotApi


@pytest_asyncio.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApi]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with BotApi(rate=50) as running:
        yield running


def group_of(console: RunningConsole, api: BotApi, chat: Group, cases: Cases) -> CounsellorsGroup:
    settings = msgspec.structs.replace(
        console.settings,
        telegram_token=api.token,
        telegram_api=api.url,
        counsellors_chat=str(chat.id),
        public_url="https://desk.example",
    )
    return CounsellorsGroup(settings, BASE, console.store, cases)


async def test_the_group_is_told_of_each_case_once_and_nothing_about_the_person(
    console: RunningConsole, api: BotApi
) -> None:
    chat = api.group("상담원")
    conversation, _ = await console.person("Tôi tên là Lan, số 010-2345-6789")
    case = await console.case_of(conversation)
    one = group_of(console, api, chat, console.cases)
    await one.tell()
    await one.tell()
    await group_of(console, api, chat, console.cases).tell()  # another gateway
    assert len(chat.texts) == 1
    assert f"https://desk.example/console/cases/{case}" in chat.texts[0]
    assert "한국인 배우자의 영주권" in chat.texts[0]
    assert "베트남어" in chat.texts[0]
    for private in ("Lan", "010", "2345", conversation.id):
        assert private not in chat.texts[0]


async def test_a_case_that_becomes_an_emergency_is_told_again(
    console: RunningConsole, api: BotApi
) -> None:
    chat = api.group("상담원")
    conversation, _ = await console.person("Giúp tôi")
    group = group_of(console, api, chat, console.cases)
    await group.tell()
    again, _ = await console.person("Chồng đánh tôi", danger="violence")
    state = (await console.store.conversation(again.id)).state  # type: ignore[union-attr]
    console.rasa.script["Chồng đánh tôi nữa"] = [
        {"messages": [], "state": msgspec.to_builtins(state)}
    ]
    await console.desk.say(conversation, "Chồng đánh tôi nữa")
    while len(chat.texts) < 3:  # Telegram may ask for patience between two messages
        await group.tell()
    assert sum("긴급" in text for text in chat.texts) == 2


async def test_what_telegram_refuses_is_told_later(
    console: RunningConsole, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    chat = api.group("상담원")
    await console.person("Giúp tôi")
    group = group_of(console, api, chat, console.cases)
    del api.chats[chat.id]  # the bot is not in the group yet
    with caplog.at_level(logging.WARNING):
        await group.tell()
    assert "could not be told" in caplog.text
    api.chats[chat.id] = chat
    await group.tell()
    assert len(chat.texts) == 1


async def test_the_bot_stays_in_the_counsellors_group(console: RunningConsole, api: BotApi) -> None:
    ours, another, minji = api.group("상담원"), api.group("Flat hunters"), api.person("민지")
    settings = msgspec.structs.replace(
        console.settings,
        telegram_token=api.token,
        telegram_api=api.url,
        counsellors_chat=str(ours.id),
    )
    with_telegram = RunningConsole(settings, console.rasa)
    await with_telegram.start()
    ours.adds_bot(minji)
    ours.sends("/start", minji)
    another.adds_bot(minji)
    await api.until(lambda: another.left, why="the bot leaves other groups")
    await with_telegram.stop()
    assert not ours.left
    assert ours.texts == []

"""Reminders as the gateway keeps and sends them: in time, once, and no longer than wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot import conversations
from bot.conversations import Desk
from bot.messages import Conversation, Message
from bot.settings import Settings
from bot.store import Store, reminders
from knowledge.periods import SEOUL
from tests.bot.fake_rasa import FakeRasa, turn

ON = date(2027, 3, 21)


def reminder(on: date = ON, text: str = "Your stay ends soon.", **more: Any) -> dict[str, Any]:
    return {
        "about": "fact/stay_until",
        "before": "P2M",
        "day": "2027-05-21",
        "on": on.isoformat(),
        "what": "Last day of stay",
        "text": text,
        "language": "en",
        "choices": [{"label": "Talk to a person", "value": "act:human"}],
        **more,
    }


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the clock in Korea; the desk looks at it every few milliseconds."""
    monkeypatch.setattr(conversations, "REMIND_EVERY", 0.02)

    def set_clock(day: date, hour: int = 12) -> None:
        now = datetime(day.year, day.month, day.day, hour, tzinfo=SEOUL)
        monkeypatch.setattr(conversations, "seoul_now", lambda: now)

    set_clock(date(2026, 11, 22))
    return set_clock


async def _ask(desk: Desk, rasa: FakeRasa, *wanted: dict[str, Any]) -> Conversation:
    conversation, _, _ = await desk.open("en")
    await _say(desk, rasa, conversation, *wanted)
    return conversation


async def _say(
    desk: Desk, rasa: FakeRasa, conversation: Conversation, *wanted: dict[str, Any]
) -> None:
    rasa.answer = lambda body: turn("Noted.", reminders=list(wanted))  # type: ignore[method-assign]
    await desk.say(conversation, "remind me")


async def _reminded(desk: Desk, conversation: Conversation) -> list[Message]:
    said = await desk.store.messages(conversation.id)
    return [m for m in said if (m.card or {}).get("about") == "reminder"]


async def _until_reminded(desk: Desk, conversation: Conversation) -> Message:
    for _ in range(500):
        if found := await _reminded(desk, conversation):
            return found[-1]
        await asyncio.sleep(0.02)
    raise AssertionError("no reminder came")


async def test_it_comes_on_its_day_in_the_morning_and_once(
    desk: Desk, rasa: FakeRasa, clock: Callable[..., None]
) -> None:
    async with desk:
        conversation = await _ask(desk, rasa, reminder())
        async with desk.subscribe(conversation.id) as events:
            clock(ON - timedelta(days=1), 23)
            await asyncio.sleep(0.1)
            clock(ON, 8)
            await asyncio.sleep(0.1)
            assert not await _reminded(desk, conversation)
            clock(ON, 9)
            said = await asyncio.wait_for(events.get(), 10)
        assert isinstance(said, Message)
        assert (said.role, said.language, said.text) == ("desk", "en", "Your stay ends soon.")
        assert [choice.value for choice in said.choices] == ["act:human"]
        clock(ON + timedelta(days=1))
        await asyncio.sleep(0.1)
        assert len(await _reminded(desk, conversation)) == 1


async def test_it_outlives_a_restart_and_a_desk_that_was_down_on_the_day(
    desk: Desk, rasa: FakeRasa, settings: Settings, clock: Callable[..., None]
) -> None:
    async with desk:
        conversation = await _ask(desk, rasa, reminder())
    clock(ON + timedelta(days=2))
    store = await Store.open(settings.database)
    async with Desk(store, desk.rasa, desk.masking) as next_desk:
        await _until_reminded(next_desk, conversation)
    await store.close()


async def test_two_gateways_send_it_once(
    desk: Desk, rasa: FakeRasa, settings: Settings, clock: Callable[..., None]
) -> None:
    async with desk:
        people = [await _ask(desk, rasa, reminder()) for _ in range(20)]
        second = await Store.open(settings.database)
        sent = await asyncio.gather(
            *(store.send_reminders(ON.isoformat()) for store in (desk.store, second) * 3)
        )
        assert sum(map(len, sent)) == len(people)
        for person in people:
            assert len(await _reminded(desk, person)) == 1
        await second.close()


async def test_one_that_moves_or_is_taken_back_does_not_come_on_the_old_day(
    desk: Desk, rasa: FakeRasa, clock: Callable[..., None]
) -> None:
    async with desk:
        moved = await _ask(desk, rasa, reminder())
        dropped = await _ask(desk, rasa, reminder())
        kept = await _ask(desk, rasa, reminder())
        later = ON + timedelta(days=365)
        await _say(desk, rasa, moved, reminder(later, day="2028-05-20"))
        await _say(desk, rasa, dropped)
        clock(ON)
        await _until_reminded(desk, kept)
        assert not await _reminded(desk, moved)
        assert not await _reminded(desk, dropped)
        clock(later)
        await _until_reminded(desk, moved)


async def test_what_is_said_after_it_was_sent_does_not_send_it_again(
    desk: Desk, rasa: FakeRasa, clock: Callable[..., None]
) -> None:
    async with desk:
        conversation = await _ask(desk, rasa, reminder())
        clock(ON)
        await _until_reminded(desk, conversation)
        await _say(desk, rasa, conversation, reminder())
        await _say(desk, rasa, conversation)
        await asyncio.sleep(0.1)
        assert len(await _reminded(desk, conversation)) == 1


async def test_its_words_follow_the_language(
    desk: Desk, rasa: FakeRasa, clock: Callable[..., None]
) -> None:
    async with desk:
        conversation = await _ask(desk, rasa, reminder())
        await _say(desk, rasa, conversation, reminder(text="곧 체류기간이 끝나요.", language="ko"))
        clock(ON)
        said = await _until_reminded(desk, conversation)
    assert (said.language, said.text) == ("ko", "곧 체류기간이 끝나요.")


async def test_it_is_erased_with_the_conversation(
    desk: Desk, rasa: FakeRasa, clock: Callable[..., None]
) -> None:
    async with desk:
        conversation = await _ask(desk, rasa, reminder())
        await desk.erase(conversation)
        rows = await desk.store._run(lambda db: list(db.execute(reminders.select())))
    assert rows == []


async def test_past_the_retention_only_the_reminder_is_left(
    desk: Desk, rasa: FakeRasa, clock: Callable[..., None]
) -> None:
    async with desk:
        waiting = await _ask(desk, rasa, reminder())
        idle = await _ask(desk, rasa)
        assert await desk.store.erase_before("2999-01-01T00:00:00Z") == 2
        assert await desk.store.conversation(idle.id) is None
        assert await desk.store.messages(waiting.id) == []
        left = await desk.store.conversation(waiting.id)
        assert left
        assert left.state.facts == {}
        assert [r.on for r in left.state.reminders] == [ON.isoformat()]
        clock(ON)
        await _until_reminded(desk, waiting)
        # Its own words are kept as long as any others.
        assert await desk.store.erase_before("2999-01-01T00:00:00Z") == 1
        assert await desk.store.conversation(waiting.id) is None

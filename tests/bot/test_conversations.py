"""What a person wrote is never lost, never answered twice, and answered in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.conversations import MOST_FAILURES, Desk, clean, supported_language
from bot.masking import Masking
from bot.messages import Conversation
from bot.rasa import Rasa
from bot.settings import Settings
from bot.store import MOST_WAITING, Erased, Store, TooManyWaiting
from tests.bot.fake_rasa import TOKEN, FakeRasa, turn

ON_BOTH_DATABASES = True


async def eventually(holds: Callable[[], Awaitable[bool]], within: float = 10) -> None:
    """Wait until `holds`; fails where it does not in time."""
    began = time.monotonic()
    while not await holds():
        assert time.monotonic() - began < within, "it never came about"
        await asyncio.sleep(0.02)


async def texts(desk: Desk, conversation: Conversation) -> list[str]:
    """Role and text of everything said after the greeting."""
    messages = await desk.store.messages(conversation.id)
    return [f"{message.role}: {message.text}" for message in messages[1:]]


async def test_while_rasa_is_away_the_person_is_told_and_answered_later(
    desk: Desk, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, _, _ = await desk.open()
        await rasa.stop()
        async with desk.subscribe(conversation.id) as events:
            [notice] = await desk.say(conversation, "Is anybody there?")
            assert notice.role == "system"
            assert "safe" in notice.text
            await rasa.start()
            await eventually(lambda: _answered(desk))
            told = [events.get_nowait() for _ in range(events.qsize())]
        assert await texts(desk, conversation) == [
            "applicant: Is anybody there?",
            f"system: {notice.text}",
            "desk: you said Is anybody there?",
        ]
        assert told[-1] == (await desk.store.messages(conversation.id))[-1]


async def test_rasa_stopped_in_the_middle_of_a_turn(desk: Desk, rasa: FakeRasa) -> None:
    async with desk:
        conversation, _, _ = await desk.open()
        rasa.pause = 30
        saying = asyncio.create_task(desk.say(conversation, "two years"))
        await eventually(lambda: _truth(bool(rasa.heard)))
        await rasa.stop()
        [notice] = await saying
        assert notice.role == "system"
        rasa.pause = 0
        await rasa.start()
        await eventually(lambda: _answered(desk))
        said = await texts(desk, conversation)
        assert said.count("desk: you said two years") == 1
        # Rasa is told that it is the same message, so that it can know it again.
        assert len({body["id"] for body in rasa.heard}) == 1


async def test_messages_kept_in_an_outage_are_answered_in_order(desk: Desk, rasa: FakeRasa) -> None:
    async with desk:
        conversation, _, _ = await desk.open()
        await rasa.stop()
        for text in ("one", "two", "three"):
            assert [m.role for m in await desk.say(conversation, text)] == ["system"]
        await rasa.start()
        await eventually(lambda: _answered(desk))
        answers = [line for line in await texts(desk, conversation) if line.startswith("desk")]
        assert answers == ["desk: you said one", "desk: you said two", "desk: you said three"]


async def test_a_gateway_that_died_leaves_its_messages_to_the_next(
    desk: Desk, rasa: FakeRasa, settings: Settings
) -> None:
    conversation, _, _ = await desk.open()
    await desk.store.add_said(conversation, "my D-4 ends tomorrow")
    store = await Store.open(settings.database)
    way = Rasa([rasa.url], TOKEN, [rasa.url])
    async with Desk(store, way, Masking("key")) as after_it:
        await eventually(lambda: _answered(after_it))
        assert await texts(after_it, conversation) == [
            "applicant: my D-4 ends tomorrow",
            "desk: you said my D-4 ends tomorrow",
        ]
    await way.close()
    await store.close()


async def test_a_resent_message_finds_the_answer_that_came_meanwhile(
    desk: Desk, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, _, _ = await desk.open()
        await rasa.stop()
        await desk.say(conversation, "hello", key="k")
        await rasa.start()
        await eventually(lambda: _answered(desk))
        again = await desk.say(conversation, "hello", key="k")
        assert [m.role for m in again] == ["system", "desk"]
        assert len(rasa.heard) == 1


@pytest.mark.parametrize("failure", [500, [], {"not": "a list"}, [{"messages": []}]])
async def test_a_message_rasa_always_fails_at_does_not_hold_up_the_rest(
    desk: Desk, rasa: FakeRasa, failure: Any
) -> None:
    rasa.answer = lambda body: failure if body["message"] == "poison" else turn("fine")
    async with desk:
        conversation, _, _ = await desk.open()
        assert [m.role for m in await desk.say(conversation, "poison")] == ["system"]
        await eventually(lambda: _answered(desk))
        assert [m.text for m in await desk.say(conversation, "hello")] == ["fine"]
        said = await texts(desk, conversation)
        assert sum("fault on our side" in line for line in said) == 1
        assert [b["message"] for b in rasa.heard] == ["poison"] * MOST_FAILURES + ["hello"]


@pytest.mark.parametrize("step", ["conversations_waiting", "waiting", "add_answer"])
async def test_a_repair_outlives_a_broken_database(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    works, fails = getattr(desk.store, step), [True, True]

    async def sometimes(*given: Any) -> Any:
        if fails:
            fails.pop()
            raise sa.exc.OperationalError("select", {}, Exception("disk I/O error"))
        return await works(*given)

    monkeypatch.setattr(desk.store, step, sometimes)
    conversation, _, _ = await desk.open()
    await desk.store.add_said(conversation, "hello")
    async with desk:
        await eventually(lambda: _truth(not fails))
        await eventually(lambda: _answered(desk))
    assert await texts(desk, conversation) == ["applicant: hello", "desk: you said hello"]


async def test_more_than_can_wait_is_not_taken(desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    for n in range(MOST_WAITING):
        await desk.store.add_said(conversation, f"message {n}")
    with pytest.raises(TooManyWaiting):
        await desk.hear(conversation, "one more")


async def test_what_was_heard_is_answered_though_nobody_waits_for_it(
    desk: Desk, rasa: FakeRasa
) -> None:
    rasa.pause = 0.1
    conversation, _, _ = await desk.open()
    saying = asyncio.create_task(desk.say(conversation, "hello"))
    await eventually(lambda: _waits(desk))
    saying.cancel()
    await eventually(lambda: _answered(desk))
    assert await texts(desk, conversation) == ["applicant: hello", "desk: you said hello"]


async def test_nothing_can_be_said_in_an_erased_conversation(desk: Desk) -> None:
    conversation, _, _ = await desk.open()
    await desk.erase(conversation)
    with pytest.raises(Erased):
        await desk.say(conversation, "hello")


async def test_erasing_waits_for_the_answer_that_is_under_way(desk: Desk, rasa: FakeRasa) -> None:
    rasa.pause = 0.2
    conversation, _, _ = await desk.open()
    saying = asyncio.create_task(desk.say(conversation, "hello"))
    await eventually(lambda: _truth(bool(rasa.heard)))
    await desk.erase(conversation)
    assert [m.text for m in await saying] == ["you said hello"]
    assert await desk.store.messages(conversation.id) == []


async def test_a_language_once_chosen_is_kept_and_follows_a_new_choice(
    desk: Desk, rasa: FakeRasa
) -> None:
    conversation, _, _ = await desk.open()
    rasa.answer = lambda body: turn("はい", language="ja")
    await desk.say(conversation, "こんにちは")
    rasa.answer = lambda body: turn("네", language="ko")
    await desk.say(conversation, choice="language:ko")
    await desk.say(conversation, "F6")
    assert [body["language"] for body in rasa.heard] == [None, "ko", "ko"]


async def test_old_conversations_are_erased(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.now", lambda: "2020-01-01T00:00:00Z")
    old, _, _ = await desk.open()
    monkeypatch.undo()
    new, _, _ = await desk.open()
    async with desk:
        await eventually(lambda: _gone(store, old))
    assert await store.conversation(new.id) is not None


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        ("ja", "ja"),
        ("zh-Hant-TW", "zh"),
        ("fil-PH", "tl"),
        ("fr-FR,de;q=0.9, VI;q=0.1", "vi"),
        ("xx", None),
        ("", None),
        (None, None),
    ],
)
def test_language_tags(tags: str | None, language: str | None) -> None:
    assert supported_language(tags) == language


def test_joiners_that_letters_need_stay() -> None:
    assert clean("क्‍ष \x07👩‍👩‍👧\ud800") == "क्‍ष 👩‍👩‍👧"


async def _answered(desk: Desk) -> bool:
    return not await desk.store.conversations_waiting()


async def _waits(desk: Desk) -> bool:
    return bool(await desk.store.conversations_waiting())


async def _gone(store: Store, conversation: Conversation) -> bool:
    return await store.conversation(conversation.id) is None


async def _truth(value: bool) -> bool:
    return value

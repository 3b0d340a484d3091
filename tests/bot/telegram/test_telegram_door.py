"""The door as a whole: real library, real desk, Telegram's faults."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import datetime

import aiohttp
import pytest

from bot.messages import Utterance
from bot.store import add_utterances
from knowledge.periods import SEOUL
from tests.bot.telegram.running import SECRET, RunningDoor, ScriptedRasa, phrase, says
from tests.telegram_double.errors import Refusal, too_many_requests
from tests.telegram_double.server import BotApi

HEADER = "X-Telegram-Bot-Api-Secret-Token"


async def test_a_conversation_by_long_polling(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    await _hold_conversation(rasa, api)


async def test_the_same_conversation_by_webhook(
    hooked_door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    await _hold_conversation(rasa, api)
    assert set(api.webhook_answers) == {200}
    assert api.token not in api.webhook_url


async def _hold_conversation(rasa: ScriptedRasa, api: BotApi) -> None:
    married = says("Are you married?", ("Yes", "fact:marriage=intact"), ("No", "fact:marriage=no"))
    rasa.answers("F-5 please", says("Permanent residence."), married)
    rasa.answers("fact:marriage=intact", says("You can apply now."))
    aiko = api.person("Aiko", "ja")
    aiko.sends("/start")
    await aiko.hears(phrase("greeting")[:40])
    aiko.sends("F-5 please")
    question = await aiko.hears("Are you married?")
    query = aiko.taps("Yes")
    await aiko.hears("You can apply now.")
    assert rasa.told() == ["F-5 please", "fact:marriage=intact"]
    assert list(question.buttons) == ["✓ Yes"]
    assert api.answer_to(query) == ""
    assert "typing" in aiko.actions
    assert not [refusal for _, refusal in api.refusals]


async def test_who_writes_without_start_is_greeted_and_answered(
    door: RunningDoor, api: BotApi
) -> None:
    aiko = api.person("Aiko", "ko-KR")
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    assert aiko.texts[0].startswith(phrase("greeting", "ko")[:40])


async def test_a_link_greets_in_its_language(door: RunningDoor, api: BotApi) -> None:
    bat = api.person("Bat", "en")
    bat.sends("/start ja")
    await bat.hears(phrase("greeting", "ja")[:40])


async def test_a_second_start_keeps_the_conversation(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person()
    aiko.sends("one")
    aiko.sends("/start some-poster")
    await aiko.hears(phrase("telegram.welcome_back", "en"))
    aiko.sends("two")
    await aiko.hears("You said: two")
    assert len({body["sender"] for body in rasa.heard}) == 1


async def test_an_update_that_comes_again_is_handled_once(
    hooked_door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person()
    update = aiko.sends("hello")
    await aiko.hears("You said: hello")
    api.again(update)
    await hooked_door.restart()
    api.again(update)
    aiko.sends("after")
    await aiko.hears("You said: after")
    assert rasa.told() == ["hello", "after"]
    assert aiko.texts.count("You said: hello") == 1


async def test_what_was_taken_before_a_crash_is_answered_after_it(
    hooked_door: RunningDoor, rasa: ScriptedRasa, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = asyncio.Event()

    async def crash(*_: object, **__: object) -> None:
        stuck.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as crashing:
        crashing.setattr("bot.telegram.door.LONGEST_STOP", 0.1)
        crashing.setattr("bot.conversations.Desk.say", crash)
        aiko = api.person()
        aiko.sends("lost?")
        await asyncio.wait_for(stuck.wait(), 10)
        assert api.pending() == 0  # Telegram counts it as taken and will not send it again
        await hooked_door.stop()
    assert not rasa.heard
    await hooked_door.start()
    await aiko.hears("You said: lost?")
    assert rasa.told() == ["lost?"]


async def test_an_update_that_stops_the_desk_each_time_is_left_out(
    hooked_door: RunningDoor, rasa: ScriptedRasa, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    async def crash(*_: object, **__: object) -> None:
        tried.append(True)
        await asyncio.Event().wait()

    aiko = api.person()
    with monkeypatch.context() as crashing:
        crashing.setattr("bot.telegram.door.LONGEST_STOP", 0.1)
        crashing.setattr("bot.conversations.Desk.say", crash)
        aiko.sends("poison")
        for _ in range(4):
            await api.until(lambda: tried, why="a try")
            tried.clear()
            await hooked_door.restart()
        await asyncio.sleep(0.2)
        assert not tried
    aiko.sends("hello")
    await asyncio.sleep(0.1)
    await hooked_door.restart()
    await aiko.hears("You said: hello")


async def test_a_burst_is_answered_in_order_and_below_the_flood_limit(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person()
    words = [f"word {number}" for number in range(6)]
    for word in words:
        aiko.sends(word)
    await aiko.hears("You said: word 5")
    assert [text for text in aiko.texts if "You said" in text] == [f"You said: {w}" for w in words]
    assert not [refusal for _, refusal in api.refusals]


async def test_one_slow_person_does_not_hold_up_another(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko, minh = api.person("Aiko"), api.person("Minh")
    rasa.pause = 1.0
    aiko.sends("one")
    aiko.sends("two")
    minh.sends("three")
    await minh.hears("You said: three")
    assert "You said: two" not in aiko.texts
    await aiko.hears("You said: two")


async def test_too_many_requests_is_waited_out(door: RunningDoor, api: BotApi) -> None:
    aiko = api.person()
    api.faults = [("sendMessage", too_many_requests(1)), ("sendMessage", too_many_requests(1))]
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    assert [refusal.code for _, refusal in api.refusals] == [429, 429]


async def test_messages_outlive_a_network_that_breaks(
    door: RunningDoor, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.delivery.PAUSES", (0.05,) * 20)
    aiko = api.person()
    aiko.sends("/start")
    await aiko.hears_more(0)
    api.faults = [("sendMessage", Refusal(502, "Bad Gateway"))] * 3
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    assert aiko.texts.count("You said: hello") == 1
    api.break_connections = 3
    aiko.sends("again")
    await aiko.hears("You said: again", seconds=20)


async def test_what_telegram_did_not_take_is_sent_after_the_next_start(
    door: RunningDoor, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    aiko = api.person()
    aiko.sends("/start")
    await aiko.hears_more(0)
    monkeypatch.setattr("bot.telegram.delivery.PAUSES", (0.05, 0.05))
    api.faults = [("sendMessage", Refusal(502, "Bad Gateway"))] * 3
    aiko.sends("hello")
    await api.until(lambda: not api.faults, why="the last try")
    await door.restart()
    await aiko.hears("You said: hello")
    assert aiko.texts.count("You said: hello") == 1


async def test_a_message_that_telegram_refuses_does_not_hold_up_the_next(
    door: RunningDoor, api: BotApi
) -> None:
    aiko = api.person()
    aiko.sends("/start")
    await aiko.hears_more(0)
    api.faults = [("sendMessage", Refusal(400, "Bad Request: no reason at all"))]
    aiko.sends("one")
    aiko.sends("two")
    await aiko.hears("You said: two")
    assert "You said: one" not in aiko.texts


async def test_rasa_away_is_told_and_the_answer_comes_by_itself(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person()
    await rasa.stop()
    aiko.sends("hello")
    await aiko.hears(phrase("please_wait"), seconds=20)
    await rasa.start()
    await aiko.hears("You said: hello", seconds=20)


async def test_what_a_counsellor_writes_arrives_by_itself(door: RunningDoor, api: BotApi) -> None:
    aiko = api.person()
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    await _counsellor_writes(door, aiko.id, "Good morning & welcome")
    sent = await aiko.hears("Good morning & welcome")
    assert sent.text.startswith(phrase("telegram.counsellor", "en"))


async def _counsellor_writes(door: RunningDoor, chat_id: int, text: str) -> None:
    """As the console does it: a message of that role, stored and told."""
    desk = door.desk
    conversation = await desk.find("telegram", str(chat_id))
    assert conversation
    said = await desk.store._run(
        lambda db: add_utterances(db, conversation.id, [Utterance(text, "en")], "counsellor")
    )
    desk.tell(conversation.id, said)


async def test_a_blocked_bot_is_noticed_and_heals(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person()
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    rasa.pause = 0.3
    aiko.sends("later")
    aiko.blocked = True  # Telegram's own notice of it comes later, or never
    await api.until(lambda: _refused(api, 403), why="Forbidden")
    await _until_blocked(door, aiko.id)
    aiko.unblocks()
    await aiko.hears("You said: later")
    assert not await _blocked(door, aiko.id)
    aiko.blocks()
    await _until_blocked(door, aiko.id)
    aiko.blocked = False
    aiko.sends("back again")
    await aiko.hears("You said: back again")
    assert not await _blocked(door, aiko.id)


def _refused(api: BotApi, code: int) -> bool:
    return any(method == "sendMessage" and refusal.code == code for method, refusal in api.refusals)


async def _blocked(door: RunningDoor, chat_id: int) -> str | None:
    chat = await door.chats.get(chat_id)
    assert chat
    return chat.blocked_at


async def _until_blocked(door: RunningDoor, chat_id: int) -> None:
    for _ in range(1000):
        if await _blocked(door, chat_id):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the block was not noticed")


@pytest.mark.parametrize("secret", [None, "", "wrong", "s3cret-of-the-webhooc", "ü"])
async def test_the_webhook_refuses_whoever_is_not_telegram(
    hooked_door: RunningDoor, rasa: ScriptedRasa, api: BotApi, secret: str | None
) -> None:
    aiko = api.person()
    update = {
        "update_id": 1,
        "message": api.message(aiko, aiko.as_user(), text="let me in"),
    }
    headers = {} if secret is None else {HEADER: secret}
    async with aiohttp.ClientSession() as http:
        url = f"{hooked_door.url}/telegram/webhook"
        async with http.post(url, json=update, headers=headers) as answer:
            assert answer.status == 403
    assert not rasa.heard


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"{}", b'"update_id"'])
async def test_the_webhook_says_no_to_what_is_no_update(
    hooked_door: RunningDoor, body: bytes
) -> None:
    from tests.bot.telegram.running import SECRET

    async with aiohttp.ClientSession() as http:
        url = f"{hooked_door.url}/telegram/webhook"
        async with http.post(url, data=body, headers={HEADER: SECRET}) as answer:
            assert answer.status == 400


async def test_there_is_no_webhook_when_polling(door: RunningDoor) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{door.url}/telegram/webhook", json={}) as answer,
    ):
        assert answer.status in (404, 405)


async def test_polling_starts_although_a_webhook_was_set(
    door: RunningDoor, api: BotApi, webhook: object
) -> None:
    await door.stop()
    api.webhook_url = "https://elsewhere.example/hook"
    await door.start()
    aiko = api.person()
    aiko.sends("hello")
    await aiko.hears("You said: hello")


async def test_a_wrong_token_is_said_plainly_and_never_logged(
    door: RunningDoor, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    await door.stop()
    caplog.set_level(logging.DEBUG, "bot")
    caplog.set_level(logging.INFO)
    api.token = "424242:BBF-another-bots-token-98765432109"
    wrong = door.settings.telegram_token
    await door.start()
    await api.until(lambda: "@BotFather" in caplog.text, why="the log")
    assert wrong not in caplog.text
    async with aiohttp.ClientSession() as http, http.get(door.url) as answer:
        assert answer.status == 200  # the gateway itself runs


async def test_a_second_program_with_the_same_token_is_named(
    door: RunningDoor, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiohttp.ClientSession() as http:
        await api.until(lambda: api.called("getUpdates"), why="polling")
        async with http.post(f"{api.url}/bot{api.token}/getUpdates", json={"timeout": 1}):
            await api.until(lambda: "Another program" in caplog.text, why="the log")
    aiko = api.person()
    aiko.sends("hello")
    await aiko.hears("You said: hello", seconds=20)


async def test_the_door_opens_when_telegram_comes_back(
    door: RunningDoor, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    await door.stop()
    api.break_connections = 1
    await door.start()
    aiko = api.person()
    aiko.sends("hello")
    await aiko.hears("You said: hello", seconds=20)
    assert api.token not in caplog.text


async def test_words_and_token_stay_out_of_the_log(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rasa.script["my secret"] = 500
    aiko = api.person()
    aiko.sends("my secret")
    await aiko.hears_more(1)
    assert "my secret" not in caplog.text
    assert api.token not in caplog.text


async def test_the_commands_are_offered_in_the_desks_languages(
    door: RunningDoor, api: BotApi
) -> None:
    await api.until(lambda: len(api.commands) >= 3, why="setMyCommands")
    assert {"", "ko", "ja"} <= set(api.commands)
    assert api.commands["ja"][0] == {
        "command": "start",
        "description": phrase("telegram.command.start", "ja"),
    }


async def test_the_menu_follows_the_language_that_is_chosen(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("language:vi", says("Xin chào"), language="vi")
    linh = api.person("Linh", "en")
    linh.sends("/language vi")
    await api.until(lambda: bool(linh.commands), why="a menu of her own")
    assert linh.commands[0]["description"] == phrase("telegram.command.start", "vi")


async def test_a_reminder_comes_to_the_chat_also_when_the_desk_was_down_that_morning(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {
        "about": "fact/stay_until",
        "before": "P14D",
        "day": "2027-05-21",
        "on": "2027-05-07",
        "what": "滞在期間の最終日",
        "text": "お知らせします。14 日後の2027年5月21日: 滞在期間の最終日",
        "language": "ja",
        "choices": [{"label": "担当者と話す", "value": "act:human"}],
    }
    rasa.answers("remind me", says("Good."), language="ja", reminders=[wanted])
    aiko = api.person("Aiko", "ja")
    aiko.sends("remind me")
    await aiko.hears("Good.")
    await door.stop()
    late = datetime(2027, 5, 7, 13, tzinfo=SEOUL)
    monkeypatch.setattr("bot.conversations.seoul_now", lambda: late)
    await door.start()
    sent = await aiko.hears(wanted["text"])
    await door.restart()
    aiko.taps("担当者と話す", on=sent)
    await aiko.hears("You said: act:human")
    assert aiko.texts.count(wanted["text"]) == 1


async def test_a_number_told_on_telegram_lies_nowhere_in_the_open(
    door: RunningDoor, api: BotApi
) -> None:
    aiko = api.person()
    aiko.sends("my passport is M73912846")
    await aiko.hears("You said: my passport is 🛂•••")
    files = b"".join(path.read_bytes() for path in door.settings.folder.glob("ieum.db*"))
    assert "🛂•••".encode() in files
    assert b"M73912846" not in files


async def test_updates_that_come_twice_and_in_disorder_are_each_answered_once(
    hooked_door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    people = [api.person(name) for name in ("Aiko", "Bat", "Chi")]
    updates = [
        {
            "update_id": 7000 + number,
            "message": {
                "message_id": 500 + number,
                "date": 1_790_000_000 + number,
                "chat": {"id": person.id, "type": "private"},
                "from": {"id": person.id, "is_bot": False, "first_name": "P"},
                "text": f"words {number}",
            },
        }
        for number, person in enumerate(people * 4)
    ]
    disorder = random.Random(7)
    sent = [*updates, *updates]
    disorder.shuffle(sent)
    async with aiohttp.ClientSession(headers={HEADER: SECRET}) as session:
        for update in sent:
            async with session.post(f"{hooked_door.url}/telegram/webhook", json=update) as answer:
                assert answer.status == 200
    for number, person in enumerate(people * 4):
        await person.hears(f"You said: words {number}")
    assert sorted(rasa.told()) == sorted(f"words {number}" for number in range(len(updates)))
    for person in people:
        answers = [text for text in person.texts if text.startswith("You said")]
        assert len(answers) == len(set(answers)) == 4

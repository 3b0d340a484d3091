"""A conversation that began on the website goes on in Telegram: after consent, and once."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.telegram import links
from tests.bot.telegram.running import RunningDoor, ScriptedRasa, phrase, says
from tests.telegram_double.server import BotApi

QUESTION = says("Are you registered?", ("Yes", "fact:registered=true"))
YES, NO = phrase("telegram.continue_yes", "ko"), phrase("telegram.continue_no", "ko")


async def call(door: RunningDoor, method: str, path: str, **more: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, door.url + path, **more) as answer,
    ):
        body = await answer.json() if answer.content_length else None
        return answer.status, body


async def on_the_website(door: RunningDoor, rasa: ScriptedRasa) -> tuple[str, dict[str, str]]:
    """A Korean conversation with an open question: its path, and its headers."""
    rasa.answers("이사했어요", QUESTION, language="ko")
    _, opened = await call(door, "POST", "/v1/conversations", json={"language": "ko"})
    headers = {"Authorization": f"Bearer {opened['token']}"}
    path = f"/v1/conversations/{opened['id']}"
    await call(door, "POST", f"{path}/messages", json={"text": "이사했어요"}, headers=headers)
    return path, headers


async def link(door: RunningDoor, path: str, headers: dict[str, str]) -> str:
    """The parameter of /start in a fresh link."""
    status, made = await call(door, "POST", f"{path}/telegram", headers=headers)
    assert status == 201
    address, _, parameter = made["url"].partition("?start=")
    assert address == "https://t.me/ieum_test_bot"
    assert len(parameter) <= 64
    return str(parameter)


async def test_it_goes_on_after_consent_with_the_open_question(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    path, headers = await on_the_website(door, rasa)
    parameter = await link(door, path, headers)
    minji = api.person("Minji", "en")
    minji.sends(f"/start {parameter}")
    asked = await minji.hears(phrase("telegram.continue_question", "ko"))
    assert len(minji.heard) == 1, "nothing of the conversation is shown before the consent"
    query = minji.taps(YES)
    await minji.hears(phrase("telegram.continued", "ko"))
    question = await minji.hears("Are you registered?")
    assert list(asked.buttons) == [f"✓ {YES}"]
    assert api.answer_to(query) == ""
    assert "이사했어요" not in "".join(minji.texts)
    minji.taps("Yes", on=question)
    await minji.hears("You said: fact:registered=true")
    _, read = await call(door, "GET", path, headers=headers)
    assert read["messages"][-1]["text"] == "You said: fact:registered=true", "both doors show it"
    assert len({body["sender"] for body in rasa.heard}) == 1


async def test_who_declines_sees_nothing_and_can_begin_anew(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    path, headers = await on_the_website(door, rasa)
    minji = api.person("Minji", "ko")
    minji.sends(f"/start {await link(door, path, headers)}")
    await minji.hears(phrase("telegram.continue_question", "ko"))
    minji.taps(NO)
    await minji.hears(phrase("telegram.stayed", "ko"))
    minji.sends("hello")
    await minji.hears("You said: hello")
    assert "Are you registered?" not in minji.texts
    assert len({body["sender"] for body in rasa.heard}) == 2


async def test_a_link_is_good_once(door: RunningDoor, rasa: ScriptedRasa, api: BotApi) -> None:
    path, headers = await on_the_website(door, rasa)
    parameter = await link(door, path, headers)
    minji, eve = api.person("Minji", "ko"), api.person("Eve", "ko")
    for person in (minji, eve):
        person.sends(f"/start {parameter}")
        await person.hears(phrase("telegram.continue_question", "ko"))
    minji.taps(YES)
    await minji.hears("Are you registered?")
    query = eve.taps(YES)
    await api.until(lambda: api.answer_to(query), why="the answer to the tap")
    assert api.answer_to(query) == phrase("telegram.link_over", "ko")
    eve.sends(f"/start {parameter}")
    await eve.hears(phrase("telegram.link_over", "ko"))
    assert "Are you registered?" not in eve.texts


async def test_a_link_is_good_for_a_short_time(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, headers = await on_the_website(door, rasa)
    with monkeypatch.context() as earlier:
        earlier.setattr(links, "LIVES", -links.LIVES)
        over = await link(door, path, headers)
    minji = api.person("Minji", "ko")
    minji.sends(f"/start {over}")
    await minji.hears(phrase("telegram.link_over", "ko"))
    assert phrase("telegram.continue_question", "ko") not in minji.texts


async def test_what_was_said_here_before_is_deleted_and_that_is_said_first(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    path, headers = await on_the_website(door, rasa)
    minji = api.person("Minji", "ko")
    minji.sends("hello")
    await minji.hears("You said: hello")
    here = await door.desk.find("telegram", str(minji.id))
    assert here
    minji.sends(f"/start {await link(door, path, headers)}")
    await minji.hears(phrase("telegram.continue_replaces", "ko"))
    assert await door.desk.store.conversation(here.id), "not before the consent"
    minji.taps(YES)
    await minji.hears("Are you registered?")
    assert await door.desk.store.conversation(here.id) is None


async def test_deleting_it_on_the_website_ends_it_here_too(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    path, headers = await on_the_website(door, rasa)
    minji = api.person("Minji", "ko")
    minji.sends(f"/start {await link(door, path, headers)}")
    await minji.hears(phrase("telegram.continue_question", "ko"))
    minji.taps(YES)
    await minji.hears("Are you registered?")
    assert (await call(door, "DELETE", path, headers=headers))[0] == 204
    assert await door.chats.get(minji.id) is None
    minji.taps("Yes")
    await api.until(lambda: not api.unanswered(), why="the answer to the tap")
    minji.sends("hello")
    await minji.hears("You said: hello")
    assert "fact:registered=true" not in rasa.told()


async def test_links_are_made_for_those_with_the_token_only(
    door: RunningDoor, rasa: ScriptedRasa
) -> None:
    path, _ = await on_the_website(door, rasa)
    assert (await call(door, "POST", f"{path}/telegram"))[0] == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert (await call(door, "POST", f"{path}/telegram", headers=wrong))[0] == 401


async def test_the_database_does_not_hold_the_token(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    path, headers = await on_the_website(door, rasa)
    parameter = await link(door, path, headers)
    rows = await door.desk.store._run(
        lambda db: [tuple(row) for row in db.execute(links.telegram_links.select())]
    )
    assert len(rows) == 1
    assert parameter not in repr(rows)


async def test_as_long_as_telegram_is_away_there_is_no_link(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    await door.stop()
    api.break_connections = 10_000
    await door.start()
    path, headers = await on_the_website(door, rasa)
    status, problem = await call(door, "POST", f"{path}/telegram", headers=headers)
    assert (status, problem["type"]) == (503, "urn:problem-type:ieum:not-ready")
    api.break_connections = 0


async def test_a_desk_without_telegram_says_so(client: Any) -> None:
    opened = await (await client.post("/v1/conversations")).json()
    path = f"/v1/conversations/{opened['id']}/telegram"
    answer = await client.post(path, headers={"Authorization": f"Bearer {opened['token']}"})
    assert answer.status == 404
    assert (await answer.json())["type"] == "urn:problem-type:ieum:telegram-off"

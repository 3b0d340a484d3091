"""The double answers as api.telegram.org does, so that tests against it mean something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.telegram_double.html import CannotParse, plain_text
from tests.telegram_double.server import BotApi


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        yield running


async def call(api: BotApi, method: str, token: str = "", **fields: Any) -> dict[str, Any]:
    url = f"{api.url}/bot{token or api.token}/{method}"
    async with aiohttp.ClientSession() as http, http.post(url, json=fields) as answer:
        result: dict[str, Any] = await answer.json()
        assert answer.status == result.get("error_code", 200)
        return result


async def refusal(api: BotApi, method: str, **fields: Any) -> str:
    answer = await call(api, method, **fields)
    assert answer["ok"] is False
    return str(answer["description"])


def keyboard(**button: str) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


@pytest.mark.parametrize(
    ("token", "code", "words"),
    [
        ("424242:" + "x" * 35, 401, "Unauthorized"),
        ("424242", 404, "Not Found"),
        ("", 404, "Not Found: method not found"),
    ],
)
async def test_tokens_and_methods_it_does_not_know(
    api: BotApi, token: str, code: int, words: str
) -> None:
    answer = await call(api, "getMe" if token else "getCoffee", token)
    assert (answer["error_code"], answer["description"]) == (code, words)


async def test_what_sendmessage_refuses(api: BotApi) -> None:
    chat = api.person().id
    send: dict[str, Any] = {"chat_id": chat, "text": "Hello"}
    assert await refusal(api, "sendMessage", text="x") == "Bad Request: chat_id is empty"
    assert await refusal(api, "sendMessage", **{**send, "chat_id": 5}) == (
        "Bad Request: chat not found"
    )
    for text in ("", " \n ", "<b> </b>"):
        assert await refusal(
            api, "sendMessage", **{**send, "text": text, "parse_mode": "HTML"}
        ) == ("Bad Request: message text is empty")
    assert await refusal(api, "sendMessage", **{**send, "text": "x" * 4097}) == (
        "Bad Request: message is too long"
    )
    assert "can't parse entities" in await refusal(
        api, "sendMessage", **{**send, "text": "5 < 6", "parse_mode": "HTML"}
    )
    for data in ("x" * 65, "ü" * 33, ""):
        assert await refusal(
            api, "sendMessage", **send, reply_markup=keyboard(text="A", callback_data=data)
        ) == ("Bad Request: BUTTON_DATA_INVALID")
    assert (await call(api, "sendMessage", **{**send, "text": "x" * 4096}))["ok"]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<b>A</b> &lt;B&gt; &amp;amp; &quot;", 'A <B> &amp; "'),
        ('<a href="https://x.example/?a=1&amp;b">x</a>', "x"),
        ("a & b", "a & b"),
        ("<i>1<u>2</u></i>", "12"),
    ],
)
def test_html_is_read(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    "markup", ["<", "a < b", "<b>", "</b>", "<b><i></b></i>", "<p>x</p>", "<script>x</script>"]
)
def test_html_that_telegram_does_not_take(markup: str) -> None:
    with pytest.raises(CannotParse):
        plain_text(markup)


async def test_more_than_a_message_a_second_is_too_many(api: BotApi) -> None:
    aiko, minh = api.person(), api.person()
    assert (await call(api, "sendMessage", chat_id=aiko.id, text="1"))["ok"]
    answer = await call(api, "sendMessage", chat_id=aiko.id, text="2")
    assert answer["error_code"] == 429
    assert answer["parameters"] == {"retry_after": 1}
    assert answer["description"] == "Too Many Requests: retry after 1"
    assert (await call(api, "sendMessage", chat_id=minh.id, text="1"))["ok"]
    await asyncio.sleep(1.0)
    assert (await call(api, "sendMessage", chat_id=aiko.id, text="2"))["ok"]
    assert aiko.texts == ["1", "2"]


async def test_a_burst_is_allowed_where_told(api: BotApi) -> None:
    api.burst = 3
    chat = api.person().id
    codes = [
        (await call(api, "sendMessage", chat_id=chat, text="x")).get("error_code") for _ in range(4)
    ]
    assert codes == [None, None, None, 429]


async def test_a_person_who_blocked_and_a_group_that_was_left(api: BotApi) -> None:
    aiko, group = api.person(), api.group()
    aiko.blocks()
    assert await refusal(api, "sendMessage", chat_id=aiko.id, text="x") == (
        "Forbidden: bot was blocked by the user"
    )
    await call(api, "leaveChat", chat_id=group.id)
    assert "not a member" in await refusal(api, "sendMessage", chat_id=group.id, text="x")


async def test_updates_are_given_until_they_are_confirmed(api: BotApi) -> None:
    aiko = api.person()
    aiko.sends("one")
    aiko.sends("two")
    first = (await call(api, "getUpdates"))["result"]
    assert [update["message"]["text"] for update in first] == ["one", "two"]
    assert (await call(api, "getUpdates"))["result"] == first
    rest = await call(api, "getUpdates", offset=first[0]["update_id"] + 1)
    assert rest["result"] == first[1:]
    last = first[1]["update_id"] + 1
    assert (await call(api, "getUpdates", offset=last))["result"] == []
    polling = asyncio.create_task(call(api, "getUpdates", offset=last, timeout=5))
    await asyncio.sleep(0.1)
    aiko.sends("three")
    assert len((await polling)["result"]) == 1


async def test_two_who_poll_and_one_who_polls_beside_a_webhook(api: BotApi) -> None:
    first = asyncio.create_task(refusal(api, "getUpdates", timeout=5))
    await asyncio.sleep(0.1)
    await call(api, "getUpdates")
    assert "terminated by other getUpdates" in await first
    assert (await call(api, "setWebhook", url="https://desk.example/hook"))["ok"]
    assert "while webhook is active" in await refusal(api, "getUpdates")
    await call(api, "deleteWebhook")
    assert (await call(api, "getUpdates"))["ok"]


async def test_a_webhook_gets_its_secret_and_is_tried_until_it_takes(api: BotApi) -> None:
    answers = [500, 403, 200]
    seen: list[tuple[str, Any]] = []

    async def hook(request: web.Request) -> web.Response:
        secret = request.headers["X-Telegram-Bot-Api-Secret-Token"]
        seen.append((secret, await request.json()))
        return web.Response(status=answers[len(seen) - 1])

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.reach["desk.example"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
    assert "HTTPS" in await refusal(api, "setWebhook", url="http://desk.example/hook")
    assert "unallowed" in await refusal(
        api, "setWebhook", url="https://desk.example/hook", secret_token="a b"
    )
    await call(api, "setWebhook", url="https://desk.example/hook", secret_token="s-1")
    update = api.person().sends("hello")
    await api.until(lambda: not api.pending())
    assert seen == [("s-1", update)] * 3
    assert api.webhook_answers == answers
    await runner.cleanup()


async def test_callback_queries_and_edited_keyboards(api: BotApi) -> None:
    aiko = api.person()
    markup = keyboard(text="Yes", callback_data="y")
    await call(api, "sendMessage", chat_id=aiko.id, text="Sure?", reply_markup=markup)
    query = aiko.taps("Yes")
    assert api.unanswered() == [query]
    assert "MESSAGE_TOO_LONG" in await refusal(
        api, "answerCallbackQuery", callback_query_id=query, text="x" * 201
    )
    assert (await call(api, "answerCallbackQuery", callback_query_id=query))["ok"]
    assert api.unanswered() == []
    assert "query is too old" in await refusal(api, "answerCallbackQuery", callback_query_id="99")
    edit: dict[str, Any] = {"chat_id": aiko.id, "message_id": aiko.heard[0].id}
    assert "message is not modified" in await refusal(
        api, "editMessageReplyMarkup", **edit, reply_markup=markup
    )
    assert (await call(api, "editMessageReplyMarkup", **edit))["ok"]
    assert aiko.heard[0].buttons == {}
    assert "not found" in await refusal(
        api, "editMessageReplyMarkup", chat_id=aiko.id, message_id=77
    )
    assert aiko.transcript() == "< Sure?\n> [Yes]"


async def test_commands_and_actions_are_checked(api: BotApi) -> None:
    good = [{"command": "start", "description": "Begin"}]
    assert (await call(api, "setMyCommands", commands=good, language_code="ja"))["ok"]
    assert (await call(api, "getMyCommands", language_code="ja"))["result"] == good
    bad = [{"command": "Start!", "description": "Begin"}]
    assert "BOT_COMMAND_INVALID" in await refusal(api, "setMyCommands", commands=bad)
    empty = [{"command": "start", "description": ""}]
    assert "DESCRIPTION_INVALID" in await refusal(api, "setMyCommands", commands=empty)
    assert "wrong parameter action" in await refusal(
        api, "sendChatAction", chat_id=api.person().id, action="dancing"
    )


async def test_kinds_of_updates_nobody_asked_for_are_not_sent(api: BotApi) -> None:
    aiko = api.person()
    await call(api, "getUpdates", allowed_updates=["message"])
    aiko.blocks()
    aiko.sends("hello")
    updates = (await call(api, "getUpdates"))["result"]
    assert ["message" in update for update in updates] == [True]


async def test_all_chats_together_have_a_limit_of_their_own() -> None:
    async with BotApi(overall=3) as api:
        people = [api.person(f"P{number}") for number in range(4)]
        for person in people[:3]:
            assert (await call(api, "sendMessage", chat_id=person.id, text="x"))["ok"]
        refused = await refusal(api, "sendMessage", chat_id=people[3].id, text="x")
        assert "Too Many Requests: retry after 1" in refused


async def test_length_is_counted_as_telegram_counts(api: BotApi) -> None:
    aiko = api.person()
    assert "too long" in await refusal(api, "sendMessage", chat_id=aiko.id, text="😀" * 2049)
    assert (await call(api, "sendMessage", chat_id=aiko.id, text="😀" * 2048))["ok"]


async def test_more_than_a_hundred_buttons_and_odd_ports_are_refused(api: BotApi) -> None:
    markup = {"inline_keyboard": [[{"text": "b", "callback_data": "b"}]] * 101}
    refused = await refusal(
        api, "sendMessage", chat_id=api.person().id, text="x", reply_markup=markup
    )
    assert "reply markup is too long" in refused
    url = "https://desk.example:8080/hook"
    assert "only on ports" in await refusal(api, "setWebhook", url=url)

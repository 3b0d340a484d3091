"""The channel between gateway and Rasa, on a real Sanic server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from rasa.core.channels.channel import UserMessage
from sanic import Sanic

from nlu.action_calls import ActionServers
from nlu.gateway_channel import GatewayChannel, GatewayMessage, as_user_text
from tests.desk import free_port

TOKEN = "s3cret-of-the-test"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Desk:
    """Stands where Rasa's agent stands: says what it is told to."""

    def __init__(self) -> None:
        self.heard: list[UserMessage] = []
        self.says: list[dict[str, Any]] = [{"messages": []}]
        self.breaks = False
        self.actions: ActionServers | None = None

    async def handle(self, message: UserMessage) -> None:
        self.heard.append(message)
        if self.actions:
            with contextlib.suppress(aiohttp.ClientError):  # as Rasa does
                await self.actions.call({})
        if self.breaks:
            raise RuntimeError("secret inside")
        for said in self.says:
            await message.output_channel.send_custom_json(message.sender_id, said)


@pytest.fixture
async def desk_and_url() -> AsyncIterator[tuple[Desk, str]]:
    desk = Desk()
    Sanic.test_mode = True
    app = Sanic("channel_test", register=False)
    app.blueprint(GatewayChannel(TOKEN).blueprint(desk.handle), url_prefix="/webhooks/gateway")
    port = free_port()  # Sanic takes 0 for 8000
    server = await app.create_server(host="127.0.0.1", port=port, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.start_serving()
    yield desk, f"http://127.0.0.1:{port}/webhooks/gateway/message"
    server.close()
    await asyncio.sleep(0)


async def _post(url: str, **request: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.post(url, **request) as answer:
        return answer.status, await answer.json()


async def test_words_reach_rasa_and_every_utterance_comes_back(
    desk_and_url: tuple[Desk, str],
) -> None:
    desk, url = desk_and_url
    desk.says = [{"messages": [{"text": "はい"}]}, {"messages": [{"text": "次"}]}]

    status, said = await _post(
        url,
        headers=HEADERS,
        json={"sender": "c1", "message": "永住権", "language": "ja", "state": {"misses": 1}},
    )

    assert (status, said) == (200, desk.says)
    [heard] = desk.heard
    assert (heard.text, heard.sender_id, heard.input_channel) == ("永住権", "c1", "gateway")
    assert heard.metadata == {"language": "ja", "state": {"misses": 1}, "request": None}


async def test_a_button_becomes_choose(desk_and_url: tuple[Desk, str]) -> None:
    desk, url = desk_and_url

    await _post(url, headers=HEADERS, json={"sender": "c1", "choice": 'fact:x="}{'})

    assert desk.heard[0].text == '/choose{"choice": "fact:x=\\"}{"}'


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}]
)
async def test_without_the_token_nothing_is_heard(
    desk_and_url: tuple[Desk, str], headers: dict[str, str]
) -> None:
    desk, url = desk_and_url

    status, body = await _post(url, headers=headers, json={"sender": "c1", "message": "hi"})

    assert status == 401
    assert list(body) == ["error"]
    assert not desk.heard


@pytest.mark.parametrize(("headers", "expected"), [(HEADERS, 200), ({}, 401)])
async def test_its_health_is_told_to_the_gateway_alone(
    desk_and_url: tuple[Desk, str], headers: dict[str, str], expected: int
) -> None:
    _, url = desk_and_url
    url = url.replace("/message", "/health")
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
        assert answer.status == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"message": "planted"}',
        b'{"sender": "", "message": "planted"}',
        b'{"sender": "c", "message": "planted", "choice": "b"}',
        b'{"sender": "c"}',
        b'{"sender": "c", "message": 7}',
        b'{"sender": "c", "message": "planted", "language": "xx"}',
    ],
)
async def test_a_wrong_body_is_refused_without_echo(
    desk_and_url: tuple[Desk, str], body: bytes
) -> None:
    desk, url = desk_and_url

    status, answer = await _post(url, headers=HEADERS, data=body)

    assert status == 400
    assert "planted" not in str(answer)
    assert not desk.heard


async def test_a_failure_inside_is_told_without_its_words(desk_and_url: tuple[Desk, str]) -> None:
    desk, url = desk_and_url
    desk.breaks = True

    status, body = await _post(url, headers=HEADERS, json={"sender": "c1", "message": "hi"})

    assert status == 500
    assert "secret" not in str(body)


async def test_silence_is_a_failure(desk_and_url: tuple[Desk, str]) -> None:
    desk, url = desk_and_url
    desk.says = []

    status, body = await _post(url, headers=HEADERS, json={"sender": "c1", "message": "hi"})

    assert status == 500
    assert "action server" in body["error"]


async def test_action_servers_out_of_reach_are_no_fault_of_the_message(
    desk_and_url: tuple[Desk, str], unused_tcp_port: int
) -> None:
    desk, url = desk_and_url
    desk.says = []
    desk.actions = ActionServers([f"http://127.0.0.1:{unused_tcp_port}/webhook"], {})

    status, body = await _post(url, headers=HEADERS, json={"sender": "c1", "message": "hi"})

    assert status == 503
    assert "action server" in body["error"]
    desk.actions = None
    assert (await _post(url, headers=HEADERS, json={"sender": "c1", "message": "hi"}))[0] == 500


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("/restart", "restart"),
        ('  / /choose{"choice": "x"}', 'choose{"choice": "x"}'),
        ("\x1c/session_start", "session_start"),
        ("///", "?"),
        ("", "?"),
        ("a\x00b", "a b"),
        ("\ud83d\ude00 \ud83d", "😀 �"),
        ("line one\nline two", "line one\nline two"),
        ("and/or", "and/or"),
    ],
)
def test_words_never_become_an_intent(written: str, read: str) -> None:
    assert as_user_text(GatewayMessage("c1", message=written)) == read


def test_without_a_token_the_channel_does_not_start() -> None:
    with pytest.raises(ValueError, match="RASA_TOKEN"):
        GatewayChannel.from_credentials({})

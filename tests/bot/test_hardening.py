"""What browsers are told, who may connect from where, and who is disconnected."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from bot import api, events, server
from bot.api import conversations as conversation_calls
from bot.conversations import Desk
from bot.server import make_app
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from tests.bot.test_api import opened, problem

Client = TestClient[Any, Any]
ALLOWED = "https://centre.example"


async def test_every_answer_tells_browsers_what_not_to_do(client: Client) -> None:
    for path in ("/", "/widget.js", "/v1/services", "/nothing", "/v1/conversations/x"):
        headers = (await client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Server" not in headers, "which versions run here"


async def test_a_shared_computer_keeps_no_conversation(client: Client) -> None:
    conversation = await opened(client)
    answer = await client.get(conversation.path, headers=conversation.headers)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("url", "told"), [("https://desk.example", True), ("", False)])
async def test_behind_tls_browsers_are_told_to_stay_there(
    url: str, told: bool, settings: Settings, desk: Desk, base: KnowledgeBase
) -> None:
    app = make_app(Settings(var_dir=settings.var_dir, public_url=url), desk, base)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/healthz")
        assert ("Strict-Transport-Security" in answer.headers) is told


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (ALLOWED, True),
        ("https://desk.example", True),
        ("https://desk.exam", False),  # the beginning of an allowed one
        ("https://desk.example.evil.example", False),
        ("http://desk.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
async def test_only_listed_websites_open_a_socket_or_read_an_answer(
    origin: str, allowed: bool, settings: Settings, desk: Desk, base: KnowledgeBase
) -> None:
    wanted = Settings(
        var_dir=settings.var_dir,
        public_url="https://desk.example/talk",
        allowed_origins=(ALLOWED,),
    )
    async with TestClient(TestServer(make_app(wanted, desk, base))) as client:
        conversation = await opened(client)
        headers = {"Origin": origin}
        if allowed:
            async with client.ws_connect(f"{conversation.path}/socket", headers=headers):
                pass
        else:
            with pytest.raises(WSServerHandshakeError) as refused:
                await client.ws_connect(f"{conversation.path}/socket", headers=headers)
            assert refused.value.status == 403
        answer = await client.get("/v1/services", headers=headers)
        readable = answer.headers.get("Access-Control-Allow-Origin")
        assert readable == (ALLOWED if origin == ALLOWED else None)
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_so_many_windows_and_no_more(
    settings: Settings, desk: Desk, base: KnowledgeBase
) -> None:
    few = Settings(var_dir=settings.var_dir, listeners_per_address=2)
    async with TestClient(TestServer(make_app(few, desk, base))) as client:
        conversation = await opened(client)
        path = f"{conversation.path}/socket"
        async with client.ws_connect(path), client.ws_connect(path) as second:
            with pytest.raises(WSServerHandshakeError) as refused:
                await client.ws_connect(path)
            assert refused.value.status == 429
            waiting = f"{conversation.path}?wait=1"
            answer = await client.get(waiting, headers=conversation.headers)
            await problem(answer, 429, "too-many")
            assert answer.headers["Retry-After"] == "30"
            await second.close()
        async with client.ws_connect(path):
            pass


async def test_so_many_windows_of_one_conversation(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await opened(client)
    sockets = []
    for _ in range(server.WINDOWS_OF_ONE):
        socket = await client.ws_connect(f"{conversation.path}/socket")
        await socket.send_json({"token": conversation.opened["token"]})
        assert (await socket.receive_json())["type"] == "ready"
        sockets.append(socket)
    more = await client.ws_connect(f"{conversation.path}/socket")
    await more.send_json({"token": conversation.opened["token"]})
    assert (await more.receive_json())["problem"]["status"] == 429
    for socket in (*sockets, more):
        await socket.close()


async def test_a_body_that_does_not_arrive_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "BODY_WITHIN", 0.1)
    assert client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(
        b"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b'Content-Length: 1000\r\n\r\n{"language": '
    )
    answer = await asyncio.wait_for(reader.read(), 30)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"urn:problem-type:ieum:too-slow" in answer
    writer.close()


async def test_who_sends_no_whole_request_is_disconnected(
    settings: Settings, desk: Desk, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENT_FOR", 0.2)
    runner = server.make_runner(make_app(settings, desk, base))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
    finally:
        await runner.cleanup()


async def test_a_window_that_does_not_read_misses_nothing_and_holds_nobody_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_EVENTS", 4)
    stopped = asyncio.Event()
    really_send = conversation_calls._send

    async def stuck(socket: Any, **frame: Any) -> None:
        if frame["type"] == "message":
            await stopped.wait()
        await really_send(socket, **frame)

    monkeypatch.setattr(conversation_calls, "_send", stuck)
    conversation = await opened(client)
    socket = await client.ws_connect(f"{conversation.path}/socket")
    await socket.send_json({"token": conversation.opened["token"]})
    assert (await socket.receive_json())["type"] == "ready"
    for n in range(6):
        assert await conversation.say(f"message {n}"), "others are not held up"
    stopped.set()
    monkeypatch.setattr(conversation_calls, "_send", really_send)
    first = (await socket.receive_json())["message"]
    while (frame := await socket.receive()).type.name == "TEXT":
        pass
    assert socket.close_code == 1013, "come again"
    again = await client.ws_connect(f"{conversation.path}/socket")
    await again.send_json({"token": conversation.opened["token"], "after": first["id"]})
    missed = []
    while (frame := await again.receive_json())["type"] == "message":
        missed.append(frame["message"]["text"])
    assert [text for text in missed if text.startswith("message")] == [
        f"message {n}" for n in range(1, 6)
    ]
    await again.close()


async def test_a_frame_that_is_not_taken_ends_the_connection(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_calls, "TAKEN_WITHIN", 0.1)

    async def never(self: web.WebSocketResponse, text: str, compress: int | None = None) -> None:
        if '"message"' in text:
            await asyncio.Event().wait()
        await self.send_bytes(text.encode())

    monkeypatch.setattr(web.WebSocketResponse, "send_str", never)
    conversation = await opened(client)
    socket = await client.ws_connect(f"{conversation.path}/socket")
    await socket.send_json({"token": conversation.opened["token"]})
    await socket.receive()
    await conversation.say("hello")
    while not socket.closed:
        await socket.receive()
    assert socket.close_code in (1006, 1013)

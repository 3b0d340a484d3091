"""The WebSocket: nothing lost between two connections, nothing told to strangers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient

from bot.conversations import Desk
from knowledge.periods import SEOUL
from tests.bot.fake_rasa import FakeRasa, turn
from tests.bot.test_api import Opened, opened
from tests.bot.test_reminders import ON, reminder

Client = TestClient[Any, Any]


async def listening(
    conversation: Opened, after: str | None = None
) -> tuple[ClientWebSocketResponse, list[dict[str, Any]]]:
    """A socket that is ready, and what it said before."""
    socket = await conversation.client.ws_connect(f"{conversation.path}/socket")
    await socket.send_json({"token": conversation.opened["token"], "after": after})
    missed = []
    while (frame := await socket.receive_json(timeout=5))["type"] != "ready":
        missed.append(frame["message"])
    return socket, missed


async def next_message(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """The next message, signs of typing left out."""
    while (frame := await socket.receive_json(timeout=5))["type"] == "typing":
        pass
    assert frame["type"] == "message", frame
    message: dict[str, Any] = frame["message"]
    return message


async def test_words_and_buttons_are_answered_over_the_socket(client: Client) -> None:
    conversation = await opened(client)
    socket, missed = await listening(conversation)
    assert missed == []
    await socket.send_json({"text": "hello", "key": "k1"})
    said = await next_message(socket)
    assert (said["role"], said["text"], said["key"]) == ("applicant", "hello", "k1")
    assert (await socket.receive_json(timeout=5)) == {"type": "typing"}
    assert (await next_message(socket))["text"] == "you said hello"
    await socket.send_json({"choice": "fact:registered=true"})
    assert (await next_message(socket))["text"] == "Yes"
    assert (await next_message(socket))["text"] == "you said fact:registered=true"


async def test_two_tabs_see_the_same(client: Client) -> None:
    conversation = await opened(client)
    one, _ = await listening(conversation)
    other, _ = await listening(conversation)
    await one.send_json({"text": "hello"})
    assert await next_message(one) == await next_message(other)
    assert await next_message(one) == await next_message(other)


async def test_what_was_missed_comes_first_and_once(client: Client) -> None:
    conversation = await opened(client)
    [answer] = await conversation.say("one")
    await conversation.say("two")
    socket, missed = await listening(conversation, after=answer["id"])
    assert [message["text"] for message in missed] == ["two", "you said two"]
    await socket.send_json({"text": "three"})
    assert (await next_message(socket))["text"] == "three"


async def test_a_socket_that_closes_before_the_answer_does_not_lose_it(
    client: Client, rasa: FakeRasa
) -> None:
    rasa.pause = 0.2
    conversation = await opened(client)
    socket, _ = await listening(conversation)
    await socket.send_json({"text": "hello"})
    said = await next_message(socket)
    await socket.close()
    socket, missed = await listening(conversation, after=said["id"])
    texts = [message["text"] for message in missed] or [(await next_message(socket))["text"]]
    assert texts == ["you said hello"]
    assert len(rasa.heard) == 1


async def test_many_messages_at_once_are_answered_in_order(client: Client) -> None:
    conversation = await opened(client)
    socket, _ = await listening(conversation)
    for n in range(5):
        await socket.send_json({"text": f"message {n}"})
    heard = [await next_message(socket) for _ in range(10)]
    answers = [m["text"] for m in heard if m["role"] == "desk"]
    assert answers == [f"you said message {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("frame", "status"),
    [("{", 400), ("[]", 422), ('{"text": 1, "key": "k"}', 422), ("{}", 422)],
)
async def test_a_frame_that_cannot_be_taken_is_refused_and_the_socket_stays(
    client: Client, frame: str, status: int
) -> None:
    socket, _ = await listening(await opened(client))
    await socket.send_str(frame)
    refusal = await socket.receive_json(timeout=5)
    assert refusal["type"] == "problem"
    assert refusal["problem"]["status"] == status
    assert refusal["key"] == ("k" if "key" in frame else None)
    await socket.send_json({"text": "hello"})
    assert (await next_message(socket))["text"] == "hello"


async def test_the_token_may_be_a_subprotocol(client: Client) -> None:
    conversation = await opened(client)
    bearer = f"bearer.{conversation.opened['token']}"
    path = f"{conversation.path}/socket"
    socket = await client.ws_connect(path, protocols=[bearer])
    assert socket.protocol == bearer
    assert await socket.receive_json(timeout=5) == {"type": "ready"}
    for wrong, status in ((f"{bearer}x", 401), (f"bearer.{'x' * 43}", 401)):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(path, protocols=[wrong])
        assert refused.value.status == status


@pytest.mark.parametrize(
    ("first", "status"),
    [('{"token": "wrong"}', 401), ("{", 400), ('{"after": "x"}', 422), (b"bytes", 401)],
)
async def test_without_its_token_a_socket_is_closed(
    client: Client, first: str | bytes, status: int
) -> None:
    conversation = await opened(client)
    socket = await client.ws_connect(f"{conversation.path}/socket")
    await (socket.send_str(first) if isinstance(first, str) else socket.send_bytes(first))
    assert (await socket.receive_json(timeout=5))["problem"]["status"] == status
    assert (await socket.receive(timeout=5)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)


async def test_an_unknown_conversation_is_told_so(client: Client) -> None:
    socket = await client.ws_connect("/v1/conversations/nobody/socket")
    await socket.send_json({"token": "any"})
    assert (await socket.receive_json(timeout=5))["problem"]["status"] == 404


async def test_erasing_closes_the_socket(client: Client) -> None:
    conversation = await opened(client)
    socket, _ = await listening(conversation)
    await client.delete(conversation.path, headers=conversation.headers)
    assert (await socket.receive_json(timeout=5))["problem"]["status"] == 404
    assert (await socket.receive(timeout=5)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)


async def test_other_websites_may_not_open_a_socket(client: Client) -> None:
    conversation = await opened(client)
    path = f"{conversation.path}/socket"
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(path, origin="https://evil.example")
    assert refused.value.status == 403
    for origin in ("https://centre.example", f"http://{client.host}:{client.port}"):
        await client.ws_connect(path, origin=origin)


async def test_an_ordinary_call_is_told_to_upgrade(client: Client) -> None:
    conversation = await opened(client)
    answer = await client.get(f"{conversation.path}/socket", headers=conversation.headers)
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"


async def test_a_reminder_is_pushed(
    client: Client, desk: Desk, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await opened(client)
    rasa.answer = lambda body: turn("Noted.", reminders=[reminder()])  # type: ignore[method-assign]
    socket, _ = await listening(conversation)
    await socket.send_json({"text": "remind me"})
    assert [(await next_message(socket))["text"] for _ in range(2)] == ["remind me", "Noted."]
    that_day = datetime(ON.year, ON.month, ON.day, 9, tzinfo=SEOUL)
    monkeypatch.setattr("bot.conversations.seoul_now", lambda: that_day)
    await desk._remind()
    pushed = await next_message(socket)
    assert (pushed["role"], pushed["text"]) == ("desk", reminder()["text"])
    assert pushed["card"]["about"] == "reminder"

"""The action server: Rasa alone may call it, and its errors hold nothing of a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from actions.server import make_app

CALL = {
    "next_action": "action_start_over",
    "sender_id": "someone",
    "tracker": {"sender_id": "someone", "slots": {}, "latest_message": {}, "events": []},
    "domain": {},
}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(make_app("secret"))) as client:
        yield client


async def call(client: TestClient[Any, Any], token: str, body: object) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.post("/webhook", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_rasa_is_answered(client: TestClient[Any, Any]) -> None:
    status, answer = await call(client, "secret", CALL)
    assert status == 200
    assert answer["responses"][0]["custom"]["messages"][0]["text"]


async def test_nobody_else_is(client: TestClient[Any, Any]) -> None:
    assert (await call(client, "wrong", CALL))[0] == 401


async def test_an_unknown_action_is_named(client: TestClient[Any, Any]) -> None:
    status, answer = await call(client, "secret", CALL | {"next_action": "action_fly"})
    assert status == 404
    assert answer["action_name"] == "action_fly"


async def test_a_failure_tells_nothing_of_the_conversation(client: TestClient[Any, Any]) -> None:
    message = {"metadata": {"state": {"facts": "my secret story"}}}
    spoilt = {**CALL, "tracker": {"sender_id": "someone", "slots": {}, "latest_message": message}}
    status, answer = await call(client, "secret", spoilt)
    assert status == 500
    assert "secret story" not in str(answer)


async def test_health_needs_no_token(client: TestClient[Any, Any]) -> None:
    async with client.get("/health") as answer:
        assert answer.status == 200

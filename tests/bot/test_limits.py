"""Rate limits, and who is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from bot import conversations
from bot.api import address
from bot.conversations import Desk
from bot.limits import Rate
from bot.server import make_app
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from tests.bot.conftest import Client
from tests.bot.fake_rasa import FakeRasa


def test_a_bucket_holds_a_minute_and_fills_evenly() -> None:
    now = 0.0
    rate = Rate(60, clock=lambda: now)
    assert [rate.take("a") for _ in range(60)] == [0] * 60
    assert rate.take("a") == pytest.approx(1)
    assert rate.take("b") == 0
    now = 1.0
    assert rate.take("a") == 0
    assert rate.take("a") == pytest.approx(1)


def test_buckets_that_are_full_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.limits.MOST_BUCKETS", 10)
    now = 0.0
    rate = Rate(60, clock=lambda: now)
    for n in range(1000):
        now += 1
        rate.take(str(n))
    assert len(rate._buckets) <= 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_a_proxy_on_this_machine_is_believed(peer: str, forwarded: str, who: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded})
    assert address(request.clone(remote=peer)) == who


async def test_who_calls_too_often_is_told_when_to_come_back(
    settings: Settings, desk: Desk, base: KnowledgeBase
) -> None:
    few = Settings(
        var_dir=settings.var_dir,
        requests_per_minute=9,
        openings_per_minute=2,
        messages_per_minute=2,
    )
    client: TestClient[Any, Any]
    async with TestClient(TestServer(make_app(few, desk, base))) as client:
        opened = await (await client.post("/v1/conversations", json={})).json()
        headers = {"Authorization": f"Bearer {opened['token']}"}
        path = f"/v1/conversations/{opened['id']}/messages"
        calls = [
            *[("/v1/conversations", {})] * 2,
            *[(path, {"text": "hi"})] * 3,
            *[("/v1/conversations", {})] * 4,
        ]
        answers = [await client.post(url, json=body, headers=headers) for url, body in calls]
        assert [a.status for a in answers] == [201, 429, 200, 200, 429, 429, 429, 429, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 31


async def test_past_what_can_be_answered_a_message_is_turned_away_with_a_word(
    client: Client, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for an answer that will not come; what was taken is answered."""
    monkeypatch.setattr(conversations, "MOST_AT_ONCE", 3)
    rasa.pause = 0.5
    opened = [await (await client.post("/v1/conversations", json={})).json() for _ in range(6)]

    async def say(conversation: dict[str, Any]) -> tuple[int, dict[str, Any], str | None]:
        path = f"/v1/conversations/{conversation['id']}/messages"
        headers = {"Authorization": f"Bearer {conversation['token']}"}
        async with client.post(path, json={"text": "hello"}, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers.get("Retry-After")

    said = await asyncio.gather(*map(say, opened))
    answered = [body for status, body, _ in said if status == 200]
    refused = [(body, again) for status, body, again in said if status == 503]
    assert len(answered) == 3
    assert len(refused) == 3
    for body, again in refused:
        assert body["type"].endswith(":overloaded")
        assert "not taken" in body["title"]
        assert again
    assert all(body["messages"][0]["text"] == "you said hello" for body in answered)
    assert len(rasa.heard) == 3

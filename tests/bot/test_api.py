"""Every call of the HTTP API, and every error it may answer with."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.conversations import LONGEST_TEXT, Desk
from bot.server import LARGEST_BODY
from bot.settings import Settings
from tests.bot.fake_rasa import FakeRasa, turn

Client = TestClient[Any, Any]
CHECKED = ("id", "role", "language", "created_at", "text", "choices", "card")


class Opened:
    """A conversation, as a client sees it."""

    def __init__(self, client: Client, opened: dict[str, Any]) -> None:
        self.client, self.opened = client, opened
        self.path = f"/v1/conversations/{opened['id']}"
        self.headers = {"Authorization": f"Bearer {opened['token']}"}

    async def say(self, text: str | None = None, **more: Any) -> list[dict[str, Any]]:
        body = more if text is None else {"text": text, **more}
        answer = await self.client.post(f"{self.path}/messages", json=body, headers=self.headers)
        assert answer.status == 200, await answer.text()
        messages: list[dict[str, Any]] = (await answer.json())["messages"]
        return messages

    async def read(self, query: str = "") -> dict[str, Any]:
        answer = await self.client.get(self.path + query, headers=self.headers)
        assert answer.status == 200, await answer.text()
        read: dict[str, Any] = await answer.json()
        return read


async def opened(client: Client, **body: Any) -> Opened:
    answer = await client.post("/v1/conversations", json=body)
    assert answer.status == 201
    return Opened(client, await answer.json())


async def problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    """The problem document of an answer, checked for its form."""
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    document: dict[str, Any] = await answer.json(content_type=None)
    assert document["type"] == f"urn:problem-type:ieum:{name}"
    assert document["status"] == status
    assert document["title"].endswith(".")
    return document


async def test_opening_greets_in_the_language_that_was_chosen(client: Client) -> None:
    conversation = await opened(client, language="ko", origin="https://centre.example")
    assert conversation.opened["language"] == "ko"
    [greeting] = conversation.opened["messages"]
    assert set(greeting) == set(CHECKED)
    assert greeting["role"] == "desk"
    assert greeting["language"] == "ko"
    assert "30" in greeting["text"]  # the days that messages are kept


async def test_opening_without_a_body_reads_the_browsers_languages(client: Client) -> None:
    answer = await client.post("/v1/conversations", headers={"Accept-Language": "fr-FR, ja;q=0.8"})
    assert answer.status == 201
    assert (await answer.json())["language"] == "ja"


async def test_a_browsers_language_does_not_bind_the_desk_but_a_choice_does(
    client: Client, rasa: FakeRasa
) -> None:
    await (await opened(client, language="ja-JP")).say("F6")
    await (await opened(client)).say("F6")
    assert [body["language"] for body in rasa.heard] == ["ja", None]


async def test_a_message_is_answered_and_both_can_be_read(client: Client) -> None:
    conversation = await opened(client)
    [answer] = await conversation.say("My stay ends soon")
    assert answer["text"] == "you said My stay ends soon"
    assert answer["choices"] == [{"label": "Yes", "value": "fact:registered=true"}]
    read = await conversation.read()
    assert [m["role"] for m in read["messages"]] == ["desk", "applicant", "desk"]
    assert read["messages"][2] == answer
    assert read["triage"] == {"urgency": "normal", "case_id": None, "case_status": None}


async def test_a_pressed_button_reads_as_its_label(client: Client, rasa: FakeRasa) -> None:
    conversation = await opened(client)
    await conversation.say("hello")
    await conversation.say(choice="fact:registered=true")
    assert rasa.heard[1] == rasa.heard[1] | {"choice": "fact:registered=true", "message": None}
    pressed = (await conversation.read())["messages"][3]
    assert (pressed["text"], pressed["choice"]) == ("Yes", "fact:registered=true")


async def test_facts_and_language_are_what_rasa_says(client: Client, rasa: FakeRasa) -> None:
    residence = {"value": "P2Y", "words": "2년", "by": "applicant"}
    rasa.answer = lambda body: turn("네", language="ko", facts={"residence": residence})
    conversation = await opened(client)
    await conversation.say("한국에 2년 살았어요")
    read = await conversation.read()
    assert read["facts"] == {"residence": residence}
    assert read["language"] == "ko"


@pytest.mark.parametrize("urgency", ["high", "emergency"])
async def test_an_urgent_matter_becomes_a_case(
    client: Client, rasa: FakeRasa, urgency: str
) -> None:
    rasa.answer = lambda body: turn("Call 112", triage={"urgency": urgency, "reasons": ["x"]})
    conversation = await opened(client)
    await conversation.say("he hits me")
    triage = (await conversation.read())["triage"]
    assert triage["urgency"] == urgency
    assert triage["case_status"] == "queued"
    await conversation.say("again")
    assert (await conversation.read())["triage"]["case_id"] == triage["case_id"]


async def test_a_handoff_card_names_its_case(client: Client, rasa: FakeRasa) -> None:
    card = {"type": "handoff", "service": None, "case_id": None, "status": "queued"}
    rasa.answer = lambda body: turn("A counsellor comes", card, handoff="requested")
    conversation = await opened(client)
    [answer] = await conversation.say("I want a person")
    case = (await conversation.read())["triage"]["case_id"]
    assert case is not None
    assert answer["card"]["case_id"] == case


@pytest.mark.parametrize("text", ["", "   \n", "😀👍", "\x00\x07", "\u202e\u2066", "…!?"])
async def test_without_words_the_desk_asks_for_some(
    client: Client, rasa: FakeRasa, text: str
) -> None:
    conversation = await opened(client)
    [answer] = await conversation.say(text)
    assert answer["role"] == "desk"
    assert "words" in answer["text"]
    assert not rasa.heard
    assert (await conversation.say("F-6"))[0]["text"] == "you said F-6"


async def test_ten_thousand_characters_are_read_and_one_more_is_too_long(
    client: Client, rasa: FakeRasa
) -> None:
    conversation = await opened(client)
    [answer] = await conversation.say("가" * LONGEST_TEXT)
    assert answer["text"].startswith("you said 가")
    [answer] = await conversation.say("가" * (LONGEST_TEXT + 1))
    assert "very long" in answer["text"]
    assert len(rasa.heard) == 1
    assert len((await conversation.read())["messages"][3]["text"]) == LONGEST_TEXT + 1


async def test_control_characters_are_taken_out(client: Client, rasa: FakeRasa) -> None:
    await (await opened(client)).say("my\x00 D-4\x1b ends\r\ntomorrow\u202e")
    assert rasa.heard[0]["message"] == "my D-4 ends\ntomorrow"


async def test_a_message_sent_twice_with_one_key_is_answered_once(
    client: Client, rasa: FakeRasa
) -> None:
    conversation = await opened(client)
    first = await conversation.say("hello", key="k1")
    assert await conversation.say("hello", key="k1") == first
    assert len(rasa.heard) == 1
    assert (await conversation.read())["messages"][1]["key"] == "k1"


async def test_messages_sent_at_once_are_answered_in_order(client: Client, rasa: FakeRasa) -> None:
    rasa.pause = 0.02
    conversation = await opened(client)
    await asyncio.gather(*(conversation.say(f"message {n}") for n in range(6)))
    said = [body["message"] for body in rasa.heard]
    texts = [m["text"] for m in (await conversation.read())["messages"]]
    assert said == [text for text in texts if text.startswith("message")]
    assert [f"you said {text}" for text in said] == [t for t in texts if t.startswith("you said")]


async def test_reading_on_from_a_message(client: Client) -> None:
    conversation = await opened(client)
    [first] = await conversation.say("one")
    await conversation.say("two")
    after = (await conversation.read(f"?after={first['id']}"))["messages"]
    assert [m["text"] for m in after] == ["two", "you said two"]


async def test_long_polling_waits_for_the_next_message(client: Client, rasa: FakeRasa) -> None:
    conversation = await opened(client)
    greeting = conversation.opened["messages"][0]
    poll = asyncio.create_task(conversation.read(f"?after={greeting['id']}&wait=10"))
    await asyncio.sleep(0.1)
    assert not poll.done()
    await conversation.say("hello")
    assert (await poll)["messages"][0]["text"] == "hello"


async def test_long_polling_ends_empty_after_its_wait(client: Client) -> None:
    conversation = await opened(client)
    greeting = conversation.opened["messages"][0]
    assert (await conversation.read(f"?after={greeting['id']}&wait=0.1"))["messages"] == []


@pytest.mark.parametrize("wait", ["-1", "26", "nan", "soon"])
async def test_a_wait_that_is_none(client: Client, wait: str) -> None:
    conversation = await opened(client)
    answer = await client.get(f"{conversation.path}?wait={wait}", headers=conversation.headers)
    await problem(answer, 422, "unexpected-content")


async def test_erasing_leaves_nothing(client: Client, desk: Desk) -> None:
    conversation = await opened(client)
    await conversation.say("hello")
    answer = await client.delete(conversation.path, headers=conversation.headers)
    assert answer.status == 204
    for method in ("get", "delete"):
        answer = await client.request(method, conversation.path, headers=conversation.headers)
        await problem(answer, 404, "conversation-unknown")
    assert await desk.store.messages(conversation.opened["id"]) == []


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("delete", ""), ("post", "/messages")])
async def test_tokens(client: Client, method: str, path: str) -> None:
    conversation, other = await opened(client), await opened(client)
    url = conversation.path + path
    answer = await client.request(method, url, json={"text": "hi"})
    await problem(answer, 401, "token-missing")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    for headers in (other.headers, {"Authorization": "Bearer ünïcode"}):
        answer = await client.request(method, url, json={"text": "hi"}, headers=headers)
        await problem(answer, 401, "token-wrong")
    answer = await client.request(method, url, headers={"Authorization": "Basic abc"})
    await problem(answer, 401, "token-missing")
    unknown = f"/v1/conversations/nobody{path}"
    answer = await client.request(method, unknown, json={"text": "hi"}, headers=other.headers)
    await problem(answer, 404, "conversation-unknown")


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        (b"{", 400, "broken-json"),
        (b'{"text": "\xff"}', 400, "broken-json"),
        (b'{"text": "\\ud800"}', 400, "broken-json"),
        (b'{"x": ' + b"[" * 100_000, 400, "broken-json"),
        (b"[]", 422, "unexpected-content"),
        (b"{}", 422, "unexpected-content"),
        (b'{"text": 5}', 422, "unexpected-content"),
        (b'{"text": "a", "choice": "b"}', 422, "unexpected-content"),
        (b'{"choice": ""}', 422, "unexpected-content"),
        (b'{"text": "a", "key": "two words"}', 422, "unexpected-content"),
        (b" " * (LARGEST_BODY + 1), 413, "too-large"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_bodies_that_cannot_be_taken(
    client: Client, body: bytes, status: int, name: str
) -> None:
    conversation = await opened(client)
    headers = conversation.headers | {"Content-Type": "application/json"}
    answer = await client.post(f"{conversation.path}/messages", data=body, headers=headers)
    await problem(answer, status, name)
    assert (await conversation.say("still here?"))[0]["text"] == "you said still here?"


async def test_a_body_that_is_not_json(client: Client) -> None:
    conversation = await opened(client)
    url = f"{conversation.path}/messages"
    answer = await client.post(url, data={"text": "form"}, headers=conversation.headers)
    await problem(answer, 415, "not-json")
    answer = await client.post("/v1/conversations", data=b"{}", headers={"Content-Type": "a/b"})
    await problem(answer, 415, "not-json")


async def test_addresses_and_methods_that_are_not_there(client: Client) -> None:
    for path in ("/v1/nothing", "/nothing.js", "/%2e%2e/server.py", "/v1", "/widget.js%00"):
        await problem(await client.get(path), 404, "not-found")
    answer = await client.put("/v1/conversations", json={})
    await problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"


async def test_a_fault_tells_nothing_of_itself(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(desk, "open", broken)
    answer = await client.post("/v1/conversations", json={})
    await problem(answer, 500, "fault")
    assert "secret" not in await answer.text()


async def test_services_facts_sources_phrases(client: Client) -> None:
    services = await (await client.get("/v1/services")).json()
    assert "permanent_residence.f5_2" in {service["id"] for service in services}
    service = await (await client.get("/v1/services/permanent_residence.f5_2")).json()
    assert {"requirements", "documents", "fees", "deadlines", "offices", "sources"} <= set(service)
    for item in (*service["requirements"], *service["documents"], *service["fees"]):
        assert item["citations"]
    facts = await (await client.get("/v1/facts")).json()
    assert {"id", "kind", "unit", "choices", "question"} <= set(facts[0])
    sources = await (await client.get("/v1/sources")).json()
    assert {"id", "title", "publisher", "language", "as_of", "checked_on", "reliability"} <= set(
        sources[0]
    )
    assert set(service["sources"]) <= {source["id"] for source in sources}
    phrases = await (await client.get("/v1/phrases?language=ko")).json()
    assert "widget.send" in phrases


async def test_an_assessment_needs_no_conversation(client: Client) -> None:
    path = "/v1/services/permanent_residence.f5_2/assess"
    card = await (await client.post(path, json={"facts": {}})).json()
    assert (card["type"], card["outcome"]) == ("verdict", "needs_more_info")
    assert card["missing"]
    facts = {"status": "F-6", "marriage": "intact", "residence": "P23M"}
    card = await (await client.post(path, json={"facts": facts, "language": "ko"})).json()
    assert card["outcome"] == "not_eligible"
    assert card["missing"] == []


@pytest.mark.parametrize(
    "facts", [{"no_such_fact": 1}, {"residence": "long"}, {"status": True}, {"residence": [1]}]
)
async def test_facts_that_cannot_be_assessed(client: Client, facts: dict[str, Any]) -> None:
    path = "/v1/services/permanent_residence.f5_2/assess"
    document = await problem(
        await client.post(path, json={"facts": facts}), 422, "unexpected-content"
    )
    assert document["detail"]


async def test_services_that_are_not_there(client: Client) -> None:
    await problem(await client.get("/v1/services/none"), 404, "service-unknown")
    await problem(await client.post("/v1/services/none/assess", json={}), 404, "service-unknown")


async def test_search_ranks_statements_with_their_sources(
    client: Client, settings: Settings, embedded: Path
) -> None:
    shutil.copytree(Settings(var_dir=str(embedded)).index_folder, settings.index_folder)
    query = {"q": "how long must I have lived in Korea", "limit": "3"}
    found = await (await client.get("/v1/search", params=query)).json()
    assert len(found) == 3
    assert all({"service", "id", "text", "score", "citations"} <= set(hit) for hit in found)
    for wrong in (
        {},
        {"q": ""},
        {"q": "x" * 501},
        {"q": "x", "limit": "0"},
        {"q": "x", "limit": "²"},
    ):
        await problem(await client.get("/v1/search", params=wrong), 422, "unexpected-content")


async def test_readiness_names_what_does_not_answer(client: Client, rasa: FakeRasa) -> None:
    assert (await client.get("/healthz")).status == 200
    assert (await client.get("/readyz")).status == 200
    await rasa.stop()
    document = await problem(await client.get("/readyz"), 503, "not-ready")
    assert document["parts"] == {
        "rasa": "does not answer",
        "actions": "does not answer",
        "database": "answers",
    }
    assert (await client.get("/healthz")).status == 200


async def test_a_stranger_on_rasas_port_is_not_rasa(client: Client, rasa: FakeRasa) -> None:
    await rasa.stop()
    stranger = TestServer(web.Application(), port=rasa.port)  # answers 404 to everything
    await stranger.start_server()
    document = await problem(await client.get("/readyz"), 503, "not-ready")
    await stranger.close()
    assert document["parts"]["rasa"] == "does not answer"


async def test_metrics_count_calls_by_route_and_never_by_id(client: Client) -> None:
    conversation = await opened(client)
    await conversation.say("hello")
    text = await (await client.get("/metrics")).text()
    assert 'route="/v1/conversations/{id}/messages",status="200"' in text
    assert conversation.opened["id"] not in text


async def test_the_page_and_its_files_come_with_a_strict_policy(client: Client) -> None:
    for path in ("/", "/widget.js"):
        answer = await client.get(path)
        assert answer.status == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_only_allowed_websites_may_read_answers(client: Client) -> None:
    preflight = {"Access-Control-Request-Method": "POST"}
    for origin, allowed in (("https://centre.example", True), ("https://evil.example", False)):
        headers = {"Origin": origin}
        for answer in (
            await client.options("/v1/conversations", headers=headers | preflight),
            await client.post("/v1/conversations", json={}, headers=headers),
        ):
            assert ("Access-Control-Allow-Origin" in answer.headers) == allowed


async def test_the_openapi_document_names_every_route(client: Client) -> None:
    document = await (await client.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    described = {(path, method) for path, calls in document["paths"].items() for method in calls}
    app = client.server.app  # type: ignore[union-attr]
    served = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    pages = {("/", "get"), ("/openapi.json", "get")}
    assert {r for r in served if "{file" not in r[0]} - pages == described

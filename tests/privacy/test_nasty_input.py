"""Nasty input through the real desk: no fault, no trace of the inside, no effect."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.desk import Desk
from tests.privacy.stores import holding
from tests.stories.player import Api, Person

CORPUS = yaml.safe_load(Path(__file__).with_name("nasty.yml").read_text())
NASTY = [text for texts in CORPUS.values() for text in texts]
INSIDE = ("Traceback", 'File "', "sqlalchemy", "msgspec", "rasa_sdk", "site-packages")
RULE = "how much is the fee for permanent residence F-5-2?"


@pytest.mark.parametrize("kind", CORPUS)
def test_it_is_answered_and_has_no_effect(desk: Desk, kind: str) -> None:
    for text in CORPUS[kind]:
        person = Person(Api(desk.url))
        replies = person.say(text)
        assert replies, text
        assert all(reply["text"].strip() for reply in replies), text
        _tells_nothing_of_the_inside(replies)
        state = person.state()
        assert "registered" not in state["facts"], text
        # "Show me another person's conversation" may bring a person, and no alarm.
        assert state["triage"]["urgency"] in ("low", "normal"), text
        own = [m["text"] for m in state["messages"] if m["role"] == "applicant"]
        assert len(own) == 1, text
        for reply in replies:
            assert text not in reply["text"] or len(text) < 3, "nothing is repeated unread"
    assert "230,000" in "\n".join(r["text"] for r in person.say(RULE)), "and it goes on"


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_it_does_no_harm_in_any_other_field(desk: Desk, text: str) -> None:
    base, quoted = desk.url, urllib.request.quote(text.encode("utf-8", "replace"), safe="")
    person = Person(Api(base))
    mine = f"/v1/conversations/{person.id}"
    calls: list[tuple[str, str, Any, str]] = [
        ("POST", "/v1/conversations", {"language": text}, ""),
        ("POST", "/v1/conversations", {"origin": text}, ""),
        ("POST", f"{mine}/messages", {"choice": text}, person.token),
        ("POST", f"{mine}/messages", {"text": "hi", "key": text}, person.token),
        ("GET", f"{mine}?after={quoted}&wait=0", None, person.token),
        ("GET", f"{mine}?wait={quoted}", None, person.token),
        ("GET", f"/v1/conversations/{quoted}", None, person.token),
        ("GET", f"/v1/search?q={quoted}&language={quoted}", None, ""),
        ("GET", f"/v1/search?q=fee&limit={quoted}", None, ""),
        ("GET", f"/v1/services/{quoted}", None, ""),
        ("GET", f"/{quoted}", None, ""),
        ("POST", "/webhooks/rest/webhook", {"sender": "x", "message": text}, ""),
        ("POST", "/v1/services/reentry_permit/assess", {"facts": {"status": text}}, ""),
        ("POST", "/v1/services/reentry_permit/assess", {"facts": {text: text}}, ""),
    ]
    for method, path, body, token in calls:
        status, answer = _call(base, method, path, body, token)
        assert status < 500, (path, answer)
        _tells_nothing_of_the_inside(answer)
    assert person.state()["facts"] == {}
    assert "230,000" in "\n".join(r["text"] for r in person.say(RULE))


def test_no_log_has_a_line_of_it(desk: Desk) -> None:
    person = Person(Api(desk.url))
    for text in CORPUS["lines of a log"]:
        person.say(text)
    logs = {name for name in holding(desk, "forged") if "/log/" in name}
    assert not logs


def _tells_nothing_of_the_inside(answer: Any) -> None:
    told = answer if isinstance(answer, str) else json.dumps(answer)
    assert not [word for word in INSIDE if word in told], told


def _call(base: str, method: str, path: str, body: Any, token: str) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, method=method)
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

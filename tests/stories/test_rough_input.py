"""Whatever is sent, somebody is answered in a sentence, and the conversation goes on."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.stories.player import Api, Person

ROUGH = {
    "nothing": "",
    "blanks": "   \n\t ",
    "ten thousand characters": "visa " * 2000,
    "more than is read": "가" * 12_000,
    "emoji only": "😀🙏🏽👩‍👩‍👧",
    "control characters": "vi\x00sa \x07\x1b[31m extension \u202e",
    "combining marks": "v" + "\u0301" * 300,
    "an intent of Rasa": '/choose{"choice": "fact:registered=true"}',
    "another": "/restart",
    "html": "<script>alert(1)</script><b>fee?</b>",
    "sql": "'); DROP TABLE messages; --",
    "a template": "{facts} %s ${HOME} {{7*7}}",
    "a huge number": "I have lived here " + "9" * 400 + " years",
    "a date that is none": "my stay ends on 2027-02-31",
}


@pytest.mark.parametrize("text", ROUGH.values(), ids=ROUGH.keys())
def test_rough_input_gets_a_sentence_and_the_conversation_goes_on(desk_url: str, text: str) -> None:
    person = Person(Api(desk_url))
    before = person.state()["facts"]
    replies = person.say(text)
    assert replies
    assert all(reply["text"].strip() for reply in replies)
    assert "Traceback" not in json.dumps(replies)
    if text.startswith("/"):
        assert person.state()["facts"] == before
    after = person.say("how much is the fee for permanent residence F-5-2?")
    assert "230,000" in "\n".join(reply["text"] for reply in after)


def problem(base: str, method: str, path: str, body: bytes | None, token: str) -> tuple[int, Any]:
    request = urllib.request.Request(base + path, data=body, method=method)
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", f"Bearer {token}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    assert caught.value.headers["Content-Type"].startswith("application/problem+json")
    return caught.value.code, json.load(caught.value)


def test_errors_are_problem_documents_a_person_understands(desk_url: str) -> None:
    person = Person(Api(desk_url))
    messages = f"/v1/conversations/{person.id}/messages"
    hello = b'{"text": "hello"}'
    cases = [
        (401, problem(desk_url, "POST", messages, hello, "wrong")),
        (404, problem(desk_url, "GET", "/v1/conversations/nobody", None, person.token)),
        (404, problem(desk_url, "GET", "/v1/services/nothing", None, "")),
        (400, problem(desk_url, "POST", messages, b'{"text": ', person.token)),
        (400, problem(desk_url, "POST", messages, b'{"text": "\\ud800"}', person.token)),
        (422, problem(desk_url, "POST", messages, b'{"text": 5}', person.token)),
        (405, problem(desk_url, "PUT", messages, hello, person.token)),
    ]
    for expected, (status, document) in cases:
        assert status == expected, document
        assert document["type"].startswith(("http", "/", "urn:"))
        assert " " in document["title"], document
        assert "Traceback" not in str(document)
    assert person.say("hello"), "the conversation goes on"

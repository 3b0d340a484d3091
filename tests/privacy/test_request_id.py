"""One id leads from the door to Rasa, to the action, to the record."""

from __future__ import annotations

import json
import urllib.request

from tests.desk import Desk
from tests.stories.player import Api, Person


def test_a_request_can_be_followed_through_every_log(desk: Desk) -> None:
    person = Person(Api(desk.url))
    request = urllib.request.Request(
        f"{desk.url}/v1/conversations/{person.id}/messages",
        json.dumps({"text": "how much is the fee for permanent residence F-5-2?"}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {person.token}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        followed = answer.headers["X-Request-Id"]
    stored = {m["id"] for m in person.state()["messages"] if m["role"] == "applicant"}
    assert stored == {followed}, "the record has the request's id"
    events = {}
    for room in ("gateway", "rasa", "actions"):
        lines = (desk.folder / "log" / f"{room}.log").read_text().splitlines()
        events[room] = [line for line in lines if f"request={followed}" in line]
    answered, called = events["gateway"]
    assert "answered" in answered
    assert "POST /v1/conversations/{id}/messages" in called
    assert "status=200" in called
    assert "understood and answered" in events["rasa"][-1]
    assert "action_advise" in events["actions"][0]


def test_figures_say_how_the_desk_is_doing(desk: Desk) -> None:
    Person(Api(desk.url)).say("how much is the fee for permanent residence F-5-2?")
    metrics = urllib.request.urlopen(f"{desk.url}/metrics", timeout=30).read().decode()
    for name in (
        'ieum_stage_seconds_count{stage="hide and store"}',
        "ieum_turn_seconds_count",
        'ieum_answers_total{card="answer"}',
        "ieum_messages_waiting 0.0",
        'ieum_process_restarts{part="rasa"}',
    ):
        assert name in metrics

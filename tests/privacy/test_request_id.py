"""One id leads from the door to Rasa, to the action, to the record."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from tests.desk import Desk
from tests.stories.player import Api, Person


def test_a_request_can_be_followed_through_every_log(tmp_path: Path) -> None:
    with Desk(tmp_path / "var", LOG_FORMAT="json") as desk:
        person = Person(Api(desk.url))
        request = urllib.request.Request(
            f"{desk.url}/v1/conversations/{person.id}/messages",
            json.dumps({"text": "how much is the fee for permanent residence F-5-2?"}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {person.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            followed = answer.headers["X-Request-Id"]
        stored = {m["id"] for m in person.state()["messages"] if m["role"] == "applicant"}
        metrics = urllib.request.urlopen(f"{desk.url}/metrics", timeout=30).read().decode()
    assert stored == {followed}, "the record has the request's id"
    events = {}
    for room in ("gateway", "rasa", "actions"):
        lines = (desk.folder / "log" / f"{room}.log").read_text().splitlines()
        mine = [line for line in map(_decoded, lines) if line.get("request") == followed]
        events[room] = [line["event"] for line in mine]
    assert events["gateway"] == ["answered", "POST /v1/conversations/{id}/messages"]
    assert events["rasa"][-1] == "understood and answered"
    assert events["actions"] == ["action_advise"]
    for name in (
        'ieum_stage_seconds_count{stage="hide and store"}',
        "ieum_turn_seconds_count",
        'ieum_answers_total{card="answer"}',
        "ieum_messages_waiting 0.0",
        'ieum_process_restarts{part="rasa"} 0.0',
    ):
        assert name in metrics


def _decoded(line: str) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(line)
    except ValueError:
        return {}  # what a library wrote before the log was set up
    return found

"""Which doors of a running desk are open, to whom, and what they say to others."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import psutil
import pytest

from bot import supervisor
from bot.settings import Secrets
from tests.desk import Desk

HELLO = json.dumps({"sender": "x", "message": "planted"}).encode()


def test_rasa_and_actions_listen_on_loopback_alone(desk: Desk) -> None:
    settings = desk.settings()
    family = psutil.Process(desk._process.pid)
    of_the_desk = {family.pid, *(child.pid for child in family.children(recursive=True))}
    listening = {
        (c.laddr.port, c.laddr.ip)
        for c in psutil.net_connections("inet")
        if c.status == psutil.CONN_LISTEN and c.pid in of_the_desk
    }
    assert listening == {
        (settings.port, settings.host),
        (settings.rasa_port, "127.0.0.1"),
        (settings.actions_port, "127.0.0.1"),
    }


def test_they_do_so_wherever_the_gateway_listens(desk: Desk) -> None:
    for command, _ in supervisor.programs(desk.settings(HOST="0.0.0.0")).values():
        assert "0.0.0.0" not in command


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_rasa_hears_nobody_without_its_token(desk: Desk, token: str | None) -> None:
    url = f"{desk.settings().rasa_urls[0]}/webhooks/gateway/message"
    assert _status(url, HELLO, token) == 401


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_actions_hear_nobody_without_their_token(desk: Desk, token: str | None) -> None:
    assert _status(f"{desk.settings().actions_urls[0]}/webhook", b"{}", token) == 401


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/rest/webhook",
        "/webhooks/callback/webhook",
        "/conversations/x/tracker",
        "/conversations/x/tracker/events",
        "/model/parse",
        "/model/train",
        "/domain",
    ],
)
def test_rasas_own_doors_are_shut_even_for_the_token(desk: Desk, path: str) -> None:
    token = Secrets.load(desk.folder).rasa_token
    for body in (None, HELLO):
        assert _status(desk.settings().rasa_urls[0] + path, body, token) in (404, 405)


def test_rasa_has_no_memory_of_what_was_said(desk: Desk) -> None:
    """A message that comes with no state is the first of its conversation, whoever sends it."""
    token = Secrets.load(desk.folder).rasa_token
    url = f"{desk.settings().rasa_urls[0]}/webhooks/gateway/message"
    told = {"sender": "same", "message": "I have an F-6 visa"}
    first = _answer(url, told, token)
    assert first[-1]["state"]["facts"]["status"]["value"] == "F-6"
    asked = _answer(url, {"sender": "same", "message": "What do you know of me?"}, token)
    assert asked[-1]["state"]["facts"] == {}


def _status(url: str, body: bytes | None, token: str | None) -> int:
    try:
        with urllib.request.urlopen(_request(url, body, token), timeout=30) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        told = error.read()
        assert b"planted" not in told
        assert b"Traceback" not in told
        return error.code


def _answer(url: str, body: dict[str, str], token: str) -> Any:
    with urllib.request.urlopen(_request(url, json.dumps(body).encode(), token), timeout=60) as got:
        return json.load(got)


def _request(url: str, body: bytes | None, token: str | None) -> urllib.request.Request:
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return urllib.request.Request(url, data=body, headers=headers)

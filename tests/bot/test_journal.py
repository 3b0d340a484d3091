"""The log: one line an event, with the request it belongs to, and no word of a person."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

import journal
from journal import bound_contextvars


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_names_its_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    journal.configure("gateway")
    with bound_contextvars(request="r1"):
        logging.getLogger("bot.test").info("%s done", "work", extra={"seconds": 0.5})
    line = json.loads(capsys.readouterr().out)
    assert line.pop("at")
    assert line == {
        "level": "info",
        "room": "gateway",
        "logger": "bot.test",
        "event": "work done",
        "request": "r1",
        "seconds": 0.5,
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_one_event_is_one_line(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", form)
    journal.configure("gateway")
    logging.getLogger("x").warning("first\n2026-11-22 error forged\r\nline", extra={"a": "b\nc"})
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_says_where_and_not_what_somebody_wrote(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", form)
    journal.configure("actions")
    for error in (ValueError("my passport is M12345678"), OSError("No route to 10.0.0.7")):
        try:
            raise error
        except Exception:
            logging.getLogger("x").exception("the action failed")
    told = capsys.readouterr().out
    assert "M12345678" not in told
    assert "passport" not in told
    assert "ValueError" in told
    assert "test_journal.py" in told
    assert "No route to 10.0.0.7" in told


def test_of_rasas_events_their_name_is_kept_and_not_their_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    journal.configure("rasa")
    frame = {"filename": "processor.py", "lineno": 7, "locals": {"text": "my secret"}}
    event = {
        "event": "processor.action.failed",
        "action_name": "action_advise",
        "user_text": "my secret",
        "event_info": "could not read my secret",
        "exception": [{"exc_type": "ValueError", "exc_value": "my secret", "frames": [frame]}],
    }
    logging.getLogger("rasa.core.processor").error(json.dumps(event))
    told = capsys.readouterr().out
    assert "secret" not in told
    line = json.loads(told)
    assert (line["event"], line["action_name"]) == ("processor.action.failed", "action_advise")
    assert (line["exception"], line["at_line"]) == ("ValueError", "processor.py:7")

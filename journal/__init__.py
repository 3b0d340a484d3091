"""What the processes write down of their work, alike in all of them.

One line an event: when, where, which request, what.  A request's id is given
at the door, is the id under which the message is stored, and goes with it to
Rasa and the actions.  No line holds a word of a conversation: no text, no fact,
no token, no address.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, WrappedLogger

__all__ = ["bound_contextvars", "configure", "current_request"]


def configure(room: str) -> None:
    """Write the log of this process to standard output: JSON where LOG_FORMAT=json."""
    as_json = os.environ.get("LOG_FORMAT") == "json"

    def begin(_: WrappedLogger, level: str, event: EventDict) -> EventDict:
        ordered = {name: event.pop(name) for name in ("at", "level") if name in event}
        return {**ordered, "room": room, **event}

    formatter = ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            ExtraAdder(),
            structlog.processors.TimeStamper("iso", key="at"),
            _with_trace,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _unwrapped,
            begin,
            structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _as_line,
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for ours in ("actions", "bot", "knowledge", "nlu"):
        # By name: a library that Rasa loads with the model sets the root's level to its own taste.
        logging.getLogger(ours).setLevel(logging.INFO)


def current_request() -> str | None:
    """The id of the request that is being worked on, where there is one."""
    found: str | None = structlog.contextvars.get_contextvars().get("request")
    return found


# What Rasa puts beside its events may hold what people wrote; these may not.
_RASAS_OWN = ("action_name", "policy_name")


def _unwrapped(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Rasa's events come as JSON inside a line: what of them is fit to be kept."""
    text = event["event"]
    if not isinstance(text, str) or not text.startswith("{"):
        return event
    try:
        inner: dict[str, Any] = json.loads(text)
    except ValueError:
        return event
    kept = {name: inner[name] for name in _RASAS_OWN if name in inner}
    # Where it failed, without the values that were in the way.
    for exception in inner.get("exception") or ():
        frames = exception.get("frames") or [{}]
        kept["exception"] = exception.get("exc_type")
        kept["at_line"] = f"{frames[-1].get('filename')}:{frames[-1].get('lineno')}"
    return {**event, **kept, "event": str(inner.get("event"))}


# Whose messages hold addresses and names of tables, and never what somebody wrote.
_TELL_ALL = ("OSError", "SQLAlchemyError", "ImportError", "RecordError", "SettingsError")


def _with_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Where it failed, and of which kind; an error's own words may be a person's."""
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        kinds = {kind.__name__ for kind in type(error).__mro__}
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        frames = traceback.format_tb(error.__traceback__)
        words = f": {error}" if kinds & set(_TELL_ALL) else ""
        event["exception"] = "".join([*frames, name, words])
    return event


def _as_line(_: WrappedLogger, __: str, event: EventDict) -> str:
    trace = event.pop("exception", None)
    begin = [str(event.pop(name, "")) for name in ("at", "level", "room", "logger", "event")]
    line = " ".join([*begin, *(f"{name}={value}" for name, value in event.items())])
    line = line.replace("\r", "\\r").replace("\n", "\\n")  # one event stays one line
    return f"{line}\n{trace}" if trace else line

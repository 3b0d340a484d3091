"""A client as the widget is one: it sends again what was cut off, and waits for a late answer."""

from __future__ import annotations

import http.client
import time
import urllib.error
import uuid
from typing import Any

from tests.stories.player import Api, Json

LATEST = 150  # seconds, for processes to be started again on a busy machine


class PatientApi(Api):
    """The public API of a desk in trouble: every message has a key, and its answer comes."""

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        is_message = path.endswith("/messages")
        if is_message:
            body = {**body, "key": uuid.uuid4().hex}
        answer = self._insist(method, path, body, token)
        if is_message and not _is_answered(answer["messages"]):
            answer = {"messages": self._late_answer(path.removesuffix("/messages"), body, token)}
        return answer

    def _insist(self, method: str, path: str, body: Any, token: str | None) -> Any:
        until = time.monotonic() + LATEST
        while True:
            try:
                return super().call(method, path, body, token)
            except urllib.error.HTTPError as error:
                if error.code < 500 or time.monotonic() > until:
                    raise
            except (OSError, http.client.HTTPException):
                if time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def _late_answer(self, path: str, body: Json, token: str | None) -> list[Json]:
        until = time.monotonic() + LATEST
        while time.monotonic() < until:
            messages = self._insist("GET", path, None, token)["messages"]
            [asked] = [n for n, m in enumerate(messages) if m.get("key") == body["key"]]
            replies = [m for m in messages[asked + 1 :] if m["role"] == "desk"]
            if replies:
                return replies
            time.sleep(0.2)
        raise AssertionError(f"no answer to {body} in {LATEST} seconds")


def _is_answered(replies: list[Json]) -> bool:
    return any(reply["role"] == "desk" for reply in replies)

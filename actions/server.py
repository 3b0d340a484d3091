"""The action server: `python -m actions.server`.

rasa-sdk's own server answers anybody and repeats the whole tracker when it
fails.  This one runs the same executor behind a token, on loopback, and its
errors hold no word of a conversation.
"""

from __future__ import annotations

import gc
import hmac
import logging
import os
import sys
import time
from typing import Any

import uvloop
from aiohttp import web
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionNotFoundException

import actions.desk_actions
import journal
from actions.turn import knowledge_base
from journal import bound_contextvars
from knowledge.base import RecordError

_LARGEST_CALL = 16 * 1024 * 1024  # a tracker with a long session


def make_app(token: str) -> web.Application:
    """The app: POST /webhook for Rasa, with `Authorization: Bearer <token>`; GET /health."""
    executor = ActionExecutor()
    executor.register_package(actions.desk_actions)
    log = logging.getLogger("actions")

    async def webhook(request: web.Request) -> web.Response:
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            return web.json_response({"error": "this server is Rasa's alone"}, status=401)
        call = await request.json()
        began, name = time.monotonic(), call.get("next_action")
        with bound_contextvars(request=_request_id(call)):
            try:
                answer = await executor.run(call)
            except ActionNotFoundException as error:
                return web.json_response(
                    {"error": error.message, "action_name": error.action_name}, status=404
                )
            except Exception:
                log.exception("action %s failed", name)
                return web.json_response({"error": "the action failed, see its log"}, status=500)
            log.info("%s", name, extra={"seconds": round(time.monotonic() - began, 3)})
            return web.json_response(answer)

    async def health(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=_LARGEST_CALL)
    app.add_routes([web.post("/webhook", webhook), web.get("/health", health)])
    return app


def _request_id(call: dict[str, Any]) -> str | None:
    """The id under which the gateway has stored the message; it comes with Rasa's call."""
    heard = (call.get("tracker") or {}).get("latest_message") or {}
    found: str | None = (heard.get("metadata") or {}).get("request")
    return found


def main() -> None:
    """Serve until stopped; refuse to start on a record that does not fit."""
    journal.configure("actions")
    token = os.environ.get("ACTIONS_TOKEN")
    if not token:
        sys.exit("ACTIONS_TOKEN is not set; `ieum run` sets it, so start the desk with that")
    try:
        knowledge_base()
    except RecordError as error:
        sys.exit(f"The knowledge base cannot be used: {error}")
    # The base stays; looking through it for garbage would hold up a turn.
    gc.collect()
    gc.freeze()
    port = int(os.environ.get("ACTIONS_PORT", "5055"))
    uvloop.install()
    web.run_app(make_app(token), host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main()

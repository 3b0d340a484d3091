"""A small server that speaks the gateway channel's protocol, for the gateway's own tests."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.desk import free_port

TOKEN = "rasa-token"


def turn(text: str, card: dict[str, Any] | None = None, **state: Any) -> list[dict[str, Any]]:
    """What Rasa answers: one utterance, and the state after it."""
    choices = [{"label": "Yes", "value": "fact:registered=true"}]
    said = {"text": text, "language": "en", "choices": choices, "card": card}
    triage = {"urgency": "normal", "reasons": []}
    return [{"messages": [said], "state": {"triage": triage, **state}}]


class FakeRasa:
    """Echoes what it hears; `answer` can be replaced.  Its port stays when it is stopped."""

    def __init__(self) -> None:
        self.port = free_port()
        self.heard: list[dict[str, Any]] = []
        self.pause = 0.0
        self.free = asyncio.Event()  # cleared: it thinks until it is set
        self.free.set()
        self._runner: web.AppRunner | None = None

    def answer(self, body: dict[str, Any]) -> Any:
        return turn(f"you said {body['message'] or body['choice']}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/webhooks/gateway/message", self._message)
        for health in ("/webhooks/gateway/health", "/health"):  # Rasa's, the action server's
            app.router.add_get(health, self._up)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _message(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        body = await request.json()
        self.heard.append(body)
        await asyncio.sleep(self.pause)
        await self.free.wait()
        answer = self.answer(body)
        return web.json_response(answer, status=answer if isinstance(answer, int) else 200)

    async def _up(self, request: web.Request) -> web.Response:
        return web.Response(text="up")

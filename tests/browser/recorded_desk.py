"""A small desk on loopback that speaks the desk's API with recorded answers.

It stores conversations as the real one does (in memory, outliving a restart of
its server), knows a message sent twice by its key, and can be told to fail in
the ways that networks and servers do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import yaml
from aiohttp import WSMsgType, web

from bot import centre
from bot.conversations import supported_language
from knowledge.base import KnowledgeBase
from knowledge.catalogue import Catalogue

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WIDGET = ROOT / "bot" / "widget"
BASE = KnowledgeBase.load()
RECORDINGS: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    (HERE / "recordings.yml").read_text("utf-8")
)
# No 'unsafe-inline', and scripts may not write HTML.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)

Json = dict[str, Any]


class RecordedDesk:
    """Use as `async with RecordedDesk() as desk:`; `desk.url` is its address.

    `said` lists what it stored of the applicants' messages, in order.
    `sockets_allowed = False` refuses WebSockets as some proxies do;
    `deaf = True` reads socket frames and does nothing, as a dead tunnel does,
    and `swallowed` tells that it did; `mute = True` does so with reads;
    `seen` lists the path of every request; `records` (language → name →
    messages) can be added to.
    """

    def __init__(self) -> None:
        self.conversations: dict[str, Json] = {}
        self.records = {language: dict(named) for language, named in RECORDINGS.items()}
        self.said: list[Json] = []
        self.opened: list[Json] = []
        self.seen: list[str] = []
        self.sockets_allowed = True
        self.deaf = False
        self.mute = False
        self.swallowed = asyncio.Event()
        self.port = 0
        self._ids: Iterator[int] = count(1)
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> RecordedDesk:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Serve, after a stop at the same address as before."""
        app = web.Application(middlewares=[self._watch])
        conversation = "/v1/conversations/{id}"
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/v1/phrases", self._phrases),
                web.get("/v1/sources", self._sources),
                web.post("/v1/conversations", self._open),
                web.get(conversation, self._read),
                web.delete(conversation, self._erase),
                web.post(conversation + "/messages", self._message),
                web.get(conversation + "/socket", self._socket),
                web.static("/centre", centre.FOLDER),
                web.static("/", WIDGET),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def push(self, name: str, language: str = "en") -> None:
        """Say a recorded message in every conversation, unasked, as a counsellor does."""
        for conversation in self.conversations.values():
            await self._store(conversation, self._recorded(name, language))

    # --- HTTP

    @web.middleware
    async def _watch(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.seen.append(request.path)
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Cache-Control"] = "no-store"
        return response

    async def _page(self, request: web.Request) -> web.StreamResponse:
        chosen = request.query.get("language")
        language = chosen or supported_language(request.headers["Accept-Language"]) or "en"
        html = centre.page(BASE, language, chosen=chosen is not None)
        return web.Response(text=html, content_type="text/html")

    async def _sources(self, request: web.Request) -> web.StreamResponse:
        catalogue = Catalogue.of(request.query["language"])
        register = [
            msgspec.to_builtins(source)
            | {"title": catalogue.text(f"source.{source.id}", source.title), "as_of": source.as_of}
            for source in BASE.sources.values()
        ]
        return web.json_response(register)

    async def _phrases(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(Catalogue.of(request.query["language"]).phrases("widget."))

    async def _open(self, request: web.Request) -> web.StreamResponse:
        wish = await request.json()
        self.opened.append(wish)
        language = wish.get("language") or request.headers["Accept-Language"]
        name = f"c{next(self._ids)}"
        conversation: Json = {"id": name, "language": language, "messages": []}
        conversation["token"] = f"token of {name}"
        self.conversations[name] = conversation
        await self._store(conversation, self._recorded("greeting", language))
        return web.json_response(conversation, status=201)

    async def _read(self, request: web.Request) -> web.StreamResponse:
        conversation = self._conversation(request)
        if self.mute:
            self.swallowed.set()
            await asyncio.Event().wait()
        after = request.query.get("after")
        if wait := float(request.query.get("wait", 0)):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._until_news(conversation, after), wait)
        messages = _after(conversation, after)
        shown = {key: conversation[key] for key in ("id", "language")}
        return web.json_response({**shown, "facts": {}, "triage": {}, "messages": messages})

    async def _erase(self, request: web.Request) -> web.StreamResponse:
        del self.conversations[self._conversation(request)["id"]]
        return web.Response(status=204)

    async def _message(self, request: web.Request) -> web.StreamResponse:
        conversation = self._conversation(request)
        said = await request.json()
        if said.get("text") == "too much":
            raise _problem(422, "That is too much for one message.")
        return web.json_response({"messages": await self._answer(conversation, said)})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not self.sockets_allowed:
            raise _problem(400, "No sockets here.")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        first = await socket.receive_json()
        conversation = self.conversations.get(request.match_info["id"])
        if conversation is None or first["token"] != conversation["token"]:
            problem = {"type": "/problems/not-found", "title": "Not here.", "status": 404}
            await socket.send_json({"type": "problem", "problem": problem})
            await socket.close()
            return socket
        await socket.send_json({"type": "ready"})
        told = asyncio.create_task(self._tell(socket, conversation, first["after"]))
        try:
            async for frame in socket:
                if self.deaf:
                    self.swallowed.set()
                elif frame.type is WSMsgType.TEXT:
                    said = json.loads(frame.data)
                    if said.get("text") == "too much":
                        problem = {"title": "That is too much for one message.", "status": 422}
                        answer = {"type": "problem", "key": said["key"], "problem": problem}
                        await socket.send_json(answer)
                        continue
                    await socket.send_json({"type": "typing"})
                    await self._answer(conversation, said)
        finally:
            told.cancel()
        return socket

    async def _tell(self, socket: web.WebSocketResponse, talk: Json, after: str | None) -> None:
        while True:
            for message in _after(talk, after):
                await socket.send_json({"type": "message", "message": message})
                after = message["id"]
            await self._until_news(talk, after)

    # --- conversations

    def _conversation(self, request: web.Request) -> Json:
        conversation = self.conversations.get(request.match_info["id"])
        if conversation is None:
            raise _problem(404, "Not here.")
        if request.headers.get("Authorization") != f"Bearer {conversation['token']}":
            raise _problem(401, "Wrong token.")
        return conversation

    async def _answer(self, conversation: Json, said: Json) -> list[Json]:
        if any(message.get("key") == said["key"] for message in conversation["messages"]):
            return []
        choice = said.get("choice") or ""
        language = conversation["language"]
        if choice.startswith("language:"):
            language = conversation["language"] = choice.removeprefix("language:")
        self.said.append(said)
        own = {"role": "applicant", "language": language, "key": said["key"]}
        own |= {"text": said.get("text") or _label(conversation, choice)}
        await self._store(conversation, [own | ({"choice": choice} if choice else {})])
        name = said.get("text") or ("question" if choice.startswith("ask:") else "greeting")
        return await self._store(conversation, self._recorded(name, language))

    async def _store(self, conversation: Json, messages: list[Json]) -> list[Json]:
        blank: Json = {"role": "desk", "choices": [], "card": None}
        created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        stored = [
            {**blank, "id": f"m{next(self._ids)}", "created_at": created, **message}
            for message in messages
        ]
        conversation["messages"].extend(stored)
        async with self._news:
            self._news.notify_all()
        return stored

    def _recorded(self, name: str, language: str) -> list[Json]:
        """The messages recorded under a name; English ones where the language has none."""
        for spoken in (language, "en"):
            messages = self.records.get(spoken, {}).get(name)
            if messages is not None:
                return [{"language": spoken, **message} for message in messages]
        return [{"language": "en", "text": f"I heard: {name}"}]

    async def _until_news(self, conversation: Json, after: str | None) -> None:
        async with self._news:
            await self._news.wait_for(lambda: _after(conversation, after))


def _after(conversation: Json, after: str | None) -> list[Json]:
    messages: list[Json] = conversation["messages"]
    ids = [message["id"] for message in messages]
    return messages[ids.index(after) + 1 :] if after else messages


def _label(conversation: Json, value: str) -> str:
    offered = [choice for message in conversation["messages"] for choice in message["choices"]]
    return next((choice["label"] for choice in offered if choice["value"] == value), value)


def _problem(status: int, title: str) -> web.HTTPException:
    body = json.dumps({"type": "/problems/widget-test", "title": title, "status": status})
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        404: web.HTTPNotFound,
        422: web.HTTPUnprocessableEntity,
    }
    return kinds[status](text=body, content_type="application/problem+json")

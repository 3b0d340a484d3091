"""The gateway: the one process that faces the network."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import WSCloseCode, hdrs, web

from bot import metrics, openapi
from bot.api import (
    BASE,
    DESK,
    MESSAGE_RATE,
    OPENING_RATE,
    SETTINGS,
    SOCKETS,
    address,
    conversations,
    json,
    knowledge,
    operations,
    take,
)
from bot.conversations import Desk
from bot.limits import Rate
from bot.problems import Handler, Problem, as_problems
from bot.rasa import Rasa
from bot.settings import Secrets, Settings
from bot.shared import at_one_gateway, connect
from bot.store import Store
from bot.telegram.door import TelegramDoor
from knowledge.base import KnowledgeBase

WIDGET = Path(__file__).parent / "widget"
LARGEST_BODY = 256 * 1024  # bytes; 10,000 characters are at most 120,000, written as \u escapes
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
}
CORS_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}
REQUEST_RATE = web.AppKey("request_rate", Rate)


def make_app(settings: Settings, desk: Desk, base: KnowledgeBase) -> web.Application:
    """The whole API and the page; `desk` is started and stopped with it."""
    app = web.Application(middlewares=[_count, as_problems, _admit], client_max_size=LARGEST_BODY)
    app[SETTINGS], app[DESK], app[BASE] = settings, desk, base
    app[REQUEST_RATE] = Rate(settings.requests_per_minute)
    app[OPENING_RATE] = Rate(settings.openings_per_minute)
    app[MESSAGE_RATE] = Rate(settings.messages_per_minute)
    app[SOCKETS] = set[web.WebSocketResponse]()
    app.add_routes(ROUTES)
    app.on_response_prepare.append(_add_headers)
    app.cleanup_ctx.append(_run_desk)
    app.on_shutdown.append(_close_sockets)
    return app


async def serve(settings: Settings, secrets: Secrets) -> None:
    """Answer on the settings' address until the process is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    base = KnowledgeBase.load()
    store = await Store.open(settings.database)
    rasa = Rasa(settings.rasa_urls, secrets.rasa_token, settings.actions_urls)
    shared = connect(settings.redis_url) if settings.redis_url else None
    desk = Desk(store, rasa, settings.retention_days, shared)
    app = make_app(settings, desk, base)
    if settings.telegram_token:

        def telegram() -> TelegramDoor:
            return TelegramDoor(settings, secrets.telegram_webhook_secret, desk, base)

        if shared:
            app.cleanup_ctx.append(at_one_gateway(shared, "telegram", telegram))
        else:
            telegram().add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3)
    try:
        await runner.setup()
        # Several gateways listen at one address, and the system shares the callers out.
        several = bool(settings.redis_url) or None
        await web.TCPSite(
            runner, settings.host, settings.port, backlog=1024, reuse_port=several
        ).start()
        await stop.wait()
    finally:
        await runner.cleanup()
        await rasa.close()
        await store.close()
        if shared:
            await shared.close()


async def page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(WIDGET / "index.html")


async def widget_file(request: web.Request) -> web.StreamResponse:
    """A file of the widget; nothing outside its folder."""
    path = (WIDGET / request.match_info["file"]).resolve()
    if not path.is_relative_to(WIDGET) or not path.is_file():
        raise Problem("not-found")
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def openapi_document(request: web.Request) -> web.Response:
    return json(openapi.document())


ROUTES = [
    web.post("/v1/conversations", conversations.open_conversation),
    web.post("/v1/conversations/{id}/messages", conversations.say),
    web.get("/v1/conversations/{id}", conversations.read),
    web.delete("/v1/conversations/{id}", conversations.erase),
    web.get("/v1/conversations/{id}/socket", conversations.listen),
    web.get("/v1/services", knowledge.services),
    web.get("/v1/services/{id}", knowledge.service),
    web.post("/v1/services/{id}/assess", knowledge.assess),
    web.get("/v1/facts", knowledge.facts),
    web.get("/v1/sources", knowledge.sources),
    web.get("/v1/search", knowledge.search),
    web.get("/v1/phrases", knowledge.phrases),
    web.get("/healthz", operations.healthz),
    web.get("/readyz", operations.readyz),
    web.get("/metrics", operations.metrics),
    web.get("/openapi.json", openapi_document),
    web.get("/", page),
    web.get("/{file:(?!v1/).+}", widget_file),
]


@web.middleware
async def _count(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    resource = request.match_info.route.resource
    # The pattern, not the path: that would hold a conversation's id.
    route = resource.canonical if resource else "none"
    metrics.REQUESTS.labels(route, str(response.status)).inc()
    return response


@web.middleware
async def _admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Preflights are answered here, and who calls too often goes no further."""
    if (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    ):
        return web.Response(status=204)
    take(request.app[REQUEST_RATE], address(request))
    return await handler(request)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    origin = request.headers.get(hdrs.ORIGIN)
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    if origin in request.app[SETTINGS].allowed_origins:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        if request.method == hdrs.METH_OPTIONS:
            response.headers.update(CORS_HEADERS)


async def _run_desk(app: web.Application) -> AsyncIterator[None]:
    async with app[DESK]:
        yield


async def _close_sockets(app: web.Application) -> None:
    for socket in app[SOCKETS].copy():
        with contextlib.suppress(ConnectionError):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"The desk restarts.")

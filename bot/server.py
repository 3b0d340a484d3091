"""The gateway: the one process that faces the network."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import WSCloseCode, hdrs, web

from bot import centre, metrics, openapi
from bot.api import (
    BASE,
    DESK,
    LISTENERS,
    MESSAGE_RATE,
    OPENING_RATE,
    SETTINGS,
    SOCKETS,
    SOCKETS_OF_ONE,
    address,
    conversations,
    json,
    knowledge,
    operations,
    take,
)
from bot.cases.counsel import Cases
from bot.cases.queue import Queue
from bot.console.door import add_console
from bot.console.group import CounsellorsGroup
from bot.conversations import Desk, supported_language
from bot.limits import Places, Rate, shared_counts
from bot.masking import Masking
from bot.opening import Opening
from bot.personal_numbers import mask
from bot.problems import Handler, Problem, as_problems
from bot.rasa import Rasa
from bot.settings import Secrets, Settings
from bot.shared import at_one_gateway, connect
from bot.store import Store
from bot.telegram.door import TelegramDoor
from bot.telegram.invitations import Invitations
from journal import bound_contextvars
from knowledge.base import KnowledgeBase

logger = logging.getLogger(__name__)
WIDGET = Path(__file__).parent / "widget"
LARGEST_BODY = 256 * 1024  # bytes; 10,000 characters are at most 120,000, written as \u escapes
WINDOWS_OF_ONE = 10  # sockets of one conversation: tabs, a phone, and those not yet closed
SILENT_FOR = 30  # seconds in which a connection has to bring its next request
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
}
BEHIND_TLS = {"Strict-Transport-Security": "max-age=31536000"}
CORS_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}
REQUEST_RATE = web.AppKey("request_rate", Rate)
REQUEST_ID = web.RequestKey("id", str)


def make_app(settings: Settings, desk: Desk, base: KnowledgeBase) -> web.Application:
    """The whole API and the page; `desk` is started and stopped with it."""
    app = web.Application(middlewares=[_follow, as_problems, _admit], client_max_size=LARGEST_BODY)
    app[SETTINGS], app[DESK], app[BASE] = settings, desk, base
    counts = shared_counts(settings.redis_url)
    app[REQUEST_RATE] = Rate("requests", settings.requests_per_minute, counts)
    app[OPENING_RATE] = Rate("openings", settings.openings_per_minute, counts)
    app[MESSAGE_RATE] = Rate("messages", settings.messages_per_minute, counts)
    app[LISTENERS] = Places(settings.listeners_per_address, settings.listeners)
    app[SOCKETS_OF_ONE] = Places(WINDOWS_OF_ONE, settings.listeners)
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
    key = secrets.database_key if settings.database_encrypted else None
    store = await Store.open(settings.database, key)
    rasa = Rasa(settings.rasa_urls, secrets.rasa_token, settings.actions_urls)
    masking = Masking.of(secrets.masking_key, base)
    queue = Queue(base, Opening(settings.opening_hours))
    shared = connect(settings.redis_url) if settings.redis_url else None
    desk = Desk(store, rasa, masking, settings.retention_days, queue, shared)
    app = make_app(settings, desk, base)
    cases = Cases(desk, base, queue, mask)
    add_console(app, settings, base, store, cases)
    if settings.telegram_token:
        Invitations(settings, store).add_to(app)

        def telegram() -> TelegramDoor:
            return TelegramDoor(settings, secrets.telegram_webhook_secret, desk, base)

        if shared:
            app.cleanup_ctx.append(at_one_gateway(shared, "telegram", telegram))
        else:
            telegram().add_to(app)
        if settings.counsellors_chat:
            CounsellorsGroup(settings, base, store, cases).add_to(app)
    runner = make_runner(app)
    gc.collect()
    gc.freeze()  # the base and the catalogues stay
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


def make_runner(app: web.Application) -> web.AppRunner:
    """Who sends no whole request in time is disconnected; nothing is written down of any."""
    return web.AppRunner(app, access_log=None, shutdown_timeout=3, keepalive_timeout=SILENT_FOR)


async def page(request: web.Request) -> web.Response:
    chosen = supported_language(request.query.get("language"))
    language = chosen or supported_language(request.headers.get("Accept-Language")) or "en"
    html = centre.page(request.app[BASE], language, chosen=chosen is not None)
    headers = {"Cache-Control": "no-cache", hdrs.VARY: "Accept-Language"}
    return web.Response(text=html, content_type="text/html", headers=headers)


async def page_file(request: web.Request) -> web.StreamResponse:
    if (name := request.match_info["file"]) not in centre.FILES:
        raise Problem("not-found")
    return _file(centre.FOLDER / name)


async def widget_file(request: web.Request) -> web.StreamResponse:
    """A file of the widget; nothing outside its folder."""
    name = request.match_info["file"]
    path = (WIDGET / name.replace("\0", "")).resolve()  # no file system knows a NUL
    if "\0" in name or not path.is_relative_to(WIDGET) or not path.is_file():
        raise Problem("not-found")
    return _file(path)


def _file(path: Path) -> web.FileResponse:
    response = web.FileResponse(path, headers={"Cache-Control": "no-cache"})
    response.enable_compression()
    return response


async def openapi_document(request: web.Request) -> web.Response:
    return json(openapi.document())


ROUTES = [
    web.post("/v1/conversations", conversations.open_conversation),
    web.post("/v1/conversations/{id}/messages", conversations.say),
    web.get("/v1/conversations/{id}", conversations.read),
    web.delete("/v1/conversations/{id}", conversations.erase),
    web.post("/v1/conversations/{id}/telegram", conversations.link_telegram),
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
    web.get("/centre/{file}", page_file),
    web.get("/{file:(?!v1/).+}", widget_file),
]


@web.middleware
async def _follow(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id, and count it and write it down when it is answered."""
    began = time.monotonic()
    request[REQUEST_ID] = uuid.uuid4().hex
    with bound_contextvars(request=request[REQUEST_ID]):
        response = await handler(request)
        resource = request.match_info.route.resource
        # The pattern, not the path: that would hold a conversation's id.
        route = resource.canonical if resource else "none"
        metrics.REQUESTS.labels(route, str(response.status)).inc()
        if route.startswith("/v1/"):
            facts = {"status": response.status, "seconds": round(time.monotonic() - began, 3)}
            logger.info("%s %s", request.method, route, extra=facts)
    return response


@web.middleware
async def _admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Preflights are answered here, and who calls too often goes no further."""
    if (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    ):
        return web.Response(status=204)
    await take(request.app[REQUEST_RATE], address(request))
    return await handler(request)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    response.headers.popall(hdrs.SERVER, None)  # whose versions are nobody's business
    settings = request.app[SETTINGS]
    if settings.public_url.startswith("https://"):
        response.headers.update(BEHIND_TLS)
    if request.path.startswith("/v1/conversations"):
        response.headers[hdrs.CACHE_CONTROL] = "no-store"  # what a shared computer must not keep
    origin = request.headers.get(hdrs.ORIGIN)
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    if origin in settings.allowed_origins:
        # The widget's files are loaded by those sites, too.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "Retry-After, X-Request-Id"
        if request.method == hdrs.METH_OPTIONS:
            response.headers.update(CORS_HEADERS)


async def _run_desk(app: web.Application) -> AsyncIterator[None]:
    async with app[DESK]:
        yield


async def _close_sockets(app: web.Application) -> None:
    for socket in app[SOCKETS].copy():
        with contextlib.suppress(ConnectionError):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"The desk restarts.")

"""The calls of the HTTP API; what they share."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias, TypeVar

import msgspec
from aiohttp import web

from bot import metrics
from bot.conversations import Desk
from bot.limits import Full, Places, Rate
from bot.problems import Problem
from bot.settings import Settings
from knowledge.base import KnowledgeBase

T = TypeVar("T")
DESK = web.AppKey("desk", Desk)
BASE = web.AppKey("base", KnowledgeBase)
SETTINGS = web.AppKey("settings", Settings)
MESSAGE_RATE = web.AppKey("message_rate", Rate)
OPENING_RATE = web.AppKey("opening_rate", Rate)
LISTENERS = web.AppKey("listeners", Places)
SOCKETS_OF_ONE = web.AppKey("sockets_of_one", Places)

LinkMaker: TypeAlias = Callable[[str], Awaitable["tuple[str, str] | None"]]
TELEGRAM_LINK: web.AppKey[LinkMaker] = web.AppKey("telegram_link")
"""Where the desk has Telegram: from a conversation's id to an address that goes on with it there,
and until when that is good; None while the door is not open yet."""
BODY_WITHIN = 20  # seconds for a body to arrive
SOCKETS = web.AppKey("sockets", set[web.WebSocketResponse])


async def read_json(request: web.Request, kind: type[T]) -> T:
    """The body as a `kind`, or the Problem that says what is wrong with it."""
    if request.body_exists and request.content_type != "application/json":
        raise Problem("not-json", f"Content-Type is {request.content_type}.")
    try:
        body = await asyncio.wait_for(request.read(), BODY_WITHIN)
    except asyncio.TimeoutError:
        raise Problem("too-slow", headers={"Connection": "close"}) from None
    return decode(body or b"{}", kind)


def decode(text: bytes | str, kind: type[T]) -> T:
    """JSON as a `kind`, or the Problem that says what is wrong with it."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise Problem("unexpected-content", str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Problem("broken-json", str(error)) from error


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        headers=headers,
        body=msgspec.json.encode(value),
        content_type="application/json",
        charset="utf-8",
    )


async def take(rate: Rate, key: str) -> None:
    """Count one call; a Problem where there were too many."""
    if wait := await rate.take(key):
        raise _too_many(int(wait) + 1)


@contextlib.contextmanager
def place(places: Places, key: str) -> Iterator[None]:
    """One of so many connections; a Problem where all are taken."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(places.take(key))
        except Full:
            raise _too_many(30) from None
        yield


def address(request: web.Request) -> str:
    """Who calls.  A proxy on this machine is believed what it says about that.

    Of an IPv6 address the half that names a household: one of them has 2^64 addresses.
    """
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        proxied = bool(forwarded) and ipaddress.ip_address(peer).is_loopback
        caller = ipaddress.ip_address(forwarded if proxied else peer)
    except ValueError:
        return peer
    if caller.version == 4:
        return str(caller)
    return str(caller.ipv4_mapped or ipaddress.ip_network((caller, 64), strict=False))


def _too_many(seconds: int) -> Problem:
    metrics.REFUSED.labels("too many").inc()
    return Problem("too-many", headers={"Retry-After": str(seconds)})

"""What happens to cases, told to open pages as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bot.console.visit import Visit, visit_of
from bot.events import CaseChange, Event

ALIVE_EVERY = 20.0  # seconds; as often the session is looked at again


async def events(request: web.Request) -> web.StreamResponse:
    """`change` with the id of a case whenever something happens to it, `ready` when the page
    is to ask for everything: at first, and where changes were lost.

    Only ids go through here: the page asks for what it shows, and is given
    what its counsellor may see.  It ends with the session.
    """
    visit = visit_of(request)
    async with sse_response(request) as stream, visit.cases.follow() as changes:
        with contextlib.suppress(ConnectionError):  # the page was left
            await _tell(visit, stream, changes)
    return stream


async def _tell(visit: Visit, stream: EventSourceResponse, changes: asyncio.Queue[Event]) -> None:
    await stream.send("", event="ready")
    while await visit.is_signed_in():
        try:
            change = await asyncio.wait_for(changes.get(), ALIVE_EVERY)
        except asyncio.TimeoutError:
            await stream.send("", event="alive")
            continue
        if isinstance(change, CaseChange):
            await stream.send(change.case, event="change")
        elif change == "behind":
            await stream.send("", event="ready")
    await stream.send("", event="ended")

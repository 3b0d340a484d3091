"""What happens to cases, told to open pages as server-sent events."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from bot.console.visit import visit_of
from bot.conversations import CaseChange

ALIVE_EVERY = 20.0  # seconds; as often the session is looked at again


async def events(request: web.Request) -> web.StreamResponse:
    """`change` with the id of a case whenever something happens to it.

    Only ids go through here: the page asks for what it shows, and is given
    what its counsellor may see.  It ends with the session.
    """
    visit = visit_of(request)
    async with sse_response(request) as stream, visit.cases.follow() as changes:
        await stream.send("", event="ready")
        while stream.is_connected() and await visit.is_signed_in():
            try:
                change = await asyncio.wait_for(changes.get(), ALIVE_EVERY)
            except asyncio.TimeoutError:
                await stream.send("", event="alive")
                continue
            if isinstance(change, CaseChange):
                await _send(stream, change)
        await stream.send("", event="ended")
    return stream


async def _send(stream: EventSourceResponse, change: CaseChange) -> None:
    await stream.send(change.case, event="change")

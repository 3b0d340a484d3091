"""The queue: who waits, in the order in which they should be looked after."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.cases.queue import QueueEntry, QueueFilter
from bot.console.visit import ROOT, Visit, converted, visit_of
from knowledge.triage import GRAVEST_FIRST


async def queue(request: web.Request) -> web.Response:
    visit = visit_of(request)
    return await visit.page("queue.html", **await _open_cases(visit))


async def queue_part(request: web.Request) -> web.Response:
    visit = visit_of(request)
    return visit.part("queue_list.html", **await _open_cases(visit))


async def waiting_part(request: web.Request) -> web.Response:
    """How many wait, for every page's head."""
    visit = visit_of(request)
    entries = await visit.cases.queue(visit.me)
    queued = [entry for entry in entries if entry.status == "queued"]
    mine = [entry for entry in entries if entry.owner == visit.account.id]
    return visit.part("waiting.html", queued=queued, unread=sum(e.unread for e in mine))


async def closed(request: web.Request) -> web.Response:
    """Closed cases: a counsellor's own, a lead's all."""
    visit = visit_of(request)
    entries = await visit.cases.queue(visit.me, QueueFilter(status="closed"))
    return await visit.page("closed.html", entries=entries[:200], names=await visit.names())


async def _open_cases(visit: Visit) -> dict[str, Any]:
    wanted = _filter(visit)
    entries = await visit.cases.queue(visit.me)
    shown = await visit.cases.queue(visit.me, wanted)
    return {
        "entries": shown,
        "total": len(entries),
        "wanted": wanted,
        "languages": sorted({entry.language for entry in entries}),
        "services": _services(visit, entries),
        "urgencies": GRAVEST_FIRST,
        "names": await visit.names(),
        "address": f"{ROOT}/parts/queue?{urlencode(_chosen(visit))}",
    }


def _filter(visit: Visit) -> QueueFilter:
    wanted: QueueFilter = converted(_chosen(visit), QueueFilter)
    return wanted


def _chosen(visit: Visit) -> dict[str, str]:
    """The filters of the address that choose something."""
    names = ("language", "service", "urgency", "status", "mine")
    query = visit.request.query
    return {name: query[name] for name in names if query.get(name)}


def _services(visit: Visit, entries: list[QueueEntry]) -> list[tuple[str, str]]:
    found = {service for entry in entries for service in entry.services}
    return sorted(((service, visit.title(service)) for service in found), key=lambda s: s[1])

"""The audit log, for leads: who saw and changed what."""

from __future__ import annotations

from aiohttp import web

from bot.console.visit import visit_of

PAGE = 100


async def audit(request: web.Request) -> web.Response:
    visit, query = visit_of(request, lead=True), request.query
    before = query.get("before", "")
    entries = await visit.cases.audit(
        case=query.get("case") or None,
        actor=query.get("actor") or None,
        before=int(before) if before.isdecimal() else None,
        limit=PAGE + 1,
    )
    accounts = await visit.accounts.all()
    return await visit.page(
        "audit.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].seq if len(entries) > PAGE else None,
        accounts=accounts,
        names={account.id: account.name for account in accounts},
        actor=query.get("actor", ""),
        case=query.get("case", ""),
        actions=visit.catalogue.phrases("console.audit.action."),
    )

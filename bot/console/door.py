"""The console's own small application, mounted under /console of the gateway."""

from __future__ import annotations

from pathlib import Path

from aiohttp import hdrs, web

from bot.api import BASE, SETTINGS
from bot.cases.counsel import Cases
from bot.cases.ownership import NoSuchCase, NotAllowed, NotOpen, NotYours, Taken
from bot.console import (
    accounts_page,
    audit_page,
    board_page,
    case_page,
    events,
    inserting,
    queue_page,
    signing_in,
)
from bot.console.accounts import Accounts
from bot.console.board import Board
from bot.console.board_page import BOARD
from bot.console.signing_in import TRIES, TRIES_PER_MINUTE, admit, refused
from bot.console.visit import ACCOUNTS, CASES, OPENING, ROOT, NotUnderstood
from bot.limits import Rate, shared_counts
from bot.opening import Opening
from bot.problems import Handler
from bot.settings import Settings
from bot.store import Store
from knowledge.base import KnowledgeBase

STATIC = Path(__file__).parent / "static"
# Stricter than the widget's: nothing may frame these pages, and nothing of them is kept.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # The gateway's no-referrer would take the origin from forms, by which they are admitted.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


def add_console(
    gateway: web.Application, settings: Settings, base: KnowledgeBase, store: Store, cases: Cases
) -> None:
    """Mount the console in the gateway's application."""
    console = web.Application(middlewares=[_explain, admit])
    console[SETTINGS], console[BASE], console[CASES] = settings, base, cases
    console[ACCOUNTS] = Accounts(store)
    console[OPENING] = Opening(settings.opening_hours)
    console[BOARD] = Board(store)
    console[TRIES] = Rate("sign-ins", TRIES_PER_MINUTE, shared_counts(settings.redis_url))
    console.add_routes(ROUTES)
    console.on_response_prepare.append(_add_headers)
    gateway.add_subapp(f"{ROOT}/", console)
    gateway.router.add_get(ROOT, _to_first_page)


async def static_file(request: web.Request) -> web.StreamResponse:
    path = (STATIC / request.match_info["file"]).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: "no-cache"})


ROUTES = [
    web.get("/sign-in", signing_in.sign_in_page, name="sign_in"),
    web.post("/sign-in", signing_in.sign_in, name="sign_in"),
    web.post("/sign-out", signing_in.sign_out),
    web.get("/static/{file}", static_file, name="static"),
    web.get("/", queue_page.queue),
    web.get("/events", events.events),
    web.get("/parts/queue", queue_page.queue_part),
    web.get("/parts/waiting", queue_page.waiting_part),
    web.get("/closed", queue_page.closed),
    web.get("/cases/{id}", case_page.case),
    web.get("/cases/{id}/conversation", case_page.conversation_part),
    web.get("/cases/{id}/known", case_page.known_part),
    web.get("/cases/{id}/summary.pdf", case_page.summary),
    web.get("/cases/{id}/records", inserting.records_part),
    web.post("/cases/{id}/take", case_page.take),
    web.post("/cases/{id}/reopen", case_page.reopen),
    web.post("/cases/{id}/write", case_page.write),
    web.post("/cases/{id}/reply", inserting.reply),
    web.post("/cases/{id}/record", inserting.record),
    web.post("/cases/{id}/note", case_page.note),
    web.post("/cases/{id}/correct", case_page.correct),
    web.post("/cases/{id}/reveal", case_page.reveal),
    web.post("/cases/{id}/transfer", case_page.transfer),
    web.post("/cases/{id}/release", case_page.release),
    web.post("/cases/{id}/hand-back", case_page.hand_back),
    web.post("/cases/{id}/close", case_page.close),
    web.get("/board", board_page.board),
    web.get("/board.csv", board_page.export),
    web.get("/audit", audit_page.audit),
    web.get("/accounts", accounts_page.accounts),
    web.post("/accounts", accounts_page.add),
    web.post("/accounts/{id}", accounts_page.change),
    web.get("/me", accounts_page.me),
    web.post("/me/password", accounts_page.set_password),
    web.post("/me/sessions/{id}/end", accounts_page.end_session),
    web.post("/language", accounts_page.set_language),
]


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What cannot be done, as a page that says why."""
    try:
        return await handler(request)
    except NoSuchCase:
        return refused(request, "no_case", 404)
    except NotAllowed:
        return refused(request, "not_allowed", 403)
    except Taken:
        return refused(request, "taken", 409)
    except NotYours:
        return refused(request, "not_yours", 409)
    except NotOpen:
        return refused(request, "not_open", 409)
    except NotUnderstood:
        return refused(request, "not_understood", 422)
    except web.HTTPNotFound:
        return refused(request, "no_page", 404)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


async def _to_first_page(request: web.Request) -> web.Response:
    return web.Response(status=308, headers={"Location": f"{ROOT}/"})

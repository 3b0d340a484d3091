"""Signing in and out, and what every request has to show: a session, and for changes its origin."""

from __future__ import annotations

import hmac
import logging
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web

from bot.api import SETTINGS, address
from bot.console.visit import (
    ACCOUNTS,
    ROOT,
    VISIT,
    NotUnderstood,
    Visit,
    done,
    form_of,
    html,
    is_fetched,
    reader_of,
    render,
    visit_of,
)
from bot.limits import Rate
from bot.problems import Handler

logger = logging.getLogger(__name__)

TRIES = web.AppKey("tries", Rate)
TRIES_PER_MINUTE = 10  # of one address, and for one login
OPEN_TO_ALL = ("sign_in", "static")  # what is there for who is not signed in, by its route's name


class Credentials(msgspec.Struct):
    login: str
    password: str
    next: str = ""


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only who is signed in goes on, and a change only where our own page asks for it."""
    if request.method == hdrs.METH_POST and not _is_from_here(request):
        return refused(request, "foreign", 403)
    if request.match_info.route.name in OPEN_TO_ALL:
        return await handler(request)
    token = request.cookies.get(_cookie(request), "")
    session = await request.app[ACCOUNTS].session(token) if token else None
    if session is None:
        if is_fetched(request) or request.method != hdrs.METH_GET:
            return refused(request, "signed_out", 401)
        raise web.HTTPSeeOther(f"{ROOT}/sign-in?next={_wanted(request)}")
    visit = request[VISIT] = Visit(request, session, token)
    if request.method == hdrs.METH_POST:
        shown = (await request.post()).get("csrf", "")
        if not isinstance(shown, str) or not hmac.compare_digest(
            shown.encode(), visit.csrf.encode()
        ):
            return refused(request, "foreign", 403)
    return await handler(request)


async def sign_in_page(request: web.Request) -> web.Response:
    return _sign_in_page(request, request.query.get("next", ""))


async def sign_in(request: web.Request) -> web.Response:
    try:
        given: Credentials = await form_of(request, Credentials)
    except NotUnderstood:
        return _sign_in_page(request, "", "sign_in.wrong", 422)
    rate, login = request.app[TRIES], given.login.strip().casefold()
    waits = [
        await rate.take(f"address {address(request)}"),
        await rate.take(f"login {login[:64]}"),
    ]
    if any(waits):
        page = _sign_in_page(request, given.next, "sign_in.too_many", 429)
        page.headers[hdrs.RETRY_AFTER] = str(int(max(waits)) + 1)
        return page
    account = await request.app[ACCOUNTS].check(login, given.password)
    if account is None:
        logger.warning("a sign-in failed, from %s", address(request))
        return _sign_in_page(request, given.next, "sign_in.wrong", 401)
    token = await request.app[ACCOUNTS].sign_in(account, request.headers.get("User-Agent", ""))
    response = web.Response(status=303, headers={"Location": ROOT + _inside(given.next)})
    response.set_cookie(
        _cookie(request),
        token,
        path="/",
        httponly=True,
        secure=_is_secure(request),
        samesite="Lax",  # a link in the group's chat opens the case without signing in again
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    visit = visit_of(request)
    await visit.accounts.sign_out(visit.session.id, visit.account.id)
    response = done(request, "/sign-in")
    response.del_cookie(_cookie(request), path="/")
    return response


def refused(request: web.Request, why: str, status: int) -> web.Response:
    """A short page (or, for the script, a sentence) that says why something was not done."""
    visit = request.get(VISIT)
    reader = visit or reader_of(request)
    message = reader.say(f"refused.{why}")
    if is_fetched(request):
        return web.Response(text=message, status=status)
    return html(render("refused.html", reader=reader, say=reader.say, message=message), status)


def _sign_in_page(
    request: web.Request, wanted: str, problem: str = "", status: int = 200
) -> web.Response:
    reader = reader_of(request)
    values = {"reader": reader, "say": reader.say, "wanted": _inside(wanted), "problem": problem}
    return html(render("sign_in.html", **values), status)


def _is_from_here(request: web.Request) -> bool:
    """Browsers name the page that sends a form; nobody else's may."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    public = urlsplit(request.app[SETTINGS].public_url)
    return urlsplit(origin).netloc == request.host or origin == f"{public.scheme}://{public.netloc}"


def _is_secure(request: web.Request) -> bool:
    return request.app[SETTINGS].public_url.startswith("https://")


def _cookie(request: web.Request) -> str:
    """`__Host-` keeps other sites of the same domain from setting it; it wants https."""
    return "__Host-ieum-console" if _is_secure(request) else "ieum-console"


def _wanted(request: web.Request) -> str:
    return request.path.removeprefix(ROOT)


def _inside(path: str) -> str:
    """A path of the console; its first page for anything else."""
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if inside and not parts.netloc and not parts.scheme else "/"

"""Accounts: a lead's list of counsellors, and everybody's own."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from bot.cases.ownership import Role
from bot.console.accounts import SHORTEST_PASSWORD, AccountError
from bot.console.signing_in import TRIES
from bot.console.visit import NotUnderstood, Visit, done, form_of, visit_of
from knowledge.catalogue import ANSWERED


class NewAccount(msgspec.Struct):
    login: str
    name: str
    password: str
    role: Role


class Change(msgspec.Struct):
    change: Literal["counsellor", "lead", "disable", "enable"]


class NewPassword(msgspec.Struct):
    old: str
    new: str


class Language(msgspec.Struct):
    language: str
    back: str = "/"


async def accounts(request: web.Request) -> web.Response:
    return await _accounts(visit_of(request, lead=True))


async def add(request: web.Request) -> web.Response:
    visit = visit_of(request, lead=True)
    new: NewAccount = await form_of(request, NewAccount)
    try:
        await visit.accounts.add(
            new.login,
            new.name,
            new.password,
            new.role,
            visit.language,
            by=visit.account.id,
        )
    except AccountError as error:
        return await _accounts(visit, error.phrase, 422)
    return done(request, "/accounts", "account_added")


async def change(request: web.Request) -> web.Response:
    visit = visit_of(request, lead=True)
    wanted: Change = await form_of(request, Change)
    account = await visit.accounts.get(request.match_info["id"])
    # Nobody shuts themselves out, so that one lead always remains.
    if account is None or account.id == visit.account.id:
        raise NotUnderstood("no such account to change")
    by = visit.account.id
    if wanted.change == "disable":
        await visit.accounts.disable(account.id, by=by)
    elif wanted.change == "enable":
        await visit.accounts.enable(account.id, by=by)
    else:
        await visit.accounts.set_role(account.id, wanted.change, by=by)
    return done(request, "/accounts", "account_changed")


async def me(request: web.Request) -> web.Response:
    return await _me(visit_of(request))


async def set_password(request: web.Request) -> web.Response:
    """A new password, for who knows the old one; it signs out everywhere, here too."""
    visit = visit_of(request)
    sent: NewPassword = await form_of(request, NewPassword)
    if await request.app[TRIES].take(f"login {visit.account.login}"):
        return await _me(visit, "sign_in.too_many", 429)
    if await visit.accounts.check(visit.account.login, sent.old) is None:
        return await _me(visit, "me.password.wrong", 422)
    try:
        await visit.accounts.set_password(visit.account.id, sent.new, by=visit.account.id)
    except AccountError as error:
        return await _me(visit, error.phrase, 422)
    return done(request, "/sign-in")


async def end_session(request: web.Request) -> web.Response:
    visit = visit_of(request)
    await visit.accounts.sign_out(request.match_info["id"], visit.account.id)
    return done(request, "/me", "session_ended")


async def set_language(request: web.Request) -> web.Response:
    visit = visit_of(request)
    sent: Language = await form_of(request, Language)
    if sent.language not in ANSWERED:
        raise NotUnderstood(sent.language)
    await visit.accounts.set_language(visit.account.id, sent.language)
    return done(request, "/" + sent.back.lstrip("/\\"))


async def _accounts(visit: Visit, problem: str = "", status: int = 200) -> web.Response:
    return await visit.page(
        "accounts.html",
        status,
        accounts=await visit.accounts.all(),
        here={account.id for account in await visit.accounts.online()},
        shortest=SHORTEST_PASSWORD,
        problem=problem,
    )


async def _me(visit: Visit, problem: str = "", status: int = 200) -> web.Response:
    return await visit.page(
        "me.html",
        status,
        sessions=await visit.accounts.sessions_of(visit.account.id),
        shortest=SHORTEST_PASSWORD,
        problem=problem,
    )

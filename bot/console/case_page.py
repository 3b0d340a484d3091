"""One case: what is known, what was said, and what a counsellor does with it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from bot.cases.case import CaseMessage
from bot.cases.ownership import Outcome
from bot.console import summary as printed
from bot.console.inserting import replies, services_offered
from bot.console.retelling import retold
from bot.console.visit import Id, NotUnderstood, Visit, done, form_of, is_fetched, visit_of
from knowledge.catalogue import ANSWERED
from knowledge.schema import Fact

OUTCOMES: tuple[Outcome, ...] = ("answered", "referred", "appointment", "unreachable", "other")

LONG = 280  # characters, above which an answer of the desk is folded

Text = Annotated[str, Meta(min_length=1, max_length=4000)]


class Written(msgspec.Struct):
    """`key` makes what is sent twice one message."""

    text: Text
    key: Id


class Noted(msgspec.Struct):
    text: Text


class Corrected(msgspec.Struct):
    """`unit` belongs to a length of time: years, months, days, or the day it began."""

    fact: Id
    value: Annotated[str, Meta(max_length=200)] = ""
    unit: str = ""
    unknown: str = ""


class Revealed(msgspec.Struct):
    message: Id


class Left(msgspec.Struct):
    """`seen` is the last message the page showed: what came after it, the desk answers."""

    seen: Id = ""
    note: Annotated[str, Meta(max_length=4000)] = ""


class Settled(msgspec.Struct):
    settled: Text
    seen: Id = ""


class Transferred(msgspec.Struct):
    to: Id
    note: Text


class Closed(msgspec.Struct):
    outcome: Outcome
    seen: Id = ""


async def case(request: web.Request) -> web.Response:
    visit = visit_of(request)
    file = await visit.cases.open(_id(request), visit.me, visit.language)
    colleagues = [
        account
        for account in await visit.accounts.all()
        if account.disabled_at is None and account.id != file.entry.owner
    ]
    reads = file.entry.language if file.entry.language in ANSWERED else "en"
    return await visit.page(
        "case.html",
        file=file,
        messages=_shown(visit, file.messages),
        names=await visit.names(),
        is_mine=file.entry.owner == visit.account.id,
        is_held=file.entry.owner is not None,
        colleagues=colleagues,
        here={account.id for account in await visit.accounts.online()},
        outcomes=OUTCOMES,
        reads=reads,
        replies=replies(visit, reads),
        services=services_offered(visit, file.entry.services),
        key=secrets.token_hex(16),
        facts=visit.base.facts,
    )


async def conversation_part(request: web.Request) -> web.Response:
    visit = visit_of(request)
    found = await visit.cases.messages(_id(request), visit.me)
    held = [e for e in await visit.cases.queue(visit.me) if e.case == _id(request)]
    return visit.part(
        "conversation.html",
        case=_id(request),
        messages=_shown(visit, found),
        names=await visit.names(),
        state=f"{held[0].status} {held[0].owner}" if held else "closed",
    )


async def known_part(request: web.Request) -> web.Response:
    visit = visit_of(request)
    file = await visit.cases.open(_id(request), visit.me, visit.language)
    return visit.part(
        "known.html",
        file=file,
        is_mine=file.entry.owner == visit.account.id,
        facts=visit.base.facts,
        names=await visit.names(),
    )


async def summary(request: web.Request) -> web.Response:
    """The case on paper, personal numbers hidden."""
    visit = visit_of(request)
    file = await visit.cases.open(_id(request), visit.me, visit.language)
    await visit.cases.log(visit.account.id, "print", _id(request))
    pdf = await printed.in_thread(visit, file, await visit.names())
    name = f"ieum-{file.entry.case[:8]}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return web.Response(body=pdf, content_type="application/pdf", headers=headers)


async def take(request: web.Request) -> web.Response:
    visit = visit_of(request)
    await visit.cases.take(_id(request), visit.me)
    return done(request, f"/cases/{_id(request)}", "taken")


async def reopen(request: web.Request) -> web.Response:
    visit = visit_of(request)
    await visit.cases.reopen(_id(request), visit.me)
    return done(request, f"/cases/{_id(request)}", "reopened")


async def write(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Written)
    await visit.cases.write(_id(request), visit.me, sent.text.strip(), key=sent.key)
    return done(request, f"/cases/{_id(request)}#write")


async def note(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Noted)
    await visit.cases.note(_id(request), visit.me, sent.text)
    return done(request, f"/cases/{_id(request)}", "noted")


async def correct(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Corrected)
    fact = visit.base.facts.get(sent.fact)
    if fact is None:
        raise NotUnderstood(sent.fact)
    try:
        await visit.cases.correct(_id(request), visit.me, fact.id, _wire(fact, sent))
    except ValueError as error:
        raise NotUnderstood(str(error)) from error
    return done(request, f"/cases/{_id(request)}", "corrected")


async def reveal(request: web.Request) -> web.Response:
    visit = visit_of(request)
    sent = await form_of(request, Revealed)
    text = await visit.cases.reveal(_id(request), visit.me, sent.message)
    if is_fetched(request):
        return web.Response(text=text)
    return await visit.page("revealed.html", text=text, case=_id(request))


async def transfer(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Transferred)
    to = await visit.accounts.get(sent.to)
    if to is None or to.disabled_at is not None:
        raise NotUnderstood("nobody to transfer to")
    await visit.cases.transfer(_id(request), visit.me, to.id, sent.note)
    return done(request, "/", "transferred")


async def release(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Left)
    await visit.cases.release(_id(request), visit.me, sent.note, seen=sent.seen or None)
    return done(request, "/", "released")


async def hand_back(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Settled)
    await visit.cases.hand_back(_id(request), visit.me, sent.settled, seen=sent.seen or None)
    return done(request, "/", "handed_back")


async def close(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, Closed)
    await visit.cases.close(_id(request), visit.me, sent.outcome, seen=sent.seen or None)
    return done(request, "/", "closed")


class Shown(msgspec.Struct, frozen=True):
    """A message as the page shows it: in the counsellor's language where the records tell it.

    `rest` is what is folded away of a long answer of the desk.
    """

    message: CaseMessage
    is_retold: bool
    text: str
    rest: str


def _shown(visit: Visit, found: Sequence[CaseMessage]) -> list[Shown]:
    return [_show(visit, message) for message in found]


def _show(visit: Visit, message: CaseMessage) -> Shown:
    if message.role == "applicant":
        return Shown(message, False, message.text, "")
    again = retold(message.text, message.card, message.language, visit.cards)
    text, rest = again or message.text, ""
    if message.role == "desk" and len(text) > LONG:
        cut = text.rfind("\n", 0, LONG)
        text, rest = text[:cut].rstrip(), text[cut:].strip("\n")
    return Shown(message, again is not None, text, rest)


def _wire(fact: Fact, sent: Corrected) -> Any:
    """What a form says of a fact, as on the wire."""
    text = sent.value.strip()
    if sent.unknown or not text:
        return None
    if fact.kind == "bool":
        return text == "true"
    if fact.kind in ("number", "money"):
        number = float(text.replace(",", ""))
        return int(number) if number.is_integer() else number
    if fact.kind == "duration" and sent.unit in ("Y", "M", "D"):
        return f"P{int(text)}{sent.unit}"
    return text


def _id(request: web.Request) -> str:
    return request.match_info["id"]

"""Ready words for the person: replies, and statements of the base, in the person's language.

The counsellor picks in their own language; the same record is said in the
person's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from bot.api import SETTINGS
from bot.api.knowledge import find
from bot.cases.ownership import NoSuchCase
from bot.console.visit import Id, NotUnderstood, Visit, done, form_of, visit_of
from bot.conversations import clean
from knowledge.base import conditions
from knowledge.catalogue import ANSWERED, Catalogue

PREFIX = "reply."
MOST_FOUND = 12
LONGEST_QUERY = 300  # characters


class Reply(NamedTuple):
    """A ready sentence: its id, in the counsellor's words and in the person's."""

    name: str
    own: str
    theirs: str


class ReplyPicked(msgspec.Struct):
    reply: Id
    language: Id
    key: Id


class RecordPicked(msgspec.Struct):
    service: Id
    item: Id
    key: Id


def replies(visit: Visit, reads: str) -> dict[str, list[Reply]]:
    """The ready sentences by their group, for a person who reads `reads`."""
    theirs = Catalogue.of(reads).phrases(PREFIX)
    found: dict[str, list[Reply]] = {}
    for name, own in visit.catalogue.phrases(PREFIX).items():
        group = name.removeprefix(PREFIX).partition(".")[0]
        found.setdefault(group, []).append(Reply(name, own, theirs[name]))
    return found


def services_offered(visit: Visit, first: Sequence[str]) -> list[tuple[str, str]]:
    """Every service with its title, those the case is about first."""
    titles = sorted(((name, visit.title(name)) for name in visit.base.services), key=lambda s: s[1])
    return sorted(titles, key=lambda s: s[0] not in first)


async def reply(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, ReplyPicked)
    case = request.match_info["id"]
    texts = Catalogue.of(sent.language).phrases(PREFIX)
    if sent.reply not in texts or sent.language not in ANSWERED:
        raise NotUnderstood(f"no reply {sent.reply} in {sent.language}")
    await visit.cases.write(case, visit.me, texts[sent.reply], language=sent.language, key=sent.key)
    return done(request, f"/cases/{case}#write")


async def record(request: web.Request) -> web.Response:
    visit, sent = visit_of(request), await form_of(request, RecordPicked)
    case = request.match_info["id"]
    try:
        await visit.cases.insert_record(case, visit.me, sent.service, sent.item, key=sent.key)
    except NoSuchCase:
        raise
    except LookupError as error:
        raise NotUnderstood(f"no statement {sent.service} {sent.item}") from error
    return done(request, f"/cases/{case}#write")


async def records_part(request: web.Request) -> web.Response:
    """The statements of a service, or those nearest to some words."""
    visit, query = visit_of(request), request.query
    words = clean(query.get("q", ""))[:LONGEST_QUERY]
    if words:
        folder = request.app[SETTINGS].index_folder
        hits = await asyncio.to_thread(find, visit.cards, folder, words, MOST_FOUND)
        found = [hit for hit in hits if hit["service"]]
    else:
        found = _of_service(visit, query.get("service", ""))
    return visit.part("records.html", case=request.match_info["id"], found=found)


def _of_service(visit: Visit, name: str) -> list[dict[str, Any]]:
    service = visit.base.services.get(name)
    if service is None:
        return []
    required = [condition for condition in conditions(service.requires) if condition.id]
    title = visit.cards.title(service)
    return [
        {"service": name, "title": title, **visit.cards.item(service, statement)}
        for statements in (required, service.items)
        for statement in statements
    ]

"""`/v1/services`, `/v1/facts`, `/v1/search`, ...: the knowledge base, without a conversation."""

from __future__ import annotations

import asyncio
import threading
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from bot.api import BASE, SETTINGS, json, read_json
from bot.conversations import clean, supported_language
from bot.problems import Problem
from knowledge.assessment import assess as verdict_on
from knowledge.base import KnowledgeBase, conditions, facts_of
from knowledge.cards import Cards
from knowledge.encoder import load_encoder
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from knowledge.schema import Service
from knowledge.search import Quote, Search

MOST_RESULTS = 50
LONGEST_QUERY = 500  # characters; %-encoded they have to fit into a request line


class Assess(msgspec.Struct):
    """Facts by id in their wire form; null: asked, and not known."""

    facts: dict[str, bool | int | float | str | None] = {}
    language: Annotated[str, Meta(max_length=35)] | None = None


async def services(request: web.Request) -> web.Response:
    cards = _cards(request)
    return json([_summary(cards, service) for service in request.app[BASE].services.values()])


async def service(request: web.Request) -> web.Response:
    return json(whole_service(_cards(request), _service(request), seoul_today()))


async def assess(request: web.Request) -> web.Response:
    service, wanted = _service(request), await read_json(request, Assess)
    base, today = request.app[BASE], seoul_today()
    try:
        facts = decode_facts(wanted.facts, base.facts, today)
    except ValueError as error:
        raise Problem("unexpected-content", str(error)) from None
    verdict = verdict_on(service, facts, today)
    card = _cards(request, wanted.language).verdict(verdict)
    return json(card | {"missing": list(verdict.missing)})


async def facts(request: web.Request) -> web.Response:
    cards = _cards(request)
    return json(
        [
            {
                "id": fact.id,
                "kind": fact.kind,
                "unit": fact.unit,
                "choices": [
                    {"label": cards.value(fact, choice.value, seoul_today()), "value": choice.value}
                    for choice in fact.choices
                ],
                "question": cards.question(fact)["text"],
                "why": cards.question(fact)["why"],
            }
            for fact in request.app[BASE].facts.values()
        ]
    )


async def sources(request: web.Request) -> web.Response:
    catalogue = _cards(request).catalogue
    return json(
        [
            msgspec.to_builtins(source)
            | {
                "title": catalogue.text(f"source.{source.id}", source.title),
                "as_of": source.as_of,
            }
            for source in request.app[BASE].sources.values()
        ]
    )


async def search(request: web.Request) -> web.Response:
    query = request.query.get("q", "")
    if not 1 <= len(query) <= LONGEST_QUERY:
        raise Problem("unexpected-content", f"`q` is 1 to {LONGEST_QUERY} characters.")
    limit = request.query.get("limit", "10")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST_RESULTS:
        raise Problem("unexpected-content", f"`limit` is a number from 1 to {MOST_RESULTS}.")
    cards = _cards(request)
    folder = request.app[SETTINGS].index_folder
    # Embedding takes milliseconds of one core, reading the index seconds: not on the loop.
    found = await asyncio.to_thread(find, cards, folder, clean(query), int(limit))
    return json(found)


async def phrases(request: web.Request) -> web.Response:
    """The widget's own words."""
    return json(_cards(request).catalogue.phrases("widget."))


def whole_service(cards: Cards, service: Service, today: date) -> dict[str, Any]:
    """Everything the base says about a service, for anybody (nobody's facts are applied)."""
    cited = [service.cite, *(c.cite for c in conditions(service.requires))]
    cited += [item.cite for item in service.items]
    named = dict.fromkeys(citation.source for cite in cited for citation in cite)
    return {
        **_summary(cards, service),
        "requirements": [
            cards.item(service, condition) | {"facts": list(facts_of(condition))}
            for condition in conditions(service.requires)
            if condition.id
        ],
        "rule": msgspec.to_builtins(service.requires),
        "documents": cards.items(service, service.documents),
        "fees": cards.items(service, service.fees, today),
        "deadlines": [
            cards.item(service, d) | {"counted_from": d.counted_from, "period": d.period}
            for d in service.deadlines
        ],
        "offices": cards.items(service, service.offices),
        "steps": cards.items(service, service.steps),
        "notes": cards.items(service, service.notes),
        "related": list(service.related),
        "statuses": list(service.statuses),
        "leads_to": list(service.leads_to),
        "checked_on": service.checked_on.isoformat(),
        "review_by": service.review_by.isoformat(),
        "review_due": service.review_by < today,
        "sources": list(named),
        "citations": cards.citations(service.cite),
    }


def find(cards: Cards, folder: Path, query: str, limit: int) -> list[dict[str, Any]]:
    """The statements and passages nearest to `query`, best first.

    `score` is the probability that one is about what was meant.
    """
    found = []
    embedding = load_encoder().encode([query])[0]
    for hit in _search(cards.base, folder).find(query, embedding, limit):
        if isinstance(hit, Quote):
            item = {"service": None, "title": hit.found.title, **hit.as_item()}
        else:
            service = hit.statement.service
            item = {
                "service": service.id,
                "title": cards.title(service),
                **cards.item(service, hit.statement.item),
            }
        found.append(item | {"score": round(hit.score, 4)})
    return found


_searches: dict[Path, Search] = {}
_building = threading.Lock()


def _search(base: KnowledgeBase, folder: Path) -> Search:
    with _building:
        if folder not in _searches:
            _searches[folder] = Search.of(base, load_encoder(), folder)
        return _searches[folder]


def _cards(request: web.Request, language: str | None = None) -> Cards:
    wanted = language or request.query.get("language") or request.headers.get("Accept-Language")
    return Cards(request.app[BASE], supported_language(wanted) or "en")


def _service(request: web.Request) -> Service:
    found = request.app[BASE].services.get(request.match_info["id"])
    if found is None:
        raise Problem("service-unknown", "GET /v1/services lists them all.")
    return found


def _summary(cards: Cards, service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "title": cards.title(service),
        "summary": cards.catalogue.text(f"{service.id}.summary", service.summary),
    }

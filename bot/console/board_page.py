"""The board, for leads, and its figures as a file."""

from __future__ import annotations

import csv
import io

from aiohttp import web

from bot.console.board import Board, Row, waiting_by_urgency
from bot.console.visit import visit_of
from bot.personal_numbers import mask
from knowledge.triage import GRAVEST_FIRST

BOARD = web.AppKey("board", Board)


async def board(request: web.Request) -> web.Response:
    visit = visit_of(request, lead=True)
    entries = await visit.cases.queue(visit.me)
    figures = request.app[BOARD]
    queued = [entry.waiting_since for entry in entries if entry.status == "queued"]
    return await visit.page(
        "board.html",
        waiting=waiting_by_urgency(entries),
        assigned=sum(entry.status == "assigned" for entry in entries),
        oldest=min(queued, default=None),
        urgencies=GRAVEST_FIRST,
        figures=await figures.figures(),
        unanswered=await figures.unanswered(mask),
    )


async def export(request: web.Request) -> web.Response:
    """One line a case: days, times and kinds, and nothing about a person."""
    visit = visit_of(request, lead=True)
    await visit.cases.log(visit.account.id, "export")
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(Row._fields)
    table.writerows(await request.app[BOARD].rows())
    headers = {"Content-Disposition": 'attachment; filename="ieum-cases.csv"'}
    # With the mark by which spreadsheets know UTF-8.
    return web.Response(
        body=("\ufeff" + text.getvalue()).encode(), content_type="text/csv", headers=headers
    )

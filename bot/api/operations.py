"""`/healthz`, `/readyz`, `/metrics`: what whoever runs the desk asks of it."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import Literal

import msgspec
from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from bot import metrics as counted
from bot import supervisor
from bot.api import DESK, SETTINGS, json
from bot.problems import Problem

logger = logging.getLogger(__name__)

Part = Literal["answers", "does not answer"]


class Health(msgspec.Struct):
    status: Literal["up"]


class Parts(msgspec.Struct):
    """The processes behind the gateway."""

    rasa: Part
    actions: Part
    database: Part


class Readiness(msgspec.Struct):
    status: Literal["ready"]
    parts: Parts


async def healthz(request: web.Request) -> web.Response:
    return json(Health("up"))


async def readyz(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    away = await desk.rasa.away()
    try:
        await desk.store.ping()
    except Exception as error:
        # The address in SQLAlchemy's message may hold a password.
        logger.error("the database does not answer: %s", type(error).__name__)
        away.append("database")
    states = {name: _state(name in away) for name in Parts.__struct_fields__}
    if away:
        named = " and ".join(away)
        raise Problem("not-ready", f"These do not answer: {named}.", parts=states)
    return json(Readiness("ready", msgspec.convert(states, Parts)))


async def metrics(request: web.Request) -> web.Response:
    """What this gateway counted, or all gateways of this machine together where there are some."""
    for part, times in supervisor.restarts(request.app[SETTINGS]).items():
        counted.RESTARTS.labels(part).set(times)
    with contextlib.suppress(Exception):  # /readyz tells of a database that is away
        counted.WAITING.set(await request.app[DESK].store.count_waiting())
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        _forget_the_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    body = generate_latest(registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def _forget_the_dead(folder: Path) -> None:
    """Windows that a gateway had when it was killed are no longer open."""
    for file in folder.glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process)  # type: ignore[no-untyped-call]


def _state(away: bool) -> Part:
    return "does not answer" if away else "answers"

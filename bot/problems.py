"""Errors as RFC 9457 problem documents: one place for their types, titles and statuses."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from aiohttp import web

from bot import metrics

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MEDIA_TYPE = "application/problem+json"
# The name of a problem never changes: clients know it by that.
TITLES = {
    "broken-json": (400, "This is not readable JSON."),
    "bad-request": (400, "The request could not be read."),
    "token-missing": (401, "This conversation needs its token."),
    "token-wrong": (401, "The token does not belong to this conversation."),
    "origin-not-allowed": (403, "This website may not talk to the desk."),
    "not-found": (404, "There is nothing at this address."),
    "conversation-unknown": (404, "There is no such conversation; it may have been erased."),
    "telegram-off": (404, "This desk cannot be reached by Telegram."),
    "service-unknown": (404, "There is no such service."),
    "method-not-allowed": (405, "This address does not take that kind of call."),
    "too-slow": (408, "The message did not arrive in time. Please send it again."),
    "too-large": (413, "That is too much to read at once."),
    "not-json": (415, "The body should be JSON, with Content-Type: application/json."),
    "unexpected-content": (422, "The request is readable, but not what is expected here."),
    "upgrade-required": (426, "This address speaks WebSocket only."),
    "too-many": (429, "That was very fast. Please wait a moment and send it again."),
    "fault": (500, "Something went wrong on our side. Please try again in a minute."),
    "overloaded": (
        503,
        "Very many people are writing just now. This message was not taken: please send it again "
        "in a moment. If it cannot wait, call 1345.",
    ),
    "not-stored": (
        503,
        "The desk cannot store anything just now, so this was not taken. Please send it again in "
        "a minute. If it cannot wait, call 1345.",
    ),
    "not-ready": (503, "The desk is not ready yet."),
}


class Problem(Exception):
    """Raised anywhere below a handler; `extra` are further members of the document."""

    def __init__(
        self,
        name: str,
        detail: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(name, detail)
        self.name, self.headers, self.extra = name, headers or {}, extra
        self.status, self.title = TITLES[name]
        self.detail = detail

    @property
    def document(self) -> dict[str, Any]:
        """The problem as JSON-able data."""
        document = {
            "type": f"urn:problem-type:ieum:{self.name}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            document["detail"] = self.detail
        return document | self.extra

    def response(self) -> web.Response:
        return web.Response(
            status=self.status,
            headers=self.headers,
            body=msgspec.json.encode(self.document),
            content_type=MEDIA_TYPE,
        )


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error of a handler as a problem document, and never a stack trace."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _of_status(error).response()
    except sa.exc.DBAPIError as error:
        # Its text holds what was to be stored.
        logger.error("the database does not answer: %s", type(error.orig).__name__)
        return Problem("not-stored", headers={"Retry-After": "10"}).response()
    except sa.exc.TimeoutError:
        logger.error("the database has no free connection")
        return Problem("not-stored", headers={"Retry-After": "10"}).response()
    except Exception:
        logger.exception("the call failed")
        metrics.ERRORS.labels("gateway").inc()
        return Problem("fault").response()


_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "not-json"}


def _of_status(error: web.HTTPException) -> Problem:
    """What aiohttp itself refuses."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(_BY_STATUS.get(error.status, "bad-request"), headers=headers)

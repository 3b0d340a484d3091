"""The door through which the gateway, and nobody else, talks to Rasa.

Rasa's own REST channel trusts whoever calls it and splits one utterance into
several messages.  This one asks for a token, keeps a person's words away from
Rasa's `/intent` syntax and gives back each utterance of the desk whole.
"""

from __future__ import annotations

import gc
import hmac
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

import journal
from journal import bound_contextvars
from knowledge.catalogue import LANGUAGES
from nlu.action_calls import UNREACHED, speed_up_action_calls
from nlu.encoder import encode_ahead
from nlu.graph_runs import speed_up_graph_runs

logger = logging.getLogger(__name__)

CHOOSE = "choose"  # the intent, and below it the entity, that a pressed button becomes


class GatewayMessage(msgspec.Struct, frozen=True):
    """What the gateway sends: a person's words (`message`) or a pressed button (`choice`).

    `state` is where the dialogue stands, as the actions told it the last time.
    """

    sender: str
    id: str | None = None
    message: str | None = None
    choice: str | None = None
    language: str | None = None
    state: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.sender:
            raise ValueError("`sender` is empty")
        if (self.message is None) == (self.choice is None):
            raise ValueError("send either `message` or `choice`")
        if self.language is not None and self.language not in LANGUAGES:
            raise ValueError(f"`language` is one of {', '.join(LANGUAGES)}, or null")


class GatewayChannel(InputChannel):
    """`POST /webhooks/gateway/message`, answered with the `custom` of each utterance.

    `GET /webhooks/gateway/health` tells the gateway that the model is there.
    """

    @classmethod
    def name(cls) -> str:
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayChannel:
        token = (credentials or {}).get("token")
        if not token:
            raise ValueError("credentials.yml: `gateway` needs a `token`; set RASA_TOKEN")
        journal.configure("rasa")  # after Rasa has set its own logs up
        return cls(str(token))

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}".encode()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        speed_up_action_calls()
        speed_up_graph_runs()
        blueprint = Blueprint("gateway")

        @blueprint.after_server_start
        async def keep_the_model(*_: object) -> None:
            # The model stays; looking through it for garbage would hold up a turn.
            gc.collect()
            gc.freeze()

        @blueprint.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return self._refusal(request) or response.json({"status": "up"})

        @blueprint.post("/message")
        async def message(request: Request) -> HTTPResponse:
            if refusal := self._refusal(request):
                return refusal
            try:
                received = msgspec.json.decode(request.body, type=GatewayMessage)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                return _error(400, str(error))
            with bound_contextvars(request=received.id):
                return await _answer(received, on_new_message)

        return blueprint

    def _refusal(self, request: Request) -> HTTPResponse | None:
        """What is answered to anybody but the gateway."""
        sent = request.headers.get("authorization", "").encode("utf-8", "replace")
        if hmac.compare_digest(sent, self._authorization):
            return None
        return _error(401, "the bearer token is missing or wrong")


def as_user_text(received: GatewayMessage) -> str:
    """The text Rasa reads: a button as `/choose{...}`, words never as an `/intent`."""
    if received.choice is not None:
        return f"/{CHOOSE}{json.dumps({'choice': received.choice})}"
    # Half an emoji (a lone surrogate) cannot be encoded, and a NUL would end the text early.
    text = (received.message or "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _UNPRINTABLE.sub(" ", text)
    return _LEADING_SLASHES.sub("", text) or "?"


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LEADING_SLASHES = re.compile(r"^[\s/]+")


async def _answer(
    received: GatewayMessage, on_new_message: Callable[[UserMessage], Awaitable[Any]]
) -> HTTPResponse:
    collector, began = CollectingOutputChannel(), time.monotonic()
    unreached: list[bool] = []
    UNREACHED.set(unreached)
    text = as_user_text(received)
    try:
        if received.choice is None:
            await encode_ahead(text.strip())  # as Rasa's message has it
        await on_new_message(
            UserMessage(
                text,
                collector,
                received.sender,
                input_channel=GatewayChannel.name(),
                message_id=received.id,
                metadata={
                    "language": received.language,
                    "state": received.state,
                    "request": received.id,
                },
            )
        )
    except Exception:
        logger.exception("a message could not be processed")
        if unreached:
            return _error(503, "no action server answers")
        return _error(500, "the message could not be processed; Rasa's log says why")
    said = [utterance["custom"] for utterance in collector.messages if "custom" in utterance]
    if not said and unreached:
        return _error(503, "no action server answers")
    if not said:
        # Rasa logs a failing action server and goes on without a word.
        return _error(500, "nothing was answered; is the action server up?")
    logger.info("understood and answered", extra={"seconds": round(time.monotonic() - began, 3)})
    return response.json(said)


def _error(status: int, what: str) -> HTTPResponse:
    return response.json({"error": what}, status=status)

"""`/v1/conversations`: open, say, read, listen, erase."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from msgspec import Meta

from bot import metrics
from bot.api import (
    DESK,
    LISTENERS,
    MESSAGE_RATE,
    OPENING_RATE,
    SETTINGS,
    SOCKETS,
    SOCKETS_OF_ONE,
    TELEGRAM_LINK,
    address,
    decode,
    json,
    place,
    read_json,
    take,
)
from bot.conversations import Desk, Erased, Overloaded, TooManyWaiting
from bot.events import Event
from bot.limits import Rate
from bot.messages import CaseStatus, Conversation, KnownFact, Message, Urgency
from bot.problems import Problem
from journal import bound_contextvars

LONGEST_WAIT = 25  # seconds of one long poll
TAKEN_WITHIN = 20  # seconds in which a client has to read a frame
TOKEN_WITHIN = 10  # seconds in which a socket's first frame must come
UNKNOWN, WRONG_TOKEN, REFUSED = 4404, 4401, 4400  # close codes of sockets

Language = Annotated[str, Meta(max_length=35, examples=["vi"])]
Origin = Annotated[str, Meta(max_length=255, examples=["https://centre.example"])]
Value = Annotated[str, Meta(min_length=1, max_length=200, examples=["fact:marriage=intact"])]
Key = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[!-~]+$")]


class NewConversation(msgspec.Struct):
    """`language` is the person's choice; without it, the browser's languages are a guess."""

    language: Language | None = None
    origin: Origin | None = None


class Opened(msgspec.Struct):
    id: str
    token: str
    language: str
    messages: list[Message]


class NewMessage(msgspec.Struct):
    """Words or a pressed button; a `key` keeps a message sent twice from being stored twice."""

    text: str | None = None
    choice: Value | None = None
    key: Key | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.choice is None):
            raise ValueError("send either `text` or `choice`")


class Answer(msgspec.Struct):
    messages: list[Message]


class Assignment(msgspec.Struct):
    """How urgent it is, and the case the counsellors have of it."""

    urgency: Urgency
    case_id: str | None
    case_status: CaseStatus | None


class Conversed(msgspec.Struct):
    id: str
    language: str
    facts: dict[str, KnownFact]
    triage: Assignment
    messages: list[Message]


class TelegramLink(msgspec.Struct):
    """An address that goes on with the conversation in Telegram, once, until `expires_at`."""

    url: str
    expires_at: str


class FirstFrame(msgspec.Struct):
    """What a socket says first; `after` is the last message it has."""

    token: str
    after: str | None = None


async def open_conversation(request: web.Request) -> web.Response:
    wanted = await read_json(request, NewConversation)
    await take(request.app[OPENING_RATE], address(request))
    conversation, token, messages = await request.app[DESK].open(
        wanted.language, reads=request.headers.get("Accept-Language"), origin=wanted.origin
    )
    return json(Opened(conversation.id, token, conversation.language, messages), status=201)


async def say(request: web.Request) -> web.Response:
    conversation = await _authorized(request)
    sent = await read_json(request, NewMessage)
    await take(request.app[MESSAGE_RATE], conversation.id)
    said = await _hear(request.app[DESK], conversation, sent)
    return json(Answer(await request.app[DESK].answer(said)))


async def read(request: web.Request) -> web.Response:
    conversation = await _authorized(request)
    desk = request.app[DESK]
    after, wait = request.query.get("after"), _wait(request)
    with place(request.app[LISTENERS], address(request)) if wait else contextlib.nullcontext():
        messages = await desk.read(conversation, after, wait)
    messages = await desk.as_written(messages)
    now = await desk.store.conversation(conversation.id)
    if now is None:
        raise Problem("conversation-unknown")
    triage = Assignment(
        now.state.triage.urgency,
        now.case.id if now.case else None,
        now.case.status if now.case else None,
    )
    return json(Conversed(now.id, now.language, now.state.facts, triage, messages))


async def erase(request: web.Request) -> web.Response:
    await request.app[DESK].erase(await _authorized(request))
    return web.Response(status=204)


async def link_telegram(request: web.Request) -> web.Response:
    conversation = await _authorized(request)
    await take(request.app[MESSAGE_RATE], conversation.id)
    make = request.app.get(TELEGRAM_LINK)
    if make is None:
        raise Problem("telegram-off")
    link = await make(conversation.id)
    if link is None:
        raise Problem("not-ready", "Telegram does not answer just now.")
    return json(TelegramLink(*link), status=201)


async def listen(request: web.Request) -> web.StreamResponse:
    """The WebSocket.  The token is a subprotocol `bearer.<token>`, or in the first frame."""
    socket = web.WebSocketResponse(heartbeat=30, protocols=_bearers(request), max_msg_size=2**18)
    if request.headers.get("Upgrade", "").lower() != "websocket":
        await _authorized(request)
        raise Problem("upgrade-required", headers={"Upgrade": "websocket"})
    _check_origin(request)
    desk = request.app[DESK]
    name, after = request.match_info["id"], request.query.get("after")
    conversation = None
    if bearers := _bearers(request):
        conversation = await _check(desk, name, bearers[0].removeprefix("bearer."))
    with place(request.app[LISTENERS], address(request)), metrics.SOCKETS.track_inprogress():
        await socket.prepare(request)
        request.app[SOCKETS].add(socket)
        try:
            if conversation is None:
                first = decode(await socket.receive_str(timeout=TOKEN_WITHIN), FirstFrame)
                conversation, after = await _check(desk, name, first.token), first.after
            with place(request.app[SOCKETS_OF_ONE], conversation.id):
                await _converse(desk, conversation, socket, after, request.app[MESSAGE_RATE])
        except Problem as problem:
            await _refuse(socket, problem)
        except (asyncio.TimeoutError, TypeError):
            # Nothing came, or no text: the connection closed, or bytes.
            await _refuse(socket, Problem("token-missing"))
        finally:
            request.app[SOCKETS].discard(socket)
    return socket


async def _converse(
    desk: Desk,
    conversation: Conversation,
    socket: web.WebSocketResponse,
    after: str | None,
    rate: Rate,
) -> None:
    async with desk.subscribe(conversation.id) as events:
        telling = asyncio.create_task(_tell(desk, conversation, socket, after, events))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await _take_frame(desk, conversation, socket, frame.data, rate)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


async def _tell(
    desk: Desk,
    conversation: Conversation,
    socket: web.WebSocketResponse,
    after: str | None,
    events: asyncio.Queue[Event],
) -> None:
    """First what was missed since `after`, then what happens."""
    missed = await desk.store.messages(conversation.id, after) if after else []
    for message in await desk.as_written(missed):
        await _send(socket, type="message", message=message)
    await _send(socket, type="ready")
    sent = {message.id for message in missed}
    while True:
        event = await events.get()
        if event == "erased":
            await _refuse(socket, Problem("conversation-unknown"))
            return
        if event == "behind":
            # What it missed is stored: it comes again and names the last message it has.
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return
        if event == "typing":
            await _send(socket, type="typing")
        elif isinstance(event, Message) and event.id not in sent:
            [message] = await desk.as_written([event])
            await _send(socket, type="message", message=message)


async def _take_frame(
    desk: Desk, conversation: Conversation, socket: web.WebSocketResponse, text: str, rate: Rate
) -> None:
    """A frame of the person; its answer comes through the subscription."""
    key = None
    try:
        await take(rate, conversation.id)
        sent = decode(text, NewMessage)
        key = sent.key
        with bound_contextvars(request=uuid.uuid4().hex):
            await _hear(desk, conversation, sent)
    except Problem as problem:
        await _send(socket, type="problem", key=key or _key_of(text), problem=problem.document)


async def _hear(desk: Desk, conversation: Conversation, sent: NewMessage) -> Message:
    try:
        return await desk.hear(conversation, sent.text, choice=sent.choice, key=sent.key)
    except Overloaded:
        raise Problem("overloaded", headers={"Retry-After": "10"}) from None
    except TooManyWaiting:
        raise Problem(
            "too-many",
            "Your earlier messages are being answered first.",
            headers={"Retry-After": "5"},
        ) from None
    except Erased:
        raise Problem("conversation-unknown") from None


async def _authorized(request: web.Request) -> Conversation:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(
            "token-missing",
            "Send the token that came with the conversation as `Authorization: Bearer <token>`.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return await _check(request.app[DESK], request.match_info["id"], token.strip())


async def _check(desk: Desk, name: str, token: str) -> Conversation:
    try:
        conversation = await desk.authenticate(name, token)
    except PermissionError:
        wrong = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise Problem("token-wrong", headers=wrong) from None
    if conversation is None:
        raise Problem("conversation-unknown")
    return conversation


def _wait(request: web.Request) -> float:
    try:
        wait = float(request.query.get("wait", 0))
    except ValueError:
        wait = -1
    if not 0 <= wait <= LONGEST_WAIT:
        raise Problem("unexpected-content", f"`wait` is a number of seconds, 0 to {LONGEST_WAIT}.")
    return wait


def _bearers(request: web.Request) -> list[str]:
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    return [name.strip() for name in offered if name.strip().startswith("bearer.")]


def _check_origin(request: web.Request) -> None:
    """Browsers let any page open a socket; only our own pages and allowed ones may."""
    origin = request.headers.get("Origin")
    if origin is None or urlsplit(origin).netloc == request.host:
        return
    settings = request.app[SETTINGS]
    own = urlsplit(settings.public_url)
    if origin not in (*settings.allowed_origins, f"{own.scheme}://{own.netloc}"):
        raise Problem("origin-not-allowed", "It is not among the desk's allowed_origins.")


def _key_of(text: str) -> str | None:
    """The key of a refused frame, where it can still be read."""
    with contextlib.suppress(Problem):
        key = decode(text, dict[str, Any]).get("key")
        return key if isinstance(key, str) else None
    return None


async def _refuse(socket: web.WebSocketResponse, problem: Problem) -> None:
    with contextlib.suppress(ConnectionError):
        await _send(socket, type="problem", key=None, problem=problem.document)
        code = {401: WRONG_TOKEN, 404: UNKNOWN}.get(problem.status, REFUSED)
        await socket.close(code=code)


async def _send(socket: web.WebSocketResponse, **frame: Any) -> None:
    """One frame; who does not take it in time is disconnected, and misses nothing."""
    text = msgspec.json.encode(frame).decode()
    try:
        await asyncio.wait_for(socket.send_str(text), TAKEN_WITHIN)
    except asyncio.TimeoutError:
        metrics.REFUSED.labels("too slow").inc()
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, drain=False)
        raise ConnectionResetError("a frame was not taken in time") from None

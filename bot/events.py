"""What happens in conversations, told to whoever listens: here, and at the other gateways.

Between gateways it goes through a stream in Redis, which holds ids and no
words: who is told of a message reads it from the database.  While Redis is
away, a gateway looks there by itself for what its listeners have missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal, Protocol, TypeAlias

import msgspec
import redis.asyncio as redis
from redis.exceptions import RedisError

from bot.messages import Message, as_text

logger = logging.getLogger(__name__)


class CaseChange(msgspec.Struct, frozen=True):
    """Something happened to a case, or to its conversation, that its readers want to see."""

    case: str
    conversation: str


Sign: TypeAlias = CaseChange | Literal["typing", "erased"]
"""What happens without words; between gateways it goes as it is."""
Event: TypeAlias = Message | Sign | Literal["behind"]
"""`behind`: a listener did not get its events, and has to read what it missed."""
EVERY_CASE = "every case"
"""What to subscribe to, in place of a conversation, for every CaseChange."""

MOST_EVENTS = 200  # that one listener may have before it

STREAM = "ieum:events"
KEPT = 10_000  # events in the stream: some minutes of a busy desk, for gateways that were cut off
BLOCK = 1000  # milliseconds of one look into the stream
LOOK_AGAIN = 1.0  # seconds between two looks into the database while Redis is away
REMEMBERED = 200  # messages of a conversation that are not told a second time
OVERLAP = timedelta(seconds=5)


class Messages(Protocol):
    """Where told messages are read from: bot/store.py."""

    async def messages_by_id(self, ids: Sequence[str]) -> list[tuple[str, Message]]:
        """These messages in their order, each with its conversation."""

    async def messages_since(
        self, conversation_ids: Sequence[str], moment: str
    ) -> list[tuple[str, Message]]:
        """What was said in these conversations from a moment on."""


class Events:
    """`subscribe` and `tell`.  `run` carries events between gateways for as long as it runs."""

    def __init__(self, messages: Messages, shared: redis.Redis[bytes] | None = None) -> None:
        self._messages, self._shared = messages, shared
        self._gateway = uuid.uuid4().hex
        self._listeners: dict[str, set[asyncio.Queue[Event]]] = {}
        self._heard: dict[str, deque[str]] = {}  # ids of messages, by conversation listened to
        self._outgoing: asyncio.Queue[tuple[str, Message | Sign]] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def subscribe(self, conversation_id: str) -> AsyncIterator[asyncio.Queue[Event]]:
        """What happens in a conversation from now on."""
        events: asyncio.Queue[Event] = asyncio.Queue(MOST_EVENTS)
        listeners = self._listeners.setdefault(conversation_id, set())
        listeners.add(events)
        try:
            yield events
        finally:
            listeners.discard(events)
            if not listeners and self._listeners.get(conversation_id) is listeners:
                del self._listeners[conversation_id]
                self._heard.pop(conversation_id, None)

    def tell(self, conversation_id: str, event: Message | Sign) -> None:
        """Everybody who listens to the conversation, at whichever gateway."""
        self._tell_here(conversation_id, event)
        if self._shared is not None:
            self._outgoing.put_nowait((conversation_id, event))

    async def run(self) -> None:
        """Send and receive, until cancelled; at once over where there is no Redis."""
        if self._shared is not None:
            await asyncio.gather(self._send(self._shared), self._receive(self._shared))

    def _tell_here(self, conversation_id: str, event: Event) -> None:
        listeners = self._listeners.get(conversation_id, ())
        if listeners and self._shared is not None and isinstance(event, Message):
            heard = self._heard.setdefault(conversation_id, deque(maxlen=REMEMBERED))
            if event.id in heard:
                return
            heard.append(event.id)
        for events in listeners:
            _put(events, event)

    async def _send(self, shared: redis.Redis[bytes]) -> None:
        while True:
            conversation_id, event = await self._outgoing.get()
            what = {"message": event.id} if isinstance(event, Message) else {"sign": _json(event)}
            entry = {"from": self._gateway, "conversation": conversation_id, **what}
            try:
                await shared.xadd(STREAM, entry, maxlen=KEPT, approximate=True)
            except RedisError as error:
                # The other gateways look into the database meanwhile.
                logger.warning("Redis takes no events: %s", error)

    async def _receive(self, shared: redis.Redis[bytes]) -> None:
        place: str | None = None
        well = datetime.now(timezone.utc)  # when Redis answered last
        away = False
        while True:
            try:
                if place is None:
                    place = await _end(shared)
                if away:
                    await shared.ping()
                    await self._look_for_missed(well)
                    away = False
                place = await self._read(shared, place)
                well = datetime.now(timezone.utc)
            except RedisError as error:
                if not away:
                    logger.warning("Redis tells no events, the database is asked: %s", error)
                away = True
                await self._look_for_missed(well)
                await asyncio.sleep(LOOK_AGAIN)

    async def _read(self, shared: redis.Redis[bytes], place: str) -> str:
        """Tell what came into the stream since `place`; the place after it."""
        for _, entries in await shared.xread({STREAM: place}, count=500, block=BLOCK):
            for name, entry in entries:
                place = name.decode()
                conversation_id = entry[b"conversation"].decode()
                if entry[b"from"].decode() != self._gateway and conversation_id in self._listeners:
                    await self._take(conversation_id, entry)
        return place

    async def _take(self, conversation_id: str, entry: Mapping[bytes, bytes]) -> None:
        if b"sign" in entry:
            self._tell_here(conversation_id, msgspec.json.decode(entry[b"sign"], type=Sign))
            return
        with _logged():
            for found, message in await self._messages.messages_by_id([entry[b"message"].decode()]):
                self._tell_here(found, message)

    async def _look_for_missed(self, since: datetime) -> None:
        """Tell what was said meanwhile; who has heard it is not told again.

        What happened to cases cannot be told apart: who follows them reads them again.
        """
        self._tell_here(EVERY_CASE, "behind")
        moment, listened_to = as_text(since - OVERLAP), list(self._listeners)
        with _logged():
            for start in range(0, len(listened_to), 500):
                some = listened_to[start : start + 500]
                for conversation_id, message in await self._messages.messages_since(some, moment):
                    self._tell_here(conversation_id, message)


def _put(events: asyncio.Queue[Event], event: Event) -> None:
    """Who does not take its events loses them, and is told so; that one was erased is kept."""
    if events.full():
        while not events.empty():
            events.get_nowait()
        event = event if event == "erased" else "behind"
    events.put_nowait(event)


async def _end(shared: redis.Redis[bytes]) -> str:
    """The place in the stream after which everything is new."""
    last = await shared.xrevrange(STREAM, count=1)
    return last[0][0].decode() if last else "0-0"


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    """The database may be away, too: events go on when it is back."""
    try:
        yield
    except Exception as error:
        logger.error("messages of other gateways could not be read: %s", type(error).__name__)


def _json(sign: Sign) -> bytes:
    return msgspec.json.encode(sign)

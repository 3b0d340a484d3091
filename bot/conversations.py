"""Conversations: a message is stored, sent to Rasa, and its answer stored and told.

What a person wrote is never lost and never answered twice: it is stored
before anything else and waits until an answer to it is stored.  Messages of
one conversation are answered one after the other.  While Rasa is away the
person is told so, and is answered when it is back, also by the next process
after this one has died.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import re
import secrets
import unicodedata
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
import redis.asyncio as redis

from bot import metrics
from bot.events import Event as Event
from bot.events import Events
from bot.locks import ConversationLocks
from bot.messages import Case, Conversation, Message, Role, State, Turn, Utterance, as_text, now
from bot.rasa import Rasa, RasaAway, RasaFailed
from bot.store import Erased as Erased
from bot.store import Store, Waiting
from bot.store import TooManyWaiting as TooManyWaiting
from knowledge.catalogue import ANSWERED, LANGUAGES, Catalogue

logger = logging.getLogger(__name__)
T = TypeVar("T")

LONGEST_TEXT = 10_000  # characters
MOST_FAILURES = 3  # before a message that Rasa cannot answer is given up
RETRY_EVERY = 1.0  # seconds, while messages wait for Rasa
SWEEP_EVERY = 3600.0  # seconds between two looks for conversations past their retention
PATIENCE = 4.0  # seconds until a person who waits for an answer is told that it takes longer
MOST_AT_ONCE = 400  # messages that one gateway answers at once; more are turned away
LEFT_BEHIND = 5.0  # seconds between two looks for what a gateway that died has left unanswered


class Overloaded(TooManyWaiting):
    """So many people write at once that no more is taken for the moment; nothing was stored."""


class Desk:
    """All conversations.  Use as `async with Desk(store, rasa):`, which also runs its repairs."""

    def __init__(
        self,
        store: Store,
        rasa: Rasa,
        retention_days: int = 30,
        shared: redis.Redis[bytes] | None = None,
    ) -> None:
        """`shared` is the Redis of all gateways, where there are several."""
        self.store = store
        self.rasa = rasa
        self.events = Events(store, shared)
        self._retention = timedelta(days=retention_days)
        self._locks = ConversationLocks(shared)
        self._is_alone = shared is None
        self._kept = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hearing = 0  # messages that are just being stored
        self._answering: dict[str, tuple[str, asyncio.Task[dict[str, list[Message]]]]] = {}

    async def __aenter__(self) -> Desk:
        self._kept.set()  # what an earlier process left unanswered
        self._start(_again_and_again(self._answer_kept, RETRY_EVERY))
        self._start(_again_and_again(self._erase_old, SWEEP_EVERY))
        if not self._is_alone:
            self._start(self.events.run())
            self._start(_again_and_again(self._look_for_left_behind, LEFT_BEHIND))
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def open(
        self,
        language: str | None = None,
        *,
        reads: str | None = None,
        origin: str | None = None,
        channel: str = "web",
    ) -> tuple[Conversation, str, list[Message]]:
        """A new conversation, its token, and the greeting.

        `language` is what the person chose; `reads` is only a guess (the
        browser's languages), which what they write overrules.
        """
        chosen = supported_language(language)
        token = secrets.token_urlsafe(32)
        conversation = Conversation(
            id=uuid.uuid4().hex,
            token_hash=_hash(token),
            language=chosen or supported_language(reads) or "en",
            language_chosen=chosen is not None,
            channel=channel,
            origin=clean(origin)[:255] if origin else None,
            created_at=now(),
            state=State(),
        )
        greeting = self._greeting(conversation.language)
        messages = await self.store.add_conversation(conversation, [greeting])
        metrics.CONVERSATIONS.labels(channel).inc()
        return conversation, token, messages

    async def find(self, channel: str, origin: str) -> Conversation | None:
        """The conversation of one chat of a channel in which something was said last."""
        return await self.store.find_conversation(channel, origin)

    async def authenticate(self, conversation_id: str, token: str) -> Conversation | None:
        """The conversation; None where there is none.  PermissionError for a wrong token."""
        conversation = await self.store.conversation(conversation_id)
        if conversation is not None and not hmac.compare_digest(
            _hash(token), conversation.token_hash
        ):
            raise PermissionError
        return conversation

    async def say(
        self,
        conversation: Conversation,
        text: str | None = None,
        *,
        choice: str | None = None,
        key: str | None = None,
    ) -> list[Message]:
        """What the desk says to a message or a pressed button, in order.

        A `key` names the message: said twice, it is stored and answered once.
        TooManyWaiting where the conversation has too much unanswered already,
        Overloaded where all have, Erased where it is gone.
        """
        said = await self.hear(conversation, text, choice=choice, key=key)
        return await self.answer(said)

    async def hear(
        self,
        conversation: Conversation,
        text: str | None = None,
        *,
        choice: str | None = None,
        key: str | None = None,
    ) -> Message:
        """The first half of `say`: from here on the message is stored and will be answered,
        whatever becomes of the caller.
        """
        if self._hearing + len(self._answering) >= MOST_AT_ONCE:
            raise Overloaded
        self._hearing += 1
        try:
            return await asyncio.shield(self._start(self._hear(conversation, text, choice, key)))
        finally:
            self._hearing -= 1

    async def answer(self, said: Message) -> list[Message]:
        """The second half of `say`: what the desk says to it.

        Where that takes longer than PATIENCE, an honest word; the answer follows.
        """
        answers = {}
        if said.id in self._answering:
            conversation_id, answering = self._answering[said.id]
            done, _ = await asyncio.wait([answering], timeout=PATIENCE)
            if done:
                answers = await answering
            else:
                await self._ask_for_patience(conversation_id, said.id, said.language)
        return answers.get(said.id) or await self.store.replies(said.id)

    async def read(
        self, conversation: Conversation, after: str | None = None, wait: float = 0
    ) -> list[Message]:
        """The messages (those after the message `after`), waiting up to `wait` seconds for one."""
        async with self.subscribe(conversation.id) as events:
            found = await self.store.messages(conversation.id, after)
            if found or not wait:
                return found
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_news(events), wait)
        return await self.store.messages(conversation.id, after)

    async def erase(self, conversation: Conversation) -> None:
        """Delete everything stored about a conversation."""
        await asyncio.shield(self._start(self._erase(conversation)))

    def subscribe(
        self, conversation_id: str
    ) -> contextlib.AbstractAsyncContextManager[asyncio.Queue[Event]]:
        """What happens in a conversation from now on."""
        return self.events.subscribe(conversation_id)

    def _greeting(self, language: str) -> Utterance:
        words = Catalogue.of(language)
        consent = words.phrase("greeting.consent", days=self._retention.days)
        text = f"{words.phrase('greeting')}\n\n{consent}"
        if language not in ANSWERED:
            text = f"{words.phrase('answered_in_english')}\n\n{text}"
        return Utterance(text, _written_in(language))

    async def _hear(
        self, conversation: Conversation, text: str | None, choice: str | None, key: str | None
    ) -> Message:
        choice = clean(choice or "") or None
        words = choice or clean(text or "")
        unreadable = None if choice else _why_unreadable(words)
        said, new = await self.store.add_said(
            conversation, words, choice=choice, key=key, answered=unreadable is not None
        )
        if new:
            self._tell(conversation.id, said)
        if new and unreadable:
            notice = _say(unreadable, conversation.language)
            await self._notice(conversation.id, notice, said.id, role="desk")
        if not unreadable:
            answering = self._start(self._answer_waiting(conversation.id))
            self._answering[said.id] = conversation.id, answering
            answering.add_done_callback(lambda _: self._answering.pop(said.id, None))
        return said

    async def _erase(self, conversation: Conversation) -> None:
        async with self._lock(conversation.id):
            await self.store.erase(conversation.id)
        self._tell(conversation.id, "erased")

    async def _answer_waiting(self, conversation_id: str) -> dict[str, list[Message]]:
        """Answer what waits in one conversation, in order; the answers by question."""
        with self._kept_where_it_fails():
            async with self._lock(conversation_id):
                return await self._answer_each(conversation_id)

    async def _answer_each(self, conversation_id: str) -> dict[str, list[Message]]:
        answers: dict[str, list[Message]] = {}
        conversation, waiting = await self.store.waiting(conversation_id)
        for position, message in enumerate(waiting):
            if answers:
                conversation = await self.store.conversation(conversation_id)
            if conversation is None:
                break
            self._tell(conversation_id, "typing")
            try:
                with metrics.TURN_SECONDS.time():
                    turn = await self._ask_rasa(conversation, message)
            except (RasaAway, RasaFailed) as error:
                # The words of the message stay out of the log.
                logger.warning("message %s is kept: Rasa: %s", message.id, error)
                if not await self._give_up(conversation, message, error):
                    for kept in waiting[position:]:
                        await self._ask_for_patience(
                            conversation_id, kept.id, conversation.language
                        )
                    self._kept.set()
                    break
            else:
                answers[message.id] = await self._store_answer(conversation, message, turn)
        return answers

    async def _ask_rasa(self, conversation: Conversation, message: Waiting) -> Turn:
        return await self.rasa.turn(
            conversation.id,
            message.id,
            message=message.text if message.choice is None else None,
            choice=message.choice,
            language=_chosen_language(conversation, message),
            state=conversation.state,
        )

    async def _store_answer(
        self, conversation: Conversation, message: Waiting, turn: Turn
    ) -> list[Message]:
        utterances = turn.messages
        if turn.state.wants_counsellor:
            urgency = turn.state.triage.urgency
            case = await self.store.raise_case(conversation.id, urgency)
            utterances = [_with_case(said, case) for said in utterances]
            if conversation.case is None:
                metrics.CASES.labels(urgency).inc()
        answers = await self.store.add_answer(
            conversation.id,
            message.id,
            utterances,
            turn.state,
            turn.state.language or conversation.language,
            _chosen_language(conversation, message) is not None,
        )
        self._failures.pop(message.id, None)
        for answer in answers:
            self._tell(conversation.id, answer)
            metrics.ANSWERS.labels((answer.card or {}).get("type", "text")).inc()
        return answers

    async def _give_up(
        self, conversation: Conversation, message: Waiting, error: Exception
    ) -> bool:
        """Whether Rasa was up and failed at this one message so often that it holds up the rest."""
        if isinstance(error, RasaAway) or await self.rasa.away():
            return False
        self._failures[message.id] = self._failures.get(message.id, 0) + 1
        if self._failures[message.id] < MOST_FAILURES:
            return False
        del self._failures[message.id]
        logger.error("message %s is given up after %d failures", message.id, MOST_FAILURES)
        metrics.GIVEN_UP.inc()
        notice = _say("cannot_answer", conversation.language)
        await self._notice(conversation.id, notice, message.id, closes=True)
        return True

    async def _ask_for_patience(self, conversation_id: str, message_id: str, language: str) -> None:
        """Tell a person once to each message, honestly, that the answer comes later."""
        await self._notice(conversation_id, _say("please_wait", language), message_id)

    async def _notice(
        self,
        conversation_id: str,
        notice: Utterance,
        reply_to: str,
        *,
        role: Role = "system",
        closes: bool = False,
    ) -> list[Message]:
        """Say something that needs no Rasa; `closes` where no other answer is to come."""
        added = await self.store.add_notice(
            conversation_id, notice, role, reply_to=reply_to, closes=closes
        )
        for message in added:
            self._tell(conversation_id, message)
        return added

    async def _answer_kept(self) -> None:
        """Answer what was kept while Rasa was away, as soon as it is back."""
        await self._kept.wait()
        self._kept.clear()
        with self._kept_where_it_fails():
            kept = await self.store.conversations_waiting()
            if kept and await self.rasa.away():
                self._kept.set()
                return
            await asyncio.gather(*map(self._answer_waiting, kept))

    async def _look_for_left_behind(self) -> None:
        """Another gateway may have died with messages unanswered."""
        self._kept.set()

    @contextlib.contextmanager
    def _kept_where_it_fails(self) -> Iterator[None]:
        """A fault of our own, as of the database: what was to be answered is tried again."""
        try:
            yield
        except Exception:
            self._kept.set()
            raise

    async def _erase_old(self) -> None:
        """Erase what is older than the retention allows."""
        before = datetime.now(timezone.utc) - self._retention
        erased = await self.store.erase_before(as_text(before))
        if erased:
            logger.info("erased %d conversations past their retention", erased)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task of the desk's own, which no caller can cancel by going away."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _tell(self, conversation_id: str, event: Event) -> None:
        self.events.tell(conversation_id, event)

    def _lock(self, conversation_id: str) -> contextlib.AbstractAsyncContextManager[None]:
        return self._locks.hold(conversation_id)


def clean(text: str) -> str:
    """The text without control characters, lone surrogates and marks that turn its direction."""
    text = text.replace("\r\n", "\n")
    kept = (c for c in text if c in "\n\t" or not _is_unprintable(c))
    return "".join(kept).strip()


def supported_language(tags: str | None) -> str | None:
    """The first of some language tags (`ja`, `ko-KR,en;q=0.8`) that the desk understands."""
    for tag in (tags or "").lower().split(","):
        code = re.split("[-_;]", tag.strip())[0]
        code = "tl" if code == "fil" else code
        if code in LANGUAGES:
            return code
    return None


def _is_unprintable(character: str) -> bool:
    # Joiners (also Cf) are letters' glue in Burmese, Khmer and Nepali, and stay.
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or unicodedata.bidirectional(character) in _TURNS_DIRECTION
    )


_TURNS_DIRECTION = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def _why_unreadable(text: str) -> str | None:
    """The phrase that says why the desk does not read this text, if so."""
    if len(text) > LONGEST_TEXT:
        return "too_long"
    if not any(unicodedata.category(c)[0] in "LN" for c in text):
        return "empty"
    return None


def _say(phrase: str, language: str) -> Utterance:
    """A sentence of the catalogue as a message."""
    return Utterance(Catalogue.of(language).phrase(phrase), _written_in(language))


def _written_in(language: str) -> str:
    return language if language in ANSWERED else "en"


def _chosen_language(conversation: Conversation, message: Waiting) -> str | None:
    kind, _, code = (message.choice or "").partition(":")
    if kind == "language" and code in LANGUAGES:
        return code
    return conversation.language if conversation.language_chosen else None


def _with_case(said: Utterance, case: Case) -> Utterance:
    """A handoff card with the case that the gateway has made for it."""
    if said.card is None or said.card.get("type") != "handoff":
        return said
    card = {**said.card, "case_id": case.id, "status": case.status}
    return msgspec.structs.replace(said, card=card)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def _news(events: asyncio.Queue[Event]) -> None:
    while await events.get() == "typing":
        pass


async def _again_and_again(work: Callable[[], Awaitable[None]], pause: float) -> None:
    """A repair that outlives its own failures."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed and is tried again", work.__name__)
        await asyncio.sleep(pause)

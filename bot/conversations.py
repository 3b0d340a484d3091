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
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
import redis.asyncio as redis

from bot import metrics
from bot.cases.queue import Queue
from bot.events import EVERY_CASE, CaseChange, Event, Events, Sign
from bot.locks import ConversationLocks
from bot.masking import Masking
from bot.messages import Case, Conversation, Message, Role, State, Turn, Utterance, as_text, now
from bot.rasa import Rasa, RasaAway, RasaFailed
from bot.store import Erased as Erased
from bot.store import Overtaken, Said, Store, Waiting
from bot.store import TooManyWaiting as TooManyWaiting
from journal import bound_contextvars, current_request
from knowledge.catalogue import ANSWERED, LANGUAGES, Catalogue
from knowledge.periods import seoul_now

logger = logging.getLogger(__name__)
T = TypeVar("T")

LONGEST_TEXT = 10_000  # characters
MOST_FAILURES = 3  # before a message that Rasa cannot answer is given up
RETRY_EVERY = 1.0  # seconds, while messages wait for Rasa
SWEEP_EVERY = 3600.0  # seconds between two looks for conversations past their retention
REMIND_EVERY = 60.0  # seconds between two looks for reminders that are due
REMIND_FROM = 9  # o'clock in Korea: nobody is woken
PATIENCE = 4.0  # seconds until a person who waits for an answer is told that it takes longer
MOST_AT_ONCE = 400  # messages that one gateway answers at once; more are turned away
LEFT_BEHIND = 5.0  # seconds between two looks for what a gateway that died has left unanswered


class Overloaded(TooManyWaiting):
    """So many people write at once that no more is taken for the moment; nothing was stored."""


class Desk:
    """All conversations.  Use as `async with Desk(...):`, which also runs its repairs.

    Its messages show no personal number (bot/personal_numbers.py); the person
    who wrote one sees it through `as_written`, a counsellor through `original`.
    """

    def __init__(
        self,
        store: Store,
        rasa: Rasa,
        masking: Masking,
        retention_days: int = 30,
        queue: Queue | None = None,
        shared: redis.Redis[bytes] | None = None,
    ) -> None:
        """`shared` is the Redis of all gateways, where there are several."""
        self.store = store
        self.rasa = rasa
        self.masking = masking
        self.events = Events(store, shared)
        self._queue = queue
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
        self._start(_again_and_again(self._remind, REMIND_EVERY))
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
            return await self.shielded(self._hear(conversation, text, choice, key))
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

    async def as_written(self, messages: list[Message]) -> list[Message]:
        """The messages with nothing hidden, for the window of the person who wrote them."""
        hidden = [m.id for m in messages if m.role == "applicant" and _HIDDEN.search(m.text)]
        locked = await self.store.originals(hidden) if hidden else {}
        return [
            msgspec.structs.replace(m, text=self.masking.unlock(locked[m.id]) or m.text)
            if m.id in locked
            else m
            for m in messages
        ]

    async def original(self, message_id: str) -> str | None:
        """What was written in a message that shows a mask, None in one that does not.

        For a counsellor's eyes; whoever shows it writes down who looked.
        """
        locked = await self.store.originals([message_id])
        return self.masking.unlock(locked[message_id]) if locked else None

    async def erase(self, conversation: Conversation) -> None:
        """Delete everything stored about a conversation."""
        await self.shielded(self._erase(conversation))

    def tell(self, conversation_id: str, said: Sequence[Message], case: str | None = None) -> None:
        """Tell who listens what was stored in a conversation, and who follows its case."""
        for message in said:
            self._tell(conversation_id, message)
        if case is not None:
            self._tell(EVERY_CASE, CaseChange(case, conversation_id))

    async def shielded(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` to its end, also where the caller goes away."""
        return await asyncio.shield(self._start(work))

    def resume(self, conversation_id: str) -> None:
        """Answer what waits in a conversation that a counsellor has given back."""
        self._start(self._answer_waiting(conversation_id))

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
        words = clean(text or "") or (_in_words(choice, conversation.language) if choice else "")
        unreadable = None if choice else _why_unreadable(words)
        with metrics.STAGE_SECONDS.labels("hide and store").time():
            shown, locked = self.masking.hide(words, LONGEST_TEXT)
            stored = await self.store.add_said(
                conversation,
                shown,
                message_id=current_request(),
                choice=choice and self.masking.hide(choice, LONGEST_TEXT)[0],
                key=key,
                answered=unreadable is not None,
                original=locked,
            )
        said, now_here = stored.message, stored.conversation
        if stored.new:
            self.tell(conversation.id, [said], now_here.case.id if now_here.case else None)
        if now_here.owner is not None:
            return said  # the counsellor answers
        if stored.new and unreadable:
            notice = _say(unreadable, conversation.language)
            await self._notice(conversation.id, notice, said.id, role="desk")
        if not unreadable:
            answering = self._start(self._answer_waiting(conversation.id, stored))
            self._answering[said.id] = conversation.id, answering
            answering.add_done_callback(lambda _: self._answering.pop(said.id, None))
        return said

    async def _erase(self, conversation: Conversation) -> None:
        async with self._lock(conversation.id):
            now_here = await self.store.conversation(conversation.id)
            await self.store.erase(conversation.id)
        self._tell(conversation.id, "erased")
        if now_here and now_here.case:
            self._tell(EVERY_CASE, CaseChange(now_here.case.id, conversation.id))

    async def _answer_waiting(
        self, conversation_id: str, said: Said | None = None
    ) -> dict[str, list[Message]]:
        """Answer what waits in one conversation, in order; the answers by question."""
        with self._kept_where_it_fails():
            async with self._lock(conversation_id) as free:
                # Who had to wait may find it answered by another gateway.
                return await self._answer_each(conversation_id, said if free else None)

    async def _answer_each(
        self, conversation_id: str, said: Said | None
    ) -> dict[str, list[Message]]:
        answers: dict[str, list[Message]] = {}
        conversation: Conversation | None
        if said and said.new and len(said.waiting) == 1:
            # Nothing came before it, so nobody but its answer changes the conversation; a
            # counsellor who does, or another gateway that answers, overtakes what is said here.
            conversation, waiting = said.conversation, said.waiting
        else:
            conversation, waiting = await self.store.waiting(conversation_id)
        for position, message in enumerate(waiting):
            if answers:
                conversation = await self.store.conversation(conversation_id)
            if conversation is None:
                break
            self._tell(conversation_id, "typing")
            with bound_contextvars(request=message.id):
                try:
                    with metrics.TURN_SECONDS.time():
                        turn = await self._ask_rasa(conversation, message)
                except (RasaAway, RasaFailed) as error:
                    metrics.ERRORS.labels(type(error).__name__).inc()
                    # The words of the message stay out of the log.
                    logger.warning("the message is kept: Rasa: %s", error)
                    if not await self._give_up(conversation, message, error):
                        for kept in waiting[position:]:
                            await self._ask_for_patience(
                                conversation_id, kept.id, conversation.language
                            )
                        self._kept.set()
                        break
                else:
                    try:
                        with metrics.STAGE_SECONDS.labels("store the answer").time():
                            stored = await self._store_answer(conversation, message, turn)
                    except Overtaken:
                        self._kept.set()  # for what may wait again by now
                        break
                    answers[message.id] = stored
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
        raised: list[Case] = []

        def with_case(db: Any, case: Case) -> list[Utterance]:
            raised.append(case)
            return [self._with_case(db, said, case) for said in turn.messages]

        answers = await self.store.add_answer(
            conversation,
            message.id,
            turn.messages,
            turn.state,
            turn.state.language or conversation.language,
            _chosen_language(conversation, message) is not None,
            with_case,
        )
        self._failures.pop(message.id, None)
        if raised and (conversation.case is None or conversation.case.id != raised[0].id):
            metrics.CASES.labels(raised[0].urgency).inc()
        self.tell(conversation.id, answers, raised[0].id if raised else None)
        logger.info("answered", extra={"cards": [_kind(answer) for answer in answers]})
        for answer in answers:
            metrics.ANSWERS.labels(_kind(answer)).inc()
            if answer.card and "outcome" in answer.card:
                metrics.VERDICTS.labels(answer.card["outcome"]).inc()
        return answers

    def _with_case(self, db: Any, said: Utterance, case: Case) -> Utterance:
        """A handoff card with the case that was made for it, and how long it may take."""
        if said.card is None or said.card.get("type") != "handoff":
            return said
        card = {**said.card, "case_id": case.id, "status": case.status}
        text = said.text
        if self._queue is not None and case.status == "queued":
            place = self._queue.place(db, case.id)
            expected = place.in_words(Catalogue.of(said.language))
            text = text.replace(said.card.get("expected") or expected, expected)
            card |= {"expected": expected, "position": place.position}
        return msgspec.structs.replace(said, text=text, card=card)

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
        logger.error("the message is given up after %d failures", MOST_FAILURES)
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

    async def _remind(self) -> None:
        """Say the reminders that are due; what a stop kept from being said, after the start."""
        clock = seoul_now()
        if clock.hour < REMIND_FROM:
            return
        while sent := await self.store.send_reminders(clock.date().isoformat()):
            for conversation_id, message in sent:
                self._tell(conversation_id, message)
            metrics.REMINDERS.inc(len(sent))

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

    def _tell(self, conversation_id: str, event: Message | Sign) -> None:
        self.events.tell(conversation_id, event)

    def _lock(self, conversation_id: str) -> contextlib.AbstractAsyncContextManager[bool]:
        return self._locks.hold(conversation_id)


_HIDDEN = re.compile("•••|…$")


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


def _in_words(choice: str, language: str) -> str:
    """What a button says that the doors offer by themselves; the value of any other."""
    kind, _, value = choice.partition(":")
    if kind == "language" and value in LANGUAGES:
        return Catalogue.of(value).own_name
    phrase = {"act:human": "widget.human", "act:restart": "talk.restart", "ask:": "widget.ask"}
    name = phrase.get(choice) or phrase.get(f"{kind}:")
    return Catalogue.of(language).phrase(name) if name else choice


def _written_in(language: str) -> str:
    return language if language in ANSWERED else "en"


def _chosen_language(conversation: Conversation, message: Waiting) -> str | None:
    kind, _, code = (message.choice or "").partition(":")
    if kind == "language" and code in LANGUAGES:
        return code
    return conversation.language if conversation.language_chosen else None


def _kind(message: Message) -> str:
    return str((message.card or {}).get("type", "text"))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def _news(events: asyncio.Queue[Event]) -> None:
    while not isinstance(event := await events.get(), Message) and event != "erased":
        pass


async def _again_and_again(work: Callable[[], Awaitable[None]], pause: float) -> None:
    """A repair that outlives its own failures."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed and is tried again", work.__name__)
        await asyncio.sleep(pause)

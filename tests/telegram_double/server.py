"""A Bot API on loopback that answers as api.telegram.org does, for one bot.

`async with BotApi() as api:` serves it at `api.url`; the bot's token is
`api.token`.  `api.person(...)` and `api.group(...)` are the other side: who
writes to the bot and reads it.  The faults of the real service are switches:
`api.rate`, `api.break_connections` (so many calls), `api.faults` (what the
next call of a method is refused with), `Person.blocks`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.telegram_double.errors import (
    Refusal,
    bad_request,
    forbidden,
    too_many_requests,
)
from tests.telegram_double.html import CannotParse, plain_text
from tests.telegram_double.pace import Credit
from tests.telegram_double.person import Chat, Group, Person, Sent

TOKEN = "424242:AAF-ieum-telegram-double-0123456789"
BOT = {"id": 424242, "is_bot": True, "first_name": "Ieum", "username": "ieum_test_bot"}
TEXT_LIMIT = 4096
CALLBACK_DATA_LIMIT = 64
CALLBACK_TEXT_LIMIT = 200
MOST_BUTTONS = 100
WEBHOOK_PORTS = (None, 80, 88, 443, 8443)
# What getUpdates and webhooks leave out unless it is asked for.
ONLY_IF_ASKED = {"chat_member", "message_reaction", "message_reaction_count"}
ACTIONS = set(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
Fields = dict[str, Any]


class BotApi:
    """The server.

    `rate`: messages a second that one chat takes; with `burst` of them at once.
    `overall`: messages a second that all chats take together.
    `reach`: where the host of a webhook's https address is found on this machine.
    """

    def __init__(
        self,
        *,
        rate: float = 1.0,
        burst: int = 1,
        overall: float = 30.0,
        reach: dict[str, str] | None = None,
    ) -> None:
        self.token = TOKEN
        self.all_chats = Credit(overall, int(overall))
        self.rate = rate
        self.burst = burst
        self.reach = reach or {}
        self.url = ""
        self.chats: dict[int, Chat] = {}
        self.calls: list[tuple[str, Fields]] = []
        self.refusals: list[tuple[str, Refusal]] = []
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.break_connections = 0
        self.faults: list[tuple[str, Refusal]] = []
        self.webhook_url = ""
        self.webhook_secret = ""
        self.webhook_answers: list[int] = []
        self._allowed: set[str] | None = None
        self._updates: deque[Fields] = deque()
        self._update_ids = itertools.count(700_000_001)
        self._message_ids = itertools.count(1)
        self._query_ids = itertools.count(1)
        self._queries: dict[str, str | None] = {}
        self._changed = asyncio.Event()
        self._poll = 0
        self._methods: dict[str, Callable[[Fields], Awaitable[Any]]] = {
            name.lower(): getattr(self, "_" + re.sub("([A-Z])", r"_\1", name).lower())
            for name in [
                "getMe",
                "getUpdates",
                "setWebhook",
                "deleteWebhook",
                "getWebhookInfo",
                "sendMessage",
                "sendChatAction",
                "editMessageReplyMarkup",
                "answerCallbackQuery",
                "setMyCommands",
                "getMyCommands",
                "leaveChat",
            ]
        }
        self._runner: web.AppRunner | None = None
        self._delivery: asyncio.Task[None] | None = None

    async def __aenter__(self) -> BotApi:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        app = web.Application()
        app.router.add_route("*", r"/bot{token:[^/]*}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._delivery = asyncio.create_task(self._deliver_to_webhook())

    async def close(self) -> None:
        if self._delivery:
            self._delivery.cancel()
        if self._runner:
            await self._runner.cleanup()

    # The other side: who talks to the bot.

    def person(self, name: str = "Aiko", language_code: str | None = "ja", id: int = 0) -> Person:
        """Somebody with a private chat; `id` as Telegram's numbers, given where 0."""
        person = Person(self, id or 1000 + len(self.chats), name, language_code)
        self.chats[person.id] = person
        return person

    def group(self, title: str = "Flat hunters") -> Group:
        """A group that the bot is a member of."""
        group = Group(self, -1000 - len(self.chats), title)
        self.chats[group.id] = group
        return group

    def update(self, **content: Any) -> Fields:
        """A new update, handed to the bot by polling or webhook; returned to be sent again."""
        update = {"update_id": next(self._update_ids), **content}
        self.again(update)
        return update

    def again(self, update: Fields) -> None:
        """The same update once more, as Telegram does when it missed the bot's answer."""
        kind = next(name for name in update if name != "update_id")
        asked = kind in self._allowed if self._allowed else kind not in ONLY_IF_ASKED
        if asked:
            self._updates.append(update)
            self.wake()

    def message(self, chat: Chat, sender: Fields | None, **content: Any) -> Fields:
        """A message as JSON, in `chat`, numbered, now."""
        author = {"from": sender} if sender else {}
        return {
            "message_id": next(self._message_ids),
            "date": int(time.time()),
            "chat": chat.as_json(),
            **author,
            **content,
        }

    def query_id(self) -> str:
        query = str(next(self._query_ids))
        self._queries[query] = None
        return query

    def answer_to(self, query: str) -> str | None:
        """The text shown for a callback query; None as long as it is unanswered."""
        return self._queries[query]

    def unanswered(self) -> list[str]:
        """The callback queries behind which a button still shows its spinner."""
        return [query for query, answer in self._queries.items() if answer is None]

    def pending(self) -> int:
        """Updates that the bot has not yet taken over."""
        return len(self._updates)

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, what: Callable[[], Any], *, seconds: float = 60.0, why: str = "") -> None:
        """Wait until `what()` is true; AssertionError with the chats where it does not come."""
        end = time.monotonic() + seconds
        while not what():
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), min(0.2, end - time.monotonic()))
            except asyncio.TimeoutError:
                if time.monotonic() >= end:
                    chats = "\n".join(chat.transcript() for chat in self.chats.values())
                    raise AssertionError(f"Waited {seconds} s for {why or what}\n{chats}") from None

    def called(self, method: str) -> list[Fields]:
        """The fields of every call of `method`, refused ones too."""
        return [fields for name, fields in self.calls if name == method]

    # The bot's side: HTTP.

    async def _answer(self, request: web.Request) -> web.Response:
        if self.break_connections:
            self.break_connections -= 1
            if request.transport:
                request.transport.abort()
            return web.Response()
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != self.token:
                raise _wrong_token(request.match_info["token"])
            handler = self._methods.get(method.lower())
            if handler is None:
                raise Refusal(404, "Not Found: method not found")
            fields = await _fields(request)
            self.calls.append((method, fields))
            if self.faults and self.faults[0][0] == method:
                raise self.faults.pop(0)[1]
            return web.json_response({"ok": True, "result": await handler(fields)})
        except Refusal as refusal:
            self.refusals.append((method, refusal))
            return web.json_response(refusal.as_json(), status=refusal.code)
        finally:
            self.wake()

    async def _get_me(self, fields: Fields) -> Fields:
        return {
            **BOT,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    async def _get_updates(self, fields: Fields) -> list[Fields]:
        if self.webhook_url:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook "
                "to delete the webhook first",
            )
        self._poll += 1
        mine = self._poll
        self.wake()
        self._allow(fields)
        offset = int(fields.get("offset", 0))
        while offset > 0 and self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
        end = time.monotonic() + min(int(fields.get("timeout", 0)), 50)
        while not self._updates and time.monotonic() < end:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), end - time.monotonic())
            except asyncio.TimeoutError:
                break
            if self._poll != mine:
                raise Refusal(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one "
                    "bot instance is running",
                )
        return list(itertools.islice(self._updates, int(fields.get("limit", 100))))

    async def _set_webhook(self, fields: Fields) -> bool:
        url = str(fields.get("url", ""))
        secret = str(fields.get("secret_token", ""))
        if url and urlsplit(url).scheme != "https":
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if urlsplit(url).port not in WEBHOOK_PORTS:
            raise bad_request(
                "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
            )
        if not re.fullmatch("[A-Za-z0-9_-]{0,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        self.webhook_url = url
        self.webhook_secret = secret
        self._allow(fields)
        return True

    async def _delete_webhook(self, fields: Fields) -> bool:
        self.webhook_url = ""
        if fields.get("drop_pending_updates"):
            self._updates.clear()
        return True

    async def _get_webhook_info(self, fields: Fields) -> Fields:
        return {
            "url": self.webhook_url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }

    async def _send_message(self, fields: Fields) -> Fields:
        chat = self._chat(fields)
        text = _text(fields)
        keyboard = _keyboard(fields)
        wait = chat.credit(self.rate, self.burst).wait() or self.all_chats.wait()
        if wait:
            raise too_many_requests(wait)
        chat.credit(self.rate, self.burst).take()
        self.all_chats.take()
        message = self.message(chat, BOT, text=text)
        if keyboard:
            message["reply_markup"] = {"inline_keyboard": keyboard}
        chat.lines.append(Sent(message, str(fields["text"])))
        return message

    async def _edit_message_reply_markup(self, fields: Fields) -> Fields:
        chat = self._chat(fields)
        sent = chat.sent(int(fields.get("message_id", 0)))
        if sent is None:
            raise bad_request("message to edit not found")
        keyboard = _keyboard(fields)
        if keyboard == sent.keyboard:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        sent.message["reply_markup"] = {"inline_keyboard": keyboard}
        return sent.message

    async def _answer_callback_query(self, fields: Fields) -> bool:
        query = str(fields.get("callback_query_id", ""))
        if query not in self._queries:
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        text = str(fields.get("text", ""))
        if len(text) > CALLBACK_TEXT_LIMIT:
            raise bad_request("MESSAGE_TOO_LONG")
        self._queries[query] = text
        return True

    async def _send_chat_action(self, fields: Fields) -> bool:
        chat = self._chat(fields)
        if fields.get("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat.actions.append(str(fields["action"]))
        return True

    async def _set_my_commands(self, fields: Fields) -> bool:
        commands = fields.get("commands") or []
        if len(commands) > 100:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch("/?[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        if chat := (fields.get("scope") or {}).get("chat_id"):
            self._chat({"chat_id": chat}).commands = commands
        else:
            self.commands[str(fields.get("language_code", ""))] = commands
        return True

    async def _get_my_commands(self, fields: Fields) -> list[dict[str, str]]:
        return self.commands.get(str(fields.get("language_code", "")), [])

    async def _leave_chat(self, fields: Fields) -> bool:
        chat = self._chat(fields)
        if isinstance(chat, Person):
            raise bad_request("chat member status can't be changed in private chats")
        chat.left = True
        return True

    def _chat(self, fields: Fields) -> Chat:
        if not fields.get("chat_id"):
            raise bad_request("chat_id is empty")
        chat = self.chats.get(int(fields["chat_id"]))
        if chat is None:
            raise bad_request("chat not found")
        if isinstance(chat, Person) and chat.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.left:
            raise forbidden("bot is not a member of the group chat")
        return chat

    def _allow(self, fields: Fields) -> None:
        # Absent: as it was last set; an empty list: the default again.
        if "allowed_updates" in fields:
            self._allowed = set(fields["allowed_updates"]) or None

    async def _deliver_to_webhook(self) -> None:
        """One after the other, again and again until the bot says 2xx, as Telegram does."""
        async with aiohttp.ClientSession(trust_env=False) as http:
            while True:
                if not (self.webhook_url and self._updates):
                    await self._changed.wait()
                    continue
                update = self._updates[0]
                headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook_secret}
                try:
                    async with http.post(
                        self._reachable(),
                        json=update,
                        headers=headers if self.webhook_secret else {},
                    ) as answer:
                        status = answer.status
                except aiohttp.ClientError:
                    status = 0
                self.webhook_answers.append(status)
                if 200 <= status < 300 and self._updates and self._updates[0] is update:
                    self._updates.popleft()
                else:
                    await asyncio.sleep(0.05)
                self.wake()

    def _reachable(self) -> str:
        url = urlsplit(self.webhook_url)
        return self.reach.get(url.netloc, f"https://{url.netloc}") + url.path


async def _fields(request: web.Request) -> Fields:
    """The call's parameters, from query, form or JSON body; nested ones come as JSON text."""
    fields: Fields = dict(request.query)
    if request.content_type == "application/json":
        fields.update(await request.json())
    else:
        fields.update(await request.post())
    for name, value in fields.items():
        if isinstance(value, str) and value[:1] in ("[", "{") and name != "text":
            fields[name] = json.loads(value)
    return fields


def _wrong_token(token: str) -> Refusal:
    """The real service says Unauthorized to what looks like a token, else Not Found."""
    if re.fullmatch(r"\d+:[A-Za-z0-9_-]{35}", token):
        return Refusal(401, "Unauthorized")
    return Refusal(404, "Not Found")


def _text(fields: Fields) -> str:
    text = str(fields.get("text", ""))
    mode = fields.get("parse_mode")
    if mode == "HTML":
        try:
            text = plain_text(text)
        except CannotParse as error:
            raise bad_request(f"can't parse entities: {error}") from error
    elif mode:
        raise bad_request("unsupported parse_mode")
    text = text.strip()
    if not text:
        raise bad_request("message text is empty")
    if len(text.encode("utf-16-le")) // 2 > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text


def _keyboard(fields: Fields) -> list[list[dict[str, str]]]:
    markup = fields.get("reply_markup") or {}
    keyboard: list[list[dict[str, str]]] = markup.get("inline_keyboard", [])
    if sum(map(len, keyboard)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in itertools.chain.from_iterable(keyboard):
        if not button.get("text"):
            raise bad_request("inline keyboard button text must be non-empty")
        data = button.get("callback_data")
        if data is None and "url" not in button:
            raise bad_request("Text buttons are unallowed in the inline keyboard")
        if data is not None and not 1 <= len(data.encode()) <= CALLBACK_DATA_LIMIT:
            raise bad_request("BUTTON_DATA_INVALID")
    return [row for row in keyboard if row]

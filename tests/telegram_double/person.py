"""Those who talk to the bot: a person in a private chat, and a group."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.telegram_double.pace import Credit

if TYPE_CHECKING:
    from tests.telegram_double.server import BotApi

Fields = dict[str, Any]


class Sent:
    """A message of the bot, as it stands in the chat now (its keyboard may be edited).

    `markup` is its text as the bot sent it, which Telegram has taken for good HTML.
    """

    def __init__(self, message: Fields, markup: str = "") -> None:
        self.message = message
        self.markup = markup

    @property
    def id(self) -> int:
        return int(self.message["message_id"])

    @property
    def text(self) -> str:
        return str(self.message["text"])

    @property
    def keyboard(self) -> list[list[dict[str, str]]]:
        markup: dict[str, list[list[dict[str, str]]]] = self.message.get("reply_markup", {})
        return markup.get("inline_keyboard", [])

    @property
    def buttons(self) -> dict[str, str]:
        """Label to callback data."""
        return {b["text"]: b["callback_data"] for row in self.keyboard for b in row}

    def __str__(self) -> str:
        rows = [" ".join(f"[{button['text']}]" for button in row) for row in self.keyboard]
        return "\n".join(["< " + self.text.replace("\n", "\n  "), *("  " + row for row in rows)])


class Chat:
    """A chat as it looks on the screen: `lines` are the bot's messages and the person's words."""

    def __init__(self, api: BotApi, id: int) -> None:
        self.api = api
        self.id = id
        self.lines: list[Sent | str] = []
        self.actions: list[str] = []
        self.left = False
        self.commands: list[dict[str, str]] = []  # its own menu, if it has one
        self._credit: Credit | None = None

    def as_json(self) -> Fields:
        raise NotImplementedError

    @property
    def heard(self) -> list[Sent]:
        """The bot's messages, oldest first."""
        return [line for line in self.lines if isinstance(line, Sent)]

    @property
    def texts(self) -> list[str]:
        return [sent.text for sent in self.heard]

    def sent(self, message_id: int) -> Sent | None:
        return next((sent for sent in self.heard if sent.id == message_id), None)

    def transcript(self) -> str:
        """The chat as text: `>` the person, `<` the bot, `[buttons]` under its messages."""
        return "\n".join(
            str(line) if isinstance(line, Sent) else f"> {line}" for line in self.lines
        )

    async def hears(self, part: str, *, seconds: float = 60.0) -> Sent:
        """The first message of the bot with `part` in it, waited for."""
        await self.api.until(
            lambda: any(part in text for text in self.texts), seconds=seconds, why=repr(part)
        )
        return next(sent for sent in self.heard if part in sent.text)

    async def hears_more(self, than: int, *, seconds: float = 60.0) -> Sent:
        """The newest message of the bot, once there are more than `than` of them."""
        await self.api.until(
            lambda: len(self.heard) > than, seconds=seconds, why=f"message {than + 1}"
        )
        return self.heard[-1]

    def credit(self, rate: float, burst: int) -> Credit:
        """What Telegram still lets the bot send here."""
        if self._credit is None or (self._credit.rate, self._credit.burst) != (rate, burst):
            self._credit = Credit(rate, burst)
        return self._credit


class Person(Chat):
    """Somebody who writes to the bot, taps its buttons, blocks it."""

    def __init__(self, api: BotApi, id: int, name: str, language_code: str | None) -> None:
        super().__init__(api, id)
        self.name = name
        self.language_code = language_code
        self.blocked = False

    def as_json(self) -> Fields:
        return {"id": self.id, "type": "private", "first_name": self.name}

    def as_user(self) -> Fields:
        user: Fields = {"id": self.id, "is_bot": False, "first_name": self.name}
        if self.language_code:
            user["language_code"] = self.language_code
        return user

    def sends(self, text: str) -> Fields:
        """A message; one that begins with `/` carries the entity of a command, as clients do."""
        self.lines.append(text)
        return self._sends(text=text, **_command(text))

    def edits(self, message: Fields, text: str) -> Fields:
        """A changed message of one's own; `message` as an update that `sends` returned."""
        self.lines.append(f"(edited) {text}")
        edited = {**message["message"], "text": text, "edit_date": int(time.time())}
        return self.api.update(edited_message=edited)

    def sends_photo(self, caption: str = "", *, album: str = "") -> Fields:
        photo = [{"file_id": "P", "file_unique_id": "p", "width": 90, "height": 90}]
        more = {"caption": caption} if caption else {}
        if album:
            more["media_group_id"] = album
        return self._sends_kind("photo", photo=photo, **more)

    def sends_voice(self) -> Fields:
        voice = {"file_id": "V", "file_unique_id": "v", "duration": 3}
        return self._sends_kind("voice", voice=voice)

    def sends_sticker(self) -> Fields:
        sticker = {
            "file_id": "S",
            "file_unique_id": "s",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
        return self._sends_kind("sticker", sticker=sticker)

    def sends_file(self) -> Fields:
        document = {"file_id": "D", "file_unique_id": "d", "file_name": "card.pdf"}
        return self._sends_kind("document", document=document)

    def sends_location(self) -> Fields:
        return self._sends_kind("location", location={"latitude": 35.1, "longitude": 126.9})

    def taps(self, label: str, *, on: Sent | None = None) -> str:
        """Tap the newest button so labelled (or that of message `on`); the query's id."""
        found = on or next(s for s in reversed(self.heard) if label in s.buttons)
        self.lines.append(f"[{label}]")
        return self.taps_data(found, found.buttons[label])

    def taps_data(self, sent: Sent, data: str) -> str:
        """A tap as an old client sends it, though the keyboard may be gone by now."""
        query = self.api.query_id()
        self.api.update(
            callback_query={
                "id": query,
                "from": self.as_user(),
                "message": dict(sent.message),
                "chat_instance": "1",
                "data": data,
            }
        )
        return query

    def blocks(self) -> None:
        self.blocked = True
        self._membership("member", "kicked")

    def unblocks(self) -> None:
        self.blocked = False
        self._membership("kicked", "member")

    def _sends(self, **content: Any) -> Fields:
        return self.api.update(message=self.api.message(self, self.as_user(), **content))

    def _sends_kind(self, kind: str, **content: Any) -> Fields:
        self.lines.append(f"({kind}) {content.get('caption', '')}".rstrip())
        return self._sends(**content)

    def _membership(self, before: str, now: str) -> None:
        self.api.update(my_chat_member=_membership(self, self.as_user(), before, now))


class Group(Chat):
    """A group with people in it."""

    def __init__(self, api: BotApi, id: int, title: str) -> None:
        super().__init__(api, id)
        self.title = title

    def as_json(self) -> Fields:
        return {"id": self.id, "type": "supergroup", "title": self.title}

    def adds_bot(self, by: Person) -> None:
        self.left = False
        self.api.update(my_chat_member=_membership(self, by.as_user(), "left", "member"))

    def sends(self, text: str, by: Person) -> None:
        self.lines.append(text)
        self.api.update(message=self.api.message(self, by.as_user(), text=text, **_command(text)))


def _command(text: str) -> Fields:
    if not text.startswith("/"):
        return {}
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    return {"entities": [entity]}


def _membership(chat: Chat, by: Fields, before: str, now: str) -> Fields:
    bot = {"id": 424242, "is_bot": True, "first_name": "Ieum", "username": "ieum_test_bot"}

    def member(status: str) -> Fields:
        return {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})}

    return {
        "chat": chat.as_json(),
        "from": by,
        "date": int(time.time()),
        "old_chat_member": member(before),
        "new_chat_member": member(now),
    }

"""One dialogue, both doors, same outcome: the API's stories played in Telegram chats.

The real desk polls the double through the real python-telegram-bot at
Telegram's real pace; some stories at once, each in a chat of its own, beside
the same story over the API.
"""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

import tests.stories as stories
from bot.settings import Settings
from bot.store import Store
from tests.desk import Desk
from tests.stories.player import Api, Json, Talks, play_as
from tests.stories.player import Person as WebPerson
from tests.telegram_double.server import BotApi
from tests.telegram_double.storyteller import Storyteller

TRANSCRIPTS = Path("var/transcripts")  # kept, for people to read
AT_ONCE = 5
_OF_ONE_CASE = ("case_id", "position", "expected")
_PLACE_IN_QUEUE = r"\d+"  # one of the two comes first
STORIES: list[Json] = [
    story
    for path in sorted(Path(stories.__path__[0]).glob("*.yml"))
    for story in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.timeout(1800)
async def test_every_story_ends_alike_at_both_doors(
    desk: Desk, telegram_desk: BotApi, tmp_path: Path
) -> None:
    store = await Store.open(Settings(var_dir=str(tmp_path)).database)
    loop = asyncio.get_running_loop()

    def play_both(story: Json) -> list[str]:
        try:
            return list(_play_both(story, telegram_desk, store, loop, desk.url))
        except Exception:  # raised here, it would wait for the others, and they for this loop
            return [traceback.format_exc()]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = await asyncio.gather(
            *(loop.run_in_executor(threads, play_both, story) for story in STORIES)
        )
    await store.close()
    problems = [
        f"{story['story']}: {problem}"
        for story, some in zip(STORIES, found, strict=True)
        for problem in some
    ]
    assert not problems, "\n".join(problems)
    assert telegram_desk.unanswered() == []
    assert telegram_desk.refusals == []


def _play_both(
    story: Json, api: BotApi, store: Store, loop: asyncio.AbstractEventLoop, url: str
) -> Iterator[str]:
    chat = api.person("Aiko", story.get("language") or "en")
    on_telegram = Storyteller(chat, store, loop)
    on_the_web = WebPerson(Api(url), story.get("language"))
    try:
        yield from play_as(on_telegram, story)
    except AssertionError as problem:
        yield f"{problem}\n{chat.transcript()}"
        return
    yield from (f"on the web: {problem}" for problem in play_as(on_the_web, story))
    yield from (f"not shown in the chat: {line}" for line in on_telegram.unseen)
    TRANSCRIPTS.mkdir(parents=True, exist_ok=True)
    (TRANSCRIPTS / f"{story['story']}.txt").write_text(chat.transcript(), "utf-8")
    for name, web, telegram in _differences(on_the_web, on_telegram):
        yield f"{name}: {web} on the web, {telegram} on Telegram\n{chat.transcript()}"


def _differences(web: Talks, telegram: Talks) -> Iterator[tuple[str, Any, Any]]:
    outcomes = [_outcome(web), _outcome(telegram)]
    for name in outcomes[0]:
        if outcomes[0][name] != outcomes[1][name]:
            yield name, outcomes[0][name], outcomes[1][name]


def _outcome(person: Talks) -> dict[str, Any]:
    """What a conversation has come to, as data."""
    state = person.state()
    last = [m for m in state["messages"] if m["role"] == "desk"][-1]
    card = {k: v for k, v in (last["card"] or {}).items() if k not in _OF_ONE_CASE}
    place = _PLACE_IN_QUEUE if card.get("type") == "handoff" else ""
    return {
        "questions": person.asked,
        "facts": {name: fact["value"] for name, fact in state["facts"].items()},
        "language": state["language"],
        "urgency": state["triage"]["urgency"],
        "text": re.sub(place, "", last["text"]),
        "card": card,
    }

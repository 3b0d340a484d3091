"""Fixtures: a Bot API, a scripted Rasa, and the door between them by polling or webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import conversations
from bot.settings import Settings
from tests.bot.telegram.running import RATE, RunningDoor, ScriptedRasa
from tests.telegram_double.server import BotApi


@pytest_asyncio.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApi]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with BotApi(rate=RATE) as running:
        yield running


@pytest_asyncio.fixture
async def rasa(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedRasa]:
    monkeypatch.setattr(conversations, "RETRY_EVERY", 0.05)
    scripted = ScriptedRasa()
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
def polling(tmp_path: Path, api: BotApi) -> Settings:
    return Settings(var_dir=str(tmp_path), telegram_token=api.token, telegram_api=api.url)


@pytest.fixture
def webhook(tmp_path: Path, api: BotApi) -> Settings:
    return Settings(
        var_dir=str(tmp_path),
        telegram_token=api.token,
        telegram_api=api.url,
        telegram_mode="webhook",
        public_url="https://desk.example",
    )


@pytest_asyncio.fixture
async def door(polling: Settings, rasa: ScriptedRasa, api: BotApi) -> AsyncIterator[RunningDoor]:
    """A door by long polling, open."""
    running = RunningDoor(polling, rasa, api)
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def hooked_door(
    webhook: Settings, rasa: ScriptedRasa, api: BotApi
) -> AsyncIterator[RunningDoor]:
    """A door by webhook, open."""
    running = RunningDoor(webhook, rasa, api)
    await running.start()
    await api.until(lambda: api.webhook_url, why="the webhook")
    yield running
    await running.stop()

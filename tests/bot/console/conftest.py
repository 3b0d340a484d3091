"""Fixtures: a console that runs, and browsers that are signed in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from bot.console import accounts
from bot.settings import Settings
from tests.bot.console.running import Browser, RunningConsole, ScriptedRasa

SignIn = Callable[[str], Awaitable[Browser]]


@pytest_asyncio.fixture
async def console(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningConsole]:
    # As safe as it is slow otherwise, and there are many sign-ins here.
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=64))
    rasa = ScriptedRasa()
    await rasa.start()
    url = "" if database.startswith("sqlite") else database
    running = RunningConsole(Settings(var_dir=str(tmp_path), database_url=url), rasa)
    await running.start()
    yield running
    await running.stop()
    await rasa.stop()


@pytest_asyncio.fixture
async def signed_in(console: RunningConsole) -> AsyncIterator[SignIn]:
    """`await signed_in("minji")`: a browser of that counsellor."""
    async with AsyncExitStack() as stack:

        async def sign_in(login: str) -> Browser:
            browser = await stack.enter_async_context(Browser(console))
            assert await browser.sign_in(login) == 200
            return browser

        yield sign_in

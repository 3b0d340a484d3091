"""A real Chromium, a recorded desk, and pages on it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from .recorded_desk import RecordedDesk

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# A machine that does much else answers late; what never comes fails all the same.
expect.set_options(timeout=20_000)

OpenPage = Callable[..., Awaitable[Page]]


def chromium() -> str | None:
    """Debian's Chromium where there is one, else Playwright's."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def recorded() -> AsyncIterator[RecordedDesk]:
    async with RecordedDesk() as desk:
        yield desk


@pytest_asyncio.fixture
async def open_page(browser: Browser, recorded: RecordedDesk) -> AsyncIterator[OpenPage]:
    """`await open_page(locale="ja-JP", ...)`: the recorded desk's page with its window open.

    The keywords are Playwright's for a browser context.  At the end no page
    may have thrown an error or broken its Content-Security-Policy.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def open_page(**options: Any) -> Page:
        settings = {"locale": "en-GB", "viewport": {"width": 1100, "height": 900}, **options}
        context = await browser.new_context(**settings)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security" in line.text else None,
        )
        await page.goto(recorded.url)
        await page.locator("ieum-desk .launcher").click()
        await page.locator("ieum-desk article").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert errors == []

"""The one line on another website: the real gateway, another origin, a strict policy."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from bot.conversations import Desk
from bot.masking import Masking
from bot.rasa import Rasa
from bot.server import make_app
from bot.settings import Settings
from bot.store import Store
from tests.bench.widget import weights
from tests.bot.fake_rasa import TOKEN, FakeRasa
from tests.desk import free_port

from .desk_page import bubbles, write
from .gallery import BASE

PAGE = """<!doctype html><html lang="en"><head><title>A centre</title>
<script type="module" src="{desk}/widget.js" data-language="ja"></script></head>
<body><h1>A centre</h1></body></html>"""
POLICY = "default-src 'none'; script-src {desk}; connect-src {desk} {socket}; " + (
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
RETRIED = 90_000  # milliseconds: what was refused for its haste is taken a minute later


class Website:
    """Somebody's page with the one line, on an origin of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def with_desk(self, desk: str) -> AsyncIterator[None]:
        policy = POLICY.format(desk=desk, socket=desk.replace("http", "ws"))

        async def page(request: web.Request) -> web.Response:
            headers = {"Content-Security-Policy": policy}
            text = PAGE.format(desk=desk)
            return web.Response(text=text, content_type="text/html", headers=headers)

        app = web.Application()
        app.router.add_get("/", page)
        async with TestServer(app, port=self.port):
            yield


@pytest_asyncio.fixture
async def website() -> Website:
    return Website()


@contextlib.asynccontextmanager
async def gateway(folder: Path, **settings: Any) -> AsyncIterator[str]:
    """A real gateway beside a Rasa that echoes; its address."""
    chosen = Settings(var_dir=str(folder), **settings)
    rasa = FakeRasa()
    await rasa.start()
    store = await Store.open(chosen.database)
    way = Rasa([rasa.url], TOKEN, [rasa.url])
    async with TestServer(make_app(chosen, Desk(store, way, Masking("key")), BASE)) as server:
        yield str(server.make_url("")).rstrip("/")
    await way.close()
    await store.close()
    await rasa.stop()


async def visit(browser: Browser, url: str) -> tuple[Page, list[str]]:
    """The page, and what it complains of."""
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(url)
    return page, complaints


async def test_an_allowed_website_has_the_desk_under_a_strict_policy(
    browser: Browser, website: Website, tmp_path: Path
) -> None:
    async with (
        gateway(tmp_path, allowed_origins=(website.url,)) as desk,
        website.with_desk(desk),
    ):
        page, complaints = await visit(browser, website.url)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.get_by_role("button", name="自分の言葉で相談する").click()
        await write(page, "永住")
        await expect(bubbles(page, "desk")).to_have_count(2)
        await expect(bubbles(page, "desk").last).to_contain_text("you said 永住")
        await page.reload()
        await expect(bubbles(page)).to_have_count(3)
        assert complaints == []
        assert [url for url in asked if not url.startswith((desk, website.url))] == []


async def test_another_website_gets_nothing(
    browser: Browser, website: Website, tmp_path: Path
) -> None:
    async with (
        gateway(tmp_path, allowed_origins=("https://centre.example",)) as desk,
        website.with_desk(desk),
    ):
        page, complaints = await visit(browser, website.url)
        assert any("CORS" in complaint for complaint in complaints)
        await expect(page.locator("ieum-desk")).to_have_count(0)


async def test_who_writes_too_fast_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    async with gateway(tmp_path, messages_per_minute=20) as desk:
        page, _ = await visit(browser, desk)
        await page.locator("ieum-desk .launcher").click()
        await bubbles(page).first.wait_for()
        texts = [f"message {number}" for number in range(1, 24)]
        for text in texts:
            await write(page, text)
        await expect(page.locator("ieum-desk .waiting")).to_have_count(0, timeout=RETRIED)
        own = bubbles(page, "applicant").locator(".text")
        assert sorted(await own.all_inner_texts()) == sorted(texts)
        await page.reload()
        await expect(bubbles(page, "applicant")).to_have_count(len(texts))


async def test_the_files_are_sent_as_small_as_they_are_measured(tmp_path: Path) -> None:
    async with gateway(tmp_path) as desk, ClientSession(auto_decompress=False) as session:
        for name, weight in weights().items():
            async with session.get(f"{desk}/{name}", headers={"Accept-Encoding": "gzip"}) as answer:
                assert answer.headers["Content-Encoding"] == "gzip"
                assert len(await answer.read()) <= weight * 1.05

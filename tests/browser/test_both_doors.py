"""Both doors, one queue: a person in the window, one on Telegram, a counsellor, the real desk."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page, expect

from bot.console.accounts import Accounts
from bot.store import Store
from knowledge.catalogue import Catalogue
from tests.bot.console.running import PASSWORD
from tests.conftest import BothDoors

from .conftest import SCREENSHOTS
from .console_page import PATIENCE, open_menu, say, sign_in, write
from .desk_page import bubbles
from .desk_page import write as write_to_desk

ANSWERED = 60  # seconds for a turn of the real desk, on a machine that does much else
JAPANESE, ENGLISH = Catalogue.of("ja"), Catalogue.of("en")


async def test_a_window_and_a_telegram_chat_in_one_queue(
    browser: Browser, both_doors: BothDoors
) -> None:
    store = await Store.open(both_doors.settings.database)
    await Accounts(store).add("minji", "김민지", PASSWORD, "lead")
    await store.close()
    page = await (await browser.new_context(locale="ko-KR")).new_page()
    await sign_in(page, both_doors.url, "minji")

    aiko = both_doors.api.person("Aiko", "ja")
    aiko.sends("/start")
    await aiko.hears(JAPANESE.phrase("greeting"), seconds=ANSWERED)
    aiko.sends("F-6ビザで韓国に3年住んでいます。永住権を申請できますか?")
    await aiko.hears_more(1, seconds=ANSWERED)
    aiko.sends("/human")
    await aiko.hears(JAPANESE.phrase("consent.question"), seconds=ANSWERED)
    aiko.taps(JAPANESE.phrase("consent.yes"))
    await aiko.hears(JAPANESE.phrase("consent.given"), seconds=ANSWERED)

    window = await (await browser.new_context(locale="en-GB")).new_page()
    await window.goto(both_doors.url)
    await window.get_by_role("button", name="Ask in your language").click()
    await bubbles(window, "desk").first.wait_for(timeout=PATIENCE)
    await write_to_desk(window, "I have an F-6 visa. I want to talk to a human counsellor please.")
    yes = window.get_by_role("button", name=ENGLISH.phrase("consent.yes"))
    await yes.click(timeout=ANSWERED * 1000)
    given = bubbles(window, "desk").filter(has_text=ENGLISH.phrase("consent.given"))
    await expect(given).to_be_visible(timeout=ANSWERED * 1000)

    rows = page.locator("li.case")
    await expect(rows).to_have_count(2, timeout=PATIENCE)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / "console-both-doors.png")

    await _take(page, "일본어")
    await expect(page.locator("#known")).to_contain_text("F-6")
    await expect(page.locator("#known")).to_contain_text("3년")
    await page.locator(".picker summary", has_text=say("replies.title")).click()
    hello = Catalogue.of("ko").phrase("reply.greeting.hello")
    await page.get_by_role("button", name=say("insert.this", text=hello[:40])).click()
    await aiko.hears(JAPANESE.phrase("reply.greeting.hello"), seconds=ANSWERED)
    aiko.sends("夫のことで相談があります。")
    words = page.locator("li.message.to-us", has_text="夫のことで相談があります。")
    await expect(words).to_be_visible(timeout=PATIENCE)
    await _hand_back(page, "月曜日に会います。")
    await aiko.hears("月曜日に会います。", seconds=ANSWERED)

    await _take(page, "영어")
    await write(page, "Hello from Minji")
    said = bubbles(window, "counsellor")
    await expect(said).to_contain_text("Hello from Minji", timeout=PATIENCE)
    await write_to_desk(window, "How much is the fee for permanent residence?")
    asked = page.locator("li.message.to-us", has_text="How much is the fee")
    await expect(asked).to_be_visible(timeout=PATIENCE)
    await page.screenshot(path=SCREENSHOTS / "console-case-real.png")
    before = await bubbles(window, "desk").count()
    await _hand_back(page, "Ask the desk for the fee.")
    await write_to_desk(window, "How much is the fee for permanent residence?")
    fee = bubbles(window, "desk").filter(has_text="230,000")
    await expect(fee.first).to_be_visible(timeout=ANSWERED * 1000)
    assert await bubbles(window, "desk").count() > before
    assert "230,000" not in await _texts(said)
    assert not [text for text in aiko.texts if "Minji" in text or "fee" in text]


async def _take(page: Page, language: str) -> None:
    row = page.locator("li.case", has_text=language)
    await row.get_by_role("button", name=say("take")).click()
    await expect(page.locator(".composer")).to_be_visible(timeout=PATIENCE)


async def _hand_back(page: Page, settled: str) -> None:
    await open_menu(page, "hand_back")
    await page.get_by_label(say("hand_back.settled")).fill(settled)
    await page.get_by_role("button", name=say("hand_back.do")).click()
    await expect(page.locator(".said")).to_have_text(say("said.handed_back"), timeout=PATIENCE)


async def _texts(found: Any) -> str:
    return "\n".join(await found.all_inner_texts())

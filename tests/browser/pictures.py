"""The pictures of the window in the documents: `make pictures`.

Made from real cards of the base in a real Chromium, each from a short conversation.
"""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright, expect

from knowledge.assessment import assess
from knowledge.cards import Cards
from knowledge.catalogue import Catalogue
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from knowledge.wording import Wording

from .conftest import FLAGS, chromium
from .desk_page import bubbles, write
from .gallery import BASE
from .recorded_desk import RecordedDesk

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 150_000  # bytes of one picture
SERVICE = BASE.services["residence_change_report"]
FACTS = {"registered": True, "moved_on": "P10D"}
ASKED = {
    "en": "I moved ten days ago. Am I still in time to report it?",
    "ko": "열흘 전에 이사했어요. 신고 아직 안 늦었나요?",
    "vi": "Tôi chuyển nhà mười ngày trước. Bây giờ báo còn kịp không?",
}


async def take_pictures(browser: Browser, folder: Path) -> list[Path]:
    """One picture of the page and the window in each language of ASKED."""
    return [await _picture(browser, language, folder) for language in ASKED]


async def _picture(browser: Browser, language: str, folder: Path) -> Path:
    async with RecordedDesk() as desk:
        verdict = assess(SERVICE, decode_facts(FACTS, BASE.facts, seoul_today()), seoul_today())
        card = Cards(BASE, language).verdict(verdict)
        text = Wording(Catalogue.of(language)).of(card)
        desk.records[language] = {ASKED[language]: [{"text": text, "card": card}]}
        page = await browser.new_page(locale=language, viewport={"width": 1180, "height": 800})
        await page.goto(f"{desk.url}?language={language}")
        await page.locator("ieum-desk .launcher").click()
        await bubbles(page).first.wait_for()
        await write(page, ASKED[language])
        await expect(bubbles(page, "verdict")).to_be_visible()
        log = page.locator("ieum-desk .log")
        await log.evaluate("(log) => (log.scrollTop -= 84)")  # so that the question is in sight
        picture = Image.open(io.BytesIO(await page.screenshot()))
        path = folder / f"window-{language}.webp"
        picture.save(path, quality=88, method=6)
        await page.close()
    return path


async def _main() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for path in await take_pictures(browser, IMAGES):
            print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size // 1000} KB")
        await browser.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))

"""What a counsellor does on the console's pages."""

from __future__ import annotations

from playwright.async_api import Page, expect

from knowledge.catalogue import Catalogue
from tests.bot.console.running import PASSWORD

PATIENCE = 30_000  # milliseconds, on a machine that does much else


def say(name: str, language: str = "ko", **values: object) -> str:
    """The console's words."""
    return Catalogue.of(language).phrase(f"console.{name}", **values)


async def sign_in(page: Page, url: str, login: str) -> None:
    """Sign in, and wait until the page keeps itself up to date."""
    page.set_default_timeout(PATIENCE)
    await page.goto(f"{url}/console/")
    await page.get_by_label(say("login")).fill(login)
    await page.get_by_label(say("password")).fill(PASSWORD)
    await page.get_by_role("button", name=say("sign_in.do")).click()
    await expect(page.locator(".waiting a").first).to_be_visible(timeout=PATIENCE)


async def take(page: Page, title: str) -> None:
    """Take the case of this title from the queue."""
    row = page.locator("li.case", has_text=title)
    await row.get_by_role("button", name=say("take")).click()
    await expect(page.locator(".composer")).to_be_visible(timeout=PATIENCE)


async def write(page: Page, text: str) -> None:
    """Write to the person with Enter, and see it in the conversation."""
    field = page.locator("#text")
    await field.fill(text)
    await field.press("Enter")
    await expect(page.locator("li.message.counsellor", has_text=text)).to_be_visible(
        timeout=PATIENCE
    )


async def open_menu(page: Page, name: str) -> None:
    await page.locator(".actions summary", has_text=say(name)).click()

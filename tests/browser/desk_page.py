"""What a person does on a page with the desk."""

from __future__ import annotations

from playwright.async_api import Locator, Page


def bubbles(page: Page, role: str = "") -> Locator:
    """The messages in the window; of one role (desk, applicant, counsellor) where it is named."""
    return page.locator(f"ieum-desk article{'.' + role if role else ''}")


async def write(page: Page, text: str) -> None:
    """Write a message and press Enter."""
    field = page.locator("ieum-desk textarea")
    await field.fill(text)
    await field.press("Enter")


async def ask(page: Page, text: str) -> Locator:
    """Write a message and wait for the next bubble that is not ours, which is given."""
    answers = page.locator("ieum-desk article:not(.applicant)")
    before = await answers.count()
    await write(page, text)
    answer = answers.nth(before)
    await answer.wait_for()
    return answer


async def shown(page: Page) -> list[str]:
    """The words of each message in the window, in order, without its card."""
    return await page.locator("ieum-desk article > .who + .text").all_inner_texts()

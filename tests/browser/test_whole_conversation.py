"""A person in a browser and the real desk: from the first question to a verdict."""

from __future__ import annotations

from playwright.async_api import Browser, Locator, Page, expect

from .conftest import SCREENSHOTS
from .desk_page import bubbles, shown, write

OPENING = (
    "Hello, I have an F-6 visa and I am married to a Korean, we live together. "
    "I have lived in Korea for three years. Can I get permanent residence?"
)
TOLD = {"status", "marriage", "residence"}
# What this person says to a question about a fact: the value of a button, or words.
BUTTONS = {
    "passport_valid": "true",
    "property_proof": "lease",
    "third_country_stay": "false",
    "child_of_marriage": "true",
    "kiip_completed": "true",
    "fault": "nobody",
}
WORDS = {
    "status": "F-6",
    "nationality": "Vietnam",
    "marriage": "We are married and live together",
    "residence": "3 years",
    "stay_until": "30 September 2027",
    "kiprat_score": "72 points",
    "household_income": "45 million won",
    "household_assets": "100 million won",
    "criminal_certificate_on": "1 November 2026",
}
MOST_QUESTIONS = 15
ANSWERED = 30_000  # milliseconds for a turn, on a machine that does much else


async def test_from_the_first_question_to_a_verdict(browser: Browser, desk_url: str) -> None:
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(desk_url)
    await page.get_by_role("button", name="Ask in your language").click()
    await bubbles(page, "desk").first.wait_for()
    await _answered(page, OPENING)

    verdict = page.locator("ieum-desk article.verdict")
    asked: list[str] = []
    while not await verdict.count():
        assert len(asked) < MOST_QUESTIONS, asked
        question = page.locator("ieum-desk article.question").last
        fact = await _fact_of(question)
        asked.append(fact)
        if fact in BUTTONS:
            button = question.locator(f'button[value="fact:{fact}={BUTTONS[fact]}"]')
            await _answered(page, button)
        elif fact in WORDS:
            await _answered(page, WORDS[fact])
        else:
            await _answered(page, question.get_by_role("button", name="I don't know"))

    assert len(asked) == len(set(asked)), f"asked twice: {asked}"
    assert not TOLD & set(asked), f"asked, though told at the beginning: {asked}"
    await _is_whole(verdict.last)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / "whole-conversation.png")

    before = await shown(page)
    await page.reload()
    await expect(bubbles(page)).to_have_count(len(before))
    assert await shown(page) == before


async def _is_whole(verdict: Locator) -> None:
    """Reasons, papers, fees, and a source for each of them."""
    for part in ("requirements", "documents", "fees"):
        items = verdict.locator(f"section.{part} > :is(ul, ol) > li")
        assert await items.count() > 0, part
        for item in await items.all():
            await expect(item.locator("details.sources").first).to_be_attached()
    assert await verdict.locator(".met").count() >= len(TOLD)


async def _fact_of(question: Locator) -> str:
    """Which fact a question asks for: its buttons say it, "I don't know" at least."""
    value = await question.locator(".choices button").last.get_attribute("value") or ""
    assert value.startswith("fact:"), await question.inner_text()
    return value.removeprefix("fact:").partition("=")[0]


async def _answered(page: Page, answer: str | Locator) -> None:
    """Say or press `answer`, and wait until the desk has nothing more to say to it."""
    before = await bubbles(page, "desk").count()
    if isinstance(answer, str):
        await write(page, answer)
    else:
        await answer.click()
    await bubbles(page, "desk").nth(before).wait_for(timeout=ANSWERED)
    decided = "ieum-desk article.desk:last-of-type:is(.question, .verdict)"
    await page.locator(decided).wait_for(timeout=ANSWERED)

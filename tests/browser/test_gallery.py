"""Every card type in every language: laid out without overflow, and pictures to look at."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from knowledge.catalogue import ANSWERED, LANGUAGES, Catalogue

from .conftest import SCREENSHOTS, OpenPage
from .desk_page import bubbles, write
from .gallery import gallery
from .pictures import ASKED, IMAGES, LARGEST, take_pictures
from .recorded_desk import RecordedDesk

FOLDER = SCREENSHOTS / "cards"
LOCALES = {"zh": "zh-CN", "tl": "fil"}
OVER = """() => {
    const desk = document.querySelector("ieum-desk").shadowRoot;
    const parts = [...desk.querySelectorAll("*")].filter((part) => part.checkVisibility());
    const wide = (part) =>
        part.scrollWidth > part.clientWidth + 1 &&
        !["inline", "contents"].includes(getComputedStyle(part).display) &&
        !part.matches("select, option, .unseen, .sheet, .applicant .who");
    const page = document.documentElement;
    return [
        ...(page.scrollWidth > page.clientWidth ? ["the page"] : []),
        ...parts.filter(wide).map((part) => `${part.localName}.${part.className}: ` +
            `${part.scrollWidth} > ${part.clientWidth} ${part.textContent.slice(0, 60)}`),
    ];
}"""


async def show_all(
    page: Page, recorded: RecordedDesk, language: str, without: Collection[str] = ()
) -> list[str]:
    """Have every message of the gallery said but those named; their names, in order."""
    messages = {name: said for name, said in gallery(language).items() if name not in without}
    recorded.records[language] = {**recorded.records.get(language, {}), "all": [*messages.values()]}
    await write(page, "all")
    await expect(bubbles(page)).to_have_count(len(messages) + 2)
    return list(messages)


@pytest.mark.parametrize("language", ANSWERED)
async def test_every_card_in_every_language_fits(
    open_page: OpenPage, recorded: RecordedDesk, language: str
) -> None:
    page = await open_page(
        locale=LOCALES.get(language, language), viewport={"width": 320, "height": 700}
    )
    names = await show_all(page, recorded, language)
    for details in await page.locator("ieum-desk article details").all():
        await details.evaluate("(part) => (part.open = true)")
    await expect(page.locator("ieum-desk details.sources .small").first).to_contain_text("·")
    for width in (320, 1280, 390):
        await page.set_viewport_size({"width": width, "height": 700})
        assert await page.evaluate(OVER) == [], f"{language}, {width} px wide"
    for details in await page.locator("ieum-desk article details").all():
        await details.evaluate("(part) => (part.open = false)")
    FOLDER.mkdir(parents=True, exist_ok=True)
    await page.set_viewport_size({"width": 390, "height": 14000})
    for name, bubble in zip(names, (await bubbles(page).all())[2:], strict=True):
        await expect(bubble).to_have_attribute("lang", language)
        await bubble.screenshot(path=FOLDER / f"{language} {name}.png")


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code not in ANSWERED])
async def test_a_language_the_desk_only_understands_is_met_in_english_and_told_so(
    open_page: OpenPage, recorded: RecordedDesk, language: str
) -> None:
    words = Catalogue.of(language)
    told = words.phrase("answered_in_english")
    greeting = {"text": f"{told}\n\n{words.phrase('greeting')}", "language": "en"}
    recorded.records[language] = {"greeting": [greeting]}
    page = await open_page(
        locale=LOCALES.get(language, language), viewport={"width": 390, "height": 700}
    )
    desk = page.locator("ieum-desk")
    await expect(desk.locator("select")).to_have_value(language)
    await expect(desk).to_have_attribute("lang", "en")  # what the window is written in
    await expect(desk.get_by_role("button", name="Talk to a person")).to_be_visible()
    await expect(bubbles(page).first).to_contain_text("한국어로도 답할 수 있어요")
    assert await page.evaluate(OVER) == []
    FOLDER.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=FOLDER / f"{language} greeting.png")


@pytest.mark.parametrize("language", ANSWERED)
async def test_the_page_of_the_centre(
    open_page: OpenPage, recorded: RecordedDesk, language: str
) -> None:
    page = await open_page(locale=LOCALES.get(language, language))
    await expect(page.locator("html")).to_have_attribute("lang", language)
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text(Catalogue.of(language).phrase("centre.headline"))
    await page.locator("ieum-desk .close").click()
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate(OVER) == []
        FOLDER.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=FOLDER / f"{language} page {width}.png", full_page=True)


async def test_the_pictures_for_the_documents(browser: Browser, tmp_path: Path) -> None:
    pictures = await take_pictures(browser, tmp_path)
    assert [picture.name for picture in pictures] == [f"window-{code}.webp" for code in ASKED]
    for picture in pictures:
        assert 10_000 < picture.stat().st_size <= LARGEST
        assert (IMAGES / picture.name).exists(), "make pictures"


async def test_the_page_follows_the_language_that_is_chosen_on_it(open_page: OpenPage) -> None:
    page = await open_page()
    await page.locator("ieum-desk .close").click()
    await page.get_by_role("link", name="Tiếng Việt").first.click()
    await expect(page.locator("html")).to_have_attribute("lang", "vi")
    await expect(page.locator("ieum-desk .launcher")).to_have_text("Hỏi bằng tiếng của bạn")

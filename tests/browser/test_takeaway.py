"""What a person takes along from a verdict: calendar files, and the list of papers."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.async_api import Locator, Page, expect

from .conftest import OpenPage
from .desk_page import ask
from .gallery import gallery
from .recorded_desk import RecordedDesk

# A page's own print() would open a dialogue that no test can close.
PRINTED = """
const printed = [];
Object.defineProperty(window, "printed", { get: () => window.top === window ? printed : null });
window.print = () => {
    window.top.printed.push({ text: document.body.innerText, lang: document.documentElement.lang,
        ticked: [...document.querySelectorAll("input")].map((box) => box.checked),
        styled: document.adoptedStyleSheets.length });
    window.dispatchEvent(new Event("afterprint"));
};
"""


async def saved(page: Page, button: Locator) -> tuple[str, bytes]:
    """Name and content of the file that a button gives."""
    async with page.expect_download() as download:
        await button.click()
    file = await download.value
    path = Path(await file.path())
    return file.suggested_filename, await asyncio.to_thread(path.read_bytes)


async def test_a_last_day_goes_into_the_calendar(open_page: OpenPage) -> None:
    page = await open_page()
    verdict = await ask(page, "verdict")
    deadlines = verdict.locator("section.deadlines li")
    await expect(deadlines.last.get_by_role("button")).to_have_count(0)  # it has no date
    name, content = await saved(page, deadlines.first.get_by_role("button"))
    assert name.endswith(".ics")
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert event.decoded("DTSTART") == date(2026, 12, 5)
    assert str(event["SUMMARY"]) == "Your present stay ends. Apply before that day."
    assert "The immigration office decides" in str(event["DESCRIPTION"])
    (alarm,) = event.walk("VALARM")
    assert alarm.decoded("TRIGGER") == timedelta(days=-7)


@pytest.mark.parametrize("language", ["ko", "vi"])
async def test_a_long_text_of_any_script_survives_the_calendars_short_lines(
    open_page: OpenPage, recorded: RecordedDesk, language: str
) -> None:
    text = "; ".join(message["text"] for message in gallery(language).values())[:900]
    day = {"id": "d", "text": text, "date": "2027-03-02", "opens": True, "citations": []}
    card = {"type": "verdict", "service": "stay_extension", "title": "A, B", "deadlines": [day]}
    card |= {"outcome": "eligible", "requirements": []}
    recorded.records.setdefault(language, {})["long"] = [{"text": "", "card": card}]
    page = await open_page(locale=language)
    verdict = await ask(page, "long")
    _, content = await saved(page, verdict.locator(".calendar"))
    assert max(map(len, content.split(b"\r\n"))) <= 75
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert str(event["SUMMARY"]) == text
    (alarm,) = event.walk("VALARM")
    assert alarm.decoded("TRIGGER") == timedelta(hours=9)  # a first day: in its morning


async def test_the_list_of_papers_is_printed_with_what_is_ticked(open_page: OpenPage) -> None:
    page = await open_page()
    await page.add_init_script(PRINTED)
    await page.reload()
    verdict = await ask(page, "verdict")
    await verdict.get_by_role("checkbox", name="Passport").check()
    await verdict.get_by_role("button", name="Print this list").click()
    (sheet,) = await page.evaluate("window.printed")
    assert sheet["lang"] == "en"
    assert sheet["styled"] == 1
    assert sheet["ticked"] == [False, True, False, False]
    for line in ("Application form (form 34)", "Court judgment", "If you are divorced"):
        assert line in sheet["text"]
    for line in ("₩230,000", "as of June 2021", "5 December 2026", "1345"):
        assert line in sheet["text"]
    assert "The immigration office decides" in sheet["text"]
    assert "Sources" not in sheet["text"]
    await expect(page.locator("ieum-desk iframe")).to_have_count(0)
    await expect(verdict.get_by_role("button", name="Print this list")).to_be_focused()


async def test_the_list_of_papers_is_saved_as_a_page_of_its_own(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page()
    verdict = await ask(page, "verdict")
    await verdict.get_by_role("checkbox", name="Passport").check()
    name, content = await saved(page, verdict.get_by_role("button", name="Save this list"))
    assert name == "permanent_residence.f5_2.html"
    path = tmp_path / name
    path.write_bytes(content)
    sheet = await page.context.new_page()
    await sheet.goto(path.as_uri())
    await expect(sheet).to_have_title("Permanent residence for spouses (F-5-2)")
    await expect(sheet.get_by_role("checkbox", name="Passport")).to_be_checked()
    await expect(sheet.get_by_role("checkbox", name="Application form")).not_to_be_checked()
    await expect(sheet.locator("body")).to_contain_text("Bring 230,000 won or a little more")
    await expect(sheet.get_by_role("button")).to_have_count(0)


async def test_what_the_desk_says_stays_text_on_the_saved_page(
    open_page: OpenPage, recorded: RecordedDesk, tmp_path: Path
) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    paper = {"id": "p", "text": hostile, "citations": []}
    card = {"type": "verdict", "service": "x", "title": hostile, "documents": [paper]}
    card |= {"outcome": "eligible", "requirements": []}
    recorded.records["en"]["hostile"] = [{"text": "", "card": card}]
    page = await open_page()
    verdict = await ask(page, "hostile")
    _, content = await saved(page, verdict.get_by_role("button", name="Save this list"))
    path = tmp_path / "list.html"
    path.write_bytes(content)
    await page.goto(path.as_uri())
    await expect(page.get_by_role("heading").first).to_have_text(hostile)
    assert await page.locator("img, script").count() == 0

"""Every card type is drawn as what it is, and nothing a message holds becomes HTML."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from .conftest import SCREENSHOTS, OpenPage
from .desk_page import ask, bubbles, write
from .gallery import gallery
from .recorded_desk import RecordedDesk


def section(bubble: Locator, kind: str) -> Locator:
    return bubble.locator(f"section.{kind}")


@pytest.fixture
async def page(open_page: OpenPage) -> Page:
    return await open_page()


async def test_a_question_has_buttons_and_says_why(page: Page) -> None:
    question = await ask(page, "question")
    why = question.locator("details.why")
    await expect(question.get_by_role("button")).to_have_count(6)
    await expect(why.get_by_text("decides which of the three ways")).to_be_hidden()
    await why.get_by_text("Why this question?").click()
    await expect(why.get_by_text("decides which of the three ways")).to_be_visible()


async def test_a_used_button_is_marked_and_the_answer_can_be_changed(
    page: Page, recorded: RecordedDesk
) -> None:
    question = await ask(page, "question")
    divorced = question.get_by_role("button", name="Divorced")
    widowed = question.get_by_role("button", name="My spouse has died")
    await divorced.click()
    await expect(divorced).to_be_disabled()
    await expect(divorced).to_have_attribute("aria-pressed", "true")
    await expect(bubbles(page, "applicant").last).to_contain_text("Divorced")
    await expect(page.locator("ieum-desk textarea")).to_be_focused()
    await widowed.click()
    await expect(widowed).to_be_disabled()
    await expect(divorced).to_be_enabled()
    await expect(divorced).to_have_attribute("aria-pressed", "false")
    await expect(bubbles(page, "desk")).to_have_count(4)
    assert [said.get("choice") for said in recorded.said[1:]] == [
        "fact:marriage=divorced",
        "fact:marriage=widowed",
    ]


async def test_an_answer_is_changed_by_clicking_it(page: Page, recorded: RecordedDesk) -> None:
    await ask(page, "question")
    await ask(page, "we live apart")
    answer = bubbles(page, "applicant").last
    await expect(bubbles(page, "applicant").first.get_by_role("button")).to_have_count(0)
    await answer.get_by_role("button", name="Change this answer").click()
    await expect(bubbles(page, "applicant").last).to_contain_text(
        "I would like to change an answer"
    )
    await expect(bubbles(page, "question")).to_have_count(2)
    assert recorded.said[-1]["choice"] == "ask:marriage"
    await bubbles(page, "question").last.get_by_role("button", name="Divorced").click()
    await expect(bubbles(page, "desk")).to_have_count(5)
    await page.reload()
    answers = page.get_by_role("button", name="Change this answer")
    await expect(answers).to_have_text(["we live apart", "Divorced"])


async def test_what_was_no_answer_cannot_be_changed(page: Page) -> None:
    await ask(page, "question")
    await ask(page, "question")  # asked again: "question" was not understood as an answer
    await expect(page.get_by_role("button", name="Change this answer")).to_have_count(0)
    await ask(page, "divorced, since spring")
    await expect(page.get_by_role("button", name="Change this answer")).to_have_count(1)


async def test_clarify_offers_each_service_once(page: Page) -> None:
    clarify = await ask(page, "clarify")
    first, second, _ = await clarify.get_by_role("button").all()
    await second.click()
    await expect(second).to_have_attribute("aria-pressed", "true")
    await expect(first).to_be_disabled()


async def test_a_verdict_shows_what_is_fulfilled_and_what_is_not(page: Page) -> None:
    verdict = await ask(page, "verdict")
    await expect(verdict).to_have_class(re.compile(r"\bdepends\b"))
    conditions = section(verdict, "requirements").get_by_role("listitem")
    for condition, status in (
        ("You hold a spouse status", "Fulfilled"),
        ("comprehensive evaluation", "Not known yet"),
        ("no criminal record", "Not fulfilled"),
        ("income or the assets", "Not clear"),
    ):
        line = conditions.filter(has_text=condition).locator(".status").first
        await expect(line).to_have_text(status)


async def test_a_verdict_says_how_it_came_out_before_anything_else(page: Page) -> None:
    verdict = await ask(page, "verdict")
    header = verdict.locator("header")
    await expect(header.locator(".outcome")).to_have_text("It depends")
    await expect(header).to_contain_text("The rules leave it open, so ask before you decide.")
    lines = [line for line in (await verdict.inner_text()).split("\n") if line.strip()]
    assert lines[:2] == ["Desk", "It depends"]
    assert (await verdict.inner_text()).count("The rules leave it open") == 1
    order = await verdict.locator("h4").all_inner_texts()
    assert order[:4] == [
        *("The conditions", "What would change this", "How to find out", "Bring these papers"),
    ]
    statuses = await verdict.locator(".meta > .status").all_inner_texts()
    assert statuses == ["Not fulfilled", "Not clear", "Not known yet", "Fulfilled", "Fulfilled"]


async def test_ways_say_how_each_comes_out(page: Page, recorded: RecordedDesk) -> None:
    recorded.records["en"]["ways"] = [gallery("en")["ways"]]
    ways = await ask(page, "ways")
    said = await ways.get_by_role("button").all_inner_texts()
    assert [text.split("\n")[-1].strip() for text in said] == [
        *("Conditions met", "It depends", "Still open", "Conditions not met"),
    ]


async def test_a_disputed_condition_names_both_sources_and_the_safe_course(page: Page) -> None:
    verdict = await ask(page, "verdict")
    disputed = section(verdict, "requirements").locator(".disagreement")
    await expect(disputed).to_contain_text("30 million won in the bank")
    await expect(disputed).to_contain_text("37,621,000 won for 2020")
    await expect(disputed.locator(".safe")).to_have_text(re.compile("^To be safe: Plan with"))
    await disputed.locator("summary").nth(1).click()
    await expect(disputed).to_contain_text("Ministry of Justice blog")


async def test_papers_can_be_ticked_and_stay_so(page: Page) -> None:
    verdict = await ask(page, "verdict")
    passport = verdict.get_by_role("checkbox", name="Passport and alien registration card")
    await passport.check()
    await page.reload()
    await expect(passport).to_be_checked()
    await expect(verdict.get_by_role("checkbox", name="Application form")).not_to_be_checked()
    perhaps = section(verdict, "maybe_documents")
    await expect(perhaps).to_contain_text("Only if this is your case")
    await expect(perhaps).to_contain_text("If you are divorced")


async def test_fees_deadlines_and_ways_out_have_their_dates(page: Page) -> None:
    verdict = await ask(page, "verdict")
    fee = section(verdict, "fees")
    await expect(fee).to_contain_text("₩230,000 Permanent residence and card")
    await expect(fee).to_contain_text("as of June 2021")
    await expect(fee.locator(".stale")).to_contain_text("This figure is old")
    deadlines = section(verdict, "deadlines").get_by_role("listitem")
    await expect(deadlines.first).to_contain_text("By 5 December 2026: Your present stay ends.")
    await expect(deadlines.first.locator("> .small")).to_contain_text("day")  # in 13 days
    await expect(deadlines.last).to_contain_text("within 14 days")
    unlock = section(verdict, "unlock")
    await expect(unlock).to_contain_text("From about 2 March 2027: With two full years")


async def test_a_verdict_says_where_to_go_what_to_do_and_what_else(page: Page) -> None:
    verdict = await ask(page, "verdict")
    office = section(verdict, "offices")
    await expect(office.get_by_role("link", name="1345")).to_have_attribute("href", "tel:1345")
    await expect(office).to_contain_text("Korean, English, Chinese, and Vietnamese")
    await expect(section(verdict, "steps").get_by_role("listitem")).to_have_count(2)
    await expect(section(verdict, "unsure")).to_contain_text("Soci-Net")
    await expect(section(verdict, "notes")).to_contain_text("cannot be turned")
    await expect(verdict.get_by_role("button", name="What can end")).to_be_enabled()


async def test_what_a_card_shows_is_not_said_twice(page: Page) -> None:
    verdict = await ask(page, "verdict")
    text = await verdict.inner_text()
    assert text.count("You hold a spouse status (F-6).") == 1
    assert text.count("Permanent residence and card") == 1
    assert "[1]" not in text
    answer = await ask(page, "answer")
    text = await answer.inner_text()
    assert text.count("A late report can cost a fine.") == 1
    assert text.index("A late report") < text.index("Shall I check your own case?")


async def test_sources_are_one_click_away(page: Page) -> None:
    answer = await ask(page, "answer")
    fine = answer.get_by_role("listitem").filter(has_text="can cost a fine")
    source = fine.get_by_text("Bucheon city guide for foreign residents, Permanent residence")
    await expect(source).to_be_hidden()
    await fine.get_by_text("Sources").click()
    await expect(source).to_be_visible()


async def test_a_source_shows_its_entry_of_the_register(page: Page) -> None:
    answer = await ask(page, "answer")
    fine = answer.get_by_role("listitem").filter(has_text="can cost a fine")
    await fine.get_by_text("Sources").click()
    for part in ("City of Bucheon", "Public office", "Japanese", "bears no date", "checked on"):
        await expect(fine.locator(".sources .small")).to_contain_text(part)


async def test_a_source_stays_readable_where_the_register_cannot_be_had(
    page: Page, recorded: RecordedDesk
) -> None:
    answer = await ask(page, "answer")
    await page.route("**/v1/sources*", lambda route: route.abort())
    fine = answer.get_by_role("listitem").filter(has_text="can cost a fine")
    await fine.get_by_text("Sources").click()
    await expect(fine).to_contain_text("Bucheon city guide for foreign residents")
    await expect(fine.locator(".sources .small")).to_have_text("bears no date")
    await page.unroute("**/v1/sources*")
    await fine.get_by_text("Sources").click()
    await fine.get_by_text("Sources").click()
    await expect(fine.locator(".sources .small")).to_contain_text("City of Bucheon")


async def test_only_web_addresses_become_links(page: Page) -> None:
    answer = await ask(page, "unsafe link")
    await answer.locator("summary").click()
    await expect(answer.get_by_text("Not a page")).to_be_visible()
    await expect(answer.get_by_role("link")).to_have_count(1)
    await expect(answer.get_by_role("link")).to_have_attribute("href", "https://page.example/")


async def test_urgent_puts_telephone_numbers_first(page: Page) -> None:
    urgent = await ask(page, "urgent")
    await expect(urgent).to_have_class(re.compile(r"\bemergency\b"))
    numbers = await urgent.get_by_role("link").all_inner_texts()
    assert numbers == ["112", "1577-1366"]
    await expect(urgent.locator("ol > li")).to_have_count(3)
    assert (await urgent.inner_text()).count("You may whisper") == 1


async def test_handoff_names_the_case(page: Page) -> None:
    handoff = await ask(page, "handoff")
    await expect(handoff).to_contain_text("Waiting for a counsellor")
    await expect(handoff).to_contain_text("Case number: 2026-0142")


async def test_out_of_scope_says_who_can_help(page: Page) -> None:
    out = await ask(page, "out of scope")
    await expect(section(out, "contacts").get_by_role("link", name="1345")).to_be_visible()


async def test_a_notice_says_what_changed(page: Page) -> None:
    notice = await ask(page, "notice")
    await expect(notice).to_contain_text("Time lived in Korea")
    await expect(notice.locator("del")).to_have_text("2 years")
    await expect(notice.locator("ins")).to_have_text("3 years")
    await expect(notice).to_contain_text("Permanent residence Conditions met")


async def test_a_card_of_a_later_version_still_says_its_text(page: Page) -> None:
    message = await ask(page, "new kind")
    await expect(message).to_contain_text("A message whose card this widget does not know.")


async def test_text_is_never_html(page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)><b>bold</b>"
    await write(page, hostile)
    await expect(bubbles(page, "applicant").last.locator(".text")).to_have_text(hostile)
    plain = await ask(page, "plain")
    await expect(plain.locator(".text")).to_contain_text("<b>Not bold</b> & <script>alert(1)")
    assert await page.locator("ieum-desk .log :is(img, b, script)").count() == 0


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("en-GB", "light", 1280), ("ja-JP", "dark", 1280), ("ko-KR", "light", 390)],
)
async def test_how_it_looks(open_page: OpenPage, locale: str, scheme: str, width: int) -> None:
    """Pictures to look at; what must hold in them is that a card's beginning is in sight."""
    page = await open_page(
        locale=locale, color_scheme=scheme, viewport={"width": width, "height": 860}
    )
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name in ("question", "verdict", "urgent"):
        card = await ask(page, name)
        await expect(card.locator(".who")).to_be_in_viewport()
        await page.screenshot(path=SCREENSHOTS / f"widget-{locale[:2]}-{name}.png")


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("ja-JP", "dark")])
async def test_how_a_whole_verdict_looks(open_page: OpenPage, locale: str, scheme: str) -> None:
    page = await open_page(
        locale=locale, color_scheme=scheme, viewport={"width": 430, "height": 4200}
    )
    verdict = await ask(page, "verdict")
    await expect(verdict).to_be_in_viewport(ratio=1)
    await verdict.screenshot(path=SCREENSHOTS / f"verdict-{locale[:2]}-{scheme}.png")

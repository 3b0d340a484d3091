"""The counsellors' console in a real Chromium, with the widget on the other side."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot.settings import Settings
from knowledge.assessment import assess
from knowledge.cards import Cards
from knowledge.catalogue import Catalogue
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from tests.bot.console.running import BASE, F5, RunningConsole, ScriptedRasa

from .conftest import SCREENSHOTS
from .console_page import PATIENCE, open_menu, say, sign_in, take, write
from .desk_page import bubbles
from .desk_page import write as write_to_desk

AXE: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}
FACTS = {
    "status": "F-6",
    "marriage": "intact",
    "residence": "P35M",
    "nationality": "VN",
    "household_income": 45_000_000,
}
LAN = "Tôi có visa F-6, ở Hàn Quốc 35 tháng. Số của tôi là 900101-5123456. Tôi muốn gặp người."
F5_TITLE = "한국인 배우자의 영주권"


@pytest_asyncio.fixture
async def console(tmp_path: Path) -> AsyncIterator[RunningConsole]:
    """A console with a lead, a counsellor, and people of several urgencies in the queue."""
    rasa = ScriptedRasa()
    await rasa.start()
    trained = Settings.load().index_folder
    (tmp_path / "knowledge").symlink_to(trained)
    running = RunningConsole(Settings(var_dir=str(tmp_path)), rasa)
    await running.start()
    await running.counsellor("minji", role="lead")
    await running.counsellor("jun")
    yield running
    await running.stop()
    await rasa.stop()


@pytest_asyncio.fixture
async def new_page(browser: Browser) -> AsyncIterator[Any]:
    """`await new_page(...)`: a page in a browser of its own; none may throw or break its CSP."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def new_page(**options: Any) -> Page:
        settings = {"locale": "ko-KR", "viewport": {"width": 1360, "height": 860}, **options}
        context = await browser.new_context(**settings)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security" in line.text else None,
        )
        return page

    yield new_page
    for context in contexts:
        await context.close()
    assert errors == []


async def people_wait(console: RunningConsole) -> str:
    """Four people; the case of the first, who is Vietnamese and has a verdict."""
    facts = decode_facts(FACTS, BASE.facts, seoul_today())
    verdict = Cards(BASE, "vi").verdict(assess(BASE.services[F5], facts, seoul_today()))
    lan, _ = await console.person(LAN, facts=FACTS, card=verdict)
    await console.person(
        "夫が怖いです。叩かれました。",
        language="ja",
        danger="violence",
        consent=None,
        services=("marriage_breakdown",),
        signals=("fear",),
    )
    ends = (seoul_today() + timedelta(days=4)).isoformat()
    await console.person(
        "我的居留快到期了",
        language="zh",
        channel="telegram",
        facts={"stay_until": ends},
        services=("stay_extension",),
    )
    await console.person("I want to talk to a person", language="en", services=(), consent=None)
    return await console.case_of(lan)


async def problems(page: Page) -> list[str]:
    result = await Axe().run(page, options=AXE)
    return [
        f"{page.url}: {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in result.response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1360), ("dark", 1360), ("light", 390)], ids=str
)
async def test_every_page_is_accessible_and_fits(
    console: RunningConsole, new_page: Any, scheme: str, width: int
) -> None:
    case = await people_wait(console)
    size = {"width": width, "height": 860}
    page = await new_page(color_scheme=scheme, viewport=size, bypass_csp=True)
    await page.goto(f"{console.url}/console/sign-in")
    found = await problems(page)
    await sign_in(page, console.url, "minji")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    paths = ("/", f"/cases/{case}", "/closed", "/board", "/accounts", "/audit", "/me")
    for path in paths:
        await page.goto(f"{console.url}/console{path}")
        await expect(page.locator(".waiting a").first).to_be_visible(timeout=PATIENCE)
        if path.startswith("/cases"):
            await page.get_by_role("button", name=say("take")).click()
            await expect(page.locator(".composer")).to_be_visible(timeout=PATIENCE)
            await page.locator(".side details, .picker, .message details").evaluate_all(
                "(all) => all.forEach((one) => (one.open = true))"
            )
        found += await problems(page)
        wide = await page.evaluate(
            """() => document.documentElement.scrollWidth > innerWidth &&
                [...document.querySelectorAll("main *"), document.body]
                    .filter((one) => one.getBoundingClientRect().right > innerWidth)
                    .map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert not wide, f"{path} is wider than {width}: {wide}"
        name = path.strip("/").split("/")[0] or "queue"
        await page.screenshot(
            path=SCREENSHOTS / f"console-{name}-{scheme}-{width}.png", full_page=width < 500
        )
    await page.goto(f"{console.url}/console/cases/{case}")
    for menu in ("hand_back", "transfer", "close"):
        await open_menu(page, menu)
        found += await problems(page)
    assert found == []


async def test_from_the_queue_to_the_person_and_back(
    console: RunningConsole, new_page: Any
) -> None:
    """Somebody in the window asks for a person; a counsellor takes, writes, hands back."""
    said = "I want to talk to a person about F-5"
    await _script(console, said)
    window = await new_page(locale="en-GB")
    await window.goto(console.url)
    await window.get_by_role("button", name="Ask in your language").click()
    await bubbles(window, "desk").first.wait_for(timeout=PATIENCE)
    page = await new_page()
    await sign_in(page, console.url, "minji")
    await expect(page.locator(".empty")).to_be_visible()
    await write_to_desk(window, said)
    row = page.locator("li.case", has_text=F5_TITLE)
    await expect(row).to_be_visible(timeout=PATIENCE)  # by itself
    await expect(page).to_have_title(f"(1) {say('queue.title')} · {say('name')}")
    await expect(page.locator(".said")).to_have_text(say("notify.new"))
    await take(page, F5_TITLE)
    await expect(bubbles(window, "system").last).to_contain_text("A counsellor has your case")

    await write(page, "Hello, this is Minji.")
    await expect(bubbles(window, "counsellor")).to_have_text([re.compile("Hello, this is Minji.")])
    await write_to_desk(window, "Thank you! Which papers?")
    asked = page.locator("li.message.to-us", has_text="Which papers?")
    await expect(asked).to_be_visible(timeout=PATIENCE)
    await page.locator(".picker summary", has_text=say("replies.title")).click()
    moment = Catalogue.of("ko").phrase("reply.greeting.moment")
    await page.get_by_role("button", name=say("insert.this", text=moment[:40])).click()
    in_english = Catalogue.of("en").phrase("reply.greeting.moment")
    await expect(bubbles(window, "counsellor").last).to_contain_text(in_english)

    await page.locator(".picker summary", has_text=say("records.title")).click()
    await page.locator(".picker select[name=service]").select_option(F5)
    passport = page.locator("#records li", has_text="여권").first
    await passport.get_by_role("button").click()
    last = bubbles(window, "counsellor").last
    await expect(last).to_contain_text("passport", ignore_case=True, timeout=PATIENCE)
    await expect(last.locator(".sources").first).to_be_attached()
    await expect(bubbles(window, "counsellor")).to_have_count(3)

    facts = page.locator("#known")
    verdict = facts.locator("article.verdict")
    before = await verdict.get_attribute("class")
    residence = facts.locator(".facts > div", has_text="한국에 산 기간")
    await residence.locator("summary").click()
    await residence.locator("input[name=value]").fill("1")
    await residence.get_by_role("button", name=say("save")).click()
    await expect(residence).to_contain_text(say("said_by.counsellor"), timeout=PATIENCE)
    assert await verdict.get_attribute("class") != before

    await open_menu(page, "hand_back")
    settled = "We meet on Monday at ten."
    await page.get_by_label(say("hand_back.settled")).fill(settled)
    await page.get_by_role("button", name=say("hand_back.do")).click()
    await expect(page.locator(".said")).to_have_text(say("said.handed_back"), timeout=PATIENCE)
    await expect(bubbles(window, "system").last).to_contain_text(settled)
    await write_to_desk(window, "And the fee?")
    await expect(bubbles(window, "desk").last).to_contain_text("you said And the fee?")
    told = console.rasa.heard[-1]["state"]["facts"]["residence"]
    assert (told["value"], told["by"]) == ("P1Y", "counsellor")


async def test_two_counsellors_press_take_at_once(console: RunningConsole, new_page: Any) -> None:
    await console.person(LAN, facts=FACTS)
    pages = [await new_page(), await new_page()]
    for page, login in zip(pages, ("minji", "jun"), strict=True):
        await sign_in(page, console.url, login)
    buttons = [page.get_by_role("button", name=say("take")) for page in pages]
    await asyncio.gather(*(button.click() for button in buttons))
    for page in pages:
        await expect(page.locator(".composer, .blank")).to_be_visible(timeout=PATIENCE)
    shown = [await page.locator(".composer").count() for page in pages]
    assert sorted(shown) == [0, 1]
    loser = pages[shown.index(0)]
    await expect(loser.locator("main")).to_contain_text(say("refused.taken"))


async def test_a_session_that_is_ended_leaves_the_page_by_itself(
    console: RunningConsole, new_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.console.events.ALIVE_EVERY", 0.2)
    page = await new_page()
    await sign_in(page, console.url, "jun")
    jun = await console.accounts.named("jun")
    assert jun is not None
    await console.accounts.disable(jun.id)
    await expect(page.get_by_label(say("password"))).to_be_visible(timeout=PATIENCE)


async def test_hidden_numbers_are_shown_by_a_click(console: RunningConsole, new_page: Any) -> None:
    case = await people_wait(console)
    page = await new_page()
    await sign_in(page, console.url, "minji")
    await page.goto(f"{console.url}/console/cases/{case}")
    words = page.locator("li.message.applicant .text").first
    await expect(words).not_to_contain_text("900101-5123456")
    await page.get_by_role("button", name=say("reveal")).first.click()
    await expect(words).to_contain_text("900101-5123456", timeout=PATIENCE)
    assert (await console.cases.audit(case=case))[0].action == "reveal"


async def test_the_whole_way_by_keyboard(console: RunningConsole, new_page: Any) -> None:
    await console.person(LAN, facts=FACTS)
    page = await new_page()
    await sign_in(page, console.url, "jun")
    await page.locator(".case button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".composer")).to_be_visible(timeout=PATIENCE)
    menu = page.locator(".actions summary").first
    await menu.focus()
    await page.keyboard.press("Enter")
    field = page.get_by_label(say("hand_back.settled"))
    await expect(field).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(field).not_to_be_visible()
    await expect(menu).to_be_focused()


async def test_what_is_being_written_survives_the_updates(
    console: RunningConsole, new_page: Any
) -> None:
    conversation, _ = await console.person(LAN, facts=FACTS)
    page = await new_page()
    await sign_in(page, console.url, "minji")
    await take(page, F5_TITLE)
    await page.locator("#text").fill("Chào chị")
    await console.desk.say(conversation, "Chị ơi?")
    await expect(page.locator("li.message.to-us")).to_have_count(1, timeout=PATIENCE)
    await expect(page.locator("#text")).to_have_value("Chào chị")


async def _script(console: RunningConsole, said: str) -> None:
    """What the desk answers to who asks for a person in the window."""
    other, _ = await console.person(said, language="en", facts=FACTS)
    await console.desk.erase(other)

"""The desk for everybody: axe, keyboard, input methods, screen readers, small screens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import CDPSession, Page, expect

from knowledge.catalogue import ANSWERED
from tests.bench.widget import BAR, comparison, weights

from .conftest import SCREENSHOTS, OpenPage
from .desk_page import ask, bubbles, write
from .recorded_desk import RECORDINGS, RecordedDesk
from .test_gallery import OVER, show_all

CARDS = [name for name in RECORDINGS["en"] if name not in ("greeting", "unsafe link", "new kind")]
State = Callable[[Page, RecordedDesk], Awaitable[None]]
AXE: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}


async def problems(page: Page) -> list[str]:
    """What axe has against the page and the desk on it, everything disclosed."""
    await page.evaluate(
        "document.querySelector('ieum-desk').shadowRoot"
        ".querySelectorAll('details').forEach((part) => (part.open = true))"
    )
    result = await Axe().run(page, options=AXE)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in result.response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_card(open_page: OpenPage, scheme: str) -> None:
    page = await open_page(color_scheme=scheme, bypass_csp=True)
    for name in CARDS:
        await ask(page, name)
    await bubbles(page, "question").get_by_role("button").first.click()
    assert await problems(page) == []


async def _closed(page: Page, recorded: RecordedDesk) -> None:
    await page.locator("ieum-desk .close").click()


async def _unread(page: Page, recorded: RecordedDesk) -> None:
    await _closed(page, recorded)
    await recorded.push("counsellor")
    await expect(page.locator("ieum-desk .unread")).to_be_visible()


async def _offline(page: Page, recorded: RecordedDesk) -> None:
    await ask(page, "one")
    await recorded.stop()
    await write(page, "two")
    await expect(page.locator("ieum-desk .state")).to_contain_text("No connection", timeout=30_000)


async def _typing(page: Page, recorded: RecordedDesk) -> None:
    recorded.records["en"]["slow"] = []
    await write(page, "slow")
    await expect(page.locator("ieum-desk .typing")).to_be_visible()


async def _answered(page: Page, recorded: RecordedDesk) -> None:
    question = await ask(page, "question")
    await question.get_by_role("button", name="Separated").click()
    await expect(page.get_by_role("button", name="Change this answer")).to_be_visible()
    await expect(bubbles(page, "desk")).to_have_count(3)


async def _refused(page: Page, recorded: RecordedDesk) -> None:
    await write(page, "too much")
    await page.locator("ieum-desk .remark").wait_for()


async def _erasing(page: Page, recorded: RecordedDesk) -> None:
    await page.get_by_role("button", name="Delete my data").click()


async def _erased(page: Page, recorded: RecordedDesk) -> None:
    await _erasing(page, recorded)
    await page.get_by_role("button", name="Delete everything").click()
    await expect(page.get_by_role("button", name="Start a new conversation")).to_be_focused()


async def _gone(page: Page, recorded: RecordedDesk) -> None:
    await page.goto("about:blank")
    recorded.conversations.clear()
    await page.goto(recorded.url)
    await page.locator("ieum-desk .remark").wait_for()


STATES = [_closed, _unread, _offline, _typing, _answered, _refused, _erasing, _erased, _gone]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__.strip("_"))
async def test_axe_finds_nothing_in_any_state(
    open_page: OpenPage, recorded: RecordedDesk, state: State, scheme: str
) -> None:
    page = await open_page(color_scheme=scheme, bypass_csp=True)
    await state(page, recorded)
    assert await problems(page) == []


@pytest.mark.parametrize("language", ANSWERED)
async def test_axe_finds_nothing_on_a_phone_in_any_language(
    open_page: OpenPage, recorded: RecordedDesk, language: str
) -> None:
    locale = {"zh": "zh-CN"}.get(language, language)
    page = await open_page(locale=locale, bypass_csp=True, viewport={"width": 320, "height": 700})
    # The long ones of the base would keep axe busy for minutes with more of the same.
    long = [f"verdict {outcome}" for outcome in ("depends", "needs_more_info", "not_eligible")]
    await show_all(page, recorded, language, without=long)
    assert await problems(page) == []
    await page.locator("ieum-desk .bottom button").last.click()
    assert await problems(page) == []


@pytest.mark.parametrize("width", [320, 390, 640, 1280])
async def test_nothing_runs_over_the_side(open_page: OpenPage, width: int) -> None:
    page = await open_page(viewport={"width": width, "height": 700})
    for name in CARDS:
        await ask(page, name)
    over = await page.evaluate(
        """() => {
            const desk = document.querySelector("ieum-desk").shadowRoot;
            const wide = (node) => node.scrollWidth > node.clientWidth + 1;
            const parts = [".panel", ".log", "article", ".top", ".bottom", "form"];
            return [
                ...(wide(document.documentElement) ? ["page"] : []),
                ...parts.flatMap((part) => [...desk.querySelectorAll(part)])
                    .filter(wide).map((node) => node.className || node.localName),
            ];
        }"""
    )
    assert over == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"width-{width}-desk.png")
    await page.get_by_role("button", name="Close").click()
    await page.screenshot(path=SCREENSHOTS / f"width-{width}-page.png", full_page=True)


async def test_enter_while_an_input_method_composes_does_not_send(
    open_page: OpenPage, recorded: RecordedDesk
) -> None:
    page = await open_page(locale="ja-JP")
    field = page.locator("ieum-desk textarea")
    await field.focus()
    keyboard = await page.context.new_cdp_session(page)
    await keyboard.send(
        "Input.imeSetComposition", {"text": "えいじゅう", "selectionStart": 5, "selectionEnd": 5}
    )
    await _press_enter(keyboard, 229)
    await keyboard.send("Input.insertText", {"text": "永住"})
    await expect(field).to_have_value("永住")
    assert recorded.said == []
    # Safari ends the composition before the Enter that ended it: only the key code tells.
    await field.evaluate(
        "(field) => field.dispatchEvent(new KeyboardEvent('keydown',"
        "{ key: 'Enter', keyCode: 229, bubbles: true, composed: true }))"
    )
    # Chromium says so by isComposing.
    await field.evaluate(
        "(field) => field.dispatchEvent(new KeyboardEvent('keydown',"
        "{ key: 'Enter', isComposing: true, bubbles: true, composed: true }))"
    )
    await expect(field).to_have_value("永住")
    await _press_enter(keyboard, 13)
    await expect(bubbles(page, "applicant")).to_have_count(1)
    await expect(bubbles(page, "desk")).to_have_count(2)
    assert [said["text"] for said in recorded.said] == ["永住"]


async def _press_enter(keyboard: CDPSession, code: int) -> None:
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code}
    await keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    await keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


async def test_shift_enter_is_a_new_line(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    field = page.locator("ieum-desk textarea")
    await field.press_sequentially("one")
    await field.press("Shift+Enter")
    await field.press_sequentially("two")
    await field.press("Enter")
    await expect(bubbles(page, "desk")).to_have_count(2)
    assert recorded.said[0]["text"] == "one\ntwo"


async def test_a_whole_exchange_by_keyboard(open_page: OpenPage, recorded: RecordedDesk) -> None:
    page = await open_page()
    launcher = page.get_by_role("button", name="Ask in your language")
    await page.keyboard.press("Escape")
    await expect(launcher).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("ieum-desk textarea")).to_be_focused()
    await page.keyboard.type("question")
    await page.keyboard.press("Enter")
    await expect(bubbles(page, "desk")).to_have_count(2)
    await page.keyboard.press("Shift+Tab")  # to the last button, next to where one writes
    await expect(page.get_by_role("button", name="I don't know")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("ieum-desk textarea")).to_be_focused()
    await expect(bubbles(page, "desk")).to_have_count(3)
    assert recorded.said[-1]["choice"] == "fact:marriage=unsure"


async def test_each_message_is_read_once(open_page: OpenPage) -> None:
    page = await open_page()
    log = page.locator("ieum-desk [role=log]")
    await expect(log).to_have_attribute("aria-live", "polite")
    await page.evaluate(
        """() => {
            window.added = [];
            const log = document.querySelector("ieum-desk").shadowRoot.querySelector(".log");
            new MutationObserver((changes) => {
                if (log.ariaLive !== "polite") return;
                for (const { addedNodes } of changes)
                    for (const node of addedNodes) window.added.push(node.innerText ?? "");
            }).observe(log, { childList: true, subtree: true });
        }"""
    )
    await write(page, "question")
    await expect(bubbles(page, "desk")).to_have_count(2)
    added = await page.evaluate("window.added")
    assert len(added) == 2
    assert "question" in added[0]
    assert "Are you married" in added[1]


async def test_history_is_not_read_out(open_page: OpenPage) -> None:
    page = await open_page()
    await ask(page, "question")
    await page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
            window.live = [];
            const watch = () => {
                const log = document.querySelector("ieum-desk")?.shadowRoot?.querySelector(".log");
                if (!log) return requestAnimationFrame(watch);
                new MutationObserver(() => window.live.push(log.ariaLive))
                    .observe(log, { childList: true });
            };
            watch();
        })"""
    )
    await page.reload()
    await expect(bubbles(page)).to_have_count(3)
    assert set(await page.evaluate("window.live")) == {"off"}
    await expect(page.locator("ieum-desk [role=log]")).to_have_attribute("aria-live", "polite")


@pytest.mark.parametrize("size", [{"width": 640, "height": 400}, {"width": 320, "height": 256}])
async def test_everything_can_be_reached_at_200_and_400_per_cent(
    open_page: OpenPage, size: dict[str, int]
) -> None:
    """A window of 1280 × 800 or 1024 pixels, zoomed: fewer and larger CSS pixels."""
    page = await open_page(viewport=size, device_scale_factor=1280 / size["width"])
    verdict = await ask(page, "verdict")
    await verdict.get_by_role("checkbox").last.scroll_into_view_if_needed()
    await verdict.get_by_role("checkbox").last.check()
    await ask(page, "plain")
    await page.get_by_role("button", name="Delete my data").click()
    await page.get_by_role("button", name="Keep it").click()
    assert await page.evaluate(OVER) == []


async def test_large_text_and_small_root_sizes(open_page: OpenPage) -> None:
    page = await open_page()
    answer = await ask(page, "plain")
    size = "(part) => parseFloat(getComputedStyle(part).fontSize)"
    for root, expected in (("62.5%", 16), ("200%", 32)):
        await page.evaluate("(size) => (document.documentElement.style.fontSize = size)", root)
        assert await answer.locator(".text").evaluate(size) == expected
    await ask(page, "verdict")
    assert [part for part in await page.evaluate(OVER) if part.startswith("article")] == []


async def test_a_site_gives_the_desk_its_own_look(open_page: OpenPage) -> None:
    page = await open_page(color_scheme="dark")
    await page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync("ieum-desk { --ieum-accent: rgb(120, 20, 90);" +
                "--ieum-font: monospace; color-scheme: light; }");
            document.adoptedStyleSheets = [sheet];
        }"""
    )
    style = "(part, name) => getComputedStyle(part)[name]"
    panel, send = page.locator("ieum-desk .panel"), page.locator("ieum-desk .send")
    assert await send.evaluate(style, "backgroundColor") == "rgb(120, 20, 90)"
    assert await send.evaluate(style, "fontFamily") == "monospace"
    assert await panel.evaluate(style, "backgroundColor") == "rgb(255, 255, 255)"


async def test_every_bubble_says_its_language(open_page: OpenPage) -> None:
    page = await open_page(locale="ja-JP")
    await expect(page.locator("ieum-desk")).to_have_attribute("lang", "ja")
    await ask(page, "question")
    await ask(page, "handoff")  # recorded in English alone
    languages = await bubbles(page).evaluate_all("(all) => all.map((one) => one.lang)")
    assert languages == ["ja", "ja", "ja", "ja", "en"]


async def test_movement_stops_for_who_asks_for_that(open_page: OpenPage) -> None:
    dot = "ieum-desk .typing i >> nth=0"
    moving = "(dot) => getComputedStyle(dot).animationName"
    page = await open_page(reduced_motion="reduce")
    assert await page.locator(dot).evaluate(moving) == "none"
    page = await open_page()
    assert await page.locator(dot).evaluate(moving) == "pulse"


def test_the_widget_weighs_at_most_20_kilobytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Each file as a server sends it, comments and all."""
    with capsys.disabled():
        print(f"\n{comparison()}")
    assert len(weights()) > 5
    assert sum(weights().values()) <= BAR

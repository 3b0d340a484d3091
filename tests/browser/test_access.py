"""The desk for everybody: axe, keyboard, input methods, screen readers, small screens."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import CDPSession, Page, expect

from .conftest import SCREENSHOTS, OpenPage
from .desk_page import ask, bubbles, write
from .recorded_desk import RECORDINGS, WIDGET, RecordedDesk

CARDS = [name for name in RECORDINGS["en"] if name not in ("greeting", "unsafe link", "new kind")]
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


async def test_axe_finds_nothing_before_the_desk_is_opened(
    open_page: OpenPage,
) -> None:
    page = await open_page(bypass_csp=True)
    await page.get_by_role("button", name="Close").click()
    assert await problems(page) == []


async def test_axe_finds_nothing_on_a_phone_in_japanese(open_page: OpenPage) -> None:
    page = await open_page(locale="ja-JP", bypass_csp=True, viewport={"width": 390, "height": 800})
    await ask(page, "verdict")
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


def test_the_widget_weighs_at_most_20_kilobytes() -> None:
    """Each file as a server sends it; rasa-webchat is 211 KB, deep-chat 111 KB."""
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in WIDGET.glob("*.js")}
    assert sizes
    assert sum(sizes.values()) <= 20_000, sizes

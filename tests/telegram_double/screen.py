"""A chat as it looks on a telephone, drawn by a real Chromium: for people who read the docs."""

from __future__ import annotations

import html
import io
import shutil
from datetime import datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

from knowledge.periods import SEOUL
from tests.telegram_double.person import Person, Sent

COLOURS = 64  # of a picture of words: small files
STYLE = """
* { box-sizing: border-box; margin: 0 }
body { font: 14px/1.4 system-ui, "Noto Sans", "Noto Sans CJK KR", sans-serif; color: #0b1a12;
  background: #cfe0cd; padding: 14px; width: 900px }
main { columns: 2; column-gap: 18px; column-fill: balance }
section { break-inside: avoid; padding-block-end: 8px; display: flow-root }
.bubble { max-width: 94%; padding: 7px 11px 4px; border-radius: 14px 14px 14px 4px;
  background: #fff; white-space: pre-wrap; overflow-wrap: anywhere;
  box-shadow: 0 1px 1px #0002 }
.person { margin-inline-start: auto; width: fit-content; background: #e6fbcf;
  border-radius: 14px 14px 4px 14px }
time { display: block; text-align: end; font-size: 11px; color: #5b7062 }
.row { display: flex; gap: 4px; margin-block-start: 4px; max-width: 94% }
.row span { flex: 1; padding: 6px 8px; border-radius: 8px; background: #5f7d64; color: #fff;
  text-align: center; font-size: 13px }
"""


def page(chat: Person, language: str) -> str:
    """The whole chat as an HTML page: the bot's messages with their buttons, the person's words."""
    shown = "".join(_message(line) for line in chat.lines)
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Telegram</title>'
        f"<style>{STYLE}</style><main>{shown}</main></html>"
    )


async def photograph(markup: str, path: Path) -> None:
    """The page as a PNG.  AssertionError where something on it is wider than its place."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = await browser.new_page(viewport={"width": 900, "height": 600})
        await tab.set_content(markup)
        too_wide = await tab.evaluate(
            "[...document.querySelectorAll('.bubble, .row span')]"
            ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
        )
        picture = await tab.screenshot(full_page=True)
        await browser.close()
    assert not too_wide
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def _message(line: Sent | str) -> str:
    if isinstance(line, str):
        # A tap shows only as the mark that it leaves on its button.
        tapped = line.startswith("[")
        return (
            "" if tapped else f'<section><p class="bubble person">{html.escape(line)}</p></section>'
        )
    rows = "".join(
        '<div class="row">'
        + "".join(f"<span>{html.escape(button['text'])}</span>" for button in row)
        + "</div>"
        for row in line.keyboard
    )
    sent = datetime.fromtimestamp(line.message["date"], SEOUL).strftime("%H:%M")
    return f'<section><div class="bubble">{line.markup}<time>{sent}</time></div>{rows}</section>'

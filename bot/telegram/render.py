"""A message of the desk as Telegram shows it: HTML parts below the limit, and rows of buttons."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

# Telegram takes 4,096 characters after the markup is read. The rest is kept for a heading.
LIMIT = 4000
# Where a long text may be cut, best first: paragraph, line, sentence, word.
CUTS = [
    re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?…။។।])\s|(?<=[。！？])", r"\s")
]
# The widest label of a row of that many buttons, in columns, so that a phone shows it whole.
WIDEST = {3: 9, 2: 16, 1: 36}


def parts(text: str, *, bold: str = "", heading: str = "") -> list[str]:
    """`text` as HTML messages, in order, each short enough for Telegram; none for a blank text.

    `bold` is a line of the text that is set in bold; `heading` (who speaks,
    where that is not the desk) is set above in bold.
    """
    pieces = [html.escape(piece, quote=False) for piece in split(text)]
    strong = html.escape(bold.strip(), quote=False)
    if pieces and strong:
        lines = pieces[0].split("\n")
        place = next((n for n, line in enumerate(lines) if line.strip() == strong), None)
        if place is not None:
            lines[place] = f"<b>{strong}</b>"
        pieces[0] = "\n".join(lines)
    if pieces and heading:
        pieces[0] = f"<b>{html.escape(heading, quote=False)}</b>\n{pieces[0]}"
    return pieces


def split(text: str, limit: int = LIMIT) -> list[str]:
    """`text` cut at sensible places into pieces of at most `limit` UTF-16 units, none blank."""
    pieces = []
    rest = text.strip()
    while size(rest) > limit:
        window = _prefix(rest, limit)
        cut = _cut(window) or _between_characters(rest, len(window))
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [piece for piece in [*pieces, rest] if piece]


def rows(labels: Sequence[str]) -> list[list[int]]:
    """The places of `labels` in rows of at most three, in order, wide labels alone."""
    laid: list[list[int]] = []
    for place in range(len(labels)):
        row = [*laid[-1], place] if laid else [place]
        fits = len(row) in WIDEST and all(width(labels[p]) <= WIDEST[len(row)] for p in row)
        if laid and fits:
            laid[-1] = row
        else:
            laid.append([place])
    return laid


def numbered(text: str, labels: Sequence[str]) -> tuple[str, list[str]]:
    """Text and labels of the buttons: labels too wide for a phone become a numbered list.

    Where the text lists them already, its bullets become the numbers.
    """
    if all(width(label) <= WIDEST[1] for label in labels):
        return text, list(labels)
    lines, more = text.split("\n"), []
    for number, label in enumerate(labels, start=1):
        if f"• {label}" in lines:
            lines[lines.index(f"• {label}")] = f"{number}. {label}"
        else:
            more.append(f"{number}. {label}")
    listed = [*lines, "", *more] if more else lines
    return "\n".join(listed), [str(number) for number in range(1, len(labels) + 1)]


def size(text: str) -> int:
    """The length in UTF-16 units, Telegram's measure."""
    return len(text.encode("utf-16-le")) // 2


def width(label: str) -> int:
    """Columns on a screen: Chinese, Japanese and Korean characters and emoji take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in label
    )


def _prefix(text: str, units: int) -> str:
    """The longest beginning of `text` with at most `units` UTF-16 units."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", errors="ignore")


def _cut(window: str) -> int:
    """The best place to cut in the last three quarters of `window`; 0 where there is none."""
    for cut in CUTS:
        places = [found.end() for found in cut.finditer(window, len(window) // 4)]
        if places:
            return places[-1]
    return 0


def _between_characters(text: str, place: int) -> int:
    """`place`, moved back so that no mark, joiner or second half of an emoji is cut off."""
    back = place
    while back > 1 and (
        unicodedata.category(text[back]) in ("Mn", "Mc", "Me", "Cf", "Sk")
        or text[back - 1] == "\u200d"
    ):
        back -= 1
    return back if back > 1 else place

"""One way of writing for what people type in several: digits, widths, hyphens, accents.

Every script's digits become 0-9, full-width letters ASCII, and letters typed
with separate accents (as macOS does) are put together.  Places in the folded
text lead back to places in the message.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import regex


class Folded(NamedTuple):
    text: str
    places: list[int] | None  # where each letter, and the end, was; None: where it is

    def place(self, index: int) -> int:
        return index if self.places is None else self.places[index]

    def without(self, start: int, end: int) -> Folded:
        """The text without a piece of it; what follows still leads back to its own place."""
        places = self.places or list(range(len(self.text) + 1))
        return Folded(self.text[:start] + self.text[end:], places[:start] + places[end:])


def fold(text: str) -> Folded:
    """`text` in one way of writing."""
    if unicodedata.is_normalized("NFC", text):
        return Folded(text.translate(_SIGNS), None)
    letters: list[str] = []
    places: list[int] = []
    for cluster in regex.finditer(r"\X", text):
        composed = unicodedata.normalize("NFC", cluster.group())
        letters.append(composed)
        places.extend([cluster.start()] * len(composed))
    return Folded("".join(letters).translate(_SIGNS), [*places, len(text)])


def _signs() -> dict[int, str]:
    signs = {0x3000: " ", 0xA0: " ", 0x202F: " ", 0x2009: " "}
    signs |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    signs |= {ord(hyphen): "-" for hyphen in "‐‑‒–—−"}
    signs |= {ord(mark): "'" for mark in "’‘ʻʼ`´"}
    for zero in (0x0E50, 0x1040, 0x17E0, 0x0966, 0x1810):  # Thai, Burmese, Khmer, Nepali, Mongol
        signs |= {zero + digit: str(digit) for digit in range(10)}
    return signs


_SIGNS = _signs()

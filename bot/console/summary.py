"""A case on paper: a PDF in the counsellor's language; the person's own words stay as written."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cases.case import CaseFile
from bot.console.retelling import retold
from bot.console.visit import Visit
from knowledge.wording import MARKS

if TYPE_CHECKING:
    from fpdf import FPDF

# The first font that has a letter writes it. All but the last are in Python packages.
FONTS = (
    ("cvttf_NotoSansCJK_Regular", "NotoSansCJKtc-Regular.otf"),
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    ("fontpkg_noto_sans_thai", "files/NotoSansThai[wdth,wght].ttf"),
    ("fontpkg_noto_sans_khmer", "files/NotoSansKhmer[wdth,wght].ttf"),
    ("fontpkg_noto_sans_devanagari", "files/NotoSansDevanagari[wdth,wght].ttf"),
)
BURMESE = Path("/usr/share/fonts/truetype/noto/NotoSansMyanmar-Regular.ttf")
"""Debian's fonts-noto-core; no Python package has one."""
TEXT, MUTED, LINE, ACCENT = (27, 35, 34), (82, 93, 91), (207, 216, 214), (11, 93, 87)
LEFT = 46.0  # mm, of names before their values


async def in_thread(visit: Visit, file: CaseFile, names: Mapping[str, str]) -> bytes:
    """The summary as a PDF; laying it out takes about a second of a core."""
    return await asyncio.to_thread(summary, visit, file, names)


def summary(visit: Visit, file: CaseFile, names: Mapping[str, str]) -> bytes:
    """The summary as a PDF."""
    say, paper = visit.say, Paper(visit.say("summary.page"))
    entry = file.entry
    titles = [visit.title(service) for service in entry.services]
    paper.title(say("summary.title"), ", ".join(titles) or say("case.no_service"))
    paper.pairs(
        [
            (say("case.number"), entry.case),
            (say("case.urgency"), say(f"urgency.{entry.urgency}")),
            (say("case.why"), " / ".join(raised.why for raised in file.raised) or "–"),
            (say("case.language"), visit.language_name(entry.language)),
            (say("case.channel"), say(f"channel.{entry.channel}")),
            (say("case.opened"), visit.on_paper(entry.created_at)),
            (say("case.status"), say(f"status.{entry.status}")),
            (say("case.counsellor"), names.get(entry.counsellor or "", "–")),
        ]
    )
    if file.outcome:
        paper.pairs([(say("case.outcome"), say(f"outcome.{file.outcome}"))])
    if file.settled:
        paper.pairs([(say("case.settled"), file.settled)])
    if file.withheld:
        paper.text(say("case.withheld"), MUTED)
    if file.facts:
        paper.heading(say("facts.title"))
        paper.pairs([(fact.label, _told(visit, fact)) for fact in file.facts])
    for card in file.verdicts:
        paper.heading(f"{card['title']}: {card['headline']}")
        for line in _verdict(visit, card):
            paper.text(line)
    if file.questions:
        paper.heading(say("questions.title"))
        for question in file.questions:
            paper.text(f"• {question.label}: {question.question}")
    if file.notes:
        paper.heading(say("notes.title"))
        for note in file.notes:
            who = names.get(note.author, note.author)
            paper.said(f"{who}, {visit.on_paper(note.created_at)}", note.text)
    paper.heading(say("conversation.title"))
    for message in file.messages:
        if message.role == "system":
            continue
        who = say(f"role.{message.role}")
        if message.author:
            who = names.get(message.author, who)
        again = retold(message.text, message.card, message.language, visit.cards)
        paper.said(f"{who}, {visit.on_paper(message.created_at)}", again or message.text)
    return paper.done()


class Paper:
    """A document that grows downwards, on as many pages as it takes."""

    def __init__(self, page: str) -> None:
        self._pdf = _document(page)
        self._pdf.add_page()

    def title(self, name: str, text: str) -> None:
        self._write(name, 10, ACCENT)
        self._write(text, 16, TEXT)
        self._rule()

    def heading(self, text: str) -> None:
        self._pdf.ln(3)
        self._write(text, 12, ACCENT)
        self._rule()

    def text(self, text: str, color: tuple[int, int, int] = TEXT) -> None:
        self._write(text, 9.5, color)

    def pairs(self, pairs: list[tuple[str, str]]) -> None:
        """Names with their values beside them."""
        for name, value in pairs:
            if self._pdf.will_page_break(12):
                self._pdf.add_page()
            top, page = self._pdf.get_y(), self._pdf.page
            self._write(name, 9.5, MUTED, LEFT - 3)
            under = self._pdf.get_y() if self._pdf.page == page else top
            self._pdf.set_xy(self._pdf.l_margin + LEFT, top)
            self._write(value, 9.5, TEXT)
            if self._pdf.page == page:
                self._pdf.set_y(max(under, self._pdf.get_y()))

    def said(self, who: str, text: str) -> None:
        """Who said something and when, and what."""
        self._write(who, 8.5, MUTED)
        self._write(text, 9.5, TEXT)
        self._pdf.ln(1.5)

    def done(self) -> bytes:
        return bytes(self._pdf.output())

    def _write(self, text: str, size: float, color: tuple[int, int, int], width: float = 0) -> None:
        self._pdf.set_font(FONTS[0][0], size=size)
        self._pdf.set_text_color(*color)
        height = size * 0.53  # mm for points, at one and a half times the letters
        self._pdf.multi_cell(
            width, height, _printable(text), align="L", new_x="LMARGIN", new_y="NEXT"
        )

    def _rule(self) -> None:
        self._pdf.set_draw_color(*LINE)
        here = self._pdf.get_y() + 0.8
        self._pdf.line(self._pdf.l_margin, here, self._pdf.w - self._pdf.r_margin, here)
        self._pdf.ln(2.2)


def _document(page: str) -> FPDF:
    # fpdf takes more than a second to import, which the gateway's start need not wait for.
    from fpdf import FPDF

    class Document(FPDF):  # type: ignore[misc,unused-ignore]
        def footer(self) -> None:
            self.set_y(-14)
            self.set_font(FONTS[0][0], size=8)
            self.set_text_color(*MUTED)
            self.cell(0, 6, page.replace("{n}", str(self.page_no())), align="C")

    document = Document(format="A4")
    document.set_margins(18, 16)
    document.set_auto_page_break(True, margin=18)
    for name, path in _font_files():
        document.add_font(name, "", path)
    document.set_fallback_fonts([name for name, _ in _font_files()][1:], exact_match=False)
    document.set_text_shaping(True)
    return document


def _font_files() -> Iterator[tuple[str, Path]]:
    for package, file in FONTS:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            yield package, Path(spec.origin).parent / file
    if BURMESE.exists():
        yield BURMESE.stem, BURMESE


def _printable(text: str) -> str:
    """Without the pictures that stand for hidden numbers, and with a cross the fonts have."""
    return "".join(c for c in text if ord(c) < 0x1F000).replace("✗", "×")


def _told(visit: Visit, fact: Any) -> str:
    """A fact's value, who said it, and in which words."""
    said = visit.say(f"said_by.{fact.by}")
    return f"{fact.shown}  ({said})" + (f"\n“{fact.words}”" if fact.words else "")


def _verdict(visit: Visit, card: Mapping[str, Any]) -> Iterator[str]:
    for requirement in card["requirements"]:
        status = visit.catalogue.phrase(f"status.{requirement['status']}")
        yield f"{MARKS[requirement['status']]} {requirement['text']} ({status})"
    for deadline in card["deadlines"]:
        day = visit.catalogue.day(date.fromisoformat(deadline["date"])) if deadline["date"] else ""
        yield f"• {deadline['text']} {day}".rstrip()
    for document in card["documents"]:
        yield f"– {document['text']}"

"""An organisation's own file, read into sections of plain text.

Text, Markdown, HTML, PDF and Word files; nothing in them is run, fetched or
unpacked to disk.  A file that cannot be used ends in a `DocumentError` that
says what happened, to which file, and what to do.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import regex

MOST_BYTES = 50_000_000
MOST_LETTERS = 5_000_000  # about 8,000 passages, half an hour of embedding on one core
_FEWEST_LETTERS = 20  # below, a PDF or Word file holds pictures of text
_MOST_UNPACKED = 200_000_000
_MOST_STRANGE = 0.01  # share of control characters from which a "text" is none

# What text files from the countries of our languages are written in, besides UTF-8.
_ENCODINGS = [
    *("utf_8", "cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1251", "koi8_r"),
    *("cp874", "cp1258", "cp1252", "utf_16_le", "utf_16_be"),
]
_UNREAD = {"script", "style", "noscript", "template", "svg", "nav", "form", "iframe", "head"}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "dd", "div", "dl", "dt"),
    *("figcaption", "footer", "header", "hr", "li", "main", "ol", "p", "pre", "section"),
    *("table", "tr", "ul", "h1", "h2", "h3", "h4", "h5", "h6"),
}
_HEADING = regex.compile(r"(?i)^heading (\d)$|^h([1-6])$")
_FRONT_MATTER = regex.compile(r"\A---\n(.*?\n)---\n", regex.DOTALL)
# A line that was broken to fit is about as long as the longest; what begins like this is new.
_NEARLY_FULL, _NARROW = 0.7, 30
_NEW_LINE = regex.compile(r"[•◦▪·\-–*※○●□■▶]|\(?[\p{N}\p{L}]{1,3}[.)]\s")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Khmer}\p{Myanmar}]")
_ENDS = regex.compile(r"[\p{Sentence_Break=STerm}.:;…]['\"’”」』)\]]*$")


class DocumentError(ValueError):
    """A file that cannot be used; the text is for the person who wanted to add it."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path.name} {problem}. {remedy}")
        self.path = path


class Section(NamedTuple):
    """The paragraphs under one heading, on one page where the file has pages."""

    headings: tuple[str, ...]
    page: int | None
    paragraphs: tuple[str, ...]


class Document(NamedTuple):
    """A file's text.  `name` is the file's name, under which it is replaced and removed."""

    name: str
    title: str
    sections: tuple[Section, ...]


def read_document(path: Path) -> Document:
    """The file's text in sections; DocumentError where there is none to be had."""
    read = _READERS.get(path.suffix.casefold())
    if read is None:
        known = ", ".join(suffix[1:] for suffix in _READERS)
        raise DocumentError(path, "is of no kind that can be read", f"There are: {known}.")
    data = _bytes(path)
    try:
        title, sections = read(path, data)
    except DocumentError:
        raise
    except Exception as error:  # a damaged file can break a parser anywhere
        raise DocumentError(
            path,
            f"is damaged or is no {path.suffix[1:]} file ({type(error).__name__})",
            "Open it in the program it was made with, save it anew, and add that file.",
        ) from error
    letters = sum(len(p) for section in sections for p in section.paragraphs)
    if letters > MOST_LETTERS:
        raise DocumentError(
            path,
            f"has {letters:,} letters; {MOST_LETTERS:,} are the most",
            "Split it, or leave out what no one will ask about.",
        )
    if not letters:
        raise DocumentError(path, "holds no text", "Nothing can be found in it; leave it out.")
    name = unicodedata.normalize("NFC", path.name)
    return Document(name, _clean(title) or Path(name).stem, tuple(sections))


def width(text: str) -> int:
    """The columns a text fills: East Asian letters take two, and say about twice as much."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


Read = tuple[str, list[Section]]  # title and sections


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DocumentError(
                path,
                f"is too large: {size / 1e6:.0f} MB, and {MOST_BYTES / 1e6:.0f} MB are the most",
                "Split it, or save it without its pictures.",
            )
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DocumentError(path, f"cannot be opened: {reason}", "Check the path.") from error
    if not data.strip():
        raise DocumentError(path, "is empty", "Check that it was saved or copied to its end.")
    return data


def _text(path: Path, data: bytes) -> Read:
    return "", [Section((), None, _unwrapped(_decode(path, data)))]


def _markdown(path: Path, data: bytes) -> Read:
    from markdown_it import MarkdownIt

    text, title = _decode(path, data), ""
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        named = regex.search(r"(?m)^title:\s*(.+)$", front[1])
        title = named[1].strip("'\" ") if named else ""
    page = MarkdownIt("commonmark").enable("table").render(text)
    found, sections = _html_text(page)
    return title or found, sections


def _html(path: Path, data: bytes) -> Read:
    return _html_text(_decode(path, data))


def _html_text(page: str) -> Read:
    """Title and sections of a page: headings open sections, blocks are paragraphs."""
    from lxml import etree, html

    # As bytes: a declaration of another encoding in the page would win otherwise.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    root = html.document_fromstring(page.encode(), parser=parser)
    title = "".join(root.xpath("//head/title//text()"))
    for element in list(root.iter(*_UNREAD)):
        element.drop_tree()
    builder, as_it_stands = _Sections(), 0

    def add(text: str | None) -> None:  # in HTML a line's end is a space
        builder.add(text if as_it_stands else (text or "").replace("\n", " "))

    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        as_it_stands += (tag == "pre") * (1 if event == "start" else -1)
        if event == "start":
            if tag in _BLOCKS:
                builder.end_paragraph()
            elif tag == "br":
                builder.add("\n")
            add(element.text)
            continue
        if tag in ("td", "th"):
            builder.add(" | ")
        if heading := _HEADING.match(tag):
            builder.end_heading(int(heading[2]))
        elif tag in _BLOCKS:
            builder.end_paragraph()
        add(element.tail)
    sections = builder.done()
    first = next((s.headings[0] for s in sections if s.headings), "")
    return title or first, sections


def _pdf(path: Path, data: bytes) -> Read:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise DocumentError(
                path, "is protected by a password", "Save it without one, and add that file."
            ) from error
        raise
    with pdf:
        bookmarks = _bookmarks(pdf)
        headings: tuple[str, ...] = ()
        sections = []
        for number in range(len(pdf)):
            headings = bookmarks.get(number, headings)
            page = pdf[number]
            text = page.get_textpage().get_text_bounded()
            page.close()
            paragraphs = _unwrapped(text)
            if paragraphs:
                sections.append(Section(headings, number + 1, paragraphs))
        title = str(pdf.get_metadata_value("Title"))
    if sum(len(p) for section in sections for p in section.paragraphs) < _FEWEST_LETTERS:
        raise DocumentError(
            path,
            "holds pictures of pages and no text",
            "Have its text recognised first (OCR, as by ocrmypdf), and add the result.",
        )
    # "Microsoft Word - report3.doc": what a printer driver put there is no title.
    return ("" if " - " in title or "." in title[-6:] else title), sections


def _bookmarks(pdf: Any) -> dict[int, tuple[str, ...]]:
    """Page index -> the path of bookmarks that opens there first."""
    paths: dict[int, tuple[str, ...]] = {}
    path: tuple[str, ...] = ()
    for mark in pdf.get_toc():
        path = (*path[: mark.level], _clean(mark.get_title()))
        target = mark.get_dest()
        page = target.get_index() if target else None
        if page is not None:
            paths.setdefault(page, path)
    return paths


def _unwrapped(text: str) -> tuple[str, ...]:
    """Paragraphs, where lines may have been broken for the width of a page."""
    # PDFium marks the hyphen of a broken word by a character of its own.
    lines = [line.strip() for line in regex.sub(r"[\x02\ufffe\u00ad]\s*", "", text).splitlines()]
    full = max(map(width, lines), default=0) * _NEARLY_FULL
    paragraphs, last = [""], ""
    for line in lines:
        broken = width(last) >= max(full, _NARROW) and not _ENDS.search(last)
        if not line or not broken or _NEW_LINE.match(line):
            paragraphs.append(line)
        elif _UNSPACED.match(last[-1]) and _UNSPACED.match(line):
            paragraphs[-1] += line
        else:
            paragraphs[-1] += " " + line
        last = line
    return tuple(filter(None, map(_clean, paragraphs)))


def _docx(path: Path, data: bytes) -> Read:
    import docx
    from docx.table import Table

    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(
            path,
            "is protected by a password, or is an old .doc file",
            "Save it as .docx without a password, and add that file.",
        )
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        # A member is never read beyond the size it states.
        size = sum(member.file_size for member in packed.infolist())
    if size > _MOST_UNPACKED:
        raise DocumentError(
            path,
            f"would unpack to {size / 1e6:,.0f} MB; {_MOST_UNPACKED / 1e6:,.0f} MB are the most",
            "No ordinary text does; if it is one, save it anew without its pictures.",
        )
    word = docx.Document(io.BytesIO(data))
    builder = _Sections()
    for block in word.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                cells = dict.fromkeys(row.cells)  # a merged cell comes once for each column
                builder.add(" | ".join(_clean(cell.text) for cell in cells))
                builder.end_paragraph()
            continue
        style = block.style.name if block.style is not None else ""
        builder.add(block.text)
        if heading := _HEADING.match(style or ""):
            builder.end_heading(int(heading[1]))
        else:
            builder.end_paragraph()
    sections = builder.done()
    return word.core_properties.title or "", sections


_READERS: dict[str, Callable[[Path, bytes], Read]] = {
    ".txt": _text,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
}


class _Sections:
    """Collects sections while a file is walked through."""

    def __init__(self) -> None:
        self._done: list[Section] = []
        self._headings: dict[int, str] = {}  # level -> heading
        self._paragraphs: list[str] = []
        self._written: list[str] = []

    def add(self, text: str | None) -> None:
        if text:
            self._written.append(text)

    def end_paragraph(self) -> None:
        lines = "".join(self._written).rstrip(" |\n").splitlines()
        self._paragraphs += filter(None, map(_clean, lines))
        self._written = []

    def end_heading(self, level: int) -> None:
        """What was added last is a heading; it closes all of its level and below."""
        heading = _clean("".join(self._written))
        self._written = []
        if not heading:
            return
        self._close()
        self._headings = {n: h for n, h in self._headings.items() if n < level} | {level: heading}

    def done(self) -> list[Section]:
        self.end_paragraph()
        self._close()
        return self._done

    def _close(self) -> None:
        if self._paragraphs:
            headings = tuple(self._headings.values())
            self._done.append(Section(headings, None, tuple(self._paragraphs)))
        self._paragraphs = []


def _decode(path: Path, data: bytes) -> str:
    """The text of a file in whatever encoding; DocumentError where it is no text."""
    import charset_normalizer

    text = None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(data, cp_isolation=_ENCODINGS).best()
        text = str(best) if best else None
    if text is None or _share_of_strange(text) > _MOST_STRANGE:
        raise DocumentError(
            path,
            "is no text that can be read",
            "If it is a PDF or Word file, give it its right ending; else save it as UTF-8.",
        )
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def _share_of_strange(text: str) -> float:
    strange = len(regex.findall(r"[\p{Cc}\p{Cn}\p{Co}\uFFFD--[\t\n\r\f]]", text, flags=regex.V1))
    return strange / max(len(text), 1)


def _clean(text: str) -> str:
    visible = regex.sub(r"[\u200b\ufeff]", "", unicodedata.normalize("NFC", text))
    return " ".join(regex.sub(r"\p{Cc}", " ", visible).split())

"""A document cut into passages: at headings, else between sentences, else between words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import regex

from knowledge.documents import Document, Section, width

# In columns.  e5 reads 512 tokens, about 2,000 columns of English and 1,500 of Burmese.
LONGEST = 900
# A full stop ends a sentence only before a space and no small letter ("Art. 3" and "e.g. a" do
# not); Burmese, Hindi, Chinese and their kin have marks that end sentences and nothing else.
_SENTENCE_END = regex.compile(
    r"""(?<=[\p{Sentence_Break=STerm}--[.!?]]["'”’」』)\]]*+)(?=\P{Close_Punctuation})\s*
      | (?<=[.!?…]["'”’)\]]*+)\s+(?![\p{Ll}\p{Nd}])
      | \n""",
    regex.VERSION1 | regex.VERBOSE,
)
_WORD_END = regex.compile(r"(?<=[\s\p{Dash_Punctuation}、，,;；])")


class Passage(NamedTuple):
    """A few sentences of a document, and where in it they stand."""

    text: str
    headings: tuple[str, ...]
    page: int | None

    @property
    def section(self) -> str:
        """The place to cite: "Living here › Fees, p. 12"."""
        place = " › ".join(self.headings)
        return ", ".join(filter(None, [place, f"p. {self.page}" if self.page else ""]))


def cut(document: Document) -> list[Passage]:
    """The passages of a document, in its order; none is wider than LONGEST."""
    return [
        Passage(text, section.headings, section.page)
        for section in document.sections
        for text in _packed(section)
    ]


def _packed(section: Section) -> Iterator[str]:
    """Sentences put together to passages of about the same size."""
    pieces = [
        piece
        for paragraph in section.paragraphs
        for sentence in _sentences(paragraph + "\n")
        for piece in _short_enough(sentence)
    ]
    whole = sum(map(width, pieces))
    # 1,000 columns become 500 and 500, not 900 and 100.
    wanted = whole / math.ceil(whole / LONGEST)
    passage, size = "", 0
    for piece in pieces:
        more = width(piece)
        if passage and (size + more > LONGEST or size + more / 2 > wanted):
            yield passage.strip()
            passage, size = "", 0
        passage += piece
        size += more
    if passage.strip():
        yield passage.strip()


def _sentences(text: str) -> Iterator[str]:
    """Sentences, each with the space behind it."""
    begin = 0
    for end in _SENTENCE_END.finditer(text):
        if end.end() > begin:
            yield text[begin : end.end()]
            begin = end.end()
    if text[begin:]:
        yield text[begin:]


def _short_enough(sentence: str) -> Iterator[str]:
    """A sentence in parts no wider than LONGEST; Thai has no full stop to cut at."""
    if width(sentence) <= LONGEST:
        yield sentence
        return
    part, size = "", 0
    for word in _WORD_END.split(sentence):
        for letters in _letters(word):
            more = width(letters)
            if part and size + more > LONGEST:
                yield part
                part, size = "", 0
            part += letters
            size += more
    yield part


def _letters(word: str) -> list[str]:
    """A word as one, or letter by letter where it alone would be too wide."""
    return [word] if width(word) <= LONGEST else regex.findall(r"\X", word)

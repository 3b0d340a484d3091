"""A service's decision tree as a picture: `ieum knowledge graph SERVICE`.

Sentences are long and levels few, so the tree stands as an indented list, and
no layout program is needed.  The shape before a condition says how it counts:
a square has to be met, of circles one is enough, diamonds are what sources say
who disagree.  Once facts are given, a sign and a colour say how it came out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

import regex

from knowledge.assessment import assess
from knowledge.cards import Cards
from knowledge.decision_tree import Group, Node, decision_tree
from knowledge.facts import Facts, encode_value
from knowledge.schema import Service
from knowledge.weighing import Status

WIDTH, MARGIN, INDENT, BULLET = 840, 16, 30, 9
Style = Literal["title", "text", "test", "source", "heading", "note"]
_SIZE: dict[Style, tuple[float, float]] = {  # of the letters and of a line, in pixels
    "title": (19, 27),
    "text": (15, 21),
    "test": (14, 20),
    "source": (13, 19),
    "heading": (13, 19),
    "note": (14, 20),
}
_STYLE = """
.tree { font-family: system-ui, "Noto Sans", "Noto Sans CJK KR", sans-serif; }
.tree text { fill: #1b2322; white-space: pre; }
.tree .title { font-size: 19px; font-weight: 700; }
.tree .text { font-size: 15px; }
.tree .test, .tree .note { font-size: 14px; }
.tree .note { font-weight: 600; }
.tree .test, .tree .source, .tree .heading { fill: #525d5b; }
.tree .heading, .tree .source { font-size: 13px; }
.tree .heading { font-weight: 700; }
.tree .source { font-style: italic; }
.tree .ground { fill: #fbfaf7; }
.tree .box { fill: #fff; stroke: #9aa6a3; }
.tree .bullet { fill: #fff; stroke: #525d5b; stroke-width: 1.5; }
.tree .rail { fill: none; stroke: #74817f; stroke-width: 1.5; }
.tree .rail.any { stroke-dasharray: 2 4; stroke-linecap: round; }
.tree .sign { fill: none; stroke: #525d5b; stroke-width: 2; }
.tree .met { stroke: #17663a; }
.tree .unmet { stroke: #a3231b; }
.tree .disputed { stroke: #7a4b00; }
.tree .box.met { fill: #eef7f0; }
.tree .box.unmet { fill: #fdeceb; }
.tree .box.disputed, .tree .box.claims { fill: #fdf3dd; stroke: #7a4b00; }
@media (prefers-color-scheme: dark) {
  .tree text { fill: #e9eeed; }
  .tree .test, .tree .source, .tree .heading { fill: #a9b5b3; }
  .tree .ground { fill: #121617; }
  .tree .box { fill: #1c2223; stroke: #5f6b69; }
  .tree .bullet { fill: #1c2223; stroke: #a9b5b3; }
  .tree .rail { stroke: #7d8a88; }
  .tree .sign { stroke: #a9b5b3; }
  .tree .met { stroke: #8bd8a6; }
  .tree .unmet { stroke: #ffb0a6; }
  .tree .disputed { stroke: #f3c471; }
  .tree .box.met { fill: #16281d; }
  .tree .box.unmet { fill: #3a1d1a; }
  .tree .box.disputed, .tree .box.claims { fill: #33290f; stroke: #f3c471; }
}
"""
_SIGNS: dict[Status, str] = {
    "met": "M-4.5 0.5 l3 3.5 l6 -7.5",
    "unmet": "M-4 -4 l8 8 M4 -4 l-8 8",
    "unknown": "M-2.5 -2.5 a2.5 2.5 0 1 1 3.4 2.3 q-.9 .4 -.9 1.4 M0 4 v.8",
    "disputed": "M-4.5 -1 q2.25 -2.5 4.5 -.5 t4.5 -.5 M-4.5 3 q2.25 -2.5 4.5 -.5 t4.5 -.5",
}
_SHAPES: dict[Group, str] = {
    "all": "M-8 -8 h16 v16 h-16 z",
    "any": "M-9 0 a9 9 0 1 1 18 0 a9 9 0 1 1 -18 0 z",
    "at_least": "M-5 -9 h10 l5 9 l-5 9 h-10 l-5 -9 z",
    "claims": "M0 -11 l11 11 l-11 11 l-11 -11 z",
}
# A line breaks at spaces, and between any two letters of Chinese and Japanese.
_PIECE = regex.compile(
    r"\s+|[「『（【《〈“‘]*[\p{Han}\p{Hiragana}\p{Katakana}ー][、。，．・：；？！」』）】》〉”’ー%]*"
    r"|[^\s\p{Han}\p{Hiragana}\p{Katakana}「『（【《〈]+|."
)


def graph(service: Service, cards: Cards, facts: Facts, today: date) -> str:
    """The SVG of the decision tree, coloured where facts are given.

    ValueError where the service has no conditions.
    """
    if service.requires is None:
        raise ValueError(f"{service.id} has no conditions, so there is nothing to draw.")
    tree = decision_tree(service.requires, service.id, cards, facts, today)
    drawing = _Drawing(cards, judged=bool(facts))
    drawing.write(cards.title(service), "title", MARGIN)
    if facts:
        verdict = cards.verdict(assess(service, facts, today))
        drawing.y += 4
        drawing.write(verdict["headline"], "note", MARGIN)
        drawing.y += 4
        drawing.write(cards.catalogue.phrase("tree.known"), "heading", MARGIN)
        for line in _known(cards, facts, today):
            drawing.write(line, "test", MARGIN)
    drawing.y += 10
    drawing.draw(tree, drawing.svg, MARGIN, None)
    if facts:
        drawing.legend()
    return drawing.finish(cards.title(service))


class _Line(NamedTuple):
    text: str
    style: Style


class _Drawing:
    """An SVG that grows downwards; `y` is where the next line begins."""

    def __init__(self, cards: Cards, judged: bool) -> None:
        self.cards, self.say = cards, cards.catalogue.phrase
        self.judged = judged
        self.svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg")
        self.y = float(MARGIN)

    def draw(self, node: Node, into: ET.Element, x: float, group: Group | None) -> float:
        """Draw a node and what is below it; returns the height of its bullet's middle."""
        part = ET.SubElement(into, "g")
        if node.cite:
            sources = self.cards.citations(node.cite)
            ET.SubElement(part, "title").text = "\n".join(
                f"{source['title']}: {source['section']}" for source in sources
            )
        left = x + 2 * BULLET + 14
        lines = [
            *self.wrapped(node.text, "text", left),
            *self.wrapped(node.test, "test" if node.text else "text", left),
        ]
        if group == "claims":  # who says so is half of a claim
            titles = dict.fromkeys(c["title"] for c in self.cards.citations(node.cite))
            lines += self.wrapped("; ".join(titles), "source", left)
        middle = self.y + 16
        if lines:
            look = node.status if self.judged else group or ""
            self.box(part, f"box {look}" if node.text else "", lines, left)
        if node.heading:
            if not lines:
                self.y += 6
            for line in self.wrapped(node.heading, "heading", left):
                self.line(part, line, left)
            self.y += 4
        rails = ET.SubElement(part, "g")
        ends = [self.draw(child, part, x + INDENT, node.group) for child in node.children]
        self.bullet(part, node, x + BULLET, middle, group)
        for end in ends:
            ET.SubElement(
                rails,
                "path",
                {
                    "class": f"rail {node.group or 'all'}",
                    "d": f"M{_number(x + BULLET)} {_number(middle + BULLET)} "
                    f"V{_number(end)} H{_number(x + INDENT)}",
                },
            )
        if node.safe:
            for line in self.wrapped(node.safe, "note", left):
                self.line(part, line, left)
            self.y += 8
        return middle

    def box(self, part: ET.Element, look: str, lines: Sequence[_Line], left: float) -> None:
        """The lines of a node; with a `look` they stand in a box of their own."""
        self.y += 3 if look else 0
        top, rect = self.y, ET.SubElement(part, "rect", {"class": look}) if look else None
        self.y += 5
        for line in lines:
            self.line(part, line, left)
        self.y += 5
        if rect is not None:
            size = {"width": WIDTH - MARGIN - left + 8, "height": self.y - top, "rx": 6}
            for name, value in {"x": left - 8, "y": top, **size}.items():
                rect.set(name, _number(value))
            self.y += 6

    def bullet(self, part: ET.Element, node: Node, x: float, y: float, group: Group | None) -> None:
        """The shape says how the node counts above it, the sign in it how it came out."""
        place = ET.SubElement(part, "g", transform=f"translate({_number(x)} {_number(y)})")
        look = f"bullet {node.status if self.judged else ''}"
        ET.SubElement(place, "path", {"class": look, "d": _SHAPES[group or "all"]})
        if self.judged:
            ET.SubElement(place, "title").text = self.say(f"status.{node.status}")
            ET.SubElement(place, "path", {"class": f"sign {node.status}", "d": _SIGNS[node.status]})

    def legend(self) -> None:
        self.y += 8
        x = float(MARGIN)
        for status in _SIGNS:
            words = self.say(f"status.{status}")
            self.bullet(self.svg, Node(status), x + BULLET, self.y + BULLET, "all")
            text = ET.SubElement(
                self.svg, "text", {"class": "test", "x": _number(x + 26), "y": _number(self.y + 14)}
            )
            text.text = words
            x += 26 + _width(words, 14) + 24
        self.y += 2 * BULLET

    def write(self, text: str, style: Style, left: float) -> None:
        for line in self.wrapped(text, style, left):
            self.line(self.svg, line, left)

    def wrapped(self, text: str, style: Style, left: float) -> list[_Line]:
        size, _ = _SIZE[style]
        room = (WIDTH - MARGIN - left - 8) / (1.06 if style in ("title", "heading", "note") else 1)
        return [_Line(line, style) for line in _wrap(text, size, room)]

    def line(self, part: ET.Element, line: _Line, left: float) -> None:
        size, height = _SIZE[line.style]
        baseline = self.y + (height + size * 0.7) / 2
        at = {"class": line.style, "x": _number(left), "y": _number(baseline)}
        ET.SubElement(part, "text", at).text = line.text
        self.y += height

    def finish(self, title: str) -> str:
        height = _number(self.y + MARGIN)
        self.svg.attrib |= {
            "class": "tree",
            "lang": self.cards.catalogue.written_in,
            "width": str(WIDTH),
            "height": height,
            "viewBox": f"0 0 {WIDTH} {height}",
        }
        heading, style = ET.Element("title"), ET.Element("style")
        heading.text, style.text = title, _STYLE
        ground = ET.Element("rect", {"class": "ground", "width": "100%", "height": "100%"})
        for at, element in enumerate((heading, style, ground)):
            self.svg.insert(at, element)
        return ET.tostring(self.svg, encoding="unicode")


def _known(cards: Cards, facts: Facts, today: date) -> Iterator[str]:
    for name, value in facts.items():
        fact = cards.base.facts[name]
        yield cards.catalogue.phrase(
            "condition.is",
            label=cards.catalogue.text(f"fact.{name}.label", fact.label),
            value=cards.value(fact, encode_value(value), today),
        )


def _wrap(text: str, size: float, room: float) -> Iterator[str]:
    """The lines of `text` set in letters of `size` that are at most `room` wide."""
    line = ""
    for piece in _PIECE.findall(text):
        if line and _width((line + piece).rstrip(), size) > room:
            yield line.rstrip()
            line = ""
        line = (line + piece) if line else piece.lstrip()
        while _width(line.rstrip(), size) > room:  # one piece that is longer than a line
            cut = next(
                n for n in range(len(line), 0, -1) if _width(line[:n], size) <= room or n < 2
            )
            yield line[:cut]
            line = line[cut:]
    if line.strip():
        yield line.rstrip()


def _width(text: str, size: float) -> float:
    """About how wide a text is: rather too wide than too narrow."""
    return size * sum(map(_em, text))


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    if letter in " .,:;|'!ijl()[]":
        return 0.33
    return 0.74 if letter.isupper() or letter in "mw%&@—" else 0.56


def _number(value: float) -> str:
    return f"{value:g}"

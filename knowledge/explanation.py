"""The proof of a verdict, as a counsellor follows it: `ieum knowledge explain SERVICE`.

Every condition stands with how it came out, the test in words, what was told
for it, and its sources; those that brought the decision about are marked.
"""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.assessment import Verdict
from knowledge.cards import Cards
from knowledge.decision_tree import Node, decision_tree
from knowledge.facts import encode_value
from knowledge.wording import MARKS


def explanation(verdict: Verdict, cards: Cards) -> str:
    """The whole proof as plain text, in the language of `cards`."""
    return "\n".join(_Proof(verdict, cards).lines())


class _Proof:
    def __init__(self, verdict: Verdict, cards: Cards) -> None:
        self._verdict, self._cards = verdict, cards
        self._say = cards.catalogue.phrase
        self._sources: dict[str, int] = {}

    def lines(self) -> Iterator[str]:
        verdict, cards = self._verdict, self._cards
        card = cards.verdict(verdict)
        yield self._say("verdict.title", title=card["title"], headline=card["headline"])
        rule = verdict.service.requires
        if rule is not None:
            tree = decision_tree(rule, verdict.service.id, cards, verdict.facts, verdict.today)
            settled = verdict.outcome != "needs_more_info"
            yield ""
            yield from self._condition(tree, 0, settled)
        if verdict.missing:
            labels = [self._label(fact) for fact in verdict.missing]
            yield ""
            yield self._say("explain.ask", facts="; ".join(labels))
        if self._sources:
            yield ""
            yield self._say("heading", name=self._say("verdict.sources"))
            yield from (f"[{number}] {title}" for title, number in self._sources.items())

    def _condition(self, node: Node, depth: int, decides: bool) -> Iterator[str]:
        margin = "   " * depth
        decided = f"  ← {self._say('explain.decides')}" if decides and not node.children else ""
        said = " ".join(filter(None, [node.text, node.test])) or node.heading
        if node.fact in self._verdict.facts:
            said += f" → {self._told(node.fact)}"
        yield f"{margin}{MARKS[node.status]} {said}{self._refer(node)}{decided}"
        if node.heading and node.heading not in said:
            yield f"{margin}   {node.heading}"
        for child in node.children:
            # What came out as the whole did brought it about; the rest would not have mattered.
            same = node.group in (None, "claims") or child.status == node.status
            yield from self._condition(child, depth + 1, decides and same)
        if node.safe:
            yield f"{margin}   {node.safe}"

    def _told(self, name: str | None) -> str:
        fact = self._cards.base.facts[name or ""]
        raw = encode_value(self._verdict.facts[fact.id])
        return self._cards.value(fact, raw, self._verdict.today)

    def _label(self, name: str) -> str:
        fact = self._cards.base.facts[name]
        return self._cards.catalogue.text(f"fact.{name}.label", fact.label)

    def _refer(self, node: Node) -> str:
        """The numbers of a condition's sources, each with its place in the document."""
        numbers = [
            self._sources.setdefault(f"{c['title']} – {c['section']}", len(self._sources) + 1)
            for c in self._cards.citations(node.cite)
        ]
        return "".join(f" [{number}]" for number in dict.fromkeys(numbers))

"""A card as plain text: complete without the card, in the card's language.

Sources are numbered in the order in which they appear and listed at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from knowledge.cards import Card
from knowledge.catalogue import Catalogue

# The sections of a verdict in the order of its text, and the parts a small screen gets it in.
SECTIONS = (
    *("requirements", "unlock", "unsure", "documents", "maybe_documents", "fees", "deadlines"),
    *("offices", "steps", "notes", "related"),
)
PARTS = {
    "reasons": ("requirements", "unlock", "unsure"),
    "documents": ("documents", "maybe_documents"),
    "fees": ("fees",),
    "dates": ("deadlines", "offices"),
    "steps": ("steps", "notes", "related"),
}
MARKS = {"met": "✓", "unmet": "✗", "unknown": "?", "disputed": "≈"}


class Wording:
    """Writes one message's text from its card."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._sources: dict[tuple[str, str | None], int] = {}
        self._contacts: set[str] = set()

    def of(self, card: Card) -> str:
        """The text of a card; KeyError for a type of card there is none for."""
        lines: list[str] = {
            "question": self._question,
            "clarify": self._clarify,
            "verdict": self._verdict,
            "answer": self._answer,
            "urgent": self._urgent,
            "handoff": self._handoff,
            "out_of_scope": self._out_of_scope,
        }[card["type"]](card)
        return "\n".join([*lines, *self._list_of_sources()]).strip()

    def brief(self, card: Card) -> str:
        """A verdict in short: what stands in its way or is open, the next step, the dates."""
        lines = [self._say("verdict.title", title=card["title"], headline=card["headline"])]
        open_ = [r for r in card["requirements"] if r["status"] != "met"]
        if open_:
            lines += ["", *(line for item in open_ for line in self._short_requirement(item))]
        if card["outcome"] == "needs_more_info":
            lines += self._lines_of(card, "unsure")
        elif card["unlock"]:
            lines += self._lines_of(card, "unlock")
        elif card["outcome"] == "eligible" and card["steps"]:
            lines += ["", self._heading("verdict.next"), *self._item(card["steps"][0])]
        dated = [line for d in card["deadlines"] if d["date"] for line in self._deadline(d)]
        lines += ["", self._heading("verdict.deadlines"), *dated] if dated else []
        lines += [*self._review(card), "", self._say("verdict.final_word")]
        return "\n".join([*lines, *self._list_of_sources()]).strip()

    def part(self, card: Card, name: str) -> str:
        """One part of a verdict (see PARTS), or `sources`; empty where there is nothing in it."""
        if name == "sources":
            self.of(card)
            return "\n".join(self._list_of_sources()).strip()
        lines = [line for section in PARTS[name] for line in self._lines_of(card, section)]
        return "\n".join([*lines, *self._list_of_sources()]).strip() if lines else ""

    def _question(self, card: Card) -> list[str]:
        lines = [card["text"]]
        if card["kind"] not in ("bool", "choice"):
            lies = f".{card['lies']}" if card["lies"] else ""
            lines.append(self._say(f"question.hint.{card['kind']}{lies}"))
        return lines

    def _clarify(self, card: Card) -> list[str]:
        if "outcomes" not in card:
            return [self._say("clarify"), *(f"• {c['label']}" for c in card["choices"])]
        outcomes = card["outcomes"].values()
        ways = [
            self._say(f"ways.{outcome}", title=choice["label"])
            for choice, outcome in zip(card["choices"], outcomes, strict=True)
        ]
        return [self._say("ways"), *(f"• {way}" for way in ways)]

    def _answer(self, card: Card) -> list[str]:
        if not card["items"]:
            return [self._say("answer.nothing")]
        lines = [self._say("answer.intro", title=card["title"])] if card["title"] else []
        for item in card["items"]:
            lines += self._item(item)
        return [*lines, *self._review(card)]

    def _verdict(self, card: Card) -> list[str]:
        lines = [self._say("verdict.title", title=card["title"], headline=card["headline"])]
        lines += [line for section in SECTIONS for line in self._lines_of(card, section)]
        return [*lines, *self._review(card), "", self._say("verdict.final_word")]

    def _lines_of(self, card: Card, section: str) -> list[str]:
        """A section of a verdict below its heading; nothing where it is empty."""
        one: Callable[[Any], list[str]] = {
            "requirements": self._requirement,
            "unlock": lambda change: [self._unlock(change)],
            "unsure": lambda fact: [f"• {fact['label']}: {fact['find_out']}"],
            "deadlines": self._deadline,
            "related": lambda service: [f"• {service['title']}"],
        }.get(section, self._item)
        lines = [line for item in card[section] for line in one(item)]
        return ["", self._heading(f"verdict.{section}"), *lines] if lines else []

    def _urgent(self, card: Card) -> list[str]:
        lines = [self._say(f"urgent.{card['level']}")]
        if card["contacts"]:
            lines += ["", self._say("urgent.call"), *map(self._contact, card["contacts"])]
        if card["steps"]:
            lines += ["", self._say("urgent.then"), *(f"• {step}" for step in card["steps"])]
        return lines

    def _handoff(self, card: Card) -> list[str]:
        return [self._say("handoff"), card["expected"]]

    def _out_of_scope(self, card: Card) -> list[str]:
        lines = [self._say(f"out_of_scope.{card['reason']}")]
        return lines + [self._contact(contact) for contact in card["contacts"]]

    def _requirement(self, item: dict[str, Any]) -> list[str]:
        return self._with_claims(self._status(item), item)

    def _short_requirement(self, item: dict[str, Any]) -> list[str]:
        """A condition that is not met or open; of a dispute only the safe course."""
        if item["status"] != "disputed" or not item.get("safe"):
            return [self._status(item)]
        return [self._status(item), f"  {self._say('disputed.safe', safe=item['safe'])}"]

    def _status(self, item: dict[str, Any]) -> str:
        status = self._say(f"status.{item['status']}")
        return f"{MARKS[item['status']]} {item['text']} – {status}{self._refer(item)}"

    def _deadline(self, item: dict[str, Any]) -> list[str]:
        text = item["text"]
        if item["date"]:
            day = self._catalogue.day(date.fromisoformat(item["date"]))
            name = "verdict.opening_day" if item["opens"] else "verdict.deadline_day"
            text = self._say(name, text=text, day=day)
        return self._with_claims(f"• {text}{self._refer(item)}", item)

    def _unlock(self, change: dict[str, Any]) -> str:
        text = change["text"]
        if change["date"]:
            day = self._catalogue.day(date.fromisoformat(change["date"]))
            name = "verdict.unlock_about" if change["about"] else "verdict.unlock_day"
            text = self._say(name, text=text, day=day)
        return f"• {text}{self._refer(change)}"

    def _item(self, item: dict[str, Any]) -> list[str]:
        text = item["text"]
        if item["kind"] == "fee":
            name = "fee.as_of" if item["as_of"] else "fee.undated"
            text = self._say(name, text=text, as_of=self._as_of(item))
            if item["stale"]:
                text = f"{text} {self._say('fee.stale')}"
        if item["kind"] == "passage":  # somebody else's words
            text = f"“{text}”"
        if item.get("if"):
            text = self._say("item.if", text=text, condition=item["if"])
        lines = self._with_claims(f"• {text}{self._refer(item)}", item)
        contact = item.get("contact")
        if contact and contact["name"] not in self._contacts:  # hours are said once
            self._contacts.add(contact["name"])
            lines.append(self._contact(contact))
        return lines

    def _with_claims(self, line: str, item: dict[str, Any]) -> list[str]:
        if not item.get("claims"):
            return [line]
        claims = [f"   – {claim['says']}{self._refer(claim)}" for claim in item["claims"]]
        safe = self._say("disputed.safe", safe=item["safe"])
        return [line, f"  {self._say('disputed.claims')}", *claims, f"  {safe}"]

    def _contact(self, contact: dict[str, Any]) -> str:
        return (
            "• "
            + self._say(
                "contact.line",
                name=contact["name"],
                phone=contact["phone"],
                hours=contact["hours"],
            )
            + self._refer(contact)
        )

    def _refer(self, item: dict[str, Any]) -> str:
        """The numbers of an item's sources, as in " [1][3]"."""
        numbers = dict.fromkeys(
            self._sources.setdefault((c["title"], self._as_of(c)), len(self._sources) + 1)
            for c in item.get("citations", ())
        )
        return " " + "".join(f"[{n}]" for n in numbers) if numbers else ""

    def _list_of_sources(self) -> list[str]:
        lines = [
            f"[{n}] "
            + (
                self._say("source.as_of", title=title, as_of=as_of)
                if as_of
                else self._say("source.undated", title=title)
            )
            for (title, as_of), n in self._sources.items()
        ]
        return ["", self._heading("verdict.sources"), *lines] if lines else []

    def _heading(self, phrase: str) -> str:
        return self._say("heading", name=self._say(phrase))

    def _as_of(self, item: dict[str, Any]) -> str | None:
        return self._catalogue.as_of(item["as_of"]) if item["as_of"] else None

    def _review(self, card: Card) -> list[str]:
        return ["", self._say("verdict.review_due")] if card["review_due"] else []

    def _say(self, phrase: str, /, **values: object) -> str:
        return self._catalogue.phrase(phrase, **values)

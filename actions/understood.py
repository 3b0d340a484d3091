"""What was understood of a person, said back to them in their words."""

from __future__ import annotations

from typing import Any

from actions.listening import Heeded
from actions.turn import Turn


def noted(turn: Turn, heeded: Heeded | None) -> str:
    """What was understood, so that a misreading is seen at once; buttons need no echo."""
    if heeded is None or turn.heard.choice or heeded.changed:
        return ""
    facts = [
        f"{label(turn, name)}: {wording(turn, name, value)}"
        for name, value in heeded.told.items()
        if value is not None
    ]
    return turn.phrase("kept", facts="; ".join(facts)) if facts else ""


def note_changes(turn: Turn, heeded: Heeded) -> None:
    """Say what a correction changed, and which verdicts with it."""
    if not heeded.changed:
        return
    lines = []
    for change in heeded.changed:
        name = change["fact"]
        change["label"] = label(turn, name)
        change["before"] = wording(turn, name, change["from"])
        change["now"] = wording(turn, name, change["to"])
        lines.append(
            turn.phrase(
                "corrected", label=change["label"], to=change["now"], from_=change["before"]
            )
        )
        for told in list(turn.told):
            service = turn.base.services.get(told)
            if service is None:
                continue
            was = turn.told[told].split(" ")[0]
            now = turn.verdict(service.id).outcome
            if was != now:
                title = turn.cards.title(service)
                verdict = {"service": told, "title": title, "from": was, "to": now}
                change["verdicts"].append(verdict)
                lines.append(turn.phrase("corrected.verdict", title=title))
    turn.say("\n".join(lines), card=turn.cards.notice("corrected", heeded.changed))


def label(turn: Turn, name: str) -> str:
    return turn.cards.catalogue.text(f"fact.{name}.label", turn.base.facts[name].label)


def wording(turn: Turn, name: str, value: Any) -> str:
    """A fact's value in the reader's words."""
    return turn.cards.value(turn.base.facts[name], value, turn.today)

"""Whom to call, before anything else that a reply says."""

from __future__ import annotations

from actions.turn import Turn
from knowledge.schema import TriageRule
from knowledge.triage import urgency


def contacts_first(turn: Turn) -> TriageRule | None:
    """Show whom to call where a rule of danger or dates has come to hold: that rule, once."""
    rule = urgency(turn.base, turn.typed_facts, turn.today)
    if rule is None or turn.told.get("urgent") == rule.id:
        return None
    turn.told["urgent"] = rule.id
    turn.show(turn.cards.urgent(rule.level, rule.kind or "danger", None))
    return rule


def stand_by(turn: Turn) -> None:
    """After an alarm: no "I cannot help with that" to "I am afraid", and the steps once more."""
    if turn.asks:
        rule = urgency(turn.base, turn.typed_facts, turn.today)
        level, kind = (rule.level, rule.kind) if rule else ("emergency", None)
        turn.show(turn.cards.urgent(level, kind or "danger", None))
    else:
        turn.say(turn.phrase("urgent.still_here"), choices=turn.ways_out[:1])

"""What is urgent: `base/triage.yml` held against a person's facts."""

from __future__ import annotations

from datetime import date

from knowledge.base import KnowledgeBase
from knowledge.facts import Facts
from knowledge.schema import TriageRule
from knowledge.weighing import MET, weigh


def urgency(base: KnowledgeBase, facts: Facts, today: date) -> TriageRule | None:
    """The gravest rule that holds on these facts; None where nothing is urgent."""
    return next((r for r in base.triage if weigh(r.when, facts, today).low == MET), None)

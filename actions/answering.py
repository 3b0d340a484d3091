"""The rule, as it was asked for: statements of the base, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actions.turn import Turn
from knowledge.assessment import Verdict
from knowledge.base import conditions
from knowledge.calibration import load_calibration
from knowledge.schema import Condition, Item, Service

_SHOWN = 8
_HITS = 3


def answer(turn: Turn, verdict: Verdict) -> None:
    """The statements that the question is about: those of its kind, and what search found."""
    service = verdict.service
    found = [
        item
        for owner, name, _ in turn.heard.items
        if owner == service.id and (item := _named(service, name)) is not None
    ]
    if turn.heard.act == "ask_eligibility":  # the conditions are asked for, not what else is told
        found = [i for i in found if isinstance(i, Condition) or i.claims] or found[:1]
    of_its_kind = _of_kind(turn.heard.act, verdict)
    statements = list(dict.fromkeys([*found[:_HITS], *of_its_kind]))[:_SHOWN]
    if turn.asked and not statements and not turn.heard.passages:
        return  # an answer to our question that only sounded like one
    likely = next((p for s, p in turn.heard.services if s == service.id), 1.0)
    pairs: list[tuple[Service, Item | Condition]] = [(service, item) for item in statements]
    card = turn.cards.answer(service, pairs, load_calibration().answer(likely), turn.today)
    card["items"] += turn.heard.passages  # what the organisation's own documents add
    turn.show(card)


def quote(turn: Turn) -> None:
    """What the organisation's own documents say, where the base says nothing."""
    card = turn.cards.answer(None, [], turn.heard.passages[0]["score"], turn.today)
    card["items"] += turn.heard.passages
    turn.show(card)


def _of_kind(act: str, verdict: Verdict) -> list[Item | Condition]:
    service = verdict.service
    if act == "ask_eligibility":
        return list(_rule(service.requires))
    kinds: Mapping[str, tuple[Item, ...]] = {
        "ask_documents": service.documents,
        "ask_fee": service.fees,
        "ask_deadline": service.deadlines,
        "ask_office": service.offices,
        "ask_procedure": service.steps,
        "ask_time": tuple(n for n in service.notes if n.kind == "duration"),
    }
    items = kinds.get(act, ())
    applying = verdict.applying(items)
    return [*applying, *verdict.possibly(items)]


def _rule(condition: Condition | None) -> Iterator[Condition]:
    """The conditions at the top of a rule, without the ways inside each."""
    if condition is None or condition.text:
        yield from filter(None, [condition])
        return
    for child in condition.children:
        yield from _rule(child)


def _named(service: Service, name: str) -> Item | Condition | None:
    for item in service.items:
        if item.id == name:
            return item
    return next((c for c in conditions(service.requires) if c.id == name), None)

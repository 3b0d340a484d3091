"""The heart of the desk: which procedure is meant, the rule first, then the own case.

An answer comes before any question; a question is asked only where the answer
can still change the outcome, and only once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actions.listening import Heeded, take_in
from actions.turn import Turn
from knowledge.assessment import Verdict, assess
from knowledge.base import conditions
from knowledge.schema import Condition, Item, Service
from knowledge.triage import urgency

ASKS_A_RULE = (
    "ask_what",
    "ask_documents",
    "ask_fee",
    "ask_deadline",
    "ask_office",
    "ask_procedure",
    "ask_time",
)
ASKS = (*ASKS_A_RULE, "ask_eligibility")
CLEAR = 0.5  # a router's probability from which a service is taken without asking back
CLOSE = 0.2  # services nearer than this to the first are offered beside it
SWITCH = 0.7  # what it takes to leave the topic for another
_MISSES = 2
_SHOWN = 8
_HITS = 3
_MANY = 3


def advise(turn: Turn) -> None:
    """Reply to a message that tells or asks something of a procedure."""
    heeded = take_in(turn)
    if _urgent(turn, heeded):
        return
    before = list(turn.topic)
    candidates = _settle_topic(turn, heeded)
    _note_changes(turn, heeded)
    if not turn.topic:
        _ask_which(turn, candidates)
        return
    service = turn.base.services[turn.topic[0]]
    verdict = assess(service, turn.typed_facts, turn.today)
    asks = turn.heard.act in ASKS and not heeded.answered
    if asks or turn.topic != before:
        _answer(turn, verdict)
    if turn.heard.act in ASKS_A_RULE and not turn.facts and turn.asked is None:
        _offer(turn, verdict)
    else:
        decide(turn, verdict, heeded)


def decide(turn: Turn, verdict: Verdict, heeded: Heeded | None = None) -> None:
    """The verdict where it is settled or nothing more can be found out, else one question."""
    verdict = _without_finer(turn, _past_a_miss(turn, verdict, heeded))
    if verdict.missing and not _at_a_loss(verdict, heeded):
        _ask(turn, verdict, heeded)
        return
    turn.asked, turn.misses = None, 0
    if verdict.missing:
        go_on = {"label": turn.phrase("go_on"), "value": "act:check"}
        turn.say(turn.phrase("pause"), choices=[go_on, *ways_out(turn)[:1]])
    mark = f"{verdict.outcome} {sorted(verdict.facts)}"
    if turn.told.get(verdict.service.id) == mark and turn.messages:
        return  # said already, and the answer above is what was asked for
    turn.told[verdict.service.id] = mark
    turn.show(turn.cards.verdict(verdict), before=_noted(turn, heeded))


def _at_a_loss(verdict: Verdict, heeded: Heeded | None) -> bool:
    """Whether the person has just said "I don't know" for the third time, or the sixth."""
    lost = heeded is not None and bool(heeded.told) and not any(heeded.told.values())
    return lost and bool(verdict.unsure) and len(verdict.unsure) % _MANY == 0


def _urgent(turn: Turn, heeded: Heeded) -> bool:
    """Contacts first.  True where nothing else may follow: the person is in danger."""
    rule = urgency(turn.base, turn.typed_facts, turn.today)
    if rule is None or turn.told.get("urgent") == rule.id:
        return False
    turn.told["urgent"] = rule.id
    turn.show(turn.cards.urgent(rule.level, rule.kind, None))
    if rule.level == "high":
        return False
    hand_over(turn)
    return True


def hand_over(turn: Turn) -> None:
    """Ask for a counsellor; the gateway makes the case and names it."""
    turn.handoff = "requested"
    turn.asked = None
    turn.show(turn.cards.handoff())


def _settle_topic(turn: Turn, heeded: Heeded) -> list[Service]:
    """Set `turn.topic`; the services to ask about where it stays open."""
    choice = turn.heard.choice or ""
    if choice.startswith("service:") and choice[8:] in turn.base.services:
        turn.topic, turn.asked, turn.misses = [choice[8:]], None, 0
        return []
    ranked = [(turn.base.services[s], p) for s, p in turn.heard.services if s in turn.base.services]
    if not ranked or (not turn.topic and turn.heard.not_ours):
        return []
    best, likely = ranked[0]
    if turn.topic:
        leaves = turn.heard.act in ASKS and not heeded.answered and likely >= SWITCH
        if leaves and best.id not in turn.topic:
            turn.topic, turn.asked, turn.misses = [best.id], None, 0
        return []
    near = [service for service, p in ranked[:3] if likely - p < CLOSE]
    if likely >= CLEAR or (len(near) == 1 and likely >= CLEAR / 2):
        turn.topic = [best.id]
        return []
    return [service for service, _ in ranked[:3]]


def _ask_which(turn: Turn, candidates: list[Service]) -> None:
    if candidates:
        turn.show(turn.cards.clarify(candidates))
    else:
        decline(turn)


def decline(turn: Turn) -> None:
    """Say kindly that this is not ours; where it is a matter of immigration, who can help."""
    reason = turn.heard.not_ours or "unrelated"
    ways = ways_out(turn)[: 2 if reason == "not_covered" else 1]
    turn.show(turn.cards.out_of_scope(reason), choices=ways)


def _answer(turn: Turn, verdict: Verdict) -> None:
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
    confidence = next((p for s, p in turn.heard.services if s == service.id), 1.0)
    pairs: list[tuple[Service, Item | Condition]] = [(service, item) for item in statements]
    turn.show(turn.cards.answer(service, pairs, confidence, turn.today))


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


def _offer(turn: Turn, verdict: Verdict) -> None:
    if not verdict.missing or not turn.messages:
        return
    last = turn.messages[-1]
    last["text"] += "\n\n" + turn.phrase("answer.offer")
    last["choices"] = [{"label": turn.phrase("yes"), "value": "act:check"}]


def _past_a_miss(turn: Turn, verdict: Verdict, heeded: Heeded | None) -> Verdict:
    """Give a question up that was twice not understood: it counts as not known."""
    if turn.asked is None or heeded is None or heeded.answered:
        return verdict
    if turn.asked not in verdict.missing or turn.heard.act in ASKS or heeded.told:
        return verdict
    turn.misses += 1
    if turn.misses < _MISSES:
        return verdict
    turn.facts[turn.asked] = {"value": None, "words": turn.heard.text, "by": "applicant"}
    turn.asked, turn.misses = None, 0
    return assess(verdict.service, turn.typed_facts, turn.today)


def _ask(turn: Turn, verdict: Verdict, heeded: Heeded | None) -> None:
    missed = turn.misses > 0 and turn.asked in verdict.missing
    name = turn.asked if turn.asked in verdict.missing else verdict.missing[0]
    assert name is not None
    turn.asked = name
    card = turn.cards.question(turn.base.facts[name], verdict.service)
    if name in turn.facts:  # a D-4, but which one?
        turn.told[f"finer {name}"] = "asked"
        value = wording(turn, name, turn.facts[name]["value"])
        lead = turn.phrase("question.finer", value=value)
    else:
        lead = turn.phrase("question.again") if missed else _noted(turn, heeded)
        lead = turn.phrase("question.day") if heeded and heeded.coarse else lead
    turn.show(card, before=lead)


def _without_finer(turn: Turn, verdict: Verdict) -> Verdict:
    """A value too coarse for the rule is asked about once more, and then left as it is."""
    left = [f for f in verdict.missing if f in turn.facts and f"finer {f}" in turn.told]
    return verdict._replace(
        missing=tuple(f for f in verdict.missing if f not in left),
        unsure=(*verdict.unsure, *left),
    )


def _noted(turn: Turn, heeded: Heeded | None) -> str:
    """What was understood, so that a misreading is seen at once; buttons need no echo."""
    if heeded is None or turn.heard.choice or heeded.changed:
        return ""
    facts = [
        f"{label(turn, name)}: {wording(turn, name, value)}"
        for name, value in heeded.told.items()
        if value is not None
    ]
    return turn.phrase("kept", facts="; ".join(facts)) if facts else ""


def _note_changes(turn: Turn, heeded: Heeded) -> None:
    """Say what a correction changed, and which verdicts with it."""
    if not heeded.changed:
        return
    lines = []
    for change in heeded.changed:
        name = change["fact"]
        lines.append(
            turn.phrase(
                "corrected",
                label=label(turn, name),
                to=wording(turn, name, change["to"]),
                from_=wording(turn, name, change["from"]),
            )
        )
        change["label"] = label(turn, name)
        for told in list(turn.told):
            service = turn.base.services.get(told)
            if service is None:
                continue
            was = turn.told[told].split(" ")[0]
            now = assess(service, turn.typed_facts, turn.today).outcome
            if was != now:
                change["verdicts"].append({"service": told, "from": was, "to": now})
                lines.append(turn.phrase("corrected.verdict", title=turn.cards.title(service)))
    turn.say("\n".join(lines), card=turn.cards.notice("corrected", heeded.changed))


def label(turn: Turn, name: str) -> str:
    return turn.cards.catalogue.text(f"fact.{name}.label", turn.base.facts[name].label)


def wording(turn: Turn, name: str, value: Any) -> str:
    """A fact's value in the reader's words."""
    return turn.cards.value(turn.base.facts[name], value, turn.today)


def ways_out(turn: Turn) -> list[dict[str, str]]:
    """The buttons that are always right: a person, or from the beginning."""
    return [
        {"label": turn.phrase("talk.human"), "value": "act:human"},
        {"label": turn.phrase("talk.restart"), "value": "act:restart"},
    ]

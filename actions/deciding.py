"""The own case: the verdict where it is settled, else the one question that settles most.

A question is asked only where the answer can still change an outcome, and only
once.  Where several services may be meant, one conversation serves them all.
"""

from __future__ import annotations

from actions.listening import Heeded
from actions.turn import Turn
from actions.understood import noted, wording
from knowledge.assessment import Verdict, missing_across
from knowledge.cards import Card

_MISSES = 2
_MANY = 3


def decide(turn: Turn, heeded: Heeded | None = None) -> None:
    """The verdict on the topic, or the question to ask next."""
    verdicts = _verdicts(turn)
    if _given_up(turn, missing_across(verdicts), heeded):
        verdicts = _verdicts(turn)
    missing = missing_across(verdicts)
    if heeded and _still_to_change(turn, missing, heeded):
        _ask_once_more(turn, heeded)
        return
    if missing and not _at_a_loss(verdicts, heeded):
        _ask(turn, verdicts, missing, heeded)
        return
    turn.asked, turn.misses = None, 0
    if missing:
        go_on = {"label": turn.phrase("go_on"), "value": "act:check"}
        turn.say(turn.phrase("pause"), choices=[go_on, *turn.ways_out[:1]])
    told = [_tell_once(turn, verdict) for verdict in verdicts]
    if turn.messages and not any(told):
        return  # said already, and the answer above is what was asked for
    card = turn.cards.ways(verdicts) if len(verdicts) > 1 else turn.cards.verdict(verdicts[0])
    turn.show(card, before=noted(turn, heeded))


def open_question(turn: Turn, fact: str) -> Card:
    """The card of the question that is open."""
    return turn.cards.question(turn.base.facts[fact], *(turn.base.services[s] for s in turn.topic))


def ask_again(turn: Turn) -> None:
    """The question that was open stays open."""
    if turn.asked and turn.topic:
        turn.show(open_question(turn, turn.asked))


def _verdicts(turn: Turn) -> list[Verdict]:
    return [_without_finer(turn, turn.verdict(name)) for name in turn.topic]


def _without_finer(turn: Turn, verdict: Verdict) -> Verdict:
    """A value too coarse for the rule is asked about once more, and then left as it is."""
    left = [f for f in verdict.missing if f in turn.facts and f"finer {f}" in turn.told]
    return verdict._replace(
        missing=tuple(f for f in verdict.missing if f not in left),
        unsure=(*verdict.unsure, *left),
    )


def _given_up(turn: Turn, missing: tuple[str, ...], heeded: Heeded | None) -> bool:
    """Give a question up that was twice not understood: it counts as not known."""
    if turn.asked is None or heeded is None or heeded.answered:
        return False
    if turn.asked not in missing or turn.asks or heeded.told or heeded.likely:
        return False
    turn.misses += 1
    if turn.misses < _MISSES:
        return False
    turn.signal("misunderstood")
    turn.facts[turn.asked] = {"value": None, "words": turn.heard.text, "by": "applicant"}
    turn.asked, turn.misses = None, 0
    return True


def _still_to_change(turn: Turn, missing: tuple[str, ...], heeded: Heeded) -> bool:
    """Whether an answer that the person wanted to change was not understood, for the first time."""
    if turn.asked not in turn.facts or turn.asked in missing or heeded.told or turn.asks:
        return False
    turn.misses += 1
    return turn.misses < _MISSES or heeded.likely is not None


def _ask_once_more(turn: Turn, heeded: Heeded) -> None:
    assert turn.asked is not None
    services = (turn.base.services[name] for name in turn.topic)
    card = turn.cards.question(turn.base.facts[turn.asked], *services)
    if heeded.likely:
        _confirm(turn, card, heeded.likely[1])
    else:
        lead = "question.day" if heeded.coarse else "question.again"
        turn.show(card, before=turn.phrase(lead))


def _at_a_loss(verdicts: list[Verdict], heeded: Heeded | None) -> bool:
    """Whether the person has just said "I don't know" for the third time, or the sixth."""
    lost = heeded is not None and bool(heeded.told) and not any(heeded.told.values())
    unsure = {fact for verdict in verdicts for fact in verdict.unsure}
    return lost and bool(unsure) and len(unsure) % _MANY == 0


def _ask(
    turn: Turn, verdicts: list[Verdict], missing: tuple[str, ...], heeded: Heeded | None
) -> None:
    missed = turn.misses > 0 and turn.asked in missing
    doubtful = [n for n in missing if f"likely {n}" in turn.told and _is_date(turn, n)]
    name = turn.asked if turn.asked in missing else (*doubtful, *missing)[0]
    assert name is not None
    turn.asked = name
    served = [verdict.service for verdict in verdicts if name in verdict.missing]
    card = turn.cards.question(turn.base.facts[name], *served)
    if likely := _likely(turn, name, heeded):
        _confirm(turn, card, likely, noted(turn, heeded))
        return
    if name in turn.facts:  # a D-4, but which one?
        turn.told[f"finer {name}"] = "asked"
        value = wording(turn, name, turn.facts[name]["value"])
        lead = turn.phrase("question.finer", value=value)
    else:
        lead = turn.phrase("question.again") if missed else noted(turn, heeded)
        lead = turn.phrase("question.day") if heeded and heeded.coarse else lead
    turn.show(card, before=lead)


def _likely(turn: Turn, name: str, heeded: Heeded | None) -> str | None:
    """A value of a fact that this message, or an earlier one, has probably told; asked once."""
    earlier = turn.told.pop(f"likely {name}", None)
    if heeded and heeded.likely and heeded.likely[0] == name:  # the topic may have changed
        return heeded.likely[1]
    return earlier


def _confirm(turn: Turn, card: Card, raw: str, before: str = "") -> None:
    """Ask whether a likely reading is meant; what is doubtful is never assumed."""
    name = card["fact"]
    if _is_date(turn, name):
        turn.told[f"year of {name}"] = raw
        days = [
            {"label": wording(turn, name, day), "value": f"fact:{name}={day}"}
            for day in raw.split()
        ]
        turn.show(card, before=turn.phrase("question.year"), choices=[*days, *card["choices"]])
        return
    likely = {"true": True, "false": False}.get(raw, raw)
    turn.told["meant"] = f"{name}={raw}"
    lead = turn.phrase("question.confirm", value=wording(turn, name, likely))
    lead = f"{before}\n\n{lead}" if before else lead
    yes = {"label": turn.phrase("yes"), "value": f"fact:{name}={raw}"}
    others = [c for c in card["choices"] if c["value"] != yes["value"]]
    turn.show(card, before=lead, choices=[yes, *others])


def _is_date(turn: Turn, name: str) -> bool:
    return turn.base.facts[name].kind == "date"


def _tell_once(turn: Turn, verdict: Verdict) -> bool:
    """Whether this verdict is news to the person."""
    mark = f"{verdict.outcome} {sorted(verdict.facts)}"
    news = turn.told.get(verdict.service.id) != mark
    turn.told[verdict.service.id] = mark
    return news

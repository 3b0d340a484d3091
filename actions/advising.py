"""The heart of the desk: which procedure is meant, the rule first, then the own case.

An answer comes before any question.
"""

from __future__ import annotations

from actions.answering import answer, quote
from actions.deciding import decide
from actions.handing_over import hand_over, settle_consent
from actions.listening import Heeded, take_in
from actions.reminding import go_on_reminding
from actions.turn import Turn
from actions.understood import note_changes
from actions.urgent import contacts_first, stand_by
from knowledge.assessment import Verdict
from knowledge.base import NOT_OURS
from knowledge.schema import Service

CLEAR = 0.5  # a router's probability from which a service is taken without asking back
CLOSE = 0.2  # services nearer than this to the first are offered beside it
SWITCH = 0.7  # what it takes to leave the topic for another
_TAKEN_UP = 0.9  # what it takes to begin one after an alarm, where nothing is asked


def advise(turn: Turn) -> None:
    """Reply to a message that tells or asks something of a procedure."""
    if settle_consent(turn):
        return
    heeded = take_in(turn)
    if _urgent(turn) or go_on_reminding(turn, heeded):
        return
    before = list(turn.topic)
    candidates = _settle_topic(turn, heeded)
    note_changes(turn, heeded)
    if not turn.topic:
        if candidates or not heeded.changed:
            _ask_which(turn, candidates)
        return
    turn.told.pop("declined", None)
    if len(turn.topic) > 1:
        decide(turn, heeded)
        return
    verdict = turn.verdict(turn.topic[0])
    if (turn.asks and not heeded.answered) or turn.topic != before:
        answer(turn, verdict)
    if turn.asks_a_rule and not turn.facts and turn.asked is None:
        _offer(turn, verdict)
    else:
        decide(turn, heeded)


def decline(turn: Turn) -> None:
    """Say kindly that this is not ours; where it is a matter of immigration, who can help.

    What an own document of the organisation says of it comes first.
    """
    if turn.heard.passages:
        quote(turn)
    if turn.told.get("urgent") and not _is_surely_not_ours(turn):
        stand_by(turn)
        return
    if turn.told.get("declined"):  # the second time that we do not come together
        turn.signal("misunderstood")
    named = [name for name, _ in turn.heard.services if name in NOT_OURS]
    # What is vaguely like a service, and no small talk, is likely a matter of immigration.
    otherwise = "unrelated" if turn.heard.act == "out_of_scope" else "not_covered"
    reason = named[0] if named else otherwise
    turn.told["declined"] = reason
    turn.signal("out_of_base")
    ways = turn.ways_out[: 2 if reason == "not_covered" else 1]
    turn.show(turn.cards.out_of_scope(reason), choices=ways)


def _is_surely_not_ours(turn: Turn) -> bool:
    """Whether the message is about something else, and not just a few words in distress."""
    return turn.heard.act == "out_of_scope" or turn.heard.not_ours == "not_covered"


def _urgent(turn: Turn) -> bool:
    """Contacts first.  True where nothing else may follow: the person is in danger."""
    rule = contacts_first(turn)
    if rule is None or rule.level == "high":
        return False
    hand_over(turn)
    return True


def _settle_topic(turn: Turn, heeded: Heeded) -> list[Service]:
    """Set `turn.topic`; the services to ask about where it stays open."""
    chosen = _chosen(turn)
    if chosen:
        turn.topic, turn.asked, turn.misses = chosen, None, 0
        return []
    ranked = [(turn.base.services[s], p) for s, p in turn.heard.services if s in turn.base.services]
    if not ranked or (not turn.topic and turn.heard.not_ours):
        return []
    best, likely = ranked[0]
    if turn.told.get("urgent") and not turn.topic and not turn.asks and likely < _TAKEN_UP:
        return []  # "I am in Incheon", after an alarm, is no wish for a procedure
    if turn.topic:
        leaves = turn.asks and not heeded.answered and likely >= SWITCH
        if leaves and turn.topic != [best.id]:
            turn.topic, turn.asked, turn.misses = [best.id], None, 0
        return []
    near = [service for service, p in ranked[:3] if likely - p < CLOSE]
    if likely >= CLEAR or (len(near) == 1 and likely >= CLEAR / 2):
        turn.topic = [best.id]
        return []
    return [service for service, _ in ranked[:3]]


def _chosen(turn: Turn) -> list[str]:
    """The services of a button: one, all that were offered, or those of "I don't know which"."""
    kind, _, names = (turn.heard.choice or "").partition(":")
    if kind not in ("service", "services") and turn.heard.act == "unsure" and not turn.topic:
        names = turn.told.pop("offered", "")
    elif kind not in ("service", "services"):
        return []
    return [name for name in names.split(",") if name in turn.base.services]


def _ask_which(turn: Turn, candidates: list[Service]) -> None:
    if candidates:
        turn.told["offered"] = ",".join(service.id for service in candidates)
        turn.show(turn.cards.clarify(candidates))
    else:
        decline(turn)


def _offer(turn: Turn, verdict: Verdict) -> None:
    if not verdict.missing or not turn.messages:
        return
    last = turn.messages[-1]
    last["text"] += "\n\n" + turn.phrase("answer.offer")
    last["choices"] = [{"label": turn.phrase("yes"), "value": "act:check"}]

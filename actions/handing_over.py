"""Handing over to a counsellor: offered where it helps, asked for at any time, agreed to.

The gateway makes the case and names it.  What the person told is passed on only
once they have said so, except where life is in danger.
"""

from __future__ import annotations

from actions.listening import take_in
from actions.turn import Turn
from actions.urgent import contacts_first
from knowledge.triage import level_of

CONSENT = "consent:"  # what the values of both buttons begin with


def ask_for_person(turn: Turn) -> None:
    """The person asks for a counsellor, and perhaps says why: "somebody, he beats me"."""
    take_in(turn)
    contacts_first(turn)
    turn.signal("asked_for_person")
    hand_over(turn)


def hand_over(turn: Turn) -> None:
    """Put the conversation before the counsellors."""
    turn.handoff = "requested"
    turn.asked = None
    turn.show(turn.cards.handoff())
    if level_of(turn.triage) == "emergency":
        turn.topic = []  # no form goes on for who is in danger; they may ask for it anew
    else:
        _ask_consent(turn, "consent.question")


def settle_consent(turn: Turn) -> bool:
    """Whether this message is the answer to that: a button, or yes or no right after it."""
    kind, _, answer = (turn.heard.choice or "").partition(":")
    if f"{kind}:" != CONSENT:
        if not turn.consent_asked or turn.heard.act not in ("affirm", "deny"):
            return False
        answer = "given" if turn.heard.act == "affirm" else "refused"
    turn.consent = "given" if answer == "given" else "refused"
    turn.say(turn.phrase(f"consent.{turn.consent}"))
    return True


def offer(turn: Turn) -> None:
    """Offer a counsellor where a rule that says so has come to hold, once a rule.

    Never under a question: that is answered first.
    """
    held = turn.triage
    offered = turn.told.get("offered_for", "").split()
    new = [rule.id for rule in held if rule.offers and rule.id not in offered]
    if not turn.messages or turn.handoff == "requested":
        return
    if (turn.messages[-1]["card"] or {}).get("type") in ("question", "clarify"):
        return
    if level_of(held) == "high" and turn.consent is None:
        _ask_consent(turn, "consent.urgent")  # the gateway raises a case by itself
    if not new:
        return
    turn.told["offered_for"] = " ".join([*offered, *new])
    if not any(choice["value"] == "act:human" for choice in turn.messages[-1]["choices"]):
        _add(turn, "handoff.offer", turn.ways_out[:1])


def _ask_consent(turn: Turn, question: str) -> None:
    """Ask whether what was told may be passed on, unless that is agreed already."""
    if turn.consent == "given":
        return
    turn.consent = "asked"
    turn.told["consent"] = "asked"
    answers = [
        {"label": turn.phrase("consent.yes"), "value": f"{CONSENT}given"},
        {"label": turn.phrase("consent.no"), "value": f"{CONSENT}refused"},
    ]
    _add(turn, question, answers)


def _add(turn: Turn, phrase: str, choices: list[dict[str, str]]) -> None:
    """Go on in the last message with a sentence and its buttons."""
    last = turn.messages[-1]
    last["text"] += "\n\n" + turn.phrase(phrase)
    last["choices"] = [*last["choices"], *choices]

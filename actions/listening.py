"""Taking in what a person told: from words, buttons and bare answers to facts."""

from __future__ import annotations

from typing import Any, NamedTuple

from rapidfuzz import fuzz, process, utils

from actions.turn import Turn
from knowledge.facts import decode_value, encode_value
from knowledge.schema import Fact

_LABEL_LIKENESS = 88  # of 100: a typed answer this like a button's label means that button


class Heeded(NamedTuple):
    """What a message told: the facts it set, and what they were before."""

    told: dict[str, Any]
    changed: list[dict[str, Any]]
    answered: bool


def take_in(turn: Turn) -> Heeded:
    """Read the facts of the message into `turn.facts`.

    `answered` says whether the question that was open has been answered, which
    "I don't know" does too.
    """
    found = _from_choice(turn) or _from_words(turn)
    told: dict[str, Any] = {}
    changed: list[dict[str, Any]] = []
    for name, (raw, words) in found.items():
        fact = turn.base.facts.get(name)
        if fact is None:
            continue
        try:
            value = encode_value(decode_value(fact, raw, turn.today))
        except ValueError:
            continue  # not a value of this fact after all: the question stays open
        before = turn.facts.get(name, {}).get("value")
        if name in turn.facts and before is not None and before != value:
            changed.append({"fact": name, "from": before, "to": value, "verdicts": []})
        turn.facts[name] = {"value": value, "words": words, "by": "applicant"}
        told[name] = value
    answered = turn.asked is not None and turn.asked in told
    if answered:
        turn.asked, turn.misses = None, 0
    return Heeded(told, changed, answered)


def _from_choice(turn: Turn) -> dict[str, tuple[Any, str]]:
    choice = turn.heard.choice or ""
    if not choice.startswith("fact:") or "=" not in choice:
        return {}
    name, _, raw = choice.removeprefix("fact:").partition("=")
    plain: dict[str, Any] = {"unsure": None, "true": True, "false": False}
    return {name: (plain.get(raw, raw), raw)}


def _from_words(turn: Turn) -> dict[str, tuple[Any, str]]:
    heard = turn.heard
    found: dict[str, tuple[Any, str]] = {}
    bare = []
    for entity in heard.entities:
        words = heard.text[entity.get("start", 0) : entity.get("end", 0)]
        if entity.get("role"):
            found.setdefault(entity["role"], (entity["value"], words))
        else:
            bare.append((entity["entity"], entity["value"], words))
    asked = turn.base.facts.get(turn.asked or "")
    if asked and asked.id not in found:
        answer = _as_answer(asked, turn, bare)
        if answer is not None:
            found[asked.id] = answer
    return found


def _as_answer(asked: Fact, turn: Turn, bare: list[tuple[str, Any, str]]) -> tuple[Any, str] | None:
    """The message read as an answer to the question that is open."""
    act, text = turn.heard.act, turn.heard.text
    if act == "unsure":
        return None, text
    fitting = {"date": ("date", "duration"), "duration": ("duration", "date")}
    for kind, value, words in bare:
        if kind in fitting.get(asked.kind, (asked.kind,)):
            return value, words
    if asked.kind == "bool" and act in ("affirm", "deny"):
        return act == "affirm", text
    if asked.kind == "choice":
        labels = {
            choice.value: turn.cards.catalogue.text(f"fact.{asked.id}.{choice.value}", choice.label)
            for choice in asked.choices
        }
        best = process.extractOne(text, labels, scorer=fuzz.ratio, processor=utils.default_process)
        if best and best[1] >= _LABEL_LIKENESS:
            return best[2], text
    if asked.kind == "text" and act == "inform" and 0 < len(text) <= 60:
        return text, text
    return None

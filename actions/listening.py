"""Taking in what a person told: from words, buttons and bare answers to facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process, utils

from actions.turn import QUANTITIES, Turn
from knowledge.facts import decode_value, encode_value
from knowledge.schema import Fact

_LABEL_LIKENESS = 88  # of 100: a typed answer this like a button's label means that button
_JUST_PASSED = 60  # days: "until 14 November" soon after that day may mean this year's or the next


class Heeded(NamedTuple):
    """What a message told: the facts it set, and what they were before.

    `coarse`: the open question was answered with a month or a year where the
    day matters.  `likely` is that question's fact with a value that the words
    probably mean for it, to be confirmed, or with two days in different years.
    """

    told: dict[str, Any]
    changed: list[dict[str, Any]]
    answered: bool
    coarse: bool = False
    likely: tuple[str, str] | None = None


def take_in(turn: Turn) -> Heeded:
    """Read the facts of the message into `turn.facts`.

    `answered` says whether the question that was open has been answered, which
    "I don't know" does too.
    """
    found = _from_choice(turn) or _from_words(turn)
    _put_off_doubtful_years(turn, found)
    likely = None if turn.asked in found else _likely(turn)
    coarse = turn.asked in found and found[turn.asked].coarse and turn.misses == 0
    if coarse and turn.asked:
        del found[turn.asked]  # asked for the day once; then it is taken as it is
    told: dict[str, Any] = {}
    changed: list[dict[str, Any]] = []
    for name, said in found.items():
        fact = turn.base.facts.get(name)
        if fact is None:
            continue
        try:
            value = encode_value(decode_value(fact, said.value, turn.today))
        except ValueError:
            continue  # not a value of this fact after all: the question stays open
        before = turn.facts.get(name, {}).get("value")
        if name in turn.facts and before is not None and before != value:
            changed.append({"fact": name, "from": before, "to": value, "verdicts": []})
        turn.facts[name] = {"value": value, "words": said.words, "by": "applicant"}
        told[name] = value
    _remember_likely(turn)
    _remember_last(turn, told)
    answered = turn.asked is not None and turn.asked in told
    if answered:
        turn.asked, turn.misses = None, 0
    return Heeded(told, changed, answered, coarse, likely)


class Said(NamedTuple):
    """A wire value and the words it came in; `years` are the two days it may be."""

    value: Any
    words: str
    coarse: bool = False
    years: tuple[str, ...] = ()


def _from_choice(turn: Turn) -> dict[str, Said]:
    choice = turn.heard.choice or ""
    if not choice.startswith("fact:") or "=" not in choice:
        return {}
    name, _, raw = choice.removeprefix("fact:").partition("=")
    plain: dict[str, Any] = {"unsure": None, "true": True, "false": False}
    return {name: Said(plain.get(raw, raw), raw)}


def _from_words(turn: Turn) -> dict[str, Said]:
    heard = turn.heard
    found: dict[str, Said] = {}
    for entity in heard.entities:
        if role := entity.get("role"):
            found.setdefault(role, _said(entity, turn.base.facts.get(role), turn))
    asked = turn.base.facts.get(turn.asked or "")
    if asked and asked.id not in found:
        answer = _as_answer(asked, turn)
        if answer is not None:
            found[asked.id] = answer
    return found


def _put_off_doubtful_years(turn: Turn, found: dict[str, Said]) -> None:
    """Which year is meant is asked once; told so again, or in distress, it is the nearer day."""
    asked = found.get(turn.asked or "")
    years = turn.told.get(f"year of {turn.asked}", "").split()
    if asked and asked.coarse and turn.asked:  # "next year"
        meant = [day for day in years if day[:4] == str(asked.value)[:4]]
        found[turn.asked] = asked._replace(value=meant[0], coarse=False) if meant else asked
    for name, said in list(found.items()):
        if not said.years or "remind" in turn.told:
            continue  # a reminder waits for a day to come
        if f"year of {name}" in turn.told or turn.heard.act == "emergency":
            found[name] = said._replace(value=said.years[0])
        else:
            del found[name]
            turn.told[f"likely {name}"] = " ".join(said.years)


def _likely(turn: Turn) -> tuple[str, str] | None:
    """What the words probably mean for the question that is open, where it is asked in words."""
    asked = turn.base.facts.get(turn.asked or "")
    if asked and asked.kind == "date" and (years := turn.told.get(f"likely {asked.id}")):
        return asked.id, years
    if asked is None or asked.kind not in ("bool", "choice"):
        return None
    likely = (_raw(e["value"]) for e in turn.heard.entities if e.get("about") == asked.id)
    return next(((asked.id, value) for value in likely), None)


def _remember_likely(turn: Turn) -> None:
    """What words probably say of other facts: to be confirmed when the question comes."""
    for entity in turn.heard.entities:
        name, value = entity.get("about"), entity["value"]
        fact = turn.base.facts.get(name or "")
        if fact and fact.kind in ("bool", "choice") and name not in turn.facts:
            turn.told[f"likely {name}"] = _raw(value)


def _remember_last(turn: Turn, told: Mapping[str, Any]) -> None:
    """Which quantity this message told: "no, 2 years" in the next one takes it back."""
    turn.told.pop("last", None)
    for name in told:
        if turn.base.facts[name].kind in QUANTITIES:
            turn.told["last"] = name


def _raw(value: bool | str) -> str:
    """A value as buttons carry it."""
    return str(value).lower() if isinstance(value, bool) else value


def _said(entity: Mapping[str, Any], fact: Fact | None, turn: Turn) -> Said:
    """An entity as a fact's value.

    Of the two readings of "15 March" the words around it have chosen where they say which fact
    it is ("my visa ended on 15 March"); else it is the one that the fact can have.
    """
    reading = entity["value"]
    if fact and fact.lies and not entity.get("role"):
        reading = entity.get(fact.lies, reading)
    words = turn.heard.text[entity.get("start", 0) : entity.get("end", 0)]
    coarse = "precision" in entity
    past, future = entity.get("past"), entity.get("future")
    if fact and fact.lies == "future" and past and reading == future and not coarse:
        ago = (turn.today - date.fromisoformat(past)).days
        if 0 < ago <= _JUST_PASSED:
            return Said(reading, words, years=(past, reading))
    return Said(reading, words, coarse)


def _as_answer(asked: Fact, turn: Turn) -> Said | None:
    """The message read as an answer to the question that is open."""
    act, text = turn.heard.act, turn.heard.text
    if act == "unsure":
        return Said(None, text)
    fitting = {"date": ("date", "duration"), "duration": ("duration", "date")}
    for entity in turn.heard.entities:
        about = entity.get("role") or entity.get("about") or asked.id
        in_words = asked.kind in ("bool", "choice")
        if in_words and not entity.get("role"):
            continue  # likely, and so confirmed first
        if about == asked.id and entity["entity"] in fitting.get(asked.kind, (asked.kind,)):
            return _said(entity, asked, turn)
    meant = turn.told.pop("meant", "").partition("=")
    if meant[0] == asked.id and asked.kind == "bool" and act in ("affirm", "deny"):
        return Said((meant[2] == "true") == (act == "affirm"), text)
    if meant[0] == asked.id and act == "affirm":
        return Said(meant[2], text)
    if asked.kind == "bool" and act in ("affirm", "deny"):
        return Said(act == "affirm", text)
    if asked.kind == "choice":
        labels = {
            choice.value: turn.cards.catalogue.text(f"fact.{asked.id}.{choice.value}", choice.label)
            for choice in asked.choices
        }
        best = process.extractOne(text, labels, scorer=fuzz.ratio, processor=utils.default_process)
        if best and best[1] >= _LABEL_LIKENESS:
            return Said(best[2], text)
    if asked.kind == "text" and act == "inform" and 0 < len(text) <= 60:
        return Said(text, text)
    return None

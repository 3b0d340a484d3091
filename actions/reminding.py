"""Reminders: "two months before my stay ends" becomes a day on which the desk writes again.

The gateway, which owns the conversation, sends them; here stands what they are
about.  They follow their day when it is corrected.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from actions.deciding import ask_again
from actions.listening import Heeded, take_in
from actions.turn import Turn
from actions.understood import note_changes
from knowledge.occasions import Occasion, occasions
from knowledge.periods import Period

ASKED_FIRST = "stay_until"  # what is asked where no day is known: the day most people mean


def remind(turn: Turn) -> None:
    """Set what the words name clearly; else show the reminders there are, and can be."""
    _heed_dates(turn)
    lead = _period(turn.heard.reminder or "")
    known = _known(turn)
    named = _named(turn)
    meant = [o for o in known if o.about == f"fact/{named}"] or ([] if named else known)
    on = _on(turn)
    ahead = [occasion for occasion in meant if on and occasion.day >= on]
    if lead is None and on and len(ahead) == 1:
        _set(turn, ahead[0], Period(days=(ahead[0].day - on).days))
    elif lead is None:
        _show(turn, known)
    elif len(meant) == 1:
        _set(turn, meant[0], lead)
    elif meant:
        lines = [turn.phrase("reminder.known"), *(f"• {_line(turn, o)}" for o in meant)]
        turn.say("\n".join(lines), choices=[_button(turn, o, lead) for o in meant])
    else:
        _ask_for_the_day(turn, named or ASKED_FIRST, lead)


def choose_reminder(turn: Turn) -> None:
    """A button: `remind:<about>`, `remind:<about>:<lead>` or `forget:<about>:<lead>`."""
    kind, about, lead = [*(turn.heard.choice or "").split(":"), "", ""][:3]
    occasion = next((o for o in _known(turn) if o.about == about), None)
    if kind == "forget":
        turn.reminders = [r for r in turn.reminders if (r["about"], r["before"]) != (about, lead)]
        _tell(turn, turn.phrase("reminder.forgotten"))
    elif occasion is None:
        turn.say(turn.phrase("reminder.no_such_day"))
    elif period := _period(lead):
        _set(turn, occasion, period)
    else:
        _ask_when(turn, occasion)


def go_on_reminding(turn: Turn, heeded: Heeded) -> bool:
    """Whether the message told the day that a reminder was waiting for; then that is set."""
    wanted, _, lead = turn.told.pop("remind", "").partition(" ")
    if not wanted:
        return False
    occasion = next((o for o in _known(turn) if o.about == f"fact/{wanted}"), None)
    if wanted in heeded.told and occasion:
        if period := _period(lead):
            _set(turn, occasion, period)
        else:
            _ask_when(turn, occasion)
        return True
    if turn.asked == wanted and not turn.topic:
        turn.asked = None
    if wanted in heeded.told:
        turn.say(turn.cards.catalogue.text(f"fact.{wanted}.find_out", _find_out(turn, wanted)))
        return True
    return False


def offer(turn: Turn) -> None:
    """A button under a verdict or an answer with days ahead that no reminder is set for."""
    last = turn.messages[-1] if turn.messages else {}
    card = last.get("card") or {}
    if card.get("type") not in ("verdict", "answer") or turn.consent == "asked":
        return  # a question that waits for its answer stands alone
    if card["type"] == "answer" and turn.heard.act != "ask_deadline":
        return
    reminded = {reminder["about"] for reminder in turn.reminders}
    if any(occasion.about not in reminded for occasion in _known(turn)):
        label = turn.phrase("reminder.offer")
        last["choices"] = [*last["choices"], {"label": label, "value": "act:remind"}]


def renew(turn: Turn) -> None:
    """Reminders follow their day and the reader's language; those that are over are left out."""
    kept = []
    known = {occasion.about: occasion for occasion in _known(turn)} if turn.reminders else {}
    for reminder in turn.reminders:
        if reminder["on"] < turn.today.isoformat():
            continue
        occasion = known.get(reminder["about"])
        renewed = _reminder(turn, occasion, Period.parse(reminder["before"])) if occasion else None
        if renewed is None and _is_put_aside(turn, reminder["about"]):
            kept.append(reminder)  # the facts were, the wish was not
        elif renewed and reminder["day"] == renewed["day"]:
            kept.append(renewed)
        elif renewed and renewed["on"] > turn.today.isoformat():
            kept.append(renewed)
            on = _written(turn, renewed["on"])
            _add_line(turn, turn.phrase("reminder.moved", on=on))
        else:
            _add_line(turn, turn.phrase("reminder.dropped"))
    turn.reminders = kept


def _is_put_aside(turn: Turn, about: str) -> bool:
    """Whether the fact that a reminder rests on is not known any more."""
    kind, name, *item = about.split("/")
    if kind == "deadline" and name in turn.base.services:
        deadlines = turn.base.services[name].deadlines
        name = next((d.counted_from or "" for d in deadlines if d.id == item[0]), "")
    return not turn.facts if kind == "unlock" else name not in turn.facts


def _heed_dates(turn: Turn) -> None:
    """Take in the dates of the message and nothing else: its lengths of time are no facts."""
    asked, turn.asked = turn.asked, None
    dates = [e for e in turn.heard.entities if e["entity"] == "date" and _is_ahead(turn, e)]
    dates = [{k: v for k, v in e.items() if k != "past"} for e in dates]
    everything, turn.heard = turn.heard, turn.heard._replace(entities=dates)
    heeded = take_in(turn)
    turn.heard = everything
    turn.asked = None if asked in heeded.told else asked
    note_changes(turn, heeded)


def _period(lead: str) -> Period | None:
    """A button's length of time; None for none, and for one that nobody was shown."""
    try:
        return Period.parse(lead)
    except ValueError:
        return None


def _on(turn: Turn) -> date | None:
    """The day on which to write: of "remind me on 1 March", which is no fact."""
    named = [e for e in turn.heard.entities if e["entity"] == "date"]
    free = [e for e in named if not e.get("role") and not e.get("about")]
    if len(free) != 1:
        return None
    return date.fromisoformat(free[0].get("future") or free[0]["value"])


def _is_ahead(turn: Turn, date_: Mapping[str, Any]) -> bool:
    """Whether a date is told as a day to come; "두 달 전" is no day here."""
    fact = turn.base.facts.get(date_.get("role") or "")
    return bool(fact and fact.lies == "future" and date_.get("future", date_["value"]))


def _named(turn: Turn) -> str | None:
    """The day that the words are about: a fact's id."""
    about = [e.get("role") or e.get("about") for e in turn.heard.entities]
    facts = turn.base.facts
    named = (str(name) for name in about if name)
    return next((name for name in named if name in facts and facts[name].lies == "future"), None)


def _known(turn: Turn) -> list[Occasion]:
    named = [reminder["about"].split("/")[1] for reminder in turn.reminders]
    services = dict.fromkeys([*turn.topic, *named])
    of_base = [turn.base.services[name] for name in services if name in turn.base.services]
    return occasions(turn.cards, of_base, turn.typed_facts, turn.today)


def _show(turn: Turn, known: list[Occasion]) -> None:
    """The reminders that are set, with buttons to delete them, and the days left to set one for."""
    reminded = {reminder["about"] for reminder in turn.reminders}
    free = [occasion for occasion in known if occasion.about not in reminded]
    if not turn.reminders and not free:
        _ask_for_the_day(turn, ASKED_FIRST, None)
        return
    lines, choices = [], []
    if turn.reminders:
        lines.append(turn.phrase("reminder.list"))
    for reminder in turn.reminders:
        on, day = (_written(turn, reminder[name]) for name in ("on", "day"))
        lines.append("• " + turn.phrase("reminder.line", on=on, what=reminder["what"], day=day))
        forget = f"forget:{reminder['about']}:{reminder['before']}"
        choices.append({"label": turn.phrase("reminder.forget", on=on), "value": forget})
    if free:
        lines += [*([""] if lines else []), turn.phrase("reminder.known")]
        lines += [f"• {_line(turn, occasion)}" for occasion in free]
        choices += [_button(turn, occasion) for occasion in free]
    turn.say("\n".join(lines), choices=choices, card=turn.cards.notice("reminders"))


def _ask_when(turn: Turn, occasion: Occasion, before: str = "") -> None:
    leads = occasion.leads(turn.today)
    if not leads:
        _tell(turn, f"{turn.phrase('reminder.too_near')}\n{_line(turn, occasion)}")
        return
    choices = []
    for lead in leads:
        on = turn.cards.catalogue.day(lead.before(occasion.day))
        period = turn.cards.catalogue.period(lead)
        name = "reminder.before" if lead != Period() else "reminder.same_day"
        label = turn.phrase(name, on=on, period=period)
        choices.append({"label": label, "value": f"remind:{occasion.about}:{lead}"})
    lines = [*([before] if before else []), _line(turn, occasion), turn.phrase("reminder.when")]
    lines += [f"• {choice['label']}" for choice in choices]
    turn.say("\n".join(lines), choices=choices, card=turn.cards.notice("reminders"))


def _ask_for_the_day(turn: Turn, fact: str, lead: Period | None) -> None:
    turn.told["remind"] = f"{fact} {lead or ''}"
    turn.asked, turn.misses = fact, 0
    card = turn.cards.question(turn.base.facts[fact])
    turn.show(card, before=turn.phrase("reminder.unknown"))


def _set(turn: Turn, occasion: Occasion, lead: Period) -> None:
    """Set the reminder, with its real date said; one whose day is over is not set."""
    reminder = _reminder(turn, occasion, lead)
    on = _written(turn, reminder["on"])
    if reminder["on"] <= turn.today.isoformat():
        period = turn.cards.catalogue.period(lead)
        _ask_when(turn, occasion, turn.phrase("reminder.over", period=period, on=on))
        return
    others = [r for r in turn.reminders if (r["about"], r["before"]) != (occasion.about, str(lead))]
    turn.reminders = sorted([*others, reminder], key=lambda r: str(r["on"]))
    said = [turn.phrase("reminder.set", on=on), _line(turn, occasion)]
    _tell(turn, "\n".join([*said, "", turn.phrase("reminder.kept")]))


def _reminder(turn: Turn, occasion: Occasion, lead: Period) -> dict[str, Any]:
    """A reminder as the gateway keeps it: what is said on which day."""
    day = turn.cards.catalogue.day(occasion.day)
    name = "reminder.due" if lead != Period() else "reminder.due_today"
    period = turn.cards.catalogue.period(lead)
    due = turn.phrase(name, period=period, day=day, what=occasion.text)
    topic = turn.topic[0] if len(turn.topic) == 1 else ""
    service = turn.base.services.get(occasion.service or topic)
    to_service = (
        {"label": turn.cards.title(service), "value": f"service:{service.id}"} if service else None
    )
    return {
        "about": occasion.about,
        "before": str(lead),
        "day": occasion.day.isoformat(),
        "on": lead.before(occasion.day).isoformat(),
        "what": occasion.text,
        "text": f"{due}\n\n{turn.phrase('reminder.check')}",
        "language": turn.written_in,
        "choices": [choice for choice in (to_service, turn.ways_out[0]) if choice],
    }


def _button(turn: Turn, occasion: Occasion, lead: Period | None = None) -> dict[str, str]:
    value = f"remind:{occasion.about}" + (f":{lead}" if lead else "")
    return {"label": _line(turn, occasion), "value": value}


def _line(turn: Turn, occasion: Occasion) -> str:
    day = turn.cards.catalogue.day(occasion.day)
    return turn.phrase("reminder.day", day=day, what=occasion.text)


def _tell(turn: Turn, text: str) -> None:
    """Say it; the question that was open stays open."""
    turn.say(text, card=turn.cards.notice("reminders"))
    ask_again(turn)


def _add_line(turn: Turn, line: str) -> None:
    """Say a line beside the correction that caused it, before any question."""
    if turn.messages and (turn.messages[0]["card"] or {}).get("about") == "corrected":
        turn.messages[0]["text"] += f"\n{line}"
    else:
        turn.say(line)
        turn.messages.insert(0, turn.messages.pop())


def _written(turn: Turn, day: str) -> str:
    return turn.cards.catalogue.day(date.fromisoformat(day))


def _find_out(turn: Turn, fact: str) -> str:
    return turn.base.facts[fact].find_out

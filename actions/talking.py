"""Everything said beside the procedures: why, start over, a person, thanks, not ours."""

from __future__ import annotations

from actions.advising import CLEAR, advise, decline
from actions.deciding import ask_again, decide, open_question
from actions.handing_over import CONSENT, ask_for_person, hand_over, settle_consent
from actions.listening import take_in
from actions.papers import tell_papers
from actions.reminding import choose_reminder, remind
from actions.turn import Turn
from actions.understood import wording
from knowledge.catalogue import LANGUAGES, language_named
from knowledge.triage import urgency

ALARM = 0.85  # how sure the classifier has to be where no words of danger were found
ALARM_WITHOUT_ANSWER = 0.5  # where there is no answer of ours that an alarm could hide


def explain(turn: Turn) -> None:
    """Why the open question is asked, or how the last verdict came about."""
    if turn.asked:
        card = open_question(turn, turn.asked)
        turn.show(card, before=turn.phrase("question.why", why=card["why"]))
    elif turn.topic:
        for name in turn.topic:
            verdict = turn.verdict(name)
            card = turn.cards.verdict(verdict)
            turn.show(card, before=turn.phrase("verdict.why", title=card["title"]))
    else:
        turn.say(turn.phrase("why.nothing"))


def start_over(turn: Turn) -> None:
    """Put aside what was told; the language stays."""
    if _is_clear(turn) and not turn.heard.choice:
        advise(turn)  # who wants to begin anew names no procedure: nothing is lost on a guess
        return
    turn.facts, turn.topic, turn.told = {}, [], {}
    turn.asked, turn.misses = None, 0
    turn.say(turn.phrase("restarted"), card=turn.cards.notice("restarted"))


def help_now(turn: Turn) -> None:
    """Somebody is in danger: contacts first, then a counsellor, and no question."""
    take_in(turn)
    rule = urgency(turn.base, turn.typed_facts, turn.today)
    if rule is None and turn.heard.confidence < _alarm(turn) and not _tells_of_danger(turn):
        turn.signal("fear")
        advise(turn)  # a hard story, and yet a question about a procedure
    elif rule is not None and rule.level == "high":
        turn.told["urgent"] = rule.id
        turn.show(turn.cards.urgent(rule.level, rule.kind or "danger", None), choices=turn.ways_out)
    else:
        turn.signal("danger")
        turn.told["urgent"] = rule.id if rule else "emergency"
        turn.show(turn.cards.urgent("emergency", (rule and rule.kind) or "danger", None))
        hand_over(turn)


def _alarm(turn: Turn) -> float:
    """How sure the act has to be."""
    return ALARM_WITHOUT_ANSWER if turn.heard.not_ours == "not_covered" else ALARM


def _tells_of_danger(turn: Turn) -> bool:
    """Whether some of the words, too, speak of a danger, if not surely."""
    return any(
        "danger" in (entity.get("role"), entity.get("about")) and entity["value"] != "none"
        for entity in turn.heard.entities
    )


def switch_language(turn: Turn) -> None:
    """Write in the language that was chosen, or asked for by its name, from now on."""
    wanted = (turn.heard.choice or "").removeprefix("language:") or language_named(turn.heard.text)
    if wanted not in LANGUAGES or (not turn.heard.choice and _is_clear(turn)):
        advise(turn)  # "I want to become Korean" names a language too
        return
    turn.language, turn.language_chosen = wanted, True
    turn.say(turn.phrase("language_changed"), card=turn.cards.notice("language"))
    ask_again(turn)


def refuse(turn: Turn) -> None:
    """What is not ours, unless a question is open or the router is sure of a service."""
    if turn.asked or _is_clear(turn):
        advise(turn)
    else:
        decline(turn)


def talk(turn: Turn) -> None:
    """Greeting, thanks, goodbye, anger; the question that is open stays open."""
    if turn.heard.act == "complain":
        turn.signal("anger")
    if turn.heard.act in ("complain", "greet") and _is_clear(turn):
        advise(turn)
        return
    turn.say(
        turn.phrase(f"talk.{turn.heard.act}"),
        choices=turn.ways_out if turn.heard.act == "complain" else (),
    )
    if turn.heard.act != "goodbye":
        ask_again(turn)


def tell_erasure(turn: Turn) -> None:
    """How to delete everything; the gateway, which owns the data, does it."""
    turn.say(turn.phrase("erasure"))


def choose(turn: Turn) -> None:
    """A button: a fact, a service, a language, a reminder, or an act such as `human`.

    `ask:<fact>` asks a question anew, for an answer that is to be corrected.
    """
    choice = turn.heard.choice or ""
    if choice.startswith("language:"):
        switch_language(turn)
    elif choice.startswith("ask:"):
        _ask_anew(turn, choice.removeprefix("ask:"))
    elif choice.startswith(CONSENT):
        settle_consent(turn)
    elif choice.startswith("act:"):
        acts = {
            "act:human": ask_for_person,
            "act:restart": start_over,
            "act:why": explain,
            "act:check": _check,
            "act:documents": tell_papers,
            "act:remind": remind,
        }
        acts.get(choice, advise)(turn)
    elif choice.startswith(("remind:", "forget:")):
        choose_reminder(turn)
    else:
        advise(turn)


def _ask_anew(turn: Turn, name: str) -> None:
    """Open the question of a fact that was answered, so that the answer can be changed."""
    fact = turn.base.facts.get(name)
    if fact is None:
        advise(turn)
        return
    turn.asked, turn.misses = name, 0
    before = ""
    if name in turn.facts:
        value = wording(turn, name, turn.facts[name]["value"])
        before = turn.phrase("question.anew", value=value)
    turn.show(open_question(turn, name), before=before)


def _check(turn: Turn) -> None:
    (decide if turn.topic else advise)(turn)


def _is_clear(turn: Turn) -> bool:
    """Whether the router is sure which service the message is about."""
    ranked = turn.heard.services
    return bool(ranked) and ranked[0][1] >= CLEAR and not turn.heard.not_ours

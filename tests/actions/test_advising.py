"""What the desk does with a message, given how it was read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from knowledge.periods import seoul_today
from tests.actions.conversation import Conversation, text, types

MOVE = "residence_change_report"
F5 = "permanent_residence.f5_2"


def test_a_rule_is_told_before_anything_is_asked() -> None:
    person = Conversation()
    replies = person.hear("what does it cost", "ask_fee", service=F5)
    assert types(replies) == ["answer"]
    assert "230,000" in text(replies)
    assert person.state["asked"] is None
    assert replies[-1]["choices"] == [{"label": "Yes", "value": "act:check"}]


def test_the_offer_to_check_begins_with_one_question() -> None:
    person = Conversation()
    person.hear("what does it cost", "ask_fee", service=F5)
    replies = person.hear(choice="act:check")
    assert types(replies) == ["question"]


def test_whether_one_may_gets_the_conditions_and_the_first_question() -> None:
    person = Conversation()
    replies = person.hear("can I", "ask_eligibility", service=MOVE)
    assert types(replies) == ["answer", "question"]
    assert person.state["asked"] == replies[-1]["card"]["fact"]


def test_what_was_told_in_the_opening_is_not_asked() -> None:
    person = Conversation()
    replies = person.hear("can I", "ask_eligibility", service=MOVE, registered=True)
    assert replies[-1]["card"]["fact"] == "moved_on"
    replies = person.hear("16 days ago", bare=("duration", "P16D"))
    (verdict,) = [r["card"] for r in replies if types([r]) == ["verdict"]]
    assert verdict["outcome"] == "not_eligible"


def test_a_bare_answer_is_read_in_the_light_of_the_question() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE)
    asked = person.state["asked"]
    person.hear("yes", "affirm")
    assert person.state["facts"][asked]["value"] is True


def test_not_knowing_is_kept_and_the_verdict_says_how_to_find_out() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE)
    person.hear("no idea", "unsure")
    replies = person.hear("no idea", "unsure")
    assert types(replies)[-1] == "verdict"
    card = replies[-1]["card"]
    assert card["outcome"] == "needs_more_info"
    assert all(unsure["find_out"] for unsure in card["unsure"])


def test_a_question_twice_not_understood_is_given_up() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE, registered=True)
    replies = person.hear("blue")
    assert "did not quite understand" in text(replies)
    replies = person.hear("green")
    assert types(replies)[-1] == "verdict"


def test_a_question_in_between_is_answered_and_the_own_goes_on() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE, registered=True)
    replies = person.hear("which papers", "ask_documents", service=MOVE)
    assert types(replies) == ["answer", "question"]
    assert person.state["asked"] == "moved_on"


def test_a_correction_names_the_fact_and_the_verdict_it_changes() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE, registered=True, moved_on="P16D")
    replies = person.hear("no, 3 days", "correct", moved_on="P3D")
    assert types(replies) == ["notice", "verdict"]
    (change,) = replies[0]["card"]["changed"]
    assert change["fact"] == "moved_on"
    assert change["label"] == "Day of the move"
    assert f"now {change['now']} (before: {change['before']})" in text(replies)
    assert change["verdicts"] == [
        {
            "service": MOVE,
            "title": "Report of a new address",
            "from": "not_eligible",
            "to": "eligible",
        }
    ]


def test_an_answer_is_changed_by_having_its_question_asked_again() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE, registered=True, moved_on="P16D")
    replies = person.hear(choice="ask:moved_on")
    assert types(replies) == ["question"]
    assert replies[0]["card"]["fact"] == "moved_on"
    assert "Until now you said: " in text(replies)
    replies = person.hear("no idea what you mean")
    assert types(replies) == ["question"]
    assert "did not quite understand" in text(replies)
    replies = person.hear("3 days ago", "inform", moved_on="P3D")
    assert types(replies) == ["notice", "verdict"]
    assert "That changes the result" in text(replies)


def test_an_answer_that_stays_as_it_is_is_left_after_two_tries() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE, registered=True, moved_on="P16D")
    before = person.state["facts"]["moved_on"]
    person.hear(choice="ask:moved_on")
    person.hear("blue")
    person.hear("green")
    assert person.state["asked"] is None
    assert person.state["facts"]["moved_on"] == before


def test_two_services_that_are_close_are_asked_about() -> None:
    person = Conversation()
    replies = person.hear("divorce", service=F5, sure=0.3, others=(("marriage_breakdown", 0.28),))
    assert types(replies) == ["clarify"]
    assert replies[0]["card"]["services"] == [F5, "marriage_breakdown"]
    replies = person.hear(choice="service:marriage_breakdown")
    assert person.state["services"] == ["marriage_breakdown"]


def test_a_new_topic_keeps_what_was_told() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=F5, residence="P3Y")
    replies = person.hear("and citizenship", "ask_eligibility", service="naturalisation.general")
    assert person.state["services"] == ["naturalisation.general"]
    (verdict,) = [r["card"] for r in replies if types([r]) == ["verdict"]]
    assert verdict["outcome"] == "not_eligible"


def test_an_ended_stay_is_urgent_and_still_answered() -> None:
    person = Conversation()
    replies = person.hear("can I", "ask_eligibility", service="stay_extension", stay_until="P-1D")
    assert "stay_until" not in person.state["facts"], "P-1D is no period"
    replies = person.hear("can I", "ask_eligibility", service="stay_extension", stay_until="-P1D")
    assert types(replies)[0] == "urgent"
    assert "verdict" in types(replies)
    assert person.state["triage"]["urgency"] == "high"


def _until(days_ago: int, reading: str) -> dict[str, dict[str, str]]:
    """The last day of a stay, told without its year: a day that was so long ago, or the next."""
    past = seoul_today() - timedelta(days=days_ago)
    days = {"past": past.isoformat(), "future": (past + timedelta(days=365)).isoformat()}
    return {"stay_until": {"value": days[reading], **days}}


def test_a_day_just_passed_and_told_without_its_year_is_asked_about() -> None:
    """Who wrote "until 14 November" on the 22nd may have a year left, or be here without a stay."""
    until = _until(8, "future")
    past, future = until["stay_until"]["past"], until["stay_until"]["future"]
    person = Conversation()
    replies = person.hear("", "ask_eligibility", service="stay_extension", yearless=until)
    assert "stay_until" not in person.state["facts"]
    assert "which of these two days" in replies[-1]["text"]
    values = [choice["value"] for choice in replies[-1]["choices"]]
    assert values[:2] == [f"fact:stay_until={past}", f"fact:stay_until={future}"]
    again = person.hear("", yearless=until)
    assert types(again)[0] == "urgent", "said twice, it is the nearer of the two"
    assert person.state["facts"]["stay_until"]["value"] == past


def test_which_year_may_be_told_by_the_year_alone() -> None:
    until = _until(8, "future")
    person = Conversation()
    person.hear("", "ask_eligibility", service="stay_extension", yearless=until)
    day = until["stay_until"]["future"]
    year = {"value": f"{day[:4]}-01-01", "precision": "year"}
    person.hear("next year", yearless={"stay_until": year})
    assert person.state["facts"]["stay_until"]["value"] == day


def test_a_day_that_the_words_say_has_passed_is_not_taken_for_next_years() -> None:
    ended = _until(8, "past")
    replies = Conversation().hear("it ended", service="stay_extension", yearless=ended)
    assert types(replies)[0] == "urgent"


def test_a_day_that_passed_long_ago_is_the_next_one() -> None:
    until = _until(100, "future")
    person = Conversation()
    person.hear("", "ask_eligibility", service="stay_extension", yearless=until)
    assert person.state["facts"]["stay_until"]["value"] == until["stay_until"]["future"]


def test_a_child_without_papers_is_urgent_and_still_answered() -> None:
    person = Conversation()
    replies = person.hear(
        "my son has no papers, school?",
        "ask_procedure",
        service="gyeonggi_children",
        danger="child_no_papers",
    )
    assert types(replies)[0] == "urgent"
    assert "answer" in types(replies)
    card = replies[0]["card"]
    assert (card["level"], card["reason"]) == ("high", "child")
    assert {contact["phone"] for contact in card["contacts"]} == {"1345"}
    assert "Ansan" in card["contacts"][-1]["name"]
    assert any("school" in step for step in card["steps"])
    assert person.state["triage"]["urgency"] == "high"


def test_a_child_without_papers_told_as_an_emergency_is_high() -> None:
    person = Conversation()
    replies = person.hear("my baby has no papers", "emergency", danger="child_no_papers")
    assert types(replies) == ["urgent"]
    assert replies[0]["card"]["level"] == "high"


def test_a_person_in_danger_is_put_through_no_form() -> None:
    person = Conversation()
    replies = person.hear("he hits me", "emergency", danger="violence")
    assert types(replies) == ["urgent", "handoff"]
    assert "112" in text(replies)
    assert "1577-1366" in text(replies)
    assert person.state["handoff"] == "requested"
    assert person.state["asked"] is None


@pytest.mark.parametrize("act", ["inform", "ask_eligibility"])
def test_danger_is_seen_whatever_the_act(act: str) -> None:
    person = Conversation()
    replies = person.hear("he hits me, visa?", act, service=F5, danger="violence")
    assert types(replies) == ["urgent", "handoff"]


@pytest.mark.parametrize("act", ["greet", "out_of_scope", "complain"])
def test_danger_is_seen_in_what_seemed_small_talk(act: str) -> None:
    told = Conversation().hear("hello, he hits me", act, act_sure=0.8, danger="violence")
    assert types(told) == ["urgent", "handoff"]


def test_who_asks_for_a_person_in_danger_is_shown_whom_to_call_first() -> None:
    told = Conversation().hear("somebody please, he hits me", "human", danger="violence")
    assert types(told)[:2] == ["urgent", "handoff"]


def test_after_an_alarm_no_form_goes_on_and_a_place_begins_none() -> None:
    person = Conversation()
    person.hear("I moved", service=MOVE)
    assert person.state["asked"]
    person.hear("he beats me", "emergency", danger="violence")
    for said, service in (("yes", F5), ("I am in Incheon", "alien_registration")):
        (reply,) = person.hear(said, service=service, sure=0.6)
        assert "still here" in reply["text"]
    replies = person.hear("how do I report it?", "ask_procedure", service=MOVE)
    assert person.state["services"] == [MOVE], "asked for, it is there"
    assert "answer" in types(replies)


@pytest.mark.parametrize("act", ["complain", "greet", "start_over"])
def test_a_matter_is_heard_whatever_the_tone(act: str) -> None:
    """ "I moved" in Mongolian was taken for a complaint, in Russian for "start over"."""
    person = Conversation()
    person.hear("I am registered", registered=True)
    replies = person.hear("I moved", act, service=MOVE)
    assert person.state["services"] == [MOVE]
    assert person.state["facts"]["registered"]["value"] is True
    assert "question" in types(replies)


def test_after_an_alarm_few_words_are_not_declined() -> None:
    """ "I am so scared" was once answered with "I cannot help with that"."""
    person = Conversation()
    person.hear("he beats me", "emergency", danger="violence")
    (reply,) = person.hear("I am so scared", "inform", others=(("unrelated", 0.9),))
    assert "still here" in reply["text"]
    (reply,) = person.hear("what now?", "ask_procedure", others=(("unrelated", 0.9),))
    assert types([reply]) == ["urgent"], "whom to call and the steps, once more"
    (reply,) = person.hear("and the weather?", "out_of_scope", others=(("unrelated", 0.9),))
    assert reply["card"]["type"] == "out_of_scope"


def test_a_word_of_thanks_that_is_surely_one_is_no_cry_for_help() -> None:
    told = Conversation().hear("thanks, you saved me", "thanks", act_sure=0.99, danger="violence")
    assert "urgent" not in types(told)


def test_why_repeats_the_question_with_its_reason() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE)
    asked = person.state["asked"]
    replies = person.hear("why", "why")
    assert replies[0]["card"]["fact"] == asked
    assert replies[0]["card"]["why"] in replies[0]["text"]


def test_starting_over_forgets_facts_and_topic() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=MOVE, registered=True)
    person.hear("start over", "start_over")
    assert (person.state["facts"], person.state["services"]) == ({}, [])


def test_what_is_not_ours_is_declined_with_what_the_desk_can_do() -> None:
    replies = Conversation().hear("weather?", "out_of_scope", others=((F5, 0.1),))
    assert replies[0]["card"]["reason"] == "unrelated"


def test_an_unclear_out_of_scope_stays_with_a_topic_the_router_is_sure_of() -> None:
    replies = Conversation().hear("F5??", "out_of_scope", service=F5, sure=0.9)
    assert "out_of_scope" not in types(replies)


def test_a_language_that_is_only_understood_says_so_once() -> None:
    person = Conversation()
    first = person.hear("biaya", "ask_fee", service=F5, language="id")
    second = person.hear("dokumen", "ask_documents", service=F5, language="id")
    assert "한국어로도" in first[0]["text"]
    assert "한국어로도" not in second[0]["text"]
    assert first[0]["language"] == "en"


def test_every_reply_is_in_the_language_of_the_message() -> None:
    replies = Conversation().hear("手数料", "ask_fee", service=F5, language="ja")
    assert {reply["language"] for reply in replies} == {"ja"}


AFTER_DIVORCE = ("stay_extension", "permanent_residence.f5_2", "naturalisation.simplified_marriage")


def unsure_which(conversation: Conversation) -> list[dict[str, Any]]:
    (which,) = conversation.hear(
        "can I stay after the divorce?",
        "ask_eligibility",
        service=AFTER_DIVORCE[0],
        sure=0.3,
        others=((AFTER_DIVORCE[1], 0.28), (AFTER_DIVORCE[2], 0.25)),
    )
    assert which["card"]["services"] == list(AFTER_DIVORCE)
    return conversation.hear(choice=which["choices"][-1]["value"])


def test_who_cannot_tell_which_procedure_is_led_through_all_of_them() -> None:
    conversation = Conversation()
    (question,) = unsure_which(conversation)
    asked = set()
    while question["card"]["type"] == "question":
        fact = question["card"]["fact"]
        assert fact not in asked
        asked.add(fact)
        answer = {"status": "F-6", "marriage": "divorced", "residence": "P5Y"}.get(fact)
        if answer is None:
            (question,) = conversation.hear("I don't know", "unsure")[-1:]
        else:
            (question,) = conversation.hear("it is", **{fact: answer})[-1:]
    card = question["card"]
    assert set(card["outcomes"]) == set(AFTER_DIVORCE)
    assert [c["value"] for c in question["choices"]] == [f"service:{s}" for s in card["outcomes"]]
    # One question serves several: fewer than one after the other would take.
    assert {"status", "marriage"} <= asked
    (verdict,) = conversation.hear(choice=f"service:{card['services'][0]}")[-1:]
    assert verdict["card"]["service"] == card["services"][0]


def test_i_do_not_know_after_which_do_you_mean_takes_them_all_too() -> None:
    conversation = Conversation()
    unsure_which(conversation)
    assert set(conversation.state["services"]) == set(AFTER_DIVORCE)
    other = Conversation()
    other.hear(
        "x", "ask_eligibility", service="kiip", sure=0.3, others=(("early_adaptation", 0.3),)
    )
    (question,) = other.hear("no idea", "unsure")[-1:]
    assert set(other.state["services"]) == {"kiip", "early_adaptation"}
    assert question["card"]["type"] == "question"


def test_a_question_across_services_says_which_it_serves() -> None:
    (question,) = unsure_which(Conversation())
    assert len(question["card"]["services"]) > 1
    assert question["card"]["service"] is None


def asked_who_pays() -> Conversation:
    person = Conversation()
    (question,) = person.hear("D-4-3 for my son", "ask_eligibility", service="d4_3.issuance")[-1:]
    assert question["card"]["fact"] == "funding"
    return person


def test_a_doubtful_answer_is_confirmed_not_assumed() -> None:
    person = asked_who_pays()
    (confirm,) = person.hear("сами платим", "inform", about_funding="self")
    assert "funding" not in person.state["facts"]
    assert "Do you mean “We pay ourselves" in confirm["text"]
    assert confirm["choices"][0] == {"label": "Yes", "value": "fact:funding=self"}
    person.hear("yes", "affirm")
    assert person.state["facts"]["funding"]["value"] == "self"


def test_an_answer_that_sounds_like_a_question_gets_no_empty_answer() -> None:
    person = asked_who_pays()
    replies = person.hear("we pay the fee", "ask_what")
    assert types(replies) == ["question"]


def test_a_bare_sum_while_a_question_is_open_is_no_question_about_fees() -> None:
    person = asked_who_pays()
    replies = person.hear("45 million won", "ask_fee", bare=("money", 45_000_000))
    assert types(replies) == ["question"]


def test_what_is_vaguely_like_a_service_is_declined_with_whom_to_call() -> None:
    near = (("change_report", 0.2), ("not_covered", 0.15))
    (reply,) = Conversation().hear("lost my alien card", "out_of_scope", others=near)
    assert reply["card"]["reason"] == "not_covered"
    assert "1345" in reply["text"]


def test_a_doubtful_answer_is_dropped_where_the_topic_changes_with_it() -> None:
    person = asked_who_pays()
    replies = person.hear(
        "we pay, but first: the address", "ask_deadline", service=MOVE, about_funding="self"
    )
    assert person.state["services"] == [MOVE]
    assert "Do you mean" not in text(replies)

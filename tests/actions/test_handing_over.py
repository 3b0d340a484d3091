"""When a counsellor is offered, what raises the urgency, and who is asked for consent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.conversation import Conversation, text, types

F5 = "permanent_residence.f5_2"
MOVE = "residence_change_report"
LOSS = "permanent_residence.loss"
YES, NO = "consent:given", "consent:refused"


def values(messages: list[dict[str, Any]]) -> list[str]:
    """The values of the buttons of the last message."""
    return [choice["value"] for choice in messages[-1]["choices"]]


def urgency(person: Conversation) -> tuple[str, list[str]]:
    triage = person.state["triage"]
    return triage["urgency"], triage["reasons"]


@pytest.mark.parametrize(
    ("answer", "consent"),
    [
        ({"act": "affirm", "text": "yes"}, "given"),
        ({"act": "deny", "text": "no"}, "refused"),
        ({"choice": YES}, "given"),
        ({"choice": NO}, "refused"),
    ],
)
def test_who_asks_for_a_counsellor_is_asked_what_may_be_passed_on(
    answer: dict[str, str], consent: str
) -> None:
    person = Conversation()
    replies = person.hear("a person, please", "human")
    assert types(replies) == ["handoff"], "nobody waits for the consent"
    assert values(replies) == [YES, NO]
    assert urgency(person) == ("normal", ["asked_for_person"])
    person.hear(**answer)
    assert person.state["consent"] == consent
    assert person.state["handoff"] == "requested"


def test_a_yes_to_something_else_is_no_consent() -> None:
    person = Conversation()
    person.hear("a person, please", "human")
    person.hear("can I", "ask_eligibility", service=F5)
    person.hear("yes", "affirm")
    assert person.state["consent"] == "asked"


def test_consent_once_given_is_not_asked_for_again() -> None:
    person = Conversation()
    person.hear("a person, please", "human")
    person.hear(choice=YES)
    assert values(person.hear("where is the counsellor?", "human")) == []


def test_where_life_is_in_danger_contacts_come_first_and_nobody_is_asked() -> None:
    person = Conversation()
    replies = person.hear("he will kill me", "emergency")
    assert types(replies) == ["urgent", "handoff"]
    assert values(replies) == []
    assert urgency(person) == ("emergency", ["danger"])
    person.hear("thank you", "thanks")
    assert urgency(person)[0] == "emergency", "it does not pass with the message"


def test_what_is_urgent_is_told_to_the_counsellors_without_what_was_said() -> None:
    person = Conversation()
    replies = person.hear("", "ask_deadline", service="stay_extension", stay_until="P3D")
    assert urgency(person)[0] == "high"
    while (asked := person.state["asked"]) is not None:
        replies = person.hear(choice=f"fact:{asked}=unsure")
    assert person.state["consent"] == "asked"
    assert values(replies)[-2:] == [YES, NO]
    assert "I have told the counsellors" in text(replies)


def test_a_verdict_no_rule_can_settle_offers_a_counsellor_once() -> None:
    person = Conversation()
    away = {"loss_event": "long_trip", "absence_permit": "no_permit", "abroad_length": "P18M"}
    replies = person.hear("did I lose it", "ask_eligibility", service=LOSS, **away)
    assert urgency(person)[1] == ["disputed", "depends"]
    assert "act:human" in values(replies)
    again = person.hear("papers", "ask_documents")
    assert "act:human" not in values(again)
    assert person.state["handoff"] is None, "it is only offered"


def test_no_counsellor_is_offered_under_a_question() -> None:
    person = Conversation()
    replies = person.hear("divorce is at court", service=F5, marriage="divorcing")
    assert types(replies)[-1] == "question"
    assert "act:human" not in values(replies)
    assert "lawsuit" in urgency(person)[1]


def test_a_question_not_understood_twice_offers_a_counsellor() -> None:
    person = Conversation()
    person.hear("can I", "ask_eligibility", service=F5)
    for _ in range(2):
        person.hear("mumble")
    assert "misunderstood" in person.state["signals"]


def test_two_messages_in_a_row_that_are_not_ours_offer_one_too() -> None:
    person = Conversation()
    person.hear("weather?", "out_of_scope", others=((F5, 0.1),))
    assert urgency(person) == ("low", ["out_of_base"])
    replies = person.hear("football?", "out_of_scope", others=((F5, 0.1),))
    assert urgency(person) == ("normal", ["misunderstood", "out_of_base"])
    assert "act:human" in values(replies)


def test_anger_is_noted_and_the_way_to_a_person_shown() -> None:
    person = Conversation()
    replies = person.hear("useless!", "complain")
    assert urgency(person) == ("normal", ["anger"])
    assert values(replies).count("act:human") == 1


def test_a_hard_story_to_which_there_is_no_answer_raises_the_alarm_sooner() -> None:
    ran_away = Conversation().hear("ran away", "emergency", service="not_covered", act_sure=0.75)
    question = Conversation().hear("ran away", "emergency", service=MOVE, act_sure=0.75)
    assert "urgent" in types(ran_away)
    assert "urgent" not in types(question)


def test_a_hard_story_that_is_no_emergency_is_answered_and_noted() -> None:
    person = Conversation()
    replies = person.hear("he left me, I moved out", "emergency", service=MOVE, act_sure=0.6)
    assert "urgent" not in types(replies)
    assert "fear" in person.state["signals"]

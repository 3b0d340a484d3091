"""Reminders: what the desk takes for one, and what it tells the gateway to keep."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.catalogue import Catalogue
from knowledge.periods import Period, seoul_today
from tests.actions.conversation import Conversation, text, types

TODAY = seoul_today()
FAR = Period.parse("P8M").after(TODAY)
EN = Catalogue.of("en")


def _kept(person: Conversation) -> list[tuple[str, str]]:
    return [(reminder["about"], reminder["on"]) for reminder in person.state["reminders"]]


def _values(reply: dict[str, object]) -> list[str]:
    return [choice["value"] for choice in reply["choices"]]  # type: ignore[attr-defined]


def _told(day: date = FAR) -> Conversation:
    person = Conversation()
    person.hear("my stay ends then", service="stay_extension", stay_until=day.isoformat())
    return person


def test_in_words_with_the_day_known_it_is_set_and_said_with_its_date() -> None:
    person = _told()
    replies = person.hear(
        "remind me two months before my stay ends",
        "ask_deadline",
        reminder="P2M",
        service="stay_extension",
        stay_until="P2M",
    )
    on = Period.parse("P2M").before(FAR)
    assert _kept(person) == [("fact/stay_until", on.isoformat())]
    assert EN.day(on) in text(replies) and EN.day(FAR) in text(replies)
    assert person.state["facts"]["stay_until"]["value"] == FAR.isoformat(), "no fact was told"


def test_a_day_on_which_to_be_reminded_is_no_length_of_time() -> None:
    person = _told()
    on = Period.parse("P20D").before(FAR)
    person.hear("remind me on that day", reminder="", bare=("date", on.isoformat()))
    assert _kept(person) == [("fact/stay_until", on.isoformat())]
    assert person.state["facts"]["stay_until"]["value"] == FAR.isoformat(), "no fact was told"


def test_a_day_after_the_last_one_sets_nothing() -> None:
    person = _told()
    late = Period.parse("P2M").after(FAR)
    replies = person.hear("remind me then", reminder="", bare=("date", late.isoformat()))
    assert not _kept(person)
    assert EN.day(FAR) in text(replies), "what can be reminded of is shown"


def test_the_day_is_asked_for_where_it_is_not_known() -> None:
    person = Conversation()
    said = "remind me two weeks before my visa ends"
    replies = person.hear(said, reminder="P14D")
    assert types(replies) == ["question"]
    assert person.state["asked"] == "stay_until"
    assert not _kept(person)
    replies = person.hear("then", bare=("date", FAR.isoformat()))
    on = Period.parse("P14D").before(FAR)
    assert _kept(person) == [("fact/stay_until", on.isoformat())]
    assert types(replies) == ["notice"]


def test_the_day_may_come_in_the_same_message() -> None:
    person = Conversation()
    message = {
        "text": "my stay ends then, remind me a month before",
        "reminder": "P1M",
    }
    replies = person.hear(**message, date_of={"stay_until": FAR.isoformat()})
    assert _kept(person) == [("fact/stay_until", Period.parse("P1M").before(FAR).isoformat())]
    assert person.state["facts"]["stay_until"]["value"] == FAR.isoformat()
    assert EN.day(FAR) in text(replies)


def test_a_day_without_its_year_is_one_to_come() -> None:
    past = Period.parse("P8D").before(TODAY).isoformat()
    readings = {"value": FAR.isoformat(), "past": past, "future": FAR.isoformat()}
    person = Conversation()
    person.hear("remind me", reminder="P1M", yearless={"stay_until": readings})
    assert person.state["facts"]["stay_until"]["value"] == FAR.isoformat()
    person = Conversation()
    person.hear("remind me", reminder="P14D")
    person.hear("then", yearless={"stay_until": readings})
    assert _kept(person) == [("fact/stay_until", Period.parse("P14D").before(FAR).isoformat())]


def test_who_does_not_know_the_day_is_told_how_to_find_it_out() -> None:
    person = Conversation()
    person.hear("remind me", reminder="")
    replies = person.hear("no idea", "unsure")
    assert "alien registration card" in text(replies)
    assert not _kept(person)


def test_by_buttons_from_the_day_to_the_reminder_and_away_again() -> None:
    person = _told()
    shown = person.hear(choice="act:remind")
    assert "remind:fact/stay_until" in _values(shown[0])
    when = person.hear(choice="remind:fact/stay_until")
    assert [v.rpartition(":")[2] for v in _values(when[0])] == ["P2M", "P1M", "P14D", "P7D", "P1D"]
    assert EN.day(Period.parse("P2M").before(FAR)) in when[0]["choices"][0]["label"]
    person.hear(choice="remind:fact/stay_until:P7D")
    listed = person.hear("which reminders do I have", reminder="")
    assert EN.day(Period.parse("P7D").before(FAR)) in text(listed)
    assert "forget:fact/stay_until:P7D" in _values(listed[0])
    person.hear(choice="forget:fact/stay_until:P7D")
    assert not _kept(person)


def test_a_reminder_whose_day_is_over_is_not_set_and_others_are_offered() -> None:
    soon = Period.parse("P20D").after(TODAY)
    person = _told(soon)
    replies = person.hear("two months before", reminder="P2M")
    assert not _kept(person)
    assert [v.rpartition(":")[2] for v in _values(replies[-1])] == ["P14D", "P7D", "P1D"]
    assert EN.phrase("reminder.over", period="2 months", on="").split(".")[0] in text(replies)


def test_a_reminder_follows_the_day_it_is_about() -> None:
    person = _told()
    person.hear(choice="remind:fact/stay_until:P1M")
    later = Period.parse("P1Y").after(FAR)
    replies = person.hear("it was extended", "correct", stay_until=later.isoformat())
    on = Period.parse("P1M").before(later)
    assert _kept(person) == [("fact/stay_until", on.isoformat())]
    assert EN.phrase("reminder.moved", on=EN.day(on)) in text(replies)
    near = Period.parse("P9D").after(TODAY)
    replies = person.hear("no, it ends sooner", "correct", stay_until=near.isoformat())
    assert not _kept(person)
    assert EN.phrase("reminder.dropped") in text(replies)


def test_a_reminder_goes_where_its_day_is_over_after_all() -> None:
    person = _told()
    person.hear(choice="remind:fact/stay_until:P1M")
    over = Period.parse("P3D").before(TODAY)
    replies = person.hear("no, it ended", "correct", stay_until=over.isoformat())
    assert not _kept(person)
    assert EN.phrase("reminder.dropped") in text(replies)


def test_a_reminder_outlives_a_new_beginning_and_speaks_the_new_language() -> None:
    person = _told()
    person.hear(choice="remind:fact/stay_until:P1M")
    person.hear(choice="language:ko")
    (reminder,) = person.state["reminders"]
    assert reminder["language"] == "ko"
    assert Catalogue.of("ko").day(FAR) in reminder["text"]
    person.hear("from the beginning", "start_over")
    assert person.state["facts"] == {}
    assert _kept(person) == [("fact/stay_until", Period.parse("P1M").before(FAR).isoformat())]


def test_the_earliest_of_disputed_last_days_counts() -> None:
    moved = Period.parse("P2D").before(TODAY)
    person = Conversation()
    person.hear("I moved", service="residence_change_report", moved_on=moved.isoformat())
    shown = person.hear(choice="act:remind")
    assert EN.day(Period.parse("P14D").after(moved)) in shown[0]["choices"][0]["label"]


def test_a_verdict_with_a_day_ahead_offers_it_and_a_question_does_not() -> None:
    person = Conversation()
    moved = Period.parse("P2D").before(TODAY)
    replies = person.hear(
        "can I", "ask_eligibility", service="residence_change_report", registered=True
    )
    assert "act:remind" not in _values(replies[-1])
    replies = person.hear("on that day", bare=("date", moved.isoformat()))
    assert types(replies)[-1] == "verdict"
    assert _values(replies[-1])[-1] == "act:remind"
    deadline = "deadline/residence_change_report/report_deadline"
    person.hear(choice=f"remind:{deadline}:P7D")
    replies = person.hear("when", "ask_deadline", service="residence_change_report")
    assert "act:remind" not in _values(replies[-1]), "it is set already"


@pytest.mark.parametrize(
    "choice", ["remind:", "remind:fact/gone:P1M", "forget:fact/gone:P1M", "remind:fact/stay_until"]
)
def test_a_stale_button_sets_nothing_and_says_so(choice: str) -> None:
    person = Conversation()
    replies = person.hear(choice=choice)
    assert text(replies).strip()
    assert not _kept(person)


def test_papers_of_what_the_conversation_is_about() -> None:
    person = Conversation()
    assert text(person.hear(choice="act:documents")) == EN.phrase("documents.none")
    person.hear("I want to", service="residence_change_report", registered=True)
    reply, question = person.hear(choice="act:documents")
    assert question["card"]["fact"] == person.state["asked"], "the open question stays open"
    papers = {item["id"] for item in reply["card"]["items"]}
    assert {"passport", "registration_card"} <= papers
    assert all(item["kind"] == "document" for item in reply["card"]["items"])

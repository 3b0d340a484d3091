"""One owner at any time: the desk or one counsellor, and what each of them is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.cases.case import CaseFile
from bot.cases.counsel import Cases
from bot.cases.ownership import Counsellor, NoSuchCase, NotAllowed, NotOpen, NotYours, Taken
from bot.cases.queue import Queue
from bot.conversations import Desk
from bot.events import CaseChange
from bot.masking import Masking
from bot.messages import Conversation, Message
from bot.personal_numbers import mask
from bot.rasa import Rasa
from bot.settings import Settings
from bot.store import Store
from knowledge.base import KnowledgeBase
from tests.bot.fake_rasa import TOKEN, FakeRasa, turn
from tests.bot.test_conversations import eventually

KIM, LEE = Counsellor("kim"), Counsellor("lee")
LEAD = Counsellor("choi", "lead")
F5 = "permanent_residence.f5_2"


@pytest.fixture(autouse=True)
def hands_over(rasa: FakeRasa) -> None:
    """This Rasa hands over where it is asked to, and goes on from the state it is given."""

    def answer(body: dict[str, Any]) -> Any:
        said = body["message"] or body["choice"]
        state = body["state"] | {"handoff": body["state"]["handoff"]}
        if said == "human":
            facts = {"status": {"value": "F-6", "words": "my F6, passport M12345678"}}
            state |= {"handoff": "requested", "facts": facts, "services": [F5]}
            return turn("handing over", {"type": "handoff", "expected": "soon"}, **state)
        if said == "danger":
            state |= {"triage": {"urgency": "emergency", "reasons": ["danger"]}}
            return turn("call 112", **state | {"signals": ["danger"]})
        return turn(f"you said {said}", **state)

    rasa.answer = answer  # type: ignore[method-assign]


async def hand_over(desk: Desk, cases: Cases, words: str = "human") -> tuple[Conversation, str]:
    """A conversation with a case in the queue."""
    conversation, _, _ = await desk.open("en")
    await desk.say(conversation, words)
    [case] = [e.case for e in await cases.queue(LEAD) if e.conversation == conversation.id]
    return conversation, case


async def spoken(desk: Desk, conversation: Conversation) -> list[str]:
    found = await desk.store.messages(conversation.id)
    return [f"{m.role}: {m.text}" for m in found[1:]]


async def read(desk: Desk, conversation: Conversation) -> Conversation:
    found = await desk.store.conversation(conversation.id)
    assert found is not None
    return found


async def test_of_two_who_take_at_once_one_wins(
    desk: Desk, cases: Cases, settings: Settings, rasa: FakeRasa, base: KnowledgeBase
) -> None:
    store = await Store.open(settings.database)  # as another process would
    way = Rasa([rasa.url], TOKEN, [rasa.url])
    other = Cases(Desk(store, way, Masking("key")), base, Queue(base), mask)
    for _ in range(10):
        conversation, case = await hand_over(desk, cases)
        results = await asyncio.gather(
            cases.take(case, KIM), other.take(case, LEE), return_exceptions=True
        )
        [lost] = [r for r in results if r is not None]
        assert isinstance(lost, Taken)
        assert lost.by == (await read(desk, conversation)).owner
        assert sum("has your case" in line for line in await spoken(desk, conversation)) == 1
    await way.close()
    await store.close()


async def test_taking_again_what_one_has_changes_nothing(desk: Desk, cases: Cases) -> None:
    conversation, case = await hand_over(desk, cases)
    await cases.take(case, KIM)
    before = await spoken(desk, conversation)
    await cases.take(case, KIM)
    assert await spoken(desk, conversation) == before


async def test_the_desk_is_silent_while_a_counsellor_has_the_conversation(
    desk: Desk, cases: Cases, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        await cases.take(case, KIM)
        asked = len(rasa.heard)
        async with cases.follow() as changes:
            assert await desk.say(conversation, "are you there?") == []
            assert await desk.say(conversation, "👋") == [], "nor is it called unreadable"
            assert await desk.say(conversation, choice="act:human") == []
            assert changes.get_nowait() == CaseChange(case, conversation.id)
        await cases.write(case, KIM, "Yes, I am Kim.")
        assert (await spoken(desk, conversation))[-4:] == [
            "applicant: are you there?",
            "applicant: 👋",
            "applicant: Talk to a person",
            "counsellor: Yes, I am Kim.",
        ]
        assert len(rasa.heard) == asked
        assert not await desk.store.conversations_waiting()


async def test_the_person_reads_the_counsellor_live(desk: Desk, cases: Cases) -> None:
    conversation, case = await hand_over(desk, cases)
    async with desk.subscribe(conversation.id) as events:
        await cases.take(case, KIM)
        said = await cases.write(case, KIM, "Hello", language="en")
        told = [events.get_nowait() for _ in range(events.qsize())]
    assert [m.role for m in told if isinstance(m, Message)] == ["system", "counsellor"]
    assert told[-1] == said
    assert told[0].card == {
        "type": "handoff",
        "service": None,
        "case_id": case,
        "status": "assigned",
        "expected": told[0].text.split("\n")[0],
        "citations": [],
    }


async def test_an_answer_under_way_when_a_counsellor_takes_over_is_not_told(
    desk: Desk, cases: Cases, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        asked = len(rasa.heard)
        rasa.free.clear()
        saying = asyncio.create_task(desk.say(conversation, "one more thing"))
        await eventually(lambda: _truth(len(rasa.heard) > asked))
        await cases.take(case, KIM)
        rasa.free.set()
        assert await saying == []
        assert "desk: you said one more thing" not in await spoken(desk, conversation)
        [question] = [m for m in (await file(cases, case)).messages if m.role == "applicant"]
        assert question.to_counsellor
        assert not await desk.store.conversations_waiting()


async def test_an_answer_under_way_through_a_whole_handover_does_not_undo_it(
    desk: Desk, cases: Cases, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        asked = len(rasa.heard)
        rasa.free.clear()
        saying = asyncio.create_task(desk.say(conversation, "slow"))
        await eventually(lambda: _truth(len(rasa.heard) > asked))
        seen = (await desk.store.messages(conversation.id))[-2].id
        await cases.take(case, KIM)
        await cases.correct(case, KIM, "status", "F-2")
        await cases.hand_back(case, KIM, "Your status is F-2.", seen=seen)
        rasa.free.set()
        await saying
        await eventually(lambda: _is_answered(desk))
        lines = await spoken(desk, conversation)
        assert lines[-1] == "desk: you said slow", "not seen, so the desk answers it"
        assert lines.count("desk: you said slow") == 1
        assert (await read(desk, conversation)).state.facts["status"].value == "F-2"
        assert rasa.heard[-1]["state"]["facts"]["status"]["value"] == "F-2"


async def test_what_waits_when_a_counsellor_takes_over_is_theirs(
    desk: Desk, cases: Cases, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        await rasa.stop()
        assert [m.role for m in await desk.say(conversation, "hello?")] == ["system"]
        await cases.take(case, KIM)
        await desk.say(conversation, "still there?")
        await rasa.start()
        await cases.close(case, KIM, "answered")
        lines = await spoken(desk, conversation)
        assert not [line for line in lines if line.startswith("desk: you said")]
        assert sum("takes a little longer" in line for line in lines) == 1


async def test_what_was_written_after_the_counsellor_looked_is_answered_by_the_desk(
    desk: Desk, cases: Cases
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        await cases.take(case, KIM)
        await desk.say(conversation, "thank you")
        seen = (await desk.store.messages(conversation.id))[-1].id
        await desk.say(conversation, "oh, and the fee?")
        await cases.close(case, KIM, "answered", seen=seen)
        await eventually(lambda: _is_answered(desk))
        lines = await spoken(desk, conversation)
        assert lines[-1] == "desk: you said oh, and the fee?"
        assert "desk: you said thank you" not in lines


async def test_after_hand_back_the_desk_goes_on_with_the_corrected_facts(
    desk: Desk, cases: Cases, rasa: FakeRasa
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        await cases.take(case, KIM)
        await cases.correct(case, KIM, "residence", "P3Y")
        await cases.hand_back(case, KIM, "You have lived here for three years.")
        told = (await desk.store.messages(conversation.id))[-1]
        assert told.role == "system"
        assert "You have lived here for three years." in told.text
        assert "3 years" in told.text, "the corrected fact in the person's words"
        assert told.card and told.card["status"] == "closed"
        [answer] = await desk.say(conversation, "and now?")
        assert answer.text == "you said and now?"
        state = rasa.heard[-1]["state"]
        assert state["facts"]["residence"] == {"value": "P3Y", "words": None, "by": "counsellor"}
        assert state["facts"]["status"]["by"] == "applicant"
        assert state["handoff"] is None


async def test_a_restart_leaves_the_conversation_with_the_counsellor(
    desk: Desk, cases: Cases, rasa: FakeRasa, settings: Settings, base: KnowledgeBase
) -> None:
    conversation, case = await hand_over(desk, cases)
    await cases.take(case, KIM)
    store = await Store.open(settings.database)
    way = Rasa([rasa.url], TOKEN, [rasa.url])
    async with Desk(store, way, Masking("key")) as after_it:
        assert await after_it.say(conversation, "are you still there?") == []
        later = Cases(after_it, base, Queue(base), mask)
        await later.write(case, KIM, "Still here.")
        assert (await spoken(after_it, conversation))[-1] == "counsellor: Still here."
    await way.close()
    await store.close()


async def test_only_who_has_the_case_acts_in_it(desk: Desk, cases: Cases) -> None:
    _, case = await hand_over(desk, cases)
    with pytest.raises(NotYours):
        await cases.write(case, KIM, "too early")
    await cases.take(case, KIM)
    for refused in (
        cases.open(case, LEE, "en"),
        cases.write(case, LEE, "hello"),
        cases.correct(case, LEE, "status", "F-2"),
        cases.close(case, LEE, "answered"),
        cases.transfer(case, LEE, "lee", "mine now"),
    ):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(NotYours):
        await cases.write(case, LEAD, "a lead moves cases, and writes in none")
    await cases.transfer(case, LEAD, "lee", "Kim is ill")
    await cases.write(case, LEE, "Hello, I am Lee.")
    with pytest.raises(NotAllowed):
        await cases.write(case, KIM, "no longer mine")
    await cases.close(case, LEE, "answered")
    with pytest.raises(NotOpen):
        await cases.take(case, LEE)
    with pytest.raises(NoSuchCase):
        await cases.take("none", LEE)


async def test_a_case_goes_on_after_it_was_released_closed_and_reopened(
    desk: Desk, cases: Cases
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases)
        await cases.take(case, KIM)
        await cases.release(case, KIM, "lunch")
        assert [m.text for m in await desk.say(conversation, "hello")] == ["you said hello"]
        await cases.take(case, LEE)
        await cases.close(case, LEE, "referred")
        assert [m.text for m in await desk.say(conversation, "thanks")] == ["you said thanks"]
        closed = (await read(desk, conversation)).case
        assert closed and (closed.id, closed.status) == (case, "closed")
        await cases.reopen(case, LEE)
        assert (await read(desk, conversation)).owner == "lee"
        assert await desk.say(conversation, "oh") == []
        await cases.close(case, LEE, "answered")
        await desk.say(conversation, "human")
        newer = (await read(desk, conversation)).case
        assert newer and newer.id != case and newer.status == "queued"
        with pytest.raises(NotOpen):
            await cases.reopen(case, LEE)


async def test_what_a_counsellor_has_dealt_with_raises_no_second_case(
    desk: Desk, cases: Cases
) -> None:
    async with desk:
        conversation, case = await hand_over(desk, cases, "danger")
        await cases.take(case, KIM)
        await cases.close(case, KIM, "referred")
        await desk.say(conversation, "danger")
        assert (await read(desk, conversation)).case.id == case  # type: ignore[union-attr]


async def test_a_message_sent_twice_is_said_once(desk: Desk, cases: Cases) -> None:
    conversation, case = await hand_over(desk, cases)
    await cases.take(case, KIM)
    first = await cases.write(case, KIM, "Hello", key="form-1")
    assert await cases.write(case, KIM, "Hello", key="form-1") == first
    assert (await spoken(desk, conversation)).count("counsellor: Hello") == 1


async def test_a_record_is_inserted_in_the_language_of_the_person(
    desk: Desk, cases: Cases, base: KnowledgeBase
) -> None:
    conversation, _, _ = await desk.open("vi")
    await desk.say(conversation, "human")
    [entry] = await cases.queue(KIM)
    await cases.take(entry.case, KIM)
    item = base.services[F5].documents[0]
    said = await cases.insert_record(entry.case, KIM, F5, item.id)
    assert (said.role, said.language) == ("counsellor", "vi")
    assert said.card and said.card["items"][0]["citations"]
    assert "Vĩnh trú" in said.text
    with pytest.raises(LookupError):
        await cases.insert_record(entry.case, KIM, F5, "no_such_item")


async def test_nothing_told_is_passed_on_before_the_person_agrees(desk: Desk, cases: Cases) -> None:
    conversation, case = await hand_over(desk, cases)
    await cases.take(case, KIM)
    await desk.say(conversation, "this is for the counsellor")
    before = await file(cases, case)
    assert before.withheld
    assert before.facts == before.verdicts == before.questions == before.answered == []
    assert {m.text for m in before.messages if m.role == "applicant"} == {
        "this is for the counsellor"
    }
    [taken] = [m for m in before.messages if m.role == "system"]
    assert [choice.value for choice in taken.choices] == ["consent:given", "consent:refused"]
    await desk.say(conversation, choice="consent:given")
    after = await file(cases, case)
    assert not after.withheld
    assert "human" in {m.text for m in after.messages}
    [fact] = after.facts
    assert (fact.fact, fact.value, fact.by) == ("status", "F-6", "applicant")
    assert fact.label == "체류자격"
    assert fact.words and "M12345678" not in fact.words and fact.words.startswith("my F6")
    assert after.verdicts[0]["service"] == F5
    assert after.questions


async def test_where_life_is_in_danger_nobody_is_asked_first(desk: Desk, cases: Cases) -> None:
    _, case = await hand_over(desk, cases, "danger")
    found = await file(cases, case)
    assert not found.withheld
    assert found.entry.urgency == "emergency"
    assert [r.rule for r in found.raised] == ["danger"]


async def test_a_personal_number_is_shown_on_request_and_the_request_is_logged(
    desk: Desk, cases: Cases
) -> None:
    conversation, case = await hand_over(desk, cases)
    await cases.take(case, KIM)
    await desk.say(conversation, "my passport is M12345678")
    [said] = [m for m in (await file(cases, case)).messages if m.role == "applicant"]
    assert said.masked and "M12345678" not in said.text
    assert await cases.reveal(case, KIM, said.id) == "my passport is M12345678"
    assert [(e.action, e.subject) for e in await cases.audit(case=case, limit=1)] == [
        ("reveal", said.id)
    ]


async def test_the_person_is_told_their_place_in_the_queue(desk: Desk, cases: Cases) -> None:
    for position in (1, 2, 3):
        conversation, _, _ = await desk.open("en")
        [answer] = await desk.say(conversation, "human")
        assert answer.card and answer.card["position"] == position
        assert f"number {position} in the queue" in answer.card["expected"]


async def test_erasing_a_conversation_leaves_its_log_and_nothing_else(
    desk: Desk, cases: Cases, store: Store
) -> None:
    conversation, case = await hand_over(desk, cases)
    await cases.take(case, KIM)
    await cases.note(case, KIM, "The husband is violent.")
    await cases.write(case, KIM, "You are safe here.")
    await desk.erase(conversation)
    assert await cases.queue(LEAD) == []
    actions = [e.action for e in await cases.audit(case=case)]
    assert actions == ["write", "note", "take"]
    everything = await store._run(lambda db: "\n".join(db.connection.connection.iterdump()))
    for secret in ("violent", "safe here", "M12345678", "F-6", conversation.id):
        assert secret not in everything


async def file(cases: Cases, case: str) -> CaseFile:
    return await cases.open(case, KIM, "ko")


async def _truth(value: bool) -> bool:
    return value


async def _is_answered(desk: Desk) -> bool:
    return not await desk.store.conversations_waiting()

"""What counsellors do with cases, by the forms of the pages, and what the people see of it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from knowledge.catalogue import Catalogue
from tests.bot.console.conftest import SignIn
from tests.bot.console.running import F5, Browser, RunningConsole

ON_BOTH_DATABASES = True

FACTS = {"status": "F-6", "marriage": "intact", "residence": "P35M", "nationality": "VN"}
ASKS = "Tôi ở Hàn Quốc 35 tháng. Số của tôi là 900101-5123456. Tôi muốn gặp người."


async def opened(console: RunningConsole, **more: Any) -> tuple[Any, str]:
    conversation, _ = await console.person(ASKS, facts=FACTS, **more)
    return conversation, await console.case_of(conversation)


async def said_to(console: RunningConsole, conversation: Any) -> list[tuple[str, str, str]]:
    messages = await console.store.messages(conversation.id)
    return [(m.role, m.language, m.text) for m in messages]


async def test_the_queue_shows_the_gravest_first_and_says_why(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    await opened(console)
    await console.person("助けて", language="ja", danger="violence", consent=None)
    text = (await (await signed_in("minji")).get("/"))[1]
    assert text.index("긴급</span>") < text.index("베트남어</span>")
    assert Catalogue.of("ko").phrases("console.urgency.emergency").popitem()[1] in text
    assert "900101" not in text


async def test_filters_leave_what_fits(console: RunningConsole, signed_in: SignIn) -> None:
    await console.counsellor("minji")
    _, case = await opened(console)
    await console.person("도와주세요", language="ko", services=("stay_extension",))
    minji = await signed_in("minji")
    for query, there in (
        ("language=vi", True),
        ("language=ko", False),
        (f"service={F5}", True),
        ("service=stay_extension", False),
        ("urgency=emergency", False),
        ("mine=true", False),
        ("status=queued", True),
    ):
        text = (await minji.get(f"/parts/queue?{query}"))[1]
        assert (case in text) is there, query
    assert (await minji.get("/?urgency=whatever"))[0] == 422


async def test_a_vietnamese_case_is_read_in_korean_beside_the_own_words(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    _, case = await opened(console)
    status, text = await (await signed_in("minji")).get(f"/cases/{case}")
    assert status == 200
    assert "35개월" in text
    assert "베트남" in text
    assert "Tôi ở Hàn Quốc 35 tháng" in text
    assert "900101-5123456" not in text
    assert Catalogue.of("ko").phrase("handoff.expected") in text
    assert "&lt;" not in text.replace("&lt;/", "")


async def test_of_two_who_take_at_once_one_gets_it(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    await console.counsellor("jun")
    both = [await signed_in("minji"), await signed_in("jun")]
    for number in range(5):
        conversation, _ = await console.person(f"{ASKS} {number}")
        case = await console.case_of(conversation)
        answers = await asyncio.gather(*(browser.post(f"/cases/{case}/take") for browser in both))
        assert sorted(status for status, _ in answers) == [200, 409]


async def test_what_a_counsellor_does_reaches_the_person(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    conversation, case = await opened(console)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/take")
    await minji.post(f"/cases/{case}/write", text="Xin chào!", key="one")
    await minji.post(f"/cases/{case}/write", text="Xin chào!", key="one")
    await minji.post(f"/cases/{case}/reply", reply="reply.greeting.hello", language="vi", key="two")
    await minji.post(f"/cases/{case}/record", service=F5, item="passport", key="three")
    words = [text for role, _, text in await said_to(console, conversation) if role == "counsellor"]
    assert words[0] == "Xin chào!"
    assert words[1] == Catalogue.of("vi").phrase("reply.greeting.hello")
    passport = console.cases._base.services[F5]
    english = next(d.text for d in passport.documents if d.id == "passport")
    assert Catalogue.of("vi").text(f"{F5}.passport", english) in words[2]
    assert len(words) == 3
    heard = len(console.rasa.heard)
    await console.desk.say(conversation, "Cảm ơn")
    assert len(console.rasa.heard) == heard, "the desk is silent while a counsellor has the case"
    text = (await minji.get(f"/cases/{case}/conversation"))[1]
    assert "Cảm ơn" in text


async def test_a_corrected_fact_changes_the_verdict(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    _, case = await opened(console)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/take")
    before = (await minji.get(f"/cases/{case}/known"))[1]
    status, _ = await minji.post(f"/cases/{case}/correct", fact="residence", value="1", unit="Y")
    after = (await minji.get(f"/cases/{case}/known"))[1]
    assert status == 200
    assert "1년" in after
    assert re.findall(r'verdict (\w+)"', before) != re.findall(r'verdict (\w+)"', after)
    assert Catalogue.of("ko").phrase("console.said_by.counsellor") in after
    wrong = await minji.post(f"/cases/{case}/correct", fact="residence", value="P", unit="")
    assert wrong[0] == 422


async def test_every_kind_of_fact_can_be_filled_in(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    conversation, case = await opened(console)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/take")
    given = {
        "kiip_completed": ("true", True),
        "marriage": ("divorced", "divorced"),
        "household_income": ("45,000,000", 45_000_000),
        "kiprat_score": ("72", 72),
        "stay_until": ("2027-09-30", "2027-09-30"),
        "nationality": ("MN", "MN"),
        "status": ("F-6-1", "F-6-1"),
    }
    for fact, (value, _) in given.items():
        assert (await minji.post(f"/cases/{case}/correct", fact=fact, value=value))[0] == 200, fact
    assert (await minji.post(f"/cases/{case}/correct", fact="residence", unknown="yes"))[0] == 200
    found = await console.store.conversation(conversation.id)
    assert found is not None
    known = {name: fact.value for name, fact in found.state.facts.items()}
    assert known == {name: wire for name, (_, wire) in given.items()} | {"residence": None}


async def test_a_hidden_number_is_shown_on_request_and_that_is_logged(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    _, case = await opened(console)
    minji = await signed_in("minji")
    page = (await minji.get(f"/cases/{case}"))[1]
    found = re.search(r'name="message" value="(\w+)"', page)
    assert found
    quietly = {"Sec-Fetch-Mode": "cors"}
    status, text = await minji.post(f"/cases/{case}/reveal", quietly, message=found[1])
    assert (status, text) == (200, ASKS)
    newest = (await console.cases.audit(case=case))[0]
    assert (newest.action, newest.subject) == ("reveal", found[1])


async def test_transfer_release_close_and_reopen(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    other = await console.counsellor("jun")
    conversation, case = await opened(console)
    minji, jun = await signed_in("minji"), await signed_in("jun")
    await minji.post(f"/cases/{case}/take")
    assert (await jun.get(f"/cases/{case}"))[0] == 403
    await minji.post(f"/cases/{case}/transfer", to=other.id, note="Bitte übernehmen")
    assert (await minji.get(f"/cases/{case}"))[0] == 403
    assert "Bitte übernehmen" in (await jun.get(f"/cases/{case}"))[1]
    await jun.post(f"/cases/{case}/release", note="")
    assert (await minji.get(f"/cases/{case}"))[0] == 200
    await minji.post(f"/cases/{case}/take")
    await minji.post(f"/cases/{case}/close", outcome="answered")
    assert case in (await minji.get("/closed"))[1]
    assert case not in (await jun.get("/closed"))[1]
    await minji.post(f"/cases/{case}/reopen")
    found = await console.store.conversation(conversation.id)
    assert found is not None
    assert found.owner is not None


async def test_after_hand_back_the_desk_goes_on_and_tells_what_was_settled(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    conversation, case = await opened(console)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/take")
    await minji.post(f"/cases/{case}/hand-back", settled="Bạn nộp đơn ngày mai.")
    assert "Bạn nộp đơn ngày mai." in (await said_to(console, conversation))[-1][2]
    answers = await console.desk.say(conversation, "Vâng")
    assert [answer.role for answer in answers] == ["desk"]


async def test_without_consent_only_what_was_written_to_counsellors_is_shown(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    conversation, case = await opened(console, consent=None)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/take")
    await console.desk.say(conversation, "Chị có đó không?")
    text = (await minji.get(f"/cases/{case}"))[1]
    assert "Chị có đó không?" in text
    assert "35 tháng" not in text
    assert "35개월" not in text
    assert Catalogue.of("ko").phrase("console.case.withheld") in text


async def test_each_sees_the_console_in_their_own_language(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("linh", language="vi")
    linh: Browser = await signed_in("linh")
    assert Catalogue.of("vi").phrase("console.queue.empty") in (await linh.get("/"))[1]
    text = (await linh.post("/language", language="en", back="/me"))[1]
    assert Catalogue.of("en").phrase("console.me.sessions") in text


async def test_what_somebody_wrote_stays_text(console: RunningConsole, signed_in: SignIn) -> None:
    await console.counsellor("minji", role="lead")
    attack = '<img src=x onerror=alert(1)> "><script>alert(1)</script>'
    conversation, _ = await console.person(attack, facts={"city": attack})
    case = await console.case_of(conversation)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/note", text=attack)
    for path in ("/", f"/cases/{case}", f"/cases/{case}/known", "/board", "/audit"):
        text = (await minji.get(path))[1]
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path

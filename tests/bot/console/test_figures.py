"""The board, its file, and the summary on paper."""

from __future__ import annotations

import csv
import io

import pypdfium2

from bot.console.board import Board, Row
from bot.personal_numbers import mask
from knowledge.cards import Cards
from tests.bot.console.conftest import SignIn
from tests.bot.console.running import BASE, RunningConsole

ON_BOTH_DATABASES = True

NOT_COVERED = Cards(BASE, "en").out_of_scope("not_covered")
NAMED = "Меня зовут Анна, 010-2345-6789. Как получить G-1?"


async def asks_what_the_base_lacks(console: RunningConsole) -> None:
    said = {"text": "-", "language": "en", "choices": [], "card": NOT_COVERED}
    console.rasa.script[mask(NAMED)] = [{"messages": [said], "state": {"language": "ru"}}]
    conversation, _, _ = await console.desk.open("ru")
    await console.desk.say(conversation, NAMED)


async def test_the_board_counts_cases_outcomes_and_what_the_base_lacks(
    console: RunningConsole, signed_in: SignIn
) -> None:
    lead = await console.counsellor("minji", role="lead")
    for outcome in ("answered", "answered", "referred"):
        conversation, _ = await console.person(f"{outcome}?", language="ko")
        case = await console.case_of(conversation)
        await console.cases.take(case, lead.me)
        await console.cases.write(case, lead.me, "네")
        await console.cases.close(case, lead.me, outcome)
    await console.person("Giúp tôi")
    await asks_what_the_base_lacks(console)
    figures = await Board(console.store).figures()
    assert figures.opened == 4
    assert figures.outcomes == [("answered", 2), ("referred", 1)]
    assert figures.languages == [("ko", 3), ("vi", 1)]
    assert figures.lacking == [("not_covered", 1)]
    assert figures.to_take is not None
    assert figures.to_answer is not None
    (question,) = await Board(console.store).unanswered(mask)
    assert "G-1" in question.text
    assert "2345" not in question.text
    page = (await (await signed_in("minji")).get("/board"))[1]
    assert "G-1" in page
    assert "6789" not in page


async def test_the_file_has_figures_and_nothing_about_a_person(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji", role="lead")
    conversation, _ = await console.person(NAMED, language="ru", facts={"city": "Ansan"})
    case = await console.case_of(conversation)
    await asks_what_the_base_lacks(console)
    text = (await (await signed_in("minji")).get("/board.csv"))[1]
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 1
    assert set(rows[0]) == set(Row._fields)
    assert rows[0]["language"] == "ru"
    for private in ("Анна", "6789", "Ansan", case, conversation.id):
        assert private not in text
    assert (await console.cases.audit())[0].action == "export"


async def test_the_summary_is_legible_in_korean_and_the_persons_own_script(
    console: RunningConsole, signed_in: SignIn
) -> None:
    await console.counsellor("minji")
    conversation, _ = await console.person(
        "Tôi ở Hàn Quốc 35 tháng, 900101-5123456", facts={"residence": "P35M", "status": "F-6"}
    )
    case = await console.case_of(conversation)
    minji = await signed_in("minji")
    await minji.post(f"/cases/{case}/take")
    await minji.post(f"/cases/{case}/note", text="नेपाली ไทย ខ្មែរ 확인함")
    url = f"{console.url}/console/cases/{case}/summary.pdf"
    async with minji.session.get(url) as answer:
        assert answer.content_type == "application/pdf"
        document = pypdfium2.PdfDocument(await answer.read())
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for words in ("한국인 배우자의 영주권", "35개월", "Tôi ở Hàn Quốc", "베트남어", "확인함"):
        assert words in text, words
    assert "900101" not in text
    assert "print" in [entry.action for entry in await console.cases.audit()]

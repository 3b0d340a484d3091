"""Buttons, commands, files, groups."""

from __future__ import annotations

import asyncio

import pytest

from tests.bot.telegram.running import BASE, RunningDoor, ScriptedRasa, phrase, says
from tests.telegram_double.person import Person
from tests.telegram_double.server import BotApi

YES_NO = (("Yes", "fact:a=true"), ("No", "fact:a=false"))


async def test_an_old_button_cannot_answer_a_new_question(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("first", says("First question?", *YES_NO))
    rasa.answers("second", says("Second question?", ("Yes", "fact:b=true"), ("No", "fact:b=false")))
    aiko = api.person()
    aiko.sends("first")
    first = await aiko.hears("First question?")
    old = first.buttons["Yes"]
    aiko.sends("second")
    await aiko.hears("Second question?")
    assert first.buttons == {}
    query = aiko.taps_data(first, old)
    await api.until(lambda: api.answer_to(query) is not None, why="the answer to the tap")
    assert api.answer_to(query) == phrase("telegram.button_used", "ja")
    assert rasa.told() == ["first", "second"]
    aiko.taps("No")
    await aiko.hears("You said: fact:b=false")


async def test_a_button_tapped_twice_answers_once(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("ask", says("Question?", *YES_NO))
    aiko = api.person()
    aiko.sends("ask")
    question = await aiko.hears("Question?")
    yes, no = question.buttons["Yes"], question.buttons["No"]
    queries = [aiko.taps_data(question, data) for data in (yes, yes, no)]
    await api.until(lambda: not api.unanswered(), why="three answers")
    await aiko.hears("You said: fact:a=true")
    assert rasa.told() == ["ask", "fact:a=true"]
    assert [bool(api.answer_to(query)) for query in queries] == [False, True, True]


async def test_the_mark_of_a_choice_does_nothing(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("ask", says("Question?", *YES_NO))
    aiko = api.person()
    aiko.sends("ask")
    question = await aiko.hears("Question?")
    aiko.taps("Yes")
    await aiko.hears("You said: fact:a=true")
    assert list(question.buttons) == ["✓ Yes"]
    query = aiko.taps("✓ Yes")
    await api.until(lambda: api.answer_to(query), why="the answer to the tap")
    assert list(question.buttons) == ["✓ Yes"]
    assert rasa.told() == ["ask", "fact:a=true"]


async def test_buttons_work_after_a_restart(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("ask", says("Question?", *YES_NO))
    aiko = api.person()
    aiko.sends("ask")
    await aiko.hears("Question?")
    await door.restart()
    aiko.taps("No")
    await aiko.hears("You said: fact:a=false")
    assert aiko.texts.count("Question?") == 1


async def test_a_foreign_or_made_up_button_answers_nothing(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("ask", says("Question?", *YES_NO))
    aiko, eve = api.person("Aiko"), api.person("Eve")
    aiko.sends("ask")
    question = await aiko.hears("Question?")
    eve.sends("hello")
    own = await eve.hears("You said: hello")
    stolen = question.buttons["Yes"]
    token = stolen.partition(":")[0]
    for data in (stolen, f"{token}:9", f"{token}:", f"{token}:-1", "act:human", ":", "door:delete"):
        eve.taps_data(own, data)
    aiko.taps_data(question, f"{token}:9")
    await api.until(lambda: not api.unanswered(), why="all taps answered")
    assert rasa.told() == ["ask", "hello"]


async def test_long_values_fit_behind_short_tokens(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    value = "service:" + "naturalisation." * 12
    rasa.answers("ask", says("Which?", ("This", value), ("다른 것입니다, 아주 긴 이름 " * 3, "b")))
    aiko = api.person()
    aiko.sends("ask")
    question = await aiko.hears("Which?")
    assert "1. This\n2. 다른 것입니다" in question.text
    assert all(len(data.encode()) <= 64 for data in question.buttons.values())
    aiko.taps("1")
    await aiko.hears(f"You said: {value}")
    assert list(question.buttons) == ["✓ This"]


async def test_markup_in_a_message_is_shown_as_text(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    text = '<b>5 < 6</b> & "so" <script>alert(1)</script> &lt;'
    rasa.answers("ask", says(text, ("<i>", "x")))
    aiko = api.person()
    aiko.sends("ask")
    sent = await aiko.hears("5 < 6")
    assert sent.text == text
    assert list(sent.buttons) == ["<i>"]
    aiko.sends("<b>& mine")
    await aiko.hears("You said: <b>& mine")


async def test_a_long_answer_comes_whole_in_parts(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    paragraphs = [f"{number}. " + "Bring this paper & a copy. " * 8 for number in range(60)]
    text = "\n\n".join(paragraphs)
    card = {"type": "verdict"}
    rasa.answers("ask", says(text, *YES_NO, card=card))
    aiko = api.person()
    aiko.sends("ask")
    last = await aiko.hears("59. ")
    parts = [sent for sent in aiko.heard if "Bring this" in sent.text]
    assert len(parts) >= 3
    assert "".join("".join(p.text.split()) for p in parts) == "".join(text.split())
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert last is parts[-1]
    first = api.called("sendMessage")[1]["text"]
    assert first.startswith("<b>0. Bring this paper &amp;")


@pytest.mark.parametrize(
    ("send", "sentence"),
    [
        ("sends_photo", "telegram.photo"),
        ("sends_voice", "telegram.voice"),
        ("sends_sticker", "telegram.sticker"),
        ("sends_file", "telegram.file"),
        ("sends_location", "telegram.location"),
    ],
)
async def test_what_is_not_text_gets_a_kind_sentence(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi, send: str, sentence: str
) -> None:
    aiko = api.person()
    getattr(aiko, send)()
    await aiko.hears(phrase(sentence))
    assert not rasa.heard


async def test_a_caption_is_read_and_an_album_answered_once(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person("Aiko", "en")
    aiko.sends_photo("my card, what now?", album="7")
    aiko.sends_photo(album="7")
    aiko.sends_photo(album="7")
    await aiko.hears("You said: my card, what now?")
    aiko.sends("done")
    await aiko.hears("You said: done")
    assert aiko.texts.count(phrase("telegram.photo", "en")) == 1
    assert rasa.told() == ["my card, what now?", "done"]


async def test_an_edited_message_is_not_passed_over_in_silence(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person("Aiko", "en")
    update = aiko.sends("2 years")
    await aiko.hears("You said: 2 years")
    aiko.edits(update, "3 years")
    await aiko.hears(phrase("telegram.edited", "en"))
    assert rasa.told() == ["2 years"]


async def test_a_group_is_declined_politely_and_left(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko, group = api.person(), api.group()
    group.adds_bot(aiko)
    group.sends("/start@ieum_test_bot", aiko)
    declined = await group.hears("https://t.me/ieum_test_bot")
    assert declined.text == phrase("telegram.group", address="https://t.me/ieum_test_bot")
    await api.until(lambda: group.left, why="leaving")
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    assert len(group.heard) == 1
    assert rasa.told() == ["hello"]


async def test_language_by_button_and_by_word(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    said = {**says("日本語で話します。"), "language": "ja"}
    rasa.answers("language:ja", said, language="ja")
    aiko = api.person("Aiko", "en")
    aiko.sends("/language")
    asked = await aiko.hears(phrase("telegram.choose_language", "en"))
    assert {"English", "한국어", "日本語", "Tiếng Việt", "Русский"} <= set(asked.buttons)
    assert len(asked.buttons) == 14
    aiko.taps("日本語")
    await aiko.hears("日本語で話します。")
    aiko.sends_voice()
    await aiko.hears(phrase("telegram.voice", "ja"))
    aiko.sends("/language VI")
    await aiko.hears("You said: language:vi")


async def test_facts_are_shown(door: RunningDoor, rasa: ScriptedRasa, api: BotApi) -> None:
    facts = {
        "residence": {"value": "P3Y", "words": "3 years <3"},
        "moved_on": {"value": "2026-11-01", "words": "P16D"},
        "household_income": {"value": 45_000_000, "words": "45 million"},
        "marriage": {"value": "divorced", "words": "divorced"},
        "kiip_completed": {"value": False, "words": "false"},
        "stay_until": {"value": None, "words": "no idea"},
        "gone_from_the_base": {"value": True},
    }
    rasa.answers("ask", says("Noted."), language="en", facts=facts)
    aiko = api.person("Aiko", "en")
    aiko.sends("/facts")
    await aiko.hears(phrase("telegram.no_facts", "en"))
    aiko.sends("ask")
    await aiko.hears("Noted.")
    aiko.sends("/facts")
    shown = await aiko.hears(phrase("telegram.facts", "en"))
    told = {
        "residence": "3 years",
        "moved_on": "November 1, 2026",
        "household_income": "45,000,000 won",
        "marriage": "We are divorced",
        "kiip_completed": phrase("no.done", "en"),
        "stay_until": phrase("unsure", "en"),
    }
    lines = [f"- {BASE.facts[fact].label}: {words}" for fact, words in told.items()]
    assert "\n".join(lines) in shown.text
    assert "gone" not in shown.text
    assert phrase("telegram.correct_facts", "en") in shown.text
    aiko.taps(BASE.facts["moved_on"].label)
    await aiko.hears("You said: ask:moved_on")


@pytest.mark.parametrize("command", ["human", "restart", "documents", "remind"])
async def test_commands_that_the_desk_answers(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi, command: str
) -> None:
    aiko = api.person()
    aiko.sends(f"/{command}")
    await aiko.hears(f"You said: act:{command}")
    assert rasa.told() == [f"act:{command}"]


async def test_help_and_commands_nobody_knows(door: RunningDoor, api: BotApi) -> None:
    aiko = api.person("Aiko", "en")
    aiko.sends("/help")
    await aiko.hears(phrase("telegram.help", "en"))
    aiko.sends("/fees")
    await aiko.hears("You said: /fees")
    aiko.sends("/remind a week before my stay ends")
    await aiko.hears("You said: /remind a week before my stay ends")


async def test_delete_asks_and_then_erases_everything(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    aiko = api.person("Aiko", "en")
    aiko.sends("/delete")
    await aiko.hears(phrase("telegram.nothing_to_delete", "en"))
    aiko.sends("hello")
    await aiko.hears("You said: hello")
    aiko.sends("/delete")
    await aiko.hears(phrase("telegram.delete_question", "en"))
    aiko.taps(phrase("telegram.delete_no", "en"))
    await aiko.hears(phrase("telegram.kept", "en"))
    assert await door.desk.find("telegram", str(aiko.id))
    aiko.sends("/delete")
    await aiko.hears_more(len(aiko.heard))
    aiko.taps(phrase("telegram.delete_yes", "en"))
    await aiko.hears(phrase("telegram.deleted", "en"))
    assert await door.desk.find("telegram", str(aiko.id)) is None
    assert await door.chats.get(aiko.id) is None
    assert await _traces(door, aiko) == 0
    aiko.sends("hello again")
    await aiko.hears("You said: hello again")
    assert len({body["sender"] for body in rasa.heard}) == 2


async def _traces(door: RunningDoor, person: Person) -> int:
    """Rows of the database in which the chat or its words still stand."""
    from bot.store import metadata

    def work(db: object) -> int:
        found = 0
        for table in metadata.sorted_tables:
            for row in db.execute(table.select()):  # type: ignore[attr-defined]
                text = repr(tuple(row))
                found += str(person.id) in text or "hello" in text
        return found

    for _ in range(1000):  # the update that deletes is itself being handled
        if not (found := await door.desk.store._run(work)):
            return 0
        await asyncio.sleep(0.05)
    return found

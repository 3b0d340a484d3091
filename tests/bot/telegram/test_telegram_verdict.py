"""A verdict on a small screen: short first, the rest by buttons that stay."""

from __future__ import annotations

import pytest

from bot.telegram.render import LIMIT
from knowledge.wording import PARTS
from tests.bot.telegram.running import RunningDoor, ScriptedRasa, phrase, says, verdict
from tests.telegram_double.person import Person
from tests.telegram_double.server import BotApi

F5 = "permanent_residence.f5_2"


def part(name: str, language: str = "ko") -> str:
    return phrase(f"telegram.part.{name}", language)


async def _decided(rasa: ScriptedRasa, api: BotApi, language: str = "ko") -> Person:
    rasa.answers("F-5?", verdict(F5, language, status="F-6", residence="P1Y"), language=language)
    minji = api.person("Minji", language)
    minji.sends("F-5?")
    await minji.hears(phrase("verdict.unlock", language))
    return minji


@pytest.mark.parametrize("language", ["en", "ko", "ja", "zh", "vi"])
async def test_the_decision_comes_in_one_message_with_the_rest_behind_buttons(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi, language: str
) -> None:
    minji = await _decided(rasa, api, language)
    _greeting, short = minji.heard
    card = verdict(F5, language, status="F-6", residence="P1Y")["card"]
    assert card["headline"] in short.text
    assert card["documents"][0]["text"] not in short.text
    names = (*PARTS, "sources", "everything")
    assert list(short.buttons) == [part(name, language) for name in names]


async def test_each_button_gives_its_part_and_all_of_it_everything(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    minji = await _decided(rasa, api)
    card = verdict(F5, "ko", status="F-6", residence="P1Y")["card"]
    for name, items in (("documents", card["documents"]), ("fees", card["fees"])):
        before = len(minji.heard)
        minji.taps(part(name))
        await minji.hears_more(before)
        for item in items:
            await minji.hears(item["text"])
    before = len(minji.heard)
    minji.taps(part("everything"))
    await minji.hears(phrase("verdict.final_word", "ko"))
    await api.until(lambda: len(minji.heard) >= before + 2, why="all of it")
    whole = verdict(F5, "ko", status="F-6", residence="P1Y")["text"]
    await api.until(
        lambda: "".join(whole.split()) in "".join("".join(minji.texts[before:]).split()),
        why="the whole text",
    )
    assert len(whole) > LIMIT
    assert rasa.told() == ["F-5?"], "the desk was not asked again"
    assert api.unanswered() == []
    first = [call["text"] for call in api.called("sendMessage")][2]
    assert first.startswith(f"<b>{phrase('heading', 'ko', name=phrase('verdict.documents', 'ko'))}")


async def test_the_buttons_stay_after_other_questions_and_a_restart(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    rasa.answers("next", says("And?", ("Yes", "fact:a=true")))
    minji = await _decided(rasa, api)
    short = minji.heard[-1]
    minji.sends("next")
    await minji.hears("And?")
    minji.taps("Yes")
    await minji.hears("You said: fact:a=true")
    await door.restart()
    assert part("fees") in short.buttons
    before = len(minji.heard)
    minji.taps(part("fees"), on=short)
    fee = await minji.hears_more(before)
    assert fee.text.startswith(phrase("verdict.fees", "ko"))


async def test_choices_beside_them_are_good_for_one_turn(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    said = verdict(F5, "ko", status="F-6", residence="P1Y")
    said["choices"] = [{"label": "알림", "value": "act:remind"}]
    rasa.answers("F-5?", said, language="ko")
    minji = api.person("Minji", "ko")
    minji.sends("F-5?")
    await minji.hears(phrase("verdict.unlock", "ko"))
    short = minji.heard[-1]
    minji.taps("알림")
    await minji.hears("You said: act:remind")
    assert next(iter(short.buttons)) == "✓ 알림"
    assert part("fees") in short.buttons


async def test_a_short_verdict_is_shown_whole(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    said = verdict("gyeonggi_students", "en")
    rasa.answers("students", said)
    minh = api.person("Minh", "en")
    minh.sends("students")
    shown = await minh.hears(said["card"]["headline"])
    whole = len(said["text"]) <= 700
    assert bool(shown.buttons) != whole


async def test_what_was_said_before_the_verdict_is_said(
    door: RunningDoor, rasa: ScriptedRasa, api: BotApi
) -> None:
    said = verdict(F5, "en", status="F-6", residence="P1Y")
    said["text"] = f"Noted: 1 year.\n{said['text']}"
    rasa.answers("F-5?", said)
    minh = api.person("Minh", "en")
    minh.sends("F-5?")
    shown = await minh.hears(phrase("verdict.unlock", "en"))
    assert shown.text.startswith("Noted: 1 year.\n")
    assert shown.buttons
    assert f"<b>{said['card']['title']}" in shown.markup

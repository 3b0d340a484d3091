"""A whole conversation on Telegram, in Japanese, from the opening message to the verdict.

The real desk (gateway, Rasa, action server) polls the double through the real
python-telegram-bot, at Telegram's real pace of one message a second.
"""

from __future__ import annotations

from datetime import date, timedelta

from bot.telegram.verdict import EVERYTHING
from knowledge.base import KnowledgeBase
from knowledge.catalogue import Catalogue
from tests.telegram_double.person import Person, Sent
from tests.telegram_double.server import BotApi

OPENING = "F-6ビザで韓国に3年住んでいます。韓国人の夫と暮らしています。永住権を申請できますか?"
WORDS = Catalogue.of("ja")
BASE = KnowledgeBase.load()
SERVICE = BASE.services["permanent_residence.f5_2"]

VERDICT = WORDS.text(f"{SERVICE.id}.eligible", SERVICE.outcomes["eligible"])


def written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日です"


def label(fact: str, choice: str) -> str:
    english = next(c.label for c in BASE.facts[fact].choices if c.value == choice)
    return WORDS.text(f"fact.{fact}.{choice}", english)


# What Aiko says to each question, should it be asked: [a button], or her own words.
ANSWERS = {
    "status": "F-6です",
    "nationality": "日本です",
    "marriage": f"[{label('marriage', 'intact')}]",
    "residence": "3年です",
    "stay_until": written(date.today() + timedelta(days=500)),
    "passport_valid": f"[{WORDS.phrase('yes')}]",
    "kiprat_score": "75点です",
    "household_income": "5000万ウォンです",
    "criminal_certificate_on": written(date.today() - timedelta(days=14)),
    "third_country_stay": f"[{WORDS.phrase('no')}]",
}
TOLD = {"status", "residence", "marriage"}  # by the opening message


async def test_from_the_opening_message_to_the_verdict(telegram_desk: BotApi) -> None:
    aiko = telegram_desk.person("Aiko", "ja")
    aiko.sends("/start")
    await aiko.hears(WORDS.phrase("greeting"))
    asked: list[str] = []
    aiko.sends(OPENING)
    while fact := await next_question(aiko, len(aiko.lines)):
        assert fact not in asked, f"{fact} is asked twice:\n{aiko.transcript()}"
        assert fact not in TOLD, f"{fact} was told and is asked:\n{aiko.transcript()}"
        asked.append(fact)
        answer = ANSWERS[fact]
        if answer.startswith("["):
            tap(aiko, answer.strip("[]"))
        else:
            aiko.sends(answer)
    assert asked, aiko.transcript()
    verdict = await aiko.hears(VERDICT)
    closed = [sent for sent in aiko.heard if sent is not verdict]
    assert all(button.startswith("✓") for sent in closed for button in sent.buttons)
    aiko.taps(WORDS.phrase(f"telegram.part.{EVERYTHING}"))
    for document in ("passport", "criminal_certificate"):
        text = next(d.text for d in SERVICE.documents if d.id == document)
        await aiko.hears(WORDS.text(f"{SERVICE.id}.{document}", text))
    # The whole is longer than one message: its sources close the last one.
    source = WORDS.text("source.bucheon_guide", BASE.sources["bucheon_guide"].title)
    await telegram_desk.until(
        lambda: f"[2] {source}" in aiko.texts[-1], seconds=30, why="its sources"
    )
    assert telegram_desk.unanswered() == []
    assert telegram_desk.refusals == []


def tap(person: Person, answer: str) -> None:
    """Tap the button of this answer; long answers are a numbered list above numbered buttons."""
    question = person.heard[-1]
    if answer not in question.buttons:
        lines = [line for line in question.text.splitlines() if line.endswith(f". {answer}")]
        answer = lines[0].partition(".")[0]
    person.taps(answer)


async def next_question(person: Person, after: int) -> str | None:
    """The fact that is asked in the lines after `after`; None once the verdict stands there."""
    questions = {
        WORDS.text(f"fact.{fact.id}.question", fact.question): fact.id
        for fact in BASE.facts.values()
    }

    def news() -> str:
        return "\n".join(line.text for line in person.lines[after:] if isinstance(line, Sent))

    def asked() -> str | None:
        return next((fact for question, fact in questions.items() if question in news()), None)

    await person.api.until(
        lambda: asked() or VERDICT in news(), seconds=60, why="a question or a verdict"
    )
    return asked()

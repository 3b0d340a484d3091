"""Asking for a reminder, in all languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from knowledge.catalogue import ANSWERED, LANGUAGES, Catalogue
from nlu.dates import find_dates
from nlu.durations import find_durations
from nlu.reminders import asks_reminder, lead
from nlu.wordlists import word_list

MESSAGES: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_name("reminders.yml").read_text("utf-8")
)


@pytest.mark.parametrize("text", MESSAGES["asks"])
def test_a_message_that_asks_for_a_reminder(text: str) -> None:
    assert asks_reminder(text)


@pytest.mark.parametrize("text", MESSAGES["does_not"])
def test_a_message_that_only_sounds_like_it(text: str) -> None:
    assert not asks_reminder(text)


def test_every_language_has_its_words() -> None:
    assert set(word_list("reminders")) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("text", "language", "before"),
    [
        ("remind me two months before my stay ends", "en", "P2M"),
        ("My stay ends in 8 months. Remind me two weeks before.", "en", "P14D"),
        ("My stay ends on 30 September 2027, remind me", "en", ""),
        ("비자가 2027년 5월 21일에 끝나요. 두 달 전에 알림 주세요", "ko", "P2M"),
        ("한 달 전에 알려줘", "ko", "P1M"),
        ("在留期限の2か月前にリマインドしてください", "ja", "P2M"),
        ("10日前に知らせてください", "ja", "P10D"),
        ("居留到期前一个月提醒我", "zh", "P1M"),
        ("nhắc tôi hai tháng trước khi hết hạn lưu trú", "vi", "P2M"),
        ("напомните за две недели до конца срока", "ru", "P14D"),
        ("show my reminders", "en", ""),
    ],
)
def test_how_long_before(text: str, language: str, before: str) -> None:
    assert lead(text, language) == before


@pytest.mark.parametrize("language", ANSWERED)
def test_a_date_as_the_desk_writes_it_is_read_back(language: str) -> None:
    today = date(2026, 11, 22)
    for day in (date(2027, 1, 11), date(2028, 12, 2), date(2031, 10, 31)):
        written = Catalogue.of(language).day(day)
        found = find_dates(written, language, today, find_durations(written, language))
        longest = max(found, key=lambda mention: mention.end - mention.start)
        assert longest.value == day.isoformat(), written

"""Asking for a reminder, in all languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from knowledge.catalogue import LANGUAGES
from nlu.reminders import asks_reminder
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

"""Whether a message asks to be reminded, and how long before the day."""

from __future__ import annotations

from functools import cache
from typing import Any

import regex
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.periods import seoul_today
from nlu.dates import find_dates
from nlu.durations import find_durations
from nlu.language import WRITTEN_IN
from nlu.wordlists import word_list

REMINDER = "reminder"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ReminderReader(GraphComponent):
    """Puts `reminder` into a message that asks for one, or about those there are: the length of
    time before the day (ISO 8601), or "" where none is named.

    No act of its own: "two months before my stay ends" sounds like a deadline
    to the classifier, while the words that ask to be reminded are few and sure.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ReminderReader:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if not text.startswith(INTENT_MESSAGE_PREFIX) and asks_reminder(text):
                message.set(REMINDER, lead(text, message.get(WRITTEN_IN)), add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def asks_reminder(text: str) -> bool:
    """Whether the words ask for a reminder, in any of the languages: people mix them."""
    return _pattern().search(text.casefold()) is not None


def lead(text: str, language: str | None) -> str:
    """How long before the day: of "my stay ends in 8 months, remind me 2 weeks before" 2 weeks.

    "두 달 전에" may be two months ago elsewhere; here it is two months before.
    """
    for read_in in dict.fromkeys((language or "en", "en")):
        lengths = find_durations(text, read_in)
        days = [d for d in find_dates(text, read_in, seoul_today(), lengths) if d.future]
        for length in lengths:
            if not any(day.start <= length.start < day.end for day in days):
                return str(length.value)
    return ""


@cache
def _pattern() -> regex.Pattern[str]:
    languages: dict[str, list[str]] = word_list("reminders")
    return regex.compile("|".join(p for patterns in languages.values() for p in patterns))

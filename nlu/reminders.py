"""Whether a message asks to be reminded of a day, or about the reminders one has."""

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

from nlu.wordlists import word_list

ASKS_REMINDER = "asks_reminder"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ReminderReader(GraphComponent):
    """Puts `asks_reminder` into the message.

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
            written = not text.startswith(INTENT_MESSAGE_PREFIX)
            message.set(ASKS_REMINDER, written and asks_reminder(text), add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def asks_reminder(text: str) -> bool:
    """Whether the words ask for a reminder, in any of the languages: people mix them."""
    return _pattern().search(text.casefold()) is not None


@cache
def _pattern() -> regex.Pattern[str]:
    languages: dict[str, list[str]] = word_list("reminders")
    return regex.compile("|".join(p for patterns in languages.values() for p in patterns))

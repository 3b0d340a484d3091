"""Whether a message asks for a human being, in the middle of whatever else it says."""

from __future__ import annotations

from functools import cache
from typing import Any

import regex
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.folding import fold
from nlu.wordlists import word_list


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PersonReader(GraphComponent):
    """Makes the act `human` of a message that asks for a person, what else it tells being kept.

    Who has said that they want a person is not to be asked for their visa
    first.  Only danger comes before: its contacts, and then the same person.
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
    ) -> PersonReader:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith(INTENT_MESSAGE_PREFIX) or not asks_for_person(text):
                continue
            act = (message.get(INTENT) or {}).get("name")
            roles = [entity.get("role") for entity in message.get(ENTITIES) or []]
            if act not in ("human", "emergency") and "danger" not in roles:
                message.set(INTENT, {"name": "human", "confidence": 1.0}, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def asks_for_person(text: str) -> bool:
    """Whether the words ask for a person, in any of the languages: people mix them."""
    folded = fold(text).text.casefold()
    return bool(_asks().search(folded)) and not _elsewhere().search(folded)


@cache
def _asks() -> regex.Pattern[str]:
    languages: dict[str, list[str]] = word_list("person")["asks"]
    return regex.compile("|".join(p for patterns in languages.values() for p in patterns))


@cache
def _elsewhere() -> regex.Pattern[str]:
    return regex.compile("|".join(word_list("person")["elsewhere"]))

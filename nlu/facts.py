"""Reads typed facts out of a message: what is said, of which fact, in which words."""

from __future__ import annotations

from datetime import date
from typing import Any

import regex
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.periods import seoul_today
from nlu.choices import find_choices
from nlu.countries import find_countries
from nlu.dates import find_dates
from nlu.durations import find_durations
from nlu.folding import fold
from nlu.language import WRITTEN_IN
from nlu.mentions import Mention, without_overlaps
from nlu.money import find_money
from nlu.numbers import find_numbers
from nlu.roles import assign_roles
from nlu.statuses import find_statuses

# Long stories hold their facts in the first lines; the rest must not cost seconds.
_LONGEST = 4000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class FactReader(GraphComponent, EntityExtractorMixin):
    """Adds typed entities: `entity` is the kind, `role` the fact where the words tell it.

    `about` names the fact where it is only likely; `past` and `future` are the
    two readings of a day told without its year.  A wrong fact can cost a person
    their residence, so what may be meant otherwise has no role.
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
    ) -> FactReader:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith(INTENT_MESSAGE_PREFIX):
                continue
            facts = read_facts(text, message.get(WRITTEN_IN), seoul_today())
            entities = self.add_extractor_name([_entity(fact) for fact in facts])
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # Nothing learns from facts yet.
        return training_data


def read_facts(text: str, language: str | None, today: date) -> list[Mention]:
    """What `text` says, in the order in which it says it.

    `language` is the one the message is written in; None where its words do
    not tell.
    """
    folded = fold(text[:_LONGEST])
    languages = _reading_languages(folded.text, language)
    quantities = _quantities(folded.text, languages, today)
    said = [
        *assign_roles(folded.text, quantities, languages, today),
        *find_choices(folded.text, quantities, languages),
    ]
    alone = _stands_alone(folded.text, quantities)
    kept = [m for m in said if m.role or m.about or m.kind not in _ONLY_WITH_ROLE or alone]
    return [
        m._replace(start=folded.place(m.start), end=folded.place(m.end))
        for m in sorted(kept, key=lambda m: (m.start, m.end))
    ]


# Plain numbers and countries stand in every other sentence; without a role they tell nothing.
_ONLY_WITH_ROLE = ("number", "country")


def _reading_languages(text: str, language: str | None) -> tuple[str, ...]:
    """In which languages to look: codes and English words stand in messages of all."""
    wanted = [language or "en", "en"]
    if language in ("ja", "zh", None) and regex.search(r"\p{Han}", text):
        wanted += ["ja", "zh"]  # "2年" is written alike
    return tuple(dict.fromkeys(wanted))


def _quantities(text: str, languages: tuple[str, ...], today: date) -> list[Mention]:
    found: list[Mention] = []
    for language in languages:
        durations = find_durations(text, language)
        found += find_statuses(text, language)
        found += find_dates(text, language, today, durations)
        found += find_money(text, language)
        found += durations
        found += find_countries(text, language)
    kept = without_overlaps(found)
    return without_overlaps(kept + find_numbers(text, kept))


def _stands_alone(text: str, quantities: list[Mention]) -> bool:
    """Whether the message is little more than one quantity: an answer to a question."""
    covered = sum(q.end - q.start for q in quantities)
    words = len(regex.findall(r"[\p{L}\p{N}]", text))
    return bool(quantities) and words - covered <= 12


def _entity(fact: Mention) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "entity": fact.kind,
        "value": fact.value,
        "start": fact.start,
        "end": fact.end,
    }
    for name in ("role", "about", "past", "future"):
        if (told := getattr(fact, name)) is not None:
            entity[name] = told
    if fact.kind == "date" and fact.precision != "day":
        entity["precision"] = fact.precision
    return entity

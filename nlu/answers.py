"""A short message after a question is the answer to it, however odd it looks alone.

"Seven", "not yet", "living apart" say little by themselves, and the classifier
of acts, which sees no question, takes them for anything.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import regex
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.base import KnowledgeBase
from knowledge.schema import Fact
from nlu.facts import is_little_more_than
from nlu.folding import fold
from nlu.language import WRITTEN_IN
from nlu.learned_roles import FITS
from nlu.wordlists import word_list

_LONGEST = 60  # letters of an answer; who writes more tells more
_OWN_ACTS = ("human", "start_over", "delete_data", "language_switch", "why", "emergency")
"""Acts that a short message may be at any time, whatever was asked."""
_SURE_ACT = 0.6
_PARTICLE = 2  # letters of "ạ", "po" or "요" after a bare yes or no
_NO_SPACES = ("ja", "zh", "th", "my", "km")
_QUESTION = regex.compile(r"[?？]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class AnswerReader(GraphComponent):
    """Makes an answer of what follows a question: the act `inform` or `unsure`, and its value.

    Comes after the fact reader, whose typed values it looks at.
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
    ) -> AnswerReader:
        return cls()

    def __init__(self) -> None:
        self._facts = KnowledgeBase.load().facts

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            state = (message.get(METADATA) or {}).get("state") or {}
            asked = self._facts.get(state.get("asked") or "")
            text = (message.get(TEXT) or "").strip()
            spoken = (message.get(WRITTEN_IN), state.get("language"), "en")
            languages = tuple(dict.fromkeys(language for language in spoken if language))
            if _is_bare(text, languages):
                _tell_nothing_else(message, asked)
            if asked is None or not text or len(text) > _LONGEST or _QUESTION.search(text):
                continue
            act = message.get(INTENT) or {}
            if act.get("name") in _OWN_ACTS and (act.get("confidence") or 0) >= _SURE_ACT:
                continue
            told = state.get("told") or {}
            last = self._facts.get(told.get("last", ""))
            if last and _takes_back(message, text, asked, last, languages):
                continue
            meant = told.get("meant", "").partition("=")[0]
            _read(message, text, asked, languages, confirms=meant == asked.id)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        # An answer has no meaning without its question; there is nothing to learn from.
        return training_data


def _read(
    message: Message, text: str, asked: Fact, languages: tuple[str, ...], confirms: bool
) -> None:
    entities = message.get(ENTITIES) or []
    said = yes_or_no(text, languages)
    if any("danger" in (e.get("role"), e.get("about")) for e in entities):
        return  # whatever was asked
    if is_unsure(text, languages):
        _hear_as(message, "unsure")
    elif confirms and said is not None:
        _hear_as(message, "affirm" if said else "deny")
    elif any(e.get("role") == asked.id for e in entities):
        _hear_as(message, "inform")
    elif asked.kind == "bool" and said is not None:
        answer = {"entity": "bool", "value": said, "start": 0, "end": len(text), "role": asked.id}
        others = [e for e in entities if e.get("about") != asked.id]
        message.set(ENTITIES, [*others, answer], add_to_output=True)
        _hear_as(message, "inform")
    elif any(_fits(e, asked) for e in entities) and is_little_more_than(
        text, [(e["start"], e["end"]) for e in entities]
    ):
        message.set(ENTITIES, [_counted(e, asked) for e in entities], add_to_output=True)
        _hear_as(message, "inform")
    elif asked.none_is_zero and said is False:
        nothing = "P0M" if asked.kind == "duration" else 0
        answer = {"entity": asked.kind, "value": nothing, "start": 0, "end": len(text)}
        message.set(ENTITIES, [*entities, answer | {"role": asked.id}], add_to_output=True)
        _hear_as(message, "inform")
    elif any(e.get("about") == asked.id for e in entities):
        _hear_as(message, "inform")  # the actions ask whether it is meant
    elif any(e["entity"] == "text" for e in entities) and is_little_more_than(
        text, [(e["start"], e["end"]) for e in entities]
    ):
        _hear_as(message, "inform")  # the name of a place is no greeting


def _is_bare(text: str, languages: tuple[str, ...]) -> bool:
    """Whether the text is "yes" or "no" and nothing more."""
    found = _beginning(text, languages)
    return found is not None and len(regex.findall(r"[\p{L}\p{N}]", found[1])) <= _PARTICLE


def _tell_nothing_else(message: Message, asked: Fact | None) -> None:
    """A bare "no" is about what was asked: it takes nothing back that was told before."""
    about = asked.id if asked else None
    entities = message.get(ENTITIES) or []
    kept = [e for e in entities if about and about in (e.get("role"), e.get("about"))]
    message.set(ENTITIES, kept, add_to_output=True)


def _takes_back(
    message: Message, text: str, asked: Fact, last: Fact, languages: tuple[str, ...]
) -> bool:
    """Whether the message corrects what was told just before, though something else is `asked`.

    "No, 2 years", after "3 years" and where the next question is for a day.
    """
    corrects = (message.get(INTENT) or {}).get("name") == "correct"
    if asked.kind in ("bool", "choice") or not (corrects or yes_or_no(text, languages) is False):
        return False
    entities = message.get(ENTITIES) or []
    free = [e for e in entities if e["entity"] == last.kind and not e.get("role")]
    if len(entities) != 1 or not free:
        return False
    message.set(ENTITIES, [free[0] | {"role": last.id}], add_to_output=True)
    _hear_as(message, "correct")
    return True


def yes_or_no(text: str, languages: tuple[str, ...]) -> bool | None:
    """What an answer begins with; None where it is neither."""
    found = _beginning(text, languages)
    return found[0] if found else None


def _beginning(text: str, languages: tuple[str, ...]) -> tuple[bool, str] | None:
    """Whether a text begins with yes or with no, and what comes after it."""
    folded = fold(text).text.strip()
    for language in languages:
        for answer, said in (("no", False), ("yes", True)):
            if match := _begins(answer, language).match(folded):
                return said, folded[match.end() :]
    return None


def is_unsure(text: str, languages: tuple[str, ...]) -> bool:
    """Whether somebody says that they do not know."""
    return any(_unsure(language).search(fold(text).text) for language in languages)


def _hear_as(message: Message, act: str) -> None:
    heard = message.get(INTENT) or {}
    if heard.get("name") != act:
        message.set(INTENT, {"name": act, "confidence": 1.0}, add_to_output=True)


def _fits(entity: dict[str, Any], asked: Fact) -> bool:
    free = (entity.get("role") or entity.get("about") or asked.id) == asked.id
    return free and asked.kind in FITS.get(entity["entity"], ())


def _counted(entity: dict[str, Any], asked: Fact) -> dict[str, Any]:
    """An age is a number, also where it is told as "24 years"."""
    years = regex.fullmatch(r"P(\d+)Y", str(entity["value"]))
    if asked.kind != "number" or entity["entity"] != "duration" or not years:
        return entity
    return entity | {"entity": "number", "value": int(years[1])}


@cache
def _begins(answer: str, language: str) -> regex.Pattern[str]:
    lists = word_list("answers")
    polite = lists["polite"].get(language, "(?!)")
    words = _spaced(lists[answer].get(language, "(?!)"), language)
    end = "" if language in _NO_SPACES else r"(?![\p{L}\p{M}'])"
    return regex.compile(
        rf"(?:(?:{_spaced(polite, language)}){end}[\s,.!…、，。]*)?(?:{words}){end}",
        regex.IGNORECASE,
    )


@cache
def _unsure(language: str) -> regex.Pattern[str]:
    words = word_list("answers")["unsure"].get(language, "(?!)")
    return regex.compile(_spaced(words, language), regex.IGNORECASE)


def _spaced(pattern: str, language: str) -> str:
    pattern = pattern.replace(" ?", r"\s?")
    return pattern.replace(" ", r"\s*" if language in _NO_SPACES else r"\s+")

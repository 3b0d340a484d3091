"""Short messages after a question, in all languages, through both readers of the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from rasa.shared.nlu.training_data.message import Message

from nlu.answers import AnswerReader
from nlu.facts import FactReader

TABLE = Path(__file__).with_name("answers.yml")


def read(text: str, written_in: str, act: str = "goodbye", **state: Any) -> Message:
    """The message after both readers; its act is one that the classifier guessed."""
    message = Message(
        {
            "text": text,
            "written_in": written_in,
            "intent": {"name": act, "confidence": 0.3},
            "metadata": {"state": state},
        }
    )
    FactReader("e5-small", Mock(), Mock(), None).process([message])
    [message] = AnswerReader().process([message])
    return message


def answers(message: Message) -> dict[str, Any]:
    """The values that may answer a question: those of the fact, and those of no other."""
    return {e.get("role", e["entity"]): e["value"] for e in message.get("entities") or []}


@pytest.mark.parametrize(("language", "asked", "text", "value"), yaml.safe_load(TABLE.read_text()))
def test_short_message_answers_the_question(
    language: str, asked: str, text: str, value: Any
) -> None:
    message = read(text, language, asked=asked)

    heard = message.get("intent")["name"]
    if value == "unsure":
        assert heard == "unsure"
    elif value == "nothing":
        assert heard == "goodbye"
    else:
        assert heard == "inform"
        assert value in answers(message).values()


def test_without_a_question_nothing_is_an_answer() -> None:
    message = read("nope", "en")

    assert message.get("intent")["name"] == "goodbye"
    assert not message.get("entities")


def test_yes_to_whether_no_was_meant_is_no_new_yes() -> None:
    message = read("yes", "en", asked="registered", told={"meant": "registered=false"})

    assert message.get("intent")["name"] == "affirm"
    assert not message.get("entities")


def test_who_asks_for_a_person_is_not_held_to_the_question() -> None:
    message = Message(
        {
            "text": "no, a person please",
            "written_in": "en",
            "intent": {"name": "human", "confidence": 0.9},
            "metadata": {"state": {"asked": "registered"}},
        }
    )
    AnswerReader().process([message])

    assert message.get("intent")["name"] == "human"


def test_an_answer_is_read_in_the_language_of_the_conversation_too() -> None:
    message = read("гучин тав", "ru", asked="age", language="mn")  # 35, in Mongolian

    assert answers(message) == {"number": 35}
    assert message.get("intent")["name"] == "inform"


@pytest.mark.parametrize("text", ["no, 2 years", "nope 2 years", "No. It's 2 years"])
def test_a_quantity_is_taken_back_though_something_else_is_asked(text: str) -> None:
    message = read(text, "en", asked="stay_until", told={"last": "residence"})

    assert answers(message) == {"residence": "P2Y"}
    assert message.get("intent")["name"] == "correct"


@pytest.mark.parametrize(
    ("text", "asked", "last"),
    [
        ("2 years", "stay_until", "residence"),  # an answer: the stay ends in two years
        ("no, 2 years", "stay_until", "household_income"),  # a sum is no length of time
        ("no, 2 years", "kiip_completed", "residence"),  # no: not completed
    ],
)
def test_what_may_be_an_answer_takes_nothing_back(text: str, asked: str, last: str) -> None:
    message = read(text, "en", asked=asked, told={"last": last})

    assert last not in answers(message)


@pytest.mark.parametrize("text", ["no", "No!", "아니요", "はい", "không ạ"])
def test_a_bare_yes_or_no_tells_of_nothing_but_what_was_asked(text: str) -> None:
    """ "no" to "on which day did you move?" was once read as "I am not registered"."""
    elsewhere = {"entity": "bool", "value": False, "start": 0, "end": 2, "role": "registered"}
    message = Message({"text": text, "entities": [elsewhere]})
    message.set("metadata", {"state": {"asked": "moved_on", "language": _LANGUAGES[text]}})
    AnswerReader().process([message])

    assert not message.get("entities")


_LANGUAGES = {"no": "en", "No!": "en", "아니요": "ko", "はい": "ja", "không ạ": "vi"}


def test_a_yes_with_more_words_keeps_what_they_tell() -> None:
    told = {"entity": "bool", "value": True, "start": 4, "end": 21, "role": "registered"}
    message = Message({"text": "yes, I am registered", "entities": [told]})
    AnswerReader().process([message])

    assert message.get("entities") == [told]


def test_the_name_of_a_place_is_no_greeting() -> None:
    message = read("सोलमा", "ne", act="greet", asked="entered_on")

    assert message.get("intent")["name"] == "inform"

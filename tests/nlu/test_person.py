"""Asking for a human being, in all languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge.catalogue import LANGUAGES
from nlu.person import PersonReader, asks_for_person
from nlu.wordlists import word_list

MESSAGES: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_name("person.yml").read_text("utf-8")
)


@pytest.mark.parametrize("text", MESSAGES["asks"])
def test_a_message_that_asks_for_a_person(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize("text", MESSAGES["does_not"])
def test_a_message_that_only_names_one(text: str) -> None:
    assert not asks_for_person(text)


def test_every_language_has_its_words() -> None:
    assert set(word_list("person")["asks"]) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("act", "role", "heard"),
    [
        ("inform", "status", "human"),
        ("emergency", None, "emergency"),
        ("inform", "danger", "inform"),
    ],
)
def test_only_danger_comes_before_it(act: str, role: str | None, heard: str) -> None:
    told = [{"role": role}] if role else []
    message = Message(
        {
            TEXT: "I have an F-6 visa. Let me talk to a counsellor.",
            INTENT: {"name": act, "confidence": 0.9},
            ENTITIES: told,
        }
    )
    PersonReader().process([message])
    assert message.get(INTENT)["name"] == heard
    assert message.get(ENTITIES) == told

"""Which language a message is taken to be in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.shared.nlu.training_data.message import Message

from knowledge.catalogue import LANGUAGES
from nlu.language import LanguageDetector, detect

TABLE = yaml.safe_load((Path(__file__).parent / "languages.yml").read_text())


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in TABLE.items() for text in texts]
)
def test_language_of_the_words(code: str, text: str) -> None:
    assert detect(text).code == (None if code == "none" else code)


def test_table_has_every_language() -> None:
    assert set(TABLE) == {*LANGUAGES, "none"}


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language": "ja"}, "ja"),
        ({"language": None}, "en"),
        (None, "en"),
        ({"language": "xx"}, "en"),
    ],
)
def test_a_chosen_language_stands(metadata: Any, language: str) -> None:
    message = Message({"text": "how do I extend my visa", "metadata": metadata})

    LanguageDetector().process([message])

    assert message.get("language") == language
    assert message.get("written_in") == "en"


def test_a_pressed_button_has_no_language() -> None:
    message = Message({"text": '/choose{"choice": "act:human"}'})

    LanguageDetector().process([message])

    assert message.get("language") is None

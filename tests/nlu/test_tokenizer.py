"""Tokens of all scripts, with exact places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message

from nlu.tokenizer import UnicodeTokenizer

TOKENIZER = UnicodeTokenizer(UnicodeTokenizer.get_default_config())


def _words(text: str) -> list[str]:
    return [token.text for token in TOKENIZER.tokenize(Message({"text": text}), "text")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I've F-6, thanks!", ["I've", "F", "6", "thanks"]),
        ("영주권 조건?", ["영주권", "조건"]),
        ("永住権です", ["永", "住", "権", "で", "す"]),
        ("ต่อวีซ่า", ["ต่", "อ", "วี", "ซ่", "า"]),
        ("gia hạn", ["gia", "hạn"]),
        ("भिसा थप्ने", ["भिसा", "थप्ने"]),
        ("?!", ["?!"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert _words(text) == words


@given(st.text(min_size=1, max_size=200))
def test_every_token_stands_where_it_says(text: str) -> None:
    for token in TOKENIZER.tokenize(Message({"text": text}), "text"):
        assert text[token.start : token.end] == token.text

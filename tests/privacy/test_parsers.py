"""Every reader of what people send, on whatever Hypothesis can think of."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.api import decode
from bot.api.conversations import FirstFrame, NewConversation, NewMessage
from bot.conversations import clean, supported_language
from bot.masking import Masking
from bot.personal_numbers import SIGNS, find
from bot.problems import Problem
from knowledge.base import KnowledgeBase
from knowledge.catalogue import LANGUAGES, language_named
from knowledge.facts import decode_value, encode_value
from nlu.facts import read_facts
from nlu.gateway_channel import GatewayMessage, as_user_text
from nlu.language import detect

TODAY = date(2026, 11, 22)
FACTS = sorted(KnowledgeBase.load().facts.values(), key=lambda fact: fact.id)
MASKING = Masking("key")
# Pieces that mean something to a reader, among letters of every script and none.
PIECES = ["2년", "3 months", "2027-02-31", "0000-00-00", "ngày 31/12", "昨年", "F-6-1", "D-4", "억"]
PIECES += ["만", "$1e9", "٣", "\u0e53", "/", "/choose{", "[x](y)", "\0", "\u202e", "e\u0301", "-"]
pieces = st.sampled_from(PIECES)
texts = st.lists(st.one_of(pieces, st.text(max_size=12)), max_size=12).map(" ".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=5,
)
often = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


@often
@given(texts, st.sampled_from([*LANGUAGES, None]))
def test_facts_are_read_from_anything(text: str, language: str | None) -> None:
    for mention in read_facts(text, language, TODAY):
        assert 0 <= mention.start < mention.end <= len(text)


@often
@given(texts)
def test_a_language_is_guessed_for_anything(text: str) -> None:
    assert detect(text).code in (*LANGUAGES, None)
    assert language_named(text) in (*LANGUAGES, None)
    assert supported_language(text) in (*LANGUAGES, None)


@often
@given(st.text(st.characters(), max_size=60))
def test_words_never_become_a_command_and_can_always_be_stored(text: str) -> None:
    cleaned = clean(text)
    assert "\0" not in cleaned
    cleaned.encode()
    read = as_user_text(GatewayMessage("c", message=text))
    assert read
    assert not read.startswith("/")
    read.encode()


@often
@given(texts)
def test_hiding_keeps_the_rest_and_gives_all_of_it_back(text: str) -> None:
    text = clean(text)
    shown, locked = MASKING.hide(text, 10_000)
    assert (MASKING.unlock(locked) if locked else shown) == text
    assert sum(shown.count(sign) for sign in SIGNS.values()) >= len(find(text))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(raw=values)
def test_a_fact_is_read_or_refused(fact: Any, raw: object) -> None:
    try:
        value = encode_value(decode_value(fact, raw, TODAY))
    except ValueError:
        return
    assert decode_value(fact, value, TODAY) == decode_value(fact, raw, TODAY)


@often
@given(values, st.binary(max_size=40))
def test_a_body_is_read_or_refused(value: Any, noise: bytes) -> None:
    try:
        body = json.dumps(value).encode()
    except ValueError:
        body = b""
    for kind in (NewMessage, NewConversation, FirstFrame):
        for sent in (body, noise, body + noise):
            try:
                decode(sent, kind)
            except Problem as problem:
                assert problem.status in (400, 422)

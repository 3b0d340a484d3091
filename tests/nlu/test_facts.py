"""The reader of facts against tables of messages, and the lexicon against the knowledge base."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message

from knowledge.base import KnowledgeBase
from knowledge.facts import decode_value
from nlu.choices import told_along
from nlu.facts import FactReader, Learned, read_facts
from nlu.mentions import Mention
from nlu.wordlists import word_list

TODAY = date(2026, 11, 21)
HERE = Path(__file__).parent


def _cases() -> list[Any]:
    tables = yaml.safe_load((HERE / "facts.yml").read_text())
    return [
        pytest.param(language, case, id=f"{language}: {case['message']}")
        for language, cases in tables.items()
        for case in cases
    ]


def _wire(facts: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in facts.items()}


@pytest.mark.parametrize(("language", "case"), _cases())
def test_message_says_these_facts_and_no_other(language: str, case: dict[str, Any]) -> None:
    found = read_facts(case["message"], language, TODAY)

    assert {m.role: m.value for m in found if m.role} == _wire(case["facts"])
    if "likely" in case:
        assert {m.about: m.value for m in found if m.about} == _wire(case["likely"])


@pytest.mark.parametrize(
    ("abroad", "asked", "told"),
    [
        ("P18M", {"loss_event"}, ["long_trip"]),
        ("P3M", {"loss_event"}, []),  # no long trip
        ("P18M", {"abroad_length"}, []),  # nobody asks what happened
    ],
)
def test_a_long_time_abroad_tells_of_a_long_trip_where_that_is_asked(
    abroad: str, asked: set[str], told: list[str]
) -> None:
    trip = Mention("duration", abroad, 0, 9, role="abroad_length")

    found = told_along([trip], KnowledgeBase.load().facts, asked, TODAY)

    assert [mention.value for mention in found if mention.role == "loss_event"] == told


@pytest.mark.parametrize(
    ("language", "words", "kind", "value"), yaml.safe_load((HERE / "quantities.yml").read_text())
)
def test_bare_quantity_has_a_kind_and_no_role(
    language: str, words: str, kind: str, value: Any
) -> None:
    [mention] = read_facts(words, language, TODAY)

    assert (mention.kind, mention.value, mention.role) == (kind, value, None)


def test_words_are_found_where_they_stand() -> None:
    # Full-width figures, and Vietnamese typed with separate accents as macOS does.
    text = "Em ở Hàn được ２ năm, kết hôn 3 năm"

    found = {m.role: text[m.start : m.end] for m in read_facts(text, "vi", TODAY)}

    assert found == {"residence": "２ năm", "marriage_length": "3 năm"}


def test_day_without_a_year_has_both_readings() -> None:
    [mention] = read_facts("15 March", "en", TODAY)

    assert (mention.past, mention.future) == ("2026-03-15", "2027-03-15")


def test_two_values_for_one_fact_are_not_chosen_between() -> None:
    found = read_facts("married 3 years. I mean married 4 years", "en", TODAY)

    assert [(m.role, m.about) for m in found] == [(None, "marriage_length")] * 2


def test_component_adds_entities_as_rasa_has_them() -> None:
    message = Message({"text": "결혼한 지 3년 됐어요", "written_in": "ko"})

    untrained().process([message])

    assert message.get("entities") == [
        {
            "entity": "duration",
            "value": "P3Y",
            "start": 6,
            "end": 8,
            "role": "marriage_length",
            "extractor": "FactReader",
        }
    ]


def untrained() -> FactReader:
    """The component with its word lists alone."""
    return FactReader("e5-small", Mock(), Mock(), None)


def test_a_pressed_button_is_not_read() -> None:
    message = Message({"text": '/choose{"choice": "fact:status=F-6"}'})

    untrained().process([message])

    assert message.get("entities") is None


def test_lexicon_names_facts_of_the_base_with_their_kinds() -> None:
    facts = KnowledgeBase.load().facts

    for name, lists in word_list("roles").items():
        assert facts[name].kind == lists["kind"], name
    for name, values in word_list("choices").items():
        for value in values:
            assert decode_value(facts[name], value, TODAY) == value


@given(st.text(max_size=300), st.sampled_from(["en", "ko", "ja", "vi", "th", "ne", None]))
def test_any_text_is_read_without_error_and_within_its_bounds(
    text: str, language: str | None
) -> None:
    for mention in read_facts(text, language, TODAY):
        assert 0 <= mention.start < mention.end <= len(text)


@pytest.mark.parametrize("text", ["1" * 5000, "3년 " * 2000, "married " * 1000, "(" * 4000])
def test_long_and_nasty_messages_are_read_in_time(text: str) -> None:
    import time

    started = time.perf_counter()
    read_facts(text, "ko", TODAY)

    assert time.perf_counter() - started < 5


def test_what_a_machine_wrote_is_read_by_the_word_lists_alone() -> None:
    """No learned reading finds a day of stay in a line of a log."""
    learned = Mock(spec=Learned)

    read_facts('{"at": "2026-11-22", "event": "registered"}', "en", TODAY, learned)

    assert not learned.mock_calls

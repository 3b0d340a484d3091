"""Quantities that people take back in the same breath."""

from __future__ import annotations

from datetime import date

import pytest

from nlu.facts import read_facts

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("language", "text", "fact", "value"),
    [
        ("en", "I am on F-4... no, on D-8", "status", "D-8"),
        ("en", "we are married 4 years, no, 5 years", "marriage_length", "P5Y"),
        ("ko", "결혼한 지 4년이 아니고 5년 됐어요", "marriage_length", "P5Y"),
        ("ja", "結婚して4年じゃなくて5年です", "marriage_length", "P5Y"),
        ("zh", "结婚不是4年而是5年了", "marriage_length", "P5Y"),
        ("vi", "em cưới không phải 4 năm mà là 5 năm", "marriage_length", "P5Y"),
    ],
)
def test_what_stands_is_what_was_said_last(language: str, text: str, fact: str, value: str) -> None:
    found = {m.role: m.value for m in read_facts(text, language, TODAY) if m.role}
    assert found == {fact: value}


@pytest.mark.parametrize(
    ("language", "text", "stands", "gone"),
    [
        ("ru", "не F-4, а D-8", "D-8", "F-4"),
        ("id", "eh salah, bukan F-6 tapi F-2", "F-2", "F-6"),
        ("uz", "F-6 emas, F-2", "F-2", "F-6"),
        ("ne", "F-6 होइन F-2", "F-2", "F-6"),
        ("th", "ไม่ใช่ F-6 แต่เป็น F-2", "F-2", "F-6"),
        ("tl", "hindi F-6 kundi F-2", "F-2", "F-6"),
        ("my", "F-6 မဟုတ်ဘူး F-2", "F-2", "F-6"),
        ("km", "មិនមែន F-6 ទេ F-2", "F-2", "F-6"),
        ("mn", "F-6 биш F-2", "F-2", "F-6"),
        ("zh", "是F-2不是F-6", "F-2", "F-6"),
        ("en", "it should be F-5 not F-2", "F-5", "F-2"),
    ],
)
def test_a_status_that_is_taken_back_is_gone(
    language: str, text: str, stands: str, gone: str
) -> None:
    found = [m for m in read_facts(text, language, TODAY) if m.kind == "status"]
    assert [m.value for m in found] == [stands]
    assert text[found[0].start :].startswith(stands), "its place is that in the message"


def test_who_does_not_take_back_keeps_both() -> None:
    found = read_facts("I have F-6 now and want F-5 in 3 years", "en", TODAY)
    assert {m.value for m in found if m.kind == "status"} == {"F-6", "F-5"}

"""Messages as Telegram shows them: cut, escaped, with rows of buttons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.render import LIMIT, WIDEST, numbered, parts, rows, size, split, width
from tests.telegram_double.html import plain_text

TEXTS = st.text(st.sampled_from("ab .!?。\n<>&\"';#가は\u0301\u200d👩🇰🇷ကြ"), max_size=300)


@given(TEXTS, st.integers(min_value=12, max_value=80))
def test_no_character_is_lost_and_no_piece_too_long(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(0 < size(piece) <= limit and piece.strip() for piece in pieces)


@given(TEXTS, st.integers(0, 3), st.sampled_from(["", "A & B"]))
def test_telegram_reads_exactly_the_text(text: str, line: int, heading: str) -> None:
    bold = dict(enumerate(text.splitlines())).get(line, "")
    shown = "".join(plain_text(part) for part in parts(text, bold=bold, heading=heading))
    expected = heading + text if text.strip() else ""
    assert "".join(shown.split()) == "".join(expected.split())


def test_cuts_are_made_at_paragraphs_then_lines_then_sentences_then_words() -> None:
    assert split("one two\n\nthree four\nfive", 20) == ["one two", "three four\nfive"]
    assert split("one two three\nfour five six", 20) == ["one two three", "four five six"]
    assert split("One two three. Four five six.", 20) == ["One two three.", "Four five six."]
    assert split("これは一つ目の文です。これは二つ目の文です。", 16) == [
        "これは一つ目の文です。",
        "これは二つ目の文です。",
    ]
    assert split("one two three four five six", 12) == ["one two", "three four", "five six"]


def test_an_early_paragraph_does_not_make_a_tiny_piece() -> None:
    assert split("Hi.\n\n" + "word " * 10, 40)[0].startswith("Hi.\n\nword word")


@pytest.mark.parametrize("character", ["👩\u200d👩\u200d👧", "e\u0301\u0302", "ကြို"])
def test_a_hard_cut_keeps_characters_whole(character: str) -> None:
    pieces = split(character * 10, 23)
    assert len(pieces) > 1
    assert all(piece.startswith(character) for piece in pieces)


def test_a_piece_without_any_place_to_cut_is_cut_all_the_same() -> None:
    assert [len(piece) for piece in split("x" * 9000)] == [LIMIT, LIMIT, 1000]
    assert [size(piece) for piece in split("\u0301" * 50, 20)] == [20, 20, 10]


def test_a_line_is_set_in_bold_and_escaped() -> None:
    assert parts("A < B\nC", bold="A < B") == ["<b>A &lt; B</b>\nC"]
    assert parts("Noted.\nA\nC", bold="A") == ["Noted.\n<b>A</b>\nC"]
    assert parts("A\nC", bold="B") == ["A\nC"]
    assert parts("Hello", heading="A & B") == ["<b>A &amp; B</b>\nHello"]
    assert parts(" \n ") == []


def test_short_labels_share_a_row_and_wide_ones_stand_alone() -> None:
    assert rows(["Yes", "No", "Unsure"]) == [[0, 1, 2]]
    assert rows(["はい", "いいえ", "わからない"]) == [[0, 1], [2]]
    assert rows(["Seoul", "A very long answer to it", "No", "Yes"]) == [[0], [1], [2, 3]]
    assert rows([]) == []


@given(st.lists(st.text("가a", min_size=1, max_size=20), max_size=12))
def test_rows_keep_the_order_and_their_width(labels: list[str]) -> None:
    laid = rows(labels)
    assert [place for row in laid for place in row] == list(range(len(labels)))
    for row in laid:
        assert len(row) == 1 or max(width(labels[p]) for p in row) <= WIDEST[len(row)]


def test_labels_too_wide_for_a_phone_become_a_numbered_list() -> None:
    wide = "I was married to a Korean and am divorced now"
    assert numbered("Which?", ["Yes", wide]) == (f"Which?\n\n1. Yes\n2. {wide}", ["1", "2"])
    assert numbered("Which?", ["Yes", "No"]) == ("Which?", ["Yes", "No"])
    listed = f"Which?\n• {wide}\n• Yes\nor"
    assert numbered(listed, [wide, "Yes"]) == (f"Which?\n1. {wide}\n2. Yes\nor", ["1", "2"])
    assert numbered(listed, ["No", wide]) == (
        f"Which?\n2. {wide}\n• Yes\nor\n\n1. No",
        ["1", "2"],
    )

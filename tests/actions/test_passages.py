"""An organisation's own documents support an answer, and stand in where the base has none."""

from __future__ import annotations

from typing import Any

from knowledge.calibration import load_calibration
from tests.actions.conversation import Conversation, text, types

PASSAGE: dict[str, Any] = {
    "id": "centre.md#1",
    "kind": "passage",
    "text": "A lawyer advises free of charge.",
    "disputed": False,
    "citations": [
        {
            "source": "centre.md",
            "title": "Migrant centre",
            "section": "Lawyer",
            "as_of": "2026-03",
            "note": None,
            "outside": True,
        }
    ],
    "score": 0.5,
}


def test_a_passage_comes_after_what_the_records_say() -> None:
    replies = Conversation().hear(
        "what does it cost", "ask_fee", service="reentry_permit", passages=(PASSAGE,)
    )
    card = next(reply["card"] for reply in replies if reply["card"]["type"] == "answer")
    assert card["items"][-1] == PASSAGE
    assert len(card["items"]) > 1
    assert "“A lawyer advises free of charge.” [" in text(replies)
    assert "Migrant centre" in text(replies)
    assert card["confidence"] == round(load_calibration().answer(0.9), 3)


def test_what_only_a_passage_answers_is_quoted_before_the_ways_out() -> None:
    replies = Conversation().hear(
        "my boss did not pay me", "ask_what", service="not_covered", passages=(PASSAGE,)
    )
    assert types(replies) == ["answer", "out_of_scope"]
    card = replies[0]["card"]
    assert (card["service"], card["items"], card["confidence"]) == (None, [PASSAGE], 0.5)
    assert "“A lawyer advises free of charge.” [1]" in replies[0]["text"]
    assert any(choice["value"] == "act:human" for choice in replies[1]["choices"])


def test_without_a_passage_it_is_declined_as_before() -> None:
    assert types(Conversation().hear("2-7?", "ask_what", service="not_covered")) == ["out_of_scope"]

"""Search over a few records and an organisation's own documents, with the real encoder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from knowledge.base import KnowledgeBase
from knowledge.calibration import Curve, load_calibration
from knowledge.documents import read_document
from knowledge.encoder import Prompt, Vectors, load_encoder
from knowledge.passages import Passages, embed
from knowledge.router import Router, read_examples
from knowledge.search import Hit, Index, Quote, Search

SERVICES = ("reentry_permit", "residence_change_report")
TODAY = date(2026, 11, 21)
CENTRE = """# Migrant centre

## Lawyer

A lawyer advises free of charge on unpaid wages every second Saturday. Come to the second floor.

## Childcare

While you learn Korean with us, we look after children from three years on.
"""


@pytest.fixture(scope="module")
def search(base: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Search:
    """Two services, a few examples of each, and one document."""
    folder, encoder = tmp_path_factory.mktemp("search"), load_encoder()
    few = base._replace(services={name: base.services[name] for name in SERVICES})
    examples = [
        example
        for name in (*SERVICES, "unrelated")
        for example in [e for e in read_examples() if e.service == name and e.language == "en"][:12]
    ]
    router = Router.fit(examples, encoder.encode([e.text for e in examples]))
    passages = Passages(folder, encoder.name)
    file = folder / "centre.md"
    file.write_text(CENTRE)
    passages.add([embed(read_document(file), "2026-03", encoder, lambda _: None)], TODAY)
    return Search(router, Index.of(few, encoder, folder, router.centre), passages)


def find(search: Search, query: str, limit: int = 5) -> list[Hit | Quote]:
    return search.find(query, load_encoder().encode([query])[0], limit)


def test_records_come_first_for_what_they_are_about(search: Search) -> None:
    for query in (
        "I moved, by when must I report my new address?",
        "이사했는데 언제까지 신고해요?",
    ):
        first = find(search, query)[0]
        assert isinstance(first, Hit)
        assert first.statement.service.id == "residence_change_report"


@pytest.mark.parametrize(
    "query",
    [
        "who helps when my boss has not paid my wages?",
        "사장님이 월급을 안 줘요. 무료 변호사 상담 있어요?",
        "給料が払われません。無料で弁護士に相談できますか",
        "chủ không trả lương, có luật sư tư vấn miễn phí không?",
    ],
)
def test_a_passage_is_found_in_any_language_and_quoted_with_its_place(
    search: Search, query: str
) -> None:
    quote = next(hit for hit in find(search, query) if isinstance(hit, Quote))
    item = quote.as_item()
    assert item["kind"] == "passage"
    assert item["text"].startswith("A lawyer advises free of charge")
    assert item["citations"] == [
        {
            "source": "centre.md",
            "title": "Migrant centre",
            "section": "Migrant centre › Lawyer",
            "as_of": "2026-03",
            "note": None,
            "outside": True,
        }
    ]


def test_the_limit_is_kept_and_the_best_come_first(search: Search) -> None:
    found = find(search, "re-entry permit", limit=4)
    assert len(found) == 4
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_only_statements_of_the_named_services(search: Search) -> None:
    query = load_encoder().encode(["passport"])[0]
    hits = search.index.search("passport", query, 100, {"reentry_permit": 0.9, "unrelated": 0.1})
    assert {hit.statement.service.id for hit in hits} == {"reentry_permit"}


def test_what_is_near_to_every_message_is_no_answer(search: Search) -> None:
    """Bare "Passport" is of the nearest to this question by cosine alone."""
    query = "how many days do I have to report that I moved house"
    scores = search.index.scores(query, load_encoder().encode([query])[0])
    best = [search.index.statements[i].item.text for i in (-scores).argsort()[:5]]
    assert all(len(text) > 20 for text in best), best


def test_the_curves_of_the_base_rise() -> None:
    calibration = load_calibration()
    for curve in (calibration.answer, calibration.statement, calibration.passage):
        scores, shares = zip(*curve.corners, strict=True)
        assert sorted(set(scores)) == list(scores)
        assert sorted(shares) == list(shares)
        assert 0 <= shares[0] < shares[-1] <= 1


@pytest.mark.parametrize(
    ("score", "probability"),
    [(-9, 0.1), (0, 0.1), (0.5, 0.2), (1, 0.3), (1.5, 0.6), (2, 0.9), (9, 0.9)],
)
def test_a_curve_goes_straight_from_corner_to_corner(score: float, probability: float) -> None:
    curve = Curve(((0.0, 0.1), (1.0, 0.3), (2.0, 0.9)))
    assert curve(score) == pytest.approx(probability)


class Counting:
    """An encoder that counts what it was given."""

    name, dimensions = "counting", 4

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, sentences: Sequence[str], prompt: Prompt = "query") -> Vectors:
        self.encoded += len(sentences)
        return np.ones((len(sentences), self.dimensions), dtype=np.float32)


def test_embeddings_are_kept_until_a_text_changes(base: KnowledgeBase, tmp_path: Path) -> None:
    encoder, centre = Counting(), np.zeros(4, dtype=np.float32)
    one = base._replace(services={"reentry_permit": base.services["reentry_permit"]})
    statements = len(Index.of(one, encoder, tmp_path, centre).statements)
    Index.of(one, encoder, tmp_path, centre)
    assert encoder.encoded == statements
    renamed = msgspec.structs.replace(one.services["reentry_permit"], title="Another")
    Index.of(one._replace(services={"reentry_permit": renamed}), encoder, tmp_path, centre)
    assert encoder.encoded == 2 * statements

"""The router on a few examples of our own, with made-up embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.base import NOT_OURS, KnowledgeBase
from knowledge.encoder import Prompt, Vectors
from knowledge.router import Example, Router, embed_kept, read_examples

TEXTS = ["my visa ends", "extend my stay", "new address", "i moved", "lost my card", "card is gone"]
EXAMPLES = [
    Example(service, "en", text)
    for service, text in zip(["stay", "stay", "move", "move", "card", "card"], TEXTS, strict=True)
]


class Counting:
    """An encoder that counts what it is asked for: the first letters decide the meaning."""

    name, dimensions = "counting", 4

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, sentences: list[str], prompt: Prompt = "query") -> Vectors:
        self.encoded += sentences
        return np.array([[len(s), ord(s[0]), ord(s[-1]), 1.0] for s in sentences], np.float32)


def test_it_finds_its_own_examples_again() -> None:
    embeddings = np.eye(6, dtype=np.float32)
    router = Router.fit(EXAMPLES * 2, np.vstack([embeddings, embeddings]))
    for example, embedding in zip(EXAMPLES, embeddings, strict=True):
        ranked = router.rank(example.text.upper(), embedding)
        assert ranked[0][0] == example.service
        assert sum(probability for _, probability in ranked) == pytest.approx(1)


def test_only_new_examples_are_embedded(tmp_path: Path) -> None:
    encoder = Counting()
    first = embed_kept(TEXTS[:4], encoder, tmp_path)
    again = embed_kept(TEXTS, encoder, tmp_path)
    assert encoder.encoded == TEXTS
    assert (again[:4] == first).all()


def test_examples_are_for_services_and_every_service_has_some() -> None:
    services = set(KnowledgeBase.load().services)
    named = {example.service for example in read_examples()}
    assert named == services | set(NOT_OURS)


def test_vietnamese_is_also_known_without_accents() -> None:
    texts = {e.text for e in read_examples() if e.language == "vi"}
    assert any("visa" in text and text.isascii() for text in texts)

"""The router on a few examples of our own, with made-up embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import knowledge.router as router_module
from knowledge.base import NOT_OURS, KnowledgeBase
from knowledge.encoder import Prompt, Vectors
from knowledge.router import Example, Router, embed_kept, load_router, read_examples

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


def test_a_router_of_another_version_is_fitted_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose classes this version no longer has."""
    monkeypatch.setattr(router_module, "read_examples", lambda: EXAMPLES * 3)
    kept = tmp_path / "router.pickle"
    kept.write_bytes(b"\x80\x04cknowledge.router\nGone\n.")
    first = load_router(Counting(), tmp_path)
    made = kept.read_bytes()
    again = load_router(Counting(), tmp_path)
    assert kept.read_bytes() == made
    embedding = Counting().encode(["new address"])[0]
    assert again.rank("new address", embedding) == first.rank("new address", embedding)


def test_examples_are_for_services_and_every_service_has_some() -> None:
    services = set(KnowledgeBase.load().services)
    named = {example.service for example in read_examples()}
    assert named == services | set(NOT_OURS)


def test_vietnamese_is_also_known_without_accents() -> None:
    texts = {e.text for e in read_examples() if e.language == "vi"}
    assert any("visa" in text and text.isascii() for text in texts)

"""Search: the statements of the base that a message is about.

Every shown statement (requirement, document, fee, deadline, office, step,
note) is a line of the index.  Embeddings and words are scored apart and fused
by rank, so that neither scale matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge.base import KnowledgeBase, conditions
from knowledge.encoder import Encoder, Vectors, save
from knowledge.schema import Condition, Item, Service

_RANK_SMOOTHING = 60  # of reciprocal rank fusion, the usual value


class Statement(NamedTuple):
    """One line of the index: an item or a requirement of a service."""

    service: Service
    item: Item | Condition

    @property
    def text(self) -> str:
        return f"{self.service.title}. {self.item.text}"


class Hit(NamedTuple):
    statement: Statement
    score: float


class Index:
    """All statements, searchable by embedding and by words."""

    def __init__(self, statements: Sequence[Statement], embeddings: Vectors) -> None:
        self.statements = statements
        self._embeddings = embeddings
        self._words = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
        # Words as rows: a query then touches only its own words.
        self._lexical = self._words.fit_transform([s.text.casefold() for s in statements]).T.tocsr()

    @classmethod
    def of(cls, base: KnowledgeBase, encoder: Encoder, folder: Path) -> Index:
        """The index over `base`; embeddings are kept in `folder` until a text changes."""
        statements = list(_statements(base))
        texts = [statement.text for statement in statements]
        stamp = hashlib.sha256(repr((encoder.name, texts)).encode()).hexdigest()
        path = folder / "statements.npz"
        if path.exists():
            with np.load(path) as stored:
                if str(stored["stamp"]) == stamp:
                    return cls(statements, stored["embeddings"])
        embeddings = encoder.encode(texts, "passage")
        save(path, stamp=stamp, embeddings=embeddings)
        return cls(statements, embeddings)

    def search(
        self, text: str, embedding: Vectors, limit: int = 10, services: Sequence[str] = ()
    ) -> list[Hit]:
        """The best `limit` statements, of `services` only where any are named.

        `embedding` is the query's, of shape (dimensions,).  `score` is its cosine.
        """
        meaning = self._embeddings @ embedding
        words = (self._words.transform([text.casefold()]) @ self._lexical).toarray().ravel()
        fused = 1 / (_RANK_SMOOTHING + _ranks(meaning)) + np.where(
            words > 0, 1 / (_RANK_SMOOTHING + _ranks(words)), 0
        )
        order = [
            int(i)
            for i in np.argsort(fused)[::-1]
            if not services or self.statements[i].service.id in services
        ]
        return [Hit(self.statements[i], float(meaning[i])) for i in order[:limit]]


def _statements(base: KnowledgeBase) -> list[Statement]:
    found: list[Statement] = []
    for service in base.services.values():
        found += [Statement(service, c) for c in conditions(service.requires) if c.text]
        found += [Statement(service, item) for item in service.items]
    return found


def _ranks(scores: Vectors) -> Vectors:
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[np.argsort(scores)[::-1]] = np.arange(len(scores), dtype=np.float32)
    return ranks

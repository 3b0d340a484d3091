"""Search: the statements of the base, and the passages beside it, that a message is about.

Every shown statement (requirement, document, fee, deadline, office, step,
note) is a line of the index.  Its score is how near its meaning is, a little
of how many words it shares, and how likely its service is meant.  Nearness is
taken less what is near to every message: "Passport", of any service, is near to
all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from knowledge.base import KnowledgeBase, conditions
from knowledge.calibration import Curve, load_calibration
from knowledge.encoder import Encoder, Vectors, save
from knowledge.letters import LetterRuns
from knowledge.passages import Found, Passages
from knowledge.router import Router, load_router
from knowledge.schema import Condition, Item, Service

# Weights beside a nearness of 1; tried on the routers' examples, each held out from its router.
_OF_WORDS = 0.1
_OF_SERVICE = 0.02  # of the logarithm of its probability
_LEAST_LIKELY = 1e-3
CANDIDATES = 30  # passages of each half


class Statement(NamedTuple):
    """One line of the index: an item or a requirement of a service."""

    service: Service
    item: Item | Condition

    @property
    def text(self) -> str:
        return f"{self.service.title}. {self.item.text}"


class Hit(NamedTuple):
    """`score` is the probability that the statement is about the service that is meant."""

    statement: Statement
    score: float


class Quote(NamedTuple):
    """A passage; `score` is the probability that it is about what is meant."""

    found: Found
    score: float

    def as_item(self) -> dict[str, Any]:
        """The quotation with its source, in the form of a card's items."""
        found = self.found
        citation = {
            "source": found.document,
            "title": found.title,
            "section": found.passage.section,
            "as_of": found.as_of,
            "note": None,
            "outside": True,
        }
        return {
            "id": f"{found.document}#{found.number}",
            "kind": "passage",
            "text": found.passage.text,
            "disputed": False,
            "citations": [citation],
        }


class Index:
    """All statements, searchable by embedding and by words.

    `centre` is the mean embedding of messages: what is in all of them tells nothing.
    """

    def __init__(
        self, statements: Sequence[Statement], embeddings: Vectors, centre: Vectors
    ) -> None:
        self.statements = statements
        self.embeddings, self._centre = embeddings, centre
        self._words, lexical = LetterRuns.fit([s.text.casefold() for s in statements], 2, 4)
        # Words as rows: a query then touches only its own words.
        self._lexical = lexical.T.tocsr()
        names = [statement.service.id for statement in statements]
        self._services, self._service_of = np.unique(names, return_inverse=True)

    @classmethod
    def of(cls, base: KnowledgeBase, encoder: Encoder, folder: Path, centre: Vectors) -> Index:
        """The index over `base`; embeddings are kept in `folder` until a text changes."""
        statements = list(_statements(base))
        texts = [statement.text for statement in statements]
        stamp = hashlib.sha256(repr((encoder.name, texts)).encode()).hexdigest()
        path = folder / "statements.npz"
        if path.exists():
            with np.load(path) as stored:
                if str(stored["stamp"]) == stamp:
                    return cls(statements, stored["embeddings"], centre)
        embeddings = encoder.encode(texts, "passage")
        save(path, stamp=stamp, embeddings=embeddings)
        return cls(statements, embeddings, centre)

    def search(
        self,
        text: str,
        embedding: Vectors,
        limit: int = 10,
        services: Mapping[str, float] | None = None,
    ) -> list[Hit]:
        """The best `limit` statements.

        `embedding` is the query's, of shape (dimensions,).  `services` are those
        to look at with the probability that each is meant; None: all, and alike.
        """
        calibration = load_calibration()
        curve = calibration.passage if services is None else calibration.statement
        scores = self.scores(text, embedding, services)
        found = np.argsort(-scores)[:limit]
        return [
            Hit(self.statements[i], curve(float(scores[i])))
            for i in map(int, found)
            if scores[i] > -np.inf
        ]

    def scores(
        self, text: str, embedding: Vectors, services: Mapping[str, float] | None = None
    ) -> Vectors:
        """The score of every statement, not calibrated; -inf where its service is not named."""
        words = (self._words.vectors([text.casefold()]) @ self._lexical).toarray().ravel()
        scores: Vectors = self.embeddings @ (embedding - self._centre) + _OF_WORDS * words
        if services is not None:
            likely = {
                service: _OF_SERVICE * np.log(max(probability, _LEAST_LIKELY))
                for service, probability in services.items()
            }
            by_service = np.array([likely.get(service, -np.inf) for service in self._services])
            scores = scores + by_service[self._service_of]
        return scores


class Search:
    """Statements and passages together, and which service is meant."""

    def __init__(self, router: Router, index: Index, passages: Passages) -> None:
        self.router, self.index, self.passages = router, index, passages

    @classmethod
    def of(cls, base: KnowledgeBase, encoder: Encoder, folder: Path, database: str = "") -> Search:
        """Everything that is kept in `folder`, made where it is missing or stale.

        The passages are in `database` (SQLAlchemy's address), or else in `folder`, too.
        """
        router = load_router(encoder, folder)
        index = Index.of(base, encoder, folder, router.centre)
        return cls(router, index, Passages(folder, encoder.name, database))

    def find(self, text: str, embedding: Vectors, limit: int = 10) -> list[Hit | Quote]:
        """The best `limit` statements and passages.  `embedding`: the query's, (dimensions,)."""
        services = dict(self.router.rank(text, embedding))
        found: list[Hit | Quote] = [*self.index.search(text, embedding, limit, services)]
        found += self.quotes(text, embedding, limit)
        return sorted(found, key=lambda hit: hit.score, reverse=True)[:limit]

    def quotes(self, text: str, embedding: Vectors, limit: int = 10) -> list[Quote]:
        """The best `limit` passages."""
        curve: Curve = load_calibration().passage
        found = self.passages.search(text, embedding - self.router.centre, CANDIDATES)
        quotes = [Quote(f, curve(f.meaning + _OF_WORDS * f.words)) for f in found]
        return sorted(quotes, key=lambda quote: quote.score, reverse=True)[:limit]


def _statements(base: KnowledgeBase) -> list[Statement]:
    found: list[Statement] = []
    for service in base.services.values():
        found += [Statement(service, c) for c in conditions(service.requires) if c.text]
        found += [Statement(service, item) for item in service.items]
    return found

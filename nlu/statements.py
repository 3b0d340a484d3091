"""Yes-or-no facts and choices told in one's own words, learned from messages.

One logistic regression for each value of each fact ("marriage: divorced") over
the letters of a clause and the meaning of the whole message.  A message is read
clause by clause and as a whole, and the surest reading counts: what is told in a
long story is told in one place of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import regex
from scipy.sparse import csc_matrix, csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from knowledge.base import KnowledgeBase
from knowledge.encoder import Vectors
from knowledge.letters import LetterRuns
from nlu.meaning import Embeddings, Meaning
from nlu.told import Saying, Told

_OTHERS = 2000  # lines of other facts that a value is learned against
_FEWEST = 8  # examples from which a value is learned at all
UNLIKELY = 0.005
"""The probability below which a value is not even mentioned."""
_SLIGHT = 0.05  # weights below this change nothing and cost memory
_STRETCH = 2.0  # how much meaning weighs beside letters; tried on messages held out
_CLAUSE_END = regex.compile(r"[.,!?;:\n、。，！？；।၊။៕()]+\s*")


class Value(NamedTuple):
    """A fact with one of its values."""

    fact: str
    value: bool | str


class Statement(NamedTuple):
    """A value that `text[start:end]` tells with a probability."""

    told: Value
    probability: float
    start: int
    end: int


class StatementModel:
    """Says which values a message tells."""

    def __init__(
        self,
        words: LetterRuns,
        meaning: Meaning,
        values: list[Value],
        weights: tuple[csr_matrix, Vectors],
        bias: list[float],
    ) -> None:
        self._words, self._meaning, self._values = words, meaning, values
        self._of_letters, self._of_meaning = weights
        self._bias = np.array(bias, dtype=np.float32)

    @classmethod
    def fit(
        cls,
        base: KnowledgeBase,
        said: Sequence[Saying],
        messages: Sequence[Told],
        embeddings: Embeddings,
    ) -> StatementModel:
        """Learn every value that has examples enough."""
        in_words = {fact.id for fact in base.facts.values() if fact.kind in ("bool", "choice")}
        texts = [saying.text for saying in said] + [message.text for message in messages]
        tells: list[set[Value]] = [
            {Value(s.fact, s.value)} if s.fact in in_words and s.value is not None else set()
            for s in said
        ]
        tells += [{Value(f, v) for f, v in m.facts.items() if f in in_words} for m in messages]
        words, letters = LetterRuns.fit([text.casefold() for text in texts], 1, 4, fewest=3)
        meaning = Meaning.of(embeddings, _STRETCH)
        features = hstack([letters, meaning.rows(texts, embeddings)], format="csr")
        about = np.array([saying.fact for saying in said] + [""] * len(messages))
        chance = np.random.RandomState(0)
        values, columns, meanings, bias = [], [], [], []
        for value in sorted(set().union(*tells), key=str):
            right = np.array([value in told for told in tells])
            if right.sum() < _FEWEST:
                continue
            # Lines of other facts may tell this one too; a part of them does little harm.
            rows = np.flatnonzero((about == value.fact) | (about == ""))
            others = np.flatnonzero((about != value.fact) & (about != ""))
            others = chance.choice(others, min(_OTHERS, len(others)), replace=False)
            rows = np.concatenate([rows, others])
            # Ten passes bring it as near to its end as matters, in half of the time.
            model = LogisticRegression(C=100, solver="liblinear", dual=True, tol=0.1, max_iter=10)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(features[rows], right[rows])
            column, of_meaning = np.split(model.coef_[0].astype(np.float32), [len(words)])
            column[np.abs(column) < _SLIGHT] = 0
            values.append(value)
            columns.append(csc_matrix(column[:, np.newaxis]))
            meanings.append(of_meaning)
            bias.append(float(model.intercept_[0]))
        weights = hstack(columns).tocsr(), np.column_stack(meanings)
        return cls(words, meaning, values, weights, bias)

    def read(
        self, text: str, embedding: Vectors | None = None, only: str | None = None
    ) -> list[Statement]:
        """The surest reading of each value that is at all likely, the surest value first.

        `embedding` is the whole text's, of shape (dimensions,).  With `only`, the
        values of that fact alone.
        """
        clauses = list(_clauses(text))
        parts = [text[start:end].casefold() for start, end in clauses]
        scores = (self._words.vectors(parts) @ self._of_letters).toarray() + self._bias
        if embedding is not None:
            scores += self._meaning.row(embedding) @ self._of_meaning
        rows = scores.argmax(axis=0)
        likely = 1 / (1 + np.exp(-scores.max(axis=0)))
        return [
            Statement(self._values[column], float(likely[column]), *clauses[rows[column]])
            for column in np.argsort(-likely)
            if likely[column] >= UNLIKELY and only in (None, self._values[column].fact)
        ]


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """The whole text, its clauses, and windows of some words where there are no marks."""
    yield 0, len(text)
    start = 0
    for mark in _CLAUSE_END.finditer(text):
        if mark.start() - start > 3:
            yield start, mark.start()
        start = mark.end()
    if 0 < start < len(text) - 3:
        yield start, len(text)
    words = [match.span() for match in regex.finditer(r"\S+", text)]
    if len(words) > 6:
        for size in (5, 8):
            for first in range(0, max(1, len(words) - size + 1), 2):
                yield words[first][0], words[min(first + size, len(words)) - 1][1]
    elif len(text) > 24:
        for size in (14, 24):
            for begin in range(0, max(1, len(text) - size + 1), 4):
                yield begin, min(begin + size, len(text))

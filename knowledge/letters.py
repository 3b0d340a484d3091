"""Texts as weighed runs of letters: spelling, names and codes, in any script.

The numbers are those of scikit-learn's TfidfVectorizer (`char_wb`, sublinear).
Its `transform` spends most of its time on checks that are meant for large
matrices; for one message this takes a sixth of it, cut into clauses a third.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

_WORDS = 20_000  # whose runs are remembered
Weights = NDArray[np.float32]


class LetterRuns:
    """Runs of letters within words, learned from texts; `len()` is how many are known."""

    def __init__(self, shortest: int, longest: int, known: dict[str, int], idf: Weights) -> None:
        self._lengths, self._known, self._idf = (shortest, longest), known, idf
        self._of_word = lru_cache(_WORDS)(self._find)

    def __len__(self) -> int:
        return len(self._known)

    # What is remembered of words is no part of what was learned.
    def __reduce__(self) -> tuple[type[LetterRuns], tuple[object, ...]]:
        return LetterRuns, (*self._lengths, self._known, self._idf)

    @classmethod
    def fit(
        cls, texts: Sequence[str], shortest: int, longest: int, fewest: int = 1
    ) -> tuple[LetterRuns, csr_matrix]:
        """The runs that stand in at least `fewest` of the texts, and the texts as vectors."""
        learner = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(shortest, longest),
            min_df=fewest,
            sublinear_tf=True,
            dtype=np.float32,
        )
        vectors = learner.fit_transform(texts)
        known = {run: int(column) for run, column in learner.vocabulary_.items()}
        return cls(shortest, longest, known, learner.idf_.astype(np.float32)), vectors

    def vectors(self, texts: Sequence[str]) -> csr_matrix:
        """A row of length 1 for each text, in float32; all zeros where nothing is known of it."""
        ends, columns, weights = [0], [], []
        for text in texts:
            counts: Counter[int] = Counter()
            for word in text.lower().split():
                counts.update(self._of_word(word))
            found = np.fromiter(counts, np.int32, len(counts))
            weight = 1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))
            weight *= self._idf[found]
            columns.append(found)
            weights.append(weight / (np.sqrt(weight @ weight) or 1))
            ends.append(ends[-1] + len(found))
        rows = np.concatenate(weights), np.concatenate(columns), ends
        return csr_matrix(rows, shape=(len(texts), len(self)))

    def _find(self, word: str) -> tuple[int, ...]:
        """The known runs of a word and the spaces around it, each as often as it stands there."""
        padded, known = f" {word} ", self._known
        shortest, longest = self._lengths
        columns = []
        for length in range(shortest, longest + 1):
            # A word that is not longer is one run, and has no longer ones.
            last = max(len(padded) - length, 0)
            columns += [
                known[run]
                for start in range(last + 1)
                if (run := padded[start : start + length]) in known
            ]
            if last == 0:
                break
        return tuple(columns)

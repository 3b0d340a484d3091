"""What a whole message means, beside its letters, for those who read facts in it.

Letters know the words that examples used; a sentence embedding knows what was
meant by others.  Embedding costs training its time, so of all examples only
those have one that the router is fitted on too, where it is computed anyway,
and what is said of danger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from knowledge.encoder import Vectors

Embeddings = Mapping[str, Vectors]
"""Text -> its embedding, of shape (dimensions,); of examples that have one."""


_AXES = 96
"""Of an embedding's 384 numbers those along which messages differ most; fewer to learn from."""


class Meaning(NamedTuple):
    """Embeddings seen from their centre (e5's crowd in a narrow cone), along their main axes."""

    centre: Vectors
    axes: Vectors
    """Of shape (dimensions, axes), as long as meaning weighs beside letters."""

    @classmethod
    def of(cls, embeddings: Embeddings, stretch: float) -> Meaning:
        vectors = np.array(list(embeddings.values()), dtype=np.float32)
        centre = vectors.mean(axis=0)
        _, _, axes = np.linalg.svd(vectors - centre, full_matrices=False)
        return cls(centre, axes[:_AXES].T * np.float32(stretch))

    def row(self, embedding: Vectors) -> Vectors:
        """An embedding as it is weighed, of shape (axes,); or several, row by row."""
        weighed: Vectors = (embedding - self.centre) @ self.axes
        return weighed

    def rows(self, texts: Sequence[str], embeddings: Embeddings) -> csr_matrix:
        """A row for each text; all zeros where a text has no embedding."""
        whole = np.zeros((len(texts), self.axes.shape[1]), dtype=np.float32)
        known = [place for place, text in enumerate(texts) if text in embeddings]
        whole[known] = self.row(np.array([embeddings[texts[place]] for place in known]))
        return csr_matrix(whole)

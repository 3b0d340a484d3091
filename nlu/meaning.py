"""What a whole message means, beside its letters, for those who read facts in it.

Letters know the words that examples used; a sentence embedding knows what was
meant by others.  Embedding costs training its time, so of all examples only
those have one that the router is fitted on too, where it is computed anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, vstack

from knowledge.encoder import Vectors

Embeddings = Mapping[str, Vectors]
"""Text -> its embedding, of shape (dimensions,); of examples that have one."""


class Meaning(NamedTuple):
    """Centred and stretched embeddings: e5's crowd in a narrow cone."""

    centre: Vectors
    stretch: float

    @classmethod
    def of(cls, embeddings: Embeddings, stretch: float) -> Meaning:
        return cls(np.mean(list(embeddings.values()), axis=0, dtype=np.float32), stretch)

    def row(self, embedding: Vectors) -> Vectors:
        """One embedding as it is weighed, of shape (dimensions,)."""
        return (embedding - self.centre) * np.float32(self.stretch)

    def rows(self, texts: Sequence[str], embeddings: Embeddings) -> csr_matrix:
        """A row for each text; all zeros where a text has no embedding."""
        nothing = csr_matrix((1, len(self.centre)), dtype=np.float32)
        known = {text: csr_matrix(self.row(embeddings[text])) for text in embeddings}
        return vstack([known.get(text, nothing) for text in texts], format="csr")

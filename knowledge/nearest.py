"""The passages nearest to a query by their embeddings.

Up to EXACT passages all are compared.  Beyond, faiss compares those in the
cells around the query (an inverted file of 8-bit vectors, read from disk as
needed and shared by all processes); what it finds is then scored exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.encoder import Vectors

EXACT = 10_000
"""Passages up to which all are compared (`python -m tests.bench.growth`).

Cells are the faster from about 3,000 on, but up to here by less than half a
millisecond of a query that takes five, and they may miss one.
"""
_CELLS = 4  # times the square root of the passages
_LOOKED_INTO = 64  # cells a query
_SAMPLES = 40  # a cell, for finding the cells
Ids = npt.NDArray[np.int64]
Batches = Iterable[tuple[Ids, Vectors]]


class Exact:
    """All vectors in memory."""

    def __init__(self, batches: Batches) -> None:
        ids, vectors = zip(*batches, strict=True)
        self._ids: Ids = np.concatenate(ids)
        self._vectors: Vectors = np.concatenate(vectors)

    def search(self, query: Vectors, limit: int) -> Ids:
        """The ids of the `limit` nearest, in no order."""
        scores = self._vectors @ query
        best = slice(None) if len(scores) <= limit else np.argpartition(scores, -limit)[-limit:]
        found: Ids = self._ids[best]
        return found


class Approximate:
    """An index file of `write_vectors`, opened for reading."""

    def __init__(self, path: Path) -> None:
        import faiss  # no desk with few passages needs it

        self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        self._index.nprobe = _LOOKED_INTO
        # Threads that read ahead cost more than the reading: 1.4 ms a query, and .2 without.
        faiss.downcast_InvertedLists(self._index.invlists).prefetch_nthread = 0

    def search(self, query: Vectors, limit: int) -> Ids:
        """The ids of nearly the `limit` nearest, in no order."""
        _, ids = self._index.search(query[np.newaxis, :], limit)
        found: Ids = ids[0][ids[0] >= 0]
        return found


def write_vectors(path: Path, count: int, batches: Callable[[], Batches]) -> None:
    """An index file over `count` vectors; `batches` gives them, and is called twice."""
    import faiss

    cells = int(_CELLS * math.sqrt(count))
    rng = np.random.default_rng(0)
    share = min(1.0, _SAMPLES * cells / count)
    samples = [vectors[rng.random(len(vectors)) < share] for _, vectors in batches()]
    learnt = np.concatenate(samples)
    quantizer = faiss.IndexFlatIP(learnt.shape[1])
    index = faiss.IndexIVFScalarQuantizer(
        *(quantizer, learnt.shape[1], cells),
        *(faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT),
    )
    index.cp.min_points_per_centroid = 1  # faiss would warn of small collections
    index.train(learnt)
    for ids, vectors in batches():
        index.add_with_ids(vectors, ids)
    faiss.write_index(index, str(path))


def extend_vectors(path: Path, removed: Ids, added: Batches) -> bool:
    """Change an index file; False where it has outgrown its cells and is to be written anew."""
    import faiss

    index: Any = faiss.read_index(str(path))
    if len(removed):
        index.remove_ids(removed)
    for ids, vectors in added:
        index.add_with_ids(vectors, ids)
    if 2 * index.nlist < _CELLS * math.sqrt(index.ntotal):
        return False
    faiss.write_index(index, str(path))
    return True

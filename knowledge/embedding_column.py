"""Embeddings in SQL: pgvector's type and search in PostgreSQL, plain bytes elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from knowledge.encoder import Vectors
from knowledge.nearest import Ids

_LOOKED_AT = 200  # neighbours that pgvector's graph is searched for; its default of 40 misses more


class Embedding(sa.types.TypeDecorator):
    """A column of vectors, (dimensions,) float32.  Outside PostgreSQL they are kept as float16."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return _Vector() if dialect.name == "postgresql" else sa.LargeBinary()

    def process_bind_param(self, value: Any, dialect: Any) -> str | bytes:
        vector = np.asarray(value, dtype=np.float32)
        if dialect.name == "postgresql":
            return as_literal(vector)
        return vector.astype(np.float16).tobytes()

    def process_result_value(self, value: Any, dialect: Any) -> Vectors:
        if dialect.name == "postgresql":
            return np.fromstring(value[1:-1], dtype=np.float32, sep=",")
        stored: Vectors = np.frombuffer(value, dtype=np.float16).astype(np.float32)
        return stored


class InDatabase:
    """The nearest passages as pgvector finds them: nothing is held in this process."""

    def __init__(self, engine: Any, encoder: str) -> None:
        self._engine, self._encoder = engine, encoder

    def search(self, query: Vectors, limit: int) -> Ids:
        """The ids of nearly the `limit` nearest, in no order."""
        values = {"query": as_literal(query), "encoder": self._encoder, "most": limit}
        with self._engine.begin() as db:
            db.execute(sa.text(f"SET LOCAL hnsw.ef_search = {max(_LOOKED_AT, limit)}"))
            rows = db.execute(sa.text(_NEAREST.format(dimensions=len(query))), values)
            return np.array([row.id for row in rows], dtype=np.int64)


def prepare(db: Any) -> None:
    """Let PostgreSQL know pgvector's type; a RuntimeError tells what is missing."""
    try:
        db.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector"))
    except sa.exc.DBAPIError as error:
        raise RuntimeError(
            "This PostgreSQL has no pgvector, or this user may not switch it on. Install the "
            "package (on Debian: postgresql-<version>-pgvector) and, as the database's owner, run "
            "CREATE EXTENSION vector; once."
        ) from error


def index_embeddings(db: Any, dimensions: int) -> None:
    """pgvector's graph over the vectors of these dimensions; kept up to date by PostgreSQL."""
    db.execute(sa.text(_GRAPH.format(dimensions=dimensions)))


def as_literal(vector: Vectors) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(f"{number:.7g}" for number in vector.tolist()) + "]"


class _Vector(sa.types.UserDefinedType):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "vector"


# Encoders differ in dimensions, and a graph is over one number of them.
_GRAPH = """
CREATE INDEX IF NOT EXISTS passages_nearest_{dimensions} ON passages
USING hnsw ((embedding::vector({dimensions})) vector_ip_ops)
WHERE vector_dims(embedding) = {dimensions}
"""
_NEAREST = """
SELECT passages.id FROM passages JOIN documents ON documents.name = passages.document
WHERE vector_dims(embedding) = {dimensions} AND documents.encoder = :encoder
ORDER BY embedding::vector({dimensions}) <#> CAST(:query AS vector({dimensions})) LIMIT :most
"""

"""The passages of an organisation's own documents: kept in SQL, found by meaning and by words.

SQL holds the documents; what finds them (`nearest.py`, `words.py`) is made from
it into a folder of its own for every state of the documents.  In PostgreSQL
pgvector finds by meaning, and only the words have their folder.  A reader sees by
the state's stamp that something has changed, so that a running desk answers
from a document as soon as it is added.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from knowledge.cutting import Passage, cut
from knowledge.documents import Document, width
from knowledge.embedding_column import Embedding, InDatabase, index_embeddings, prepare
from knowledge.encoder import Encoder, Vectors
from knowledge.nearest import EXACT, Approximate, Batches, Exact, Ids, extend_vectors, write_vectors
from knowledge.words import Words, write_words

FILE = "passages.db"
_VECTORS, _WORDS = "vectors.faiss", "words"
_BATCH = 5_000
_AT_ONCE = 8  # passages; more would make the progress bar jump
# Held by PostgreSQL until the transaction ends; the number is only ours.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7265001)"

TABLES = sa.MetaData()
STATE = sa.Table("passages_state", TABLES, sa.Column("stamp", sa.String(32), primary_key=True))
_documents = sa.Table(
    "documents",
    TABLES,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("as_of", sa.String(10)),
    sa.Column("added_on", sa.String(10), nullable=False),
    sa.Column("encoder", sa.String(255), nullable=False),
)
_passages = sa.Table(
    "passages",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("document", sa.ForeignKey("documents.name"), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("headings", sa.Text, nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("embedding", Embedding, nullable=False),
    sqlite_autoincrement=True,  # an id that was removed never comes back
)


class Embedded(NamedTuple):
    """A document ready to be stored: its passages and their embeddings, row by row.

    `as_of` is the date its content stands for (a year, a month or a day), where known.
    """

    name: str
    title: str
    as_of: str | None
    passages: Sequence[Passage]
    embeddings: Vectors


class Listed(NamedTuple):
    """A stored document.  `readable` is whether this desk's encoder embedded it."""

    name: str
    title: str
    as_of: str | None
    added_on: str
    passages: int
    readable: bool


class Found(NamedTuple):
    """A passage near a query: `number` in its document, from 1.

    `meaning` is the product with the query's embedding, `words` the share of
    the query's words, 0 to 1.
    """

    document: str
    title: str
    as_of: str | None
    number: int
    passage: Passage
    meaning: float
    words: float


def embed(
    document: Document, as_of: str | None, encoder: Encoder, tell: Callable[[int], None]
) -> Embedded:
    """The document cut and embedded; `tell` hears how many columns of text are done."""
    passages = cut(document)
    vectors = []
    for begin in range(0, len(passages), _AT_ONCE):
        batch = passages[begin : begin + _AT_ONCE]
        texts = [_in_context(document.title, passage) for passage in batch]
        vectors.append(encoder.encode(texts, "passage"))
        tell(sum(width(passage.text) for passage in batch))
    return Embedded(document.name, document.title, as_of, passages, np.concatenate(vectors))


class Passages:
    """The store, and the search in it.  `folder` is where the files are kept.

    `database` is an address for SQLAlchemy; without one, a file in `folder`.
    """

    def __init__(self, folder: Path, encoder: str, database: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._encoder = folder, encoder
        self.engine = _engine(database or f"sqlite:///{folder / FILE}")
        self._in_postgresql = self.engine.dialect.name == "postgresql"
        with self.engine.begin() as db:
            if self._in_postgresql:
                db.execute(sa.text(_ONE_AT_A_TIME))
                prepare(db)
            TABLES.create_all(db)
        self._opening = threading.Lock()
        self._opened: tuple[str, _Finder | None] = ("", None)

    def documents(self) -> list[Listed]:
        """Every document, by name."""
        count = sa.func.count(_passages.c.id)
        query = (
            sa.select(_documents, count)
            .outerjoin(_passages)
            .group_by(*_documents.c)
            .order_by(_documents.c.name)
        )
        with self.engine.connect() as db:
            return [
                Listed(
                    row.name,
                    row.title,
                    row.as_of,
                    row.added_on,
                    row[-1],
                    row.encoder == self._encoder,
                )
                for row in db.execute(query)
            ]

    def add(self, documents: Iterable[Embedded], today: date) -> None:
        """Store documents, in place of those that bear their names; all of them or none."""
        with self._changing() as change:
            for document in documents:
                change.remove(document.name)
                change.add(document, self._encoder, today)

    def remove(self, names: Iterable[str]) -> None:
        """Forget documents; KeyError, and nothing is forgotten, where there is none of a name."""
        with self._changing() as change:
            for name in names:
                if not change.remove(name):
                    raise KeyError(name)

    def search(self, text: str, embedding: Vectors, limit: int) -> list[Found]:
        """Passages near a query, by meaning and by words, in no order.

        `embedding`: (dimensions,).  Up to `limit` of each half.
        """
        try:
            finder = self._finder()
        except (OSError, RuntimeError, ValueError):  # a change came between stamp and files
            finder = self._finder()
        if finder is None:
            return []
        words = dict(finder.words.search(text, limit))
        ids = {int(number) for number in finder.nearest.search(embedding, limit)} | words.keys()
        query = sa.select(_passages, _documents.c.title, _documents.c.as_of).join(_documents)
        with self.engine.connect() as db:
            rows = db.execute(query.where(_passages.c.id.in_(ids))).all()
        return [
            Found(
                document=row.document,
                title=row.title,
                as_of=row.as_of,
                number=row.number,
                passage=Passage(row.text, tuple(json.loads(row.headings)), row.page),
                meaning=float(row.embedding @ embedding),
                words=words.get(row.id, 0.0),
            )
            for row in rows
        ]

    def _finder(self) -> _Finder | None:
        with self.engine.connect() as db:
            stamp = db.execute(sa.select(STATE.c.stamp)).scalar() or ""
        if self._opened[0] != stamp:
            with self._opening, self.engine.connect() as db:
                if self._opened[0] != stamp:
                    self._opened = (stamp, self._open(db, self._index(stamp)))
        return self._opened[1]

    def _open(self, db: Any, folder: Path) -> _Finder | None:
        if not _count(db, self._encoder):
            return None
        if not folder.exists():  # made by a machine or an encoder of another name
            _make_index(db, folder, self._encoder)
        words = Words(folder / _WORDS)
        if self._in_postgresql:
            return _Finder(InDatabase(self.engine, self._encoder), words)
        vectors = folder / _VECTORS
        if vectors.exists():
            return _Finder(Approximate(vectors), words)
        return _Finder(Exact(_vectors(db, self._encoder)), words)

    def _index(self, stamp: str) -> Path:
        """The folder of what was made for one state of the documents and one encoder."""
        name = hashlib.sha256(f"{stamp} {self._encoder}".encode()).hexdigest()[:16]
        return self._folder / f"passages-{name}"

    @contextlib.contextmanager
    def _changing(self) -> Iterator[_Change]:
        """A change of the documents.  Readers see it whole: rows, and what finds them."""
        stamp = uuid.uuid4().hex
        new = self._index(stamp)
        try:
            with self.engine.begin() as db:
                # A second writer waits here until this one is done.
                if self._in_postgresql:
                    db.execute(sa.text(_ONE_AT_A_TIME))
                else:
                    db.execute(sa.update(STATE).values(stamp=STATE.c.stamp))
                before = db.execute(sa.select(STATE.c.stamp)).scalar()
                db.execute(sa.delete(STATE))
                db.execute(sa.insert(STATE), {"stamp": stamp})
                change = _Change(db)
                yield change
                old = self._index(before) if before else None
                _make_index(db, new, self._encoder, old, change)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        self.engine.dispose()  # SQLite then puts its log back into the file
        # Who has an old one open keeps it until the next look at the stamp.
        for folder in self._folder.glob("passages-*"):
            if folder != new:
                shutil.rmtree(folder, ignore_errors=True)


class _Finder(NamedTuple):
    nearest: Exact | Approximate | InDatabase
    words: Words


class _Change:
    """What one transaction does to the documents, and to which passages."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self.removed: list[str] = []  # documents
        self.removed_ids: list[int] = []
        self.first_new: int | None = None

    def remove(self, name: str) -> bool:
        """Forget a document; False where there is none of this name."""
        of_it = _passages.c.document == name
        ids = self._db.execute(sa.select(_passages.c.id).where(of_it)).scalars().all()
        self.removed_ids += ids
        self.removed.append(name)
        self._db.execute(sa.delete(_passages).where(of_it))
        found = self._db.execute(sa.delete(_documents).where(_documents.c.name == name))
        return bool(found.rowcount)

    def add(self, document: Embedded, encoder: str, today: date) -> None:
        self._db.execute(
            sa.insert(_documents),
            {
                "name": document.name,
                "title": document.title,
                "as_of": document.as_of,
                "added_on": today.isoformat(),
                "encoder": encoder,
            },
        )
        rows = [
            {
                "document": document.name,
                "number": number,
                "text": passage.text,
                "headings": json.dumps(passage.headings, ensure_ascii=False),
                "page": passage.page,
                "embedding": vector,
            }
            for number, (passage, vector) in enumerate(
                zip(document.passages, document.embeddings, strict=True), 1
            )
        ]
        self._db.execute(sa.insert(_passages), rows)
        if self._db.dialect.name == "postgresql":
            index_embeddings(self._db, document.embeddings.shape[1])
        if self.first_new is None:
            of_it = _passages.c.document == document.name
            self.first_new = self._db.execute(
                sa.select(sa.func.min(_passages.c.id)).where(of_it)
            ).scalar()


def _make_index(
    db: Any, folder: Path, encoder: str, old: Path | None = None, change: _Change | None = None
) -> None:
    """The files that find passages, whole or not at all; from the `old` ones, where there are."""
    count = _count(db, encoder)
    if not count:
        return
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    words, vectors = unfinished / _WORDS, unfinished / _VECTORS
    if old is not None and old.exists() and change is not None:
        shutil.copytree(old, unfinished)
        # Above every id, where nothing was added.
        first = change.first_new if change.first_new is not None else sys.maxsize
        write_words(words, _texts(db, encoder, first), change.removed)
        if vectors.exists():
            gone = np.array(change.removed_ids, dtype=np.int64)
            if not extend_vectors(vectors, gone, _vectors(db, encoder, first)):
                vectors.unlink()
    else:
        write_words(words, _texts(db, encoder))
    if count <= EXACT or db.dialect.name == "postgresql":
        vectors.unlink(missing_ok=True)
    elif not vectors.exists():
        write_vectors(vectors, count, lambda: _vectors(db, encoder))
    try:
        unfinished.replace(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(unfinished)  # another reader was faster


def _count(db: Any, encoder: str) -> int:
    query = sa.select(sa.func.count(_passages.c.id)).join(_documents)
    return int(db.execute(query.where(_documents.c.encoder == encoder)).scalar())


def _vectors(db: Any, encoder: str, first: int = 0) -> Batches:
    """The ids and embeddings from an id on, batch by batch."""
    for rows in _rows(db, encoder, first, _passages.c.embedding):
        ids: Ids = np.array([row.id for row in rows], dtype=np.int64)
        yield ids, np.stack([row.embedding for row in rows])


def _texts(db: Any, encoder: str, first: int = 0) -> Iterator[tuple[int, str, str]]:
    columns = (_passages.c.document, _passages.c.text, _passages.c.headings, _documents.c.title)
    for rows in _rows(db, encoder, first, *columns):
        for row in rows:
            passage = Passage(row.text, tuple(json.loads(row.headings)), None)
            yield row.id, row.document, _in_context(row.title, passage)


def _rows(db: Any, encoder: str, first: int, *columns: Any) -> Iterator[Any]:
    """Passages with these columns, in the order of their ids, in batches."""
    query = sa.select(_passages.c.id, *columns).join(_documents).order_by(_passages.c.id)
    query = query.where(_documents.c.encoder == encoder).limit(_BATCH)
    while rows := db.execute(query.where(_passages.c.id >= first)).all():
        yield rows
        first = rows[-1].id + 1


def _in_context(title: str, passage: Passage) -> str:
    """What a passage is found by: its text, and what it is about."""
    return "\n".join([" – ".join([title, *passage.headings]), passage.text])


def _engine(url: str) -> Any:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, future=True, pool_pre_ping=True)
    # SQLAlchemy's own choice for SQLite files opens a new connection for every transaction.
    kept = {"poolclass": sa.pool.QueuePool, "connect_args": {"check_same_thread": False}}
    engine = sa.create_engine(url, future=True, **kept)

    @sa.event.listens_for(engine, "connect")  # type: ignore[untyped-decorator,unused-ignore]
    def prepare(connection: Any, _: Any) -> None:
        # WAL: readers do not wait for the writer.
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine

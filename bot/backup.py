"""Backups: everything the desk keeps, in one file, taken and put back while it runs.

The file is gzipped JSON lines: a head, the rows of every table as they stood at
one moment, an end with their numbers and a checksum.  It is the same for SQLite
and PostgreSQL, so that it also moves a desk from one to the other, and a file
of an older version is brought forward by the same migrations as a database.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import alembic.config
import alembic.script
import msgspec
import numpy as np
import sqlalchemy as sa
from alembic.migration import MigrationContext

from bot.cases.audit import audit
from bot.messages import now
from bot.settings import Settings
from bot.store import MIGRATIONS, Store, migrate
from knowledge import passages
from knowledge.embedding_column import Embedding

FORMAT = 1
BATCH = 500
_NOT_OURS = {"alembic_version", *passages.TABLES.tables}
Row = tuple[str, dict[str, Any]]


class BackupError(Exception):
    """What is wrong with a file or a database, and what to do."""


class Head(msgspec.Struct, tag="head"):
    """The first line: `revision` is the schema's."""

    format: int
    made_at: str
    revision: str


class Line(msgspec.Struct, tag="row"):
    table: str
    values: dict[str, Any]


class End(msgspec.Struct, tag="end"):
    """The last line: rows by table, and the SHA-256 of all lines before it."""

    rows: dict[str, int]
    sha256: str


def back_up(settings: Settings, file: IO[bytes]) -> dict[str, int]:
    """Write everything into `file`; the rows by table."""
    with (
        gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed,
        _databases(settings) as (desk, documents),
    ):
        return _write(packed, desk, documents)


def check(file: IO[bytes]) -> tuple[Head, dict[str, int]]:
    """Read a backup to its end; BackupError where it is damaged, cut off or of another kind."""
    checked = Counter[str]()
    head: Head | None = None
    for line in _read(file):
        if isinstance(line, Head):
            head = line
        elif isinstance(line, Line):
            checked[line.table] += 1
    if head is None:
        raise BackupError("This is not a backup made by `ieum backup`.")
    return head, dict(checked)


def restore(settings: Settings, file: IO[bytes]) -> dict[str, int]:
    """Put a backup in place of what is kept now, whole or not at all; the rows by table.

    A running desk goes on: until the end it works with what was there before.
    The audit log alone is not replaced, for it is only added to: it is given
    what it lacks.  BackupError where the log here and that of the backup part.
    """
    head, _ = check(file)
    if head.revision not in _revisions():
        raise BackupError(
            f"The backup's tables are of version {head.revision}, which this Ieum does not know: "
            "it was made by a newer one. Update Ieum and restore again."
        )
    file.seek(0)
    with contextlib.ExitStack() as stack:
        desk, documents = stack.enter_context(_databases(settings))
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=settings.folder))
        rows = _rows(file)
        if head.revision != _newest():
            rows = stack.enter_context(
                _brought_forward(
                    Path(folder) / "older.db", settings.database_key, head.revision, rows
                )
            )
        with _writing(desk) as db:
            tables = _tables(db)
            replaced = [table for table in tables if table.name != audit.name]
            _empty(db, replaced)
            restored = _insert(db, tables, _not_logged_yet(db, rows))
            _go_on_numbering(db, tables)
            found = {table.name: _count(db, table) for table in replaced}
            if found != {table.name: restored[table.name] for table in replaced}:
                raise BackupError("The database took fewer rows than were given. Nothing changed.")
        file.seek(0)
        with _writing(documents) as db:
            tables = passages.TABLES.sorted_tables
            _empty(db, tables)
            mine = ((n, values) for n, values in _rows(file) if n in passages.TABLES.tables)
            restored += _insert(db, tables, mine)
            # A running desk sees by it that there is something new.
            db.execute(sa.delete(passages.STATE))
            db.execute(sa.insert(passages.STATE), {"stamp": uuid.uuid4().hex})
            _go_on_numbering(db, tables)
    return {name: rows for name, rows in restored.items() if rows}


def _write(packed: gzip.GzipFile, desk: Any, documents: Any) -> dict[str, int]:
    checksum, rows = hashlib.sha256(), Counter[str]()

    def put(line: Head | Line | End) -> None:
        text = msgspec.json.encode(line) + b"\n"
        checksum.update(text)
        packed.write(text)

    with _reading(desk) as db:
        revision = MigrationContext.configure(db).get_current_revision()
        put(Head(FORMAT, now(), str(revision)))
        for name, values in _rows_of(db, _tables(db)):
            put(Line(name, values))
            rows[name] += 1
    with _reading(documents) as db:
        for name, values in _rows_of(db, passages.TABLES.sorted_tables):
            put(Line(name, values))
            rows[name] += 1
    put(End(dict(rows), checksum.hexdigest()))
    return dict(rows)


def _read(file: IO[bytes]) -> Iterator[Head | Line | End]:
    """The lines, the last of which proves that all came as they were written."""
    checksum, rows, ended = hashlib.sha256(), Counter[str](), False
    decoder = msgspec.json.Decoder(Head | Line | End)
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as packed:
            for number, text in enumerate(packed, 1):
                line = decoder.decode(text)
                if (number == 1) != isinstance(line, Head):
                    raise BackupError("This is not a backup made by `ieum backup`.")
                if isinstance(line, Head) and line.format > FORMAT:
                    raise BackupError("A newer Ieum made this backup. Update Ieum first.")
                if isinstance(line, End):
                    ended = line.sha256 == checksum.hexdigest() and line.rows == rows
                    if not ended:
                        raise BackupError("The backup is damaged: its checksum does not fit.")
                elif isinstance(line, Line):
                    rows[line.table] += 1
                checksum.update(text)
                yield line
    except (OSError, EOFError, msgspec.DecodeError) as error:
        raise BackupError(f"The backup is damaged or cut off: {error}") from error
    if not ended:
        raise BackupError("The backup is cut off: its end is missing.")


def _rows(file: IO[bytes]) -> Iterator[Row]:
    return ((line.table, line.values) for line in _read(file) if isinstance(line, Line))


@contextlib.contextmanager
def _brought_forward(
    path: Path, key: str | None, revision: str, rows: Iterator[Row]
) -> Iterator[Iterator[Row]]:
    """The conversations of an older backup as they are in the tables of today."""
    engine = Store(f"sqlite:///{path}", key).engine
    try:
        migrate(engine, revision)
        with _writing(engine) as db:
            _insert(db, _tables(db), rows)
        migrate(engine)
        with _reading(engine) as db:
            yield _rows_of(db, _tables(db))
    finally:
        engine.dispose()


@contextlib.contextmanager
def _databases(settings: Settings) -> Iterator[tuple[Any, Any]]:
    """The database of conversations and that of documents, with the tables of today."""
    desk = Store(settings.database, settings.database_key).engine
    migrate(desk)
    kept = passages.Passages(settings.index_folder, "", settings.database_url)
    try:
        yield desk, kept.engine
    finally:
        desk.dispose()
        kept.engine.dispose()


@contextlib.contextmanager
def _reading(engine: Any) -> Iterator[Any]:
    """A transaction that sees one moment, whatever is written meanwhile."""
    with engine.connect() as db:
        if engine.dialect.name == "postgresql":
            db = db.execution_options(isolation_level="REPEATABLE READ", stream_results=True)
        with db.execution_options(only_reads=True).begin():
            _begin_where_the_driver_does_not(db, "BEGIN")
            yield db


@contextlib.contextmanager
def _writing(engine: Any) -> Iterator[Any]:
    with engine.begin() as db:
        _begin_where_the_driver_does_not(db, "BEGIN IMMEDIATE")
        yield db


def _begin_where_the_driver_does_not(db: Any, begin: str) -> None:
    """By itself SQLite's driver begins only at the first write, and reads many moments."""
    if db.dialect.name == "sqlite" and not db.connection.in_transaction:
        db.exec_driver_sql(begin)


def _tables(db: Any) -> list[sa.Table]:
    """The tables of the conversations, those first that others refer to."""
    metadata = sa.MetaData()
    metadata.reflect(db, only=lambda name, _: name not in _NOT_OURS)
    return list(metadata.sorted_tables)


def _rows_of(db: Any, tables: Iterable[sa.Table]) -> Iterator[Row]:
    for table in tables:
        found = db.execute(sa.select(table).order_by(*table.primary_key.columns))
        for batch in found.partitions(BATCH):
            for row in batch:
                yield (
                    str(table.name),
                    {str(key): _as_json(value) for key, value in row._mapping.items()},
                )


def _insert(db: Any, tables: Iterable[sa.Table], rows: Iterable[Row]) -> Counter[str]:
    by_name = {table.name: table for table in tables}
    inserted = Counter[str]()
    batch: list[dict[str, Any]] = []
    name = ""

    def flush() -> None:
        if batch:
            db.execute(sa.insert(by_name[name]), batch)
            inserted[name] += len(batch)
            batch.clear()

    for next_name, values in rows:
        if next_name not in by_name:
            continue
        if next_name != name or len(batch) >= BATCH:
            flush()
            name = next_name
        batch.append(_from_json(by_name[name], values))
    flush()
    return inserted


def _not_logged_yet(db: Any, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows without those entries of the audit log that stand there already."""
    known = dict(db.execute(sa.select(audit.c.seq, audit.c.hash)).all())
    for name, values in rows:
        if name != audit.name or values["seq"] not in known:
            yield name, values
        elif values["hash"] != known[values["seq"]]:
            raise BackupError(
                f"From entry {values['seq']} on the audit log here is not that of the backup, and "
                "neither may be lost. Restore into an empty database: set DATABASE_URL or VAR_DIR."
            )


def _empty(db: Any, tables: list[sa.Table]) -> None:
    for table in reversed(tables):
        db.execute(sa.delete(table))


def _count(db: Any, table: sa.Table) -> int:
    return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar())


def _go_on_numbering(db: Any, tables: list[sa.Table]) -> None:
    """PostgreSQL counts rows apart from the tables."""
    if db.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.primary_key.columns:
            sequence = db.execute(
                sa.text("SELECT pg_get_serial_sequence(:table, :column)"),
                {"table": table.name, "column": column.name},
            ).scalar()
            if sequence:
                newest = sa.select(sa.func.coalesce(sa.func.max(column), 1))
                db.execute(sa.select(sa.func.setval(sequence, newest.scalar_subquery())))


def _as_json(value: Any) -> Any:
    """A value of a row; bytes and embeddings as {"base64": ...}."""
    if isinstance(value, np.ndarray):
        return {"base64": base64.b64encode(value.astype(np.float32).tobytes()).decode()}
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return value


def _from_json(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    return {key: _value(table, key, value) for key, value in values.items()}


def _value(table: sa.Table, key: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    plain = base64.b64decode(value["base64"])
    of_vectors = isinstance(table.c[key].type, Embedding)
    return np.frombuffer(plain, dtype=np.float32) if of_vectors else plain


def _revisions() -> list[str]:
    """Every version of the tables, the newest first."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = alembic.script.ScriptDirectory.from_config(config)
    return [script.revision for script in scripts.walk_revisions()]


def _newest() -> str:
    return _revisions()[0]

"""SQLite whose files nobody can read without a key: SQLCipher (DATABASE_ENCRYPTED=true)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as SQLITE

__all__ = ["SQLITE", "encrypt_where_plain", "unlock"]

_PLAIN = b"SQLite format 3\0"


def unlock(connection: Any, key: str) -> None:
    """Make a new connection read and write under `key`."""
    connection.execute(f'PRAGMA key = "{_raw(key)}"')


def encrypt_where_plain(file: Path, key: str) -> None:
    """Turn a database that was kept in the open into an encrypted one, whole or not at all.

    The old file is deleted; what the disk keeps of it is beyond SQLite.
    """
    if not file.exists() or file.read_bytes()[: len(_PLAIN)] != _PLAIN:
        return
    new = file.with_suffix(".encrypted")
    new.unlink(missing_ok=True)
    connection = SQLITE.connect(str(file), isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute(f'ATTACH DATABASE ? AS encrypted KEY "{_raw(key)}"', [str(new)])
        connection.execute("SELECT sqlcipher_export('encrypted')")
        connection.execute("DETACH DATABASE encrypted")
    finally:
        connection.close()
    os.replace(new, file)


def _raw(key: str) -> str:
    """256 bits as SQLCipher takes them without stretching: the key is random already."""
    return f"x'{hashlib.sha256(key.encode()).hexdigest()}'"

"""The audit log is only added to, and shows where somebody went behind the database's back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.cases import audit
from bot.settings import Settings
from bot.store import engine_of, migrate


@pytest.fixture
def engine(settings: Settings) -> Iterator[Any]:
    engine = engine_of(settings.database)
    migrate(engine)
    with engine.begin() as db:
        for n in range(5):
            audit.write(db, "kim", "view", f"case-{n}")
    yield engine
    engine.dispose()


def test_what_is_written_is_read_newest_first(engine: Any) -> None:
    with engine.begin() as db:
        audit.write(db, "lee", "take", "case-1", "subject")
        assert [e.seq for e in audit.entries(db, limit=2)] == [6, 5]
        assert [e.actor for e in audit.entries(db, case="case-1")] == ["lee", "kim"]
        assert [e.seq for e in audit.entries(db, actor="kim", before=3)] == [2, 1]
        assert audit.broken_at(db) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'nobody' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT seq, at, 'nobody', action, \"case\", subject, "
        "previous, hash FROM audit WHERE seq = 2",
        "REPLACE INTO audit VALUES (9, '', 'nobody', 'view', '', '', '', 'new')",
    ],
)
def test_the_database_refuses_to_change_it(engine: Any, change: str) -> None:
    with pytest.raises(sa.exc.DatabaseError, match="only added to"), engine.begin() as db:
        db.execute(sa.text(change))
    with engine.begin() as db:
        assert len(audit.entries(db)) == 5
        assert audit.broken_at(db) is None


@pytest.mark.parametrize(
    ("change", "found_at"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 3", 3),
        ("UPDATE audit SET at = '2020-01-01T00:00:00Z' WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ],
)
def test_a_change_behind_the_triggers_is_found(engine: Any, change: str, found_at: int) -> None:
    with engine.begin() as db:
        triggers = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for name in db.execute(triggers).scalars().all():
            assert re.fullmatch("[a-z_]+", name)
            db.execute(sa.text(f"DROP TRIGGER {name}"))
        db.execute(sa.text(change))
        assert audit.broken_at(db) == found_at

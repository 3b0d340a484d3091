"""The audit log is only added to, and shows where somebody went behind the database's back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from bot.cases import audit
from bot.cli import main
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
    _without_triggers(engine, change)
    with engine.begin() as db:
        assert audit.broken_at(db) == found_at


def test_the_operator_can_see_that_it_is_whole(engine: Any, settings: Settings) -> None:
    def ieum(*said: str) -> Result:
        return CliRunner().invoke(main, ["audit", *said], env={"VAR_DIR": str(settings.folder)})

    first = ieum()
    assert first.exit_code == 0, first.output
    seal = first.output.split("Seal: ")[1].strip()
    with engine.begin() as db:
        audit.write(db, "kim", "take", "case-1")
    assert ieum("--seal", seal).exit_code == 0
    for wrong in (f"5:{'0' * 64}", f"99:{'0' * 64}", "nonsense", "0:x"):
        assert ieum("--seal", wrong).exit_code == 1
    later = ieum().output.split("Seal: ")[1].strip()
    _without_triggers(engine, "DELETE FROM audit WHERE seq = 6")
    assert ieum().exit_code == 0, "what is missing at the end shows only beside a seal"
    assert "was taken away" in ieum("--seal", later).output
    _without_triggers(engine, "DELETE FROM audit WHERE seq = 2")
    broken = ieum()
    assert broken.exit_code == 1
    assert "Entry 2" in broken.output


def _without_triggers(engine: Any, change: str) -> None:
    """As somebody does who has the file and a database tool."""
    with engine.begin() as db:
        triggers = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for name in db.execute(triggers).scalars().all():
            assert re.fullmatch("[a-z_]+", name)
            db.execute(sa.text(f"DROP TRIGGER {name}"))
        db.execute(sa.text(change))

"""Who owns a conversation, what a case holds, and the audit log that is only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("owner", sa.String(64)))
    op.add_column(
        "conversations",
        sa.Column("owner_changes", sa.Integer, nullable=False, server_default="0"),
    )
    op.add_column(
        "messages",
        sa.Column("to_counsellor", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("messages", sa.Column("author", sa.String(64)))
    for column in (
        sa.Column("reasons", sa.Text, nullable=False, server_default="[]"),
        sa.Column("queued_at", sa.String(32), nullable=False, server_default=""),
        sa.Column("taken_at", sa.String(20)),
        sa.Column("answered_at", sa.String(20)),
        sa.Column("closed_at", sa.String(20)),
        sa.Column("counsellor", sa.String(64)),
        sa.Column("outcome", sa.String(32)),
        sa.Column("settled", sa.Text),
    ):
        op.add_column("cases", column)
    op.execute("UPDATE cases SET queued_at = created_at")
    is_open = sa.text("status <> 'closed'")
    op.create_index(
        "one_open_case",
        "cases",
        ["conversation"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "case_notes",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column(
            "case",
            sa.String(64),
            sa.ForeignKey("cases.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        # No foreign key: the log outlives what it tells of.
        sa.Column("case", sa.String(64), index=True),
        sa.Column("subject", sa.String(64)),
        sa.Column("previous", sa.String(64), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    for statement in _ONLY_ADDED_TO[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The audit log is not taken away. Restore a backup instead.")


_REFUSES = "the audit log is only added to"
_ONLY_ADDED_TO = {
    "sqlite": [
        *(
            f"CREATE TRIGGER audit_no_{change} BEFORE {change} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSES}'); END"
            for change in ("update", "delete")
        ),
        # INSERT OR REPLACE would take the earlier row away without asking the triggers above.
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit "
        "WHERE seq = NEW.seq OR previous = NEW.previous OR hash = NEW.hash) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSES}'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSES}'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuses()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
    ],
}

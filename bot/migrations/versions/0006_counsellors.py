"""Counsellors, the sessions in which they are signed in, the cases their group was told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counsellors",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("login", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("disabled_at", sa.String(20)),
    )
    op.create_table(
        "counsellor_sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column(
            "counsellor",
            sa.String(64),
            sa.ForeignKey("counsellors.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("seen_at", sa.String(20), nullable=False),
    )
    op.create_index("ix_counsellor_sessions_counsellor", "counsellor_sessions", ["counsellor"])
    op.create_table(
        "announced_cases",
        sa.Column(
            "case",
            sa.String(64),
            sa.ForeignKey("cases.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("emergency", sa.Boolean, primary_key=True),
        sa.Column("at", sa.String(20), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("announced_cases")
    op.drop_table("counsellor_sessions")
    op.drop_table("counsellors")

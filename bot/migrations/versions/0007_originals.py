"""What was written where a message shows a mask, under lock, and who has looked at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "originals",
        sa.Column(
            "message",
            sa.String(64),
            sa.ForeignKey("messages.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("locked", sa.Text, nullable=False),
    )
    op.create_table(
        "reveals",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "message",
            sa.String(64),
            sa.ForeignKey("messages.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("counsellor", sa.String(64), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
    )
    op.create_index("ix_reveals_message", "reveals", ["message"])


def downgrade() -> None:
    op.drop_table("reveals")
    op.drop_table("originals")
